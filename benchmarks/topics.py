r"""What matching costs: `python -m benchmarks.topics [--articles FILE]`.

FILE holds articles as JSON lines with ``title`` and ``text``; without it they are generated. The
unit is the time of ``re.findall(r"\w+", text)`` over the same article, taken in the same minute,
so that figures carry between machines. Each row is measured in a process of its own, by CPU time.

* units: per article, to say which topics match. Words have been met before, as in a daemon.
  What a unit took is said beside it: a busy machine stretches all times by the same.
* build: microseconds a topic after parsing; parse: those of parsing.
* change: microseconds to make one topic anew and put it aside of the others; reload: milliseconds
  for the whole set with one topic changed, as a reload does it beside the event loop.
* explain: microseconds a match for its receipt.
* memory: MB of resident memory that the topics take, beside dictionaries, queries and articles.

Then each goal is said with what came of it. Generated articles of languages without spaces are in
no row, because a whole sentence is one word to the unit: what they take is said below. ``--peers``
compares plain topics with what others do, on the same texts of folded words, and says whether they
find the same. ``--many N`` matches N articles in a row, with receipts, none like another, and
exits 1 if memory grows: the median of the last third against that of the third before.
``--quick`` is a small run of all of it.
"""

import argparse
import gc
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple, ParamSpec, TypeVar

from benchmarks.newspapers import UNSPACED
from benchmarks.peers.environments import NotInstalled, python_of
from benchmarks.processes import machine
from benchmarks.topics_made import articles, clauses, flat, makes
from monitor import shipped
from workers.model.topic import Document, TopicSpec
from workers.topics import TopicSet, compile_topics
from workers.topics.forms import Forms
from workers.topics.parser import parse
from workers.topics.program import Compiler
from workers.topics.vocabulary import MEMO_CHUNKS

__all__ = ["main"]

PEERS = "regex in ahocorasick_rs re2 hyperscan perq"
SLOW = {"regex", "in"}
"""Peers whose cost grows with the number of topics: asked up to 1,000 of them."""
ROUNDS = 3
UNITS = {
    ("plain", 1_000): 2.5,
    ("plain", 10_000): 4,
    ("plain", 100_000): 9,
    ("full", 10_000): 6,
    ("full", 100_000): 15,
}
"""What is to be reached, in units an article."""
SEED, SAMPLES, TAKEN = 11, 200, 100
NEW = ("ber", "kolom", "штаб", "مدي", "שער", "zür")
GROWTH = 0.05
"""Of memory, from the middle third to the last: what is remembered fills and is thrown away in
turns of several lengths, so that single figures differ by a fifth."""
Trail = list[tuple[int, float]]
"""Articles so far, and MB of resident memory."""
P = ParamSpec("P")
T = TypeVar("T")
PAGE = 4096
_WORD = re.compile(r"\w+")


