"""What a backtest found, for people and as JSON."""

import dataclasses
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli.common import print_text
from monitor.cli.inputs import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from workers.model.archive import Extent
    from workers.model.topic import TopicSpec
    from workers.steps.archive import Span
    from workers.steps.backtest import Backtest
    from workers.topics.backtest import Found, Tally

__all__ = ["Asked", "Told", "print_backtest", "told_object"]

MOST_DAYS = 60
MOST_ALSO = 10
BAR = 40
"""Characters of the longest day's bar."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be looked for."""

    topic: str
    since: datetime
    query: str | None
    ring: bool
    sample: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Told:
    """What was found, and in what."""

    asked: Asked
    spec: "TopicSpec | None"
    span: "Span"
    extent: "Extent"
    test: "Backtest"
    kept_s: float | None
    """For how many seconds texts are kept, None for ever."""


def told_object(told: "Told") -> dict[str, Any]:
    """Return what was found as the object that ``--json`` prints."""
    test, found = told.test, told.test.found
    main = found.old if told.spec is not None else found.new
    return {
        "topic": told.asked.topic,
        "query": told.spec.query if told.spec is not None else None,
        "since": told.span.since,
        "until": told.span.until,
        "articles": test.articles,
        "entries": test.entries,
        "unread": test.unread,
        "textless": test.textless,
        "first": test.first,
        "last": test.last,
        "archive_since": told.extent.oldest,
        "cut": "; ".join(_cuts(told)) or None,
        "hits": found.old.hits,
        "unrung": None if told.asked.ring or told.spec is None else test.unrung,
        "days": _days(found.old),
        "sample": _sample(found.old.newest),
        "also": _also(main),
        "new": _new_object(told),
        "rung": test.rung if told.asked.ring else None,
    }


def _new_object(told: "Told") -> dict[str, Any] | None:
    found = told.test.found
    if told.asked.query is None:
        return None
    return {
        "query": told.asked.query,
        "hits": found.new.hits,
        "gained": found.gained.hits,
        "lost": found.lost.hits,
        "both": found.both,
        "gained_sample": _sample(found.gained.newest),
        "lost_sample": _sample(found.lost.newest),
        "days": _days(found.new),
        "also": _also(found.new),
    }


def _days(tally: "Tally") -> list[dict[str, Any]]:
    return [{"day": day, "hits": hits} for day, hits in tally.days]


def _also(tally: "Tally") -> list[dict[str, Any]]:
    return [
        {"topic": name, "hits": hits, "share": round(hits / tally.hits, 4)}
        for name, hits in tally.also
    ]


def _sample(newest: "Iterable[Found]") -> list[dict[str, Any]]:
    return [
        {
            "event": one.event,
            "url": one.url,
            "title": one.title,
            "at": one.at,
            "feed": one.feed,
            "sentence": _sentence(one),
        }
        for one in newest
    ]


def _sentence(one: "Found") -> str:
    from workers.alerts import marked

    return marked(one.clauses)


def _cuts(told: "Told") -> list[str]:
    """Return by what the archive is shorter than what was asked for, a sentence each."""
    cuts = []
    oldest, since = told.extent.oldest, told.span.since
    if oldest is None:
        return ["the archive is empty"]
    kept = timedelta(seconds=told.kept_s) if told.kept_s is not None else None
    if kept is not None and told.span.until - kept > since:
        cuts.append(
            f"texts are kept for {_long(kept)} ([keep] text): of what is older than "
            f"{iso(told.span.until - kept)} only titles and summaries are searched, and what no "
            "feed lists any more is gone"
        )
    if oldest > since:
        cuts.append(f"the archive begins {iso(oldest)}")
    if told.test.textless:
        cuts.append(
            f"the text of {told.test.textless} articles is no longer kept ([keep]), so that only "
            "what feeds said of them is searched"
        )
    return cuts


def _long(kept: timedelta) -> str:
    days, hours = kept.days, kept.seconds / 3600
    return f"{days}d" if not kept.seconds else f"{24 * days + hours:g}h"


def print_backtest(told: "Told") -> None:
    """Print what was found."""
    test, found, asked = told.test, told.test.found, told.asked
    print_text(
        f"{_number(test.articles, 'article')} of {iso(told.span.since)} to "
        f"{iso(told.span.until)}, listed by {_number(test.entries, 'entry')}; of {test.unread} "
        "only what feeds say is known"
    )
    if test.first is not None and test.last is not None:
        print_text(f"the first of {iso(test.first)}, the last of {iso(test.last)}")
    for cut in _cuts(told):
        print_text(f"note: {cut}")
    if told.spec is not None:
        print_text(f"\n{asked.topic}: {_number(found.old.hits, 'hit')}{_standing(told)}")
        _print_tally(found.old)
    if asked.query is not None:
        _print_new(told)


def _standing(told: "Told") -> str:
    if told.asked.ring:
        return f"; {told.test.rung} of them ring now"
    if told.test.unrung:
        return f"; {told.test.unrung} of them have not rung (--ring rings them)"
    return ""


def _print_new(told: "Told") -> None:
    found, asked = told.test.found, told.asked
    if told.spec is None:
        print_text(f"\n{asked.topic} as {asked.query}: {_number(found.new.hits, 'hit')}")
        _print_tally(found.new)
        return
    print_text(
        f"\nas {asked.query}: {_number(found.new.hits, 'hit')}: {found.gained.hits} gained, "
        f"{found.lost.hits} lost, {found.both} as before"
    )
    _print_days(found.new)
    for word, tally in (("gained", found.gained), ("lost", found.lost)):
        if tally.hits:
            print_text(f"{word}, the newest of {tally.hits}:")
            _print_sample(tally.newest)


def _print_tally(tally: "Tally") -> None:
    _print_days(tally)
    if tally.newest:
        print_text("the newest:")
        _print_sample(tally.newest)
    if tally.also:
        print_text("concern other topics too:")
        for name, hits in tally.also[:MOST_ALSO]:
            print_text(f"  {hits} ({100 * hits / tally.hits:.0f} %) {name}")
        if len(tally.also) > MOST_ALSO:
            print_text(f"  and {len(tally.also) - MOST_ALSO} topics more")


def _print_days(tally: "Tally") -> None:
    days: Sequence[tuple[date, int]] = tally.days
    if not days:
        return
    most = max(hits for _, hits in days)
    if len(days) > MOST_DAYS:
        print_text(f"  … {len(days) - MOST_DAYS} days before")
    for day, hits in days[-MOST_DAYS:]:
        print_text(f"  {day}  {hits:>6}  {'#' * max(1, round(BAR * hits / most))}")


def _print_sample(newest: "Iterable[Found]") -> None:
    for one in newest:
        print_text(f"  {iso(one.at)}  {one.feed or '-'}: {one.title or '-'}")
        sentence = _sentence(one)
        if sentence:
            print_text(f"      {sentence}")


def _number(number: int, word: str) -> str:
    if number == 1:
        return f"1 {word}"
    return f"{number:,} {word[:-1]}ies" if word.endswith("y") else f"{number:,} {word}s"
