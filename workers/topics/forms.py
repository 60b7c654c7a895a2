"""Word forms: strike finds struck, militia finds militias.

A word is in the same family as another if their keys meet. The keys of a word are its folded self
and the folded lemmas that simplemma gives for it. A dictionary is loaded when the first text in
its language is matched, which takes seconds, and asked once for a word; what it answers is
remembered.
"""

import re
from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from workers.text.fold import extends, fold
from workers.text.tokens import LEAST_LETTERS, Token, behind_particles

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Forms", "NotAtHand", "has_forms", "supported"]

MEMO_WORDS = 200_000
"""Words remembered in one language; then the memory is cleared."""
LONGEST_WORD = 40
"""Letters; longer ones are no words of a dictionary, and looking for their parts takes time."""
DICTIONARIES = 64
"""More than there are: simplemma would drop and reload dictionaries beyond the eighth."""

_SAME = {
    "no": "nb", "iw": "he", "in": "id", "sr": "hbs", "hr": "hbs", "bs": "hbs", "sh": "hbs",
    "fil": "tl",
}  # fmt: skip
"""Codes under which simplemma keeps a language that is also written otherwise."""

_ENGLISH = {
    "arisen": "arise", "awoken": "awake", "bent": "bend", "bit": "bite", "bore": "bear",
    "borne": "bear", "bound": "bind", "broke": "break", "drunk": "drink", "felt": "feel",
    "flown": "fly", "gone": "go", "ground": "grind", "laid": "lay", "left": "leave",
    "rang": "ring", "rung": "ring", "rose": "rise", "shook": "shake", "shot": "shoot",
    "slew": "slay", "swore": "swear", "thought": "think", "won": "win", "wound": "wind",
    "axes": "axis", "bacteria": "bacterium", "bases": "basis", "calves": "calf",
    "halves": "half", "leaves": "leaf", "lives": "life", "loaves": "loaf", "shelves": "shelf",
    "thieves": "thief", "wives": "wife", "persons": "people", "person": "people",
    "bombing": "bomb", "flooding": "flood", "hijacking": "hijack", "kidnapping": "kidnap",
    "trafficking": "traffic", "trafficked": "traffic", "warning": "warn",
}  # fmt: skip
"""English forms that simplemma takes for words of their own, and whose they are as well."""


_at_hand: set[str] = set()
"""Dictionaries that are loaded."""


class NotAtHand(Exception):
    """It would take long: a dictionary has to be loaded first, or there is much to look at."""


class _Lemmas(NamedTuple):
    """Two questions to a dictionary."""

    lemma: "Callable[[str, str], str]"
    known: "Callable[[str, str], str | None]"


_APOSTROPHES = "'’‘ʼ`´ʻ＇"  # noqa: RUF001 - the letters that look like others are meant
_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")


@cache
def _simplemma() -> _Lemmas:
    # Imported when the first word is looked up: commands that match nothing need neither its
    # 40 ms nor its memory.
    from simplemma import Lemmatizer  # noqa: PLC0415
    from simplemma.strategies import DefaultStrategy, DictionaryLookupStrategy  # noqa: PLC0415
    from simplemma.strategies.dictionaries import DefaultDictionaryFactory  # noqa: PLC0415

    dictionaries = DefaultDictionaryFactory(cache_max_size=DICTIONARIES)
    lemmatizer = Lemmatizer(
        cache_max_size=1,  # answers are remembered here, folded
        lemmatization_strategy=DefaultStrategy(dictionary_factory=dictionaries),
    )
    return _Lemmas(lemmatizer.lemmatize, DictionaryLookupStrategy(dictionaries).get_lemma)


def supported(language: str) -> str | None:
    """Return the code of the dictionary for ``language`` (``en-GB`` is ``en``), None without."""
    from simplemma.strategies.dictionaries.dictionary_factory import (  # noqa: PLC0415
        SUPPORTED_LANGUAGES,
    )

    code = language.replace("_", "-").split("-")[0].lower()
    code = _SAME.get(code, code)
    return code if code in SUPPORTED_LANGUAGES else None


def has_forms(cased: str) -> bool:
    """Say whether a word that an analyst wrote stands for its forms.

    Not under three letters, not in capitals (``IDF``), not with digits.
    """
    return len(cased) >= LEAST_LETTERS and not cased.isupper() and not _numbered(cased)


def _numbered(word: str) -> bool:
    plain = word.isascii() and word.isalpha()  # most are, and need no look at each letter
    return not plain and any(character.isnumeric() for character in word)