class Row(NamedTuple):
    """What was measured of one number of topics."""

    kind: str
    topics: int
    units: float
    unit_us: float
    hits: float
    parse_us: float
    build_us: float
    change_us: float
    reload_ms: float
    explain_us: float
    memory_mb: float


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print the tables; ``words`` are those of the command."""
    told = _told(words)
    sizes = [int(size) for size in told.sizes.split(",")]
    print(machine(), flush=True)
    if told.many:
        return _told_of_many(_alone(_many, told.articles, sizes[0], told.many))
    print("| topics | units | a unit | matches | parse | build | change | reload | explain | MB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    rows: dict[tuple[str, int], Row] = {}
    for kind in told.kinds.replace(",", " ").split():
        for size in sizes:
            row = rows[kind, size] = _alone(_measure, told.articles, kind, size)
            print(
                f"| {row.topics:,} {row.kind} | {row.units:.1f} | {row.unit_us:.0f} µs "
                f"| {row.hits:.2f} "
                f"| {row.parse_us:.0f} µs | {row.build_us:.0f} µs | {row.change_us:.0f} µs "
                f"| {row.reload_ms:.1f} ms | {row.explain_us:.0f} µs | {row.memory_mb:.0f} |",
                flush=True,
            )
    print("\n| goal | at most | measured | |\n|---|---|---|---|")
    for goal in _goals(rows):
        print(f"| {goal.what} | {goal.most:g} | {goal.measured:.1f} | {goal.verdict} |")
    if not told.articles:
        print(f"\n{_alone(_unspaced, sizes[0])}", flush=True)
    for peer in told.peers.replace(",", " ").split():
        for size in sizes:
            if size <= (1_000 if peer in SLOW else 10_000):
                print(_compared(peer, told.articles, size), flush=True)
    return 0


class Goal(NamedTuple):
    """What is to be reached, and what was."""

    what: str
    most: float
    measured: float

    @property
    def verdict(self) -> str:
        """Return a word for it."""
        return "met" if self.measured <= self.most else "**missed**"


def _goals(rows: dict[tuple[str, int], Row]) -> Iterator[Goal]:
    """Yield the goals of which the rows tell."""
    for (kind, size), most in UNITS.items():
        if (kind, size) in rows:
            yield Goal(f"{size:,} {kind}: units", most, rows[kind, size].units)
    few, many = rows.get(("plain", 1_000)), rows.get(("plain", 100_000))
    if few and many:
        yield Goal("100,000 plain, of 1,000", 4, many.units / few.units)
    if row := rows.get(("full", 10_000)):
        yield Goal("10,000 full: µs to add or remove one", 150, row.change_us)
        yield Goal("10,000 full: µs of a match's receipt", 300, row.explain_us)
    if row := rows.get(("full", 100_000)):
        yield Goal("100,000 full: µs to build one after parsing", 60, row.build_us)
        yield Goal("100,000 full: MB beside dictionaries and queries", 200, row.memory_mb)


def _told_of_many(found: Trail) -> int:
    """Say how memory went, and return 1 if it grew."""
    later = [memory for place, memory in found if place > found[-1][0] / 3]
    half = len(later) // 2
    middle, last = median(later[:half]), median(later[half:])
    grown = last / middle - 1
    print(
        f"{found[-1][0]:,} articles in a row: {middle:.0f} MB in the middle third, {last:.0f} MB "
        f"in the last ({min(later):.0f} to {max(later):.0f} in both): {grown:+.1%} (at most "
        f"{GROWTH:.0%}): {'flat' if grown <= GROWTH else 'IT GROWS'}"
    )
    return 0 if grown <= GROWTH else 1


def _told(words: Sequence[str] | None) -> argparse.Namespace:
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--articles", type=Path, help="JSON lines; default: generated")
    asked.add_argument("--kinds", default="plain,full")
    asked.add_argument("--sizes", default="1000,10000,100000")
    asked.add_argument("--peers", default=PEERS, help=f'default "{PEERS}", "" for none')
    asked.add_argument("--many", type=int, default=0, help="articles in a row, for the memory")
    asked.add_argument("--quick", action="store_true", help="1,000 topics, and no peer to install")
    told = asked.parse_args(words)
    if told.quick:
        told.sizes, told.peers = "1000", "regex in"
    return told


def _alone(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run in a process of its own: memory is measured, and what was read stays with it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        return processes.submit(function, *args, **kwargs).result()


def _memory() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def _cpu(function: Callable[[Document], object], found: list[Document]) -> float:
    began = time.process_time()
    for one in found:
        function(one)
    return time.process_time() - began


def _unit(document: Document) -> object:
    return _WORD.findall(document.body)


def _units(function: Callable[[Document], object], found: list[Document]) -> float:
    """Return the cost of a function in units: the median of several rounds."""
    for one in found:
        function(one)
    return median(_cpu(function, found) / _cpu(_unit, found) for _ in range(ROUNDS))


def _compile(specs: list[TopicSpec], before: TopicSet | None = None) -> TopicSet:
    return compile_topics(specs, {}, ["en"], shipped.common_words(), before)


def _unspaced(size: int) -> str:
    """Return a line on what articles take in which no space tells words apart."""
    found = [one for one in articles(None) if one.language in UNSPACED]
    topics = _compile(makes(None).topics("plain", size))
    units = _units(topics.names, found)
    took = min(_cpu(topics.names, found) for _ in range(ROUNDS)) / len(found)
    letters = sum(len(one.body) for one in found) / len(found)
    return (
        f"without spaces ({', '.join(sorted(UNSPACED))}), {size:,} plain topics: "
        f"{took * 1e3:.1f} ms an article of {letters:,.0f} letters, "
        f"{took / letters * 1e6:.1f} µs a letter, {units:.0f} units"
    )


def _measure(file: Path | None, kind: str, size: int) -> Row:
    found = [one for one in articles(file) if one.language not in UNSPACED]
    specs = makes(file).topics(kind, size)
    forms = Forms(["en"])
    forms.keys("striking", "striking", forms.codes_for("en"))
    shipped.common_words()
    began = time.process_time()
    for spec in specs:
        parse(spec.query, {})
    parsing = time.process_time() - began
    before, began = _memory(), time.process_time()
    topics = _compile(specs)
    built = time.process_time() - began
    units = _units(topics.names, found)
    memory = _memory() - before
    names = sum(len(topics.names(one)) for one in found)
    whole, bare = (
        min(_cpu(ask, found) for _ in range(ROUNDS)) for ask in (topics.match, topics.names)
    )
    change_us, reload_ms = _changes(specs, topics)
    return Row(
        kind=kind,
        topics=size,
        units=units,
        unit_us=min(_cpu(_unit, found) for _ in range(ROUNDS)) / len(found) * 1e6,
        hits=names / len(found),
        parse_us=parsing / size * 1e6,
        build_us=(built - parsing) / size * 1e6,
        change_us=change_us,
        reload_ms=reload_ms,
        explain_us=(whole - bare) / max(1, names) * 1e6,
        memory_mb=memory,
    )


def _changes(specs: list[TopicSpec], topics: TopicSet) -> tuple[float, float]:
    """Return the cost of one topic more, in µs, and of a reload with it, in ms."""
    made, matcher = topics._made, topics._matcher  # noqa: SLF001 - what no user needs alone
    queries = [f'"newword{number}" AND ("other{number}" OR harbour)' for number in range(50)]
    began = time.process_time()
    for query in queries:
        compiler = Compiler(made.vocabulary, made.likelihood)
        program = compiler.program(parse(query, {}).tree)
        matcher = matcher.changed({program}, set()).changed(set(), {program})
    change = (time.process_time() - began) / len(queries) / 2
    began = time.process_time()
    for query in queries[:5]:
        _compile([*specs[1:], TopicSpec(name="new", query=query)], topics)
    return change * 1e6, (time.process_time() - began) / 5 * 1e3


def _many(file: Path | None, size: int, number: int) -> Trail:
    """Match many short articles, none quite like another, and return the memory as it went.

    Of each article a hundred words are taken, and words are added that nobody has met, so many
    that all that is remembered is filled, and thrown away, several times.
    """
    found = articles(file)
    topics = _compile(makes(file).topics("full", size))
    words = [one.body.split() for one in found]
    chance, new, trail = Random(SEED), max(3, 6 * MEMO_CHUNKS // number), Trail()
    for place in range(number):
        some = chance.choice(words)
        start = chance.randrange(max(1, len(some) - TAKEN))
        fresh = (f"{chance.choice(NEW)}{place * new + more:x}q" for more in range(min(new, 200)))
        body = " ".join((*some[start : start + TAKEN], *fresh))
        topics.match(Document(title=" ".join(some[:8]), body=body, language="en"))
        if place % max(1, number // SAMPLES) == 0 or place == number - 1:
            trail.append((place + 1, _memory()))
            if len(trail) % (SAMPLES // 20) == 1:
                print(f"{place + 1:,} articles: {trail[-1][1]:.0f} MB", flush=True)
    return trail


def _compared(peer: str, file: Path | None, size: int) -> str:
    """Return a line on what a peer costs and whether it finds the same."""
    texts = [flat(one.body) for one in articles(file)]
    specs = makes(file).topics("plain", size)
    asked = json.dumps({"topics": [clauses(spec.query) for spec in specs], "texts": texts})
    script = Path(__file__).parent / "peers" / "of_topics.py"
    try:
        python = Path(sys.executable) if peer in SLOW else python_of(peer)
    except NotInstalled as error:
        return f"{peer}: not measured: {error}"
    words = [str(python), str(script), peer]
    done = subprocess.run(words, input=asked, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        return f"{peer}, {size:,}: failed: {done.stderr.strip().splitlines()[-1:]}"
    told = json.loads(done.stdout)
    ours, same = _alone(_ours, texts, specs, told["found"])
    alike = "the same found" if same else "OTHERS found"
    return f"{peer}, {size:,} plain topics: {told['units']:.1f} units, tocsin {ours:.1f}; {alike}"


def _ours(texts: list[str], specs: list[TopicSpec], found: list[list[int]]) -> tuple[float, bool]:
    documents = [Document(title="", body=text, language="en") for text in texts]
    topics = _compile(specs)
    units = _units(topics.names, documents)
    wanted = [tuple(f"t{number}" for number in numbers) for numbers in found]
    return units, wanted == [topics.names(document) for document in documents]


if __name__ == "__main__":
    sys.exit(main())
