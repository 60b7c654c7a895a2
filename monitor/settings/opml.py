"""OPML: lists of feeds as other readers export them. Folders become tags.

What OPML has no word for (weight, interval, former addresses) stands in attributes of a namespace
of our own, which `monitor.settings.opml_write` writes.
"""

import html
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from monitor.settings.lines import Path as KeyPath
from monitor.settings.opml_xml import Refused, walk
from monitor.settings.problems import Problem, shown
from monitor.settings.values import NAME_LIMIT
from workers.text.urls import canonical

__all__ = ["OWN", "OpmlFile", "Outline", "feed_key", "outline_data", "read_opml", "web_address"]

OWN = "urn:tocsin:opml"
"""The namespace of our own attributes."""
_LIMIT = 64 << 20
"""Bytes of a file: a hundred thousand feeds with everything that readers write about them."""
_MOST_FEEDS = 200_000
_MOST_SAID = 1000
_DEEPEST = 20
_CATEGORIES_MOST = 10_000
_SPLIT = re.compile(r"[,/]+")
_SCHEMES = {
    "feed": "http", "feeds": "https", "feed+http": "http", "feed+https": "https", "rss": "http",
    "itpc": "http", "pcast": "http",
}  # fmt: skip
_WRAPPED = re.compile(r"(?:feed|feeds|rss|itpc|pcast):/{0,2}(https?(?=:|//))", re.IGNORECASE)
_SLASHLESS = re.compile(r"(feeds?):(?=[^/])", re.IGNORECASE)
_BREAKS = re.compile(r"[\t\r\n]+")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_LOST_COLON = re.compile(r"(https?)//(?=[^/])", re.IGNORECASE)
_FEED_TYPES = frozenset({"", "rss", "rss1", "rss2", "rdf", "atom", "feed", "json", "jsonfeed"})
_NOT_FEEDS = ("xpath", "dotnotation", "dotpath")
"""In the type of what another reader makes out of a page by rules of its own."""


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
    whole: bool = True
    """False where parts of the file may have been lost: what it lacks was not removed."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with it, though it could be read."""
    warnings: tuple[Problem, ...] = ()
    """Outlines that look like feeds and are none."""

    def line(self, path: KeyPath) -> int | None:
        """Return the line of the outline whose position begins ``path``."""
        position = path[0] if path else None
        return self.outlines[position].line if isinstance(position, int) else None


def read_opml(path: Path) -> OpmlFile | Problem:
    """Return the feeds that a file lists, or the problem that makes it unreadable.

    Nothing outside the file is ever looked at: no network, no DTD, no entities, no inclusion.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LIMIT + 1)
    except OSError as error:
        return _bad(path, f"cannot be read: {error.strerror or error}")
    if len(raw) > _LIMIT:
        return _bad(path, f"is larger than {_LIMIT >> 20} MiB")
    try:
        found, trouble = walk(raw, lambda: _Collector(path))
    except Refused as error:
        return _bad(path, error.message, error.hint, line=error.line)
    if found.root != "opml":
        told = f"its root is <{found.root}>" if found.root else "there is no element in it"
        return _bad(path, f"is no OPML: {told}", "export it as OPML")
    problems = list(found.problems)
    if trouble is not None:
        problems.insert(0, _bad(path, trouble.message, trouble.hint, line=trouble.line))
    return OpmlFile(
        path=path,
        outlines=tuple(found.found),
        whole=(trouble is None or trouble.whole) and not found.full,
        problems=tuple(problems),
        warnings=tuple(found.warnings),
    )


class _Collector:
    """Takes a document, and keeps its feeds, each once with the tags of all its places."""

    def __init__(self, path: Path) -> None:
        self.root: str | None = None
        self.outlines = 0
        self.found: list[Outline] = []
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.full = False
        self._path = path
        self._open: list[str | None] = []
        """The folder that each element is, of those that have not ended."""
        self._places: dict[str, int] = {}

    def begin(self, element: etree._Element) -> None:
        """Take an element; an outline is a feed, or a folder, or both."""
        name = _local(str(element.tag)).lower()[:60]
        self.root = name if self.root is None else self.root
        if name != "outline":
            self._open.append(None)
            return
        self.outlines += 1
        attributes = _attributes(element)
        line: object = element.sourceline
        self._take(attributes, line if isinstance(line, int) else None)
        self._open.append(_title(attributes) or None)

    def end(self) -> None:
        """Leave the innermost element."""
        if self._open:
            self._open.pop()

    def _take(self, attributes: Mapping[str, str], line: int | None) -> None:
        written, doubt = _address(attributes)
        if doubt and len(self.warnings) < _MOST_SAID:
            self.warnings.append(self._doubted(written, line, *doubt))
        if doubt or not written:
            return
        folders = [name for name in self._open if name][:_DEEPEST]
        data = outline_data({**attributes, "xmlurl": written}, folders)
        key = feed_key(str(data["url"]))
        first = self._places.setdefault(key, len(self.found))
        if first < len(self.found):
            self._join(self.found[first].data, data)
        elif len(self.found) < _MOST_FEEDS:
            self.found.append(Outline(line=line, data=data))
        elif not self.full:
            self.full = True
            self.problems.append(_bad(self._path, f"lists more than {_MOST_FEEDS} feeds"))

    def _doubted(self, written: str, line: int | None, message: str, hint: str) -> Problem:
        return Problem(
            file=str(self._path),
            line=line,
            key="outline",
            value=shown(written),
            message=message,
            hint=hint,
            fatal=False,
        )

    @staticmethod
    def _join(first: dict[str, object], again: Mapping[str, object]) -> None:
        """Give a feed the tags of another place where it is listed."""
        ours, theirs = first["tags"], again["tags"]
        if isinstance(ours, list) and isinstance(theirs, list):
            first["tags"] = list(dict.fromkeys([*ours, *theirs]))


def feed_key(url: str) -> str:
    """Return what two writings of one feed's address share: all but scheme and fragment."""
    whole = canonical(url, tracking=frozenset()) or url.strip()
    return whole.partition("://")[2] or whole


