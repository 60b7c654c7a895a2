"""When a sink counts as refusing everything, and when it is given up."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.alerts import sinks
from workers.errors import Permanent, Reason, Transient
from workers.model.sink import SinkHealth, SinkOutcome

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def health(**fields: object) -> SinkHealth:
    """Return a sink that has failed since it began, in the given ways."""
    made = {"name": "ops", "state": "enabled", "since": BEGAN, **fields}
    return SinkHealth(**made)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("timeout", "failing"),
        ("serverError", "failing"),
        ("rateLimited", "failing"),
        ("authError", "refused"),
        ("clientError", "refused"),
        ("connect", "refused"),
        ("dns", "refused"),
        ("tls", "refused"),
        ("blocked", "refused"),
        ("disabled", "gone"),
        ("payload", "alive"),
    ],
)
def test_each_failure_says_something_of_the_endpoint(reason: Reason, outcome: SinkOutcome) -> None:
    """Whether it passes, is the endpoint's own fault, or proves that the endpoint works."""
    assert outcome == sinks.outcome_of(Transient(reason))
    assert outcome == sinks.outcome_of(Permanent(reason))


def test_a_wrong_endpoint_is_told_of_after_ten_minutes() -> None:
    """Not sooner, not for failures that pass, and not of a sink that is disabled."""
    wrong = health(failing_since=BEGAN, refused_since=BEGAN)
    assert not sinks.refused(wrong, BEGAN + 10 * MINUTE - timedelta(seconds=1))
    assert sinks.refused(wrong, BEGAN + 10 * MINUTE)
    assert not sinks.refused(health(failing_since=BEGAN), BEGAN + DAY)
    off = health(state="disabled", failing_since=BEGAN, refused_since=BEGAN)
    assert not sinks.refused(off, BEGAN + DAY)


def test_gone_is_believed_after_an_hour() -> None:
    """From the first time that the endpoint said so; another answer now is no reason."""
    gone = health(failing_since=BEGAN - HOUR, refused_since=BEGAN, gone_since=BEGAN)
    assert sinks.disabled(gone, "gone", BEGAN + HOUR) is None
    said = sinks.disabled(gone, "gone", BEGAN + HOUR + MINUTE)
    assert "it has said since 2026-11-23 12:00 UTC that it is gone (410)" == said
    assert sinks.disabled(gone, "refused", BEGAN + 2 * HOUR) is None


def test_five_days_of_failure_are_enough() -> None:
    """Of whatever kind."""
    failing = health(failing_since=BEGAN)
    assert sinks.disabled(failing, "failing", BEGAN + 5 * DAY - MINUTE) is None
    said = sinks.disabled(failing, "failing", BEGAN + 5 * DAY)
    assert "nothing but failures since 2026-11-23 12:00 UTC" == said
    assert sinks.disabled(failing, "alive", BEGAN + 6 * DAY) is None


def test_the_events_say_what_to_do() -> None:
    """Since when, what was answered, and the command that brings a sink back."""
    wrong = health(failing_since=BEGAN, refused_since=BEGAN, reason="authError: 401")
    refused = sinks.sink_refused(wrong, ())
    assert ("sink_refused", "ops", "critical", BEGAN) == (
        refused.kind,
        refused.subject,
        refused.severity,
        refused.since,
    )
    assert "since 2026-11-23 12:00 UTC: authError: 401." in refused.text
    assert "`tocsin sinks enable ops`" in sinks.sink_disabled(wrong, "gone", ()).text
