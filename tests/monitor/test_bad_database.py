"""A database that is locked, read-only, damaged or gone: said once, nothing lost, mended alone."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from monitor.daemon.disk import Disk
from monitor.settings import load
from workers.errors import StoreDown, TocsinError
from workers.steps.events import Events
from workers.store import store as stores

RSS = """<rss version="2.0"><channel><title>W</title><link>http://w.example/</link>
<item><guid>{0}</guid><title>{0}</title><link>http://w.example/{0}</link></item></channel></rss>"""


@pytest.fixture
def impatient(monkeypatch) -> None:
    """Nobody waits long for a lock."""
    usual = stores.open_store.__kwdefaults__
    monkeypatch.setattr(stores.open_store, "__kwdefaults__", {**usual, "busy_s": 0.1})


def _changes(logs) -> list[str]:
    return [line["event"] for line in logs if line["event"].startswith("database_")]


def _remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)  # noqa: S603, S607 - our own words


async def _entries(store) -> int:
    return await store._read(
        lambda conn, _now: conn.exec_driver_sql("SELECT count(*) FROM entries").scalar_one()
    )


@pytest.mark.usefixtures("impatient")
async def test_a_database_locked_for_long(installation, site, eventually):
    """Not ready while it lasts; two lines in the log; then what the feed shows is stored."""
    site.put("/feed", RSS.format("one"))
    more = '[polling]\ninterval = "1s"\n[queue]\nlease = "1s"'
    installation.write((site.url + "/feed",), more=more)
    daemon = await installation.start()
    store = daemon.state.parts.store
    await eventually(lambda: _entries(store))
    structlog.reset_defaults()
    with capture_logs() as logs:
        with closing(sqlite3.connect(store.address, isolation_level=None)) as raw:
            raw.execute("BEGIN IMMEDIATE")
            site.put("/feed", RSS.format("two"))
            await eventually(lambda: _unready(installation))
            await eventually(lambda: "poll_not_stored" in [line["event"] for line in logs])
            assert 1 == await _entries(store)
            raw.execute("ROLLBACK")
        await eventually(lambda: _ready(installation))
        await eventually(lambda: _has(store, 2))
    assert ["database_down", "database_back"] == _changes(logs)
    assert 1 == [line["event"] for line in logs].count("poll_not_stored")


async def _has(store, entries: int) -> bool:
    return entries == await _entries(store)


async def _unready(installation) -> bool:
    told = await installation.ask("GET", "/readyz")
    return told["checks"]["database"]["status"] == "failing"


async def _ready(installation) -> bool:
    return (await installation.ask("GET", "/readyz"))["status"] == "ok"


async def test_a_file_that_turns_read_only(installation):
    """What could not be stored is told, once, and the next write tries another connection."""
    daemon = await installation.start(("web",))
    store = daemon.state.parts.store
    number = await store.accept('{"of": "before"}')
    structlog.reset_defaults()
    with capture_logs() as logs:
        for _ in range(2):
            await store._write(
                lambda conn, _now: conn.exec_driver_sql("PRAGMA query_only = ON").close()
            )
            with pytest.raises(StoreDown, match=str(store.address)):
                await store.accept('{"of": "meanwhile"}')
        assert (number, '{"of": "before"}') == await store.accepted()
        assert number + 1 == await store.accept('{"of": "after"}')
    assert ["database_down", "database_back"] * 2 == _changes(logs)


async def test_commands_on_a_read_only_disk(installation, small):
    """What asks says why it cannot, or answers; what writes exits 1; nobody sees a traceback."""
    await installation.stop(await installation.start(("web",)))
    _remount(small, "ro")
    try:
        for words in (
            ("dead", "list"),
            ("alerts", "list"),
            ("db", "check"),
            ("db", "backup"),
            ("db", "vacuum"),
            ("db", "migrate"),
            ("dead", "replay", "--all"),
        ):
            result = await installation.call(*words)
            assert result.exit_code in {0, 1}
            assert result.exception is None or isinstance(result.exception, SystemExit)
            if result.exit_code:
                assert str(installation.data) in result.stderr
        saved = await installation.call("db", "backup", str(installation.folder / "saved.db"))
        assert 0 == saved.exit_code, saved.stderr
        with pytest.raises(TocsinError, match=str(small)):
            await installation.start(("web",))
    finally:
        _remount(small, "rw")


async def test_a_database_that_is_removed_while_it_is_open(installation, eventually):
    """Its writes would be lost: no work begins until it is put back."""
    daemon = await installation.start(("poll", "web"))
    state = daemon.state
    store, path = state.parts.store, state.parts.store.address
    watch = Disk(state, Events(state.parts.edges, lambda: state.rules.sinks))
    watch.judge()
    away = path.with_name("away.db")
    path.rename(away)
    structlog.reset_defaults()
    with capture_logs() as logs:
        watch.judge()
        watch.judge()
    assert ["work_stopped"] == [line["event"] for line in logs]
    with pytest.raises(StoreDown, match="was removed"):
        await store.due({"ring": 1}, 9.0, 9)
    await eventually(lambda: _unready(installation))
    shutil.copy(away, path)
    watch.judge()
    with pytest.raises(StoreDown, match="another file"):
        await store.due({"ring": 1}, 9.0, 9)
    away.replace(path)
    watch.judge()
    assert [] == await store.due({"ring": 1}, 9.0, 9)
    await eventually(lambda: _ready(installation))


async def test_a_damaged_database(installation, lines):
    """A start and each command name the file; `db check` finds it, and a restore mends it."""
    daemon = await installation.start(("web",))
    store = daemon.state.parts.store
    for number in range(30):
        await store.accept(f'{{"number": {number}, "{"x" * 9000}": 1}}')
    (made,) = lines(await installation.call("db", "backup", "--json"))
    await installation.stop(daemon)
    path = installation.data / "tocsin.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xa5" * (size - 4096 * 2))
    with pytest.raises(TocsinError, match=str(path)):
        await installation.start(("web",))
    check = await installation.call("db", "check")
    assert 1 == check.exit_code
    assert str(path) in check.output
    for words in (("dead", "list"), ("alerts", "list"), ("feeds", "list")):
        result = await installation.call(*words)
        assert 1 == result.exit_code
        assert str(path) in result.stderr
    assert 0 == (await installation.call("db", "restore", made["path"])).exit_code
    assert 0 == (await installation.call("db", "check")).exit_code
    assert () == load(installation.config, {}).fatal
    await installation.start(("web",))
