"""What the command line and the health page ask for, and what retention removes."""

import pytest
from msgspec import structs
from sqlalchemy import text

from workers.errors import TocsinError
from workers.model.alert import DeadLine, TraceLine
from workers.model.commit import ArticleCommit, DeliveryCommit
from workers.model.ids import alert_id
from workers.model.report import Backlog, StoreCounts
from workers.options import KeepOptions
from workers.store import dead, retention, sql
from workers.store.rings import of_event

DAY = 86400.0


async def test_alerts_are_listed_newest_first(world) -> None:
    """Limited, since a time, of a topic."""
    for name, topic in (("a", "fire"), ("b", "flood"), ("c", "fire")):
        await world.settle(await world.article(name), topic)
        world.clock.advance(60)
    lines = await world.store.alert_lines()
    assert ["Title c", "Title b", "Title a"] == [line.title for line in lines]
    assert {"ops": "open", "desk": "open"} == lines[0].deliveries
    assert 2 == len(await world.store.alert_lines(limit=2))
    assert ["Title c"] == [line.title for line in await world.store.alert_lines(since=lines[0].at)]
    fires = await world.store.alert_lines(topic="fire")
    assert ["Title c", "Title a"] == [line.title for line in fires]


async def test_more_alerts_than_one_statement_takes(world, monkeypatch) -> None:
    """How deliveries stand is asked for in portions."""
    monkeypatch.setattr(sql, "CHUNK", 2)
    for name in ("a", "b", "c"):
        await world.settle(await world.article(name), "fire")
    lines = await world.store.alert_lines(limit=100_000)
    assert [{"ops": "open", "desk": "open"}] * 3 == [line.deliveries for line in lines]


async def test_an_alert_is_found_by_the_beginning_of_its_id(world) -> None:
    """One letter too few is no guess."""
    article = await world.article()
    await world.settle(article, "fire")
    await world.settle(await world.article("two"), "fire")
    id_ = alert_id(article, 1)
    assert id_ == (await world.store.load_alert(id_[:14])).id
    assert None is await world.store.load_alert("alt_%")
    assert None is await world.store.load_alert("")
    with pytest.raises(TocsinError, match="several"):
        await world.store.load_alert("alt_")


async def test_counts_of_everything(world) -> None:
    """Feeds by state, what waits and since when, dead letters, and the last of each."""
    feed = await world.feed()
    await world.feed("new")
    began = world.clock.now()
    article = await world.article("one")
    await world.settle(article, "fire")
    good = structs.replace(await world.feed(), last_good_at=began)
    world.clock.advance(10)
    await world.poll(world.entry(feed, "two"), feed=good)
    await world.store.bury_id("delivery", (await world.due("sink:desk"))[0], "crash", "")
    assert (
        StoreCounts(
            feeds={"ok": 1, "new": 1},
            pages={"pages:warm": Backlog(open=1, oldest_s=0.0)},
            sinks={"ops": Backlog(open=1, oldest_s=10.0)},
            dead={"entry": 0, "page": 0, "delivery": 1},
            last_entry=world.clock.now(),
            last_alert=began,
        )
        == await world.store.counts()
    )


async def test_a_feed_is_quiet_only_while_it_can_be_read(world) -> None:
    """What fails is failing, whatever it was before; the words are kept meanwhile."""
    row = structs.replace(await world.feed(), last_good_at=world.clock.now(), quiet="nothing new")
    for errors, state in ((0, "quiet"), (2, "failing"), (0, "quiet")):
        await world.poll(feed=structs.replace(row, errors=errors))
        assert {state: 1} == (await world.store.counts()).feeds
        assert [(row.id, row.name, state)] == await world.store.feed_states(9)
    assert "nothing new" == (await world.store.load_feed(row.id)).quiet
    await world.poll(feed=structs.replace(row, quiet=None))
    assert {"ok": 1} == (await world.store.counts()).feeds


async def test_held_deliveries_are_counted_apart(world) -> None:
    """They do not age the queue."""
    await world.settle(await world.article(), "fire")
    (id_,) = await world.due("sink:ops")
    job = await world.store.load_delivery(id_)
    await world.store.commit_delivery(DeliveryCommit(work=job.work, state="held", attempts=1))
    assert Backlog(open=0, held=1) == (await world.store.counts()).sinks["ops"]


async def test_accepted_settings_have_a_number(store) -> None:
    """The same content is no new version; the last is what counts."""
    assert None is await store.accepted()
    assert [1, 1, 2, 3] == [await store.accept(content) for content in ("a", "a", "b", "a")]
    assert (3, "a") == await store.accepted()


async def test_nothing_young_or_open_is_pruned(world) -> None:
    """Retention leaves alone what is still listed, open, or not yet old."""
    article = await world.article()
    await world.settle(article, "fire")
    await world.poll(world.entry(await world.feed(), "open"), listed=("one",))
    assert {0} == set((await world.store.prune(KeepOptions(), world.clock.now())).values())
    world.clock.advance(400 * DAY)
    await world.store.prune(KeepOptions(), world.clock.now())
    assert 1 == len(await world.store.entries_of(article))
    assert 1 == len(await world.store.alert_lines())
    assert [] != await world.due("sink:ops")
    assert [] != await world.due("pages:warm")


