"""A database copied into an empty one of either kind: all of it, or nothing."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from workers.model.commit import DeliveryCommit
from workers.store import copying, examine, open_store
from workers.store.backups import portable, restore_into, vacuum_served
from workers.store.copying import copy, others
from workers.store.schema import Unusable, prepare, schema_of
from workers.store.tables import metadata
from workers.store.versions import SCHEMA

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OWN = {"incarnation", "probed_at"}


class Told:
    """What a copy says of how far it is."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int, int]] = []

    def __call__(self, table: str, done: int, there: int) -> None:
        self.lines.append((table, done, there))


@pytest.fixture
async def full(lite, clock, make_world):
    """A file with something of everything in it: merged, sent, held, dead; odd letters too."""
    world = make_world(lite, clock)
    for name in ("one", "two", "three"):
        await world.settle(
            await world.article(name, content="Stra\u00dfe \U0001f6a8 \ud800\0"), "fire"
        )
    ids = await world.due("sink:ops")
    for id_, state in zip(ids, ("sent", "held"), strict=False):
        job = await world.store.load_delivery(id_)
        await world.store.commit_delivery(DeliveryCommit(work=job.work, state=state, attempts=1))
    await world.store.bury_id("delivery", ids[2], "crash", "it burst")
    await world.store.mute("flood", 1e9, "why")
    await world.settle(await world.article("four"), "flood")
    entry = world.entry(await world.feed("other"), "young", url="https://other.example/young")
    clock.advance(60)
    await world.poll(entry)
    young = await world.store.find_article("https://other.example/young")
    await world.settle(young, "fire", keys=("https://site.example/one",))
    await world.store.accept('{"topics": []}')
    await world.store.incarnation()
    return world


async def _all(store) -> dict[str, list[tuple]]:
    """Return every row of every table, but for what is the database's own."""

    def rows(conn, _now) -> dict[str, list[tuple]]:
        found = {}
        for table in metadata.sorted_tables:
            keys = list(table.primary_key.columns)
            found[table.name] = [
                tuple(row)
                for row in conn.execute(select(table).order_by(*keys))
                if not (table.name == "meta" and row.key in OWN)
            ]
        return found

    return await store._read(rows)


def _counts(found: dict[str, list[tuple]]) -> dict[str, int]:
    return {name: len(rows) for name, rows in found.items()}


@pytest.fixture
def new_database(postgres):
    """Makes a database that has nothing in it; returns its address."""
    made: list[str] = []

    def make(name: str = "copied") -> str:
        postgres.ask(f"DROP DATABASE IF EXISTS {name}", database="postgres")
        postgres.ask(f"CREATE DATABASE {name}", database="postgres")
        made.append(name)
        return postgres.url(name)

    yield make
    for name in made:
        postgres.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", database="postgres")


async def test_a_file_is_copied_to_postgresql_and_back(full, new_database, clock, tmp_path):
    """Every row of every table arrives as it was, and the database is another life of it."""
    before = await _all(full.store)
    life = await full.store.incarnation()
    told = Told()
    address = new_database()
    done = copy(full.store.address, address, told)
    assert {one.table for one in done} == set(before)
    served = await open_store(address, clock)
    assert before == await _all(served)
    assert life != await served.incarnation()
    await served.close()
    assert ("entries", 5, 5) in told.lines
    assert examine(address, NOW).ok
    back = tmp_path / "back.db"
    copy(address, back, told)
    store = await open_store(back, clock)
    assert before == await _all(store)
    await store.close()
    with closing(sqlite3.connect(back)) as raw:
        assert ("wal",) == raw.execute("PRAGMA journal_mode").fetchone()
    assert 0o600 == back.stat().st_mode & 0o777
    assert not back.with_name("back.db.partial").exists()


async def test_work_goes_on_in_the_copy(full, postgres, clock, make_world):
    """Numbers that the database gives go on, and what was open is due."""
    due = await full.due()
    copy(full.store.address, postgres.url(), Told())
    store = await open_store(postgres.url(), clock)
    world = make_world(store, clock)
    await store.void_marks(0.0)
    assert sorted(due) == sorted(await world.due())
    await world.settle(await world.article("new"), "fire")
    assert examine(postgres.url(), NOW).ok
    await store.close()


async def test_a_copy_into_what_is_not_empty_is_refused(full, postgres, clock, tmp_path):
    """Whatever is there stays as it is."""
    there = await open_store(postgres.url(), clock)
    await there.accept("{}")
    before = await _all(there)
    with pytest.raises(Unusable, match=r"accepted is not empty"):
        copy(full.store.address, postgres.url(), Told())
    assert before == await _all(there)
    await there.close()
    file = tmp_path / "there.db"
    prepare(file)
    with pytest.raises(Unusable, match=r"there is a database"):
        copy(full.store.address, file, Told())
    file.write_text("precious")
    with pytest.raises(Unusable, match=r"not a Tocsin database"):
        copy(full.store.address, file, Told())
    assert "precious" == file.read_text()


