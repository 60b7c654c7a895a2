"""This version on the schema of the next: two versions side by side while one replaces the other.

The next schema may have columns in any table, and tables, of which this version knows nothing.
"""

import inspect
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from workers.alerts import SinkRoute, event
from workers.model.alert import Recipient
from workers.model.commit import ArticleCommit, DeliveryCommit, EntryIntent
from workers.model.message import EventEnd
from workers.model.mute import MuteEnd
from workers.model.websub import PushCommit, Wanted
from workers.options import KeepOptions
from workers.store import DeadWhich, SqlStore, examine, open_store
from workers.store.dbtime import ProcessTime
from workers.store.schema import MIGRATIONS, SCHEMA, migrate
from workers.store.tables import metadata

FOLLOWING = f"{int(SCHEMA) + 1:04}"
NEXT = f"""
from alembic import op
import sqlalchemy as sa
revision = "{FOLLOWING}"
down_revision = "{SCHEMA}"
def upgrade():
    for table in {[table.name for table in metadata.sorted_tables]!r}:
        op.add_column(table, sa.Column("of_the_next", sa.Text(), nullable=True))
    op.create_table(
        "next", sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("feed_id", sa.Text(), sa.ForeignKey("feeds.id"), nullable=True),
    )
    op.create_index("ix_next_feed_id", "next", ["feed_id"])
"""


@pytest.fixture(params=["sqlite", "postgres"])
def ahead(request, tmp_path) -> Iterator[Path | str]:
    """An empty database of the next schema, of each kind in turn."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "versions" / f"v{FOLLOWING}.py").write_text(NEXT)
    if request.param == "sqlite":
        migrate(tmp_path / "tocsin.db", migrations=folder, schema=FOLLOWING)
        yield tmp_path / "tocsin.db"
        return
    postgres = request.getfixturevalue("postgres")
    postgres.ask("CREATE DATABASE ahead")
    try:
        migrate(postgres.url("ahead"), migrations=folder, schema=FOLLOWING)
        yield postgres.url("ahead")
    finally:
        postgres.ask("DROP DATABASE ahead WITH (FORCE)")


class Recorded:
    """A store that remembers which of its verbs were used."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.used: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.used.add(name)
        return getattr(self._store, name)


def _verbs() -> set[str]:
    found = inspect.getmembers(SqlStore)
    asked = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    return {
        name
        for name, member in found
        if not name.startswith("_") and any(is_(member) for is_ in asked)
    }


async def _pages(world) -> None:
    """Poll, read, merge, ring, fail; ask about all of it."""
    store = world.store
    await world.feed()
    await store.accept("{}")
    for name in ("one", "two", "three"):
        await world.settle(await world.article(name), "fire", topics_version=1)
    entry = world.entry(await world.feed(), "one", title="New", edition=2, digest="d2")
    await world.poll(entry, ring_after_s=1.0)
    article = await store.find_article("https://site.example/one")
    known = await store.load_knowledge(entry.feed_id, ["one"], [], ["New"])
    assert {"one"} == set(known.entries)
    (work,) = await store.due({"pages:warm": 9}, 90.0, 9)
    await store.mark([work])
    await store.skip(work)
    await store.postpone(work, 0.0)
    assert 1 == await store.count_death("page", article)
    assert 0.0 <= await store.behind()
    await store.bury((await world.page(article)).work, "crash", "it burst")
    other = world.entry(await world.feed("other"), "young", url="https://other.example/young")
    await world.poll(other)
    young = await store.find_article(other.url)
    await world.settle(young, "fire", keys=("https://site.example/two",))
    assert await store.trace_of(article) is not None
    assert [] == await store.editions_of(article)
    assert 1 == len(await store.entries_of(article))
    assert "New" == (await store.entries_of(article))[0].title
    assert await store.article_by_id(article) is not None
    assert 2 == len(await store.feed_delays("", 9))
    assert 2 == len(await store.feed_states(9))
    assert 2 == len(await store.feed_rows())


async def _deliveries(world) -> None:
    """Send, fail, hold, leave; tell events; ask about all of it."""
    store = world.store
    alert = (await store.alert_lines())[0].alert
    assert await store.load_alert(alert) is not None
    ids = await world.due("sink:ops")
    for id_, state in zip(ids, ("sent", "retry", "held"), strict=False):
        job = await store.load_delivery(id_)
        await store.commit_delivery(DeliveryCommit(work=job.work, state=state, attempts=1))
    assert await store.alert_deliveries(alert)
    assert await store.held_lines()
    assert 1 == await store.release_reason("disabled")
    assert 0 == await store.drop_held("restore")
    sinks = (SinkRoute(name="ops", events=True),)
    low = event("disk_low", "here", "it is low", sinks)
    assert await store.raise_event(low) is not None
    assert 1 == len(await store.open_events())
    assert await store.end_event(EventEnd(kind="disk_low", subject="here")) is None
    assert 1 == len(await store.settle_events("disk_low", [event("disk_low", "x", "", sinks)]))
    assert 0 == await store.summarize(600.0)
    assert {} == await store.sink_states()
    assert 0 == await store.hold_disabled("nobody")
    assert not (await store.enable_sink("ops", 60.0)).was_disabled
    assert 1 == len(await store.feed_needs(None)) - 1
    await store.leave_key()
    desk = Recipient(sink="desk", recipient="a@example.org")
    assert await store.leave(desk, event("recipient_left", "a", "left", sinks)) is not None
    assert 1 == await store.let_return("desk")
    await store.bury_id("delivery", ids[1], "crash", "")
    assert await store.abandon(["ops"]) == 0
    assert await store.dead_lines()
    letters = [line async for line in store.each_dead(DeadWhich())]
    assert sum((await store.new_dead(world.clock.now())).values()) == len(letters)
    assert await store.show_dead(letters[0].id)
    assert await store.replay_dead([letters[0].id]) == 1
    assert await store.drop_dead() == len(letters) - 1


