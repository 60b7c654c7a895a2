"""Whatever feeds, servers and old rows say, the next poll is neither at once nor never."""

from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import get_args

from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from workers.errors import Reason
from workers.feeds.budget import share_out
from workers.feeds.interval import Budget
from workers.feeds.pressure import Moment
from workers.feeds.schedule import after_bad, after_good, after_outage, gone, moved, need_of
from workers.model.feed import Activity, FeedHints, FeedRow
from workers.options import PollOptions

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
OPTIONS = PollOptions(skip_hours=True)
DAY = 86400.0

anything = st.none() | st.floats() | st.just(1e300) | st.just(-1.0)
moments = st.integers(-739_000, 2_912_000).map(lambda days: NOW + timedelta(days=days))
hints = st.builds(
    FeedHints, ttl=anything, update_period_s=anything, max_age_s=anything, age_s=anything,
    expires=st.none() | moments, skip_hours=st.lists(st.integers(), max_size=30).map(tuple),
    skip_days=st.lists(st.integers(), max_size=9).map(tuple),
)  # fmt: skip
habits = st.builds(
    Activity, posts=st.floats(), since=st.none() | moments, at=st.none() | moments,
    hours=st.lists(st.floats(), max_size=26).map(tuple),
)  # fmt: skip
budgets = st.builds(
    Budget, k=st.floats(0.0, 1e12), slowest_s=st.none() | st.floats(7200.0, 7 * DAY)
)


@given(hints, habits, budgets, st.floats(), st.floats(-1.0, 1.0), st.floats(0.0, 1e9))
@example(FeedHints(max_age_s=1e300, age_s=1e146), Activity(), Budget(k=0.0), 0.0, 0.0, 0.0)
@settings(max_examples=300)
def test_auto_is_within_its_bounds(
    said: FeedHints, habit: Activity, budget: Budget, weight: float, jitter: float, behind: float
) -> None:
    """Between the fastest and the slowest, an hour of the publisher's word, and back-pressure."""
    feed = FeedRow(id="f", url="https://a.example/", name="A", activity=habit, weight=weight)
    moment = Moment(budget=budget, jitter=jitter, behind_s=behind)
    row = after_good(feed, said, (), NOW, OPTIONS, moment=moment)
    slowest = budget.slowest_s or OPTIONS.slowest_s
    assert row.interval_s is not None
    assert isfinite(row.interval_s)
    assert 0.97 * OPTIONS.fastest_s <= row.interval_s <= 4.0 * slowest
    assert row.next_poll_at is not None
    wait = (row.next_poll_at - NOW).total_seconds()
    assert row.interval_s - 1e-3 <= wait <= max(row.interval_s, DAY) + 1e-3
    assert all(len(phrase) < 200 for phrase in row.why)


@given(st.lists(st.tuples(hints, habits, st.floats()), max_size=20), st.floats(0.01, 1e6))
@settings(max_examples=100)
def test_a_budget_is_found_for_any_feeds(
    feeds: list[tuple[FeedHints, Activity, float]], most: float
) -> None:
    """K is a number that can be reckoned with, whatever old rows hold."""
    rows = [
        FeedRow(id="f", url="u", name="A", hints=said, activity=habit, weight=weight)
        for said, habit, weight in feeds
    ]
    options = PollOptions(polls_per_minute=most)
    found = share_out([need_of(row, options) for row in rows], NOW, options)
    assert isfinite(found.budget.k)
    assert found.budget.k >= 0.0
    assert isfinite(found.auto + found.needed + found.fixed)


class Feed(RuleBasedStateMachine):
    """A feed that is polled for a long time, by anybody who answers anything."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.row = FeedRow(id="fee_1", url="https://a.example/", name="A")
        self.asked_s = 0.0

    def _ago(self) -> None:
        self.asked_s = 0.0
        self.now = max(self.now, self.row.next_poll_at or self.now)
        if self.now.year > 2100:
            self.now = NOW

    @rule(said=hints, posts=st.integers(0, 50))
    def good(self, said: FeedHints, posts: int) -> None:
        """It answers, and lists so many new entries."""
        self._ago()
        self.row = after_good(self.row, said, [self.now] * posts, self.now, OPTIONS)
        assert (0, 0.0, None) == (self.row.errors, self.row.score, self.row.gone_at)

    @rule(
        reason=st.sampled_from(get_args(Reason)),
        after=st.none() | st.floats(0.0, 1e9),
        times=st.integers(1, 30),
    )
    def bad(self, reason: Reason, after: float | None, times: int) -> None:
        """It fails, for a while."""
        for _ in range(times):
            self._ago()
            self.asked_s = after or 0.0
            self.row = after_bad(self.row, reason, "why", after, self.now, OPTIONS)
            if reason == "gone":
                self.row = gone(self.row, self.now)

    @rule(to=st.sampled_from([None, "https://b.example/", "https://a.example/"]))
    def moves(self, to: str | None) -> None:
        """It points elsewhere, or no longer."""
        self.row = moved(self.row, to, self.now)

    @rule()
    def outage(self) -> None:
        """We cannot ask."""
        self._ago()
        before = self.row
        self.row = after_outage(before, self.now, OPTIONS)
        assert (before.score, before.errors) == (self.row.score, self.row.errors)

    @rule(fixed=st.none() | st.floats(1.0, DAY))
    def fix(self, fixed: float | None) -> None:
        """The operator fixes its interval, or lets it be found."""
        self.row = replace(self.row, interval_fixed_s=fixed)

    @invariant()
    def it_is_asked_again(self) -> None:
        """In no less than a second, and in no more than eight days."""
        if self.row.next_poll_at is None:
            return
        assert self.row.last_poll_at is not None
        wait = self.row.next_poll_at - self.row.last_poll_at
        assert timedelta(seconds=0.9) <= wait <= timedelta(days=7.3)
        assert isfinite(self.row.score)
        assert 0.0 <= self.row.score <= 40.0
        assert (self.row.failing_since is None) == (self.row.errors == 0)


TestFeed = Feed.TestCase
TestFeed.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
