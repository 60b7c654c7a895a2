"""Atom 1.0 and 0.3."""

import base64
import binascii
from collections.abc import Callable

from workers.feeds.document import Element, Tree
from workers.feeds.entries import NAMES, Draft, Reading, finish_all, link_of, short
from workers.feeds.hints import period_s
from workers.feeds.media import note_file, note_media
from workers.feeds.names import ByTag, name_of
from workers.feeds.xmltext import as_markup, attribute, base_of, child_named, written
from workers.model.feed import FeedHints, ParsedFeed

__all__ = ["read_atom"]

_NAMES = ByTag(
    {
        "entry": "entry",
        "item": "entry",
        "link": "link",
        "title": "title",
        "language": "language",
        "dc:language": "dc:language",
        "sy:updateperiod": "sy:updateperiod",
        "sy:updatefrequency": "sy:updatefrequency",
    }
)
"""What is read of a feed, by name."""
_PAGES = {"", "text/html", "application/xhtml+xml"}


def read_atom(tree: Tree, reading: Reading) -> ParsedFeed:
    """Read a tree whose root is ``feed``, or a single ``entry``."""
    root = tree.root
    base = base_of(root, reading.url)
    elements = [root] if name_of(root.tag) == "entry" else []
    said: dict[str, str] = {}
    links: dict[str, str] = {}
    for element in root:
        name = _NAMES[element.tag]
        if name == "entry":
            if len(elements) < reading.most:
                elements.append(element)
        elif name == "link":
            links.setdefault(attribute(element, "rel").lower() or "alternate", _href(element))
        elif name:
            said.setdefault(name, _text(element)[0])
    drafts = [_draft(item, base_of(item, base)) for item in elements]
    if tree.cut and drafts:
        drafts.pop()
    language = attribute(root, "lang") or said.get("language") or said.get("dc:language", "")
    return ParsedFeed(
        kind="atom",
        title=short(said.get("title", ""), 500),
        link=link_of(links.get("alternate", ""), base),
        parser="fast",
        language=language.strip().lower()[:35] or None,
        hints=FeedHints(
            update_period_s=period_s(said.get("sy:updateperiod"), said.get("sy:updatefrequency")),
            hub=link_of(links.get("hub", ""), base),
            self=link_of(links.get("self", ""), base),
        ),
        entries=finish_all(drafts, reading.now),
    )


def _href(element: Element) -> str:
    return attribute(element, "href") or element.text or ""


def _text(element: Element) -> tuple[str, bool]:
    """Return a text construct, and whether it is text rather than markup."""
    if not element.attrib:
        return written(element), False
    kind = element.get("type", "").strip().lower()
    if element.get("mode", "").lower() == "base64" or (
        kind and "/" in kind and not kind.startswith("text/") and "xml" not in kind
    ):
        return _base64(element.text or ""), kind == "text/plain"
    return written(element), kind in {"text", "text/plain"} and not len(element)


def _base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=False).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _draft(entry: Element, base: str) -> Draft:
    draft = Draft(base=base)
    for element in entry:
        take = _TAKES[element.tag]
        if take is not None:
            take(draft, element)
    draft.summary = draft.summary or (draft.described if not draft.content else "")
    draft.published = draft.published or draft.updated
    return draft


def _id(draft: Draft, element: Element) -> None:
    draft.guid = draft.guid or element.text or ""


def _title(draft: Draft, element: Element) -> None:
    if not draft.title:
        draft.title, draft.literal = _text(element)


def _link(draft: Draft, element: Element) -> None:
    rel = attribute(element, "rel").strip().lower().removeprefix(_RELATIONS)
    if rel in {"", "alternate"}:
        page = element.get("type", "").strip().lower() in _PAGES
        draft.links.setdefault(1 if page else 2, _href(element))
    elif rel == "enclosure":
        note_file(draft, element, "href", "length")


_RELATIONS = "http://www.iana.org/assignments/relation/"


def _original(draft: Draft, element: Element) -> None:
    if element.text:
        draft.links[0] = element.text


def _summary(draft: Draft, element: Element) -> None:
    text, literal = _text(element)
    if not draft.summary:
        draft.summary = as_markup(text) if literal else text


def _content(draft: Draft, element: Element) -> None:
    src = element.get("src")
    if src:
        draft.links[4] = src
        return
    text, literal = _text(element)
    if len(text) > len(draft.content):
        draft.content = as_markup(text) if literal else text


def _published(draft: Draft, element: Element) -> None:
    draft.published = element.text or draft.published


def _issued(draft: Draft, element: Element) -> None:
    draft.published = draft.published or element.text


def _updated(draft: Draft, element: Element) -> None:
    draft.updated = element.text or draft.updated


def _author(draft: Draft, element: Element) -> None:
    name = child_named(element, "name")
    if name is None:
        name = child_named(element, "email")
    draft.authors.append((element if name is None else name).text or "")


def _category(draft: Draft, element: Element) -> None:
    if len(draft.categories) >= NAMES:
        return
    label = element.get("label") or element.get("term")
    label = label or attribute(element, "label") or attribute(element, "term")
    draft.categories.append(label or element.text or "")


_Take = Callable[[Draft, Element], None]
_TAKES = ByTag[_Take](
    {
        "id": _id,
        "guid": _id,
        "title": _title,
        "dc:title": _title,
        "link": _link,
        "feedburner:origlink": _original,
        "summary": _summary,
        "description": _summary,
        "subtitle": _summary,
        "content": _content,
        "content:encoded": _content,
        "xhtml:body": _content,
        "xhtml:div": _content,
        "published": _published,
        "issued": _issued,
        "created": _issued,
        "pubdate": _issued,
        "dc:date": _issued,
        "dcterms:issued": _issued,
        "updated": _updated,
        "modified": _updated,
        "dcterms:modified": _updated,
        "author": _author,
        "dc:creator": _author,
        "contributor": _author,
        "category": _category,
        "dc:subject": _category,
        "media:content": note_media,
        "media:group": note_media,
    }
)
