"""A document as compiled topics see it: strings of code points, and the elements in them.

A passage is a text that no phrase and no distance leaves: the title, the body, each line of the
other zones. Inside the body phrases and NEAR go across lines, because publishers break lines
anywhere. Those of other zones are made only if a topic asks for them; and what is asked is worked
out once, however many topics ask it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, product
from math import inf, prod
from typing import NamedTuple

from workers.model.article import ZoneLine
from workers.model.topic import Document
from workers.text.tokens import MEMO_LENGTH, TEXT_LIMIT, tokenize
from workers.topics.forms import NotAtHand
from workers.topics.reading import ZONE_LINES, Chain, Place, Shown
from workers.topics.tree import FactField, Phrase, Scope
from workers.topics.vocabulary import Lexicon, Vocabulary, looked_up, spans

__all__ = ["Elements", "Leaf", "Row", "Scan"]

MOST_ROWS = 16
"""Rows of characters that a phrase is looked for by; with more the positions are compared."""
FEW_LETTERS = 500
"""Nobody waits long for a text so short."""
LETTER = 4
"""Places of words that are compared in the time in which a letter of a new word is looked up."""
KNOWN_LETTERS = 2
"""Letters of a sentence without spaces for which is told where they stand in the time in which a
place is compared."""
FEW_CHUNKS = 2_000
"""So many are split off again faster than the beginnings of all are noted."""
_CHUNK = re.compile(r"\S+")
Elements = frozenset[int] | set[int]
"""Numbers of a vocabulary."""
Row = tuple[int, ...]
"""Elements of which each stands behind the one before."""


class Leaf:
    """Phrases of numbered elements, one of which must stand where ``scope`` searches."""

    __slots__ = ("rows", "scope", "words")

    def __init__(self, words: tuple[int, ...], rows: tuple[Row, ...], scope: Scope) -> None:
        """Keep single words, which only have to be there, and rows of several."""
        self.words = words
        self.rows = rows
        self.scope = scope

    def __call__(self, scan: "Scan") -> bool:
        """Say whether one of them stands there."""
        present, known = scan.seen(self.scope)
        if not present.isdisjoint(self.words):
            return True
        for row in self.rows:
            stands = known.get(row)
            if stands is None:
                stands = known[row] = present.issuperset(row) and scan.stands(row, self.scope)
            if stands:
                return True
        return False


class _Chunks(NamedTuple):
    """What stands between white space in a passage."""

    text: str
    found: list[str]
    ends: list[int]
    """How many tokens there are up to the end of each."""
    starts: list[int]
    """Where each begins, in characters; empty where they are few, and worked out when asked."""
    cut: dict[int, list[tuple[int, int]]]
    """Where the tokens of those begin and end that were asked for."""


class Scan:
    """A document, read by the lexicon of its language."""

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        lexicon: Lexicon,
        budget: float = inf,
    ) -> None:
        """Read title and body; ``budget`` is how much work it may make (see `spend`)."""
        self.document = document
        self._budget = budget
        self._vocabulary = vocabulary
        self._lexicon = lexicon
        self.passages = [self._read(document.title), self._read(document.body)]
        """Title, body, and the lines of other zones as soon as somebody asks for them."""
        self._both = "\0".join(self.passages)  # no phrase goes across what is no word of a topic
        self._characters_of_both: set[str] | None = None
        self._choices: dict[int, str] = {}
        self._others_read = False
        self._present: dict[Scope, Elements] = {}
        self._searched: dict[Scope, list[tuple[int, int]]] = {}
        self._positions: dict[tuple[int, int], list[int]] = {}
        self._seen: dict[Scope, tuple[Elements, dict[Row, bool]]] = {}
        self._places: dict[Leaf, list[Place]] = {}
        self._letters: dict[int, set[str]] = {}
        self._known_facts: set[int] | None = None
        self._chunks: dict[int, _Chunks] = {}
        self.remembered: dict[str, list[Place]] = {}
        self.remembered_chains: dict[str, list[Chain]] = {}

    def _read(self, text: str) -> str:
        self._afford(text)
        return self._lexicon.characters(text)

    def _afford(self, text: str) -> None:
        """Spend what it takes to read a text, if somebody waits for it."""
        if self._budget < inf and len(text) > FEW_LETTERS:
            self.spend(self._lexicon.unseen(text) * LETTER)

    def spend(self, places: int) -> None:
        """Tell that so many places of words are compared.

        Raises:
            NotAtHand: these are too many for somebody whom others wait for.
        """
        self._budget -= places
        if self._budget < 0:
            raise NotAtHand

    def elements(self, scope: Scope = "") -> Elements:
        """Return the elements that stand in what ``scope`` searches."""
        known = self._present.get(scope)
        if known is None:
            known = self._present[scope] = self._elements(scope)
        return known

    def _elements(self, scope: Scope) -> Elements:
        if scope == "any":
            return self.elements() | self._of(set().union(*self.with_others()[2:]))
        if not scope:
            return self._of(self._of_both())
        texts = (self.passages[number][:size] for number, size in self.searched(scope))
        return self._of(set().union(*texts))

    def _of(self, characters: set[str]) -> set[int]:
        """Return the elements that characters stand for."""
        found: set[int] = set()
        return found.union(*map(self._lexicon.signatures.__getitem__, characters))

    def with_others(self) -> list[str]:
        """Return all passages, those of the other zones included."""
        if not self._others_read:
            self._others_read = True
            lines = [line.text for line in self._lines()]
            self._afford("\n".join(lines))  # many short ones take as long as a long one
            self.passages += map(self._lexicon.characters, lines)
        return self.passages

    def _lines(self) -> Iterator[ZoneLine]:
        """Yield the lines of other zones that are searched if any is."""
        lines = self.document.zones[:ZONE_LINES]
        used = accumulate(len(line.text) for line in lines)
        return (line for line, letters in zip(lines, used, strict=True) if letters <= TEXT_LIMIT)

    def searched(self, scope: Scope) -> list[tuple[int, int]]:
        """Return the passages that ``scope`` searches, each with the tokens that count of it."""
        known = self._searched.get(scope)
        if known is None:
            known = self._searched[scope] = self._search(scope)
        return known

    def _search(self, scope: Scope) -> list[tuple[int, int]]:
        match scope:
            case "lead":
                return [(1, self._lead())]
            case "title":
                numbers: Iterable[int] = (0,)
            case "body":
                numbers = (1,)
            case "any":
                numbers = range(len(self.with_others()))
            case "caption":
                lines = self.document.zones
                others = range(2, len(self.with_others()))
                numbers = [number for number in others if lines[number - 2].zone == "caption"]
            case _:
                numbers = (0, 1)
        return [(number, len(self.passages[number])) for number in numbers]

    def _lead(self) -> int:
        """Return how many tokens the first line has that is not empty."""
        body = self.document.body[:TEXT_LIMIT]
        start = len(body) - len(body.lstrip())
        end = body.find("\n", start)
        return len(self.passages[1]) if end < 0 else len(self._lexicon.characters(body[:end]))

    def seen(self, scope: Scope) -> tuple[Elements, dict[Row, bool]]:
        """Return what stands in what ``scope`` searches: the elements, and the rows so far."""
        known = self._seen.get(scope)
        if known is None:
            known = self._seen[scope] = (self.elements(scope), {})
        return known

    def stands(self, phrase: Row, scope: Scope) -> bool:
        """Say whether elements that are all there stand in a row.

        Few characters stand for an element, so mostly the rows that there can be are looked for.
        """
        if scope:
            return any(True for _ in self._runs(phrase, scope))
        known = self._choices
        choices = [known.get(element) or self._choose(element) for element in phrase]
        first = "".join(choices)
        if len(first) == len(phrase):  # each has one
            return first in self._both
        if prod(map(len, choices)) > MOST_ROWS:
            return any(True for _ in self._runs(phrase, scope))
        return any("".join(row) in self._both for row in product(*choices))

    def _choose(self, element: int) -> str:
        """Return the characters of title and body that stand for an element."""
        found = self._choices[element] = self._lexicon.with_element(element, self._of_both())
        return found

    def _of_both(self) -> set[str]:
        """Return the characters of title and body."""
        if self._characters_of_both is None:
            self._characters_of_both = set(self._both)
        return self._characters_of_both

    def places(self, leaf: Leaf) -> list[Place]:
        """Return where a term or an alias set stands, in order, none twice."""
        known = self._places.get(leaf)
        if known is None:
            known = self._places[leaf] = self._look(leaf)
        return known

    def _look(self, leaf: Leaf) -> list[Place]:
        present = self.elements(leaf.scope)
        found: set[Place] = set()
        for row in (*zip(leaf.words), *leaf.rows):
            if present.issuperset(row):
                found.update(self._runs(row, leaf.scope))
        return sorted(found)

    def _runs(self, phrase: tuple[int, ...], scope: Scope) -> Iterable[Place]:
        more = len(phrase) - 1
        for number, size in self.searched(scope):
            firsts: set[int] | list[int] = self._at(number, phrase[0])
            for offset, element in enumerate(phrase[1:], 1):
                if not firsts:
                    break
                others = self._at(number, element)
                firsts = {at - offset for at in others}.intersection(firsts)
            for first in firsts:
                if first + more < size:
                    yield number, first, first + more

    def _at(self, passage: int, element: int) -> list[int]:
        """Return the positions of an element in a passage."""
        key = (passage, element)
        known = self._positions.get(key)
        if known is None:
            text = self.passages[passage]
            known = self._positions[key] = [
                at
                for character in self._lexicon.with_element(element, self._characters(passage))
                for at in _everywhere(text, character)
            ]
        return known

    def _characters(self, passage: int) -> set[str]:
        known = self._letters.get(passage)
        if known is None:
            known = self._letters[passage] = set(self.passages[passage])
        return known

    def facts(self) -> set[int]:
        """Return the numbers of the facts that hold of the document, as far as topics ask."""
        if self._known_facts is None:
            self._known_facts = self._facts()
        return self._known_facts

    def _facts(self) -> set[int]:
        document = self.document
        given: dict[FactField, Iterable[str | None]] = {
            "source": document.sources,
            "lang": (document.language,),
            "tag": document.tags,
            "author": (document.author,),
        }
        found: set[int] = set()
        for field, values in given.items():
            for value in values:
                if value:
                    words = tuple(token.folded for token in tokenize(value))
                    found |= self._vocabulary.facts_of(field, words)
        return found

    # What receipts are made of.

    def find(self, phrase: Phrase, scope: Scope) -> list[Place]:
        """Return where words stand in a row, in order."""
        numbers = tuple(map(self._vocabulary.number, phrase))
        if not self.elements(scope) >= set(numbers):
            return []
        return sorted(self._runs(numbers, scope))

    def has_fact(self, field: FactField, phrase: Phrase) -> bool:
        """Say whether the document has this fact (see `docs/topics.md`)."""
        return self._vocabulary.fact(field, phrase) in self.facts()

    def shown(self, place: Place) -> Shown:
        """Return a place as people see it."""
        number, first, last = place
        zone, text = self._passage(number)
        return Shown(zone, text, self._span(number, first)[0], self._span(number, last)[1])

    def _passage(self, number: int) -> tuple[str, str]:
        document = self.document
        if number > 1:
            line = document.zones[number - 2]
            return line.zone, line.text
        return ("body", document.body) if number else ("title", document.title)

    def _span(self, passage: int, token: int) -> tuple[int, int]:
        """Return where a token begins and ends, in characters."""
        chunks = self._chunks.get(passage) or self._cut(passage)
        place = bisect_right(chunks.ends, token)
        cut = chunks.cut.get(place)
        if cut is None:
            chunk = chunks.found[place]
            if len(chunk) > MEMO_LENGTH:  # such ones are cut anew each time
                self.spend(looked_up(chunk) * LETTER + len(chunk) // KNOWN_LETTERS)
            cut = chunks.cut[place] = _spans(chunks, place)
        return cut[token - (chunks.ends[place - 1] if place else 0)]

    def _cut(self, passage: int) -> _Chunks:
        text = self._passage(passage)[1][:TEXT_LIMIT]
        found = text.split()
        many = len(found) > FEW_CHUNKS
        starts = [chunk.start() for chunk in _CHUNK.finditer(text)] if many else []
        made = _Chunks(text, found, list(accumulate(self._lexicon.sizes(found))), starts, {})
        self._chunks[passage] = made
        return made


def _spans(chunks: _Chunks, place: int) -> list[tuple[int, int]]:
    """Return where the tokens of a chunk begin and end."""
    text, found, starts = chunks.text, chunks.found, chunks.starts
    start = starts[place] if starts else len(text) - len(text.split(None, place)[place])
    return [(start + first, start + end) for first, end in spans(found[place])]


def _everywhere(text: str, character: str) -> Iterable[int]:
    at = text.find(character)
    while at >= 0:
        yield at
        at = text.find(character, at + 1)
