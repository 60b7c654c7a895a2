"""Common words: the share of news articles in which each stands, as the shipped list says it."""

import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from workers.text.fold import fold
from workers.text.tokens import tokenize

__all__ = ["parse_common"]


def parse_common(text: str) -> Mapping[str, float]:
    """Return words, folded, with their shares (above 0, at most 1), from their TOML file.

    Raises:
        ValueError: the text is no TOML, or does not have that shape; says where.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"common words refused: not TOML: {error}") from error
    words = data.get("words")
    if data.keys() != {"words"} or not isinstance(words, dict):
        raise ValueError("common words refused: there must be one table, [words]")
    table = cast("dict[str, object]", words)
    return MappingProxyType({word: _share(word, share) for word, share in table.items()})


def _share(word: str, share: object) -> float:
    if not isinstance(share, float | int) or isinstance(share, bool) or not 0 < share <= 1:
        raise ValueError(f"common words refused: {word!r}: its share must be above 0, at most 1")
    if [token.folded for token in tokenize(word)] != [word]:
        raise ValueError(
            f"common words refused: {word!r}: not one word as folded ({fold(word)!r})"
        )
    return float(share)
