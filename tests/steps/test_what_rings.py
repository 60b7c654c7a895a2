"""What is new and what is not: tables of stories, each played on real parts and both databases."""

import json
from itertools import count

import pytest

from steps.stories import (
    Cleaned,
    Feeds,
    Most,
    Options,
    Page,
    Poll,
    Story,
    Telling,
    Topics,
    e,
    many,
    news,
    story,
)

DAY = 24.0
OLD = news(e("old"), stored="old")
"""A baseline."""


def atom(*entries: str) -> str:
    """Return a document of Atom: each entry an id, hours in March, and a text."""
    items = "".join(
        f"<entry><id>{name}</id><title>Quake {name}</title><link href='HERE/{name}'/>"
        f"<updated>{at}</updated><content>{text}</content></entry>"
        for name, at, text in (entry.split("|") for entry in entries)
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Wire</title>{items}</feed>"


def as_json(*names: str) -> str:
    """Return a JSON feed of entries with these names."""
    items = [
        {"id": name, "url": f"HERE/{name}", "title": f"Quake {name}", "content_text": "Words."}
        for name in names
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})


BASELINE = (
    story(
        "what a feed lists when first seen does not ring, what comes after it does",
        news(e("a"), e("b", at=0), stored="a b"),
        news(e("c"), e("a"), e("b", at=0), rings="c"),
        news(e("c"), e("a"), e("b", at=0)),
    ),
    story(
        "a document that was cut off is no baseline",
        news(e("a"), e("b"), e("c"), cut="<title>Quake c", stored="a b"),
        news(e("d"), e("a"), e("b"), e("c"), stored="c d"),
        news(e("e"), e("d"), e("a"), e("b"), e("c"), rings="e"),
    ),
    story(
        "a feed whose documents are never whole rings after a day",
        news(e("a"), e("b"), cut="<title>Quake b", stored="a"),
        news(e("c"), e("a"), e("b"), cut="<title>Quake b", stored="c", after=1),
        news(e("d"), e("a"), e("b"), cut="<title>Quake b", stored="d", after=DAY),
        news(e("f"), e("a"), e("b"), cut="<title>Quake b", rings="f"),
    ),
    story(
        "the first entry of a feed that was empty is news",
        news(stored=""),
        news(e("a"), rings="a"),
    ),
    story(
        "an answer without a document is no baseline",
        Poll("", status=304),
        Poll("", status=200),
        news(e("a"), stored="a"),
        news(e("b"), e("a"), rings="b"),
    ),
    story(
        "a first poll that fails is no baseline",
        Poll("no", status=500),
        Poll("<html><body>Login</body></html>"),
        news(e("a"), stored="a"),
        news(e("b"), e("a"), rings="b"),
    ),
    story(
        "a baseline whose commit failed is taken again",
        news(e("a"), lost=True),
        news(e("b"), e("a"), stored="a b"),
        news(e("c"), e("b"), e("a"), rings="c"),
    ),
    story(
        "news whose commit failed comes again",
        OLD,
        news(e("a"), e("old"), lost=True),
        news(e("a"), e("old"), rings="a"),
    ),
    story(
        "a feed that was lost for a week and comes back is no first run",
        news(*many(1, 12), stored="1 2 3 4 5 6 7 8 9 10 11 12"),
        Poll("no", status=503, after=1),
        Poll("no", status=404, after=4 * DAY),
        news(e("new"), e("late", at=7 * DAY), e("stale", at=2 * DAY), rings="new late",
             stored="new late stale", after=7 * DAY - 4 * DAY),
    ),
    story(
        "a whole page of dated news after a week away rings",
        news(*many(1, 12, at=-1.0), stored=" ".join(map(str, range(1, 13)))),
        news(*many(21, 32, at=7 * DAY - 1), rings=" ".join(map(str, range(21, 33))),
             after=7 * DAY),
    ),
    story(
        "an operator's backlog rings at the first poll, if its date is known and young",
        Options({"backlog_s": 6 * 3600.0}),
        news(e("young", at=-5), e("old", at=-6), e("undated"), e("ahead", at=5),
             rings="young ahead", stored="young old undated ahead"),
        news(e("late", at=-8), rings="late"),
    ),
    story(
        "a backlog is older than max_age at the first poll only",
        Options({"backlog_s": 48 * 3600.0, "max_age_s": 24 * 3600.0}),
        news(e("a", at=-30), rings="a"),
        news(e("b", at=-50), stored="b"),
    ),
)  # fmt: skip

