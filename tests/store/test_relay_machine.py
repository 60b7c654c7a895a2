"""One id between an asker, a relay and workers that overlap: whatever overtakes what, it is done.

The steps of each are apart, as in life: the relay reads, pushes and marks; a worker takes, loads,
commits and acknowledges; either may stop in between. Redis is a model: one entry an id.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, create_engine

from workers.model.article import Work
from workers.store import due, work
from workers.store.tables import metadata
from workers.store.tables import work as table

LIMITS = {"pages:warm": 10}
NEVER_S = 1e9


@dataclass
class Worker:
    """A worker with the entry it has taken, and what it knows."""

    entry: int
    loaded: Work
    saw: int
    """Requests made before it loaded."""


class RelayMachine(RuleBasedStateMachine):
    """The rows are real, the stream is a model, and time passes only by a rule."""

    conn: Connection
    """Of the kind of database that is tried; its table is emptied each time."""

    def __init__(self) -> None:
        super().__init__()
        self.conn.execute(table.delete())
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.requests = self.done = self.turn = 0
        self.entry: int | None = None
        self.entries = 0
        self.read: Work | None = None
        self.pushed: Work | None = None
        self.workers: list[Worker] = []
        self.finished: list[int] = []

    def idle(self) -> bool:
        """Say whether nothing waits for its time."""
        row = self.row()
        return row is None or row.next_at is None or row.next_at <= self.now.timestamp()

    def row(self):
        """Return the row as it lies there."""
        return self.conn.execute(table.select()).one_or_none()

    @precondition(lambda self: self.requests < 6)
    @rule()
    def ask(self) -> None:
        """Somebody asks for work."""
        self.requests += 1
        want = work.Ask(kind="page", id="a", stream="pages:warm", at=self.now)
        work.ask(self.conn, self.now, want)

    @precondition(lambda self: not self.idle())
    @rule(seconds=st.sampled_from([1, 5, 30]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.read is None and self.pushed is None)
    @rule()
    def relay_reads(self) -> None:
        """The relay looks what is due; marks never run out here, so none may be wrong."""
        found = due.due(self.conn, self.now, LIMITS, NEVER_S, 10)
        self.read = found[0] if found else None

    @precondition(lambda self: self.read is not None)
    @rule()
    def relay_pushes(self) -> None:
        """The relay pushes; only what was not there yet is marked afterwards."""
        self.pushed = None
        if self.entry is None:
            self.entries += 1
            self.entry, self.pushed = self.entries, self.read
        self.read = None

    @precondition(lambda self: self.pushed is not None)
    @rule()
    def relay_marks(self) -> None:
        """The relay marks, however late."""
        work.mark(self.conn, self.now, [self.pushed])
        self.pushed = None

    @precondition(lambda self: self.entry is not None and len(self.workers) < 3)
    @rule()
    def worker_takes(self) -> None:
        """A worker takes the id, perhaps from one that still believes it has it."""
        loaded = work.load(self.conn, self.now, "page", "a")
        self.workers.append(Worker(self.entry, loaded, self.requests))

    @precondition(lambda self: self.workers)
    @rule(which=st.integers(0, 2), how=st.sampled_from(["retry", "close", "postpone", "die"]))
    def worker_ends(self, which: int, how: str) -> None:
        """A worker commits, or dies."""
        worker = self.workers.pop(which % len(self.workers))
        if how == "die":
            return
        if not worker.loaded.due:
            work.skip(self.conn, self.now, worker.loaded)
        elif how == "postpone":
            work.postpone(self.conn, self.now, worker.loaded, 5.0)
        else:
            again_s = 5.0 if how == "retry" else None
            work.conclude(self.conn, self.now, worker.loaded, attempts=1, again_s=again_s)
            if how == "close":
                self.done = max(self.done, worker.saw)
        self.finished.append(worker.entry)

    @precondition(lambda self: self.finished)
    @rule()
    def worker_acknowledges(self) -> None:
        """The oldest commit is acknowledged; only an entry that still exists goes."""
        if self.finished.pop(0) == self.entry:
            self.entry = None

    @precondition(lambda self: self.turn % 5 == 4)
    @rule()
    def redis_is_lost(self) -> None:
        """Everything in Redis is gone; the relay, which is one, begins by voiding the marks."""
        self.entry = self.read = self.pushed = None
        work.void_marks(self.conn, self.now, 30.0)

    @invariant()
    def turns_only_grow(self) -> None:
        """A turn never comes again."""
        row = self.row()
        assert row is None or row.turn >= self.turn
        self.turn = 0 if row is None else row.turn

    @invariant()
    def what_is_marked_is_in_the_stream(self) -> None:
        """A row that is open and due is either unmarked or has an entry: never stuck."""
        row = self.row()
        if row is not None and row.next_at is not None and row.relayed_at is not None:
            assert self.entry is not None

    def teardown(self) -> None:
        """When nothing overlaps any more, every request gets done."""
        self.workers.clear()
        while self.finished:
            self.worker_acknowledges()
        for _ in range(4):
            self.now += timedelta(seconds=30)
            self.relay_reads()
            if self.read is not None:
                self.relay_pushes()
            if self.pushed is not None:
                self.relay_marks()
            if self.entry is not None:
                self.worker_takes()
                self.worker_ends(0, "close")
                self.worker_acknowledges()
        row = self.row()
        assert self.requests == self.done
        assert row is None or row.next_at is None


@pytest.mark.parametrize(
    ("kind", "examples"),
    [
        ("sqlite", 40),
        ("postgres", 10),
        pytest.param("sqlite", 300, marks=[pytest.mark.thorough, pytest.mark.timeout(600)]),
        pytest.param("postgres", 50, marks=[pytest.mark.thorough, pytest.mark.timeout(600)]),
    ],
)
def test_no_request_is_lost_or_stuck_whatever_overtakes_what(request, kind, examples) -> None:
    """Each request is worked on after it was made, in every interleaving that was tried."""
    url = "sqlite://"
    if kind == "postgres":
        served = request.getfixturevalue("postgres").url()
        url = served.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        metadata.create_all(conn)
        machine = type("Machine", (RelayMachine,), {"conn": conn})
        run_state_machine_as_test(
            machine,
            settings=settings(max_examples=examples, stateful_step_count=40, deadline=None),
        )
    engine.dispose()
