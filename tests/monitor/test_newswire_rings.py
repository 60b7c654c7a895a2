"""The newswire through the rules, without a daemon: exactly what is expected rings.

Feeds are read, pages extracted and topics matched as the steps do it; only network, queue and
database are left out.
"""

import gzip
import tomllib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from monitor.demo.expect import compare, plain_address
from monitor.demo.newswire import Newswire
from monitor.shipped import cues
from workers.feeds import read_feed
from workers.model.article import Extracted, FetchedPage
from workers.model.feed import EntryRow, ParsedEntry, ParsedFeed
from workers.model.topic import Document, TopicSpec
from workers.pages import PageRules, extract, settle
from workers.pages.memory import hash_of, known_lines, lines_of, noted
from workers.steps.documents import document_of_entry, document_of_page
from workers.text.urls import identity_key
from workers.topics import TopicSet, compile_topics

FOLDER = Path(__file__).parents[2] / "seeds" / "newswire"
BASE = "http://127.0.0.1:8099"
STARTED = datetime(2026, 11, 24, 10, tzinfo=UTC)
NOW = STARTED + timedelta(seconds=60)
WIRE = Newswire.load(FOLDER)
EXPECTED = WIRE.expected(BASE)
NEW = {BASE + WIRE.path_of(f"{feed}/{story.key}"): story for feed, story in WIRE.stories}
PAGE_ONLY = {
    "/meridian/world/envoys-in-larnaca-agree-map-of-crossing-points.html",
    "/beacon/world/airstrike-flattens-militia-depot-in-desert-near-akashat",
    "/kestrel/markets/governor-says-savers-should-not-expect-a-present",
    "/gatehouse/money/ferry-tickets-free-for-a-night-after-break-in",
}
VERDICTS = {
    "consent": ("thin", "feed"),
    "challenge": ("thin", "feed"),
    "missing": ("unreadable", "feed"),
    "file": ("unreadable", "feed"),
    "teaser": ("thin", "feed"),
    "shell": ("article", "articleBody"),
    "listing": ("not_article", "page"),
}
"""What is thought of each kind of page, and whose text is searched then."""
TOPICS = tomllib.loads((FOLDER / "topics.toml").read_text("utf-8"))


@cache
def topics() -> TopicSet:
    """Return the demo's topics, compiled."""
    specs = [TopicSpec(name=one["name"], query=one["query"]) for one in TOPICS["topics"]]
    aliases = {name: tuple(said) for name, said in TOPICS["aliases"].items()}
    compiled = compile_topics(specs, aliases, ("en",))
    assert not compiled.problems
    return compiled


def ringing(document: Document) -> set[str]:
    """Return the names of the topics that match."""
    return {match.topic for match in topics().match(document)}


@cache
def listed(feed: str, t: float) -> ParsedFeed:
    """Return a feed at a moment, as it is read."""
    publisher = WIRE.publishers[feed]
    path = publisher.feed.moved_to or publisher.feed.path
    reply = WIRE.answer(path, t, BASE, STARTED)
    body = gzip.decompress(reply.body) if publisher.feed.gzip else reply.body
    return read_feed(body, BASE + path, dict(reply.headers)["Content-Type"], NOW, 2000)


def row(feed: str, entry: ParsedEntry) -> EntryRow:
    """Return an entry as the database would keep it."""
    spec = WIRE.publishers[feed].feed
    return EntryRow(
        id=f"{feed}/{entry.identity}",
        feed_id=feed,
        feed=spec.name,
        feed_url=BASE + spec.path,
        identity=entry.identity,
        url=entry.url,
        title=entry.title,
        summary=entry.summary,
        content=entry.content,
        published=entry.published,
        updated=entry.updated,
        seen=NOW,
        authors=entry.authors,
        tags=spec.tags,
        language=listed(feed, 0.0).language,
    )


def new_rows(feed: str) -> list[EntryRow]:
    """Return what a feed lists at the end and did not at the beginning."""
    before = {entry.identity for entry in listed(feed, 0.0).entries}
    return [
        row(feed, entry)
        for entry in listed(feed, WIRE.end).entries
        if entry.identity not in before
    ]


@cache
def articles() -> dict[str, list[EntryRow]]:
    """Return the new entries of all feeds by the key of their page."""
    found: dict[str, list[EntryRow]] = defaultdict(list)
    for feed in WIRE.feeds:
        for entry in new_rows(feed):
            assert entry.url
            found[identity_key(entry.url)].append(entry)
    return found


def page_of(url: str) -> Extracted | None:
    """Return what the page says, None if it cannot be fetched."""
    reply = WIRE.answer(plain_address(url).removeprefix(BASE), WIRE.end, BASE, STARTED)
    if reply.status != 200:
        return None
    kind = dict(reply.headers)["Content-Type"]
    page = FetchedPage(url=plain_address(url), body=reply.body, content_type=kind)
    return extract(page, PageRules(cues=cues()))


@cache
def settled() -> dict[str, Extracted]:
    """Return each new article as it is searched, by its plain address."""
    read = {}
    for entries in articles().values():
        url = entries[0].url or ""
        page = page_of(url)
        read[plain_address(url)] = settle(
            page, entries, "" if page else "notFound: HTTP 404", cues()
        )
    return read