async def _mutes(world) -> None:
    """Let a topic not ring for a while."""
    store = world.store
    line = await store.mute("flood", 60.0)
    await world.settle(await world.article("four"), "flood", topics_version=1)
    assert [1] == [one.hits for one in await store.mutes()]
    assert await store.unmute("flood") is not None
    desk = Recipient(sink="desk", recipient="a@example.org")
    assert 1 == await store.end_mute(line.id, MuteEnd(version=1, known=True, to=(desk,)))


async def _looking_back(world) -> None:
    """Ask what was decided, and what there was."""
    store, now = world.store, world.clock.now()
    since = now - timedelta(days=1)
    (id_,) = {line.event for line in await store.alert_lines(topic="flood")}
    assert await store.journey(id_) is not None
    assert id_ == await store.article_of(id_)
    assert "{}" == await store.accepted_as(1)
    until = now + timedelta(days=1)
    assert 4 <= (await store.archive_extent(since, until)).articles
    assert 1 == len(await store.archive_places(since, until, None, 1))
    assert 1 == (await store.archived([id_], 1))[0]
    assert {id_} == await store.rung_of("flood", [id_])
    assert await store.first_alert() is not None
    hits, place = await store.rung_hits((since.timestamp(), "", ""), until)
    assert (1, None) == (sum(hit.muted for hit in hits), place)
    assert () == await store.sharing(["https://site.example/x"], [])
    assert await store.nearby("https://site.example/x", ["site.example"]) is not None


async def _hubs(world) -> None:
    """Ask hubs, be asked and pushed by them."""
    store = world.store
    feed = await world.feed()
    wanted = Wanted(hub="https://hub.example/", topic=feed.url)
    one = await store.want_subscription(feed.id, wanted, "https://us.example")
    assert [one.id] == await store.due_subscriptions(9)
    one = await store.claim_subscription(one.id)
    await store.subscription_told(one, said="not today")
    assert await store.verify_subscription(one.id, feed.url, 60.0)
    await store.note_missed(one.id)
    assert 1 == len(await store.load_listed(feed.id, 1))
    intent = EntryIntent(entry=world.entry(feed, "pushed"), key="pushed", stream="pages:warm")
    push = PushCommit(subscription=one.id, feed_id=feed.id, intents=(intent,))
    assert 1 == await store.commit_push(push)
    assert await store.refuse_subscription(one.id, feed.url, "no")
    assert await store.want_subscription(feed.id, None, "https://us.example") is None
    assert 0 == await store.leave_ended_subscriptions()
    assert {"leaving": 1} == await store.subscription_counts()
    assert await store.let_go_subscription(one.id, feed.url)
    assert await store.subscription(one.id) is not None
    assert await store.subscription_of(feed.id) is None


async def _house(world) -> None:
    """What belongs to the whole."""
    store = world.store
    assert (1, "{}") == await store.accepted()
    assert 1 == await store.accepted_number()
    assert await store.begin_beat()
    feed = await world.feed()
    assert await store.disable_feed(feed.id) is None
    assert await store.enable_feed(feed.id, listed=True) is not None
    assert await store.incarnation() == await store.incarnation()
    await store.void_marks(0.0)
    await store.probe()
    assert 2 == sum((await store.counts()).feeds.values())
    await store.room()
    await store.give_back()
    await store.oldest_texts(None)
    await store.oldest_contents(None)
    world.clock.advance(400 * 86400.0)
    await store.prune(KeepOptions(alerts_s=60.0), world.clock.now())


async def test_nearly_every_verb_works_on_the_next_schema(ahead, clock, make_world) -> None:
    """And the database is whole after it."""
    store = await open_store(ahead, clock, time=ProcessTime(clock))
    recorded = Recorded(store)
    world = make_world(recorded, clock)
    await _pages(world)
    await _deliveries(world)
    await _mutes(world)
    await _looking_back(world)
    await _hubs(world)
    await _house(world)
    verbs = _verbs()
    assert len(verbs & recorded.used) >= 0.8 * len(verbs), verbs - recorded.used
    await store.close()
    found = examine(ahead, clock.now())
    assert (FOLLOWING, []) == (found.schema, [one.check for one in found.checks if one.found])


async def test_what_the_next_version_wrote_stays(ahead, clock, make_world) -> None:
    """This version changes a row without a word about what it does not know of it."""
    store = await open_store(ahead, clock, time=ProcessTime(clock))
    world = make_world(store, clock)
    article = await world.article()
    tables = ("feeds", "articles", "entries", "work")

    def theirs(conn, _now) -> None:
        for table in tables:
            conn.exec_driver_sql(f"UPDATE {table} SET of_the_next = 'theirs'")  # noqa: S608 - ours

    def left(conn, _now) -> set[tuple]:
        return {
            (table, row[0])
            for table in tables
            for row in conn.exec_driver_sql(f"SELECT of_the_next FROM {table}")  # noqa: S608 - ours
        }

    await store._write(theirs)
    entry = world.entry(await world.feed(), title="New", edition=2, digest="d2")
    await world.poll(entry)
    job = await world.page(article)
    await store.commit_article(
        ArticleCommit(work=job.work, article=world.read(job), again_s=60.0, attempts=1)
    )
    assert {(table, "theirs") for table in tables} == await store._read(left)
    await store.close()
