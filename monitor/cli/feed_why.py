"""``tocsin feeds why``: the whole reasoning of a feed's next poll."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import config_option, json_option, load_settings, print_json, print_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.daemon.build import SqlStore
    from monitor.settings import Settings
    from workers.feeds.reasoning import Reasoning
    from workers.model.feed import FeedRow
    from workers.model.websub import Subscription
    from workers.options import PollOptions

__all__ = ["why"]

BUSY = 1.5
"""An hour so many times as busy as the mean is named."""


@click.command()
@config_option
@json_option
@click.argument("feed", metavar="NAME|URL")
def why(config: str | None, feed: str, *, as_json: bool) -> None:
    """Explain when a feed is polled next: its habit, the budget, the publisher's word, errors.

    Exit 1 if there is no such feed.
    """
    from workers.clock import SystemClock

    settings = load_settings(config).settings
    now = SystemClock().now()
    row, reasons, daemon, hub = asyncio.run(_find(settings, feed, now))
    if as_json:
        print_json({**_told(row, reasons, daemon, now), "websub": _websub(hub, now)})
    else:
        print_text("\n".join((*_lines(row, reasons, daemon, now), *_hub(hub, now))))


async def _find(
    settings: "Settings", words: str, now: datetime
) -> "tuple[FeedRow, Reasoning, dict[str, Any] | None, Subscription | None]":
    from monitor.cli.feed_found import the_feed
    from workers.feeds.budget import share_out
    from workers.feeds.reasoning import beside_hub, reasoning

    async def asked(store: "SqlStore") -> "tuple[FeedRow, Reasoning, Subscription | None]":
        row = await the_feed(store, words)
        options = _options(settings, row)
        needs = await store.feed_needs(options.interval_s)
        behind_s = await store.behind()
        hub = await store.subscription_of(row.id)
        reasons = reasoning(row, share_out(needs, now, options), now, options, behind_s)
        return row, beside_hub(reasons, row, hub, now, options), hub

    row, reasons, hub = await ask_store(None, asked, settings=settings)
    return row, reasons, await _ask_daemon(settings, row), hub


def _options(settings: "Settings", row: "FeedRow") -> "PollOptions":
    from msgspec.structs import replace

    from monitor.settings import poll_options

    options = poll_options(settings)
    own = next((feed.skip_hours for feed in settings.feeds if feed.name == row.name), None)
    return options if own is None else replace(options, skip_hours=own)


async def _ask_daemon(settings: "Settings", row: "FeedRow") -> dict[str, Any] | None:
    """Return how the feed stands in Redis, which only a running daemon knows."""
    from urllib.parse import urlencode

    from monitor.daemon.control import control_socket
    from monitor.web.client import ask
    from workers.text.urls import host_of

    words = urlencode({"host": host_of(row.url)})
    return await ask(control_socket(settings.data_dir), "GET", f"/feeds/{row.id}?{words}")


def _told(
    row: "FeedRow", reasons: "Reasoning", daemon: dict[str, Any] | None, now: datetime
) -> dict[str, Any]:
    """Return the reasoning as the object that ``--json`` prints."""
    from msgspec.structs import asdict

    from monitor.cli.feed_words import line_of, told_hints

    moving = {"to": row.moved_to, "answers": row.moved_count, "since": row.moved_since}
    gone = {"answers": row.gone_count, "since": row.gone_since, "given_up": row.gone_at}
    return {
        **line_of(row, now),
        "score": row.score,
        "reasoning": {**asdict(reasons), "hints": told_hints(reasons.hints)},
        "moving": moving if row.moved_to else None,
        "gone": gone if row.gone_count or row.gone_at else None,
        "daemon": daemon,
    }


def _lines(
    row: "FeedRow", reasons: "Reasoning", daemon: dict[str, Any] | None, now: datetime
) -> "Iterator[str]":
    from monitor.cli.feed_words import doing

    yield from doing(row, now)
    yield "\nIf it were polled well now:"
    parts = [
        ("interval", _interval(reasons)),
        ("habit", _habit(reasons)),
        ("budget", _budget(reasons)),
        ("clamps", _clamps(reasons)),
        ("publisher", _publisher(reasons)),
        ("pages", _pages(reasons)),
        ("quiet", _quiet(reasons)),
    ]
    if reasons.fixed_s is not None:
        parts = [parts[0], parts[1], parts[-1]]
    parts += [("errors", _errors(row)), ("moving", _moving(row)), ("gone", _gone(row, now))]
    parts += [("queue", _queue(daemon)), ("host", _host(daemon))]
    yield from (f"  {name:10} {words}" for name, words in parts if words)


def _websub(one: "Subscription | None", now: datetime) -> dict[str, Any] | None:
    """Return how the feed's subscription stands; never its path or its secret."""
    from workers.feeds.websub import is_live, standing
    from workers.text.urls import show

    if one is None:
        return None
    return {
        "hub": show(one.hub),
        "live": is_live(one, now),
        "standing": standing(one, now),
        "expires": one.expires_at,
        "pushed": one.pushed_at,
        "missed": one.missed_at,
    }


def _hub(one: "Subscription | None", now: datetime) -> "Iterator[str]":
    told = _websub(one, now)
    if told is not None:
        pushed = f"; last push {told['pushed']:%Y-%m-%d %H:%M} UTC" if told["pushed"] else ""
        yield f"  {'hub':10} {told['hub']}: {told['standing']}{pushed}"


