"""How an extracted text, a zone, a title, an author compare with the truth.

F1 is that of the article extraction benchmark of Scrapinghub (its ``evaluate.py``): pieces of four
words in a row, counted; precision and recall of each page, averaged over pages; F1 is of these two
averages. Word F1 counts single words without regard to case, and is averaged over pages.

A false topic word is one of ``TOPIC_WORDS`` that stands in what is searched as the article's text,
though neither in the true text nor in the title: each could ring for an article that is not about
it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

__all__ = [
    "TOPIC_WORDS",
    "Overlap",
    "authors_meet",
    "false_words",
    "key",
    "overall",
    "overlap",
    "same_title",
    "word_f1",
]

SHINGLE = 4
_WORD = re.compile(r"\w+")
_NO_KEY = re.compile(r"[\W_]+")
_TITLE = re.compile(r"[^\w]+")

_TOPIC_WORDS = """
    accident airport airstrike alliance ambassador ambulance army arrest attack bankruptcy blast
    blockade bomb border budget cabinet cancer ceasefire charity climate clinic coalition collapse
    congress conflict corruption coup court cyberattack debt default deficit democracy deportation
    disaster drone drought drugs earthquake economy election embassy emissions energy epidemic
    evacuation explosion famine fire flood fraud genocide government hacker hostage hospital
    hurricane immigration inflation insurgents invasion investigation judge kidnapping layoffs
    lawsuit malaria merger migrants militants military militia minister missile murder nuclear oil
    opposition outbreak pandemic parliament pipeline pirates police pollution president prison
    protest ransomware rebels recession referendum refugees sanctions scandal senate shooting
    shipping strike tariff terrorism treaty troops tsunami unemployment union vaccine verdict
    virus volcano war wildfire
"""
TOPIC_WORDS = frozenset(_TOPIC_WORDS.split())
"""What people watch the news for."""


@dataclass(frozen=True)
class Overlap:
    """Pieces that both texts have, that only the found one has, and that only the true one has."""

    both: int
    extra: int
    missed: int

    @property
    def precision(self) -> float:
        """Return the share of what was found that is true."""
        found = self.both + self.extra
        return self.both / found if found else 0.0

    @property
    def recall(self) -> float:
        """Return the share of what is true that was found."""
        true = self.both + self.missed
        return self.both / true if true else 0.0

    @property
    def f1(self) -> float:
        """Return F1 of this page alone."""
        return 2 * self.both / (2 * self.both + self.extra + self.missed or 1)


def overlap(found: str, true: str) -> Overlap:
    """Compare two texts by pieces of four words."""
    mine, its = _shingles(found), _shingles(true)
    both = (mine & its).total()
    return Overlap(both=both, extra=mine.total() - both, missed=its.total() - both)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    last = max(1, len(words) - SHINGLE + 1)
    return Counter(piece for at in range(last) if (piece := tuple(words[at : at + SHINGLE])))


def overall(pages: Sequence[Overlap]) -> float:
    """Return the F1 of mean precision and mean recall; a page without text has no precision."""
    precisions = [one.precision for one in pages if one.both + one.extra]
    recalls = [one.recall for one in pages if one.both + one.missed]
    if not precisions or not recalls:
        return 0.0
    precision, recall = fmean(precisions), fmean(recalls)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def word_f1(found: str, true: str) -> float:
    """Compare two texts by their words, however they stand."""
    mine, its = (Counter(_WORD.findall(text.casefold())) for text in (found, true))
    return 2 * (mine & its).total() / ((mine.total() + its.total()) or 1)


def false_words(found: str, true: Iterable[str]) -> tuple[str, ...]:
    """Return the topic words that the text found has and nothing true has."""
    known = {word for text in true for word in _WORD.findall(text.casefold())}
    return tuple(sorted((TOPIC_WORDS & set(_WORD.findall(found.casefold()))) - known))


def key(text: str) -> str:
    """Return the letters and digits of a text, by which lines are found in others."""
    return _NO_KEY.sub("", text).casefold()


def same_title(found: str, true: str) -> bool:
    """Say whether two titles have the same words in the same order, dashes and quotes aside."""
    return _TITLE.sub(" ", found).split() == _TITLE.sub(" ", true).split()


def authors_meet(found: str, true: str) -> bool:
    """Say whether two bylines share a name: a word of three letters or more."""
    mine, its = (
        {word for word in _WORD.findall(text.casefold()) if len(word) > 2}  # noqa: PLR2004
        for text in (found, true)
    )
    return bool(mine & its)
