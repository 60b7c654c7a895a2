"""A second witness to the text: what a page's own ``articleBody`` lacks of it is doubtful.

Publishers write the article's text once more into their JSON-LD, often cut short, sometimes of
another article. Where it covers half of the text it is the same article's, and a paragraph of
which it has nothing is rather a teaser or a box than the article's own.
"""

import re
from collections.abc import Sequence

from workers.pages.body import Line

__all__ = ["doubted"]

GRAMS = 3
COVERED = 0.5
"""Share of the text's pieces that a witness must have."""
UNKNOWN = 0.2
"""Share of a paragraph's pieces below which the witness does not know it."""
SPARED = 2
"""First paragraphs, which are never doubted: the standfirst is often left out."""
LEAST = 6
"""Pieces of a paragraph below which nothing can be said of it."""
MOST_AFTER = 0.25
"""Share of the text that may come after the end of a copy that is not cut short."""
_LOOKED_AT = 200_000
"""Characters of a text that are looked at."""
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_Paragraph = tuple[str, set[tuple[str, ...]]]


def doubted(lines: Sequence[Line], witness: str) -> tuple[str, ...]:
    """Return the paragraphs that the page's own copy of the text does not have.

    A copy that is cut short says nothing of what comes after its end; a few lines that come after
    it are rather none of the article's.

    Args:
        lines: the text.
        witness: its ``articleBody``, "" for none.
    """
    if not witness:
        return ()
    paragraphs = [(line.text, _pieces(line.text, GRAMS)) for line in lines if line.tag == "p"]
    known = _pieces(witness, GRAMS)
    all_pieces: set[tuple[str, ...]] = set().union(*(grams for _, grams in paragraphs))
    if len(all_pieces & known) < COVERED * len(all_pieces) or not all_pieces:
        return ()
    shares = [len(grams & known) / len(grams) if grams else 1.0 for _, grams in paragraphs]
    return tuple(
        text
        for place, (text, grams) in enumerate(paragraphs[: _end(paragraphs, shares, witness)])
        if place >= SPARED and len(grams) >= LEAST and shares[place] < UNKNOWN
    )


def _end(paragraphs: Sequence[_Paragraph], shares: Sequence[float], witness: str) -> int:
    """Return how many paragraphs the copy can tell of: of one that is cut short, its own."""
    end = 1 + max((place for place, share in enumerate(shares) if share >= COVERED), default=0)
    after = sum(len(text) for text, _ in paragraphs[end:])
    whole = sum(len(text) for text, _ in paragraphs)
    cut = witness.rstrip().endswith(("...", "…")) or after > MOST_AFTER * whole
    return end if cut else len(paragraphs)


def _pieces(text: str, size: int) -> set[tuple[str, ...]]:
    """Return the sets of ``size`` words in a row (characters, where words are not spaced)."""
    words = _WORD.findall(text[:_LOOKED_AT].casefold())
    if len(_CJK.findall(text[:2_000])) > min(len(text), 2_000) / 4:
        words = [letter for word in words for letter in word]
    return set(zip(*(words[start:] for start in range(size)), strict=False))
