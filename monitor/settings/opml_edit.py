"""The one OPML file that commands write to: `feeds.d/added.opml` beside the config.

Whatever else it holds is kept, comments too. It is written whole or not at all, by one command at
a time.
"""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from lxml import etree

from monitor.settings.atomic import alone, write_whole
from monitor.settings.build import ADDED
from monitor.settings.items import FeedSetting
from monitor.settings.opml import OWN, feed_key, web_address
from monitor.settings.opml_write import attributes_of, put_attributes

__all__ = ["CannotEdit", "add_feeds", "remove_feeds"]

T = TypeVar("T")

_LIMIT = 64 << 20


class CannotEdit(Exception):
    """The file cannot be changed: its text says why, and what to do."""


def add_feeds(config: Path, feeds: Sequence[FeedSetting]) -> Path:
    """Append feeds to the file beside ``config``; return its path. It is made if it is not there.

    Raises:
        CannotEdit: it is broken, or cannot be written.
    """

    def change(root: etree._Element) -> bool:
        body = _body(root)
        there = {feed_key(_url(one)) for one in _outlines(root)}
        for feed in feeds:
            if feed_key(feed.url) not in there:  # else another command was faster
                outline = etree.SubElement(body, "outline")
                put_attributes(outline, attributes_of(feed, secrets=True))
        _indent(body)
        return True

    _edit(config, change, made=True)
    return config.parent / ADDED


def remove_feeds(config: Path, keys: Collection[str]) -> int:
    """Take the feeds with these keys out of the file; return how many outlines that were.

    Raises:
        CannotEdit: it is broken, or cannot be written.
    """

    def change(root: etree._Element) -> int:
        gone = [one for one in _outlines(root) if feed_key(_url(one)) in keys]
        for outline in gone:
            folder = outline.getparent()
            if folder is not None:
                folder.remove(outline)
        _indent(_body(root))
        return len(gone)

    return _edit(config, change, made=False) or 0


def _outlines(root: etree._Element) -> Iterator[etree._Element]:
    return (one for one in root.iter("outline") if _url(one))


def _url(outline: etree._Element) -> str:
    named = {str(name).lower(): str(value) for name, value in outline.attrib.items()}
    return web_address(named.get("xmlurl", "") or named.get("url", ""))


def _edit(config: Path, change: Callable[[etree._Element], T], *, made: bool) -> T | None:
    """Change the file by itself among all who change it so; None if it is not there."""
    path = config.parent / ADDED
    try:
        if made:
            _make_folder(path.parent, config)
        elif not path.exists():
            return None
        with alone(path.parent):
            root = _read(path) if path.exists() else _empty()
            result = change(root)
            if result:
                raw: bytes = etree.tostring(
                    root.getroottree(), xml_declaration=True, encoding="UTF-8"
                )
                write_whole(path, raw.rstrip() + b"\n", like=config)
            return result
    except OSError as error:
        told = os.strerror(error.errno) if error.errno and not error.args[1:] else str(error)
        hint = f"whoever calls this must be able to write in {path.parent}"
        raise CannotEdit(f"cannot write: {path}: {told} ({hint})") from error


def _make_folder(folder: Path, config: Path) -> None:
    """Make the folder, for the owner of the config if we may."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    owner = config.stat()
    with suppress(PermissionError):
        os.chown(folder, owner.st_uid, owner.st_gid)


def _empty() -> etree._Element:
    root = etree.Element("opml", version="2.0", nsmap={"tocsin": OWN})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Added by `tocsin feeds add`"
    etree.SubElement(root, "body")
    etree.indent(root)
    return root


def _read(path: Path) -> etree._Element:
    """Return the root of the file.

    Raises:
        CannotEdit: it is no well-formed OPML.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        raw = stream.read(_LIMIT + 1)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(raw[: _LIMIT + 1], parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        words = str(error).partition(", line")[0]
        raise CannotEdit(f"cannot change: {path}:{line}: is no XML: {words} (mend it)") from error
    if root.tag != "opml" or len(raw) > _LIMIT:
        raise CannotEdit(f"cannot change: {path}: is no OPML, or too large (mend or move it)")
    if root.getroottree().docinfo.internalDTD is not None:
        raise CannotEdit(f"cannot change: {path}: holds a DOCTYPE (remove it)")
    return root


def _body(root: etree._Element) -> etree._Element:
    body = root.find("body")
    return body if body is not None else etree.SubElement(root, "body")


def _indent(body: etree._Element) -> None:
    etree.indent(body, level=1)
    if not len(body):
        body.text = "\n  "