AGE = (
    story(
        "what was published longer ago than max_age does not ring",
        OLD,
        news(e("archive", at=-3 * DAY - 1), e("recent", at=-3 * DAY + 1), rings="recent",
             stored="archive recent"),
    ),
    story(
        "just max_age is not older than it",
        OLD,
        news(e("at", at=-3 * DAY + 0.5 + 12 / 3600), e("past", at=-3 * DAY + 0.5),
             rings="at", stored="at past"),
    ),
    story(
        "an unknown date is young, and so is one that cannot be",
        OLD,
        news(e("none"), e("absurd", at=3 * DAY), e("ahead", at=20), e("epoch", at=-500_000),
             e("words", more="<pubDate>yesterday, about noon</pubDate>"),
             rings="none absurd ahead epoch words"),
    ),
    story(
        "the date of publication counts, that of the last change where there is no other",
        OLD,
        news(e("both", at=-9 * DAY, more="<atom:updated xmlns:atom='http://www.w3.org/2005/Atom'>"
               "2026-03-02T12:00:00Z</atom:updated>"),
             stored="both"),
    ),
    story(
        "what was too old when it came does not ring later",
        OLD,
        news(e("archive", at=-5 * DAY), stored="archive"),
        news(e("archive", at=-5 * DAY)),
        news(e("archive", at=-5 * DAY, text="Other words."), stored="archive*2"),
    ),
    story(
        "an old text that says today that it changed rings",
        OLD,
        news(e("archive", at=-5 * DAY), stored="archive"),
        news(e("archive", at=0.5, text="Other words."), rings="archive", stored="archive*2"),
    ),
)  # fmt: skip

NUMBERS = " ".join(map(str, range(1, 13)))
MADE_ANEW = " ".join(f"x{n}" for n in range(1, 13))

