"""Counting what rang: by topic, feed and clause, by day, within bounds."""

from datetime import UTC, date, datetime, timedelta

import pytest

from workers.alerts import tops
from workers.alerts.tops import Tops
from workers.model.top import RungHit

AT = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)


def hit(topic: str = "fire", days: int = 0, **fields: object) -> RungHit:
    """Return a hit so many days later."""
    given = {"feeds": ("wire",), "clauses": ("a",), "muted": False, **fields}
    return RungHit(topic=topic, at=AT + timedelta(days=days), **given)  # type: ignore[arg-type]


def test_a_hit_counts_once_in_all_and_for_each_feed_and_clause() -> None:
    """A clause is told apart by its topic, days by UTC, what was muted from what was not."""
    count = Tops()
    for one in (
        hit(feeds=("wire", "desk"), clauses=("a", "b")),
        hit(days=1, muted=True),
        hit(days=1, clauses=None),
        hit("flood"),
    ):
        count.add(one)
    assert (4, 1, 1) == (count.all.hits, count.all.muted, count.without_receipt)
    fire, flood = count.topics.rows(2.0, 9)
    assert ("fire", 3, 1, 1.5) == (fire.name, fire.hits, fire.muted, fire.per_day)
    assert ((date(2026, 11, 23), 1), (date(2026, 11, 24), 2)) == fire.days
    assert ("flood", 1) == (flood.name, flood.hits)
    assert [("wire", 4), ("desk", 1)] == [(r.name, r.hits) for r in count.sources.rows(1.0, 9)]
    assert [("a", "fire", 2), ("a", "flood", 1), ("b", "fire", 1)] == [
        (r.name, r.topic, r.hits) for r in count.clauses.rows(1.0, 9)
    ]
    assert 1 == len(count.clauses.rows(1.0, 1))


def test_what_there_is_no_room_for_is_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted already goes on being counted."""
    monkeypatch.setattr(tops, "MOST", 2)
    count = Tops()
    for topic in ("a", "b", "c", "a", "d"):
        count.add(hit(topic))
    assert [("a", 2), ("b", 1)] == [(r.name, r.hits) for r in count.topics.rows(1.0, 9)]
    assert (2, 2, 5) == (len(count.topics), count.topics.beyond, count.all.hits)