async def test_old_texts_receipts_traces_and_dead_letters_go(world) -> None:
    """Alerts stay for ever, and their topics do not ring again."""
    article = await world.article()
    line = TraceLine(stage="read", decision="d", article=article, at=world.clock.now())
    await world.settle(article, "fire", trace=(line,))
    await world.store.bury_id("delivery", (await world.due("sink:ops"))[0], "crash", "")
    world.clock.advance(366 * DAY)
    gone = await world.store.prune(KeepOptions(), world.clock.now())
    assert (1, 1, 1, 1) == (gone["texts"], gone["receipts"], gone["trace"], gone["dead"])
    assert "" == (await world.store.article_by_id(article)).text
    assert {"fire"} == await world.store._read(_rung, article)
    (topic,) = (await world.store.load_alert(alert_id(article, 1))).topics
    assert ("fire", ()) == (topic.name, topic.clauses)


async def test_alerts_go_where_that_is_wanted(world) -> None:
    """With their deliveries, once these are done; the topics still count as rung."""
    article = await world.article()
    await world.settle(article, "fire")
    ops, desk = await world.due("sink:ops"), await world.due("sink:desk")
    for id_ in ops:
        job = await world.store.load_delivery(id_)
        await world.store.commit_delivery(DeliveryCommit(work=job.work, state="sent", attempts=1))
    keep = KeepOptions(alerts_s=DAY)
    world.clock.advance(2 * DAY)
    await world.store.prune(keep, world.clock.now())
    assert 1 == len(await world.store.alert_lines())
    await world.store.bury_id("delivery", desk[0], "crash", "")
    assert 1 == (await world.store.prune(keep, world.clock.now()))["alerts"]
    assert ([], None) == (await world.store.alert_lines(), await world.store.load_delivery(ops[0]))
    assert {"fire"} == await world.store._read(_rung, article)


def _rung(conn, _now, event: str) -> frozenset[str]:
    return of_event(conn, event)


async def test_an_identity_is_kept_while_listed_and_thirty_days_more(world) -> None:
    """A feed that answers "unchanged" for months still lists what it listed."""
    feed = await world.feed()
    keep = KeepOptions(text_s=DAY)
    for name in ("stays", "goes"):
        entry = world.entry(feed, name)
        await world.poll(entry, listed=("stays",))
        await world.settle(await world.store.find_article(entry.url))
    for _ in range(3):
        world.clock.advance(30 * DAY)
        await world.poll(feed=await world.store.load_feed(feed.id))
        await world.store.prune(keep, world.clock.now())
    assert {"stays", "goes"} == await _known(world, feed.id)
    await world.poll(feed=await world.store.load_feed(feed.id), listed=("stays",))
    world.clock.advance(29 * DAY)
    await world.store.prune(keep, world.clock.now())
    assert {"stays", "goes"} == await _known(world, feed.id)
    world.clock.advance(2 * DAY)
    gone = await world.store.prune(keep, world.clock.now())
    assert ({"stays"}, 1, 1) == (await _known(world, feed.id), gone["entries"], gone["articles"])


async def _known(world, feed: str) -> set[str]:
    return set((await world.store.load_knowledge(feed, ["stays", "goes"], [], [])).entries)


async def test_too_large_a_database_loses_its_texts(world) -> None:
    """The oldest first, until there are none; alerts stay."""
    article = await world.article()
    job = await world.page(article)
    row = world.read(job, "long " * 1000)
    await world.store.commit_article(ArticleCommit(work=job.work, article=row, attempts=1))
    gone = await world.store.prune(KeepOptions(text_bytes=1), world.clock.now())
    assert (1, "") == (gone["texts"], (await world.store.article_by_id(article)).text)


DUE = """SELECT * FROM work WHERE stream = ? AND next_at <= ? AND next_at IS NOT NULL
    AND relayed_at IS NULL ORDER BY next_at, id LIMIT 10"""
MARKED = """SELECT * FROM work WHERE relayed_at <= ? AND relayed_at IS NOT NULL
    AND next_at IS NOT NULL ORDER BY relayed_at LIMIT 9"""
LISTED = "SELECT id FROM entries WHERE feed_id = ? AND listed IS 1"
UNDONE = """SELECT count(*) FROM deliveries WHERE state IN ('open', 'retry', 'held')
    GROUP BY sink"""


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (DUE, "ix_work_due"),
        (MARKED, "ix_work_marked"),
        (LISTED, "ix_entries_listed"),
        (UNDONE, "ix_deliveries_undone"),
    ],
)
async def test_frequent_questions_have_an_index(lite, sql, index) -> None:
    """The relay's look, each second, does not scan what is closed."""
    bound = (None,) * sql.count("?")

    def plan(conn, _now) -> str:
        return " ".join(
            row[-1] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", bound)
        )

    assert index in await lite._read(plan)


async def test_durable_settings(lite) -> None:
    """A commit is on the disk before anybody is told."""
    found = {
        name: await lite._write(lambda conn, _now, name=name: conn.scalar(text(f"PRAGMA {name}")))
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1} == found


async def test_old_dead_letters_go_a_few_at_a_time(world, monkeypatch) -> None:
    """However many of one kind there are, the writer is soon free for others."""
    monkeypatch.setattr(retention, "MOST", 2)
    at = world.clock.now()
    for name in ("a", "b", "c"):
        line = DeadLine(
            id=name,
            kind="page",
            sink=None,
            reason="crash",
            at=at,
            attempts=1,
            title=name,
            last_answer=None,
        )
        await world.store._write(lambda conn, _now, line=line: dead.keep(conn, line))
    world.clock.advance(91 * DAY)
    (step,) = [
        one for one in retention.steps(KeepOptions(), world.clock.now()) if one.name == "dead"
    ]
    assert [2, 1, 0] == [await world.store._write(step.run) for _ in range(3)]
