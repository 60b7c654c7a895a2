"""The plain evaluator: each topic walked over a document, straight from the meaning of the tree.

It is the reference for what a query means; the matcher has to give the same answers. A passage is
a text that no phrase and no distance leaves: the title, the body, each line of the other zones.
Inside the body phrases and NEAR go across lines, because publishers break lines anywhere.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import takewhile

from workers.model.topic import Document
from workers.text.tokens import TEXT_LIMIT, behind_particles, tokenize
from workers.topics.canonical import canonical
from workers.topics.forms import Forms
from workers.topics.near import linked
from workers.topics.reading import ZONE_LINES, Chain, Place, Shown, fact_holds
from workers.topics.tree import (
    Alias,
    Both,
    Count,
    Either,
    Element,
    Fact,
    FactField,
    Near,
    Node,
    Not,
    Phrase,
    Scope,
    Term,
)

__all__ = ["Passage", "Reading", "chains", "holds", "places"]


def holds(node: Node, reading: "Reading") -> bool:
    """Say whether a tree is true of a document."""
    match node:
        case Both():
            return all(holds(child, reading) for child in node.children)
        case Either():
            return any(holds(child, reading) for child in node.children)
        case Not():
            return not holds(node.child, reading)
        case Near():
            return bool(chains(node, reading))
        case Count():
            found = places(node.operand, reading)
            return len({place[:2] for place in found}) >= node.least
        case Term() | Alias() | Fact():
            return _holds_leaf(node, reading)


def _holds_leaf(leaf: Term | Alias | Fact, reading: "Reading") -> bool:
    if isinstance(leaf, Fact):
        return reading.has_fact(leaf.field, leaf.phrase)
    return bool(places(leaf, reading))


def places(node: Node, reading: "Reading") -> list[Place]:
    """Return where a term, an alias or an OR group of them stands, in order, none twice."""
    if isinstance(node, Either):
        return sorted({place for child in node.children for place in places(child, reading)})
    if not isinstance(node, Term | Alias):
        return []
    key = canonical(node)
    found = reading.remembered.get(key)
    if found is None:
        found = reading.remembered[key] = _look(node, reading)
    return found


def _look(leaf: Term | Alias, reading: "Reading") -> list[Place]:
    if isinstance(leaf, Term):
        return reading.find(leaf.phrase, leaf.scope)
    found = {place for phrase in leaf.phrases for place in reading.find(phrase, leaf.scope)}
    return sorted(found)


def chains(node: Near, reading: "Reading") -> list[Chain]:
    """Return how a NEAR is met: a place of each operand, every one near the one before.

    One chain for each place of the last operand that ends one, by the nearest partners. Places
    that overlap are no neighbours: a word is not near itself.
    """
    key = canonical(node)
    known = reading.remembered_chains.get(key)
    if known is not None:
        return known
    found: list[Chain] = [(place,) for place in places(node.operands[0], reading)]
    for link, operand in zip(node.links, node.operands[1:], strict=True):
        found = list(linked(found, places(operand, reading), link)) if found else []
    reading.remembered_chains[key] = found
    return found


class Passage:
    """One searchable text."""

    def __init__(self, zone: str, text: str, forms: Forms, codes: tuple[str, ...]) -> None:
        """Cut ``text`` into tokens; ``codes`` are the dictionaries for its language."""
        self.zone = zone
        self.text = text
        self.tokens = tokenize(text)
        self._forms = forms
        self._codes = codes
        self._folded: dict[str, list[int]] = {}
        self._behind: dict[str, list[int]] = {}
        self._cased: dict[str, list[int]] | None = None
        self._families: dict[str, list[int]] | None = None
        self._sorted: list[str] | None = None
        for place, token in enumerate(self.tokens):
            self._folded.setdefault(token.folded, []).append(place)
        for word in [word for word in self._folded if not word.isascii()]:
            for rest in behind_particles(word):
                self._behind.setdefault(rest, []).extend(self._folded[word])

    def lead_tokens(self) -> int:
        """Return how many tokens the first line that is not empty has."""
        start = len(self.text) - len(self.text.lstrip())
        end = self.text.find("\n", start)
        if end < 0:
            return len(self.tokens)
        return sum(1 for _ in takewhile(lambda token: token.end <= end, self.tokens))

    def places(self, element: Element) -> Sequence[int]:
        """Return the positions of one word, in no order, none twice."""
        match element.kind:
            case "forms":
                return self._in_family(element)
            case "case":
                return self._by_case().get(element.cased, ())
            case "prefix":
                return self._by_prefix(element)
            case "exact":
                return self._merged([element.folded], particles=element.particles)

    def _in_family(self, element: Element) -> Sequence[int]:
        keys = self._forms.keys(element.raw, element.folded, self._codes)
        families = self._by_family()
        found = [families[key] for key in keys if key in families]
        return found[0] if len(found) == 1 else _union(found)

    def _merged(self, words: Iterable[str], *, particles: bool) -> Sequence[int]:
        indexes = (self._folded, self._behind) if particles else (self._folded,)
        found = [index[word] for word in words for index in indexes if word in index]
        return found[0] if len(found) == 1 else _union(found)

    def _by_prefix(self, element: Element) -> Sequence[int]:
        if self._sorted is None:
            self._sorted = sorted({*self._folded, *self._behind})
        words = self._sorted
        start = bisect_left(words, element.folded)
        found = takewhile(
            lambda word: word.startswith(element.folded),
            (words[place] for place in range(start, len(words))),
        )
        return self._merged(found, particles=element.particles)

    def _by_case(self) -> dict[str, list[int]]:
        if self._cased is None:
            self._cased = {}
            for place, token in enumerate(self.tokens):
                self._cased.setdefault(token.cased, []).append(place)
        return self._cased

    def _by_family(self) -> dict[str, list[int]]:
        """Index by the keys of each token, those behind particles included."""
        if self._families is None:
            families: dict[str, list[int]] = {}
            self._families = families
            keys: dict[tuple[str, str], frozenset[str]] = {}
            for place, token in enumerate(self.tokens):
                word = (token.raw, token.folded)
                if word not in keys:
                    keys[word] = self._forms.token_keys(token, self._codes)
                for key in keys[word]:
                    families.setdefault(key, []).append(place)
        return self._families


def _union(found: Sequence[Sequence[int]]) -> Sequence[int]:
    return list({place for places in found for place in places})


class Reading:
    """A document as queries see it. Made once for all topics, and remembers what they asked."""

    def __init__(self, document: Document, forms: Forms) -> None:
        """Make title and body searchable in the language of ``document``."""
        self.document = document
        self.codes = forms.codes_for(document.language)
        self._forms = forms
        self.passages = [
            Passage("title", document.title, forms, self.codes),
            Passage("body", document.body, forms, self.codes),
        ]
        self._others_read = False
        self._searched: dict[Scope, list[tuple[int, int]]] = {}
        self._facts: dict[FactField, list[tuple[str, ...]]] = {}
        self.remembered: dict[str, list[Place]] = {}
        self.remembered_chains: dict[str, list[Chain]] = {}

    def with_others(self) -> list[Passage]:
        """Return all passages, those of the other zones included."""
        if not self._others_read:
            self._others_read = True
            room = TEXT_LIMIT
            for line in self.document.zones[:ZONE_LINES]:
                room -= len(line.text)
                if room < 0:
                    break
                self.passages.append(Passage(line.zone, line.text, self._forms, self.codes))
        return self.passages

    def searched(self, scope: Scope) -> list[tuple[int, int]]:
        """Return the passages that ``scope`` searches, each with the tokens that count of it."""
        if scope not in self._searched:
            self._searched[scope] = self._search(scope)
        return self._searched[scope]

    def _search(self, scope: Scope) -> list[tuple[int, int]]:
        if scope == "lead":
            return [(1, self.passages[1].lead_tokens())]
        named: dict[Scope, tuple[int, ...]] = {"": (0, 1), "title": (0,), "body": (1,)}
        numbers = named.get(scope, ())
        if scope in {"any", "caption"}:
            others = enumerate(self.with_others())
            every = scope == "any"
            numbers = tuple(n for n, one in others if every or (n > 1 and one.zone == "caption"))
        return [(number, len(self.passages[number].tokens)) for number in numbers]

    def find(self, phrase: Phrase, scope: Scope) -> list[Place]:
        """Return where words stand in a row, in order."""
        found: list[Place] = []
        more = len(phrase) - 1
        for number, size in self.searched(scope):
            passage = self.passages[number]
            if passage.places(phrase[0]):
                firsts = _in_a_row([passage.places(element) for element in phrase], size)
                found += ((number, first, first + more) for first in firsts)
        return found

    def has_fact(self, field: FactField, phrase: Phrase) -> bool:
        """Say whether the document has this fact (see `docs/topics.md`)."""
        return any(fact_holds(field, words, phrase) for words in self._known(field))

    def shown(self, place: Place) -> Shown:
        """Return a place as people see it."""
        passage = self.passages[place[0]]
        tokens = passage.tokens
        return Shown(passage.zone, passage.text, tokens[place[1]].start, tokens[place[2]].end)

    def _known(self, field: FactField) -> list[tuple[str, ...]]:
        if field not in self._facts:
            document = self.document
            values: dict[FactField, Sequence[str | None]] = {
                "source": document.sources,
                "lang": (document.language,),
                "tag": document.tags,
                "author": (document.author,),
            }
            self._facts[field] = [
                tuple(token.folded for token in tokenize(value))
                for value in values[field]
                if value
            ]
        return self._facts[field]


def _in_a_row(places: Sequence[Sequence[int]], size: int) -> list[int]:
    """Return the first positions of runs that take one position out of each of ``places``."""
    if not all(places):
        return []
    last = size - len(places)
    if len(places) == 1:
        return sorted(place for place in places[0] if place <= last)
    firsts = {place for place in places[0] if place <= last}
    for offset, others in enumerate(places[1:], 1):
        firsts &= {place - offset for place in others}
        if not firsts:
            break
    return sorted(firsts)
