"""Group commit: what is queued is committed together, fails alone, and is told only afterwards."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from workers.errors import StoreDown, TocsinError
from workers.store import lists as listing
from workers.store import open_store


async def together(store, *units) -> list[object]:
    """Run the units in one transaction: the first holds the writer until all are queued."""
    queued = threading.Event()
    held = asyncio.create_task(store._write(lambda _conn, _now: queued.wait(10)))
    tasks = [asyncio.create_task(store._write(*unit)) for unit in units]
    await asyncio.sleep(0)
    queued.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    with contextlib.suppress(StoreDown):
        await held
    return done


def put(conn, _now, key: str, fails: object = None) -> str:
    """Write a row; if it ``fails``, then after it was written."""
    conn.execute(text("INSERT INTO meta (key, value) VALUES (:key, '')"), {"key": key})
    if fails:
        raise ValueError(key)
    return key


def stored(conn, _now) -> set[str]:
    """Return what was written."""
    return set(conn.execute(text("SELECT key FROM meta WHERE key != 'clock'")).scalars())


async def test_a_unit_that_fails_is_undone_alone(store) -> None:
    """The others of its transaction are stored, and get their own results."""
    done = await together(store, *((put, f"k{n}", n % 3 == 0) for n in range(30)))
    good = {f"k{n}" for n in range(30) if n % 3}
    assert good == await store._read(stored)
    assert [isinstance(item, ValueError) for item in done] == [n % 3 == 0 for n in range(30)]


async def test_an_error_of_sql_is_undone_alone_too(store) -> None:
    """A broken constraint concerns its unit only, and says what it was."""
    await store._write(put, "twice")
    units = ((put, "a"), (put, "twice"), (put, "b"))
    first, second, third = await together(store, *units)
    assert ("a", "b") == (first, third)
    assert isinstance(second, IntegrityError)
    assert {"a", "b", "twice"} == await store._read(stored)


async def test_queued_units_share_a_transaction(lite) -> None:
    """Forty callers do not wait for forty commits."""
    before = await lite._read(_changes_of_file)
    await together(lite, *((put, f"k{n}") for n in range(40)))
    assert before + 1 == await lite._read(_changes_of_file)


def _changes_of_file(conn, _now) -> int:
    """Return a number that grows by one with each commit of another connection."""
    return conn.execute(text("PRAGMA data_version")).scalar_one()


async def test_a_cancelled_caller_takes_nothing_back(store) -> None:
    """Its unit is applied whole, as are those beside it."""
    tasks = [asyncio.create_task(store._write(put, f"k{n}")) for n in range(10)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(done[4], asyncio.CancelledError)
    await store._write(put, "last")
    assert {f"k{n}" for n in range(10)} | {"last"} == await store._read(stored)


async def test_what_is_urgent_waits_for_nothing_queued(store) -> None:
    """What is urgent is run as soon as the database is free, before all that waits longer."""
    begun, gate, order = Event(), Event(), []

    def hold(_conn, _now) -> None:
        begun.set()
        gate.wait(10)

    tasks = [asyncio.create_task(store._write(hold)) for _ in range(4)]
    await asyncio.to_thread(begun.wait, 10)
    tasks += [
        asyncio.create_task(store._write(lambda _conn, _now: order.append("queued")))
        for _ in range(20)
    ]
    await asyncio.sleep(0)
    urgent = store._writer.run(lambda _conn: order.append("urgent"), urgent=True)
    asked = asyncio.create_task(urgent)
    if store.many:
        await asked
    else:
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(asked, *tasks)
    assert ["urgent", *["queued"] * 20] == order


async def test_a_locked_database_fails_all_and_recovers(lite) -> None:
    """Nobody is told that something is stored which is not; nothing need be restarted."""
    other = sqlite3.connect(lite.address, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    done = await asyncio.gather(
        *(lite._write(put, f"k{n}") for n in range(20)), return_exceptions=True
    )
    assert [True] * 20 == [isinstance(item, StoreDown) for item in done]
    assert str(lite.address) in str(done[0])
    with pytest.raises(StoreDown):
        await lite.probe()
    assert set() == await lite._read(stored)
    other.execute("ROLLBACK")
    other.close()
    await lite.probe()
    await lite._write(put, "after")
    assert {"probed_at", "after"} == await lite._read(stored)


def _fill(conn, _now) -> None:
    """Let the file grow no further, then write more than fits."""
    pages = conn.execute(text("PRAGMA page_count")).scalar_one()
    conn.execute(text(f"PRAGMA max_page_count = {pages}"))
    conn.execute(text("INSERT INTO meta (key, value) VALUES ('big', :big)"), {"big": "x" * 10**6})


async def test_a_full_disk_fails_all_and_recovers(lite) -> None:
    """A transaction that SQLite gave up is nobody's."""
    await lite._write(put, "before")
    done = await together(lite, (put, "a"), (_fill,), (put, "b"))
    assert [True] * 3 == [isinstance(item, StoreDown) for item in done]
    assert {"before"} == await lite._read(stored)
    await lite._write(put, "after")
    assert {"before", "after"} == await lite._read(stored)


