"""``tocsin topics mute``, ``unmute`` and ``top``: shapes, exit codes, what a daemon does."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from workers.clock import SystemClock
from workers.model.alert import ArticleFacts, EntryFacts, RingUnit, RungTopic
from workers.model.commit import ArticleCommit, EntryIntent, PollCommit
from workers.model.feed import EntryRow, FeedSource
from workers.model.ids import entry_id
from workers.model.topic import Clause
from workers.store import SqlStore, open_store
from workers.text.urls import identity_key

FLOODS = '[[topics]]\nname = "floods"\nquery = "flood"\n'
QUAKES = '[[topics]]\nname = "quakes"\nquery = "quake"\nseverity = "critical"\n'


async def ring(store: SqlStore, number: int, *topics: str) -> None:
    """Let these topics ring for an article."""
    ids = await store.sync_feeds([FeedSource(url="https://f.example/x", name="Wire")])
    (feed,) = ids.values()
    row = await store.load_feed(feed)
    now, url = SystemClock().now(), f"https://s.example/{number}"
    entry = EntryRow(
        id=entry_id(feed, url), feed_id=feed, feed="Wire", feed_url=row.url, identity=url, url=url,
        title=f"Title {number}", summary="", content="", published=None, updated=None, seen=now,
    )  # fmt: skip
    intent = EntryIntent(entry=entry, key=identity_key(url), stream="pages:warm")
    await store.commit_poll(
        PollCommit(feed=row, loaded_at=row.last_poll_at, intents=(intent,), delay_s=60.0)
    )
    job = await store.load_page("page", await store.find_article(identity_key(url)))
    clause = Clause(op="word", query="shake\x07n", span=(0, 5))
    unit = RingUnit(
        event=job.article.id, at=now, evidence="feed",
        topics=tuple(
            RungTopic(name=name, query="q", severity="high", clauses=(clause,)) for name in topics
        ),
        article=ArticleFacts(
            id=job.article.id, url=url, title=f"Title {number}", published=None,
            published_from=None, language=None, author=None, verdict=None, text_from="feed",
            summary="",
        ),
        entries=(
            EntryFacts(feed="Wire", feed_url=row.url, url=url, identity=url, seen=now),
        ),
        routes={},
    )  # fmt: skip
    await store.commit_article(ArticleCommit(work=job.work, ring=unit, attempts=1))


@pytest.fixture
async def stored(installation):
    """An installation with a database, whose accepted topics are floods and quakes."""
    installation.topics(FLOODS + QUAKES)
    store = await open_store(installation.database(), SystemClock())
    specs = [{"name": "floods", "query": "flood"}, {"name": "quakes", "query": "quake"}]
    specs[1]["severity"] = "critical"
    await store.accept(json.dumps({"topics": specs}))
    yield store
    await store.close()


async def test_a_topic_is_muted_listed_and_unmuted(installation, stored, lines):
    """As JSON and in words; a critical one is warned of; the end of a muted one is moved."""
    call = installation.call
    done = await call("topics", "mute", "floods", "--for", "2h", "--because", "a drill\x07")
    assert 0 == done.exit_code
    assert done.stdout.startswith("floods is muted until 20")
    assert "critical" not in done.stderr
    done = await call("topics", "mute", "quakes", "--for", "30m", "--json")
    (told,) = lines(done)
    assert "quakes is critical" in done.stderr
    until = datetime.fromisoformat(told["until"])
    assert abs(until - datetime.now(UTC) - timedelta(minutes=30)) < timedelta(minutes=5)
    assert ("quakes", 0, False, "critical") == tuple(
        told[name] for name in ("topic", "hits", "ended", "severity")
    )
    await ring(stored, 1, "floods", "quakes")
    for words in (("--list",), ()):
        one, other = lines(await call("topics", "mute", *words, "--json"))
        assert ("floods", 1, "a drill\x07") == (one["topic"], one["hits"], one["because"])
        assert "quakes" == other["topic"]
    plain = await call("topics", "mute", "--list")
    assert "floods: until 20" in plain.stdout
    assert "\x07" not in plain.stdout
    again = await call("topics", "mute", "floods", "--for", "7d")
    assert "it was already, 1 hit so far" in again.stdout
    done = await call("topics", "unmute", "quakes")
    assert (0, True) == (done.exit_code, "not rung: 1 hit, of which" in done.stdout)
    (_, other) = lines(await call("topics", "mute", "--json"))
    assert other["ended"]
    assert "quakes: is over, and will be told" in (await call("topics", "mute")).stdout
    done = await call("topics", "unmute", "quakes")
    assert (1, "") == (done.exit_code, done.stdout)
    assert "not muted: quakes (muted is 'floods')" in done.stderr
    (told,) = lines(await call("topics", "unmute", "floods", "--json"))
    assert ("floods", True) == (told["topic"], told["ended"])
    assert "nothing is" in (await call("topics", "unmute", "floods")).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("floods",), "--for 2h"),
        (("floods", "--for", "8d"), "7d at most"),
        (("floods", "--for", "169h"), "7d at most"),
        (("floods", "--for", "0s"), "has to last"),
        (("floods", "--for", "soon"), "write 30m, 2h or 3d"),
        (("floods", "--for", "2"), "write 30m, 2h or 3d"),
        (("--for", "2h"), "which topic"),
        (("floods", "--list"), "which topic"),
        (("floods", "--for", "2h", "--because", "x" * 501), "longer than 500"),
    ],
)
async def test_a_mute_needs_a_topic_and_an_end_in_sight(installation, stored, words, said):
    """Else it is a usage error that says what to write, and nothing is muted."""
    done = await installation.call("topics", "mute", *words)
    assert (2, "") == (done.exit_code, done.stdout)
    assert said in " ".join(done.stderr.split())
    assert [] == await stored.mutes()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("quake", "did you mean 'quakes'?"),
        ("FLODS", "did you mean 'floods'?"),
        ("", "see your topics' files"),
        ("\ud800 x" * 500, "no such topic"),
        ("new", "not in force, and does not ring: new (run `tocsin reload`)"),
        ("off", "it has enabled = false"),
    ],
)
async def test_a_topic_that_is_not_in_force_is_not_muted(installation, stored, name, said):
    """Exit 1, with the names that may have been meant, or why it does not ring anyway."""
    more = '[[topics]]\nname = "new"\nquery = "x"\n[[topics]]\nname = "off"\nquery = "x"\n'
    installation.topics(f"{FLOODS}{QUAKES}{more}enabled = false\n")
    for words in (("mute", name, "--for", "1h"), ("top", name)):
        done = await installation.call("topics", *words)
        assert (1, "") == (done.exit_code, done.stdout)
        assert said in done.stderr
        assert len(done.stderr) < 1000  # a name is not repeated whole
    assert [] == await stored.mutes()


@pytest.mark.parametrize("words", [("mute", "floods", "--for", "1h"), ("mute",), ("top",)])
async def test_without_a_database(installation, words):
    """Nothing is made; it says so."""
    done = await installation.call("topics", *words)
    assert (1, "") == (done.exit_code, done.stdout)
    assert "database" in done.stderr
    assert not installation.data.exists()


async def test_a_daemon_shows_mutes_and_ends_that_of_a_topic_that_is_gone(
    installation, eventually
):
    """Status in words; taken out of the files, a topic is muted no longer."""
    installation.topics(FLOODS + QUAKES)
    await installation.start()
    assert 0 == (await installation.call("topics", "mute", "quakes", "--for", "1h")).exit_code
    plain = (await installation.call("status")).stdout
    assert "  muted: quakes, until 20" in plain
    assert ", 0 hits so far" in plain
    installation.topics(FLOODS)
    assert 0 == (await installation.call("reload", "--yes")).exit_code

    async def nothing() -> bool:
        return [] == (await installation.ask("GET", "/status"))["topics_muted"]

    await eventually(nothing)
    assert "muted" not in (await installation.call("status")).stdout


async def test_top_counts_by_topic_feed_and_clause(installation, stored, lines):
    """As one object, or as tables; muted hits are told apart, and no bell rings."""
    await ring(stored, 1, "floods", "quakes")
    await stored.mute("quakes", 3600.0)
    await ring(stored, 2, "quakes")
    (told,) = lines(await installation.call("topics", "top", "--json"))
    assert (None, 3, 1, 3.0) == tuple(told[n] for n in ("topic", "hits", "muted", "per_day"))
    assert [("quakes", 2, 1), ("floods", 1, 0)] == [
        (row["topic"], row["hits"], row["muted"]) for row in told["topics"]
    ]
    assert [("Wire", 3)] == [(row["source"], row["hits"]) for row in told["sources"]]
    assert [("quakes", "shake\x07n", 2), ("floods", "shake\x07n", 1)] == [
        (row["topic"], row["clause"], row["hits"]) for row in told["clauses"]
    ]
    assert 3 == sum(day["hits"] for day in told["days"])
    assert {"topics": 0, "sources": 0, "clauses": 0} == told["left_out"]
    (one,) = lines(await installation.call("topics", "top", "floods", "--since", "6h", "--json"))
    assert ("floods", 1, ["floods"]) == (
        one["topic"], one["hits"], [row["topic"] for row in one["topics"]],
    )  # fmt: skip
    (few,) = lines(await installation.call("topics", "top", "-n", "1", "--json"))
    assert {"topics": 1, "sources": 0, "clauses": 1} == few["left_out"]
    plain = (await installation.call("topics", "top")).stdout
    assert "3 hits since" in plain
    assert "1 of them muted" in plain
    assert "shaken  (quakes)" in plain
    assert "\x07" not in plain
    short = (await installation.call("topics", "top", "-n", "1", "quakes")).stdout
    assert "quakes: 2 hits" in short
    empty = await installation.call("topics", "top", "--since", "1s", "floods")
    assert (0, True) == (empty.exit_code, empty.stdout.startswith("floods: "))
    assert 2 == (await installation.call("topics", "top", "--since", "2999-01-01")).exit_code
