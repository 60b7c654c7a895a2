"""How likely a word is to stand in an article: what decides by which word a topic is filed.

Blends a table of common words, which is data, with what has been seen. A word that neither knows
is taken for rare: names and terms are.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import repeat

from workers.topics.tree import Element
from workers.topics.vocabulary import Key, Vocabulary, key_of

__all__ = ["Likelihood", "Seen"]

UNKNOWN = 0.002
"""Of a word that no table has: it stands in one of 500 articles."""
BY_LENGTH = (1.0, 0.6, 0.4, 0.15, 0.06, 0.03, 0.02, 0.01, 0.005)
"""Of a word of so many letters, where there is no table: short words are common ones."""
FORMS = 1.6
"""Of how many more articles a word is true in all of its forms."""
PREFIX = 4.0
"""Of how many more if it only begins so."""
BELIEVED = 200
"""Articles after which what was seen counts as much as the table."""
EVERY = 8
"""One of so many articles is counted: more would tell little more."""


class Seen:
    """What one likelihood has seen, for the one that comes after it and numbers anew."""

    def __init__(self, counts: Mapping[Key, int] | None = None, articles: int = 0) -> None:
        """Keep in how many of so many ``articles`` each element stood."""
        self.counts = counts or {}
        self.articles = articles


class Likelihood:
    """The share of articles in which an element stands."""

    def __init__(self, common: Mapping[str, float], seen: Seen | None = None) -> None:
        """Begin with ``common``, the shares of folded words, and with what was ``seen`` before."""
        self._common = common
        self._before = seen or Seen()
        self._shares = array("f")
        """What is expected of each element by its number, negative where it was not learnt."""
        self._seen: Counter[int] = Counter()
        self._articles = self._before.articles
        self._since: dict[int, int] = {}
        """How many articles had been counted when an element was first asked for, if any had."""
        self._turn = 0

    def learn(self, number: int, element: Element | None) -> None:
        """Take in an element (None: a fact) under its number."""
        shares = self._shares
        if number < len(shares) and shares[number] >= 0:
            return
        shares.extend(repeat(-1.0, number + 1 - len(shares)))
        shares[number] = self._expected(element)
        if not self._articles:
            return
        count = self._before.counts.get(key_of(element)) if element is not None else None
        if count is None:
            self._since[number] = self._articles
        else:
            self._seen[number] += count

    def _expected(self, element: Element | None) -> float:
        if element is None:
            return UNKNOWN * 10
        share = self._common.get(element.folded)
        if share is None:
            share = UNKNOWN if self._common else _by_length(element.folded)
        if element.kind == "forms":
            share *= FORMS
        elif element.kind == "prefix":
            share *= PREFIX
        return min(share, 1.0)

    def share(self, number: int) -> float:
        """Return the share of articles that have this element."""
        expected = self._shares[number] if number < len(self._shares) else -1.0
        if expected < 0:
            expected = UNKNOWN
        articles = self._articles - self._since.get(number, 0)
        return (expected * BELIEVED + self._seen[number]) / (BELIEVED + articles)

    def of_any(self, numbers: Iterable[int]) -> float:
        """Return the share of articles that have one of these elements, at most."""
        return sum(map(self.share, numbers))

    def see(self, elements: Iterable[int]) -> None:
        """Count the elements of an article, if it is this one's turn."""
        self._turn += 1
        if self._turn % EVERY == 0:
            self._seen.update(elements)
            self._articles += 1

    def seen(self, vocabulary: Vocabulary) -> Seen:
        """Return what was seen of those elements that were asked for all the time."""
        seen, late = self._seen.copy(), self._since
        keys = vocabulary.keys().items()
        counts = {key: seen[number] for number, key in keys if not late.get(number)}
        return Seen(counts, self._articles)


def _by_length(word: str) -> float:
    return BY_LENGTH[len(word)] if len(word) < len(BY_LENGTH) else UNKNOWN
