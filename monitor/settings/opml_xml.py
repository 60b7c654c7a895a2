"""The XML of OPML files: strict, then mended, then whatever libxml2 can save of it.

Nothing outside the file is ever looked at: document types are cut out before the parser sees them,
so there is no entity to expand, no DTD and no network. Lines stay where they are, because problems
name them.
"""

import re
from collections.abc import Callable, Iterator
from html.entities import html5
from typing import Protocol, TypeVar

from lxml import etree

from workers.feeds.charset import decode
from workers.model.base import Record

__all__ = ["Refused", "Taker", "Trouble", "walk"]

_CHUNK = 1 << 20
_HEAD = re.compile(r"(?>\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE", re.IGNORECASE)
_WHOLE_DOCTYPE = re.compile(
    r"""<!DOCTYPE(?:[^\["'>]|"[^"]*"|'[^']*')*+"""
    r"""(?:\[(?:[^\]"'<]|"[^"]*"|'[^']*'|<!--.*?-->|<)*+\]\s*+)?>""",
    re.IGNORECASE | re.DOTALL,
)
_DECLARATION = re.compile(r"<\?xml\b.*?\?>", re.DOTALL)
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_APART = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.DOTALL)
_REFERENCE = re.compile(r"&(?:#(\d{1,8}|[xX][0-9a-fA-F]{1,7});|([A-Za-z][A-Za-z0-9]{1,30});)?")
_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_MENDED_MOST = 1_000_000
"""References in a file that is mended; one with more is only recovered."""
_TAG_MOST = 100_000
_LONG = re.compile(rf"<[^<>]{{{_TAG_MOST}}}")
"""A tag with so many attributes that libxml2, which compares each with each, takes minutes."""


