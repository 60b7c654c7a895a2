"""Documents of which most was read before."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from workers.feeds import made, read_again, read_feed
from workers.feeds.again import recalled
from workers.feeds.marks import Marks, pack, unpack
from workers.model.commit import Knowledge
from workers.model.feed import KnownEntry, Listed, ParsedFeed
from workers.model.ids import entry_id

URL = "https://harbour.example/rss"
FEED = "fee_1"


def rss(*items: str, head: str = "<rss version='2.0'><channel><title>T</title>") -> bytes:
    """Return a feed of these items."""
    whole = "".join(f"<item>{one}</item>\n" for one in items)
    return f"<?xml version='1.0'?>{head}{whole}</channel></rss>".encode()


def atom(*items: str, head: str = "<feed xmlns='http://www.w3.org/2005/Atom'>") -> bytes:
    """Return an Atom feed of these items."""
    whole = "".join(f"<entry>{one}</entry>" for one in items)
    return f"{head}<title>T</title>{whole}</feed>".encode()


def rdf(*items: str) -> bytes:
    """Return an RDF feed of these items."""
    whole = "".join(f"<item rdf:about='{n}'>{one}</item>" for n, one in enumerate(items))
    return (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"
        " xmlns='http://purl.org/rss/1.0/'><channel><title>T</title><items/></channel>"
        f"{whole}</rdf:RDF>"
    ).encode()


def sitemap(*items: str) -> bytes:
    """Return a sitemap of these pages."""
    whole = "".join(
        f"<url><loc>https://harbour.example/{n}</loc></url>" for n, _ in enumerate(items)
    )
    return f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{whole}</urlset>".encode()


def json_feed(*items: str) -> bytes:
    """Return a JSON Feed of these items."""
    entries = [{"id": n, "title": one} for n, one in enumerate(items)]
    feed = {"version": "https://jsonfeed.org/version/1", "items": entries, "title": "T"}
    return json.dumps(feed).encode()


def titled(*names: str) -> list[str]:
    """Return items with nothing but a guid and a title."""
    return [f"<guid>{name}</guid><id>{name}</id><title>{name}</title>" for name in names]


@pytest.fixture
def read(now):
    """Read a document, of which some entries were seen."""

    def do(body: bytes, seen: Marks | None = None, **more) -> ParsedFeed:
        told = {"url": URL, "content_type": "", "now": now} | more
        return read_again(body, seen=seen, **told)

    return do


def seen_of(feed: ParsedFeed, at: Sequence[int] | None = None) -> Marks:
    """Return the marks of some of a feed's entries, through what is kept of them."""
    assert len(feed.marks) == len(feed.entries)
    rows = [
        (mark, entry_id(FEED, entry.identity))
        for n, (mark, entry) in enumerate(zip(feed.marks, feed.entries, strict=True))
        if at is None or n in at
    ]
    found = unpack(pack(feed.frame, rows))
    assert found is not None
    return found


def stored(entries: Sequence[Listed]) -> Knowledge:
    """Return what is known once these entries are stored."""
    known = {
        entry_id(FEED, one.identity): KnownEntry(
            identity=one.identity,
            digest=one.digest,
            edition=1,
            title=one.title,
            url=one.url,
            published=one.published,
            baseline=False,
        )
        for one in entries
    }
    return Knowledge(entries={}, twins={}, skipped=known)


KINDS = {"rss": rss, "atom": atom, "rdf": rdf, "sitemap": sitemap, "json": json_feed}


