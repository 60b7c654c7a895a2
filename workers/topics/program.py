"""A query made ready to run: what an article must have at least, and the question that is left.

Equal parts of queries are one object, so that an article is asked for each of them once.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple, Protocol

from workers.topics.canonical import canonical
from workers.topics.likely import Likelihood
from workers.topics.near import rows
from workers.topics.reading import Place
from workers.topics.scan import Elements, Leaf, Row, Scan
from workers.topics.tree import (
    Alias,
    Both,
    Count,
    Either,
    Fact,
    Link,
    Near,
    Node,
    Not,
    Phrase,
    Scope,
    Term,
)
from workers.topics.vocabulary import Vocabulary

__all__ = ["Compiler", "Need", "Program", "Test"]


WIDE = 8.0
"""Of how many times more trouble a word is that may stand anywhere: other zones must be read."""


_LeafKey = tuple[tuple[int, ...], tuple[Row, ...], Scope]


class Need(NamedTuple):
    """Elements of which a matching article has at least one."""

    wide: bool
    """They may stand in any zone, not only in title and body."""
    any_of: tuple[int, ...]
    """In order, none twice."""


class Test(Protocol):
    """A question about an article."""

    def __call__(self, scan: Scan) -> bool:
        """Say whether it holds."""
        ...


class Program:
    """A query, ready to run."""

    __slots__ = ("anchor", "groups", "second", "tests", "wide", "words")

    def __init__(self, needs: list[Need], tests: tuple[Test, ...]) -> None:
        """Keep the parts; ``needs`` come the least likely first."""
        self.anchor, self.wide = needs[0].any_of, needs[0].wide
        """What it is filed under."""
        besides = [need.any_of for need in needs[1:] if not need.wide]
        self.second = besides[0] if besides else ()
        """What title and body (and the facts) must have besides: one of these, if any are here,"""
        self.words = tuple(need[0] for need in besides[1:] if len(need) == 1)
        """all of these,"""
        self.groups = tuple(need for need in besides[1:] if len(need) > 1)
        """and one of each of these."""
        self.tests = tests
        """What is asked if they have."""

    def holds(self, scan: Scan, present: Elements) -> bool:
        """Say whether an article matches that has the anchor and the second need.

        ``present`` are all its elements.
        """
        if not present.issuperset(self.words):
            return False
        for group in self.groups:
            if present.isdisjoint(group):
                return False
        for test in self.tests:  # noqa: SIM110 - a loop is twice as fast as all()
            if not test(scan):
                return False
        return True


class Compiler:
    """Makes programs of trees; what these have in common is one object.

    A compiler is for topics that are read together: what it knows of them takes as much memory as
    their programs.
    """

    def __init__(self, vocabulary: Vocabulary, likelihood: Likelihood) -> None:
        """Number elements in ``vocabulary``, and tell ``likelihood`` of them."""
        self._vocabulary = vocabulary
        self._likelihood = likelihood
        self._programs: dict[bytes, Program] = {}
        """By the digest of what was asked: texts would take as much as the programs."""
        self._leaves: dict[_LeafKey, Leaf] = {}
        self._rows: dict[Row, Row] = {}

    def program(self, tree: Node) -> Program:
        """Return a tree as a program, the same one for trees that ask the same.

        Raises:
            ValueError: nothing has to be there for it to hold, so every article would be asked.
        """
        written = canonical(tree)
        digest = blake2b(written.encode(errors="surrogatepass"), digest_size=16).digest()
        known = self._programs.get(digest)
        if known is not None:
            return known
        needs = sorted(set(self._needs(tree)), key=self._likely)
        if not needs:
            raise ValueError(f"a query that nothing is needed for: {written}")
        made = self._programs[digest] = Program(needs, tuple(self._tests(tree)))
        return made

    def _likely(self, need: Need) -> tuple[float, tuple[int, ...]]:
        share = self._likelihood.of_any(need.any_of)
        return share * WIDE if need.wide else share, need.any_of

    # What must be there.

    def _needs(self, node: Node) -> Iterator[Need]:
        match node:
            case Both(children=every) | Near(operands=every):
                for child in every:
                    yield from self._needs(child)
            case Count():
                yield from self._needs(node.operand)
            case Either():
                yield from self._one_of([list(self._needs(child)) for child in node.children])
            case Term():
                yield from self._of_phrase(node.phrase, node.scope)
            case Alias():
                phrases = node.phrases
                yield from self._one_of([list(self._of_phrase(p, node.scope)) for p in phrases])
            case Fact():
                yield Need(wide=False, any_of=(self._fact(node),))
            case Not(child=Not(child=inner)):
                yield from self._needs(inner)
            case Not():
                return

    def _one_of(self, needs: list[list[Need]]) -> Iterator[Need]:
        """Yield what is needed if one of several alternatives is: the least likely of each."""
        if all(needs):
            best = [min(alternative, key=self._likely) for alternative in needs]
            yield Need(
                wide=any(need.wide for need in best),
                any_of=tuple(sorted({number for need in best for number in need.any_of})),
            )

    def _of_phrase(self, phrase: Phrase, scope: Scope) -> Iterator[Need]:
        wide = scope in {"any", "caption"}
        for number in self._numbers(phrase):
            yield Need(wide=wide, any_of=(number,))

    def _numbers(self, phrase: Phrase) -> tuple[int, ...]:
        numbers = tuple(map(self._vocabulary.number, phrase))
        for number, element in zip(numbers, phrase, strict=True):
            self._likelihood.learn(number, element)
        return numbers

    def _fact(self, fact: Fact) -> int:
        number = self._vocabulary.fact(fact.field, fact.phrase)
        self._likelihood.learn(number, None)
        return number

    def _is_enough(self, node: Node) -> bool:
        """Say whether the needs of a tree are all that it asks."""
        match node:
            case Both():
                return all(map(self._is_enough, node.children))
            case Either():
                return all(map(_is_word, node.children))
            case _:
                return _is_word(node)

    # What is asked then.

    def _tests(self, node: Node) -> Iterator[Test]:
        """Yield what must hold besides the needs, of a node that must."""
        if isinstance(node, Both):
            for child in node.children:
                yield from self._tests(child)
        elif not self._is_enough(node):
            yield self._test(node)

    def _test(self, node: Node) -> Test:  # noqa: PLR0911 - one a kind of node
        match node:
            case Both():
                return _all(tuple(map(self._test, node.children)))
            case Either():
                return self._either(node)
            case Not():
                return _not(self._test(node.child))
            case Near():
                return self._near(node)
            case Count():
                return _count(node.least, self._group(node.operand))
            case Fact():
                return _fact(self._fact(node))
            case Term() | Alias():
                return self._leaf(node.scope, _phrases(node))

    def _either(self, node: Either) -> Test:
        """Return the question of an OR group; its terms of one scope are asked together."""
        together: dict[Scope, list[Phrase]] = {}
        tests: list[Test] = []
        for child in node.children:
            if isinstance(child, Term | Alias):
                together.setdefault(child.scope, []).extend(_phrases(child))
            else:
                tests.append(self._test(child))
        leaves = (self._leaf(scope, phrases) for scope, phrases in together.items())
        return _any((*leaves, *tests))

    def _near(self, node: Near) -> Test:
        operands = tuple(map(self._group, node.operands))
        return _near(operands, node.links)

    def _group(self, node: Node) -> tuple[Leaf, ...]:
        """Return the leaves of an operand, which is a leaf or an OR group of them."""
        match node:
            case Either():
                return tuple(leaf for child in node.children for leaf in self._group(child))
            case Term() | Alias():
                return (self._leaf(node.scope, _phrases(node)),)
            case _:
                return ()

    def _leaf(self, scope: Scope, phrases: Iterable[Phrase]) -> Leaf:
        numbers = [self._numbers(phrase) for phrase in phrases]
        words = tuple(phrase[0] for phrase in numbers if len(phrase) == 1)
        known_rows = self._rows
        rows = tuple(known_rows.setdefault(row, row) for row in numbers if len(row) > 1)
        key = (words, rows, scope)
        known = self._leaves.get(key)
        if known is None:
            known = self._leaves[key] = Leaf(words, rows, scope)
        return known


def _phrases(node: Term | Alias) -> tuple[Phrase, ...]:
    return (node.phrase,) if isinstance(node, Term) else node.phrases


def _is_word(node: Node) -> bool:
    """Say whether a leaf holds as soon as its need is met: one word, in title or body."""
    match node:
        case Term():
            return not node.scope and len(node.phrase) == 1
        case Alias():
            return not node.scope and all(len(phrase) == 1 for phrase in node.phrases)
        case _:
            return isinstance(node, Fact)


def _all(tests: tuple[Test, ...]) -> Test:
    return lambda scan: all(test(scan) for test in tests)


def _any(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda scan: any(test(scan) for test in tests)


def _not(test: Test) -> Test:
    return lambda scan: not test(scan)


def _fact(number: int) -> Test:
    return lambda scan: number in scan.facts()


def _places(group: Iterable[Leaf], scan: Scan) -> list[Place]:
    """Return where an OR group of leaves stands, in order, none twice."""
    found = _each(group, scan)
    return found[0] if len(found) == 1 else sorted(set().union(*found))


def _each(group: Iterable[Leaf], scan: Scan) -> list[list[Place]]:
    """Return where each leaf of an OR group stands that stands somewhere."""
    found = [places for leaf in group if (places := scan.places(leaf))]
    scan.spend(sum(map(len, found)))
    return found


def _count(least: int, group: tuple[Leaf, ...]) -> Test:
    def holds(scan: Scan) -> bool:
        found = _each(group, scan)
        if sum(map(len, found)) < least:
            return False
        starts: set[tuple[int, int]] = set()
        for place in chain.from_iterable(found):
            starts.add(place[:2])
            if len(starts) == least:
                return True
        return False

    return holds


def _near(operands: tuple[tuple[Leaf, ...], ...], links: tuple[Link, ...]) -> Test:
    def holds(scan: Scan) -> bool:
        each: list[list[Place]] = []
        for operand in operands:
            found = _places(operand, scan)
            if not found:
                return False
            each.append(found)
        return next(rows(each, links), None) is not None

    return holds
