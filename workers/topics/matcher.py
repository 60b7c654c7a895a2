"""All topics at once: each filed under its least likely word, and asked only where that stands.

A matcher never changes. Another one with a few topics more or less shares what this one has, and
keeps the difference aside; so topics can change between two articles, and whoever is reading one
finishes with those that he began with.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from workers.topics.likely import Likelihood
from workers.topics.program import Program
from workers.topics.scan import Elements, Scan

__all__ = ["Files", "Matcher"]

_Index = dict[int, tuple[Program, ...]]


class Matcher:
    """Programs, filed under the elements of their anchors."""

    __slots__ = ("_filed", "_fresh", "_fresh_filed", "_gone", "_likelihood")

    def __init__(
        self,
        filed: "Files",
        likelihood: Likelihood,
        fresh: frozenset[Program] = frozenset(),
        gone: frozenset[Program] = frozenset(),
    ) -> None:
        """Match what is ``filed`` and ``fresh``, but for what is ``gone``.

        What articles hold is told to ``likelihood``.
        """
        self._filed = filed
        self._likelihood = likelihood
        self._fresh = fresh
        self._fresh_filed = Files(fresh)
        self._gone = gone

    def changed(self, added: AbstractSet[Program], removed: AbstractSet[Program]) -> "Matcher":
        """Return a matcher with programs ``added`` that it has not, and ``removed`` that it has.

        It takes as long as all such changes are many since a matcher was built whole.
        """
        back = self._gone & added
        fresh = (self._fresh | (added - back)) - removed
        gone = (self._gone - back) | (removed - self._fresh)
        return Matcher(self._filed, self._likelihood, frozenset(fresh), frozenset(gone))

    def matching(self, scan: Scan) -> list[Program]:
        """Return the programs that hold of an article, in no order, and remember its words."""
        self._likelihood.see(scan.elements())
        return self.holding(scan)

    def holding(self, scan: Scan) -> list[Program]:
        """Return the programs that hold of an article, in no order."""
        present = scan.elements() | scan.facts()
        candidates = self._filed.asked(scan, present)
        if self._fresh:
            candidates |= self._fresh_filed.asked(scan, present)
        candidates -= self._gone
        return [program for program in candidates if program.holds(scan, present)]


class Files:
    """Programs by what must be there: the anchor and, where it has one, the second need.

    Of an article's thousands of programs that have the one few have the other, and only those run.
    """

    __slots__ = ("_lone", "_pairs", "_single", "_wide")

    def __init__(self, programs: Iterable[Program]) -> None:
        """File each under every element of its anchor."""
        narrow: dict[int, list[Program]] = {}
        wide: dict[int, list[Program]] = {}
        for program in programs:
            _file(wide if program.wide else narrow, program.anchor, program)
        self._wide: _Index = {element: tuple(found) for element, found in wide.items()}
        self._single: _Index = {}
        """Those without a second need."""
        self._lone: dict[int, tuple[tuple[int, ...], Program]] = {}
        """The second need and the program where there is one: a name that nobody else asks for.
        An index of one would take four times the memory."""
        self._pairs: dict[int, _Index] = {}
        for element, found in narrow.items():
            paired = [program for program in found if program.second]
            if len(paired) < len(found):
                self._single[element] = tuple(one for one in found if not one.second)
            if len(paired) == 1:
                self._lone[element] = (paired[0].second, paired[0])
            elif paired:
                self._pairs[element] = _by_second(paired)

    def asked(self, scan: Scan, present: Elements) -> set[Program]:
        """Return the programs of which an article has anchor and second need."""
        found: list[Program] = []
        _take(self._single, present, found)
        disjoint, lone = present.isdisjoint, self._lone
        for anchor in lone.keys() & present:
            second, program = lone[anchor]
            if not disjoint(second):
                found.append(program)
        for anchor in self._pairs.keys() & present:
            _take(self._pairs[anchor], present, found)
        if self._wide:
            wide: list[Program] = []
            _take(self._wide, scan.elements("any") | present, wide)
            found += [one for one in wide if not one.second or not disjoint(one.second)]
        return set(found)


def _by_second(programs: Iterable[Program]) -> _Index:
    index: dict[int, list[Program]] = {}
    for program in programs:
        _file(index, program.second, program)
    return {element: tuple(found) for element, found in index.items()}


def _file(index: dict[int, list[Program]], elements: Iterable[int], program: Program) -> None:
    for element in elements:
        index.setdefault(element, []).append(program)


def _take(index: _Index, present: Elements, found: list[Program]) -> None:
    for element in index.keys() & present:
        found += index[element]
