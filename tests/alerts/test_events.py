"""Who is told of events, and how severe they are."""

from pathlib import Path
from typing import get_args

import pytest

from workers.alerts import EVENTS, SinkRoute, event
from workers.model.message import EventKind

RUNNING = (Path(__file__).parents[2] / "docs" / "running.md").read_text()
SINKS = (
    SinkRoute(name="all", events=True),
    SinkRoute(name="usual", default=False, min_severity="critical"),
    SinkRoute(name="none", events=False),
    SinkRoute(name="off", enabled=False),
)


def _told(kind: EventKind, subject: str = "x", **fields: object) -> list[str]:
    return [to.sink for to in event(kind, subject, "text", SINKS, **fields).to]


def test_critical_events_go_to_every_sink_that_does_not_refuse_them() -> None:
    """Whatever else a sink wants; to one that is disabled they go once it is enabled."""
    assert ["all", "usual", "off"] == _told("disk_low")
    assert [False, False, True] == [to.held for to in event("disk_low", "x", "", SINKS).to]


def test_other_events_go_to_those_that_ask() -> None:
    """``events = true`` takes all."""
    assert ["all"] == _told("feed_moved")


@pytest.mark.parametrize("kind", ["sink_refused", "sink_disabled"])
def test_a_broken_sink_is_not_told_of_itself(kind: EventKind) -> None:
    """It is the others that can be told."""
    assert ["usual", "off"] == _told(kind, "all")
    assert ["all", "usual", "off"] == _told("disk_low", "all")


@pytest.mark.parametrize("kind", ["feed_quiet", "feed_failing"])
def test_a_heavy_feed_is_missed_at_once(kind: EventKind) -> None:
    """Weight 3 makes its silence critical; a move is never."""
    assert "high" == event(kind, "x", "", SINKS).severity
    assert "high" == event(kind, "x", "", SINKS, weight=2.9).severity
    assert "critical" == event(kind, "x", "", SINKS, weight=3.0).severity
    assert "normal" == event("feed_moved", "x", "", SINKS, weight=3.0).severity


def test_an_event_is_bounded() -> None:
    """Whatever a server says, it fits."""
    made = event("feed_gone", "s" * 9999, "t" * 99999, SINKS, topics=["topic"] * 999)
    assert (300, 2000, 100) == (len(made.subject), len(made.text), len(made.topics))


def test_every_mailbox_is_told() -> None:
    """Each recipient of a mail sink has a delivery of its own."""
    desk = SinkRoute(name="desk", recipients=("a@example.org", "b@example.org"))
    told = event("disk_low", "x", "", (desk,)).to
    assert ["a@example.org", "b@example.org"] == [to.recipient for to in told]


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_each_event_has_its_rule_and_its_row(kind: EventKind) -> None:
    """Every kind stands in the table of rules, and with its severity in docs/running.md."""
    rule = EVENTS[kind]
    told = f"{rule.severity}, {rule.heavy} at weight 3" if rule.heavy else rule.severity
    assert f"| `{kind}` | {told} | " in RUNNING
