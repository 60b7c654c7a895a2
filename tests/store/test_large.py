"""What must stay quick however much was done before."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from workers.store import lists, retention, work
from workers.store.schema import prepare

AT = datetime(2026, 1, 1, tzinfo=UTC)
OFTEN = {
    "open pages": lists.OPEN_PAGES[0],
    "marked pages": lists.OPEN_PAGES[1],
    "old work": retention.old_work(AT),
    "first due": work.FIRST_DUE,
    "first marked": work.FIRST_MARKED,
}


@pytest.mark.parametrize("name", OFTEN)
def test_no_scan_of_the_work_table(name: str, tmp_path: Path) -> None:
    """Each is answered by an index of the rows it wants, not of the millions beside them."""
    compiled = OFTEN[name].compile(
        dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}
    )
    sql = str(compiled).replace("?", "1")
    prepare(tmp_path / "tocsin.db", read_only=False)
    with closing(sqlite3.connect(tmp_path / "tocsin.db")) as conn:
        plan = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}")]
    steps = [step for step in plan if " work" in step]
    assert steps
    for step in steps:
        assert "ix_work_" in step or "(kind=? AND id=?)" in step, plan
