"""How likely a word is to stand in an article: what decides by which word a topic is filed.

Blends a table of common words, which is data, with what has been seen. A word that neither knows
is taken for rare: names and terms are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from workers.topics.tree import Element

__all__ = ["Likelihood"]

UNKNOWN = 0.002
"""Of a word that no table has: it stands in one of 500 articles."""
FORMS = 1.6
"""Of how many more articles a word is true in all of its forms."""
PREFIX = 4.0
"""Of how many more if it only begins so."""
BELIEVED = 200
"""Articles after which what was seen counts as much as the table."""
EVERY = 8
"""One of so many articles is counted: more would tell little more."""


class Likelihood:
    """The share of articles in which an element stands."""

    def __init__(self, common: Mapping[str, float]) -> None:
        """Begin with ``common``, the shares of folded words."""
        self._common = common
        self._shares: dict[int, float] = {}
        self._seen: Counter[int] = Counter()
        self._articles = 0
        self._turn = 0

    def learn(self, number: int, element: Element | None) -> None:
        """Take in an element (None: a fact) under its number."""
        if number not in self._shares:
            self._shares[number] = self._expected(element)

    def _expected(self, element: Element | None) -> float:
        if element is None:
            return UNKNOWN * 10
        share = self._common.get(element.folded, UNKNOWN)
        if element.kind == "forms":
            share *= FORMS
        elif element.kind == "prefix":
            share *= PREFIX
        return min(share, 1.0)

    def share(self, number: int) -> float:
        """Return the share of articles that have this element."""
        expected = self._shares.get(number, UNKNOWN)
        seen = self._seen[number]
        return (expected * BELIEVED + seen) / (BELIEVED + self._articles)

    def of_any(self, numbers: Iterable[int]) -> float:
        """Return the share of articles that have one of these elements, at most."""
        return sum(map(self.share, numbers))

    def see(self, elements: Iterable[int]) -> None:
        """Count the elements of an article, if it is this one's turn."""
        self._turn += 1
        if self._turn % EVERY == 0:
            self._seen.update(elements)
            self._articles += 1
