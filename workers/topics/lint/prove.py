"""Whether a query can hold at all, and whether one holds wherever another does.

A proof by cases (as DPLL does it), with what atoms say of each other. It never claims what is not
so; what it cannot prove within its bounds it leaves open.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

from workers.topics.canonical import canonical
from workers.topics.lint.within import ZONES, Atom, TooMuch, Within, apart, spots
from workers.topics.tree import Alias, Both, Count, Either, Fact, Near, Node, Not, Term

__all__ = ["contradicts", "implies"]

ATOMS = 400
"""Of the queries that are compared."""
PAIRS = 60_000
"""Phrases that are compared with each other in one proof."""
CASES = 3_000
"""Cases that a proof is made of, at most."""


class _Split(NamedTuple):
    """Formulas that must all hold, or of which one must."""

    every: bool
    parts: "tuple[_Formula, ...]"


_Formula = int | bool | _Split
"""A literal is the number of an atom, from 1; negative where it must not hold."""


def contradicts(nodes: Sequence[Node]) -> bool:
    """Say whether no article can be all of this: if True, that is proven."""
    return _proven(nodes, ())


def implies(one: Node, other: Node) -> bool:
    """Say whether every article of ``one`` is of ``other`` too: if True, that is proven."""
    return _proven((one,), (other,))


def _proven(must: Sequence[Node], must_not: Sequence[Node]) -> bool:
    atoms: dict[str, tuple[int, Atom]] = {}
    try:
        formulas = [_formula(node, atoms, holds=True) for node in must]
        formulas += [_formula(node, atoms, holds=False) for node in must_not]
        known = _Known(list(atoms.values()))
        return _Proof(known).impossible([*formulas, *known.clauses], frozenset())
    except TooMuch:
        return False


def _formula(node: Node, atoms: dict[str, tuple[int, Atom]], *, holds: bool) -> _Formula:
    """Return what it is for a tree to hold, or not to; no NOT is left but before atoms."""
    match node:
        case Not():
            return _formula(node.child, atoms, holds=not holds)
        case Both() | Either():
            every = isinstance(node, Both) == holds
            return _Split(every, tuple(_formula(n, atoms, holds=holds) for n in node.children))
        case Count(least=1):
            return _formula(node.operand, atoms, holds=holds)
        case Near() if not _somewhere(node):
            return not holds
        case Term() | Alias() | Fact() | Near() | Count():
            number, _ = atoms.setdefault(canonical(node), (len(atoms) + 1, node))
            if number > ATOMS:
                raise TooMuch
            return number if holds else -number


def _somewhere(node: Near) -> bool:
    """Say whether the operands of a NEAR may stand in one zone: title, body, one caption."""
    zones = (
        frozenset[str]().union(*(ZONES[spot.scope] for spot in spots(operand)))
        for operand in node.operands
    )
    return bool(reduce(frozenset.intersection, zones))


class _Known:
    """What the atoms of a proof say of each other."""

    def __init__(self, numbered: Sequence[tuple[int, Atom]]) -> None:
        within = Within(PAIRS)
        self.implied: dict[int, frozenset[int]] = {}
        """By literal: the literals that hold with it."""
        self.clauses: list[_Formula] = []
        up: dict[int, set[int]] = {number: set() for number, _ in numbered}
        down: dict[int, set[int]] = {number: set() for number, _ in numbered}
        for number, one in numbered:
            for other_number, other in numbered:
                if number == other_number:
                    continue
                if within.implies(one, other):
                    up[number].add(other_number)
                    down[other_number].add(number)
                elif isinstance(one, Fact) and isinstance(other, Fact) and apart(one, other):
                    up[number].add(-other_number)
            self.clauses += self._cases(number, one, numbered, within)
        for number, above in up.items():
            self.implied[number] = frozenset(above)
            self.implied[-number] = frozenset(-below for below in down[number])

    def _cases(
        self, number: int, one: Atom, numbered: Sequence[tuple[int, Atom]], within: Within
    ) -> Iterable[_Formula]:
        """Yield that with an atom one of several others holds, where each of its cases has one."""
        match one:
            case Near():
                groups = [spots(operand) for operand in one.operands]
            case Count():
                groups = [spots(one.operand)]
            case _:
                groups = [spots(one)]
        leaves = [
            (n, spots(leaf))
            for n, leaf in numbered
            if n != number and isinstance(leaf, Term | Alias)
        ]
        for group in groups:
            if len(group) < 2:  # noqa: PLR2004 - one case alone is said by `implied`
                continue
            found: set[int] = set()
            for case in group:
                holding = {n for n, goal in leaves if within.all_within((case,), goal)}
                if not holding:
                    break
                found |= holding
            else:
                yield _Split(every=False, parts=(-number, *sorted(found)))


class _Proof:
    """A walk over the cases."""

    def __init__(self, known: _Known) -> None:
        self._known = known
        self._left = CASES

    def impossible(self, formulas: list[_Formula], holds: frozenset[int]) -> bool:
        """Say whether nothing makes all ``formulas`` true with the literals that hold already.

        Raises:
            TooMuch: there are too many cases.
        """
        self._left -= 1
        if self._left < 0:
            raise TooMuch
        narrowed = self._narrowed(formulas, holds)
        if narrowed is None:
            return True
        open_, holds = narrowed
        if not open_:
            return False
        first, *rest = sorted(open_, key=_size)
        if not isinstance(first, _Split):
            return False
        return all(self.impossible([part, *rest], holds) for part in first.parts)

    def _narrowed(
        self, formulas: list[_Formula], holds: frozenset[int]
    ) -> tuple[list[_Formula], frozenset[int]] | None:
        """Take in what must hold until nothing follows; None if that cannot be."""
        while True:
            found: list[_Formula] = []
            before = holds
            for formula in formulas:
                simple = _simplified(formula, holds)
                if simple is False:
                    return None
                parts = _parts(simple)
                for part in parts:
                    if isinstance(part, _Split):
                        found.append(part)
                    elif part is not True:
                        more = {part, *self._known.implied[part]}
                        if any(-one in holds or -one in more for one in more):
                            return None
                        holds |= more
            if holds == before:
                return found, holds
            formulas = found


def _parts(formula: _Formula) -> tuple[_Formula, ...]:
    """Return what must hold for a formula to, taken apart as far as it is one AND."""
    if isinstance(formula, _Split) and formula.every:
        return tuple(inner for part in formula.parts for inner in _parts(part))
    return (formula,)


def _simplified(formula: _Formula, holds: frozenset[int]) -> _Formula:
    """Return what is left of a formula when some literals hold."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, int):
        return formula if formula not in holds and -formula not in holds else formula in holds
    kept: list[_Formula] = []
    for part in formula.parts:
        simple = _simplified(part, holds)
        if isinstance(simple, bool):
            if simple != formula.every:
                return simple
        else:
            kept.append(simple)
    if not kept:
        return formula.every
    return kept[0] if len(kept) == 1 else _Split(formula.every, tuple(kept))


def _size(formula: _Formula) -> int:
    return len(formula.parts) if isinstance(formula, _Split) else 0