class Forms:
    """The word forms of the configured languages."""

    def __init__(self, languages: Sequence[str]) -> None:
        """Remember which ``languages`` count; those without a dictionary have no forms."""
        self._wanted = tuple(languages)
        self._codes: tuple[str, ...] | None = None
        self._memo: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
        """The keys of each word, its folded self first; a set would take four times the memory."""
        self._loads = True

    def at_hand(self) -> "Forms":
        """Return the same forms, which raise `NotAtHand` where a dictionary is not loaded yet."""
        same = copy(self)
        same._loads = False  # noqa: SLF001 - of this class
        return same

    def codes_for(self, language: str | None) -> tuple[str, ...]:
        """Return the dictionaries to ask for a text in ``language``.

        Its own if it is configured, none if it is not, all configured ones if it is unknown.
        """
        if self._codes is None:
            if not self._loads:
                raise NotAtHand
            found = (supported(language) for language in self._wanted)
            self._codes = tuple(dict.fromkeys(code for code in found if code))
        if not language or language.lower() in {"und", "mul", "zxx"}:
            return self._codes
        code = supported(language)
        return (code,) if code in self._codes else ()

    def loaded(self, codes: tuple[str, ...]) -> bool:
        """Say whether the dictionaries ``codes`` are loaded."""
        return _at_hand.issuperset(codes)

    def keys(self, word: str, folded: str, codes: tuple[str, ...]) -> frozenset[str]:
        """Return the keys of a word, given as written and folded."""
        if not codes:
            return frozenset((folded,))
        memo = self._memo.setdefault(codes, {})
        known = memo.get(word)
        if known is None or known[0] != folded:  # one ligature can be several words
            if len(memo) >= MEMO_WORDS:
                memo.clear()
            found = self.keys_once(word, folded, codes)
            known = memo[word] = (folded, *sorted(found - {folded}))
        return frozenset(known)

    def keys_once(self, word: str, folded: str, codes: tuple[str, ...]) -> set[str]:
        """Return the keys of a word as `keys` does, and do not remember them."""
        if not self._loads and not _at_hand.issuperset(codes):
            raise NotAtHand
        return _keys(word, folded, codes)

    def token_keys(self, token: Token, codes: tuple[str, ...]) -> frozenset[str]:
        """Return the keys of a token, those behind its particles included."""
        keys = self.keys(token.raw, token.folded, codes)
        rests = behind_particles(token.folded) if not token.folded.isascii() else ()
        if not rests:
            return keys
        letters = _skeleton(token.raw)
        for rest in rests:
            same_length = len(letters) == len(token.folded) and token.folded.endswith(rest)
            keys |= self.keys(letters[-len(rest) :] if same_length else rest, rest, codes)
        return keys


def _skeleton(raw: str) -> str:
    """Return an Arabic or Hebrew word without marks, the forms of its letters kept."""
    return "".join(c for c in raw if c.isalpha() and c != "ـ")


def _keys(word: str, folded: str, codes: tuple[str, ...]) -> set[str]:
    keys = {folded}
    if not LEAST_LETTERS <= len(folded) <= LONGEST_WORD or _numbered(folded):
        return keys
    lower = "".join(c for c in word.lower() if c.isalpha() or extends(c))
    if not lower:
        return keys
    for code in codes:
        keys |= _turkish(word) if code == "tr" else _lemmas(lower, code)
    return keys


def _turkish(word: str) -> set[str]:
    """Return the keys of a word in Turkish: its i has a dot or none, in capitals too.

    An apostrophe parts a name from its endings (``İstanbul'da``): the name is found by itself.
    """
    name, *endings = _APOSTROPHE.split(word.strip(_APOSTROPHES))
    keys: set[str] = set()
    for part in (word, *([name] if endings and name[:1].isupper() else [])):
        lower = part.replace("İ", "i").replace("I", "\u0131").lower()
        letters = "".join(c for c in lower if c.isalpha() or extends(c))
        if len(letters) >= LEAST_LETTERS:
            keys |= {fold(letters), *_lemmas(letters, "tr")}
    return keys


def _lemmas(lower: str, code: str) -> set[str]:
    ask = _simplemma()
    # Capitalised too: German has Angriffe (Angriff) and angriffe (angreifen).
    found = {ask.lemma(lower, code), ask.lemma(lower.capitalize(), code)}
    _at_hand.add(code)
    if code == "en":
        found |= _more_english(lower, found)
    return {fold(lemma) for lemma in found if lemma}


def _more_english(lower: str, found: set[str]) -> set[str]:
    ask = _simplemma()
    more: set[str] = set()
    if lower.endswith("ings"):  # killings is killing, which is kill
        more |= {ask.lemma(lemma, "en") for lemma in found}
    plural = len(lower) > LEAST_LETTERS + 1 and lower[-1] == "s" and lower[-2] != "s"
    if plural and ask.known(lower, "en") is None:  # of names: Houthis, Iranians
        more.add(lower[:-1])
    return more | {_ENGLISH[word] for word in found | more | {lower} if word in _ENGLISH}
