"""Topics and articles to measure matching with, the same for the same seed."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from random import Random

from benchmarks.newspapers import News
from workers.model.topic import Document, TopicSpec
from workers.text.tokens import tokenize

__all__ = ["Makes", "articles", "clauses", "flat", "makes"]

GENERATED = 300
SEED = 7
_TERM = re.compile(r'"([^"]*)"')
_NAME = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+")


def articles(file: Path | None) -> list[Document]:
    """Return the articles of a file of JSON lines, or generated ones."""
    if file is None:
        return _generated(News())
    with file.open(encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines]
    return [Document(title=one["title"] or "", body=one["text"], language="en") for one in read]


def _generated(news: News) -> list[Document]:
    return [news.article(number) for number in range(GENERATED)]


def makes(file: Path | None) -> "Makes":
    """Return what makes topics for the articles of a file, or for generated ones."""
    if file is not None:
        return Makes(articles(file))
    news = News()
    found = _generated(news)
    return Makes(found, news.told, news.untold)


def flat(text: str) -> str:
    """Return a text as its folded words with one space around each: what all peers search."""
    return f" {' '.join(token.folded for token in tokenize(text))} "


def clauses(plain: str) -> list[list[str]]:
    """Return the terms of each clause of a plain topic, folded."""
    return [[flat(t).strip() for t in _TERM.findall(part)] for part in plain.split(" AND ")]


class Makes:
    """Makes topics of 3 to 8 leaves: words and names that occur, occur elsewhere, or nowhere."""

    def __init__(
        self, found: list[Document], names: Sequence[str] = (), elsewhere: Sequence[str] = ()
    ) -> None:
        """Take words, and names unless they are given, out of articles.

        Where no names are given that occur ``elsewhere``, those of the articles are mixed up.
        """
        self._chance = Random(SEED)
        words = {token.folded for one in found for token in tokenize(one.body)}
        usual = (w for w in words - {"near"} if len(w) > 3 and w.isascii() and w.isalpha())  # noqa: PLR2004
        self._words = sorted(usual)
        told = names or sorted({name for one in found for name in _NAME.findall(one.body)})
        self._names = list(told) or self._words
        self._elsewhere = list(elsewhere) or self._mixed(told) or self._words

    def _mixed(self, names: Sequence[str]) -> list[str]:
        firsts, lasts = ([name.split()[at] for name in names] for at in (0, 1))
        return [" ".join(pair) for pair in zip(firsts, self._shuffled(lasts), strict=True)]

    def _shuffled(self, items: list[str]) -> list[str]:
        return self._chance.sample(items, len(items))

    def topics(self, kind: str, number: int) -> list[TopicSpec]:
        """Return so many topics, ``plain`` ones or such of the full language."""
        make = self._plain if kind == "plain" else self._full
        return [TopicSpec(name=f"t{place}", query=make()) for place in range(number)]

    def _plain(self) -> str:
        """Return an AND of words and phrases as written, and of OR groups of them."""
        groups = ([f'"{self._leaf()}"' for _ in range(size)] for size in self._sizes())
        return " AND ".join(map(self._one_of, groups))

    def _sizes(self) -> list[int]:
        left, sizes = self._chance.randint(3, 8), []
        while left:
            sizes.append(min(left, self._chance.randint(1, 3)))
            left -= sizes[-1]
        return sizes

    @staticmethod
    def _one_of(leaves: list[str]) -> str:
        return f"({' OR '.join(leaves)})" if len(leaves) > 1 else leaves[0]

    def _leaf(self) -> str:
        kind = self._chance.random()
        if kind < 0.5:  # noqa: PLR2004 - shares
            return self._chance.choice(self._words)
        if kind < 0.65:  # noqa: PLR2004
            return self._chance.choice(self._names)
        if kind < 0.75:  # noqa: PLR2004
            return self._chance.choice(self._elsewhere)
        return "".join(self._chance.choice("bcdfgaeioulmnrst") for _ in range(7))

    def _full(self) -> str:
        parts = [self._part(size) for size in self._sizes()]
        if self._chance.random() < 0.2:  # noqa: PLR2004
            parts.append(f"NOT {self._term()}")
        return " AND ".join(parts)

    def _term(self) -> str:
        leaf = self._leaf()
        return f'"{leaf}"' if " " in leaf else leaf

    def _part(self, size: int) -> str:
        kind = self._chance.random()
        terms = [self._term() for _ in range(size)]
        if kind < 0.15 and size > 1:  # noqa: PLR2004
            return f"({terms[0]} NEAR/{self._chance.randint(2, 30)} {self._one_of(terms[1:])})"
        if kind < 0.2:  # noqa: PLR2004
            return f"COUNT/2({terms[0]})"
        if kind < 0.25:  # noqa: PLR2004
            return f"title:{terms[0]}"
        if kind < 0.3:  # noqa: PLR2004
            return f"{self._chance.choice(self._words)[:5]}*"
        if kind < 0.32:  # noqa: PLR2004
            return f"any:{terms[0]}"
        return self._one_of(terms)
