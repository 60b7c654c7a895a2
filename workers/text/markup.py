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
_CONTROLS = bytes((*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))
SHORT = 200
"""Characters of a text that an expression searches as fast as anything else."""
_TAG = r"(?:(?>[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+>|[^<>]*+>)"  # quotes may hold ">", seldom "<"
_TAGS = re.compile(rf"<(?:(/?[A-Za-z][A-Za-z0-9]*+)|[!?]){_TAG}")
_BLOCKS = """
    address article aside blockquote br caption dd details div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section summary table
    tbody td tfoot th thead title tr ul
"""
_BREAKS = {
    f"{mark}{name}": "\n"
    for block in _BLOCKS.split()
    for name in (block, block.upper(), block.capitalize())
    for mark in ("", "/")
}
"""Tags that end a line, as people write them."""
_HIDDEN = re.compile(r"<(script|style|template|noscript|iframe)(?![\w:-])", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"&#[0-9]{8,}+;?")


def clean(text: str) -> str:
    """Return ``text`` without controls, lone surrogates and non-characters."""
    if text.isprintable():
        return text
    if len(text) > SHORT and _is_clean(text):
        return text
    return _REFUSED.sub("", text) if _REFUSED.search(text) else text


def _is_clean(text: str) -> bool:
    """Say whether nothing of a text is refused, in a quarter of an expression's time."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return False
    if len(data.translate(None, _CONTROLS)) < len(data):
        return False
    return "\ufffe" not in text and "\uffff" not in text


def plain(text: str) -> str:
    """Return what a reader sees of a piece of HTML (or of plain text): lines, one space between.

    Entities are decoded once; content of scripts and styles is dropped; blocks end lines. At most
    the first 2^20 characters are looked at. Never raises.
    """
    text = text[:LONGEST]
    if "<" in text:
        text = _untagged(text)
    if "&" in text:
        # int() refuses numbers of more than 4,300 digits, and no character has eight
        text = html.unescape(_LONG_NUMBER.sub("", text))
    return _collapsed(clean(text))


def one_line(text: str, limit: int) -> str:
    """Return `plain` text as one line of at most ``limit`` characters, an ellipsis if cut."""
    line = plain(text[: LONGEST if limit > 1000 else 64 * 1024]).replace("\n", " ")  # noqa: PLR2004
    return line if len(line) <= limit else line[: max(0, limit - 1)].rstrip() + "…"


def _untagged(text: str) -> str:
    """Drop tags, comments, scripts and styles; open CDATA sections."""
    if "<!" in text:
        text = _uncommented(text).replace("<![CDATA[", "").replace("]]>", "")
    if _HIDDEN.search(text):
        text = _unscripted(text)
    parts = _TAGS.split(text.replace("\n", " "))
    if len(parts) == 1:
        return text
    parts[1::2] = [_BREAKS.get(name, "") for name in parts[1::2]]
    return "".join(parts)


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


def _collapsed(text: str) -> str:
    """Leave one space between words, and lines that say something."""
    return "\n".join([_spaced(bare) for line in text.split("\n") if (bare := line.strip())])


def _spaced(line: str) -> str:
    """Leave one space between words; most lines have no more, and the space is all that is printed
    of blanks.
    """  # noqa: D205
    return line if "  " not in line and line.isprintable() else " ".join(line.split())