def _interval(reasons: "Reasoning") -> str:
    from workers.feeds.interval import span

    if reasons.fixed_s is not None:
        return f"{span(reasons.fixed_s)}: fixed; only Retry-After and errors change it"
    told = f"{span(round(reasons.interval_s))} (± {100 * reasons.jitter:.0f} % by chance)"
    return f"{told}: {'; '.join(reasons.why)}"


def _habit(reasons: "Reasoning") -> str:
    since = f" since {reasons.posts_since:%Y-%m-%d}" if reasons.posts_since else ""
    busy = [f"{hour:02}" for hour, share in enumerate(reasons.hours) if share >= BUSY]
    told = f"; busiest hours (UTC): {' '.join(busy)}" if busy else ""
    weight = f"; weight {reasons.weight:g}" if reasons.weight != 1 else ""
    return (
        f"{reasons.posts_a_day:.2f} posts a day{since}; this hour {reasons.this_hour:.2f} times "
        f"the mean{told}{weight}"
    )


def _budget(reasons: "Reasoning") -> str:
    from monitor.cli.feed_words import counted

    spending = reasons.spending
    take = "takes" if spending.feeds == 1 else "take"
    fixed = f" and fixed or failing ones take {spending.fixed:.2f}" if spending.fixed else ""
    told = f"{counted(spending.feeds)} {take} {spending.auto:.2f} polls a minute{fixed}"
    if spending.exhausted:
        rest = f"all at their slowest would need {spending.needed:.2f}: too few"
    elif spending.budget.binds:
        rest = "more would be of use"
    else:
        rest = "no feed needs more"
    return f"{told}; there are {spending.most:g}; {rest}; K is {spending.budget.k:.0f} s"


def _clamps(reasons: "Reasoning") -> str:
    from workers.feeds.interval import span

    return f"from {span(round(reasons.least_s))} to {span(round(reasons.most_s))}"


def _publisher(reasons: "Reasoning") -> str:
    from workers.feeds.interval import span

    told = [f"no oftener than {reasons.floor}"] if reasons.floor else []
    hints = reasons.hints
    if hints.skip_hours or hints.skip_days:
        days = [("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day] for day in hints.skip_days]
        obeyed = "obeyed" if reasons.skips else "not obeyed, see [polling] skip_hours"
        skipped = " ".join([*(f"{hour:02}" for hour in hints.skip_hours), *days])
        told.append(f"asks not to be read at {skipped} (GMT; {obeyed})")
    if reasons.skips_until_s is not None:
        told.append(f"so not before {span(round(reasons.skips_until_s))} have passed")
    return "; ".join(told) or "asks for nothing"


def _pages(reasons: "Reasoning") -> str:
    from workers.feeds.interval import span

    if reasons.slowed_by > 1:
        return f"wait {span(round(reasons.behind_s))}: times {reasons.slowed_by:.1f}"
    return "are read in time"


def _quiet(reasons: "Reasoning") -> str:
    from workers.feeds.interval import span

    quiet = reasons.quiet
    if not quiet.has_habit:
        return f"no habit yet: {quiet.posts} posts on {quiet.days} whole days"
    silent = f"silent for {span(round(quiet.silent_s))}, " if quiet.silent_s is not None else ""
    week = (
        f"; {quiet.week:.1f} posts a day in the last week, {quiet.before:.1f} before"
        if quiet.week is not None and quiet.before is not None
        else ""
    )
    return f"{silent}told of after {span(round(quiet.told_after_s))}{week}"


def _errors(row: "FeedRow") -> str:
    if not row.errors:
        return "none"
    if row.gone_at is not None:
        return f"score {row.score:g}: {'; '.join(row.why)}"
    return f"score {row.score:g}: the interval times {2**row.score:.1f}: {'; '.join(row.why)}"


def _moving(row: "FeedRow") -> str:
    if row.moved_to is None or row.moved_since is None:
        return ""
    return (
        f"{row.moved_count} answers since {row.moved_since:%Y-%m-%d %H:%M} UTC pointed for good "
        f"to {row.moved_to}; taken over after three over a day"
    )


def _gone(row: "FeedRow", now: datetime) -> str:
    from monitor.cli.feed_words import clock

    if row.gone_at is not None:
        return f"given up at {clock(row.gone_at, now)}; asked once a week"
    if row.gone_count:
        return f"{row.gone_count} answers of 410 in a row; given up after three over a day"
    return ""


def _queue(daemon: dict[str, Any] | None) -> str:
    standing = daemon["standing"] if daemon else None
    if standing is None:
        return "unknown: no daemon answers" if daemon is None else "unknown: Redis is away"
    if standing["lease_s"] is not None:
        return f"it is being polled; the lease ends in {standing['lease_s']:.0f} s"
    if not standing["queued"]:
        return "it is not in the due-queue"
    waits = " (waits for its host)" if standing["waits"] else ""
    return f"due in {max(0.0, standing['due_s']):.0f} s{waits}"


def _host(daemon: dict[str, Any] | None) -> str:
    standing = daemon["standing"] if daemon else None
    if standing is None:
        return ""
    rest = f"rests for {standing['host_s']:.0f} s" if standing["host_s"] > 0 else "may be asked"
    return f"{rest}; {standing['host_turns']} requests under way"
