"""RSS 0.9x to 2.0, and RDF (RSS 0.9, 1.0, 1.1)."""

import re
from collections.abc import Callable

from workers.feeds.document import Element, Tree
from workers.feeds.entries import Draft, Reading, finish_all, link_of, short
from workers.feeds.hints import period_s
from workers.feeds.media import note_file, note_media
from workers.feeds.names import ByTag, name_of
from workers.feeds.xmltext import attribute, base_of, child_named, written
from workers.model.feed import FeedHints, ParsedFeed

__all__ = ["read_rss"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = 24
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"


def read_rss(tree: Tree, reading: Reading, kind: str) -> ParsedFeed:
    """Read a tree whose root is ``rss``, ``rdf:RDF`` or a bare ``channel``."""
    root = tree.root
    channel = root if name_of(root.tag) == "channel" else child_named(root, "channel")
    base = base_of(root, reading.url)
    about, drafts = _About(reading.url), _Drafts(reading.most)
    if channel is not None:
        about.base = base_of(channel, base)
        about.alternate = attribute(channel, "href") or attribute(channel, "HREF")
        drafts.read(channel, about.base, about)
    if channel is not root:
        drafts.read(root, base)  # in RDF, entries stand beside the channel
    if tree.cut and drafts.all:
        drafts.all.pop()
    return ParsedFeed(
        kind=kind,
        title=short(about.title, 500),
        link=link_of(about.link or about.alternate, about.base),
        parser="fast",
        language=(about.language or attribute(root, "lang")).strip().lower()[:35] or None,
        hints=about.hints(),
        entries=finish_all(drafts.all, reading.now),
    )


class _About:
    """The channel, as it is read."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.title = self.link = self.alternate = self.language = ""
        self.hub: str | None = None
        self.self: str | None = None
        self.ttl: float | None = None
        self.period: str | None = None
        self.frequency: str | None = None
        self.skip_hours: tuple[int, ...] = ()
        self.skip_days: tuple[int, ...] = ()

    def note(self, name: str, element: Element) -> None:
        """Take what an element of the channel says."""
        if name == "title" and not self.title:
            self.title = written(element)
        elif name == "link":
            self._link(element)
        elif name == "language" and not self.language:
            self.language = element.text or ""
        elif name == "ttl":
            text = (element.text or "").strip()
            self.ttl = 60.0 * int(text) if text.isdecimal() and len(text) < 7 else None  # noqa: PLR2004
        elif name == "sy:updateperiod":
            self.period = element.text
        elif name == "sy:updatefrequency":
            self.frequency = element.text
        elif name == "skiphours":
            self.skip_hours = _hours(element)
        elif name == "skipdays":
            self.skip_days = _days(element)

    def _link(self, element: Element) -> None:
        rel, href = attribute(element, "rel").lower(), attribute(element, "href")
        if rel == "hub":
            self.hub = self.hub or link_of(href, self.base)
        elif rel == "self":
            self.self = self.self or link_of(href, self.base)
        elif href and rel in {"", "alternate"}:
            self.alternate = self.alternate or href
        elif element.text and not self.link:
            self.link = element.text

    def hints(self) -> FeedHints:
        """Return what the channel says about how often to look."""
        return FeedHints(
            ttl=self.ttl or None,
            update_period_s=period_s(self.period, self.frequency),
            hub=self.hub,
            self=self.self,
            skip_hours=self.skip_hours,
            skip_days=self.skip_days,
        )


def _hours(element: Element) -> tuple[int, ...]:
    texts = [(child.text or "").strip() for child in list(element)[:50]]
    hours = {int(text) % _HOURS for text in texts if re.fullmatch(r"[0-9]{1,2}", text)}
    return tuple(sorted(hours))


def _days(element: Element) -> tuple[int, ...]:
    named = {(child.text or "").strip().lower()[:3] for child in list(element)[:50]}
    return tuple(day for day, name in enumerate(_DAYS) if name in named)


class _Drafts:
    """The entries, as they are read; of more than ``most`` the first ones."""

    def __init__(self, most: int) -> None:
        self.all: list[Draft] = []
        self._most = most

    def read(self, parent: Element, base: str, about: _About | None = None) -> None:
        """Read the entries in an element, and in ``items`` in it (RSS 1.1), and what is ``about``
        all of them.
        """  # noqa: D205
        for element in parent:
            name = _NAMES[element.tag]
            if name == "item":
                if len(self.all) < self._most:
                    self.all.append(_draft(element, base))
            elif name == "items":
                around = base_of(element, base)
                for item in element:
                    if _NAMES[item.tag] == "item" and len(self.all) < self._most:
                        self.all.append(_draft(item, around))
            elif name is not None and about is not None:
                about.note(name, element)


_NAMES = ByTag(
    {
        "item": "item",
        "entry": "item",
        "items": "items",
        "title": "title",
        "dc:title": "title",
        "link": "link",
        "language": "language",
        "dc:language": "language",
        "ttl": "ttl",
        "sy:updateperiod": "sy:updateperiod",
        "sy:updatefrequency": "sy:updatefrequency",
        "skiphours": "skiphours",
        "skipdays": "skipdays",
    }
)


def _draft(item: Element, around: str) -> Draft:
    draft = Draft(base=around)
    if item.attrib:
        draft.base = base_of(item, around)
        draft.guid = item.get(_RDF_ABOUT) or ""
        href = item.get("HREF") or item.get("href")  # in CDF, an item is its link
        if href:
            draft.links[5] = href
    for element in item:
        take = _TAKES[element.tag]
        if take is not None:
            take(draft, element)
    draft.summary = draft.summary or (draft.described if not draft.content else "")
    draft.published = draft.published or draft.updated
    return draft


def _title(draft: Draft, element: Element) -> None:
    draft.title = written(element) or draft.title


def _other_title(draft: Draft, element: Element) -> None:
    draft.title = draft.title or written(element)


def _link(draft: Draft, element: Element) -> None:
    href = rel = ""
    if element.attrib:
        href, rel = attribute(element, "href"), attribute(element, "rel").lower()
    text = href or element.text or ""
    if text.strip() and rel in {"", "alternate"}:
        # of several the last counts, as with other readers; Atom's come after RSS's own
        draft.links[2 if rel else 1] = text


def _original(draft: Draft, element: Element) -> None:
    if element.text:
        draft.links[0] = element.text


def _guid(draft: Draft, element: Element) -> None:
    text = written(element)
    if text.strip():
        draft.guid = text
        if "://" in text and element.get("isPermaLink", "true").strip().lower() != "false":
            draft.links[3] = text


def _identifier(draft: Draft, element: Element) -> None:
    draft.guid = draft.guid or (element.text or "")


def _summary(draft: Draft, element: Element) -> None:
    text = written(element)
    if len(text) > len(draft.summary):
        draft.summary = text


def _content(draft: Draft, element: Element) -> None:
    text = written(element)
    if len(text) > len(draft.content):
        draft.content = text


def _published(draft: Draft, element: Element) -> None:
    if not draft.published:
        draft.published = element.text


def _dated(draft: Draft, element: Element) -> None:
    draft.published = element.text or draft.published


def _updated(draft: Draft, element: Element) -> None:
    draft.updated = element.text or draft.updated


def _author(draft: Draft, element: Element) -> None:
    name = child_named(element, "name") if len(element) else None
    draft.authors.append((element if name is None else name).text or "")


def _category(draft: Draft, element: Element) -> None:
    draft.categories.append(element.text or attribute(element, "term"))


def _keywords(draft: Draft, element: Element) -> None:
    draft.categories.extend((element.text or "")[:2000].split(","))


def _enclosure(draft: Draft, element: Element) -> None:
    note_file(draft, element, "url", "length")


_Take = Callable[[Draft, Element], None]
_TAKES = ByTag[_Take](
    {
        "title": _title,
        "dc:title": _other_title,
        "media:title": _other_title,
        "link": _link,
        "l:link": _link,
        "feedburner:origlink": _original,
        "guid": _guid,
        "id": _guid,
        "dc:identifier": _identifier,
        "description": _summary,
        "summary": _summary,
        "dc:description": _summary,
        "itunes:summary": _summary,
        "media:description": _summary,
        "content:encoded": _content,
        "encoded": _content,
        "content": _content,
        "body": _content,
        "xhtml:body": _content,
        "xhtml:div": _content,
        "fulltext": _content,
        "pubdate": _dated,
        "published": _dated,
        "issued": _published,
        "dc:date": _published,
        "dcterms:issued": _published,
        "dcterms:created": _published,
        "date": _published,
        "updated": _updated,
        "modified": _updated,
        "lastbuilddate": _updated,
        "dcterms:modified": _updated,
        "author": _author,
        "dc:creator": _author,
        "itunes:author": _author,
        "dc:contributor": _author,
        "category": _category,
        "dc:subject": _category,
        "media:keywords": _keywords,
        "itunes:keywords": _keywords,
        "enclosure": _enclosure,
        "media:content": note_media,
        "media:group": note_media,
    }
)
