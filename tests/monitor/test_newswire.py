"""The offline newswire: what it holds, and how it is written."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from lxml import etree, html

from monitor import shipped
from monitor.demo.expect import ExpectedAlert, compare, plain_address
from monitor.demo.newswire import Newswire
from monitor.demo.wire_data import slug_of
from monitor.demo.wire_pages import feed_content, paragraphs_of
from workers.model.article import FetchedPage
from workers.pages import PageRules, extract

FOLDER = Path(__file__).parents[2] / "seeds" / "newswire"
BASE = "http://127.0.0.1:80"
STARTED = datetime(2026, 11, 24, 10, 0, 0, 500_000, tzinfo=UTC)
MAIN = "meridian/us-drone-strike-kills-militia-commander-in-baghdad"
XML = etree.XMLParser(resolve_entities=False, no_network=True)
WIRE = Newswire.load(FOLDER)
NEW = {f"{feed}/{story.key}": story for feed, story in WIRE.stories}
ATOM = "{http://www.w3.org/2005/Atom}"
RSS1 = "{http://purl.org/rss/1.0/}"


def links_of(kind: str, body: bytes) -> list[str]:
    """Return the links of a feed's entries as they are written."""
    if kind == "json":
        return [item["url"] for item in json.loads(body)["items"]]
    root = etree.fromstring(body, XML)
    if kind == "atom":
        return [link.get("href", "") for link in root.iterfind(f"{ATOM}entry/{ATOM}link")]
    found = root.iterfind("channel/item/link" if kind == "rss" else f"{RSS1}item/{RSS1}link")
    return [link.text or "" for link in found]


def dates_of(kind: str, body: bytes) -> list[datetime]:
    """Return the dates of a feed's entries."""
    if kind == "json":
        texts = [item["date_published"] for item in json.loads(body)["items"]]
        return [datetime.fromisoformat(text) for text in texts]
    root = etree.fromstring(body, XML)
    if kind == "rss":
        found = root.iterfind("channel/item/pubDate")
        return [parsedate_to_datetime(date.text or "") for date in found]
    place = f"{ATOM}entry/{ATOM}published"
    if kind == "rdf":
        place = f"{RSS1}item/{{http://purl.org/dc/elements/1.1/}}date"
    return [datetime.fromisoformat(date.text or "") for date in root.iterfind(place)]


def page_text(name: str) -> str:
    """Return all text of a story's page, scripts included."""
    reply = WIRE.answer(WIRE.path_of(name), WIRE.end, BASE, STARTED)
    charset = WIRE.publishers[name.partition("/")[0]].charset
    return " ".join(html.fromstring(reply.body.decode(charset)).itertext())


# What it holds.


def test_kinds() -> None:
    """There are at least nine feeds, and every kind of feed is among them."""
    kinds = Counter(publisher.feed.kind for publisher in WIRE.publishers.values())
    assert len(WIRE.feeds) >= 9
    assert {"rss", "rdf", "atom", "json"} == set(kinds)
    assert kinds["rss"] >= 3


def test_designs() -> None:
    """Pages come in at least four designs."""
    assert len({publisher.template for publisher in WIRE.publishers.values()}) >= 4


@pytest.mark.parametrize("feed", WIRE.feeds)
def test_backlog(feed: str) -> None:
    """A feed lists five to fifteen entries when first seen, an hour to four days old."""
    ages = [-story.at for _, story in WIRE.listing(feed, 0.0)]
    assert 5 <= len(ages) <= 15
    assert min(ages) >= 3600
    assert max(ages) <= 4 * 86400


def test_timeline() -> None:
    """New stories appear over about twenty seconds, none in the first two."""
    ats = [story.at for _, story in WIRE.stories]
    assert 25 <= len(ats) <= 35
    assert min(ats) >= 2.0
    assert 18 <= WIRE.end <= 25
    assert set(ats) <= set(WIRE.moments)


@pytest.mark.parametrize("feed", WIRE.feeds)
def test_seconds(feed: str) -> None:
    """No two new entries of a feed share a second, so that Last-Modified tells them apart."""
    moments = [
        WIRE.changed(feed, story.at, STARTED)
        for _, story in WIRE.listing(feed, WIRE.end)
        if story.at >= 0
    ]
    assert len(moments) == len(set(moments))
    assert max(moments, default=STARTED - timedelta(seconds=1)) < STARTED


@pytest.mark.parametrize("name", NEW)
def test_length(name: str) -> None:
    """A story that can be read has the length of one."""
    story = NEW[name]
    words = len(" ".join(paragraphs_of(story.body)).split())
    least = 180 if name.startswith("nakhla") else 250
    assert story.page != "article" or least <= words <= 700


def test_unique() -> None:
    """No paragraph stands in two stories, the one copy excepted."""
    own = [story for story in NEW.values() if not story.copy_of and story.page == "article"]
    paragraphs = Counter(text for story in own for text in paragraphs_of(story.body))
    assert [] == [text for text, times in paragraphs.items() if times > 1]
    titles = Counter(story.title for story in NEW.values())
    assert {1} == set(titles.values())


