"""A document cut at its entries, without reading it: what was seen before need not be read again.

Each entry's bytes are hashed. A document without the entries that are known is read like any
other: what stands around entries stays as it is, and so do the rules of reading.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from itertools import chain

import msgspec

from workers.model.base import Record

__all__ = ["Spans", "find_spans"]

READER = b"2"
"""Raised when readers make something else of the same bytes: then all is read anew."""
START = 4096
"""Bytes of the beginning in which the root is looked for."""
_ROOT = re.compile(rb"<(rss|rdf:RDF|feed|urlset)[\s>]")
_ENTRIES = {b"rss": b"item", b"rdf:RDF": b"item", b"feed": b"entry", b"urlset": b"url"}
_ENDINGS = {name: re.compile(rb"</" + name + rb"[\s>]") for name in set(_ENTRIES.values())}
_AFTER_NAME = b" >/\t\r\n"
_FRAMING = (b"?xml ", b"!DOCTYPE", b"!ENTITY", b"!ATTLIST")
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


_Cut = tuple[list[bytes], list[bytes]]


class Spans(Record, frozen=True, kw_only=True):
    """The entries of a document, as bytes."""

    frame: bytes
    """Hash over what else decides how an entry is read: address, charset, namespaces, bases."""
    marks: tuple[bytes, ...]
    """Hash of each entry, in the document's order; true repetitions have the same."""
    between: list[bytes]
    """What stands before, between and after the entries; of JSON, before and after them all."""
    spans: list[bytes]
    """The entries; those of markup without their end tags."""
    name: bytes = b""
    """What their tags are called; empty in JSON."""

    def are_single(self, seen: Collection[bytes] = ()) -> bool:
        """Say whether each entry begins but once, which only an odd document's do not.

        Those in ``seen`` were looked at when they were marked.
        """
        opening = b"<" + self.name
        return not self.name or not any(
            _opened(span, opening, 1) >= 0
            for mark, span in zip(self.marks, self.spans, strict=True)
            if mark not in seen
        )

    def without(self, seen: Collection[bytes]) -> bytes:
        """Return the document without the entries whose mark is in ``seen``."""
        entries = zip(self.marks, self.spans, strict=True)
        if not self.name:
            kept = b",".join([span for mark, span in entries if mark not in seen])
            return b"".join((self.between[0], kept, self.between[1]))
        ending = _ending(self.name)
        parts = [b"" if mark in seen else span + ending for mark, span in entries]
        pairs = zip(self.between, parts, strict=False)
        return b"".join((*chain.from_iterable(pairs), self.between[-1]))


def find_spans(body: bytes, url: str, content_type: str, most: int) -> Spans | None:
    """Return where a document's entries are.

    None where that is not plain to see: another charset's bytes, prefixes, more than ``most``.
    """
    start = body[:START]
    root = _ROOT.search(start)
    name = _ENTRIES[root[1]] if root else b""
    if root:
        found = _of_markup(body, name, most)
    elif start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        found = _of_json(body, most)
    else:
        return None
    if found is None:
        return None
    between, spans = found
    told = (READER, url.encode("utf-8", "replace"), content_type.encode("utf-8", "replace"))
    framing = _framing(between[:-1] or between) if root else ()
    return Spans(
        frame=_hash(b"\0".join((*told, *framing))),
        marks=tuple(map(_hash, spans)),
        between=between,
        spans=spans,
        name=name,
    )


def _hash(data: bytes) -> bytes:
    """Return 8 bytes; processors do SHA-256 by themselves, at a multiple of BLAKE2's speed."""
    return sha256(data, usedforsecurity=False).digest()[:8]


def _ending(name: bytes) -> bytes:
    return b"</" + name + b">"


def _of_markup(body: bytes, name: bytes, most: int) -> _Cut | None:
    """Cut a document at its entries; None where an entry's beginning or end may be none."""
    opening, ending = b"<" + name, _ENDINGS[name]
    *whole, rest = body.split(_ending(name), most)
    between: list[bytes] = []
    spans: list[bytes] = []
    for part in whole:
        start = _opened(part, opening, 0)
        before = part[:start]
        if start < 0 or (b"<" in before and not _is_open(before, ending)):
            return None
        between.append(before)
        spans.append(part[start:])
    if _opened(rest, opening, 0) >= 0 or ending.search(rest):
        return None
    between.append(rest)
    return between, spans


def _opened(body: bytes, opening: bytes, at: int) -> int:
    """Return where the next element of this name begins, -1 if there is none."""
    while (start := body.find(opening, at)) >= 0:
        at = start + len(opening)
        if body[at : at + 1] in _AFTER_NAME:
            return start
    return -1


def _is_open(piece: bytes, ending: re.Pattern[bytes]) -> bool:
    """Say whether what follows this piece of a document is neither comment nor CDATA."""
    inside = piece.rfind(b"<!--") > piece.rfind(b"-->") or (
        piece.rfind(b"<![CDATA[") > piece.rfind(b"]]>")
    )
    return not inside and not ending.search(piece)


def _framing(between: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the tags around entries that say how these are to be read."""
    for piece in between:
        if b"<" in piece:
            for tag in piece.split(b"<") if b"<!" in piece else _about_xml(piece):
                if b"xmlns" in tag or b"xml:base" in tag or tag.startswith(_FRAMING):
                    yield tag


def _about_xml(piece: bytes) -> Iterator[bytes]:
    """Yield the tags with ``xml`` in them; in some heads there are hundreds of others."""
    at = 0
    while (at := piece.find(b"xml", at)) >= 0:
        start, end = piece.rfind(b"<", 0, at), piece.find(b"<", at)
        at = end if end >= 0 else len(piece)
        yield piece[start + 1 : at]


def _of_json(body: bytes, most: int) -> _Cut | None:
    try:
        members = _MEMBERS.decode(body.removeprefix(b"\xef\xbb\xbf"))
        items = _ITEMS.decode(members.pop("items"))
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, RecursionError):
        return None
    if len(items) > most:
        return None
    others = b",".join(
        msgspec.json.encode(name) + b":" + bytes(raw) for name, raw in members.items()
    )
    head = b"{" + others + (b"," if others else b"") + b'"items":['
    return [head, b"]}"], [bytes(item) for item in items]
