r"""What an article may take while others wait: `python -m benchmarks.stalls [--quick]`.

Three numbers say when an article is matched in a thread instead of in the event loop: AT_ONCE, its
letters; WORK, the places of words that are compared, to which letters of new words count; and
RECEIPTS, letters of the queries that match. Measured is what articles take that come near one of
them, of shapes that are made to cost much: in ms of CPU, and in units of
``re.findall(r"\w+", text)`` over one text of a thousand words that is always the same, which carry
between machines. Each is the least of several rounds.

The numbers are meant to allow about 75 units, which is 15 ms where a unit takes 200 µs. One is
wrong if a row of it takes more than twice as much, or if all of its rows take less than half.
"""

import argparse
import re
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import NamedTuple, TypeVar

from benchmarks.newspapers import Vocabulary
from benchmarks.processes import machine
from benchmarks.topics_made import articles, makes
from monitor import shipped
from workers.model.article import ZoneLine
from workers.model.topic import Document, TopicSpec
from workers.steps.match import AT_ONCE
from workers.topics import NotAtHand, TopicSet, compile_topics
from workers.topics.compiled import RECEIPT, RECEIPTS

__all__ = ["main"]

ROUNDS = 7
SEED = 3
UNIT_WORDS = 1_000
MEANT = 75
"""Units that others may have to wait."""
LANGUAGES = ("en", "ar", "zh")
LINE = 400
"""Letters of a line of another zone."""
SPARE = 0.95
"""Articles of one size differ a little in what they take."""
TOPICS = (1_000, 10_000)
COMMON = ("strike", "militia", "raid", "rebel", "attack", "army")
QUERIES = {
    "COUNT": "COUNT/2(strike)",
    "NEAR of two": "strike NEAR/2 militia",
    "NEAR of four": "strike NEAR/2 militia NEAR/2 strike NEAR/2 militia",
    "NEAR of groups": "(strike OR raid OR attack) NEAR/9 (militia OR rebel OR army)",
}
CLAUSES = (3, 15)
_WORD = re.compile(r"\w+")
_DIGITS = {"en": "abcdefghij", "ar": "كلمنهويبتث", "zh": "倀倁倂倃倄倅倆倇倈倉"}
Make = Callable[[int], Document]
"""Makes an article of about so many letters."""
T = TypeVar("T")


class Row(NamedTuple):
    """What was measured of one shape of articles."""

    number: str
    shape: str
    ms: float
    units: float

    def __str__(self) -> str:
        """Return it as a row of a table."""
        return f"| {self.number} | {self.shape} | {self.ms:.1f} ms | {self.units:.0f} |"


class Bench:
    """Times matching in units, and makes up texts."""

    def __init__(self, rounds: int) -> None:
        """Measure the unit."""
        self.chance, self._rounds, self._number = Random(SEED), rounds, 0
        self._words = {code: Vocabulary(code) for code in LANGUAGES}
        text = " ".join(self._words["en"].draw(self.chance, UNIT_WORDS))
        self.unit = self._least(lambda: text, _WORD.findall)

    def _least(self, make: Callable[[], T], function: Callable[[T], object]) -> float:
        """Return the least CPU seconds that a function takes of what is made for it anew."""
        took = []
        for _ in range(self._rounds):
            one = make()
            began = time.thread_time()
            function(one)
            took.append(time.thread_time() - began)
        return min(took)

    def row(
        self, number: str, shape: str, make: Callable[[], T], function: Callable[[T], object]
    ) -> Row:
        """Measure one shape."""
        took = self._least(make, function)
        return Row(number, shape, took * 1e3, took / self.unit)

    def new(self, language: str, letters: int) -> str:
        """Return words of so many letters together that nobody has met."""
        found = []
        while letters > 0:
            self._number += 1
            number = "".join(_DIGITS[language][int(digit)] for digit in str(self._number))
            found.append(self._words[language].draw(self.chance, 1)[0] + number)
            letters -= len(found[-1])
        return ("" if language == "zh" else " ").join(found)


def _compiled(queries: list[str]) -> TopicSet:
    specs = [TopicSpec(name=f"t{number}", query=query) for number, query in enumerate(queries)]
    return compile_topics(specs, {}, ["en"], shipped.common_words())


def _of_work(bench: Bench) -> Iterator[Row]:
    """Yield what it takes to read new words, and to compare places, within WORK."""
    some = _compiled(["strike", "raid*", "كتائب", '"真主党"', "any:militia"])
    for language in LANGUAGES:
        some.names(Document(title="", body="strike", language=language))  # loads its dictionary
        make = partial(_of_new_words, bench, language)
        yield _within(bench, f"letters of new words, {language}", some, make)
    make = partial(_of_new_lines, bench)
    yield _within(bench, "letters of new words in lines of another zone", some, make)
    for name, query in QUERIES.items():
        topics, make = _compiled([query]), partial(_of_common_words, bench)
        topics.names(make(1_000))
        yield _within(bench, f"letters of words that are met, {name}", topics, make)


