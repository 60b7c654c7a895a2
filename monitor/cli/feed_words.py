"""How a feed is doing, in words: what the commands about feeds have in common."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from workers.feeds.interval import span
from workers.text.failures import failure_words
from workers.text.urls import without_user

if TYPE_CHECKING:
    from workers.model.feed import FeedHints, FeedRow

__all__ = ["ahead", "clock", "counted", "doing", "in_words", "line_of", "state_of", "told_hints"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

WAITS = timedelta(minutes=1)
"""What has been due for longer waits for something: its host, or a daemon."""


def counted(number: int, word: str = "feed") -> str:
    """Return a number of things, such as ``1 feed`` or ``2 feeds``."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def clock(moment: datetime | None, now: datetime) -> str:
    """Return a time in UTC: the hour alone if it is of today."""
    if moment is None:
        return "-"
    moment = moment.astimezone(UTC)
    same = moment.date() == now.astimezone(UTC).date()
    return f"{moment:%H:%M} UTC" if same else f"{moment:%Y-%m-%d %H:%M} UTC"


def ahead(moment: datetime | None, now: datetime) -> str:
    """Return a time to come; what is past is due, and waits for its host if for long."""
    if moment is None or moment <= now:
        waits = moment is not None and now - moment > WAITS
        return f"due since {clock(moment, now)}" if waits else "now"
    return clock(moment, now)


def state_of(row: "FeedRow") -> str:
    """Return ok, failing, quiet, parked or new."""
    if row.parked or row.gone_at is not None:
        return "parked"
    if row.errors:
        return "failing"
    if row.last_good_at is None:
        return "new"
    return "quiet" if row.quiet else "ok"


def in_words(row: "FeedRow", now: datetime) -> str | None:
    """Return what is wrong with a feed in a sentence, None if nothing is."""
    if row.disabled_at is not None:
        return (
            f"disabled by hand at {clock(row.disabled_at, now)}: it is not polled until "
            "`tocsin feeds enable`"
        )
    if row.parked:
        return "no file lists it any more, or it is disabled: it is not polled"
    if row.gone_at is not None:
        at = ahead(row.next_poll_at, now)
        return (
            f"it said over a day that it is gone (HTTP 410), the last time at "
            f"{clock(row.last_poll_at, now)}; it is asked once a week, next {at}"
        )
    if row.errors:
        what = failure_words(row.last_error or "unknown")
        times = "once" if row.errors == 1 else f"{row.errors} times"
        at = "at" if row.errors == 1 else "since"
        return (
            f"{what}, {times} {at} {clock(row.failing_since, now)}; "
            f"next try {ahead(row.next_poll_at, now)}"
        )
    if row.stand_in is not None and row.stand_in.read:
        return f"its address is no feed now; {row.stand_in.url}, which it names, is read instead"
    return row.quiet


def doing(row: "FeedRow", now: datetime) -> list[str]:
    """Return how a feed is doing, in lines for people."""
    state, wrong = state_of(row), in_words(row, now)
    lines = [f"{state:8} {row.name}  {without_user(row.url)}"]
    if wrong is not None:
        lines.append(f"         {wrong}")
    every = f"every {span(round(row.interval_s))}" if row.interval_s else "not polled yet"
    parts = [every + (f" ({'; '.join(row.why)})" if row.why else "")]
    if state not in {"failing", "parked"}:
        parts.append(f"next poll {ahead(row.next_poll_at, now)}")
    if row.last_new_at is not None:
        parts.append(f"last new entry {clock(row.last_new_at, now)}")
    if state != "parked":
        lines.append(f"         {'; '.join(parts)}")
    return lines


def line_of(row: "FeedRow", now: datetime) -> dict[str, Any]:
    """Return how a feed is doing, as ``--json`` prints it."""
    return {
        "feed": row.id,
        "name": row.name,
        "url": without_user(row.url),
        "state": state_of(row),
        "interval_s": row.interval_s,
        "next_poll": None if row.parked else row.next_poll_at,
        "last_poll": row.last_poll_at,
        "last_new": row.last_new_at,
        "errors": row.errors,
        "last_error": row.last_error if row.errors else None,
        "full_text": list(row.full_text),
        "why": list(row.why),
        "last_good": row.last_good_at,
        "failing_since": row.failing_since,
        "words": in_words(row, now),
        "disabled_at": row.disabled_at,
        "stand_in": row.stand_in.url if row.stand_in and not row.stand_in.refused else None,
    }


def told_hints(hints: "FeedHints") -> dict[str, Any]:
    """Return the publisher's word as ``--json`` prints it, ``ttl`` in minutes, as feeds do."""
    return {
        "ttl": _minutes(hints.ttl),
        "update_period_s": hints.update_period_s,
        "max_age_s": hints.max_age_s,
        "expires": hints.expires,
        "hub": hints.hub,
        "self": hints.self,
        "skip_hours": list(hints.skip_hours),
        "skip_days": [WEEKDAYS[day] for day in hints.skip_days],
    }


def _minutes(seconds: float | None) -> float | None:
    if seconds is None:
        return None
    minutes = seconds / 60
    return int(minutes) if minutes.is_integer() else minutes
