"""All topics at once: each filed under its least likely word, and asked only where that stands.

A matcher never changes. Another one with a few topics more or less shares what this one has, and
keeps the difference aside; so topics can change between two articles, and whoever is reading one
finishes with those that he began with.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from workers.topics.likely import Likelihood
from workers.topics.program import Program
from workers.topics.scan import Scan

__all__ = ["Files", "Matcher"]

_Index = dict[int, tuple[Program, ...]]


class Matcher:
    """Programs, filed under the elements of their anchors."""

    __slots__ = ("_filed", "_fresh", "_gone", "_likelihood")

    def __init__(
        self,
        filed: "Files",
        likelihood: Likelihood,
        fresh: "Files | None" = None,
        gone: frozenset[Program] = frozenset(),
    ) -> None:
        """Match what is ``filed`` and ``fresh``, but for what is ``gone``.

        What articles hold is told to ``likelihood``.
        """
        self._filed = filed
        self._likelihood = likelihood
        self._fresh = fresh or Files(())
        self._gone = gone

    def changed(self, added: Iterable[Program], removed: Iterable[Program]) -> "Matcher":
        """Return a matcher with some programs more and others less.

        It takes as long as all such changes are many since a matcher was built whole.
        """
        gone, fresh = set(removed), {*self._fresh.programs, *added}
        back = self._gone & fresh
        fresh -= gone | back
        now_gone = ((self._gone | gone) - back) & self._filed.programs
        return Matcher(self._filed, self._likelihood, Files(fresh), now_gone)

    def matching(self, scan: Scan) -> list[Program]:
        """Return the programs that hold of an article, in no order, and remember its words."""
        self._likelihood.see(scan.elements())
        return self.holding(scan)

    def holding(self, scan: Scan) -> list[Program]:
        """Return the programs that hold of an article, in no order."""
        present = {*scan.elements(), *scan.facts()}
        candidates = self._filed.asked(scan, present)
        if self._fresh.programs:
            candidates |= self._fresh.asked(scan, present)
        candidates -= self._gone
        return [program for program in candidates if program.holds(scan, present)]


class Files:
    """Programs by what must be there: the anchor and, where there is one, a second need.

    Of an article's thousands of programs that have the one few have the other, and only those run.
    """

    __slots__ = ("_pairs", "_single", "_wide", "programs")

    def __init__(self, programs: Iterable[Program]) -> None:
        self.programs = frozenset(programs)
        self._single: _Index = {}
        self._wide: _Index = {}
        self._pairs: dict[int, _Index] = {}
        for program in self.programs:
            anchor = program.anchor
            if anchor.wide:
                _file(self._wide, anchor.any_of, program)
            elif program.needs:
                for element in anchor.any_of:
                    _file(self._pairs.setdefault(element, {}), program.needs[0], program)
            else:
                _file(self._single, anchor.any_of, program)

    def asked(self, scan: Scan, present: set[int]) -> set[Program]:
        """Return the programs of which an article has what they are filed under."""
        found: list[Program] = []
        _take(self._single, present, found)
        for anchor in self._pairs.keys() & present:
            _take(self._pairs[anchor], present, found)
        if self._wide:
            _take(self._wide, scan.elements("any") | present, found)
        return set(found)


def _file(index: _Index, elements: Iterable[int], program: Program) -> None:
    for element in elements:
        index[element] = (*index.get(element, ()), program)


def _take(index: _Index, present: AbstractSet[int], found: list[Program]) -> None:
    for element in index.keys() & present:
        found += index[element]