def _of_new_words(bench: Bench, language: str, letters: int) -> Document:
    return Document(title="", body=bench.new(language, letters), language=language)


def _of_new_lines(bench: Bench, letters: int) -> Document:
    texts = (bench.new("en", LINE) for _ in range(letters // LINE))
    zones = tuple(ZoneLine(zone="related", text=text, rule="made up") for text in texts)
    return Document(title="", body="", zones=zones, language="en")


def _of_common_words(bench: Bench, letters: int) -> Document:
    words = bench.chance.choices(COMMON, k=letters // 7)
    return Document(title="", body=" ".join(words), language="en")


def _within(bench: Bench, shape: str, topics: TopicSet, make: Make) -> Row:
    """Measure articles of a shape that are nearly the largest that are matched at once."""
    match = partial(topics.names, load=False)
    size = int(_most(match, make, AT_ONCE) * SPARE)
    return bench.row("WORK", f"{size:,} {shape}", lambda: make(size), match)


def _most(match: Callable[[Document], object], make: Make, most: int) -> int:
    """Return up to which size articles are not refused."""
    least = 0
    while most - least > max(1, least // 50):
        size = (least + most) // 2
        try:
            match(make(size))
        except NotAtHand:
            most = size
        else:
            least = size
    return least


def _of_receipts(bench: Bench) -> Iterator[Row]:
    """Yield what the receipts take of as many topics as may ring at once for one article."""
    for clauses in CLAUSES:
        article, queries = _ringing(bench, clauses)
        known = _compiled(queries)
        if known.match(article) != known.match(article, load=False) or not queries:
            raise RuntimeError("they do not match at once")
        shape = f"{len(queries)} receipts of {clauses} clauses"
        explain = partial(_matched, article)
        yield bench.row("RECEIPTS", shape, partial(_as_it_is, known), explain)
        anew = partial(_never_explained, article, queries)
        yield bench.row("RECEIPTS", f"{shape}, queries read anew", anew, explain)


def _ringing(bench: Bench, clauses: int) -> tuple[Document, list[str]]:
    """Return an article of usual length, and as many topics that ring for it as may."""
    words = bench.new("en", 4_000).split()
    groups = [" OR ".join(bench.chance.sample(words, 2)) for _ in range(clauses - 1)]
    queries, left = list[str](), RECEIPTS
    while left >= 0:
        first = f"w{len(queries)}x OR {words[len(queries)]}"
        queries.append(" AND ".join(f"({group})" for group in (first, *groups)))
        left -= len(queries[-1]) + RECEIPT
    body = ". ".join(" ".join(words[at : at + 20]) for at in range(0, len(words), 20))
    return Document(title="", body=body, language="en"), queries[:-1]


def _as_it_is(topics: TopicSet) -> TopicSet:
    return topics


def _never_explained(article: Document, queries: list[str]) -> TopicSet:
    topics = _compiled(queries)
    topics.names(article)
    return topics


def _matched(article: Document, topics: TopicSet) -> None:
    topics.match(article)


def _of_letters(bench: Bench) -> Iterator[Row]:
    """Yield what articles take of as many letters as may be, of words that are known."""
    bodies = [one.body for one in articles(None) if one.language == "en"]
    article = Document(title="", body=" ".join(bodies)[:AT_ONCE], language="en")
    for number in TOPICS:
        specs = makes(None).topics("full", number)
        topics = compile_topics(specs, {}, ["en"], shipped.common_words())
        found = len(topics.names(article))
        shape = f"{AT_ONCE:,} letters, {number:,} topics of which {found} match"
        yield bench.row("AT_ONCE", shape, lambda: article, topics.names)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and print the table; ``words`` are those of the command."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--quick", action="store_true", help="one round, and no many topics")
    quick = asked.parse_args(words).quick
    bench = Bench(1 if quick else ROUNDS)
    print(f"{machine()}; a unit took {bench.unit * 1e6:.0f} µs, {MEANT} are meant", flush=True)
    print("| number | articles that come near it | CPU | units |\n|---|---|---|---|")
    for measure in (_of_work, _of_receipts) if quick else (_of_work, _of_receipts, _of_letters):
        for row in measure(bench):
            print(row, flush=True)


if __name__ == "__main__":
    main()
