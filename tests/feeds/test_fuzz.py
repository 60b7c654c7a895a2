"""Feeds, damaged at random: never an exception, always bounded."""

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.feeds import read_feed

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
