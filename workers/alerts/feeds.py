"""What a poll says of its feed that somebody must be told: it fails, is back, moved, is gone."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from workers.alerts.compose import SinkRoute
from workers.alerts.events import HEAVY, event
from workers.model.feed import FeedRow
from workers.model.message import EventChanges, EventEnd, EventIntent, EventKind
from workers.model.topic import TopicSpec
from workers.text.failures import failure_words
from workers.text.urls import without_user

__all__ = ["blind_topics", "feed_changes", "feed_rebaselined"]

FAILING = timedelta(hours=1)
FAILING_HEAVY = timedelta(minutes=30)
INTERVALS = 3
USUAL_S = 900.0
BLIND = 2
"""Turnovers in a row after which a feed is told to show less than it posts."""
TRIES = 2
"""One failed poll after Tocsin itself was stopped for a day is no feed that fails."""


Topics = Callable[[], Sequence[str]]
"""What is asked for where there is something to tell: most polls have nothing."""


def feed_changes(
    before: FeedRow,
    after: FeedRow,
    now: datetime,
    sinks: Sequence[SinkRoute],
    topics: Topics,
) -> EventChanges:
    """Return what a poll has noticed, to be stored in its transaction.

    Args:
        before: The feed as it was loaded.
        after: The feed as it is stored.
        now: The present.
        sinks: Every sink that is configured.
        topics: Finds the names of the topics that hear nothing while the feed is away.
    """
    if after.failing_since is None:
        return _good(before, after, now, sinks, topics)
    if after.gone_at is not None:
        if before.gone_at is not None:
            return EventChanges()
        text = (
            "It said over a day that it is gone (410). It is parked and asked once a week; take "
            "it out of the config, or write its new address there."
        )
        gone = event("feed_gone", after.name, text, sinks, weight=after.weight, topics=topics())
        kinds: tuple[EventKind, ...] = ("feed_failing", "feed_quiet", "feed_blind")
        ended = tuple(EventEnd(kind=kind, subject=gone.subject) for kind in kinds)
        return EventChanges(raised=(gone,), ended=ended)
    since = after.last_good_at or after.failing_since
    counts_from = max(since, after.excused_at) if after.excused_at is not None else since
    if after.errors < TRIES or now - counts_from < _patience(after):
        return EventChanges()
    text = (
        f"No good poll since {since:%Y-%m-%d %H:%M} UTC, {after.errors} tries failed: "
        f"{failure_words(after.last_error or '')}"
    )
    failing = event(
        "feed_failing",
        after.name,
        text,
        sinks,
        weight=after.weight,
        topics=topics(),
        since=since,
    )
    return EventChanges(raised=(failing,))


def _patience(feed: FeedRow) -> timedelta:
    """Return how long a feed may be without a good poll."""
    if feed.weight >= HEAVY:
        return FAILING_HEAVY
    return max(FAILING, INTERVALS * timedelta(seconds=feed.interval_s or USUAL_S))


def _good(
    before: FeedRow,
    after: FeedRow,
    now: datetime,
    sinks: Sequence[SinkRoute],
    topics: Topics,
) -> EventChanges:
    shown = _shown(before, after, sinks, topics)
    raised = [*shown.raised]
    if (text := _moved(before, after)) is not None:
        raised.append(event("feed_moved", after.name, text, sinks))
    away_since = before.last_good_at or before.failing_since or now
    text = f"It can be read again; the last good poll was at {away_since:%Y-%m-%d %H:%M} UTC."
    back = event("feed_back", after.name, text, sinks)
    ended = tuple(
        EventEnd(kind=kind, subject=back.subject, then=back)
        for kind in ("feed_failing", "feed_gone")
    )
    return EventChanges(raised=tuple(raised), ended=(*ended, *shown.ended))


def _moved(before: FeedRow, after: FeedRow) -> str | None:
    """Return where a feed has gone, None if it has not."""
    if before.url != after.url:
        page = before.stand_in is not None and before.stand_in.url == after.url
        why = "its page named it" if page else "permanent redirects agreed"
        gone, now = without_user(before.url), without_user(after.url)
        return f"From {gone} to {now}: {why} for over a day."
    known, new = before.stand_in, after.stand_in
    if new is None or not (new.read and new.page):
        return None
    if known is not None and known.read and known.url == new.url:
        return None
    return (
        f"{without_user(after.url)} is a page for people now. The one feed that it names is read "
        f"instead: {new.url}. If the page says so for a day that becomes its address; if it is "
        "another feed, write the right one into the config."
    )


def _shown(
    before: FeedRow, after: FeedRow, sinks: Sequence[SinkRoute], topics: Topics
) -> EventChanges:
    """Return what is to be told of what a feed that can be read shows: too little, or too late."""
    raised, ended = [], []
    if after.quiet is not None:
        text = f"{after.quiet}. Look at the site: the feed may have stopped, moved or been split."
        raised.append(
            event("feed_quiet", after.name, text, sinks, weight=after.weight, topics=topics())
        )
    elif before.quiet is not None:
        back = event("feed_back", after.name, "It posts again as it used to.", sinks)
        ended.append(EventEnd(kind="feed_quiet", subject=back.subject, then=back))
    if after.activity.turned >= BLIND:
        text = (
            f"At {after.activity.turned} polls in a row all that it lists was new: what it posted "
            f"between them may have been missed. It is polled every {after.interval_s or 0:.0f} "
            "seconds; set a shorter interval for this feed, or a higher weight."
        )
        raised.append(event("feed_blind", after.name, text, sinks, topics=topics()))
    elif before.activity.turned_at is not None and after.activity.turned_at is None:
        subject = event("feed_blind", after.name, "", sinks).subject
        ended.append(EventEnd(kind="feed_blind", subject=subject))
    return EventChanges(raised=tuple(raised), ended=tuple(ended))


def feed_rebaselined(feed: FeedRow, entries: int, sinks: Iterable[SinkRoute]) -> EventIntent:
    """Return the event of a site that made its feed anew."""
    text = (
        f"{entries} entries came under new names, as after a redesign of the site, and by their "
        "dates or titles they are old: they are stored, but do not ring."
    )
    return event("feed_rebaselined", feed.name, text, sinks)


def blind_topics(specs: Iterable[TopicSpec], name: str, tags: Iterable[str]) -> tuple[str, ...]:
    """Return the topics that are limited to feeds of which this is one."""
    own = {name, *(f"tag:{tag}" for tag in tags)}
    return tuple(spec.name for spec in specs if spec.feeds is not None and own & set(spec.feeds))
