"""The matcher against the plain evaluator: `python -m benchmarks.agreement [--pairs 1000000]`.

Topics and articles are made up from seeds, over all operators, scopes, facts and scripts. Every
topic is asked of every article, by the matcher, which asks all topics at once, and by the plain
evaluator, which walks one after the other; names and receipts must be equal. Every other set of
topics is one that was changed while in use: topics left it, came to it and came back.

It ends with 1 at the first pair that differs, and tells the seed and a pair as small as it gets.
``--seed`` begins elsewhere: the same pairs are the same seeds.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from benchmarks.processes import machine
from tests.topics.made import ALIASES, document, query
from tests.topics.oracle import Reading, holds
from workers.model.topic import Document, Match, TopicSpec
from workers.topics import TopicSet, compile_topics
from workers.topics.aliases import read_aliases
from workers.topics.errors import QueryError
from workers.topics.forms import Forms
from workers.topics.parser import parse
from workers.topics.receipt import receipt
from workers.topics.tree import Node

__all__ = ["Different", "Pair", "Round", "compared", "main"]

Answer = tuple[Match, ...]
Matches = Callable[[TopicSet, Document], Answer]

TOPICS, ARTICLES = 50, 25
PAIRS = TOPICS * ARTICLES
"""Of one seed."""
LANGUAGES = (("en",), ("en", "ar"), ("en", "he", "fr"), ())
"""Whose forms are known, in turn."""
KEPT, GONE = 40, 10
"""Of a set that changes: how many topics it begins with, and how many of these go for a while."""
_SETS = read_aliases(ALIASES).phrases


class Pair(NamedTuple):
    """A topic and an article, and what the two say of them."""

    topic: str
    article: Document
    languages: tuple[str, ...]
    matcher: Answer
    oracle: Answer


@dataclass(frozen=True)
class Different:
    """A pair of which the two do not say the same."""

    seed: int
    pair: Pair
    alone: bool
    """Whether it is so without the other topics: then the pair is as small as it gets."""

    def __str__(self) -> str:
        """Return it for people."""
        among = "alone" if self.alone else f"only among the {TOPICS} topics of its seed"
        lines = (f"  {name:10}{value!r}" for name, value in self.pair._asdict().items())
        return "\n".join((f"seed {self.seed}: they differ, {among}", *lines))


@dataclass(frozen=True)
class Round:
    """What came of one seed."""

    seed: int
    hits: int
    different: Different | None


def compared(seed: int, match: Matches = TopicSet.match) -> Round:
    """Compare all topics and articles of a seed."""
    chance, languages = Random(seed), LANGUAGES[seed % len(LANGUAGES)]
    trees, hits = _trees(chance), 0
    topics = _changed(list(trees), languages) if seed % 2 else _compiled(list(trees), languages)
    for _ in range(ARTICLES):
        article = document(chance)
        expected, found = _oracle(trees, article, languages), match(topics, article)
        hits += len(expected)
        if found != expected:
            pair = next(
                Pair(name, article, languages, found_of, expected_of)
                for name in trees
                if (found_of := _of(found, name)) != (expected_of := _of(expected, name))
            )
            return Round(seed, hits, _smallest(seed, pair, match))
    return Round(seed, hits, None)


def _trees(chance: Random) -> dict[str, Node]:
    found: dict[str, Node] = {}
    while len(found) < TOPICS:
        made = query(chance)
        tree = _tree(made)
        if tree is not None:
            found[made] = tree
    return found


def _tree(written: str) -> Node | None:
    try:
        return parse(written, _SETS).tree
    except QueryError:
        return None


def _compiled(
    names: Sequence[str], languages: Sequence[str], before: TopicSet | None = None
) -> TopicSet:
    specs = [TopicSpec(name=name, query=name) for name in names]
    return compile_topics(specs, ALIASES, languages, {}, before)


def _changed(names: list[str], languages: Sequence[str]) -> TopicSet:
    topics = _compiled(names[:KEPT], languages)
    topics.names(Document(title="Militia strike", body="Drones of the U.S."))
    topics = _compiled(names[GONE:KEPT], languages, topics)
    topics = _compiled(names[GONE:], languages, topics)
    return _compiled(names, languages, topics)


@cache
def _forms(languages: tuple[str, ...]) -> Forms:
    return Forms(languages)


def _oracle(trees: dict[str, Node], article: Document, languages: tuple[str, ...]) -> Answer:
    reading = Reading(article, _forms(languages))
    return tuple(
        Match(topic=name, clauses=receipt(tree, reading))
        for name, tree in trees.items()
        if holds(tree, reading)
    )


def _of(matches: Answer, name: str) -> Answer:
    return tuple(match for match in matches if match.topic == name)


def _smallest(seed: int, pair: Pair, match: Matches) -> Different:
    """Return the pair that differs, made smaller for as long as it differs alone."""
    least, smaller = None, _differing([pair], match)
    while smaller is not None:
        least, smaller = smaller, _differing(_less(smaller), match)
    return Different(seed, least or pair, alone=least is not None)


def _differing(pairs: Iterable[Pair], match: Matches) -> Pair | None:
    """Return the first pair that differs without other topics, with what the two say of it."""
    for pair in pairs:
        tree = _tree(pair.topic)
        if tree is not None:
            found = match(_compiled([pair.topic], pair.languages), pair.article)
            expected = _oracle({pair.topic: tree}, pair.article, pair.languages)
            if found != expected:
                return pair._replace(matcher=found, oracle=expected)
    return None


def _less(pair: Pair) -> Iterator[Pair]:
    """Yield the pair with less in it, the largest steps first."""
    name, article = pair.topic, pair.article
    words = name.split()
    for first, last in _cuts(len(words)):
        yield pair._replace(topic=" ".join(words[:first] + words[last:]))
    if "(" in name and name.endswith(")"):
        yield pair._replace(topic=name[name.index("(") + 1 : -1])
    for number in range(len(article.zones)):
        zones = article.zones[:number] + article.zones[number + 1 :]
        yield pair._replace(article=replace(article, zones=zones))
    for field in ("title", "body"):
        text = getattr(article, field)
        for first, last in _cuts(len(text)):
            less = replace(article, **{field: text[:first] + text[last:]})
            yield pair._replace(article=less)


def _cuts(length: int) -> Iterator[tuple[int, int]]:
    size = length
    while size:
        for first in range(0, length, size):
            yield first, first + size
        size //= 2


def main(words: Sequence[str] | None = None, match: Matches = TopicSet.match) -> int:
    """Compare what ``match`` says, and tell what came of it; ``words`` are the command's."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--pairs", type=int, default=1_000_000, help="of topic and article")
    asked.add_argument("--seed", type=int, default=1, help="the first one")
    asked.add_argument("--processes", type=int, default=2)
    told = asked.parse_args(words)
    seeds = range(told.seed, told.seed + -(-told.pairs // PAIRS))
    print(f"{machine()}; seeds {seeds[0]} to {seeds[-1]}", flush=True)
    began, hits, done = time.monotonic(), 0, 0
    with ProcessPoolExecutor(told.processes, mp_context=get_context("spawn")) as processes:
        for one in processes.map(partial(compared, match=match), seeds, chunksize=4):
            if one.different is not None:
                print(one.different)
                processes.shutdown(cancel_futures=True)
                return 1
            hits, done = hits + one.hits, done + PAIRS
            if one.seed % 40 == 0:
                print(f"{done:,} pairs, {hits:,} of them matches: all the same", file=sys.stderr)
    took = time.monotonic() - began
    print(
        f"{done:,} pairs of topic and article in {took:.0f} s: matcher and plain evaluator say "
        f"the same of all, receipts included; {hits:,} of them match"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
