"""Plain text out of markup, in one pass over the text and without a tree.

Every expression here stops at the next ``<``, so that none can look at the same text twice.
"""

import html
import re

__all__ = ["clean", "one_line", "plain"]

LONGEST = 1 << 20
"""Characters that are looked at; a novel has half as many."""

_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What databases and receivers refuse: controls, lone surrogates, non-characters."""
_TAG = r"(?:(?>[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+>|[^<>]*+>)"  # quotes may hold ">", seldom "<"
_BLOCKS = (
    "address|article|aside|blockquote|br|caption|dd|details|div|dl|dt|fieldset|figcaption|figure|"
    "footer|form|h[1-6]|header|hr|li|main|nav|ol|option|p|pre|section|summary|table|tbody|td|tfoot|"
    "th|thead|title|tr|ul"
)
_BLOCK = re.compile(rf"</?(?:{_BLOCKS})(?![\w:-]){_TAG}", re.IGNORECASE)
_INLINE = re.compile(rf"<(?:/?[A-Za-z]|[!?]){_TAG}")
_HIDDEN = re.compile(r"<(script|style|template|noscript|iframe)(?![\w:-])", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")
_LONG_NUMBER = re.compile(r"&#[0-9]{8,}+;?")


def clean(text: str) -> str:
    """Return ``text`` without controls, lone surrogates and non-characters."""
    return _REFUSED.sub("", text) if _REFUSED.search(text) else text


def plain(text: str) -> str:
    """Return what a reader sees of a piece of HTML (or of plain text): lines, one space between.

    Entities are decoded once; content of scripts and styles is dropped; blocks end lines. At most
    the first 2^20 characters are looked at. Never raises.
    """
    text = text[:LONGEST]
    if "<" in text:
        text = _SPACES.sub(" ", text.replace("\n", " ")) if _INLINE.search(text) else text
        text = _INLINE.sub("", _BLOCK.sub("\n", _visible(text)))
    return _collapsed(clean(_decoded(text)))


def one_line(text: str, limit: int) -> str:
    """Return `plain` text as one line of at most ``limit`` characters, an ellipsis if cut."""
    line = plain(text[: LONGEST if limit > 1000 else 64 * 1024]).replace("\n", " ")  # noqa: PLR2004
    return line if len(line) <= limit else line[: max(0, limit - 1)].rstrip() + "…"


def _visible(text: str) -> str:
    """Drop comments, scripts and styles; open CDATA sections."""
    if "<!" in text:
        text = _uncommented(text).replace("<![CDATA[", "").replace("]]>", "")
    return _unscripted(text) if _HIDDEN.search(text) else text


def _uncommented(text: str) -> str:
    """Drop comments; one that is never closed is none."""
    kept: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 2)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join([*kept, text[at:]])


def _unscripted(text: str) -> str:
    """Drop elements whose content nobody sees; one that is never closed hides the rest."""
    kept: list[str] = []
    at = 0
    lower = "".join(map(_lower, text)) if len(text.lower()) != len(text) else text.lower()
    while found := _HIDDEN.search(text, at):
        kept.append(text[at : found.start()])
        end = lower.find(f"</{found[1].lower()}", found.end())
        after = text.find(">", end) if end >= 0 else -1
        if after < 0:
            return "".join(kept)
        at = after + 1
    return "".join([*kept, text[at:]])


def _lower(letter: str) -> str:
    """Return the letter in lower case, itself where that would be two."""
    return letter.lower() if len(letter.lower()) == 1 else letter


def _decoded(text: str) -> str:
    if "&" not in text:
        return text
    # int() refuses numbers of more than 4,300 digits, and no character has eight
    return html.unescape(_LONG_NUMBER.sub("", text))


def _collapsed(text: str) -> str:
    text = _SPACES.sub(" ", text)
    return _LINES.sub("\n", text).strip() if "\n" in text else text.strip()
