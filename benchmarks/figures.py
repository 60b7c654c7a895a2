"""What was measured, and how it is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.daemon import Samples
from benchmarks.processes import Cost, Memory
from benchmarks.yardsticks import Yardsticks, percentile

__all__ = ["Flood", "Run", "Steady", "render"]

MB = 1e6
STEPS = ("fetch_feed", "parse_feed", "match", "fetch_page", "extract")


@dataclass(frozen=True)
class Steady:
    """Entries at a modest rate."""

    entries: int
    rate: float
    took_s: float
    cost: Cost
    memory: Memory


@dataclass(frozen=True)
class Flood:
    """Entries as fast as they can be read."""

    articles: int
    took_s: float
    cost: Cost
    world_s: float
    """CPU seconds of feeds, pages and receiver, which share the cores."""
    before: Samples
    after: Samples
    memory: Memory
    trail: dict[int, int]
    """What the main process held, by pages fetched until then."""
    stored: int


@dataclass(frozen=True)
class Run:
    """All of it."""

    steady: Steady
    flood: Flood
    moments: list[dict[str, Any]]
    unexpected: int
    yardsticks: tuple[Yardsticks, Yardsticks]
    said: str
    """What the daemon logged: warnings and worse."""

    @property
    def missing(self) -> int:
        """Return how many alerts did not come."""
        return sum(one["received"] is None for one in self.moments)

    @property
    def repeated(self) -> int:
        """Return how many came more than once."""
        return sum(one["times"] > 1 for one in self.moments)

    @property
    def whole(self) -> bool:
        """Say whether exactly what was expected rang."""
        return not (self.missing or self.repeated or self.unexpected)

    @property
    def bare(self) -> Yardsticks:
        """Return the mean of what was measured before and after."""
        one, two = self.yardsticks
        return Yardsticks(
            (one.pages_per_s + two.pages_per_s) / 2,
            (one.page_cpu_ms + two.page_cpu_ms) / 2,
            (one.commits_per_s + two.commits_per_s) / 2,
            (one.post_ms + two.post_ms) / 2,
        )


def render(run: Run) -> str:
    """Return the figures as text."""
    parts = (_ends, _throughput, _delays, _costs, _steps, _memory, _bare)
    return "\n".join(line for part in parts for line in part(run))


def _ends(run: Run) -> Iterator[str]:
    yield ""
    yield (
        f"alerts: {len(run.moments)} expected, {run.missing} missing, {run.repeated} repeated, "
        f"{run.unexpected} unexpected"
    )
    if run.said.strip():
        yield f"the daemon logged {len(run.said.splitlines())} lines, the first:"
        yield from run.said.splitlines()[:5]


def _throughput(run: Run) -> Iterator[str]:
    rate = run.flood.articles / run.flood.took_s
    yield f"\nthroughput ({run.flood.articles} articles in {run.flood.took_s:.0f} s)"
    yield _row("articles a second, end to end", rate, "/s")
    yield _row("  against a bare loop of trafilatura", rate / run.bare.pages_per_s, "x")
    yield _row("  against bare commits of sqlite3", rate / run.bare.commits_per_s, "x")


def _delays(run: Run) -> Iterator[str]:
    came = [one for one in run.moments if one["due"] and one["received"]]
    yield f"\ndelay to the webhook ({len(came)} alerts, {run.steady.rate:g} entries a second)"
    if not came:
        return
    yield from _delay(
        "since the feed would show it", [one["received"] - one["due"] for one in came]
    )
    shown = [one["received"] - one["shown"] for one in came]
    yield from _delay("since the feed showed it", shown)
    for place, hot in (("in the feed's title", True), ("only on the page", False)):
        some = [one["received"] - one["shown"] for one in came if one["in_title"] is hot]
        yield from _delay(f"  found {place}", some)
    seen = [one["received"] - _at(one) for one in came]
    yield from _delay("since `seen` (whole seconds)", seen)
    bare_s = run.bare.post_ms / 1000
    yield _row("median since shown, in bare POSTs", percentile(shown, 0.5) / bare_s, "x")


def _at(moment: dict[str, Any]) -> float:
    return datetime.fromisoformat(moment["seen"]).timestamp()


def _delay(what: str, seconds: list[float]) -> Iterator[str]:
    if seconds:
        p50, p99 = (percentile(seconds, share) * 1000 for share in (0.5, 0.99))
        yield f"  {what:<40} p50 {p50:7.0f} ms   p99 {p99:7.0f} ms"


def _costs(run: Run) -> Iterator[str]:
    each, read = run.flood.cost, max(1, run.flood.articles)
    yield "\nCPU an article, in the flood"
    for what, seconds in (
        ("event loop", each.loop),
        ("threads of the main process", each.threads),
        ("extracting processes", each.pool),
        ("Valkey", each.valkey),
        ("all of the daemon", each.total),
        ("(feeds, pages and receiver)", run.flood.world_s),
    ):
        yield _row(what, seconds / read * 1000, "ms")
    yield _row("cores that the flood kept busy", each.total / run.flood.took_s, "")
    of_bare = each.total / read * 1000 / run.bare.page_cpu_ms
    yield _row("all of the daemon, in bare extractions", of_bare, "x")
    yield _row("all, at the steady rate", run.steady.cost.total / run.steady.entries * 1000, "ms")
    yield _row(
        "cores that the steady rate kept busy", run.steady.cost.total / run.steady.took_s, ""
    )


def _steps(run: Run) -> Iterator[str]:
    flood = run.flood
    yield "\nsteps, in the flood (tocsin_step_seconds: by the clock, waiting included)"
    for step in STEPS:
        yield from _step(flood, step, "tocsin_step_seconds", step)
    yield from _step(flood, "deliver", "tocsin_delivery_seconds", "bench")


def _step(flood: Flood, what: str, name: str, label: str) -> Iterator[str]:
    count, seconds = (
        flood.after[f"{name}_{part}", label] - flood.before[f"{name}_{part}", label]
        for part in ("count", "sum")
    )
    if count:
        each, of_article = seconds / count * 1000, seconds / max(1, flood.articles) * 1000
        yield f"  {what:<14} {count:8.0f} x {each:9.2f} ms = {of_article:9.2f} ms an article"


def _memory(run: Run) -> Iterator[str]:
    early, late = run.steady.memory, run.flood.memory
    first, last = run.steady.entries, run.steady.entries + run.flood.articles
    yield f"\nmemory (resident) after {first} and {last} entries"
    for what, one, two in (
        ("main process", early.main, late.main),
        ("extracting processes", early.pool, late.pool),
        ("Valkey", early.valkey, late.valkey),
        ("all", early.tree, late.tree),
    ):
        grown = (two - one) / MB
        yield f"  {what:<40} {one / MB:7.0f} MB {two / MB:7.0f} MB {grown:+7.0f} MB"
    trail = " ".join(f"{held / MB:.0f}" for _, held in sorted(run.flood.trail.items()))
    yield f"  main process, each 1000 entries: {trail} MB"
    yield _row("database, an article", run.flood.stored / max(1, last) / 1000, "kB")


def _bare(run: Run) -> Iterator[str]:
    one, two = run.yardsticks
    yield "\nyardsticks, before and after"
    for what, first, second, unit in (
        ("trafilatura.bare_extraction", one.pages_per_s, two.pages_per_s, "pages/s"),
        ("  its CPU", one.page_cpu_ms, two.page_cpu_ms, "ms a page"),
        ("sqlite3 executemany, FULL", one.commits_per_s, two.commits_per_s, "commits/s"),
        ("aiohttp POST, median", one.post_ms, two.post_ms, "ms"),
    ):
        yield f"  {what:<40} {first:9.2f} {second:9.2f} {unit}"


def _row(what: str, value: float, unit: str) -> str:
    return f"  {what:<40} {value:9.2f} {unit}".rstrip()