REDESIGN = (
    story(
        "a site that was made anew does not ring: old dates under new names",
        news(*many(1, 12, at=-5), stored=NUMBERS),
        news(*many(1, 12, "x", at=-5), stored=MADE_ANEW, anew=True),
        news(e("fresh"), *many(1, 12, "x", at=-5), rings="fresh"),
    ),
    story(
        "the dates alone tell a redesign, where titles too are new",
        news(*many(1, 12, at=-5), stored=NUMBERS),
        news(*[e(f"y{n}", f"Quake again {n}", at=-6) for n in range(12)],
             stored=" ".join(f"y{n}" for n in range(12)), anew=True),
    ),
    story(
        "without dates the titles tell",
        news(*many(1, 12), stored=NUMBERS),
        news(*many(1, 12, "x"), stored=MADE_ANEW, anew=True),
    ),
    story(
        "without dates half of the titles are enough",
        news(*many(1, 12), stored=NUMBERS),
        news(*many(7, 18, "x"), stored=" ".join(f"x{n}" for n in range(7, 19)), anew=True),
    ),
    story(
        "fewer known titles are a burst of news",
        news(*many(1, 12), stored=NUMBERS),
        news(*many(8, 19, "x"), rings=" ".join(map(str, range(8, 20))),
             stored=" ".join(f"x{n}" for n in range(8, 20))),
    ),
    story(
        "a burst of news rings, dated",
        news(*many(1, 12, at=-5), stored=NUMBERS),
        news(*many(21, 40, at=0.4), rings=" ".join(map(str, range(21, 41)))),
    ),
    story(
        "a burst rings if one date is later than the last poll",
        news(*many(1, 12, at=-5), stored=NUMBERS),
        news(e("late", at=0.4), *many(21, 31, at=-2),
             rings="late " + " ".join(map(str, range(21, 32)))),
    ),
    story(
        "a burst rings if its dates are minutes before the last poll",
        news(*many(1, 12, at=-5), stored=NUMBERS),
        news(*many(21, 32, at=0.1), rings=" ".join(map(str, range(21, 33)))),
    ),
    story(
        "a burst rings if one date is unknown",
        news(*many(1, 12, at=-5), stored=NUMBERS),
        news(e("undated"), *many(21, 31, at=-2),
             rings="undated " + " ".join(map(str, range(21, 32)))),
    ),
    story(
        "nine entries are too few to tell, but 80 % of twelve may stay",
        news(*many(1, 9, at=-5), stored=" ".join(map(str, range(1, 10)))),
        news(*many(21, 29, at=-5), rings=" ".join(map(str, range(21, 30)))),
    ),
    story(
        "where over a fifth is known nothing was made anew",
        news(*many(1, 12, at=-5), stored=NUMBERS),
        news(*many(1, 3, at=-5), *many(21, 29, at=-5), rings=" ".join(map(str, range(21, 30)))),
    ),
    story(
        "what is really new among what was made anew rings: its date is later",
        news(*many(1, 12, at=-5), stored=NUMBERS),
        news(e("fresh", at=0.4), *many(1, 12, "x", at=-5), rings="fresh",
             stored=f"fresh {MADE_ANEW}", anew=True),
    ),
    story(
        "what is really new among what was made anew rings: its title is new",
        news(*many(1, 12), stored=NUMBERS),
        news(e("fresh"), *many(1, 12, "x"), rings="fresh", stored=f"fresh {MADE_ANEW}", anew=True),
    ),
    story(
        "guids alone that are new are no redesign, and nothing new",
        news(*many(1, 12, at=-5), stored=NUMBERS),
        news(*[e(f"{n}", guid=f"g{n}", at=-5) for n in range(12, 0, -1)]),
    ),
)  # fmt: skip

