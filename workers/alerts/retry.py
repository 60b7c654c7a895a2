"""When a failed attempt is made again, and when it is given up.

Three kinds of failure. What passes (a timeout, a 503) and what is wrong with the endpoint (a
rotated secret, a broken certificate) are tried for five days, because neither is the message's
fault. What is wrong with the message is given up soon, so that one poisoned alert does not keep a
healthy receiver busy. Whether a sink itself is given up is told by `workers.alerts.sinks`.
"""

from datetime import datetime, timedelta

from workers.errors import Permanent, Reason, Transient
from workers.model.base import Record

__all__ = ["Dead", "Retry", "Verdict", "after", "page_delay", "proves_alive"]

MINUTE = 60.0
HOUR = 60 * MINUTE
SCHEDULE_S = (
    0.0,
    5.0,
    30.0,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
)
"""Seconds since the previous attempt, the first attempt included."""
LAST_DELAY_S = 12 * HOUR
GIVE_UP_AFTER = timedelta(days=5)
JITTER = 0.2
MOST_RETRY_AFTER_S = 24 * HOUR
PAYLOAD_TRIES = 3
PAYLOAD_TIME = timedelta(minutes=10)
PAGE_SCHEDULE_S = (0.0, 30.0, 2 * MINUTE, 10 * MINUTE)
ENDPOINT_REASONS: frozenset[Reason] = frozenset(
    {"authError", "clientError", "connect", "dns", "tls", "blocked", "timeout"}
)
"""Reasons that never are the message's fault, also where a sink calls them permanent."""


class Retry(Record, frozen=True, kw_only=True):
    """Try again."""

    delay_s: float
    """Seconds from now."""


class Dead(Record, frozen=True, kw_only=True):
    """Give up: make a dead letter."""

    reason: Reason


Verdict = Retry | Dead


def after(
    failure: Transient | Permanent,
    attempts: int,
    first_at: datetime,
    now: datetime,
    jitter: float,
) -> Verdict:
    """Return what becomes of a delivery whose attempt just failed.

    Args:
        failure: What the sink said.
        attempts: Attempts made, this one included (from 1).
        first_at: When the first attempt was made.
        now: The present.
        jitter: From 0 to 1, drawn at random: moves the delay from -20 % to +20 %.

    Returns:
        `Retry` by the schedule (a Retry-After only lengthens it, to a day at most), or `Dead`.
    """
    age = now - first_at
    if age >= GIVE_UP_AFTER or (_is_message(failure) and _tried_enough(attempts, age)):
        return Dead(reason=failure.reason)
    spread = 1.0 + JITTER * (2.0 * min(max(jitter, 0.0), 1.0) - 1.0)
    # What is left of the five days bounds it: the last attempt is made at their end.
    delay = min(_scheduled(attempts) * spread, (GIVE_UP_AFTER - age).total_seconds())
    return Retry(delay_s=max(delay, _asked(failure)))


def _is_message(failure: Transient | Permanent) -> bool:
    if failure.reason == "payload":
        return True
    return (
        isinstance(failure, Permanent)
        and failure.reason != "disabled"
        and failure.reason not in ENDPOINT_REASONS
    )


def _tried_enough(attempts: int, age: timedelta) -> bool:
    return attempts >= PAYLOAD_TRIES and age >= PAYLOAD_TIME


def _scheduled(attempts: int) -> float:
    return SCHEDULE_S[attempts] if 0 <= attempts < len(SCHEDULE_S) else LAST_DELAY_S


def _asked(failure: Transient | Permanent) -> float:
    """Return the least delay that the receiver asked for, in seconds."""
    asked = failure.retry_after if isinstance(failure, Transient) else None
    return min(max(0.0, asked or 0.0), MOST_RETRY_AFTER_S)


def proves_alive(reason: Reason) -> bool:
    """Say whether a failure for this reason shows that the endpoint works (for its breaker).

    A receiver that looked at the message and refused it is there and let us in.
    """
    return reason == "payload"


def page_delay(attempts: int) -> float | None:
    """Return the seconds until a page is fetched again after ``attempts`` (from 1) failures.

    None means that the feed's own text is what there is.
    """
    return PAGE_SCHEDULE_S[attempts] if 0 <= attempts < len(PAGE_SCHEDULE_S) else None
