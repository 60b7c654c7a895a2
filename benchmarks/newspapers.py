"""Made-up news in several languages and scripts, the same for the same seed.

Words are made of syllables and drawn as words of news are: few often, most hardly ever (Zipf).
Names of two words stand in some articles, a few in many. Nothing in it means anything.
"""

from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import NamedTuple

from workers.model.topic import Document, ZoneLine

__all__ = ["UNSPACED", "News", "Vocabulary"]

SEED = 7
WORDS = 20_000
"""Different ones of each language."""
NAMES = 1_500
SHORTEST, MEDIAN, LONGEST = 300, 640, 3_000
SPREAD = 0.6
"""Standard deviation of the logarithm of an article's length."""
NAMED = 0.3
"""Of sentences: how many hold a name."""
CAPTIONED = 0.4
"""Of articles: how many have a picture, and links to others."""


class Script(NamedTuple):
    """How a language's words are made."""

    share: float
    """Of all articles."""
    onsets: str
    vowels: str
    end: str = "."
    spaced: bool = True
    cased: bool = True


SCRIPTS = {
    "en": Script(0.5, "b c d f g h l m n p r s t v w st tr ch sh", "a e i o u ea ou"),
    "fr": Script(0.1, "b c d f g l m n p r s t v ch br qu", "a é i o u ai eu è"),
    "de": Script(0.1, "b d f g h k l m n r s t w z sch st", "a e i o u ä ö ü ei"),
    "ru": Script(0.1, "б в г д ж к л м н п р с т ш", "а е и о у я ю ы"),  # noqa: RUF001 - its letters
    "ar": Script(0.1, "ب ت ث ج ح د ر س ش ص ع ف ق ك م ن ه", "ا و ي َ ِ", cased=False),  # noqa: RUF001 - its letters
    "he": Script(0.05, "ב ג ד ה ז ח ט כ ל מ נ ס ע פ ק ר ש ת", "א ו י ו", cased=False),  # noqa: RUF001 - its letters
    "zh": Script(0.05, "", "", "。", spaced=False, cased=False),
}
"""Shares sum up to one."""
UNSPACED = frozenset(language for language, script in SCRIPTS.items() if not script.spaced)
"""Languages that set no space between words."""
_HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 4_000)]


class Vocabulary:
    """The words of one language, and its names."""

    def __init__(self, language: str) -> None:
        """Make them up."""
        self.script, self._chance = SCRIPTS[language], Random(f"{SEED}{language}")
        self._onsets, self._vowels = self.script.onsets.split(), self.script.vowels.split()
        made: dict[str, None] = {}
        while len(made) < WORDS:
            made[self._word()] = None
        self.words = list(made)
        self._sums = list(accumulate(1 / (rank + 2.7) for rank in range(len(self.words))))
        firsts, lasts = (self.words[at :: WORDS // NAMES][:NAMES] for at in (7, 11))
        joint = " " if self.script.spaced else ""
        pairs = zip(firsts, self._chance.sample(lasts, len(lasts)), strict=False)
        self.names = list(dict.fromkeys(joint.join(map(self._capital, pair)) for pair in pairs))
        self.told: set[str] = set()
        """Names that were drawn."""

    def _word(self) -> str:
        if not self.script.spaced:
            return "".join(self._chance.choices(_HAN, k=self._chance.choice((1, 2, 2, 3))))
        onsets, vowels = self._onsets, self._vowels
        syllables = self._chance.choices((1, 2, 3, 4), (1, 5, 5, 2))[0]
        choose = self._chance.choice
        word = "".join(choose(onsets) + choose(vowels) for _ in range(syllables))
        return word + choose(onsets)[0] if self._chance.random() < 0.5 else word  # noqa: PLR2004

    def _capital(self, word: str) -> str:
        return word[:1].upper() + word[1:] if self.script.cased else word

    def draw(self, chance: Random, number: int) -> list[str]:
        """Return words as a text of the language has them."""
        return chance.choices(self.words, cum_weights=self._sums, k=number)

    def name(self, chance: Random) -> str:
        """Return a name: few of them are in the news all the time."""
        rank = min(int(chance.paretovariate(0.6)) - 1, len(self.names) - 1)
        self.told.add(self.names[rank])
        return self.names[rank]

    def sentence(self, chance: Random) -> str:
        """Return a sentence of 6 to 30 words."""
        words = self.draw(chance, chance.randint(6, 30))
        if chance.random() < NAMED:
            words.insert(chance.randrange(len(words)), self.name(chance))
        if chance.random() < 0.15:  # noqa: PLR2004 - a number, a date, a sum
            words.insert(chance.randrange(len(words)), str(chance.randrange(2, 2030)))
        words[0] = self._capital(words[0])
        middle = len(words) // 2
        words[middle] += "," if self.script.spaced else ""
        return (" " if self.script.spaced else "").join(words) + self.script.end


class News:
    """Makes articles: each by its number, so that every run has the same."""

    def __init__(self) -> None:
        """Make the words of all languages."""
        self._of = {language: Vocabulary(language) for language in SCRIPTS}
        self._shares = list(accumulate(script.share for script in SCRIPTS.values()))

    @property
    def told(self) -> list[str]:
        """Return the names in the articles that were made so far."""
        return [name for words in self._of.values() for name in words.names if name in words.told]

    @property
    def untold(self) -> list[str]:
        """Return the names that were in no article yet."""
        return [n for words in self._of.values() for n in words.names if n not in words.told]

    def article(self, number: int) -> Document:
        """Return an article."""
        chance = Random(SEED * 1_000_003 + number)
        at = min(bisect(self._shares, chance.random()), len(SCRIPTS) - 1)
        language, words = list(self._of.items())[at]
        wanted = min(LONGEST, max(SHORTEST, int(MEDIAN * chance.lognormvariate(0, SPREAD))))
        title = words.sentence(chance).rstrip(words.script.end)[:90]
        paragraphs = list(_paragraphs(words, chance, wanted))
        zones: Sequence[ZoneLine] = ()
        if chance.random() < CAPTIONED:
            zones = [ZoneLine(zone="caption", text=words.sentence(chance), rule="made up")]
            zones += [
                ZoneLine(zone="related", text=words.sentence(chance), rule="made up")
                for _ in range(4)
            ]
        body = "\n".join(paragraphs)
        return Document(title=title, body=body, zones=tuple(zones), language=language)


def _paragraphs(words: Vocabulary, chance: Random, wanted: int) -> Iterator[str]:
    found = 0
    while found < wanted:
        sentences = [words.sentence(chance) for _ in range(chance.randint(1, 4))]
        found += sum(
            len(one.split()) if words.script.spaced else len(one) // 2 for one in sentences
        )
        yield (" " if words.script.spaced else "").join(sentences)