async def test_a_copy_onto_itself_is_refused(full, postgres, tmp_path):
    """Under whatever name."""
    link = tmp_path / "other-name.db"
    link.symlink_to(full.store.address)
    for target in (full.store.address, link):
        with pytest.raises(Unusable, match=r"onto itself"):
            copy(full.store.address, target, Told())
    with pytest.raises(Unusable, match=r"onto itself"):
        copy(postgres.url(), postgres.url(), Told())


async def test_a_copy_that_is_interrupted_leaves_nothing(full, new_database, clock, tmp_path):
    """It is begun again, and then arrives whole."""

    def stop(table: str, done: int, _there: int) -> None:
        if table == "deliveries" and done:
            raise KeyboardInterrupt

    address, file = new_database(), tmp_path / "copy.db"
    for target in (address, file):
        with pytest.raises(KeyboardInterrupt):
            copy(full.store.address, target, stop)
    assert not file.exists()
    assert not file.with_name("copy.db.partial").exists()
    served = await open_store(address, clock)
    assert {0} == set(_counts(await _all(served)).values())
    await served.close()
    for target in (address, file):
        copy(full.store.address, target, Told())
        store = await open_store(target, clock)
        assert await _all(full.store) == await _all(store)
        await store.close()


async def test_a_row_that_the_target_cannot_hold_is_told(full, new_database, clock):
    """SQLite takes any value in any column; the copy says what PostgreSQL says, and is empty."""
    await full.store._write(
        lambda conn, _now: conn.execute(text("UPDATE deliveries SET attempts = 'many'"))
    )
    address = new_database()
    with pytest.raises(Unusable, match=r"cannot copy: postgresql://.*many"):
        copy(full.store.address, address, Told())
    served = await open_store(address, clock)
    assert {0} == set(_counts(await _all(served)).values())
    await served.close()


def test_another_schema_is_not_copied(template, tmp_path):
    """What this version does not know it would leave behind."""
    for schema in ("0001", f"{int(SCHEMA) + 1:04}"):
        path = tmp_path / f"{schema}.db"
        shutil.copy(template, path)
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("UPDATE alembic_version SET version_num = ?", (schema,))
            raw.commit()
        with pytest.raises(Unusable, match=schema):
            copy(path, tmp_path / "copy.db", Told())


async def test_many_rows_are_copied_a_few_at_a_time(full, tmp_path, monkeypatch, clock):
    """Memory does not grow with the database."""
    monkeypatch.setattr(copying, "BATCH", 2)
    monkeypatch.setattr(copying, "FETCH", 2)
    told = Told()
    copy(full.store.address, tmp_path / "copy.db", told)
    lines = [line[1:] for line in told.lines if line[0] == "entries"]
    assert [(0, 5), (2, 5), (4, 5), (5, 5)] == lines
    store = await open_store(tmp_path / "copy.db", clock)
    assert await _all(full.store) == await _all(store)
    await store.close()


async def test_postgresql_is_backed_up_and_restored(full, new_database, clock, tmp_path):
    """The backup is a file; restored into an empty database, what was open is held."""
    address, empty = new_database(), new_database("empty")
    copy(full.store.address, address, Told())
    made = portable(address, tmp_path / "copies" / "one.db", Told())
    assert made.bytes > 0
    with pytest.raises(Unusable, match=r"name another"):
        portable(address, Path(made.path), Told())
    with pytest.raises(Unusable, match=r"not empty"):
        restore_into(address, Path(made.path), Told())
    done = restore_into(empty, Path(made.path), Told())
    assert (3, None) == (done.held, done.replaced)
    store = await open_store(empty, clock)
    assert {"restore", "disabled"} == {line.reason for line in await store.held_lines()}
    assert await _all(store) != await _all(full.store)
    assert _counts(await _all(store)) == _counts(await _all(full.store))
    await store.close()
    assert examine(empty, NOW).ok


async def test_postgresql_is_vacuumed_while_it_is_used(postgres, clock):
    """It says what size it had and has."""
    store = await open_store(postgres.url(), clock)
    await store.probe()
    before, after = vacuum_served(postgres.url())
    assert before > 0
    assert after > 0
    await store.close()


async def test_others_on_a_served_database_are_seen(postgres, clock):
    """Whoever copies or restores knows that a daemon is there; one that has ended soon is not."""
    assert 0 == others(postgres.url())
    store = await open_store(postgres.url(), clock)
    await store.probe()
    assert others(postgres.url()) >= 1
    await store.close()
    assert 0 == others(postgres.url())


def test_a_database_that_is_not_there_is_told(postgres, template):
    """In one sentence, with its address and without its password."""
    with pytest.raises(Unusable, match=r"postgresql://.*/nowhere") as caught:
        copy(template, postgres.url("nowhere") + "&password=hush", Told())
    assert "hush" not in str(caught.value)
    assert SCHEMA == schema_of(template)