CHURN = (
    story(
        "a guid that is another at every poll is the same entry, without a date",
        news(e("a", guid="1"), stored="1"),
        news(e("a", guid="2")),
        news(e("b", guid="9"), e("a", guid="3"), rings="b", stored="9"),
        news(e("b", guid="10"), e("a", guid="4")),
        news(e("b", guid="11"), e("a", guid="5")),
    ),
    story(
        "a guid that is another at every poll is the same entry, with its date",
        news(e("a", guid="1", at=-1), stored="1"),
        news(e("b", guid="9", at=0.4), e("a", guid="2", at=-1), rings="b", stored="9"),
        news(e("b", guid="10", at=0.4), e("a", guid="3", at=-1)),
        news(e("b", guid="11", at=0.4), e("a", guid="4", at=-1)),
    ),
    story(
        "guid and tracking parameters that are others at every poll",
        news(e("a", guid="1", url="HERE/a?utm_source=1"), stored="1"),
        news(e("a", guid="2", url="HERE/a?utm_source=2")),
        news(e("a", guid="3", url="HERE/a?fbclid=3")),
    ),
    story(
        "tracking parameters under one guid, and without a guid",
        news(e("a", url="HERE/a?utm_source=1"), e("b", guid=None, url="HERE/b?gclid=1"),
             stored="a b"),
        news(e("a", url="HERE/a?utm_source=2"), e("b", guid=None, url="HERE/b?gclid=2")),
    ),
    story(
        "links of an entry that has a guid may change: to https, AMP, a mobile page",
        OLD,
        news(e("a", url="http://site.example/a"), rings="a"),
        news(e("a", url="https://site.example/a")),
        news(e("a", url="https://www.site.example/a/amp")),
        news(e("a", url="https://m.site.example/a?s=1")),
    ),
    story(
        "without guids https instead of http is nothing new",
        news(e("a", guid=None, url="http://site.example/HTTP/a"),
             e("b", guid=None, url="http://www.site.example/HTTP/b/"),
             stored="http://site.example/HTTP/a http://www.site.example/HTTP/b/"),
        news(e("a", guid=None, url="https://site.example/HTTP/a"),
             e("b", guid=None, url="https://site.example/HTTP/b")),
    ),
    story(
        "permanent links as guids: https instead of http is nothing new",
        news(e("a", guid="http://site.example/PERMA/a", url="http://site.example/PERMA/a"),
             stored="http://site.example/PERMA/a"),
        news(e("a", guid="https://site.example/PERMA/a", url="https://site.example/PERMA/a")),
    ),
    story(
        "feedburner's links come and go, the original stays",
        OLD,
        news(e("a", url="https://feeds.site.example/~r/1", more="<feedburner:origLink xmlns:"
               "feedburner='http://rssnamespace.org/feedburner/ext/1.0'>HERE/a"
               "</feedburner:origLink>"), rings="a"),
        news(e("a", url="HERE/a")),
    ),
    story(
        "a siren repeats title and link with a new date, and rings again",
        OLD,
        news(e("s1", "Quake siren", url="HERE/alerts", at=0.4), rings="siren", stored="s1"),
        news(e("s1", "Quake siren", url="HERE/alerts", at=0.4)),
        news(e("s2", "Quake siren", url="HERE/alerts", at=0.9), rings="siren", stored="s2"),
        news(e("s3", "Quake siren", url="HERE/alerts", at=1.1),
             e("s2", "Quake siren", url="HERE/alerts", at=0.9), rings="siren", stored="s3"),
    ),
    story(
        "a siren without dates rings again beside the one before it",
        OLD,
        news(e("s1", "Quake siren", url="HERE/alerts"), rings="siren", stored="s1"),
        news(e("s2", "Quake siren", url="HERE/alerts", text="10:40"),
             e("s1", "Quake siren", url="HERE/alerts"), rings="siren", stored="s2"),
    ),
    story(
        "a siren without guids rings again beside the one before it",
        OLD,
        news(e("s", "Quake siren", guid=None, url="HERE/alerts", at=0.4), rings="siren",
             stored="alerts"),
        news(e("s", "Quake siren", guid=None, url="HERE/alerts", at=0.6),
             e("s", "Quake siren", guid=None, url="HERE/alerts", at=0.4), rings="siren",
             stored="text"),
        news(e("s", "Quake siren", guid=None, url="HERE/alerts", at=0.8),
             e("s", "Quake siren", guid=None, url="HERE/alerts", at=0.6),
             e("s", "Quake siren", guid=None, url="HERE/alerts", at=0.4), rings="siren",
             stored="text"),
    ),
    story(
        "an article that comes again under a new guid with a later date rings again",
        OLD,
        news(e("a", guid="1", at=0.4), rings="a", stored="1"),
        news(e("a", guid="2", at=30), rings="a", stored="2", after=30),
    ),
    story(
        "an edit that comes with another guid is an edition",
        OLD,
        news(e("a", guid="1", at=0.3), rings="a", stored="1"),
        news(e("a", guid="2", at=0.3, text="Other words."), stored="1*2"),
        news(e("a", guid="3", at=0.3, text="Other words.")),
        news(e("a", guid="4", at=0.3, text="Words."), stored="1*3"),
    ),
    story(
        "an edit that comes with another guid rings if it is the first to match",
        Topics({"wave": "wave"}),
        OLD,
        news(e("a", guid="1", at=0.3), stored="1"),
        news(e("a", guid="2", at=0.3, text="A wave."), rings="a:wave", stored="1*2"),
    ),
    story(
        "two nodes that show older and newer documents by turns",
        news(*many(1, 12), stored=NUMBERS),
        news(*many(3, 14), rings="13 14"),
        news(*many(1, 12)),
        news(*many(4, 15), rings="15"),
        news(*many(3, 14)),
        news(*many(4, 15)),
    ),
    story(
        "two nodes that show an older and a newer edition by turns",
        OLD,
        news(e("a"), rings="a"),
        news(e("a", "Quake a, corrected"), stored="a*2"),
        news(e("a"), stored="a*3"),
        news(e("a", "Quake a, corrected"), stored="a*4"),
    ),
    story(
        "two nodes that give the same entries different guids",
        news(e("a", guid="1"), stored="1"),
        news(e("b", guid="y2"), e("a", guid="y1"), rings="b", stored="y2"),
        news(e("b", guid="2"), e("a", guid="1")),
        news(e("b", guid="y2"), e("a", guid="y1")),
    ),
    story(
        "dates that are those of the poll are no news",
        news(e("a", at=0.2), e("b", at=0.2), stored="a b"),
        news(e("a", at=0.45), e("b", at=0.45)),
        news(e("c", at=0.7), e("a", at=0.7), e("b", at=0.7), rings="c"),
        news(e("c", at=0.95), e("a", at=0.95), e("b", at=0.95)),
    ),
    story(
        "what vanishes and comes back after ten days is not new",
        OLD,
        news(e("a"), rings="a"),
        news(e("b"), rings="b", after=1),
        Cleaned(after=10 * DAY),
        news(e("a"), e("old"), e("b")),
    ),
    story(
        "what was away for forty days is new to the feed, and has rung",
        OLD,
        news(e("a"), rings="a"),
        news(e("b"), rings="b", after=1),
        Cleaned(after=40 * DAY),
        news(e("a"), e("b"), stored="a"),
    ),
    story(
        "what was away for forty days and had not rung is news, unless its date is old",
        news(e("a"), e("dated", at=-1), stored="a dated"),
        news(e("b"), rings="b", after=1),
        Cleaned(after=40 * DAY),
        news(e("a"), e("b"), e("dated", at=-1), rings="a", stored="a dated"),
    ),
    story(
        "what a feed lists for months is known for months",
        news(e("pinned"), stored="pinned"),
        Cleaned(after=100 * DAY),
        news(e("pinned"), e("b"), rings="b"),
    ),
)  # fmt: skip

