"""Counting what wordings find, and telling which topics say something else than before."""

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from workers.model.topic import TopicSpec
from workers.topics.backtest import Comparison, Found, Tally
from workers.topics.renewed import renewed

START = datetime(2026, 3, 2, tzinfo=UTC)


def found(number: int, hours: float = 0.0) -> Found:
    """A hit so many hours after the start."""
    return Found(
        event=f"art_{number}", url=None, title=f"Title {number}", feed="Wire", clauses=(),
        at=START + timedelta(hours=hours),
    )  # fmt: skip


def test_hits_by_day():
    """Days are of UTC, in order; a day without a hit is left out."""
    tally = Tally(0)
    for number, hours in enumerate((30, 1, 2, 80)):
        tally.add(found(number, hours))
    assert (4, []) == (tally.hits, tally.newest)
    assert [(date(2026, 3, 2), 2), (date(2026, 3, 3), 1), (date(2026, 3, 5), 1)] == tally.days
    east = Tally(0)
    east.add(
        Found(
            event="e", url=None, title="", feed=None, clauses=(),
            at=datetime(2026, 3, 3, 1, tzinfo=timezone(timedelta(hours=3))),
        )
    )  # fmt: skip
    assert [(date(2026, 3, 2), 1)] == east.days


def test_others_by_share():
    """Other topics come with those first that share most hits."""
    tally = Tally(1)
    for number, others in enumerate((("b", "a"), ("a",), (), ("c", "a", "b"))):
        tally.add(found(number), others)
    assert [("a", 3), ("b", 2), ("c", 1)] == tally.also


@given(st.lists(st.integers(0, 50)), st.integers(0, 5))
def test_the_newest_are_kept(hours, most):
    """However many come in whatever order, the newest are kept whole, and no more of them."""
    tally = Tally(most)
    every = [found(number, hour) for number, hour in enumerate(hours)]
    for one in every:
        tally.add(one)
    expected = sorted(every, key=lambda one: (one.at, one.event), reverse=True)[:most]
    assert expected == tally.newest
    assert len(hours) == tally.hits == sum(hits for _, hits in tally.days)


@given(st.lists(st.sampled_from(["old", "new", "both"])))
def test_two_wordings(kinds):
    """What both find, one gains or loses adds up to what each finds."""
    compared = Comparison(2)
    for number, kind in enumerate(kinds):
        one = found(number)
        compared.add(one if kind != "new" else None, one if kind != "old" else None, ("x",))
    assert kinds.count("both") == compared.both
    assert compared.old.hits == compared.both + compared.lost.hits
    assert compared.new.hits == compared.both + compared.gained.hits
    assert kinds.count("new") == compared.gained.hits
    shared = [("x", compared.new.hits)] if compared.new.hits else []
    assert shared == compared.new.also


def spec(name: str, query: str, **fields) -> TopicSpec:
    """A topic."""
    return TopicSpec(name=name, query=query, **fields)


ALIASES = {"inner": ("One",), "outer": ("@inner", "Two"), "other": ("Three",)}
TOPICS = [spec("a", "quake"), spec("b", "@outer strike"), spec("c", "@other", feeds=("Wire",))]


def test_what_is_new_or_changed():
    """New topics, another query or other feeds, and what uses a set that changed, however deep."""
    assert ["a", "b", "c"] == renewed([], {}, TOPICS, ALIASES)
    assert [] == renewed(TOPICS, ALIASES, TOPICS, ALIASES)
    assert [] == renewed(TOPICS, ALIASES, TOPICS[1:], ALIASES)
    assert ["b"] == renewed(TOPICS, ALIASES, TOPICS, {**ALIASES, "inner": ("One", "Uno")})
    assert ["c"] == renewed(TOPICS, ALIASES, TOPICS, {**ALIASES, "other": ()})
    quiet = [spec("a", "quake", severity="high", sinks=("ops",), match=("A quake",))]
    assert [] == renewed(TOPICS, ALIASES, quiet, ALIASES)
    changed = [spec("a", "quakes"), TOPICS[1], spec("c", "@other"), spec("d", "x", enabled=False)]
    assert ["a", "c"] == renewed(TOPICS, ALIASES, changed, ALIASES)
    asleep = [spec("a", "quake", enabled=False)]
    assert ["a"] == renewed(asleep, ALIASES, TOPICS[:1], ALIASES)
