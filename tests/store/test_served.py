"""A PostgreSQL server that dies, is full, read-only, locked, or cut off; and what it must hold."""

import asyncio
import signal
import socket
import threading
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import text

from workers.errors import StoreDown
from workers.store import open_store, postgres_driver
from workers.store import writers as module
from workers.store.dbtime import ProcessTime
from workers.text.urls import canonical


def put(conn, _now, key: str) -> str:
    """Write a row, once only."""
    conn.execute(text("INSERT INTO meta (key, value) VALUES (:key, '')"), {"key": key})
    return key


def put_again(conn, _now, key: str) -> str:
    """Write a row, as every unit should: twice is once."""
    conn.execute(
        text("INSERT INTO meta (key, value) VALUES (:key, '') ON CONFLICT DO NOTHING"),
        {"key": key},
    )
    return key


def stored(conn, _now) -> set[str]:
    """Return what was written."""
    return set(conn.execute(text("SELECT key FROM meta")).scalars())


@pytest.fixture
def address(postgres) -> str:
    """Only PostgreSQL is a server."""
    return postgres.url()


@pytest.mark.parametrize(
    "how", [signal.SIGQUIT, pytest.param(signal.SIGINT, marks=pytest.mark.thorough)]
)
async def test_a_server_that_is_restarted_fails_what_is_under_way_and_no_more(
    own_postgres, clock, how
) -> None:
    """Nobody is told that something is stored which is not; nothing need be restarted."""
    store = await open_store(own_postgres.url(), clock)
    await store._write(put_again, "before")
    load = asyncio.create_task(_load(store))
    await asyncio.sleep(0)
    await asyncio.to_thread(own_postgres.stop, how)
    with pytest.raises(StoreDown, match="cannot commit"):
        await store.probe()
    with pytest.raises(StoreDown, match="cannot read"):
        await store._read(stored)
    await asyncio.to_thread(own_postgres.start)
    assert "before" in await store._read(stored)
    await store.probe()
    told = await load
    assert told <= await store._read(stored)
    await store.close()


async def _load(store) -> set[str]:
    """Write until it fails; return what was said to be stored."""
    told = set()
    for n in range(100_000):
        done = await asyncio.gather(
            *(store._write(put_again, f"k{n}x{m}") for m in range(8)), return_exceptions=True
        )
        told |= {one for one in done if isinstance(one, str)}
        if any(isinstance(one, StoreDown) for one in done):
            assert all(isinstance(one, str | StoreDown) for one in done)
            return told
    raise AssertionError("the server never failed")


async def test_connections_that_are_cut_are_replaced(store, postgres) -> None:
    """By an administrator, or by a firewall that forgets them: the next unit has another."""
    await asyncio.gather(*(store._write(put, f"k{n}") for n in range(20)))
    await store._read(stored)
    postgres.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND application_name = 'tocsin'"
    )
    done = await asyncio.gather(*(store._write(put, f"l{n}") for n in range(20)))
    assert {*done} <= await store._read(stored)


async def test_a_read_only_database_fails_all_and_recovers(store, postgres) -> None:
    """As after a failover to a standby."""
    await store.probe()
    postgres.ask("ALTER DATABASE tocsin SET default_transaction_read_only = on")
    postgres.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND application_name = 'tocsin'"
    )
    try:
        with pytest.raises(StoreDown, match="read-only"):
            await store._write(put, "a")
        assert "a" not in await store._read(stored)
    finally:
        with psycopg.connect(postgres.url(), autocommit=True) as conn:
            conn.execute("SET default_transaction_read_only = off")
            conn.execute("ALTER DATABASE tocsin RESET default_transaction_read_only")
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND application_name = 'tocsin'"
            )
    assert "a" == await store._write(put, "a")


async def test_a_full_disk_fails_the_unit_and_recovers(store) -> None:
    """It is the database's trouble, not the unit's: whoever asked tries again."""

    def full(conn, now) -> None:
        put(conn, now, "half")
        conn.execute(text("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$"))

    with pytest.raises(StoreDown):
        await store._write(full)
    assert set() == await store._read(stored)
    await store._write(put, "half")
    assert {"half"} == await store._read(stored)


async def test_a_deadlock_is_run_again(store) -> None:
    """Two units that want two rows in opposite orders are both stored."""
    for key in ("a", "b"):
        await store._write(put, key)
    met = threading.Barrier(2)

    def both(conn, _now, first: str, second: str) -> str:
        for key in (first, second):
            conn.execute(
                text("UPDATE meta SET value = value || :first WHERE key = :key"),
                {"first": first, "key": key},
            )
            with suppress(threading.BrokenBarrierError):
                met.wait(0.5)
        return first

    assert ["a", "b"] == await asyncio.gather(
        store._write(both, "a", "b"), store._write(both, "b", "a")
    )
    values = await store._read(
        lambda conn, _now: list(conn.execute(text("SELECT value FROM meta")).scalars())
    )
    assert [["a", "b"]] * 2 == [sorted(value) for value in values]


