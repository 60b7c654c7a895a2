"""Backups of a file that is in use, and restores that leave a whole database whatever happens."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from workers.model.alert import Summary
from workers.model.commit import ArticleCommit
from workers.model.ids import summary_id
from workers.model.rate import Rate
from workers.store import backups, mark_restored, open_store
from workers.store.backups import backup, restore, vacuum
from workers.store.schema import SCHEMA, Unusable, prepare

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def world(lite, clock, make_world):
    """The store on a SQLite file, with short ways to make things happen."""
    return make_world(lite, clock)


def _rows(path: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute(sql).fetchall()


async def _states(world) -> set[tuple[str, str | None]]:
    lines = await world.store.alert_lines()
    return {
        (one.state, one.held_reason)
        for line in lines
        for one in await world.store.alert_deliveries(line.alert)
    }


async def test_a_backup_is_made_while_the_database_is_written(world, tmp_path) -> None:
    """It is one moment's state, in one file, checked, and only its owner may read it."""
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            await world.store.probe()

    writing = asyncio.create_task(write())
    await world.settle(await world.article(), "fire")
    target = tmp_path / "backups" / "one.db"
    made = await asyncio.to_thread(backup, world.store.address, target)
    stop.set()
    await writing
    assert (str(target), SCHEMA, target.stat().st_size) == (made.path, made.schema, made.bytes)
    assert ["one.db"] == [path.name for path in target.parent.iterdir()]
    assert 0o600 == target.stat().st_mode & 0o777
    assert [("ok",)] == _rows(target, "PRAGMA integrity_check")
    assert [(2,)] == _rows(target, "SELECT count(*) FROM deliveries")


def test_nothing_is_overwritten(template, tmp_path) -> None:
    """A file that is there stays as it is."""
    target = tmp_path / "precious"
    target.write_text("mine")
    with pytest.raises(Unusable, match=r"precious.*another"):
        backup(template, target)
    assert "mine" == target.read_text()


def test_a_database_that_is_damaged_makes_no_backup(template, tmp_path) -> None:
    """It is said, and nothing is left behind."""
    path = _damaged(template, tmp_path / "tocsin.db")
    with pytest.raises(Unusable, match=r"damaged|malformed"):
        backup(path, tmp_path / "copies" / "one.db")
    assert [] == list((tmp_path / "copies").iterdir())


def _damaged(template: Path, path: Path) -> Path:
    """Return a copy of a database with pages of rubbish in its middle."""
    shutil.copy(template, path)
    with closing(sqlite3.connect(path)) as raw:
        for number in range(400):
            raw.execute("INSERT INTO meta VALUES (?, ?)", (f"k{number}", "x" * 500))
        raw.commit()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size - 40 * 4096)
        file.write(b"\xa5" * 20 * 4096)
    return path


async def test_a_restore_holds_what_was_to_be_sent(world, clock, tmp_path) -> None:
    """The database is the backup's, its open deliveries wait, and the old one is kept."""
    await world.settle(await world.article(), "fire")
    target = tmp_path / "one.db"
    backup(world.store.address, target)
    life = await world.store.incarnation()
    await world.settle(await world.article("later"), "fire")
    path = world.store.address
    await world.store.close()
    done = restore(path, target, NOW)
    assert (2, str(path) + ".replaced-20260302T120000Z") == (done.held, done.replaced)
    assert [(4,)] == _rows(Path(done.replaced), "SELECT count(*) FROM deliveries")
    world.store = await open_store(path, clock)
    assert {("held", "restore")} == await _states(world)
    assert [] == await world.due("sink:ops", "sink:desk")
    assert ["desk", "ops"] == [line.sink for line in await world.store.held_lines()]
    assert life != await world.store.incarnation()
    assert 0 == await world.store.release_reason("disabled")
    assert 1 == await world.store.release_reason("restore", "ops")
    assert 1 == len(await world.due("sink:ops", "sink:desk"))
    assert 1 == await world.store.drop_held("restore")
    assert {("open", None), ("dead", None)} == await _states(world)
    assert [] == await world.store.dead_lines()
    await world.store.close()


async def test_what_was_sent_since_the_backup_may_be_sent_again_under_its_id(
    world, clock, tmp_path
) -> None:
    """Ids are hashes: an entry that is seen again makes the same alert and deliveries."""
    await world.feed()
    target = tmp_path / "one.db"
    backup(world.store.address, target)
    await world.settle(await world.article(), "fire")
    before = await world.due("sink:ops", "sink:desk")
    path = world.store.address
    await world.store.close()
    restore(path, target, NOW)
    world.store = await open_store(path, clock)
    clock.advance(86400)
    await world.settle(await world.article(), "fire")
    assert sorted(before) == sorted(await world.due("sink:ops", "sink:desk"))
    await world.store.close()


async def test_a_restore_refuses_a_database_that_is_open(world, tmp_path, monkeypatch) -> None:
    """Whoever has it open would go on with a file that is gone."""
    target = tmp_path / "one.db"
    backup(world.store.address, target)
    await world.store.probe()
    monkeypatch.setattr(backups, "BUSY_S", 0.1)
    with pytest.raises(Unusable, match="in use"):
        restore(world.store.address, target, NOW)
    await world.store.probe()
    assert [] == list(tmp_path.glob("*.restoring*")) + list(tmp_path.glob("*.replaced*"))