@pytest.mark.parametrize("kind", KINDS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_what_was_seen_is_skipped(now, kind: str, data: st.DataObject) -> None:
    """Whatever part of a feed was seen: the rest is read as it is read in the whole document."""
    count = data.draw(st.integers(1, 8))
    body = KINDS[kind](*titled(*(f"n{n}" for n in range(count))))
    whole = read_again(body, URL, "", now)
    known = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    part = read_again(body, URL, "", now, seen=seen_of(whole, sorted(known)))
    new = [made(one) for n, one in enumerate(whole.entries) if n not in known]
    assert new == [made(one) for one in part.entries]
    assert len(known) == len(part.skipped)
    assert (whole.title, whole.link, whole.hints, whole.frame) == (
        part.title, part.link, part.hints, part.frame
    )  # fmt: skip
    again = recalled(part, stored(whole.entries))
    assert again is not None
    assert {one.identity for one in again.entries} == {one.identity for one in whole.entries}
    named = (entry_id(FEED, one.identity) for one in new)
    kept = {*part.skipped, *zip(part.marks, named, strict=True)}
    assert kept == set(seen_of(whole).entries.items())


def test_an_edit_is_read(read) -> None:
    """An entry whose bytes are others is read, whatever its guid."""
    before = read(rss(*titled("a", "b", "c")))
    after = read(rss(*titled("a"), "<guid>b</guid><title>edited</title>"), seen_of(before))
    assert ["edited"] == [one.title for one in after.entries]
    assert [entry_id(FEED, "a")] == [id_ for _, id_ in after.skipped]


HEADS = {
    "a base": "<rss version='2.0' xml:base='https://else.example/'><channel>",
    "a namespace": "<rss version='2.0' xmlns='http://backend.userland.com/rss2'><channel>",
    "a namespace of the channel": "<rss version='2.0'><channel xmlns:x='urn:x'>",
    "a document type": "<!DOCTYPE rss><rss version='2.0'><channel>",
}


@pytest.mark.parametrize("what", HEADS)
def test_another_head_is_read_whole(read, what: str) -> None:
    """What the head declares says how entries are read: with another, all are read anew."""
    items = ["<link>/a</link>", "<link>/b</link>"]
    before = read(rss(*items))
    after = read(rss(*items, head=HEADS[what]), seen_of(before))
    assert ((), 2) == (after.skipped, len(after.entries))
    if what == "a base":
        assert "https://else.example/a" == after.entries[0].url


@pytest.mark.parametrize("more", [{"url": "https://else.example/"}, {"content_type": "text/xml"}])
def test_another_address_is_read_whole(read, more) -> None:
    """So it is where the document comes from elsewhere, or with another word on its charset."""
    body = rss("<link>/a</link>", "<link>/b</link>")
    assert () == read(body, seen_of(read(body)), **more).skipped


ODD = {
    "cut off": rss(*titled("a", "b"))[:-40],
    "not well-formed": rss(*titled("a", "b & c")),
    "bytes of another charset": rss(*titled("a", "b")).replace(b">b<", b">\xe9<"),
    "an end in CDATA": rss("<title>a</title>", "<title><![CDATA[</item>]]></title>"),
    "one commented out": rss(*titled("a", "b")) + b"<!--<item></item>-->",
    "one with no end of its own": rss(*titled("a"), "x").replace(b"<item>x</item>", b"<item />"),
    "prefixes": rss(*titled("a", "b")).replace(b"item>", b"x:item>"),
    "a guid for two": rss(*titled("a"), "<guid>a</guid><title>b</title>"),
    "one in another": rss("<title>a</title><item><title>b</title></item>"),
    "UTF-16": rss(*titled("a", "b")).decode().encode("utf-16"),
    "no feed": b"<opml/>",
    "bad JSON": b'{"version": "https://jsonfeed.org/version/1", "items": [{},',
    "JSON without items": b'{"version": "https://jsonfeed.org/version/1"}',
    "nothing": b"",
}


@pytest.mark.parametrize("what", ODD)
def test_what_is_odd_is_read_whole(read, now, what: str) -> None:
    """Where a document cannot be cut cleanly, nothing of it is skipped the next time."""
    plain = [made(one) for one in read_feed(ODD[what], URL, "", now).entries]
    first = read(ODD[what])
    assert plain == [made(one) for one in first.entries]
    second = read(ODD[what], seen_of(first) if first.marks else None)
    assert ((), plain) == (second.skipped, [made(one) for one in second.entries])


def test_repetitions_are_one(read) -> None:
    """An entry that stands twice in a document is one, and seen as one."""
    body = rss(*titled("a", "b", "a"))
    feed = read(body)
    assert 2 == len(feed.marks) == len(feed.entries)
    part = read(body, seen_of(feed, [0]))
    assert (["b"], 1) == ([one.title for one in part.entries], len(part.skipped))


def test_too_many_entries_are_read_whole(read) -> None:
    """Beyond the most that are read, nobody could tell which of them were seen."""
    body = rss(*titled(*"abcdef"))
    assert () == read(body, max_entries=5).marks
    assert 6 == len(read(body, max_entries=6).marks)


def test_what_is_forgotten_is_read(read) -> None:
    """An entry that was skipped but is not stored any more, or whose name comes again, is read."""
    body = rss(*titled("a", "b", "c"))
    whole = read(body)
    part = read(body, seen_of(whole, [0, 1]))
    assert recalled(part, stored(whole.entries)) is not None
    assert recalled(part, stored(whole.entries[1:])) is None
    named = tuple(replace(made(one), identity="a") for one in part.entries)
    assert recalled(replace(part, entries=named), stored(whole.entries)) is None


@given(st.binary(max_size=64))
def test_marks_of_others_are_none(data: bytes) -> None:
    """Bytes that are not what was kept are no marks; what was kept comes back."""
    found = unpack(data)
    assert found is None or (data[:1] == b"\x01" and len(data) == 9 + 20 * len(found.entries))
    rows = [(bytes([n]) * 8, entry_id(FEED, str(n))) for n in range(len(data))]
    kept = unpack(pack(b"12345678", rows))
    assert (kept is None) == (not rows)
    assert kept is None or (kept.entries == dict(rows) and kept.frame == b"12345678")


def test_namespaces_inside_entries_are_no_hindrance(read) -> None:
    """What an entry declares is its own: it is read when it is new, and skipped when it is not."""
    media = "<media:title xmlns:media='http://search.yahoo.com/mrss/'>{}</media:title>"
    before = read(rss("<guid>a</guid>" + media.format("A"), "<guid>b</guid>"))
    after = rss("<guid>c</guid>" + media.format("C"), "<guid>a</guid>" + media.format("A"))
    found = read(after, seen_of(before))
    (entry,) = found.entries
    assert ("c", "C", 1) == (entry.identity, entry.title, len(found.skipped))


_FACTS = [
    f"<guid>{guid}</guid>{odd}<title>{title}</title><link>{link}</link>"
    for guid in "12"
    for title in "xy"
    for link, odd in (("/p", ""), ("q", "<!-- </item> -->"), ("q", "<d><![CDATA[</item>]]></d>"))
]
_PLAIN = [f"<item>{facts}</item>" for facts in _FACTS]
_PIECES = [
    *_PLAIN,
    *(f"<!-- <item> -->{one}" for one in _PLAIN),
    *(f"<!-- {one} -->" for one in _PLAIN if "<!--" not in one),
    *(f"<d><![CDATA[ <item> ]]></d>{one}<d><![CDATA[n]]></d>" for one in _PLAIN),
    *(f"<items xml:base='{base}'>{one}</items>" for one in _PLAIN for base in ("/a/", "/b/")),
    *(one.replace("<item>", "<item xml:base='/c/'>") for one in _PLAIN),
    *(one.replace("</item>", "</item\n>") for one in _PLAIN),
    *(one.replace("<guid>", "<x><item>n</item></x><guid>") for one in _PLAIN),
    "<items xml:base='/d/'>", "</items>", "<item/>", "<item><title>x</title></item>",
    "<!-- n -->", "<d><![CDATA[n]]></d>",
]  # fmt: skip


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_changes_is_seen(read, now, data: st.DataObject) -> None:
    """Of two documents of odd pieces the second is read as if the first had not been there."""
    parts = data.draw(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=4))
    first = read(_joined(parts))
    if not first.marks:
        return
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(parts)))
        length = data.draw(st.integers(0, 1))
        parts[at : at + length] = data.draw(st.lists(st.sampled_from(_PIECES), max_size=1))
    if data.draw(st.booleans()):
        parts = data.draw(st.permutations(parts))
    again = recalled(read(_joined(parts), seen_of(first)), stored(first.entries))
    if again is not None:
        whole = read_feed(_joined(parts), URL, "", now)
        assert _told(whole) == _told(again)


def _joined(parts: Sequence[str]) -> bytes:
    return f"<rss><channel>{''.join(parts)}</channel></rss>".encode()


def _told(feed: ParsedFeed) -> set[tuple[object, ...]]:
    return {(one.identity, one.url, one.title, one.digest) for one in feed.entries}