class Refused(ValueError):
    """The file has no tree at all: its text says why."""

    def __init__(self, message: str, hint: str = "", line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line = line


class Trouble(Record, frozen=True, kw_only=True):
    """What is wrong with a file that could be read all the same."""

    message: str
    hint: str
    line: int | None
    whole: bool
    """False where parts of it may have been lost."""


class Taker(Protocol):
    """Takes a document element by element, as they begin and end."""

    outlines: int
    """How many outlines it was given: none, and nothing was recovered."""

    def begin(self, element: etree._Element) -> None:
        """Take an element's name and attributes."""
        ...

    def end(self) -> None:
        """Leave the element that began last and has not ended."""
        ...


T = TypeVar("T", bound=Taker)


def walk(raw: bytes, make: Callable[[], T]) -> tuple[T, Trouble | None]:
    """Lead a taker through a document; return it, and what was wrong.

    ``make`` is called for each try, so that a taker sees one try only.

    Raises:
        Refused: nothing of it can be read.
    """
    text, declares = _bare(raw)
    taker, error = make(), None
    try:
        _lead(text, taker, recover=False)
    except etree.XMLSyntaxError as found:
        error = found
    if error is None:
        return taker, _entities(declares) if declares else None
    trouble = _entities(declares) if declares else _trouble(error)
    taker, mended = make(), _mended(text)
    try:
        _lead(mended, taker, recover=False)
    except etree.XMLSyntaxError as found:
        return _recovered(mended, make, _trouble(found))
    return taker, trouble


def _trouble(error: etree.XMLSyntaxError) -> Trouble:
    hint = "write & as &amp;" if "EntityRef" in (error.msg or "") else ""
    message = f"is no XML: {_words(error.msg)}"
    return Trouble(message=message, hint=hint, line=error.lineno or None, whole=True)


def _entities(line: int) -> Trouble:
    return Trouble(
        message="declares XML entities",
        hint="they are not expanded: remove its DOCTYPE",
        line=line,
        whole=True,
    )


def _words(message: str | None) -> str:
    return (message or "").partition(", line")[0][:200]


def _recovered(text: str, make: Callable[[], T], trouble: Trouble) -> tuple[T, Trouble]:
    """Take what libxml2 makes of it; whole only if all that was wrong is a prefix undeclared."""
    if _DOCTYPE.search(text):
        raise Refused(trouble.message, trouble.hint, trouble.line)
    taker = make()
    whole = False
    try:
        whole = _lead(text, taker, recover=True)
    except etree.XMLSyntaxError as error:
        if not taker.outlines:
            raise Refused(trouble.message, trouble.hint, trouble.line) from error
    hint = trouble.hint
    if not whole:
        hint = f"{hint}; " if hint else ""
        hint += "what could be read of it is used: mend it, or export it anew"
    return taker, Trouble(message=trouble.message, hint=hint, line=trouble.line, whole=whole)


def _lead(text: str, taker: Taker, *, recover: bool) -> bool:
    """Feed the parser piece by piece, keeping no more of the tree than the way to the root.

    Returns:
        Whether nothing can have been lost.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for start in range(0, len(text), _CHUNK):
            parser.feed(text[start : start + _CHUNK].encode("utf-8", "replace"))
            _pass_on(parser, taker)
        parser.close()
    finally:
        _pass_on(parser, taker)
    return all(error.domain_name == "NAMESPACE" for error in parser.feed_error_log)


def _pass_on(parser: etree.XMLPullParser, taker: Taker) -> None:
    for event, element in parser.read_events():
        if event == "start":
            taker.begin(element)
            continue
        taker.end()
        element.clear()
        above = element.getparent()
        if above is not None and above[0] is not element:
            del above[0]


def _bare(raw: bytes) -> tuple[str, int]:
    """Return the text without declaration and document type, each line where it was.

    And the line of the first entity that is declared, 0 if there is none.

    Raises:
        Refused: the document type, or a tag, has no end in sight.
    """
    first = len(raw) - len(raw.lstrip(b" \t\r\n")) if raw[:1] in b" \t\r\n" else 0
    text = "\n" * raw[:first].count(b"\n") + decode(raw, "").text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if found := _LONG.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = f"holds a tag of over {_TAG_MOST} characters"
        raise Refused(message, "remove it, or export the file anew", line)
    begun = text.find("<")
    if begun > 0:
        text = _blank(text[:begun]) + text[begun:]
    text = _DECLARATION.sub(lambda found: _blank(found.group()), text, count=1)
    start = _HEAD.match(text)
    at = start.end() if start else 0
    if not _DOCTYPE.match(text, at):
        return text, 0
    found = _WHOLE_DOCTYPE.match(text, at)
    if found is None:
        raise Refused("holds a DOCTYPE that has no end", "remove it", text.count("\n", 0, at) + 1)
    entity = found.group().upper().find("<!ENTITY")
    line = text.count("\n", 0, at + entity) + 1 if entity >= 0 else 0
    return text[:at] + _blank(found.group()) + text[found.end() :], line


def _blank(text: str) -> str:
    return "\n" * text.count("\n")


def _mended(text: str) -> str:
    """Mend what most often breaks such a file: bare ``&``, HTML's entities, controls."""
    text = _REFUSED.sub("", text)
    if text.count("&") > _MENDED_MOST:
        return text
    return "".join(_mended_parts(text))


def _mended_parts(text: str) -> Iterator[str]:
    """Yield the text in pieces; comments and CDATA sections as they are."""
    done = 0
    for found in _APART.finditer(text):
        yield _REFERENCE.sub(_reference, text[done : found.start()])
        yield found.group()
        done = found.end()
    yield _REFERENCE.sub(_reference, text[done:])


def _reference(found: re.Match[str]) -> str:
    """Return a reference as XML knows it."""
    number, name = found[1], found[2]
    if number:
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        real = 0 < code <= 0x10FFFF and not _REFUSED.fullmatch(chr(code))  # noqa: PLR2004 - Unicode's own
        return found[0] if real else ""
    if name in _XML:
        return found[0]
    value = html5.get(f"{name};") if name else None
    if value is None:
        return f"&amp;{found[0][1:]}"
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
