"""A document as if some of its other zones were searched like the body: what is missed by that."""

from collections.abc import Collection
from math import inf

from typing_extensions import override

from workers.model.topic import Document
from workers.topics.lexer import MAX_REACH
from workers.topics.scan import Scan
from workers.topics.tree import Scope
from workers.topics.vocabulary import Lexicon, Vocabulary

__all__ = ["WideScan"]

_GAP = "\0" * (MAX_REACH + 1)
"""Between two lines: no phrase and no distance leaves one of them."""


class WideScan(Scan):
    """Searches lines of other zones where a query searches title and body, or the body."""

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        lexicon: Lexicon,
        zones: Collection[str],
        budget: float = inf,
    ) -> None:
        """Read title, body, and the lines of ``zones``; ``budget`` is as for a `Scan`."""
        super().__init__(document, vocabulary, lexicon, budget)
        self._own = len(self.passages[1])
        texts = [line.text for line in self._lines() if line.zone in zones]
        self._afford("\n".join(texts))
        lines = (lexicon.characters(text).strip("\0") for text in texts)
        self.passages[1] += "".join(f"{_GAP}{line}" for line in lines if line)
        self._both = "\0".join(self.passages)

    @property
    def wider(self) -> bool:
        """Whether anything that a topic asks for stands in those lines."""
        return len(self.passages[1]) > self._own

    @override
    def _search(self, scope: Scope) -> list[tuple[int, int]]:
        found = super()._search(scope)
        if scope not in {"lead", "any"}:
            return found
        return [(number, min(size, self._own) if number == 1 else size) for number, size in found]