def test_copy() -> None:
    """One story carries the text of another publisher's, at another address."""
    copies = [(name, story.copy_of) for name, story in NEW.items() if story.copy_of]
    assert 1 == len(copies)
    ((name, original),) = copies
    assert NEW[original].body == NEW[name].body
    assert WIRE.path_of(original) != WIRE.path_of(name)


# The main story.


def test_main_never_says_so() -> None:
    """The main story's page never says "militia strike", so that no plain phrase finds it."""
    assert not re.search(r"militias?\W+(air)?strikes?", page_text(MAIN), re.IGNORECASE)


def test_main_body() -> None:
    """The main story's own words hold nothing of the two topics that must stay silent."""
    story = NEW[MAIN]
    words = " ".join([story.title, story.summary, *paragraphs_of(story.body)])
    assert not re.search(r"murder|steel", words, re.IGNORECASE)
    assert re.search(r"\bUS\b", words)
    assert "Washington" in words


def test_main_lures() -> None:
    """Its page has two lines "Read More" that hold those topics' words, and ends with a lure."""
    story = NEW[MAIN]
    lines = [block for block in story.body.split("\n\n") if block.startswith("[more")]
    assert 2 == len(lines)
    assert "murder" in lines[0].lower()
    assert "Washington" in lines[0]
    assert re.search(r"\bUS steel\b", lines[1])
    assert 2 == page_text(MAIN).count("Read More:")
    assert "Leave a Comment" == paragraphs_of(story.body)[-1]


def test_main_zones() -> None:
    """Read as a page, both "Read More" lines are related, and the line about comments is not."""
    reply = WIRE.answer(WIRE.path_of(MAIN), WIRE.end, BASE, STARTED)
    page = FetchedPage(url=BASE + WIRE.path_of(MAIN), body=reply.body, content_type="text/html")
    read = extract(page, PageRules(cues=shipped.cues()))
    kept = {line.text: line.zone for line in read.zones}
    more = [zone for text, zone in kept.items() if text.startswith("Read More:")]
    assert (["related"] * 2, "boilerplate") == (more, kept["Leave a Comment"])
    assert not re.search(r"murder|steel|Read More|Leave a Comment", read.text)
    assert ("article", "page") == (read.verdict, read.text_from)


@pytest.mark.parametrize("name", NEW)
def test_silent_topics(name: str) -> None:
    """No new story's own words ring the topics that must stay silent."""
    story = NEW[name]
    told = [story.title, story.summary, feed_content(story), *paragraphs_of(story.body)]
    words = " ".join(told)
    assert not ("murder" in words.lower() and "Washington" in words)
    assert not re.search(r"\bUS\b(\W+\w+){0,2}\W+steel", words)
    assert not re.search(r"\bsteel(\W+\w+){0,2}\W+US\b", words, re.IGNORECASE)


def test_lures_are_there() -> None:
    """Elsewhere on their pages the silent topics' words do stand, several times over."""
    pages = [page_text(name) for name, story in NEW.items() if story.page == "article"]
    murder = [text for text in pages if "murder" in text.lower() and "Washington" in text]
    assert len(murder) >= 4
    assert len([text for text in pages if "US steel" in text]) >= 2


# What must ring.


def test_expected() -> None:
    """Every topic but the two silent ones rings, for one to three of the new stories."""
    rung = Counter(alert.topic for alert in WIRE.expected(BASE))
    topics = re.findall(
        r'^name = "(.+)"$', (FOLDER / "topics.toml").read_text("utf-8"), re.MULTILINE
    )
    assert ["militia strikes", "murder in Washington", "US steel"] == topics[:3]
    assert set(topics) - {"murder in Washington", "US steel"} == set(rung)
    assert max(rung.values()) <= 3
    addresses = {BASE + WIRE.path_of(name) for name in NEW}
    assert {alert.url for alert in WIRE.expected(BASE)} <= addresses


def test_feed_evidence() -> None:
    """Exactly the stories that their page does not tell ring on the feed's text."""
    told = {"article", "shell", "listing"}
    unread = {name: story.page for name, story in NEW.items() if story.page not in told}
    assert {BASE + WIRE.path_of(name) for name in unread} == {
        alert.url for alert in WIRE.expected(BASE) if alert.evidence == "feed"
    }
    assert ["challenge", "consent", "file", "missing", "teaser"] == sorted(unread.values())


def test_compare() -> None:
    """Comparing tells what is missing, what is too much, and what rang twice."""
    expected = [
        ExpectedAlert(topic="a", url="http://h/1"),
        ExpectedAlert(topic="b", url="http://h/2"),
    ]
    heard = [("a", "http://h/1?utm_source=x"), ("a", "http://h/1#top"), ("c", "http://h/3")]
    difference = compare(expected, heard)
    assert (("b", "http://h/2"),) == difference.missing
    assert (("c", "http://h/3"),) == difference.surplus
    assert (("a", "http://h/1"),) == difference.repeated
    assert not difference.good
    assert compare(expected, [("b", "http://h/2"), ("a", "http://h/1")]).good


