"""OPML 2.0 out: folders by first tag, and all that OPML has no word for in our own namespace.

Secrets never leave: headers are left out, and so are users and passwords of addresses.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from monitor.settings.items import FeedSetting
from monitor.settings.opml import OWN, outline_data
from monitor.settings.values import duration_text
from workers.text.urls import without_user

__all__ = ["attributes_of", "has_secrets", "put_attributes", "write_opml"]

_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def write_opml(feeds: Iterable[FeedSetting], now: datetime, *, flat: bool = False) -> bytes:
    """Return an OPML file of these feeds.

    Args:
        feeds: What to list, in this order.
        now: When it is written.
        flat: Without folders; tags stand in ``category`` either way.
    """
    root = etree.Element("opml", version="2.0", nsmap={"tocsin": OWN})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Feeds that Tocsin watches"
    etree.SubElement(head, "dateCreated").text = format_datetime(now, usegmt=True)
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {}
    for feed in feeds:
        folder = _xml(feed.tags[0]) if feed.tags and not flat else ""
        place = body
        if folder:
            if folder not in folders:
                folders[folder] = etree.SubElement(body, "outline", text=folder, title=folder)
            place = folders[folder]
        outline = etree.SubElement(place, "outline")
        put_attributes(outline, attributes_of(feed, (folder,) if folder else ()))
    etree.indent(root)
    raw: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return raw + b"\n"


def has_secrets(feed: FeedSetting) -> bool:
    """Say whether something of a feed is left out because it may be secret."""
    return bool(feed.headers) or any(without_user(url) != url for url in (feed.url, *feed.was))


def attributes_of(
    feed: FeedSetting, folders: Sequence[str] = (), *, secrets: bool = False
) -> dict[str, str]:
    """Return the attributes of a feed's outline, ours with ``tocsin:`` before their names.

    What other readers know is told in their words, and once more exactly only where reading those
    words would not give it back. With ``secrets``, users and passwords of addresses stay: for
    files of our own.
    """
    bare = str if secrets else without_user
    name, tags = _xml(feed.name or without_user(feed.url)), [_xml(tag) for tag in feed.tags]
    told = {"type": "rss", "text": name, "title": name, "xmlUrl": _xml(bare(feed.url))}
    categories = [tag for tag in tags if "/" not in tag and "," not in tag]
    if categories:
        told["category"] = ",".join(categories)
    if feed.weight != 1.0:
        told["tocsin:weight"] = f"{feed.weight!r}"
    if feed.interval is not None:
        told["tocsin:interval"] = duration_text(feed.interval)
    if not feed.enabled:
        told["tocsin:enabled"] = "false"
    if feed.skip_hours is not None:
        told["tocsin:skip_hours"] = "true" if feed.skip_hours else "false"
    if feed.was:
        told["tocsin:was"] = " ".join(_xml(bare(url)) for url in feed.was)
    again = outline_data({key.lower(): value for key, value in told.items()}, folders)
    if again.get("name") != name:
        told["tocsin:name"] = name
    if again["tags"] != tags:
        told["tocsin:tags"] = json.dumps(tags)
    return told


def put_attributes(outline: etree._Element, attributes: Mapping[str, str]) -> None:
    """Write attributes into an element, ours into our namespace."""
    for key, value in attributes.items():
        space, mark, local = key.partition(":")
        outline.set(f"{{{OWN}}}{local}" if mark else space, value)


def _xml(text: str) -> str:
    """Return a text without characters that no XML can hold."""
    return _REFUSED.sub("\N{REPLACEMENT CHARACTER}", text)
