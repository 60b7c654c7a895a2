"""Rows 10 and 14: several processes, of which one dies, one comes, and one has the wrong time."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from chaos.ground import Ground, Tally, until
from chaos.news import Feeds
from chaos.setups import over
from workers.model.feed import FeedSource

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
FEEDS = 30
INTERVAL_S = 1.0
HOUR_S = 3600.0
RETRY_S = 5.0
"""The schedule's delay after a first attempt, give or take a fifth."""


@pytest.fixture
async def feeds(ground: Ground) -> AsyncIterator[Feeds]:
    """Feeds that the ground's workers poll each second."""
    one = Feeds(FEEDS, takes_s=0.1)
    await one.start()
    ground.feeds = tuple(
        FeedSource(url=one.url + path, name=path, interval_s=INTERVAL_S) for path in one.paths
    )
    yield one
    for worker in ground.workers:
        worker.end()
    await one.stop()


async def _polled(feeds: Feeds, times: int) -> None:
    """Wait until each feed was polled so often from now on."""
    since = asyncio.get_running_loop().time()

    def so() -> bool:
        seen = feeds.since(since)
        return all(seen.get(path, 0) >= times for path in feeds.paths)

    await until(so, f"each feed is polled {times} times")


async def test_row_10_one_killed_one_added(ground: Ground, tally: Tally, feeds: Feeds) -> None:
    """Whoever comes and goes, a feed is polled by one at a time, and by somebody."""
    crew = await ground.staff(2)
    await _polled(feeds, 2)
    crew[0].signal(signal.SIGKILL)
    await _polled(feeds, 2)
    await ground.staff(1)
    await _polled(feeds, 3)
    doubles = feeds.doubles(INTERVAL_S / 2)
    tally.line(
        f"one of two killed, one added; {len(feeds.polls)} polls",
        set(feeds.paths),
        dict.fromkeys(feeds.paths, 1) | {feeds.paths[0]: 1 + doubles},
        bound=f"0 double polls: {doubles}",
        processes=2,
    )


@pytest.mark.thorough
@over(redis="valkey")
@pytest.mark.parametrize("by_s", [HOUR_S, -HOUR_S], ids=["ahead", "behind"])
async def test_row_14_a_clock_is_set(
    ground: Ground, tally: Tally, feeds: Feeds, by_s: float
) -> None:
    """One process's clock is an hour off: leases, retries and polls stay as they were."""
    await ground.accept(200, "flaky")
    (flaky,) = ground.accepted["flaky"]
    faults = {"flaky": "flaky", "linger_s": 0.02}
    well = ground.start(**faults)
    wrong = ground.start(clock_s=by_s, **faults)
    for one in (well, wrong):
        await one.ready()
    await until(lambda: well.says("refused") or wrong.says("refused"), "a refusal")
    retried = await until(lambda: flaky in ground.runs(), "the retry")
    await ground.all_done()
    await _polled(feeds, 4)
    tally.line(
        f"the clock of one of two set {by_s / HOUR_S:+.0f} h",
        ground.ids,
        ground.runs(),
        bound=f"retry after {retried:.1f} s, polls ≤ {feeds.longest_s():.1f} s apart",
        processes=2,
    )
    assert 0.7 * RETRY_S <= retried <= 4 * RETRY_S
    assert feeds.doubles(INTERVAL_S / 2) == 0
    assert feeds.longest_s() < 10 * INTERVAL_S
    assert {well.pid, wrong.pid} == {pid for _, pid in ground.effects()}