@pytest.mark.parametrize(
    ("name", "why"),
    [("missing", "no such file"), ("text", "not a database"), ("damaged", "damaged|malformed"),
     ("newer", "newer"), ("foreign", "other tables"), ("itself", "itself"), ("empty", "empty")],
)  # fmt: skip
def test_what_is_no_backup_is_refused(template, tmp_path, name, why) -> None:
    """Its path is named, and the database stays as it is."""
    path, source = tmp_path / "tocsin.db", tmp_path / name
    shutil.copy(template, path)
    before = path.read_bytes()
    if name == "text":
        source.write_text("hello")
    if name == "empty":
        source.touch()
    if name == "damaged":
        _damaged(template, source)
    if name == "newer":
        shutil.copy(template, source)
        with closing(sqlite3.connect(source)) as raw:
            raw.execute("UPDATE alembic_version SET version_num = '0099'")
            raw.commit()
    if name == "foreign":
        with closing(sqlite3.connect(source)) as raw:
            raw.execute("CREATE TABLE theirs (x)")
    if name == "itself":
        source = path
    with pytest.raises(Unusable, match=why) as caught:
        restore(path, source, NOW)
    assert str(source) in str(caught.value)
    assert before == path.read_bytes()
    assert [] == list(tmp_path.glob("tocsin.db.*"))


def test_a_damaged_database_can_be_replaced(template, tmp_path) -> None:
    """That is what backups are for; what is left of it is kept."""
    path, source = tmp_path / "tocsin.db", tmp_path / "good.db"
    backup(template, source)
    path.write_bytes(b"SQLite format 3\0" + b"\xa5" * 9000)
    path.with_name("tocsin.db-wal").write_bytes(b"rubbish")
    done = restore(path, source, NOW)
    prepare(path)
    assert [("ok",)] == _rows(path, "PRAGMA integrity_check")
    assert Path(done.replaced).read_bytes().endswith(b"\xa5" * 9)


def test_a_backup_of_an_older_schema_is_migrated(tmp_path) -> None:
    """The backup itself stays as old as it is."""
    source = tmp_path / "old.db"
    prepare(source, schema="0001")
    done = restore(tmp_path / "tocsin.db", source, NOW)
    assert ("0001", None) == (done.schema, done.replaced)
    assert [(SCHEMA,)] == _rows(tmp_path / "tocsin.db", "SELECT version_num FROM alembic_version")
    assert [("0001",)] == _rows(source, "SELECT version_num FROM alembic_version")
    assert [] == list(tmp_path.glob("tocsin.db.*"))


async def test_what_was_put_back_by_other_means_is_marked(store, clock, make_world) -> None:
    """On each kind of database: what was open is held, and Redis is told that it is another."""
    world = make_world(store, clock)
    await world.settle(await world.article(), "fire")
    life = await store.incarnation()
    assert 2 == mark_restored(store.address).held
    assert {("held", "restore")} == await _states(world)
    again = await open_store(store.address, clock)
    assert life != await again.incarnation()
    await again.close()


async def test_what_a_burst_held_waits_for_the_operators_word_too(
    store, clock, make_world
) -> None:
    """Its list may have gone out since the backup: it is made, and held, under the id it had."""
    world = make_world(store, clock)
    for name in ("sent", "one", "two"):
        clock.advance(1)
        job = await world.page(await world.article(name))
        unit = structs.replace(world.unit(job, "fire"), burst=Rate(count=1, per_s=3600.0))
        await store.commit_article(
            ArticleCommit(work=job.work, article=world.read(job), ring=unit, attempts=1)
        )
    assert 4 == mark_restored(store.address).held
    clock.advance(7200)
    assert 0 == await store.summarize(600.0)
    assert [] == await world.due("sink:ops", "sink:desk")
    assert [("restore", 2)] * 2 == [
        (line.reason, line.deliveries) for line in await store.held_lines()
    ]
    assert 4 == await store.release_reason("restore")
    (summary,) = [
        job.content
        for id_ in await world.due("sink:ops")
        if isinstance((job := await store.load_delivery(id_)).content, Summary)
    ]
    first = summary.items[-1].id
    assert 2 == summary.facts.count == len(summary.items)
    assert summary_id("ops", "", "fire", first) == summary.facts.id


async def test_vacuum_gives_room_back(world, monkeypatch) -> None:
    """Once nobody has the file open."""
    await world.settle(await world.article(content="x" * 3_000_000), "fire")
    monkeypatch.setattr(backups, "BUSY_S", 0.1)
    with pytest.raises(Unusable, match="in use"):
        vacuum(world.store.address)
    await world.store._write(lambda conn, _now: conn.exec_driver_sql("DELETE FROM deliveries"))
    await world.store._write(
        lambda conn, _now: conn.exec_driver_sql("UPDATE entries SET content = ''")
    )
    await world.store.close()
    before, after = vacuum(world.store.address)
    assert after < before - 2_000_000
    assert after == world.store.address.stat().st_size
