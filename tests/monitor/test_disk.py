"""The disk runs low on a small file system: text goes, alerts stay; nearly full, work stops."""

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from msgspec.structs import replace
from structlog.testing import capture_logs

from monitor import health
from monitor.daemon import disk, upkeep
from monitor.daemon.disk import Disk
from workers.errors import StoreDown
from workers.model.alert import DeadLine
from workers.model.commit import ArticleCommit, EntryIntent, PollCommit
from workers.model.feed import EntryRow
from workers.model.ids import entry_id
from workers.steps.events import Events
from workers.store import dead, open_store, retention

MIB = 1 << 20
PAGE = "word " * (MIB // 5)
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def running(installation, small, monkeypatch):  # noqa: ARG001 - it runs on the small disk
    """A daemon on it that reads no pages, with limits that fit so small a disk."""
    monkeypatch.setattr(disk, "NO_WORK_BELOW_BYTES", 4 * MIB)
    monkeypatch.setattr(health, "NO_WORK_BELOW_BYTES", 4 * MIB)
    monkeypatch.setattr(upkeep, "DISK_S", 3600.0)
    monkeypatch.setattr(retention, "MOST", 2)
    installation.write(more='[keep]\ndisk_floor = "16MiB"')
    return await installation.start(("poll", "web"))


@pytest.fixture
async def filled(running):
    """The daemon's store with ten pages of a mebibyte, the oldest first, and its disk watch."""
    state = running.state
    ids = [await _read_page(state.parts.store, number, PAGE) for number in range(10)]
    watch = Disk(state, Events(state.parts.edges, lambda: state.rules.sinks))
    return state.parts.store, ids, watch


@contextlib.contextmanager
def _filled(folder: Path, leave: int) -> Iterator[None]:
    """Let somebody else's file take all but ``leave`` bytes."""
    path = folder / "theirs"
    with path.open("wb") as file:
        for _ in range(max(0, health.free_bytes([folder]) - leave) // 65536):
            file.write(b"x" * 65536)
    try:
        yield
    finally:
        path.unlink()


async def _read_page(store, number: int, text: str) -> str:
    """Poll one entry and read its page; return the id of its article."""
    (feed,) = await store.feed_rows()
    url = f"https://s.example/{number}"
    entry = EntryRow(
        id=entry_id(feed.id, url), feed_id=feed.id, feed="F", feed_url=feed.url, identity=url,
        url=url, title=f"Title {number}", summary="", content="", published=None, updated=None,
        seen=START + timedelta(hours=number),
    )  # fmt: skip
    intent = EntryIntent(entry=entry, key=url, stream="pages:cold")
    await store.commit_poll(
        PollCommit(feed=feed, loaded_at=feed.last_poll_at, intents=(intent,), delay_s=9999.0)
    )
    found = await store.find_article(url)
    job = await store.load_page("page", found)
    article = replace(
        job.article, text=text, verdict="article", text_from="page", fetched_at=entry.seen
    )
    await store.commit_article(ArticleCommit(work=job.work, article=article, attempts=1))
    return found


async def _texts(store, ids: list[str]) -> list[bool]:
    return [bool((await store.article_by_id(id_)).text) for id_ in ids]


async def test_below_the_floor_the_oldest_text_goes(filled, small, installation, lines):
    """As much of it as the floor needs; new text is not kept, what else is found is stored."""
    store, ids, watch = filled
    await watch.look()
    assert [] == await store.open_events()
    with _filled(small, 12 * MIB):
        await watch.look()
        kept = await _texts(store, ids)
        assert sorted(kept) == kept
        assert 0 < sum(kept) < 10
        (event,) = await store.open_events()
        assert ("disk_low", "critical") == (event.kind, event.severity)
        assert "disk_floor" in event.text
    with _filled(small, 10 * MIB):
        watch.judge()
        late = await store.article_by_id(await _read_page(store, 11, "word " * 99))
        assert ("", "article", "page") == (late.text, late.verdict, late.text_from)
        (told,) = lines(await installation.call("status", "--json"))
        assert "degraded" == told["checks"]["disk"]["status"]
        assert 0 == (await installation.call("health")).exit_code
        plain = await installation.call("status")
        assert "disk: degraded 0.0 GiB free, days left not known yet" in plain.stdout
    await watch.look()
    assert [] == await store.open_events()
    assert [True] == await _texts(store, [await _read_page(store, 12, "word " * 99)])


async def test_the_file_gives_back_what_it_does_not_need(filled, small):
    """Below the floor free pages go back to the disk before any text goes."""
    store, ids, watch = filled
    await store._write(
        lambda conn, _now: conn.exec_driver_sql(
            "UPDATE articles SET text = '' "
            "WHERE first_seen < (SELECT max(first_seen) FROM articles)"
        )
    )
    before = (await store.room()).free_bytes
    assert before > 8 * MIB
    with _filled(small, 13 * MIB):
        await watch.look()
        assert (await store.room()).free_bytes < before
        assert [True] == await _texts(store, ids[-1:])


async def test_a_file_that_cannot_shrink_makes_room_inside(filled, small):
    """A database from before: what is removed is used again, no more goes than is lacking."""
    store, ids, watch = filled
    await store.close()
    with contextlib.closing(sqlite3.connect(store.address, isolation_level=None)) as raw:
        raw.execute("PRAGMA auto_vacuum = 0")
        raw.execute("VACUUM")
    state = watch._state
    store = await open_store(store.address, state.clock)
    state.parts = dataclasses.replace(state.parts, store=store)
    assert not (await store.room()).returns
    with _filled(small, 15 * MIB):  # the log of the writes takes some of it too
        await watch.look()
        assert (await store.room()).free_bytes >= 2 * MIB
        assert 0 < sum(await _texts(store, ids)) < 10
    await store.close()


async def test_where_nothing_can_go_it_is_not_sought_all_the_time(filled, small, monkeypatch):
    """Somebody else's file fills the disk: the one writer is not kept from the alerts."""
    store, ids, watch = filled
    looks: list[datetime | None] = []
    sweep = store.oldest_texts

    async def counted(after: datetime | None) -> retention.Swept:
        looks.append(after)
        return await sweep(after)

    monkeypatch.setattr(store, "oldest_texts", counted)
    with _filled(small, 5 * MIB):
        await watch.look()
        assert [False] * 10 == await _texts(store, ids)
        found = len(looks)
        assert found > 0
        for _ in range(3):
            await watch.look()
        assert found == len(looks)


async def test_nearly_full_no_work_begins(filled, small, installation):
    """Readiness says so; what is there is read, what was under way is stored; then all goes on."""
    store, ids, watch = filled
    job = await store.load_page("page", ids[0])
    with _filled(small, 2 * MIB), capture_logs() as logs:
        for _ in range(3):
            watch.judge()
        with pytest.raises(StoreDown, match=r"disk is full.*make room"):
            await store.load_page("page", ids[0])
        with pytest.raises(StoreDown):
            await store.due({"ring": 1}, 9.0, 9)
        await store.commit_article(ArticleCommit(work=job.work, attempts=2))
        assert [True] * 10 == await _texts(store, ids)
        assert 1 == (await installation.call("health")).exit_code
    assert ["work_stopped"] == [line["event"] for line in logs if "work" in line["event"]]
    structlog.reset_defaults()
    with capture_logs() as logs:
        watch.judge()
        watch.judge()
    assert ["work_begins_again"] == [line["event"] for line in logs if "work" in line["event"]]
    assert await store.load_page("page", ids[0]) is not None


async def test_the_database_on_a_full_disk_loses_nothing(filled, small):
    """Whatever is answered for is stored, whatever is not is not; then it works again."""
    store, _, watch = filled
    stored: list[str] = []
    with _filled(small, MIB // 2):
        with contextlib.suppress(StoreDown):
            for number in range(20, 90):
                stored += [await _read_page(store, number, PAGE)]
        assert len(stored) < 70
        with pytest.raises(StoreDown):
            await store.accept("x" * 4 * MIB)
    watch.judge()
    assert [True] * len(stored) == await _texts(store, stored)
    assert [True] == await _texts(store, [await _read_page(store, 99, "word")])


async def test_dead_letters_that_grow_are_an_event(running):
    """More than twenty new ones in an hour, until there are fewer."""
    store, watch = running.state.parts.store, running._upkeep
    line = DeadLine(
        id="", kind="page", sink=None, reason="empty", at=running.state.clock.now(), attempts=1,
        title="T", last_answer=None,
    )  # fmt: skip

    async def add(*numbers: int) -> None:
        for number in numbers:
            one = replace(line, id=f"art_{number}")
            await store._write(lambda conn, _now, one=one: dead.keep(conn, one))

    await add(*range(20))
    await watch.watch_dead()
    assert [] == await store.open_events()
    await add(20)
    await watch.watch_dead()
    (event,) = await store.open_events()
    assert ("dead_growing", "critical") == (event.kind, event.severity)
    assert "21 dead letters in an hour (pages: 21)" in event.text
    await store.drop_dead()
    await watch.watch_dead()
    assert [] == await store.open_events()