# How it is written.


@pytest.mark.parametrize("t", [0.0, 11.0, WIRE.end])
@pytest.mark.parametrize("feed", WIRE.feeds)
def test_well_formed(feed: str, t: float) -> None:
    """Each feed is well formed at every time and lists what the timeline says, newest first."""
    kind = WIRE.publishers[feed].feed.kind
    body = WIRE.body_of(feed, t, BASE, STARTED)
    listed = WIRE.listing(feed, t)
    links = [link.partition("?")[0] for link in links_of(kind, body)]
    paths = [WIRE.publishers[key].path_of(story) for key, story in listed]
    prefix = "" if WIRE.publishers[feed].feed.relative else BASE
    wanted = [prefix + (path if prefix else path.removeprefix("/")) for path in paths]
    assert wanted == links
    dates = dates_of(kind, body)
    assert sorted(dates, reverse=True) == dates
    assert all(date < STARTED for date in dates)
    assert [date for date in dates if date > STARTED - timedelta(minutes=5)] == dates[
        : sum(story.at >= 0 for _, story in listed)
    ]


def test_charset() -> None:
    """One feed and its pages are windows-1252, with letters that only a decoder gets right."""
    body = WIRE.body_of("harbour", WIRE.end, BASE, STARTED)
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")
    assert "Jürgen Åsmund" in body.decode("windows-1252")
    assert "Kjøvik" in "".join(etree.fromstring(body, XML).itertext())
    page = WIRE.answer(
        WIRE.path_of("harbour/tanker-crew-safe-after-attack-off-cape-dorane"), 20, BASE, STARTED
    )
    assert "“Orsina Bay”" in page.body.decode("windows-1252")


def test_arabic() -> None:
    """The Arabic feed names the group in its own script, and its page is from right to left."""
    body = WIRE.body_of("nakhla", WIRE.end, BASE, STARTED).decode()
    assert "كتائب حزب الله تنعى" in body
    page = WIRE.answer(
        WIRE.path_of("nakhla/bayan-baad-infijar-sharia-filastin"), WIRE.end, BASE, STARTED
    )
    assert b'lang="ar" dir="rtl"' in page.body


def test_syndicated() -> None:
    """Two feeds list one address under different tracking parameters."""
    path = WIRE.path_of("kestrel/box-lines-take-the-long-way-after-missile-hits-freighter")
    written = [
        link
        for feed in ("kestrel", "roundup")
        for link in links_of(
            WIRE.publishers[feed].feed.kind, WIRE.body_of(feed, WIRE.end, BASE, STARTED)
        )
        if path in link
    ]
    assert 2 == len(set(written))
    assert {BASE + path} == {plain_address(link) for link in written}
    assert all("utm_" in link for link in written)


@pytest.mark.parametrize("name", [name for name, s in NEW.items() if s.page == "article"])
def test_pages(name: str) -> None:
    """Each page carries its title, every paragraph, a related box and what publishers add."""
    text = " ".join(page_text(name).split())
    story = NEW[name]
    assert story.title in text
    assert [] == [part for part in paragraphs_of(story.body) if " ".join(part.split()) not in text]
    assert all(headline in text for headline in story.related)
    assert all(comment.partition(": ")[2] in text for comment in story.comments if comment) or (
        WIRE.publishers[name.partition("/")[0]].template in {"amp", "rtl"}
    )


def test_json_ld() -> None:
    """Structured data is valid JSON, and whole where the publisher repeats its text there."""
    path = WIRE.path_of("northgate/soldiers-seize-broadcaster-in-failed-coup-in-port-sabine")
    page = html.fromstring(WIRE.answer(path, WIRE.end, BASE, STARTED).body)
    (script,) = page.xpath('//script[@type="application/ld+json"]/text()')
    told = json.loads(script)
    assert "NewsArticle" == told["@type"]
    assert "song about mangoes" in told["articleBody"]


def test_same_bytes() -> None:
    """The same moment gives the same bytes, so that an ETag means something."""
    first = [WIRE.answer(p.feed.path, 11.5, BASE, STARTED) for p in WIRE.publishers.values()]
    again = [WIRE.answer(p.feed.path, 11.5, BASE, STARTED) for p in WIRE.publishers.values()]
    assert first == again


def test_slug() -> None:
    """A headline becomes an address of small letters, digits and hyphens."""
    assert "dock-workers-strike-1-900-jobs" == slug_of("Dock workers’ strike: 1,900 jobs!")  # noqa: RUF001


def test_bad_folder(tmp_path: Path) -> None:
    """A folder that is no newswire is refused with a message that names it."""
    with pytest.raises(ValueError, match="newswire has no publishers"):
        Newswire.load(tmp_path)
    (tmp_path / "publishers").mkdir()
    (tmp_path / "publishers" / "x.toml").write_text("name = 3\n", "utf-8")
    with pytest.raises(ValueError, match=r"newswire file cannot be read: .*x\.toml"):
        Newswire.load(tmp_path)
