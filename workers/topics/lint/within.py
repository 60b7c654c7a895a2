"""What words say of each other: where one stands another does, in every text of every language.

Nothing here depends on a dictionary: which forms a word has differs with the language of an
article, so that ``strike`` is not said to find all that ``"strikes"`` finds.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from workers.topics.tree import (
    Alias,
    Count,
    Either,
    Element,
    Fact,
    Near,
    Node,
    Phrase,
    Scope,
    Term,
)

__all__ = ["ZONES", "Atom", "Spot", "TooMuch", "Within", "apart", "spots"]

Atom = Term | Alias | Fact | Near | Count
"""What is true or false of an article, and is not put together by AND, OR and NOT."""

ZONES: dict[Scope, frozenset[str]] = {
    "": frozenset(("title", "lead", "more")),
    "title": frozenset(("title",)),
    "lead": frozenset(("lead",)),
    "body": frozenset(("lead", "more")),
    "caption": frozenset(("caption",)),
    "any": frozenset(("title", "lead", "more", "caption", "other")),
}
"""Which parts of an article each scope searches; the body is the lead and more."""


class TooMuch(Exception):
    """There is more to compare than anybody would wait for."""


class Spot(NamedTuple):
    """Words in a row, somewhere."""

    phrase: Phrase
    scope: Scope


def spots(node: Node) -> tuple[Spot, ...]:
    """Return the alternatives of a leaf or of an OR group of leaves."""
    match node:
        case Term():
            return (Spot(node.phrase, node.scope),)
        case Alias():
            return tuple(Spot(phrase, node.scope) for phrase in node.phrases)
        case Either():
            return tuple(dict.fromkeys(spot for child in node.children for spot in spots(child)))
        case _:
            return ()


class Within:
    """Compares atoms; it counts, and gives up what takes too long."""

    def __init__(self, most: int) -> None:
        """Compare ``most`` pairs of phrases."""
        self._left = most

    def implies(self, one: Atom, other: Atom) -> bool:
        """Say whether ``other`` holds wherever ``one`` does: if True, it does.

        Raises:
            TooMuch: the comparisons are used up.
        """
        if isinstance(one, Fact) or isinstance(other, Fact):
            both = isinstance(one, Fact) and isinstance(other, Fact)
            return both and fact_within(one, other)  # type: ignore[arg-type]  # both are facts
        match other:
            case Near():
                return self._near(one, other)
            case Count():
                return self._count(one, other)
            case Term() | Alias():
                goal = spots(other)
                return any(self.all_within(group, goal) for group in _groups(one))

    def all_within(self, some: tuple[Spot, ...], goal: tuple[Spot, ...]) -> bool:
        """Say whether wherever one of ``some`` stands, one of ``goal`` does."""
        if len(some) > 1 and set(some) <= set(goal):
            return True
        self._spend(len(some) * len(goal))
        return all(any(spot_within(one, other) for other in goal) for one in some)

    def _spend(self, pairs: int) -> None:
        self._left -= pairs
        if self._left < 0:
            raise TooMuch

    def _count(self, one: Atom, other: Count) -> bool:
        goal = spots(other.operand)
        if isinstance(one, Count):
            return one.least >= other.least and self._begin(spots(one.operand), goal)
        if isinstance(one, Near) and other.least == 2:  # noqa: PLR2004 - of a NEAR no two overlap
            return any(
                self._begin(spots(left), goal) and self._begin(spots(right), goal)
                for left, right in pairwise(one.operands)
            )
        return False

    def _begin(self, some: tuple[Spot, ...], goal: tuple[Spot, ...]) -> bool:
        """Say whether one of ``goal`` begins wherever one of ``some`` does."""
        self._spend(len(some) * len(goal))
        return all(
            any(_zones_within(one, other) and begins(one.phrase, other.phrase) for other in goal)
            for one in some
        )

    def _near(self, one: Atom, other: Near) -> bool:
        goals = [spots(operand) for operand in other.operands]
        if isinstance(one, Near):
            return self._chain(one, other, goals)
        if isinstance(one, Count):
            return False
        self._spend(len(spots(one)) * sum(map(len, goals)))
        return all(_row_is_near(spot, other, goals) for spot in spots(one))

    def _chain(self, one: Near, other: Near, goals: list[tuple[Spot, ...]]) -> bool:
        """Say whether a part of a NEAR, read forwards or backwards, is all of another."""
        size = len(goals)
        orders = [(goals, other.links)]
        if not any(link.ordered for link in other.links):
            orders.append((goals[::-1], other.links[::-1]))
        for start in range(len(one.operands) - size + 1):
            mine = [spots(operand) for operand in one.operands[start : start + size]]
            links = one.links[start : start + size - 1]
            for wanted, asked in orders:
                slack = [self._slack(some, goal) for some, goal in zip(mine, wanted, strict=True)]
                if all(
                    (has.ordered or not asks.ordered)
                    and left is not None
                    and right is not None
                    and has.reach + left[1 if has.ordered else 2] + right[0 if has.ordered else 2]
                    <= asks.reach
                    for has, asks, (left, right) in zip(links, asked, pairwise(slack), strict=True)
                ):
                    return True
        return False

    def _slack(
        self, some: tuple[Spot, ...], goal: tuple[Spot, ...]
    ) -> tuple[int, int, int] | None:
        """Return how many words a place of ``goal`` may be shorter: before, behind, either.

        None if there is no place of ``goal`` in one of ``some``.
        """
        self._spend(len(some) * len(goal))
        before = behind = 0
        for one in some:
            best = min(
                (
                    (at + rest, at, rest)
                    for other in goal
                    if _zones_within(one, other)
                    for at in places_in(one.phrase, other.phrase)
                    for rest in [len(one.phrase) - len(other.phrase) - at]
                ),
                default=None,
            )
            if best is None:
                return None
            before, behind = max(before, best[1]), max(behind, best[2])
        return before, behind, max(before, behind)


def _groups(node: Atom) -> Iterator[tuple[Spot, ...]]:
    """Yield alternatives of which one stands somewhere if the atom holds."""
    match node:
        case Near():
            yield from map(spots, node.operands)
        case Count():
            yield spots(node.operand)
        case _:
            yield spots(node)


def spot_within(one: Spot, other: Spot) -> bool:
    """Say whether wherever ``one`` stands, ``other`` does."""
    return _zones_within(one, other) and any(True for _ in places_in(one.phrase, other.phrase))


def _zones_within(one: Spot, other: Spot) -> bool:
    return ZONES[one.scope] <= ZONES[other.scope]


def places_in(one: Phrase, other: Phrase) -> Iterator[int]:
    """Yield the places in a row of words at which another row stands, whatever the text."""
    for at in range(len(one) - len(other) + 1):
        if begins(one[at:], other):
            yield at


def begins(one: Phrase, other: Phrase) -> bool:
    """Say whether a row of words begins with another, whatever the text."""
    return len(other) <= len(one) and all(map(element_within, one, other))


def element_within(one: Element, other: Element) -> bool:
    """Say whether every word that is ``one`` is ``other`` too."""
    particles = other.particles or not one.particles
    match other.kind:
        case "case":
            return one.kind == "case" and one.cased == other.cased
        case "exact":
            return one.kind in {"exact", "case"} and one.folded == other.folded and particles
        case "prefix":
            return one.kind != "forms" and one.folded.startswith(other.folded) and particles
        case "forms":
            if one.kind == "forms":
                same = one.raw.lower() == other.raw.lower()
                return same and one.folded == other.folded
            return one.kind in {"exact", "case"} and one.folded == other.folded


def _row_is_near(spot: Spot, other: Near, goals: list[tuple[Spot, ...]]) -> bool:
    """Say whether words in a row hold all operands of a NEAR, near enough."""
    at = [
        [
            (place, place + len(goal.phrase) - 1)
            for goal in group
            if _zones_within(spot, goal)
            for place in places_in(spot.phrase, goal.phrase)
        ]
        for group in goals
    ]
    ends = set(at[0])
    for link, places in zip(other.links, at[1:], strict=True):
        ends = {
            (first, last)
            for first, last in places
            for begin, end in ends
            if 0 < first - end <= link.reach
            or (not link.ordered and 0 < begin - last <= link.reach)
        }
    return bool(ends)


def fact_within(one: Fact, other: Fact) -> bool:
    """Say whether every article of which one fact is true has the other."""
    if one.field != other.field:
        return False
    if one.field == "lang":
        size = len(other.phrase)
        return [e.folded for e in one.phrase[:size]] == [e.folded for e in other.phrase]
    if one.field == "tag" and len(one.phrase) != len(other.phrase):
        return False
    return any(
        all(map(_value_within, one.phrase[at:], other.phrase))
        for at in range(len(one.phrase) - len(other.phrase) + 1)
    )


def _value_within(one: Element, other: Element) -> bool:
    if other.kind == "prefix":
        return one.folded.startswith(other.folded)
    return one.kind != "prefix" and one.folded == other.folded


def apart(one: Fact, other: Fact) -> bool:
    """Say whether no article has both facts: it has one language."""
    if one.field != "lang" or other.field != "lang":
        return False
    return not fact_within(one, other) and not fact_within(other, one)
