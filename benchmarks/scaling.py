"""How far it grows: what one process, one Redis and one database carry, and who waits how long.

::

    python -m benchmarks.scaling                          the worked example of docs/scaling.md
    python -m benchmarks.scaling --measure                with this machine's costs, measured now
    python -m benchmarks.scaling --feeds 5000 --articles 100000 --readers 1,2

Nothing runs for a day: costs of one poll, page and delivery (`benchmarks.costs`) are multiplied by
what comes, and what comes is let through simulated processes (`benchmarks.simulation`).
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.costs import Costs, measure, render
from benchmarks.simulation import (
    DAY_S,
    Arrivals,
    Reader,
    Waited,
    by_simulation,
    by_theory,
    simulate,
)
from benchmarks.yardsticks import percentile

__all__ = ["COSTS", "main"]

COSTS = Costs(
    poll_ms=7.031,
    entry_ms=3.61,
    page_loop_ms=7.96,
    page_threads_ms=5.49,
    page_pool_ms=13.3,
    delivery_ms=6.296,
    redis_poll_us=370,
    redis_page_us=560,
    redis_feed_bytes=87.33,
    redis_id_bytes=167,
    article_bytes=10_690,
    text_bytes=2691,
    database_poll_ms=1.641,
    database_page_ms=3.87,
    page_commits=2.611,
)
"""As measured for docs/scaling.md."""
FULL = 0.7
"""How much of a core or a slot is planned with: the rest is for bursts and for the unforeseen."""
MARKUP = 3.0
"""Real pages against those of the benchmark: extraction costs so many times as much."""
OUTSTANDING = 1000
STREAMS = 4
"""Hot, warm, cold and ring; each sink has one more."""
BEHIND_S = 600.0
SWING = 0.6
"""The busiest hour of the day has 1 + this times the mean."""
GB, MB = 1e9, 1e6


@dataclass(frozen=True, kw_only=True)
class Example:
    """What is watched."""

    feeds: int
    articles: int
    """A day."""
    interval_s: float = 1200.0
    """Mean between polls of a feed: `polls_per_minute` follows from it."""
    ringing: float = 0.01
    """Share of articles that ring,"""
    told: float = 2.0
    """and to how many recipients."""
    sinks: int = 5
    listings: float = 1.2
    """Entries an article: some are in several feeds."""
    fetch_s: float = 0.5
    """Median of fetching a page or feed."""
    post_s: float = 0.2
    poll_slots: int = 64
    page_slots: int = 16
    sink_slots: int = 4
    cores: int = 4
    """Of a machine that reads: so many extracting processes."""
    text_days: float = 90.0

    @property
    def polls_s(self) -> float:
        """Return polls a second."""
        return self.feeds / self.interval_s

    @property
    def pages_s(self) -> float:
        """Return pages a second, on the mean of the day."""
        return self.articles / DAY_S

    @property
    def deliveries(self) -> float:
        """Return deliveries a day."""
        return self.articles * self.ringing * self.told


def reader_of(example: Example, costs: Costs) -> Reader:
    """Return one reading process of the example."""
    return Reader(
        slots=example.page_slots,
        loop_s=(costs.page_loop_ms + costs.page_threads_ms) / 1e3,
        workers=example.cores,
        extract_s=MARKUP * costs.page_pool_ms / 1e3,
        fetch_s=example.fetch_s,
    )


def limits(example: Example, costs: Costs) -> Iterator[str]:
    """Yield what one of each carries, and which of its parts is full first."""
    one = reader_of(example, costs)
    fetch = one.fetch_mean_s
    polls = {"slots": example.poll_slots / fetch, "event loop": 1e3 / costs.poll_ms}
    yield "\nOne of each carries, when full"
    for name, parts, unit in (
        ("process that polls", polls, "polls/s"),
        ("process that reads", one.limits, "pages/s"),
        ("lane of a sink", {"slots": example.sink_slots / example.post_s}, "deliveries/s"),
        (
            "process that delivers",
            {"event loop": 1e3 / costs.delivery_ms},
            "deliveries/s",
        ),
        ("Redis, polls alone", {"its one core": 1e6 / costs.redis_poll_us}, "polls/s"),
        ("Redis, pages alone", {"its one core": 1e6 / costs.redis_page_us}, "pages/s"),
        *_database_limits(costs),
    ):
        least = min(parts, key=lambda part: parts[part])
        rest = ", ".join(f"{part} {value:.0f}" for part, value in parts.items() if part != least)
        yield _row(name, f"{parts[least]:7.0f} {unit}", f"by {least}{rest and f' ({rest})'}")


def _database_limits(costs: Costs) -> tuple[tuple[str, dict[str, float], str], ...]:
    if not costs.database_page_ms:
        return ()
    return (
        ("PostgreSQL, polls alone", {"each core": 1e3 / costs.database_poll_ms}, "polls/s"),
        ("PostgreSQL, pages alone", {"each core": 1e3 / costs.database_page_ms}, "pages/s"),
    )


def needs(example: Example, costs: Costs, arrivals: Arrivals) -> Iterator[str]:
    """Yield what the example needs, from the busiest minute of its day."""
    busiest = max(arrivals.rate(minute * 60.0) for minute in range(1440))
    usual = example.pages_s * (1 + SWING)
    redis = (example.polls_s * costs.redis_poll_us + usual * costs.redis_page_us) / 1e6
    memory = (
        example.feeds * costs.redis_feed_bytes
        + OUTSTANDING * (STREAMS + example.sinks) * costs.redis_id_bytes
    )
    news = example.articles * example.listings
    polling = example.polls_s * costs.poll_ms / 1e3 + news / DAY_S * costs.entry_ms / 1e3
    slots = example.polls_s * reader_of(example, costs).fetch_mean_s / example.poll_slots
    reading = usual * (costs.page_loop_ms + costs.page_threads_ms) / 1e3
    extracting = usual * MARKUP * costs.page_pool_ms / 1e3
    yield "\nThe example needs"
    yield _row(
        "polls a second",
        f"{example.polls_s:7.1f}",
        f"polls_per_minute = {60 * example.polls_s:.0f}",
    )
    yield _row(
        "pages a second",
        f"{example.pages_s:7.1f}",
        f"busiest hour {usual:.0f}, in a burst {busiest:.0f}",
    )
    yield _row(
        "processes that poll",
        f"{_whole(max(polling, slots)):7d}",
        f"cores {polling:.2f}, slots {slots:.2f} of one",
    )
    yield _row(
        "cores that read",
        f"{reading + extracting:7.1f}",
        f"loops {reading:.2f}, extraction {extracting:.2f}, in the busiest hour",
    )
    delivering = example.deliveries / DAY_S * costs.delivery_ms / 1e3
    yield _row("processes that deliver", f"{_whole(delivering):7d}", f"cores {delivering:.4f}")
    yield _row("Redis, of its one core", f"{redis:7.2f}", "in the busiest hour")
    yield _row(
        "Redis, memory",
        f"{memory / MB:7.1f} MB",
        "feeds and full streams; hosts and leases are less",
    )
    yield from _database(example, costs)


def _database(example: Example, costs: Costs) -> Iterator[str]:
    articles, rung = example.articles, example.articles * example.ringing
    rows = {
        "articles": articles,
        "article_keys": articles,
        "entries": articles * example.listings,
        "work": articles + rung + example.deliveries,
        "trace": articles * (example.listings + 2) + rung * 2 + example.deliveries,
        "alerts, rung": 2 * rung,
        "deliveries": example.deliveries,
    }
    yield _row(
        "database, rows a day",
        f"{sum(rows.values()) / 1e6:7.1f} M",
        ", ".join(f"{name} {count / 1e6:.2f} M" for name, count in rows.items()),
    )
    whole, text = articles * costs.article_bytes, articles * costs.text_bytes
    yield _row(
        "database, a day",
        f"{whole / GB:7.1f} GB",
        f"of it text {text / GB:.1f} GB, which [keep] bounds",
    )
    yield _row(
        "database, at rest",
        f"{whole * example.text_days / GB:7.0f} GB",
        f"[keep] text = {example.text_days:.0f} days, text_size above that",
    )
    yield _row(
        "text_size = 10GiB holds",
        f"{10 * 2**30 / whole:7.1f} days",
        "as it is unless changed: the oldest texts go first",
    )
    if not costs.database_page_ms:
        return
    usual = example.pages_s * (1 + SWING)
    cores = (example.polls_s * costs.database_poll_ms + usual * costs.database_page_ms) / 1e3
    commits = 2 * example.polls_s + usual * costs.page_commits
    yield _row("database, cores", f"{cores:7.2f}", "in the busiest hour")
    yield _row("transactions a second", f"{commits:7.0f}", "in the busiest hour, with reads")


def _whole(load: float) -> int:
    return max(1, -int(-load / FULL // 1))


def waits(readers: int, waited: Waited) -> str:
    """Return a line about how long pages waited."""
    shares = [
        f"{percentile(some, 0.5):7.1f} {percentile(some, 0.99):7.1f}" if some else " " * 15
        for some in (waited.hot, waited.warm)
    ]
    late = waited.late(BEHIND_S)
    return (
        f"  {readers:7d}   {shares[0]}   {shares[1]}   {max(waited.warm or [0]):9.0f}   "
        f"{waited.longest_line:9d}   {late:8.2%}"
    )


def _simulated(example: Example, costs: Costs, arrivals: Arrivals, options: "Options") -> None:
    """Print how long pages wait, for each number of processes that read."""
    one = reader_of(example, costs)
    print(
        f"\nPages, seconds until read ({options.hours[0]:g} to {options.hours[1]:g} h, a burst of "
        f"{arrivals.burst:g} times for {arrivals.burst_s / 60:g} min each "
        f"{arrivals.burst_every_s / 3600:g} h)"
    )
    print("  readers   hot p50     p99   warm p50     p99     slowest   most wait   > 10 min")
    for readers in options.readers or _some_readers(one, arrivals):
        print(waits(readers, simulate(readers, one, arrivals, options.hours)), flush=True)
    load, service_s = 0.8, 0.5
    theory, came = by_theory(load, service_s), by_simulation(load, service_s)
    print(f"  (M/D/1 at 80 %: {came:.3f} s simulated, {theory:.3f} s by theory)")


def _some_readers(one: Reader, arrivals: Arrivals) -> tuple[int, ...]:
    """Return what is too few for the busiest hour, what is just enough, and what has room."""
    usual = arrivals.a_day / DAY_S * (1 + arrivals.swing)
    enough = max(1, -int(-usual // min(one.limits.values())))
    return tuple(sorted({max(1, enough - 1), enough, enough + 1, 2 * enough}))


@dataclass(frozen=True)
class Options:
    """What to print."""

    example: Example
    readers: tuple[int, ...]
    hours: tuple[float, float]
    measure: bool


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling")
    parser.add_argument("--feeds", type=int, default=100_000)
    parser.add_argument("--articles", type=int, default=2_000_000, help="a day (2000000)")
    parser.add_argument("--interval", type=float, default=1200.0, help="mean seconds (1200)")
    parser.add_argument("--cores", type=int, default=4, help="of a machine that reads (4)")
    parser.add_argument("--slots", type=int, default=16, help="pages at once, a process (16)")
    parser.add_argument("--fetch", type=float, default=0.5, help="median seconds (0.5)")
    parser.add_argument("--readers", default="", help="numbers to simulate, by commas")
    parser.add_argument("--hours", default="10,14", help="of the day, simulated (10,14)")
    parser.add_argument(
        "--measure", action="store_true", help="measure this machine's costs first"
    )
    given = parser.parse_args()
    begin, end = (float(hour) for hour in given.hours.split(","))
    example = Example(
        feeds=given.feeds,
        articles=given.articles,
        interval_s=given.interval,
        cores=given.cores,
        page_slots=given.slots,
        fetch_s=given.fetch,
    )
    readers = tuple(int(number) for number in given.readers.split(",") if number)
    return Options(example, readers, (begin, end), given.measure)


def main() -> int:
    """Print what the example needs, and who waits how long."""
    options = _options()
    example, arrivals = options.example, Arrivals(a_day=options.example.articles, swing=SWING)
    costs = measure(3000) if options.measure else COSTS
    print(f"{example.feeds} feeds, {example.articles} articles a day")
    print(
        f"costs {'measured now' if options.measure else 'as in docs/scaling.md'}:\n{render(costs)}"
    )
    for part in (limits(example, costs), needs(example, costs, arrivals)):
        print("\n".join(part))
    _simulated(example, costs, arrivals, options)
    return 0


def _row(what: str, value: str, more: str = "") -> str:
    return f"  {what:<26} {value:<22} {more}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
