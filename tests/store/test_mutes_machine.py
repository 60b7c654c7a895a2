"""A topic that is muted, unmuted, gone and back while it rings: each hit is told, and once.

The rows are real; time passes only by a rule. Whatever comes in which order, a hit either was sent
by itself or stands on the list of one mute, and never both.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, create_engine, select

from workers.model.alert import ArticleFacts, Recipient, RingUnit, RungTopic
from workers.model.mute import MuteEnd
from workers.store import lists, mutes, retention, rings
from workers.store.tables import deliveries, messages, metadata, muted, rung
from workers.store.tables import mutes as table

if TYPE_CHECKING:
    from workers.model.message import SummaryFacts

TOPICS = ("fire", "flood")
OPS = Recipient(sink="ops")
TOPIC = st.sampled_from(TOPICS)


class MuteMachine(RuleBasedStateMachine):
    """Two topics, a few articles, one sink."""

    conn: Connection
    """Of the kind of database that is tried; its tables are emptied each time."""

    def __init__(self) -> None:
        super().__init__()
        for one in reversed(metadata.sorted_tables):
            self.conn.execute(one.delete())
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.version = 0
        self.known = set(TOPICS)
        self.until: dict[str, datetime] = {}
        """When each topic that is muted will ring again."""
        self.events = 0
        self.sent: set[tuple[str, str]] = set()
        self.silent: set[tuple[str, str]] = set()
        """What rang, as event and topic."""
        self.accept()

    def accept(self) -> None:
        """Other topics are accepted."""
        self.version += 1
        lists.accept(self.conn, self.now, f"{self.version}", None)

    @rule(topic=TOPIC, seconds=st.sampled_from([10, 60]))
    def mute(self, topic: str, seconds: int) -> None:
        """The operator mutes a topic, or moves the end of its mute."""
        mutes.mute(self.conn, self.now, topic, seconds, "")
        self.until[topic] = self.now + timedelta(seconds=seconds)

    @rule(topic=TOPIC)
    def unmute(self, topic: str) -> None:
        """The operator ends a mute."""
        done = mutes.unmute(self.conn, self.now, topic)
        assert (done is not None) == self.is_muted(topic)
        self.until.pop(topic, None)

    def is_muted(self, topic: str) -> bool:
        """Say whether a topic is muted now."""
        return topic in self.until and self.until[topic] > self.now

    @rule(topics=st.sets(TOPIC, min_size=1), again=st.booleans())
    def ring(self, topics: set[str], *, again: bool) -> None:
        """An article matches, perhaps one that was read before."""
        self.events += not (again and self.events)
        event = f"art_{self.events}"
        article = ArticleFacts(
            id=event, url=None, title="T", published=None, published_from=None, language=None,
            author=None, verdict=None, text_from="page", summary="",
        )  # fmt: skip
        unit = RingUnit(
            event=event,
            at=self.now,
            evidence="page",
            topics=tuple(
                RungTopic(name=name, query="q", severity="high", clauses=())
                for name in sorted(topics)
            ),
            article=article,
            entries=(),
            routes=dict.fromkeys(topics, (OPS,)),
        )
        rings.ring(self.conn, self.now, unit)
        for topic in topics:
            if (event, topic) not in self.sent | self.silent:
                (self.silent if self.is_muted(topic) else self.sent).add((event, topic))

    @rule(topic=TOPIC)
    def switch(self, topic: str) -> None:
        """A topic is taken out of the files, or put back."""
        self.known ^= {topic}
        self.accept()

    @rule(seconds=st.sampled_from([1, 10, 60]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now += timedelta(seconds=seconds)

    @rule(stale=st.booleans())
    def look(self, *, stale: bool) -> None:
        """A process tells of what is over, perhaps one that does not know the newest topics."""
        for line in mutes.lines(self.conn, self.now):
            known = line.topic in self.known and not stale
            to = MuteEnd(
                version=self.version - stale,
                known=known,
                severity="low",
                to=(OPS,) if known else (),
            )
            done = mutes.end(self.conn, self.now, line.id, to)
            over = not self.is_muted(line.topic)
            assert (done is not None) == (not stale and (over or line.topic not in self.known))
            if done is not None:
                self.until.pop(line.topic, None)

    @rule()
    def prune(self) -> None:
        """What is long over may be forgotten; what is not told yet may not."""
        before = self.now - timedelta(seconds=60)
        retention._mutes(self.conn, before)

    def kept_back(self) -> dict[str, str]:
        """Return the mute of each hit that was kept back, by its event and topic."""
        rows = self.conn.execute(
            select(rung.c.event, muted.c.topic, muted.c.mute).join(
                muted, (muted.c.alert_id == rung.c.alert_id) & (muted.c.topic == rung.c.topic)
            )
        )
        return {(row.event, row.topic): row.mute for row in rows}

    @invariant()
    def each_hit_went_one_way(self) -> None:
        """Sent by itself or kept back, as the mute in force said; all of it rang."""
        assert self.silent == set(self.kept_back())
        rang = {tuple(row) for row in self.conn.execute(select(rung.c.event, rung.c.topic))}
        assert rang == self.sent | self.silent
        told = {
            (event, name)
            for event, names in self.conn.execute(
                select(rung.c.event, deliveries.c.topics)
                .join(deliveries, deliveries.c.alert_id == rung.c.alert_id)
                .distinct()
            )
            for name in names
        }
        assert told == self.sent

    @invariant()
    def what_was_kept_back_is_told_once(self) -> None:
        """On the list of its mute, whose sum is right; or its mute is not told of yet."""
        bodies: list[SummaryFacts] = list(self.conn.execute(select(messages.c.body)).scalars())
        sums = {body.muted.id: body.count for body in bodies if body.muted is not None}
        assert len(sums) == len(bodies)
        by_mute: dict[str, int] = {}
        for mute in self.kept_back().values():
            by_mute[mute] = by_mute.get(mute, 0) + 1
        waits = set(
            self.conn.execute(select(table.c.id).where(table.c.told_at.is_(None))).scalars()
        )
        assert by_mute.keys() <= sums.keys() | waits
        assert not sums.keys() & waits
        assert {mute: number for mute, number in sums.items() if number} == {
            mute: number for mute, number in by_mute.items() if mute in sums
        }

    def teardown(self) -> None:
        """When all is over, all is told."""
        self.now += timedelta(seconds=3600)
        self.look(stale=False)
        assert [] == mutes.lines(self.conn, self.now)
        self.what_was_kept_back_is_told_once()
        lists_of = select(deliveries.c.message_id).where(deliveries.c.message_id.is_not(None))
        sent = list(self.conn.execute(lists_of).scalars())
        assert len(sent) == len(set(sent))


@pytest.mark.parametrize(
    ("kind", "examples"),
    [
        ("sqlite", 25),
        ("postgres", 8),
        pytest.param("sqlite", 300, marks=[pytest.mark.thorough, pytest.mark.timeout(600)]),
        pytest.param("postgres", 50, marks=[pytest.mark.thorough, pytest.mark.timeout(600)]),
    ],
)
def test_each_hit_is_told_one_way_whatever_comes_when(request, kind, examples) -> None:
    """In every order of ringing, muting, ending, reloading and forgetting that was tried."""
    url = "sqlite://"
    if kind == "postgres":
        served = request.getfixturevalue("postgres").url()
        url = served.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        metadata.create_all(conn)
        machine = type("Machine", (MuteMachine,), {"conn": conn})
        run_state_machine_as_test(
            machine,
            settings=settings(max_examples=examples, stateful_step_count=30, deadline=None),
        )
    engine.dispose()
