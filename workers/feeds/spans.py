"""A document cut at its entries, without reading it: what was seen before need not be read again.

Each entry's bytes are hashed. A document without the entries that are known is read like any
other: what stands around entries stays as it is, and so do the rules of reading.
"""

import re
from collections.abc import Iterator
from hashlib import sha256

import msgspec

from workers.model.base import Record

__all__ = ["Spans", "find_spans"]

READER = b"1"
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


Piece = bytes | memoryview
_Cut = tuple[list[Piece], list[Piece]]


class Spans(Record, frozen=True, kw_only=True):
    """The entries of a document, as bytes."""

    frame: bytes
    """Hash over what else decides how an entry is read: address, charset, namespaces, bases."""
    marks: tuple[bytes, ...]
    """Hash of each entry, in the document's order; true repetitions have the same."""
    between: tuple[Piece, ...]
    """What stands before, between and after the entries; of JSON, before and after them all."""
    spans: tuple[Piece, ...]
    opening: bytes = b""
    """How each of them begins; empty in JSON."""

    def are_single(self, seen: frozenset[bytes] = frozenset()) -> bool:
        """Say whether each entry begins but once, which only an odd document's do not.

        Those in ``seen`` were looked at when they were marked.
        """
        return not self.opening or all(
            _opened(bytes(span), self.opening, len(self.opening)) < 0
            for mark, span in zip(self.marks, self.spans, strict=True)
            if mark not in seen
        )

    def without(self, seen: frozenset[bytes]) -> bytes:
        """Return the document without the entries whose mark is in ``seen``."""
        kept = [
            b"" if mark in seen else span
            for mark, span in zip(self.marks, self.spans, strict=True)
        ]
        if len(self.between) == 2 and len(kept) != 1:  # noqa: PLR2004 - JSON
            return b"".join((self.between[0], b",".join(filter(None, kept)), self.between[1]))
        parts = [part for pair in zip(self.between, kept, strict=False) for part in pair]
        return b"".join((*parts, self.between[-1]))


def find_spans(body: bytes, url: str, content_type: str, most: int) -> Spans | None:
    """Return where a document's entries are.

    None where that is not plain to see: another charset's bytes, prefixes, more than ``most``.
    """
    start = body[:START]
    root = _ROOT.search(start)
    if root:
        found = _of_markup(body, _ENTRIES[root[1]], most)
    elif start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        found = _of_json(body, most)
    else:
        return None
    if found is None:
        return None
    between, spans = found
    told = b"\0".join(
        (READER, url.encode("utf-8", "replace"), content_type.encode("utf-8", "replace"))
    )
    return Spans(
        frame=_hash(b"\0".join((told, *(_framing(between) if root else ())))),
        marks=tuple(map(_hash, spans)),
        between=tuple(between),
        spans=tuple(spans),
        opening=b"<" + _ENTRIES[root[1]] if root else b"",
    )


def _hash(data: Piece) -> bytes:
    """Return 8 bytes; processors do SHA-256 by themselves, at a multiple of BLAKE2's speed."""
    return sha256(data, usedforsecurity=False).digest()[:8]


def _of_markup(body: bytes, name: bytes, most: int) -> _Cut | None:
    """Cut a document at its entries; None where an entry's beginning or end may be none."""
    opening, closing, ending = b"<" + name, b"</" + name + b">", _ENDINGS[name]
    between: list[Piece] = []
    spans: list[Piece] = []
    view = memoryview(body)
    at = 0
    while (start := _opened(body, opening, at)) >= 0:
        end = body.find(closing, start)
        if end < 0 or len(spans) >= most or not _is_open(body[at:start], ending):
            return None
        between.append(view[at:start])
        at = end + len(closing)
        spans.append(view[start:at])
    if ending.search(body, at):
        return None
    between.append(view[at:])
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
    if b"<" not in piece:
        return True
    inside = piece.rfind(b"<!--") > piece.rfind(b"-->") or (
        piece.rfind(b"<![CDATA[") > piece.rfind(b"]]>")
    )
    return not inside and not ending.search(piece)


def _framing(between: list[Piece]) -> Iterator[bytes]:
    """Yield the tags around entries that say how these are to be read."""
    pieces = [piece for piece in map(bytes, between[:-1] or between) if b"<" in piece]
    for tag in (tag for piece in pieces for tag in piece.split(b"<")):
        if b"xmlns" in tag or b"xml:base" in tag or tag.startswith(_FRAMING):
            yield tag


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
    return [head, b"]}"], [memoryview(item) for item in items]
