"""What pages, robots.txt and sitemaps name as feeds, whatever bytes they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.feeds.discover import (
    LOOKED_AT,
    MOST,
    PAGE_BYTES,
    TAGS,
    feeds_of_page,
    is_index,
    same_site,
    sitemaps_of_index,
    sitemaps_of_robots,
    well_known,
)

URL = "https://www.example.org/blog/"
ATOM = 'type="application/atom+xml"'


def urls(body: str, headers: dict[str, str] | None = None, *, anchors: bool = False) -> list[str]:
    """Return the addresses that a page names, those of its host without it."""
    named = feeds_of_page(body.encode(), URL, headers or {}, anchors=anchors)
    return [one.url.removeprefix("https://www.example.org") for one in named]


LINKS = [
    (f"<link rel=alternate {ATOM} href=feed>", ["/blog/feed"]),
    (f'<LINK REL="nofollow ALTERNATE" {ATOM} HREF=" /feed ">', ["/feed"]),
    ('<link rel="alternate" type="application/rss+xml; charset=utf-8" href="//c.example/f">',
     ["https://c.example/f"]),
    ('<link rel="feed" href="/f">', ["/f"]),
    ('<link rel="alternate" type="application/feed+json" href="/f.json">', ["/f.json"]),
    ('<link rel="alternate" type="text/xml" title="RSS" href="/f">', ["/f"]),
    ('<link rel="alternate" type="application/json" href="/wp-json/x?rss">', []),
    ('<link rel="alternate" hreflang="de" href="/de/feed">', []),
    (f'<link rel="alternate stylesheet" {ATOM} href="/f.css">', []),
    (f'<link rel="canonical" {ATOM} href="/f">', []),
    (f'<link rel="alternate" {ATOM} href="">', []),
    (f'<link rel="alternate" {ATOM} href="javascript:alert(1)">', []),
    (f'<link rel="alternate" {ATOM} href="file:///etc/passwd">', []),
    (f'<link rel="alternate" {ATOM} href="feed://www.example.org/f">', ["http://www.example.org/f"]),
    (f'<base href="/x/"><base href="/y/"><link rel="alternate" {ATOM} href="f">', ["/x/f"]),
    (f'<link rel="alternate" {ATOM} href="/f"><link rel="alternate" {ATOM} href="/f">', ["/f"]),
    (f'<!-- <link rel="alternate" {ATOM} href="/f"> -->', []),
    (f'<body><p>late<link rel="alternate" {ATOM} href="/f">', ["/f"]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), LINKS)
def test_links_of_any_writing(body, expected):
    """Tokens of rel, parameters of types, base and relative addresses are read as browsers do."""
    assert expected == urls(f"<html><head>{body}")


HEADERS = [
    ('</f>; rel="alternate"; type="application/rss+xml"', ["/f"]),
    ("<f>;rel=alternate;type=application/atom+xml, <g>; rel=hub", ["/blog/f"]),
    ('</f>; title="a, <b>; c"; type="application/atom+xml"; rel="alternate"', ["/f"]),
    ("</f>; rel=next", []),
    ("garbage", []),
]


@pytest.mark.parametrize(("value", "expected"), HEADERS)
def test_link_headers(value, expected):
    """A Link header names feeds as a link of the page does."""
    assert expected == urls("", {"link": value})


def test_anchors_only_where_nothing_is_named():
    """What is merely linked to counts as a last hope, and only if it looks like a feed."""
    body = (
        '<a href="/rss.xml">RSS</a><a href="/about">About</a><a href="rss">x</a>'
        '<a href="/press/feedback">F</a><a href="/?feed=rss2">y</a><a href="#rss">z</a>'
    )
    assert [] == urls(body)
    assert ["/rss.xml", "/blog/rss", "/?feed=rss2"] == urls(body, anchors=True)
    named = f'<link rel="alternate" {ATOM} href="/f">{body}'
    assert ["/f"] == urls(named, anchors=True)


def test_comments_are_known():
    """Feeds of comments are told apart by title or address."""
    body = "".join(
        f'<link rel="alternate" {ATOM} href="{href}" title="{title}">'
        for href, title in (("/a", "Posts"), ("/b", "Posts: Comments"), ("/comments/feed/", ""))
    )
    named = feeds_of_page(body.encode(), URL, {})
    assert [False, True, True] == [one.comments for one in named]


def test_robots_and_indexes():
    """Sitemaps are named in any case, relative or not, those of news first, newest first."""
    robots = b"\xef\xbb\xbfUser-agent: *\r\nSITEMAP: /pages.xml\r\nsitemap:https://x.example/news.xml\r\n"
    assert ("https://x.example/news.xml", "https://www.example.org/pages.xml") == (
        sitemaps_of_robots(robots, URL)
    )
    index = (
        b'<x:sitemapindex xmlns:x="http://www.sitemaps.org/schemas/sitemap/0.9">'
        b"<x:sitemap><x:loc>/a.xml</x:loc><x:lastmod>2026-03-03</x:lastmod></x:sitemap>"
        b"<x:sitemap><x:loc>/news-1.xml</x:loc><x:lastmod>2026-03-01</x:lastmod></x:sitemap>"
        b"<x:sitemap><x:loc> /news-2.xml </x:loc><x:lastmod>2026-03-02</x:lastmod></x:sitemap>"
        b"</x:sitemapindex>"
    )
    assert is_index(index)
    assert ["news-2.xml", "news-1.xml", "a.xml"] == [
        one.rpartition("/")[2] for one in sitemaps_of_index(index, URL)
    ]


def test_an_index_of_any_prefix_and_of_any_length():
    """Prefixes, spaces and empty sitemaps are read over; what is too long is left at its limit."""
    some = "".join(
        f"<s:sitemap><s:loc> https://a.example/{n}.xml\n</s:loc></s:sitemap>" for n in range(3)
    )
    many = "<s:sitemap/>" * TAGS
    index = f"<s:sitemapindex xmlns:s='u'>{some}<s:sitemap><s:loc/></s:sitemap>{many}{{}}".encode()
    late = some.replace("a.example", "b.example").encode()
    found = sitemaps_of_index(index.replace(b"{}", late), URL)
    assert [f"https://a.example/{n}.xml" for n in range(3)] == list(found)


def test_the_end_of_a_long_page_is_not_looked_at():
    """What is named beyond a page's first megabyte is not found, and costs no memory."""
    link = f"<link rel=alternate {ATOM} href=feed>"
    assert ["/blog/feed"] == urls("<html><!--" + "x" * (PAGE_BYTES - 200) + "-->" + link)
    assert [] == urls("<html><!--" + "x" * PAGE_BYTES + "-->" + link)


