"""What must stay quick however much was done before."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Executable, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.event import listen

from workers.store import due, held, lists, retention, sinks
from workers.store.schema import prepare
from workers.store.sqlite_driver import SqliteDriver
from workers.store.tables import deliveries

AT = datetime(2026, 1, 1, tzinfo=UTC)
OFTEN = {
    "open pages": lists.OPEN_PAGES[0].params(now=0.0),
    "marked pages": lists.OPEN_PAGES[1].params(now=0.0),
    "old work": retention.old_work(AT),
    "first due": due.FIRST_DUE,
    "first marked": due.FIRST_MARKED,
}


HELD = {
    "open of a sink": sinks._OPEN.params(the_name="ops"),
    "held of a sink": sinks._NEWEST.where(sinks._held("ops")),
    "held for a reason": select(deliveries.c.id).where(held._held("disabled", "ops")),
}


def _plan(path: Path, statement: Executable) -> list[str]:
    compiled = statement.compile(
        dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}
    )
    sql = str(compiled).replace("?", "1")
    prepare(path, read_only=False)
    with closing(sqlite3.connect(path)) as conn:
        return [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}")]


@pytest.mark.parametrize("name", HELD)
def test_no_scan_of_what_was_sent(name: str, tmp_path: Path) -> None:
    """A sink that is disabled is looked at every two seconds, whatever it was sent before."""
    plan = _plan(tmp_path / "tocsin.db", HELD[name])
    assert any("ix_deliveries_undone (sink=?" in step for step in plan), plan


SWEEPS = {
    "texts": (retention._texts, "ix_articles_first_seen (first_seen<?)"),
    "receipts": (retention._receipts, "ix_rung_receipts (at<?)"),
}


@pytest.mark.parametrize("name", SWEEPS)
def test_what_is_old_is_sought_among_what_is_old(name: str, tmp_path: Path) -> None:
    """Each hour, in the one writer: neither what is younger is looked at, nor what has gone."""
    sweep, index = SWEEPS[name]
    prepare(tmp_path / "tocsin.db", read_only=False)
    said: list[str] = []
    driver = SqliteDriver(tmp_path / "tocsin.db", writes=True)
    conn = driver.connect()
    listen(conn, "before_cursor_execute", lambda *args: said.append(args[2]))
    driver.begin(conn)
    sweep(conn, AT)
    driver.commit(conn)
    plan = [
        row[3]
        for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {said[0]}", (1,) * said[0].count("?"))
    ]
    driver.disconnect(conn)
    assert any(index in step for step in plan), plan
    assert not any(step.startswith("SCAN ") for step in plan), plan


@pytest.mark.parametrize("name", OFTEN)
def test_no_scan_of_the_work_table(name: str, tmp_path: Path) -> None:
    """Each is answered by an index of the rows it wants, not of the millions beside them."""
    plan = _plan(tmp_path / "tocsin.db", OFTEN[name])
    steps = [step for step in plan if " work" in step]
    assert steps
    for step in steps:
        assert "ix_work_" in step or "(kind=? AND id=?)" in step, plan