def web_address(written: str) -> str:
    """Return an address that readers write as ``feed:`` with the scheme that it is fetched by."""
    text = written.strip()
    if text.startswith(("https://", "http://")) and text.isprintable() and " " not in text:
        return text
    text = _BREAKS.sub("", text).replace(" ", "%20")
    text = _WRAPPED.sub(r"\1", text, count=1)
    text = _SLASHLESS.sub(r"\1://", text, count=1)
    text = _LOST_COLON.sub(r"\1://", text, count=1) if _LOST_COLON.match(text) else text
    found = _SCHEME.match(text)
    if found is None:
        return f"https:{text}" if text.startswith("//") else text
    scheme = _SCHEMES.get(found[1].lower())
    return f"{scheme}://{text[found.end() :]}" if scheme else text


def outline_data(attributes: Mapping[str, str], folders: Sequence[str]) -> dict[str, object]:
    """Return an outline as it would be written in ``[[feeds]]``.

    Args:
        attributes: Names in lower case, those of our own namespace with ``tocsin:`` before them.
        folders: Names of the folders that it is in, the outermost first.
    """
    data: dict[str, object] = {
        "url": web_address(attributes["xmlurl"]),
        "tags": _tags(attributes, folders),
    }
    name = attributes.get("tocsin:name") or _title(attributes)
    if name:
        data["name"] = name
    for key in ("weight", "interval", "enabled", "skip_hours", "was"):
        if (written := attributes.get(f"tocsin:{key}")) is not None:
            data[key] = _own(key, written)
    return data


def _tags(attributes: Mapping[str, str], folders: Sequence[str]) -> object:
    exact = attributes.get("tocsin:tags")
    if exact is not None:
        with suppress(ValueError, RecursionError):
            return json.loads(exact)
        return exact
    categories = attributes.get("category", "")[:_CATEGORIES_MOST]
    named = (*folders, *(html.unescape(part) for part in _SPLIT.split(categories)))
    tags = (" ".join(tag.split()).lower()[:NAME_LIMIT] for tag in named)
    return list(dict.fromkeys(tag for tag in tags if tag))


def _own(key: str, written: str) -> object:
    """Return a value of ours as TOML would give it; what is none goes on as it is, to be told."""
    if key == "weight":
        with suppress(ValueError):
            return float(written)
    if key in {"enabled", "skip_hours"}:
        return {"true": True, "false": False}.get(written.strip().lower(), written)
    return written.split() if key == "was" else written


def _address(attributes: Mapping[str, str]) -> tuple[str, tuple[str, str] | None]:
    """Return the address that an outline gives, "" for none, and why it is no feed's if so."""
    kind = attributes.get("type", "").strip().lower()
    listed = attributes.get("xmlurl", "").strip()
    linked = attributes.get("url", "").strip() or attributes.get("feedurl", "").strip()
    if kind == "include":
        hint = "name that file under [opml] files, after a look into it"
        return listed or linked, ("includes another file, which is not followed", hint)
    if any(mark in kind for mark in _NOT_FEEDS):
        hint = "Tocsin reads feeds: `tocsin feeds add` finds one if the site has one"
        return listed or linked, (f"is no feed but a page read by rules (type {kind[:30]})", hint)
    if listed:
        return listed, None
    if linked and kind == "link":
        hint = "`tocsin feeds add` finds its feed, if it has one"
        return linked, ("is a link to a page, not a feed", hint)
    return (linked if kind in _FEED_TYPES else ""), None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _attributes(element: etree._Element) -> dict[str, str]:
    """Return the attributes by name in lower case; those without a namespace go before others."""
    told: dict[str, str] = {}
    for name, value in element.attrib.items():
        space, mark, local = str(name)[1:].rpartition("}") if str(name)[:1] == "{" else ("",) * 3
        key = str(name).lower() if not mark else f"{{{space}}}{local}".lower()
        told[f"tocsin:{local.lower()}" if space == OWN else key] = str(value)
    return told


def _title(attributes: Mapping[str, str]) -> str:
    told = attributes.get("title", "").strip() or attributes.get("text", "").strip()
    return " ".join(html.unescape(told).split())[:NAME_LIMIT].strip()


def _bad(path: Path, message: str, hint: str = "", *, line: int | None = None) -> Problem:
    return Problem(file=str(path), line=line, message=message, hint=hint, fatal=False)