def test_where_feeds_usually_are():
    """Below the page, then at the top; each address once, on the page's own host."""
    listed = [one.url for one in well_known(URL)]
    assert "https://www.example.org/blog/feed" == listed[0]
    assert len(set(listed)) == len(listed) <= 12
    assert all(one.startswith("https://www.example.org/") for one in listed)


SITES = [
    ("https://www.example.co.uk/", "https://feeds.example.co.uk/x", True),
    ("https://a.co.uk/", "https://b.co.uk/", False),
    ("https://a.github.io/", "https://b.github.io/", False),
    ("http://127.0.0.1:1/", "http://127.0.0.1:1/x", True),
    ("http://127.0.0.1/", "http://127.0.0.2/", False),
    ("https://example.org/", "nonsense", False),
]


@pytest.mark.parametrize(("one", "other", "same"), SITES)
def test_what_is_one_site(one, other, same):
    """One host, or one registered domain: public suffixes are none."""
    assert same == same_site(one, other)


HOSTILE = [
    b"<div>" * 300_000,
    b'<a href="/feed">' * 100_000,
    b"<link rel=alternate " + b"a=b " * 100_000,
    b"<" * 1_000_000,
    b"\0\xff\xfe" * 10_000,
    b'<link rel="alternate" type="application/rss+xml" href="' + b"/a" * 2_000_000,
    b"<sitemapindex><sitemap><loc>" + b"a" * 2_000_000,
    b"<!DOCTYPE sitemapindex [<!ENTITY a 'b'>]><sitemapindex><sitemap><loc>/&a;</loc></sitemap>",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_documents(body):
    """Whatever a document is, little is taken of it, and nothing breaks."""
    assert len(feeds_of_page(body, URL, {"link": "<" * 100_000}, anchors=True)) <= MOST
    assert len(sitemaps_of_index(body, URL)) <= MOST
    assert len(sitemaps_of_robots(b"Sitemap: /a\n" * (LOOKED_AT * 2) + body, URL)) <= MOST


SEEDS = [
    f'<head><base href="/x"><link rel="alternate" {ATOM} href="f"></head><a href="rss">'.encode(),
    b"<sitemapindex><sitemap><loc>https://a.example/news.xml</loc></sitemap></sitemapindex>",
    b"User-agent: *\nSitemap: https://a.example/s.xml\n",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    at=st.integers(0, 200),
    cut=st.integers(0, 20),
    junk=st.binary(max_size=12),
    charset=st.sampled_from(["", "utf-8", "bogus", "utf-16", "utf-7", "idna", "zlib"]),
)
def test_mutated_documents(seed, at, cut, junk, charset):
    """No change of bytes, and no charset that a server claims, makes any of these raise."""
    body = seed[:at] + junk + seed[at + cut :]
    headers = {"content-type": f"text/html; charset={charset}"}
    feeds_of_page(body, URL, headers, anchors=True)
    sitemaps_of_index(body, URL)
    sitemaps_of_robots(body, URL)
