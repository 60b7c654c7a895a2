"""Feeds, damaged at random: never an exception, always bounded."""

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.feeds import document, made, read_again, read_feed

PIECES = (
    b"<", b">", b"&", b"&#0;", b"&#xD800;", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"</item>",
    b"</rss>", b"<item>", b"<!DOCTYPE x [", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b'"',
    b"{", b"}", b"[", b"null", b"\\ud800", b" xml:base='//['", b" xmlns=''",
    b"<?xml encoding='utf-16'?>",
)  # fmt: skip

damage = st.lists(
    st.tuples(
        st.integers(0, 4000),
        st.integers(0, 60),
        st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.parametrize("name", ["rss", "atom", "rdf", "json", "sitemap", "atom03"])
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damage=damage)
def test_damaged_feed(
    samples: dict[str, bytes], now: datetime, name: str, damage: list[tuple[int, int, bytes]]
) -> None:
    """A damaged document is read or refused; each identity comes once, and all can be stored."""
    body = samples[name]
    for at, length, piece in damage:
        body = body[:at] + piece + body[at + length :]
    feed = read_feed(body, "https://harbour.example/rss", "", now, max_entries=10)
    assert (feed.kind == "none") == (feed.error is not None)
    assert len(feed.entries) == len({entry.identity for entry in feed.entries}) <= 10
    for entry in feed.entries:
        for text in (entry.identity, entry.title, entry.content, entry.content_html):
            text.encode()
            assert "\0" not in text


@pytest.mark.parametrize("name", ["rss", "atom", "rdf", "json", "sitemap", "atom03"])
def test_cut_off_anywhere(samples: dict[str, bytes], now: datetime, name: str) -> None:
    """Wherever a document ends, it is read or refused; it is whole only with all its entries."""
    body = samples[name].rstrip()
    body = body[: body.find(b"</channel></rss>") if name == "rss" else None]
    for end in range(0, len(body), 5):
        feed = read_again(body[:end], "https://harbour.example/rss", "", now)
        assert (feed.kind == "none") == (feed.error is not None)
        assert feed.kind == "none" or not feed.complete
        assert () == feed.marks
        for entry in feed.entries:
            assert made(entry).digest


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(flips=st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 255)), max_size=6))
def test_wide_characters_damaged(
    samples: dict[str, bytes], now: datetime, codec: str, flips: list[tuple[int, int]]
) -> None:
    """A document in a wide charset without a mark, with bytes flipped, is read or refused."""
    body = bytearray(samples["rss"].decode().encode(codec))
    for at, value in flips:
        body[at % len(body)] = value
    feed = read_again(bytes(body), "https://harbour.example/rss", "text/xml; charset=utf-8", now)
    assert (feed.kind == "none") == (feed.error is not None)
    for entry in feed.entries:
        made(entry).content_html.encode()


def spaced(names: int, items: int) -> bytes:
    """Return a feed whose root declares so many namespaces, with markup in each item."""
    declared = " ".join(f"xmlns:n{number}='urn:{number}'" for number in range(names))
    inside = "<item><description>a<b>c</b>d</description></item>" * items
    return f"<rss {declared}><channel>{inside}</channel></rss>".encode()


def test_a_tag_of_a_thousand_namespaces(now: datetime) -> None:
    """What is declared above a piece of markup is written with it: so much is no feed at all."""
    url = "https://harbour.example/rss"
    feed = read_feed(spaced(64, 3), url, "", now)
    assert ("rss", "acd") == (feed.kind, feed.entries[0].content)
    refused = read_feed(spaced(3000, 3000), url, "", now)
    assert ("none", "not a feed: one of its tags declares more than 64 namespaces") == (
        refused.kind, refused.error
    )  # fmt: skip
    many = b"".join(b"<item xmlns:n='urn:n'><title>%d</title></item>" % n for n in range(500))
    feed = read_feed(b"<rss><channel>" + many + b"</channel></rss>", url, "", now)
    assert 500 == len(feed.entries)


@given(
    st.lists(
        st.sampled_from(
            ["&", "<", "a", "amp;", "&amp;", "&nbsp;", "</b>", "<b>", "\x01", " ", "é", "&eacute;",
             "<![CDATA[x&]]>", "<3", "&#60;", "&copy", "<!-- & -->"]
        ),
        max_size=400,
    )
)  # fmt: skip
def test_what_is_mended_in_pieces_is_mended_the_same(parts: list[str]) -> None:
    """Where a long text is cut in order to be mended makes no difference to it."""
    with pytest.MonkeyPatch.context() as patch:
        text = "".join(parts)
        patch.setattr(document, "PIECE", 1 << 30)
        whole = document._repaired(text)
        patch.setattr(document, "PIECE", 64)
        assert whole == document._repaired(text)