def _shut(conn, _now) -> None:
    """Lose the connection in the middle of a unit."""
    conn.connection.driver_connection.close()


async def test_a_lost_connection_fails_all_and_recovers(lite) -> None:
    """The writer opens another."""
    done = await together(lite, (put, "a"), (_shut,))
    assert [True] * 2 == [isinstance(item, StoreDown) for item in done]
    await lite._write(put, "after")
    assert {"after"} == await lite._read(stored)


async def test_a_reader_that_failed_reads_again(store) -> None:
    """A lost reading connection is replaced."""
    await store._write(put, "a")
    for _ in range(6):
        with pytest.raises(StoreDown, match="closed"):
            await store._read(lambda conn, now: (_shut(conn, now), stored(conn, now)))
    assert {"a"} == await store._read(stored)


async def test_readers_cannot_write(store) -> None:
    """A unit that writes by mistake is refused where only reading is expected."""
    with pytest.raises(StoreDown):
        await store._read(listing.probe)


async def test_subscribers_hear_of_commits_that_ask_for_work(world) -> None:
    """And of no others."""
    heard: list[int] = []
    world.store.subscribe(lambda: heard.append(1))
    await world.store.probe()
    await world.feed()
    assert [] == heard
    article = await world.article()
    assert [1] == heard
    await world.settle(article)
    assert [1] == heard


async def test_after_closing_nothing_is_taken_and_nothing_was_lost(tmp_path, clock) -> None:
    """What was queued before is stored; what comes later is told so."""
    path = tmp_path / "tocsin.db"
    store = await open_store(path, clock)
    tasks = [asyncio.create_task(store._write(put, f"k{n}")) for n in range(50)]
    await asyncio.sleep(0)
    await store.close()
    assert [f"k{n}" for n in range(50)] == await asyncio.gather(*tasks)
    with pytest.raises(StoreDown):
        await store._write(put, "late")
    with pytest.raises(StoreDown):
        await store.feed_rows()
    again = await open_store(path, clock, read_only=True)
    assert {f"k{n}" for n in range(50)} == await again._read(stored)
    with pytest.raises(TocsinError):
        await again.probe()
    await again.close()


KILLED = """
import asyncio, sys
from pathlib import Path
from sqlalchemy import text
from workers.clock import SystemClock
from workers.store import open_store

def pair(conn, now, n):
    for half in "ab":
        row = {"key": f"{half}{n}"}
        conn.execute(text("INSERT INTO meta (key, value) VALUES (:key, '')"), row)
    return n

async def one(store, n):
    done = await store._write(pair, n)
    print(done, flush=True)

async def main():
    store = await open_store(Path(sys.argv[1]), SystemClock())
    print("open", flush=True)
    for start in range(0, 100000, 20):
        await asyncio.gather(*(one(store, start + n) for n in range(20)))

asyncio.run(main())
"""


async def test_a_killed_process_leaves_whole_units_and_all_it_answered_for(
    tmp_path, clock
) -> None:
    """SIGKILL in mid-commit: a unit is there whole or not at all, and each that was answered."""
    path = tmp_path / "tocsin.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        KILLED,
        str(path),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    told = [(await child.stdout.readline()).strip() for _ in range(400)]
    child.send_signal(signal.SIGKILL)
    told += (await child.stdout.read()).split(b"\n")[:-1]
    await child.wait()
    store = await open_store(path, clock)
    found = await store._read(stored)
    await store.close()
    assert {key[1:] for key in found if key[0] == "a"} == {
        key[1:] for key in found if key[0] == "b"
    }
    assert {line.decode() for line in told if line and line != b"open"} <= {
        key[1:] for key in found
    }
    raw = sqlite3.connect(path)
    assert "ok" == raw.execute("PRAGMA integrity_check").fetchone()[0]
    raw.close()