EDITS = (
    story(
        "another title is an edition of the same event, and rings no topic twice",
        OLD,
        news(e("a"), rings="a"),
        news(e("a", "UPDATE 2-Quake a"), stored="a*2"),
        news(e("a", "UPDATE 2-Quake a")),
    ),
    story(
        "another text is an edition",
        OLD,
        news(e("a"), rings="a"),
        news(e("a", text="Other words."), stored="a*2"),
    ),
    story(
        "other spaces, markup and entities are no edition",
        OLD,
        news(e("a", "Quake a & b", text="Some <b>words</b> &amp; a<br>line."), rings="a_&_b",
             stored="a"),
        news(e("a", " Quake  a \n &  b ", text="Some <i class='x'>words</i> &#38;  a<br/>\nline."
               "<img src='/pixel?1'>")),
        news(e("a", "Quake a & b", text="<p>Some words &#x26; a</p>\n<p>line.</p>")),
        news(e("a", "Quake a & b", text="<div>Some words &amp; a line.</div>")),
    ),
    story(
        "another date alone is no edition",
        OLD,
        news(e("a", at=0.3), rings="a"),
        news(e("a", at=0.5)),
    ),
    story(
        "an edition rings for a topic that has not rung",
        Topics({"quake": "quake", "wave": "wave"}),
        OLD,
        news(e("a"), rings="a"),
        news(e("a", "Quake a, wave feared"), rings="a,_wave_feared:wave", stored="a*2"),
        news(e("a", "Quake a, wave passed"), stored="a*3"),
    ),
    story(
        "an edition rings that is the first to match",
        OLD,
        news(e("a", "Tremor"), stored="a"),
        news(e("a", "Tremor, now a quake"), rings="Tremor,_now_a_quake", stored="a*2"),
    ),
    story(
        "a text of the baseline that is rewritten does not ring, a new title does",
        news(e("a"), e("b"), stored="a b"),
        news(e("a", text="12 comments"), e("b"), stored="a*2"),
        news(e("a", text="13 comments"), e("b", "Quake b struck"), rings="b_struck",
             stored="a*3 b*2"),
    ),
    story(
        "a text of the baseline rings if its date says that it changed since",
        news(e("a", at=-2), stored="a"),
        news(e("a", at=0.4, text="Other words."), rings="a", stored="a*2"),
    ),
    story(
        "an update under a new guid and the same link joins what has rung",
        OLD,
        news(e("a", at=0.4), rings="a"),
        news(e("a2", "UPDATE 2-Quake a", url="HERE/a", at=0.6), stored="a2"),
    ),
    story(
        "an update under a new guid and a new link is an event of its own",
        OLD,
        news(e("a", at=0.4), rings="a"),
        news(e("a2", "UPDATE 2-Quake a", at=0.6), rings="UPDATE_2-Quake_a", stored="a2"),
    ),
    story(
        "reports of a live page that come together ring each",
        OLD,
        news(e("l1", "Quake at nine", url="HERE/live", at=0.1),
             e("l2", "Quake at ten", url="HERE/live", at=0.2),
             e("l3", "Quake at eleven", url="HERE/live#3"),
             rings="at_nine at_ten at_eleven", stored="l1 l2 l3"),
    ),
    story(
        "reports of a live page without dates ring each",
        OLD,
        news(e("l1", "Quake at nine", url="HERE/live"), e("l2", "Quake at ten", url="HERE/live"),
             rings="at_nine at_ten", stored="l1 l2"),
        news(e("l3", "Quake at eleven", url="HERE/live"),
             e("l2", "Quake at ten", url="HERE/live"), rings="at_eleven", stored="l3"),
    ),
    story(
        "entries that link to the front page ring each",
        OLD,
        news(e("a", url="HERE/front"), e("b", url="HERE/front/"), rings="a b"),
        news(e("c", url="HERE/front"), rings="c"),
    ),
)  # fmt: skip

