"""OPML: lists of feeds as other readers export them. Folders become tags."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from monitor.settings.lines import Path as KeyPath
from monitor.settings.problems import Problem

__all__ = ["OpmlFile", "Outline", "read_opml"]

_LIMIT = 16 << 20
_MOST_FEEDS = 200_000
_DEEPEST = 20
_SPLIT = re.compile(r"[,/]+")


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A feed that an OPML file lists."""

    line: int | None
    data: dict[str, object]
    """Keys as in ``[[feeds]]``."""


@dataclass(frozen=True, kw_only=True)
class OpmlFile:
    """An OPML file as read."""

    path: Path
    outlines: tuple[Outline, ...] = field(repr=False)

    def line(self, path: KeyPath) -> int | None:
        """Return the line of the outline whose position begins ``path``."""
        position = path[0] if path else None
        return self.outlines[position].line if isinstance(position, int) else None


def read_opml(path: Path) -> OpmlFile | Problem:
    """Return the feeds that a file lists, or the problem that makes it unreadable.

    Nothing outside the file is ever looked at: no network, no DTD, no entities.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LIMIT + 1)
    except OSError as error:
        return _bad(path, f"cannot be read: {error.strerror or error}")
    if len(raw) > _LIMIT:
        return _bad(path, f"is larger than {_LIMIT >> 20} MiB")
    if b"<!ENTITY" in raw:
        return _bad(path, "declares XML entities", "remove its DOCTYPE")
    return _parsed(path, raw)


def _parsed(path: Path, raw: bytes) -> OpmlFile | Problem:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or None
        hint = "write & as &amp;" if "EntityRef" in (error.msg or "") else ""
        return _bad(path, f"is no XML: {(error.msg or '').split(', line')[0]}", hint, line=line)
    if root.getroottree().docinfo.internalDTD is not None:
        return _bad(path, "holds a DOCTYPE", "remove it")
    if str(root.tag).lower() != "opml":
        return _bad(path, f"is no OPML: its root is <{str(root.tag)[:60]}>", "export it as OPML")
    outlines: list[Outline] = []
    for outline in _outlines(root):
        if len(outlines) >= _MOST_FEEDS:
            return _bad(path, f"lists more than {_MOST_FEEDS} feeds")
        outlines.append(outline)
    return OpmlFile(path=path, outlines=tuple(outlines))


def _outlines(root: etree._Element) -> Iterator[Outline]:
    waiting: list[tuple[etree._Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        element, tags = waiting.pop()
        attributes = _attributes(element)
        if attributes.get("xmlurl", "").strip():
            yield _outline(element, attributes, tags)
        name = _name(attributes)
        inside = (*tags, name) if name and _is_outline(element) else tags
        if len(inside) <= _DEEPEST:
            waiting.extend((child, inside) for child in reversed(element) if _is_tag(child))


def _is_tag(element: etree._Element) -> bool:
    return isinstance(element.tag, str)


def _is_outline(element: etree._Element) -> bool:
    return str(element.tag).lower() == "outline"


def _attributes(element: etree._Element) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in element.attrib.items()}


def _name(attributes: dict[str, str]) -> str:
    told = attributes.get("title", "").strip() or attributes.get("text", "").strip()
    return " ".join(told.split())[:200]


def _outline(
    element: etree._Element, attributes: dict[str, str], folders: tuple[str, ...]
) -> Outline:
    categories = (part.strip() for part in _SPLIT.split(attributes.get("category", "")[:1000]))
    tags = dict.fromkeys(tag.lower() for tag in (*folders, *categories) if tag)
    data: dict[str, object] = {
        "url": _scheme(attributes["xmlurl"].strip()),
        "tags": list(tags),
    }
    if name := _name(attributes):
        data["name"] = name
    return Outline(line=_line(element), data=data)


def _line(element: etree._Element) -> int | None:
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def _scheme(url: str) -> str:
    """Return an address that readers write as ``feed:`` with the scheme that it is fetched by."""
    if url.lower().startswith("feed://"):
        return f"http://{url[7:]}"
    return url[5:] if url.lower().startswith("feed:http") else url


def _bad(path: Path, message: str, hint: str = "", *, line: int | None = None) -> Problem:
    return Problem(file=str(path), line=line, message=message, hint=hint, fatal=False)
