"""The commands that look after the database: what they print, refuse and leave behind."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from workers.clock import SystemClock
from workers.store import open_store
from workers.store.versions import SCHEMA

COMMANDS = [
    ("migrate",),
    ("check",),
    ("backup",),
    ("vacuum",),
    ("restore", "nothing.db"),
    ("copy", "--to", "sqlite:///other.db"),
]


@pytest.fixture
async def kept(installation):
    """An installation whose daemon has run and stopped."""
    await installation.stop(await installation.start())
    return installation


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
async def test_without_a_config(installation, words):
    """Without a config these exit 78."""
    installation.config.unlink()
    assert 78 == (await installation.call("db", *words)).exit_code


@pytest.mark.parametrize("words", COMMANDS[1:], ids=" ".join)
async def test_without_a_database(installation, words):
    """Before the first start these exit 1 with a sentence, and make no database."""
    result = await installation.call("db", *words)
    assert (1, "") == (result.exit_code, result.stdout)
    assert "there is no" in result.stderr
    assert not (installation.data / "tocsin.db").exists()


async def test_check(kept, lines):
    """Whole is 0, beside a running daemon too; anything else is 1."""
    await kept.start()
    (told,) = lines(await kept.call("db", "check", "--json"))
    assert (True, SCHEMA) == (told["ok"], told["schema"])
    assert {"check", "found", "means", "examples"} == set(told["checks"][0])
    plain = await kept.call("db", "check")
    assert (0, "whole") == (plain.exit_code, plain.stdout.splitlines()[-1])
    with closing(sqlite3.connect(kept.data / "tocsin.db")) as raw:
        raw.execute(
            "INSERT INTO work (kind, id, stream, next_at, turn, attempts, deaths, asked_at)"
            " VALUES ('page', 'art_x', 'ring', 9e9, 9e9, 1, 0, 0)"
        )
        raw.commit()
    wrong = await kept.call("db", "check")
    assert (1, "not whole") == (wrong.exit_code, wrong.stdout.splitlines()[-1])
    assert "work without its article: 1" in wrong.stdout
    assert "art_x" in wrong.stdout


async def test_migrate(kept, lines):
    """It says from where to where, and that there is nothing to do."""
    assert [{"from": SCHEMA, "to": SCHEMA}] == lines(await kept.call("db", "migrate", "--json"))
    (kept.data / "tocsin.db").unlink()
    plain = await kept.call("db", "migrate")
    assert f"schema 0000 \N{RIGHTWARDS ARROW} {SCHEMA}\n" == plain.stdout
    assert f"schema {SCHEMA}: nothing to do\n" == (await kept.call("db", "migrate")).stdout


async def test_backup_and_restore(kept, lines):
    """A backup beside the daemon, a restore when it has stopped, and what is held is told."""
    daemon = await kept.start()
    (made,) = lines(await kept.call("db", "backup", "--json"))
    assert kept.data / "backups" == Path(made["path"]).parent
    named = await kept.call("db", "backup", str(kept.folder / "mine.db"))
    assert named.stdout.startswith(f"{kept.folder / 'mine.db'}: ")
    again = await kept.call("db", "backup", str(kept.folder / "mine.db"))
    assert (1, "") == (again.exit_code, again.stdout)
    assert "name another" in again.stderr
    running = await kept.call("db", "restore", made["path"])
    assert 1 == running.exit_code
    assert "in use" in running.stderr
    assert "in use" in (await kept.call("db", "vacuum")).stderr
    await kept.stop(daemon)
    (done,) = lines(await kept.call("db", "restore", made["path"], "--json"))
    assert (0, made["path"]) == (done["held"], done["path"])
    assert "tocsin held release --reason restore" == done["release"]
    assert "tocsin held drop --reason restore" == done["drop"]
    assert done["replaced"].startswith(str(kept.data / "tocsin.db.replaced-"))
    plain = await kept.call("db", "restore", str(kept.folder / "mine.db"))
    assert plain.stdout.startswith("restored: ")
    assert 0 == (await kept.call("db", "vacuum")).exit_code
    assert 0 == (await kept.call("db", "check")).exit_code
    await kept.start()


async def test_what_is_held_is_listed_released_and_dropped(kept, lines):
    """By the commands that a restore prints; each needs a reason."""
    assert [] == lines(await kept.call("held", "list", "--json"))
    assert 2 == (await kept.call("held", "release")).exit_code
    assert [{"released": 0}] == lines(
        await kept.call("held", "release", "--reason", "restore", "--json")
    )
    dropped = await kept.call("held", "drop", "--reason", "restore", "--sink", "ops")
    assert (0, "0 dropped\n") == (dropped.exit_code, dropped.stdout)


async def test_a_newer_database_is_refused_in_a_sentence(kept):
    """With both versions and what to do, by every command."""
    with closing(sqlite3.connect(kept.data / "tocsin.db")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0099'")
        raw.commit()
    for words in (("db", "check"), ("db", "migrate"), ("dead", "list"), ("alerts", "list")):
        result = await kept.call(*words)
        assert (1, "") == (result.exit_code, result.stdout)
        assert "0099" in result.stderr
        assert SCHEMA in result.stderr
        assert "newer" in result.stderr


async def test_redis_that_ran_on_is_void_after_a_restore(kept, lines, eventually):
    """What Redis holds is of the database that was replaced: the daemon fills it anew."""
    daemon = await kept.start()
    broker = daemon.state.parts.broker
    before = await daemon.state.parts.store.incarnation()
    await eventually(lambda: broker.epoch(before))
    (made,) = lines(await kept.call("db", "backup", "--json"))
    await kept.stop(daemon)
    assert 0 == (await kept.call("db", "restore", made["path"])).exit_code
    daemon = await kept.start()
    after = await daemon.state.parts.store.incarnation()
    assert before != after
    await eventually(lambda: daemon.state.parts.broker.epoch(after))
    store = await open_store(kept.data / "tocsin.db", SystemClock(), read_only=True)
    assert 1 == len(await store.feed_rows())
    await store.close()


async def test_copy_to_postgresql_and_run_on_it(kept, postgres, lines):
    """History moves with the command, counted; the daemon then runs on the copy."""
    daemon = await kept.start()
    running = await kept.call("db", "copy", "--to", postgres.url())
    assert (1, "") == (running.exit_code, running.stdout)
    assert "in use" in running.stderr
    await kept.stop(daemon)
    result = await kept.call("db", "copy", "--to", postgres.url(), "--json")
    (told,) = lines(result)
    assert (1, told["rows"]) == (told["tables"]["feeds"], sum(told["tables"].values()))
    assert "feeds: 1 of 1" in result.stderr
    again = await kept.call("db", "copy", "--to", postgres.url())
    assert (1, "") == (again.exit_code, again.stdout)
    assert "not empty" in again.stderr
    bad = await kept.call("db", "copy", "--to", "mysql://root:hush@x/y")
    assert (1, "") == (bad.exit_code, bad.stdout)
    assert "sqlite:///path" in bad.stderr
    assert "hush" not in bad.stderr
    kept.write(more=f'[database]\nurl = "{postgres.url()}"')
    daemon = await kept.start()
    assert 0 == (await kept.call("db", "check")).exit_code
    assert 0 == (await kept.call("db", "vacuum")).exit_code
    (made,) = lines(await kept.call("db", "backup", "--json"))
    assert made["path"].startswith(str(kept.data / "backups"))
    used = await kept.call("db", "restore", made["path"])
    assert "in use" in used.stderr
    await kept.stop(daemon)
    assert 2 == (await kept.call("db", "restore")).exit_code
    (marked,) = lines(await kept.call("db", "restore", "--in-place", "--json"))
    assert (0, None) == (marked["held"], marked["replaced"])
    full = await kept.call("db", "restore", made["path"])
    assert (1, "") == (full.exit_code, full.stdout)
    assert "not empty" in full.stderr
    back = await kept.call("db", "copy", "--to", "sqlite:///back.db")
    assert back.stdout.startswith("copied ")
    assert (kept.data / "back.db").is_file()