TWO = Feeds({"feed": {}, "other": {"tags": ("wire",)}})

JOINS = (
    story(
        "one article in two feeds rings once, and both are told of",
        TWO,
        OLD,
        Poll((e("x"),), feed="other", stored="x"),
        news(e("a"), rings="a"),
        Poll((e("b", "Quake a", url="HERE/a"),), feed="other", stored="b"),
    ),
    story(
        "what joins is matched with facts of its own",
        Topics({"quake": "quake", "wired": "quake tag:wire"}),
        TWO,
        OLD,
        Poll((e("x"),), feed="other", stored="x"),
        news(e("a"), rings="a"),
        Poll((e("b", "Quake a", url="HERE/a"),), feed="other", rings="a:wired", stored="b"),
    ),
    story(
        "the page is fetched again if what joins has a title of its own or a later date",
        Feeds({"feed": {}, "other": {}, "third": {}}),
        Page("/a", "Quake a"),
        OLD,
        Poll((e("x"),), feed="other", stored="x"),
        news(e("a", at=0.4), rings="a", fetched="a"),
        Poll((e("b", "Quake a", url="HERE/a", at=0.4),), feed="other", stored="b", fetched=""),
        Poll((e("c", "Quake a anew", url="HERE/a", at=0.4),), feed="other", stored="c",
             fetched="a"),
        Poll((e("y"),), feed="third", stored="y"),
        Poll((e("d", "Quake a", url="HERE/a", at=30),), feed="third", stored="d", fetched="a",
             after=30),
    ),
    story(
        "an article known only from baselines is opened by news that joins it",
        TWO,
        news(e("a"), stored="a"),
        Poll((e("x"),), feed="other", stored="x"),
        Poll((e("b", "Quake a", url="HERE/a"), e("x")), feed="other", rings="a", stored="b"),
    ),
    story(
        "a baseline that joins what has rung adds nothing",
        TWO,
        OLD,
        news(e("a"), rings="a"),
        Poll((e("b", "Quake a", url="HERE/a"),), feed="other", stored="b"),
    ),
    story(
        "one guid in two feeds is two entries",
        TWO,
        OLD,
        Poll((e("old", url="HERE/other-old"),), feed="other", stored="old"),
        news(e("a"), rings="a"),
        Poll((e("a", "Quake elsewhere", url="HERE/elsewhere"),), feed="other", rings="elsewhere",
             stored="a"),
    ),
    story(
        "http and https, with and without www and tracking, are one article",
        TWO,
        OLD,
        Poll((e("x"),), feed="other", stored="x"),
        news(e("a", url="http://site.example/JOIN/a?utm_source=rss"), rings="a"),
        Poll((e("b", "Quake a", url="https://www.site.example/JOIN/a/"),), feed="other",
             stored="b"),
    ),
)  # fmt: skip