async def test_rows_that_others_hold_for_ever_are_given_up(store, postgres, monkeypatch) -> None:
    """An administrator's open transaction holds nothing up for longer than a lock may take."""
    await store._write(put, "a")
    monkeypatch.setattr(module, "TRIES", 2)

    def impatient(conn, _now) -> None:
        conn.execute(text("SET LOCAL lock_timeout = '50ms'"))
        conn.execute(text("UPDATE meta SET value = 'x' WHERE key = 'a'"))

    with psycopg.connect(postgres.url()) as conn:
        conn.execute("SELECT * FROM meta FOR UPDATE")
        with pytest.raises(StoreDown, match="lock timeout"):
            await store._write(impatient)
    await store._write(impatient)


class Cutting:
    """Between a store and its server: passes bytes on until it is told to cut after a COMMIT."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.cuts = 0
        self._cut_next = False
        self.silent = False
        """Whether nothing is passed on any more, in either direction."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_next(self) -> None:
        """Pass the next COMMIT on, and swallow what is answered."""
        self._cut_next = True

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.target)
                state = {"cut": False}
                for args in ((near, far, state, True), (far, near, state, False)):
                    threading.Thread(target=self._pass, args=args, daemon=True).start()

    def _pass(self, source, sink, state, upward: bool) -> None:  # noqa: FBT001 - a thread's argument
        with suppress(OSError):
            while data := source.recv(65536):
                if self.silent:
                    continue
                if upward and self._cut_next and b"COMMIT\0" in data:
                    self._cut_next = False
                    state["cut"] = True
                if not upward and state["cut"]:
                    self.cuts += 1
                    break
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        source.close()


async def test_a_commit_whose_answer_is_lost_is_unknown_and_may_be_tried_again(
    postgres, clock
) -> None:
    """The caller hears that the database is down, though the unit is stored; twice is once."""
    between = Cutting(f"{postgres.folder}/.s.PGSQL.5432")
    url = f"postgresql://tocsin@127.0.0.1:{between.port}/tocsin?sslmode=disable"
    store = await open_store(url, clock, time=ProcessTime(clock))
    await store._write(put_again, "before")
    between.cut_next()
    with pytest.raises(StoreDown):
        await store._write(put_again, "a")
    assert 1 == between.cuts
    assert "a" in await store._read(stored)
    assert "a" == await store._write(put_again, "a")
    await store.close()
    between.close()


async def test_a_server_that_goes_silent_is_given_up(postgres, clock, monkeypatch) -> None:
    """A line that is open and says nothing: who waits is told, and all goes on when it speaks."""
    monkeypatch.setattr(postgres_driver, "SILENT_S", 0.3)
    between = Cutting(f"{postgres.folder}/.s.PGSQL.5432")
    url = f"postgresql://tocsin@127.0.0.1:{between.port}/tocsin?sslmode=disable&connect_timeout=2"
    store = await open_store(url, clock, time=ProcessTime(clock))
    await store._write(put_again, "before")
    await store._read(stored)
    between.silent = True
    done = await asyncio.gather(
        store._write(put_again, "a"), store._read(stored), return_exceptions=True
    )
    assert [True, True] == [isinstance(one, StoreDown) for one in done]
    between.silent = False
    assert "a" == await store._write(put_again, "a")
    assert {"before", "a"} == await store._read(stored)
    await store.close()
    between.close()


async def test_a_long_statement_is_waited_for(store, monkeypatch) -> None:
    """A server that is at work is not silent."""
    monkeypatch.setattr(postgres_driver, "SILENT_S", 0.2)

    def slow(conn, _now) -> str:
        conn.execute(text("SELECT pg_sleep(1)"))
        return "done"

    assert "done" == await store._write(slow)


@pytest.mark.parametrize("letter", ["x", "é", "漢", "😀", "%E2%98%83"])
async def test_a_link_and_a_name_of_100_kb_break_no_index(world, letter) -> None:
    """What feeds write is as long as they like; indexes of PostgreSQL are not."""
    long = letter * (100_000 // len(letter.encode()))
    url = f"https://site.example/{long}"
    feed = await world.feed()
    entry = world.entry(feed, f"id {long}", url=url, title=f"A title {long}")
    for _ in range(2):
        await world.poll(entry, listed=(entry.identity,))
    article = await world.store.find_article(url)
    assert article is not None
    assert article == await world.store.find_article(url)
    await world.settle(article, "fire", keys=(canonical(url) or url, f"text:{long}"))
    known = await world.store.load_knowledge(feed.id, [entry.identity], [], [entry.title])
    assert (entry.title, {entry.title}) == (
        known.entries[entry.identity].title,
        known.titles,
    )
    assert 1 == len(await world.store.alert_lines())


async def test_text_that_no_database_holds_is_asked_for_like_any_other(store) -> None:
    """An id with NUL or half a letter in it, as a stranger may write it, is not known."""
    for strange in ("art_\0", "art_\ud800", "\0" * 1000):
        assert await store.load_page("page", strange) is None
        assert await store.load_delivery(strange) is None
        assert 0 == await store.count_death("page", strange)
