"""Feeds that show less than they post."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.feeds.blind import blind_after
from workers.feeds.news import News, decide
from workers.model.commit import Knowledge
from workers.model.feed import FeedRow, KnownEntry, ParsedEntry, ParsedFeed
from workers.options import AlertOptions

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FEED = FeedRow(
    id="fee_1",
    url="https://a.example/feed",
    name="wire",
    baselined_at=NOW - timedelta(days=9),
    last_good_at=NOW - timedelta(minutes=15),
)


def shown(new: int, known: int = 0, *, edited: int = 0, **feed: object) -> News:
    """Return what a document brings that lists so many entries."""
    entries = [
        ParsedEntry(identity=f"{NOW}{n}", url=None, title=f"T {n}", digest="d", published=NOW)
        for n in range(new + known + edited)
    ]
    stored = {
        entry.identity: KnownEntry(
            identity=entry.identity,
            digest="d" if n < known else "old",
            edition=1,
            title=entry.title,
            url=None,
            published=NOW,
            baseline=False,
        )
        for n, entry in enumerate(entries[: known + edited])
    }
    parsed = ParsedFeed(kind="rss", entries=tuple(entries), complete=feed.pop("complete", True))
    before = FeedRow(**{name: getattr(FEED, name) for name in FEED.__struct_fields__} | feed)
    known_ = Knowledge(entries=stored, twins={})
    return decide(before, parsed, known_, NOW, AlertOptions())


def turned(*polls: tuple[float, News | None]) -> list[int]:
    """Poll at these hours; return after each how often in a row all was new."""
    feed, found = FEED, []
    for hours, news in polls:
        feed = blind_after(feed, feed, news, NOW + timedelta(hours=hours))
        found.append(feed.activity.turned)
    return found


@pytest.mark.parametrize(
    ("news", "told"),
    [
        (shown(5), True),
        (shown(40), True),
        (shown(4), False),
        (shown(40, 1), False),
        (shown(40, edited=1), False),
        (shown(0, 40), False),
        (shown(40, complete=False), False),
        (shown(40, baselined_at=None), False),
        (None, False),
    ],
    ids=["five", "forty", "few", "one known", "one edited", "known", "cut", "first", "same"],
)
def test_a_turnover(news: News | None, *, told: bool) -> None:
    """Five entries or more, all new, in a whole document of a feed that is known."""
    assert [int(told)] == turned((0, news))


def test_a_redesign_is_no_turnover() -> None:
    """What is old under new names was not posted between two polls."""
    news = shown(40, last_good_at=NOW + timedelta(hours=2))
    assert news.rebaselined
    assert [0] == turned((0, news))


@pytest.mark.parametrize(
    ("polls", "found"),
    [
        ([(0, shown(9)), (1, shown(9)), (2, shown(9))], [1, 2, 3]),
        ([(0, shown(9)), (1, shown(9, 1)), (2, shown(9))], [1, 0, 1]),
        ([(0, shown(9)), (1, None), (2, shown(9))], [1, 0, 1]),  # nothing was missed between
        ([(0, shown(9)), (25, shown(9))], [1, 1]),
    ],
    ids=["in a row", "overlap", "unchanged", "days apart"],
)
def test_turnovers_in_a_row(polls: list[tuple[float, News | None]], found: list[int]) -> None:
    """Within a day, and with no poll between them that showed what was known."""
    assert found == turned(*polls)


def test_it_is_over_after_a_day() -> None:
    """Until then it is remembered when the last turnover was."""
    feed = blind_after(FEED, FEED, shown(9), NOW)
    feed = blind_after(feed, feed, None, NOW + timedelta(hours=23))
    assert NOW == feed.activity.turned_at
    feed = blind_after(feed, feed, None, NOW + timedelta(hours=24))
    assert feed.activity.turned_at is None