@pytest.mark.parametrize("feed", WIRE.feeds)
def test_feeds_are_read(feed: str) -> None:
    """Each feed is read whole by the fast path: kind, titles and addresses as written."""
    t = 0.0 if WIRE.publishers[feed].feed.gone_at is not None else WIRE.end
    parsed = listed(feed, t)
    stories = WIRE.listing(feed, t)
    assert (WIRE.publishers[feed].feed.kind, "fast", True) == (
        parsed.kind,
        parsed.parser,
        parsed.complete,
    )
    assert [story.title for _, story in stories] == [entry.title for entry in parsed.entries]
    assert [BASE + WIRE.publishers[key].path_of(story) for key, story in stories] == [
        plain_address(entry.url or "") for entry in parsed.entries
    ]
    assert all(entry.published and entry.published < NOW for entry in parsed.entries)


def test_syndicated_page_is_one_article() -> None:
    """The page that two feeds list is one article, all others are listed once."""
    shared = [entries for entries in articles().values() if len(entries) > 1]
    assert [2] == [len(entries) for entries in shared]
    assert len(NEW) == len(articles())


def test_pages_are_extracted() -> None:
    """Each page that can be read is an article with its own text, under its own title."""
    wanted = {url: story for url, story in NEW.items() if story.page == "article"}
    read = {url: settled()[url] for url in wanted}
    assert {} == {url: page.verdict for url, page in read.items() if page.verdict != "article"}
    assert {"page"} == {page.text_from for page in read.values()}
    assert {url: story.title for url, story in wanted.items()} == {
        url: page.title for url, page in read.items()
    }


def test_pages_that_are_no_article() -> None:
    """Each other kind of page gets its verdict, and what can be had is searched."""
    found = {
        story.page: (settled()[url].verdict, settled()[url].text_from)
        for url, story in NEW.items()
        if story.page != "article"
    }
    assert VERDICTS == found


def test_every_contamination_is_there() -> None:
    """The pages hold what each rule keeps aside (B3 needs a memory of the host)."""
    rules = {line.rule for page in settled().values() for line in page.zones}
    assert {"R1", "R2", "R3", "R4", "R5", "R6", "B1", "B2", "C1"} <= rules


def test_a_standing_line_is_known_by_the_fourth_story() -> None:
    """Meridian Post's line stands in all its stories; read in their order, the last knows it."""
    standing = hash_of(WIRE.publishers["meridian"].standing)
    stories = [(story.at, url) for url, story in NEW.items() if "/meridian/" in url]
    memory: bytes | None = None
    known = []
    for _, url in sorted(stories):
        known.append(standing in known_lines(memory, 20_000))
        page = page_of(url)
        lines = lines_of(page, "one.example", url) if page else None
        assert lines
        assert standing in dict(lines.lines)
        memory = noted(memory, lines, 20_000)
    assert [False, False, False, True] == known
    third, fourth = sorted(stories)[2:]
    assert fourth[0] - third[0] > WIRE.end / 2  # for the daemon to have read the third


def test_exactly_the_expected_rings() -> None:
    """Every expected topic rings for its story, and no other topic does."""
    rung = [
        (topic, url)
        for entries in articles().values()
        for url in [plain_address(entries[0].url or "")]
        for topic in sorted(ringing(document_of_page(settled()[url], entries, {})))
    ]
    comparison = compare(EXPECTED, rung)
    assert comparison.good, comparison


def test_evidence() -> None:
    """Where the evidence is certain, it is the page or the feed as expected."""
    evidence = {
        alert.url: "feed" if settled()[alert.url].text_from in {"feed", "none"} else "page"
        for alert in EXPECTED
        if alert.evidence
    }
    assert {alert.url: alert.evidence for alert in EXPECTED if alert.evidence} == evidence


def test_feed_text_alone() -> None:
    """A feed's own text rings nothing that is not expected, and misses what only pages say."""
    wanted = {(alert.topic, alert.url) for alert in EXPECTED}
    rung = {
        (topic, plain_address(entry.url or ""))
        for entries in articles().values()
        for entry in entries
        for topic in ringing(document_of_entry(entry, None, cues()))
    }
    assert set() == rung - wanted
    assert {BASE + path for path in PAGE_ONLY} == {url for _, url in wanted - rung}


def test_lures_would_ring() -> None:
    """The two silent topics would ring if related lines and comments were searched as body."""
    loud: set[str] = set()
    for url, story in NEW.items():
        if story.page == "article":
            reply = WIRE.answer(url.removeprefix(BASE), WIRE.end, BASE, STARTED)
            text = reply.body.decode("utf-8", "replace")
            loud |= ringing(Document(title="", body=text, language="en"))
    assert {"murder in Washington", "US steel"} <= loud


@pytest.mark.parametrize("topic", TOPICS["topics"], ids=lambda topic: topic["name"])
def test_examples(topic: dict[str, object]) -> None:
    """Each topic of the demo matches its own examples, and none that it must not match."""
    examples = topic["examples"]
    assert isinstance(examples, dict)
    for kind in ("match", "no_match"):
        for text in examples.get(kind, []):
            found = topic["name"] in ringing(Document(title=text, body=""))
            assert (kind == "match") is found, text