RENAMED = (
    story(
        "another name and other tags make no other feed",
        OLD,
        Feeds({"feed": {"name": "Another name", "tags": ("wire",)}}),
        Topics({"wired": "quake tag:wire"}),
        news(e("old")),
        news(e("a"), e("old"), rings="a:wired", stored="a"),
    ),
    story(
        "an address that was changed to https and back makes no other feed",
        OLD,
        Feeds({"feed": {"url": "SECURE/feed"}}),
        news(e("a"), e("old")),
        Feeds({"feed": {}}),
        news(e("a"), e("old"), rings="a"),
    ),
    story(
        "a new address with the former one named makes no other feed",
        OLD,
        Feeds({"moved": {"url": "HERE/moved", "former": ("HERE/feed",)}}),
        Poll((e("a"), e("old")), feed="moved", rings="a"),
    ),
    story(
        "a new address without the former one is a feed that was never seen",
        OLD,
        Feeds({"moved": {}}),
        Poll((e("a"), e("b")), feed="moved", stored="a b"),
    ),
    story(
        "a feed that was taken out for a day has its history",
        OLD,
        Feeds({"other": {}}),
        Poll((e("x"),), feed="other", stored="x", after=DAY),
        Feeds({"feed": {}}),
        news(e("a"), e("old"), rings="a"),
    ),
    story(
        "a feed that was taken out for forty days has its history",
        OLD,
        Feeds({"other": {}}),
        Poll((e("x"),), feed="other", stored="x", after=DAY),
        Cleaned(after=40 * DAY),
        Feeds({"feed": {}}),
        news(e("a"), e("old"), rings="a"),
    ),
    story(
        "a feed that is switched off has its history",
        OLD,
        Feeds({"feed": {"enabled": False}, "other": {}}),
        news(e("a"), e("old")),
        Feeds({"feed": {"enabled": True}}),
        news(e("a"), e("old"), rings="a"),
    ),
)  # fmt: skip

MOVED = (
    story(
        "a feed that its server moved, and whose new address the operator writes then",
        OLD,
        *(
            Poll((e("a"), e("old")), rings="a" if not n else "", to="moved", after=13)
            for n in range(3)
        ),
        Feeds({"moved": {}}),
        Poll((e("b"), e("a"), e("old")), feed="moved", rings="b"),
    ),
    story(
        "a feed that its server moved is asked at its old address by the files",
        OLD,
        *(Poll((e("old"),), to="moved", after=13) for n in range(3)),
        Feeds({"feed": {"name": "Another name"}}),
        Poll((e("a"), e("old")), to="moved", rings="a"),
    ),
)

LONG = "g" * 3000

SHAPES = (
    story(
        "guids that are missing or empty: the link is the identity",
        OLD,
        news(e("a", guid=None), e("b", guid=""), e("c", guid="  "), rings="a b c"),
        news(e("a", guid=None), e("b", guid=""), e("c", guid="  ")),
        news(e("a", guid=None, text="Other words."), stored="a*2"),
    ),
    story(
        "links that are missing, empty or none of the web's: the guid is the identity",
        OLD,
        news(e("a", url=None), e("b", url=""), e("c", url="mailto:a@b.example"),
             rings="a b c"),
        news(e("a", url=None), e("b", url=""), e("c", url="mailto:a@b.example")),
    ),
    story(
        "without guid and link title and text are the identity",
        OLD,
        news(e("a", guid=None, url=None), rings="a", stored="text"),
        news(e("a", guid=None, url=None)),
        news(e("a", guid=None, url=None, text="Other words."), rings="a", stored="text"),
    ),
    story(
        "an entry that says nothing is stored once, and harms no other",
        OLD,
        news(e("a", "", guid=None, url=None, text=""), e("b"), rings="b", stored="text b"),
        news(e("a", "", guid=None, url=None, text=""), e("b")),
    ),
    story(
        "identities that are too long are told apart to the end",
        OLD,
        news(e("a", guid=f"{LONG}1"), e("b", guid=f"{LONG}2"), rings="a b", stored="long long"),
        news(e("a", guid=f"{LONG}1"), e("b", guid=f"{LONG}2")),
        news(e("c", guid=None, url=f"HERE/{LONG}1"), rings="c", stored="text"),
    ),
    story(
        "one guid for all of a document's entries identifies none",
        OLD,
        news(e("a", guid="1"), e("b", guid="1"), rings="a b"),
        news(e("a", guid="1"), e("b", guid="1")),
        news(e("c", guid="1"), e("a", guid="1"), e("b", guid="1"), rings="c"),
    ),
    story(
        "one guid for the only entry and for those after it",
        OLD,
        news(e("a", guid="1"), rings="a", stored="1"),
        news(e("b", guid="1"), e("a", guid="1"), rings="b"),
        news(e("c", guid="1"), e("b", guid="1"), rings="c"),
    ),
    story(
        "of a document with more entries than are read the first ones count",
        Most(12),
        news(*many(1, 20), stored=" ".join(map(str, range(9, 21)))),
        news(*many(1, 22), rings="21 22"),
    ),
    story(
        "Atom: the date of the last change is that of publication where there is no other",
        Poll(atom("old|2026-03-01T00:00:00Z|Words."), stored="old"),
        Poll(
            atom(
                "a|2020-03-01T00:00:00Z|Words.",
                "b|2034-03-01T00:00:00Z|Words.",
                "c||Words.",
                "old|2026-03-01T00:00:00Z|Words.",
            ),
            rings="b c",
            stored="a b c",
        ),
        Poll(atom("b|2034-03-01T00:00:00Z|<b>Words.</b>", "c||More words."), stored="c*2"),
    ),
    story(
        "JSON and RSS by turns, with the same identities",
        Poll(as_json("a"), stored="a"),
        Poll(as_json("b", "a"), rings="b"),
        news(e("c"), e("b"), e("a"), rings="c"),
        Poll(as_json("c", "b", "a")),
    ),
    story(
        "an entry that is listed twice is one",
        OLD,
        news(e("a"), e("a"), rings="a"),
    ),
    story(
        "the order of a document says nothing",
        news(*reversed(many(1, 12)), stored=NUMBERS),
        news(*reversed(many(1, 14)), rings="13 14"),
        news(*many(1, 14)),
    ),
    story(
        "an entry that was cut in the middle rings once, when it is whole",
        OLD,
        news(e("a", text="Words that go on."), cut="that go on"),
        news(e("a", text="Words that go on."), rings="a"),
    ),
    story(
        "a document that loses its end loses no entry for long",
        news(e("a"), e("b"), e("c"), stored="a b c"),
        news(e("d"), e("a"), e("b"), e("c"), cut="<title>Quake b", rings="d"),
        news(e("d"), e("a"), e("b"), e("c")),
    ),
    story(
        "an empty document between is nothing",
        news(e("a"), stored="a"),
        news(),
        news(e("b"), e("a"), rings="b"),
    ),
)  # fmt: skip

TABLES = {
    "baseline": BASELINE,
    "age": AGE,
    "redesign": REDESIGN,
    "churn": CHURN,
    "edits": EDITS,
    "joins": JOINS,
    "renamed": RENAMED,
    "moved": MOVED,
    "shapes": SHAPES,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
async def test_what_rings(world, table: tuple[Story, ...]):
    """Each story rings, stores and tells what it says, at every poll."""
    numbers, wrong = count(), []
    for one in table:
        wrong += await Telling(world, one, f"/{next(numbers)}").play()
    assert [] == wrong, "\n".join(wrong)
