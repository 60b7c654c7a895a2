"""A query proposed for words in which somebody says what they want to hear about.

``militia strikes in Iraq`` becomes ``militia NEAR/30 strike NEAR/30 Iraq``: words that only hold a
sentence together go, common words take their dictionary form, names stay together, acronyms keep
their case, and an alias set that holds a name stands for it.
"""

import re
from collections.abc import Mapping, Sequence

from workers.model.base import Record
from workers.text.fold import kind_of
from workers.text.tokens import Token, tokenize
from workers.topics.aliases import read_aliases
from workers.topics.canonical import canonical
from workers.topics.errors import QueryError, problem_at
from workers.topics.forms import Forms, has_forms
from workers.topics.idle import IDLE
from workers.topics.lexer import check_characters
from workers.topics.parser import parse
from workers.topics.tree import Element, Phrase

__all__ = ["Proposal", "propose"]

MOST_PARTS = 8
"""Parts of a proposal: more would hardly ever stand near one another."""
REACH = 30
"""Positions: a sentence or two."""
_QUOTED = re.compile(r"[\"“”„‟«»]([^\"“”„‟«»]*)[\"“”„‟«»]")
_LINKS = frozenset((
    "of", "de", "del", "della", "di", "da", "do", "dos", "al", "bin", "ibn", "abu", "van", "von",
))  # fmt: skip
"""Words inside names: Bank of England, Mohammed bin Salman, Ursula von der Leyen."""
_ARTICLES = frozenset(("der", "den", "la", "el"))
_APOSTROPHES = tuple("'’‘ʼ`´ʻ＇")  # noqa: RUF001
_MARKS = re.compile(r"[^\w'’]")  # noqa: RUF001
_OPERATORS = {"and", "or", "not", "near", "onear", "count"}
LEAST_ACRONYM = 2
"""Letters in a row of capitals that are taken for an acronym."""
LEAST_FORM = 4
"""Letters of a dictionary form: news would be new."""
LEAST_TITLED = 5
"""Words with capitals that are taken for a headline, not for a name."""
MOST_WORDS = 12
"""Words of one name or phrase."""
LONGEST_NAME = 100
"""Characters of a topic's name."""


class Proposal(Record, frozen=True, kw_only=True):
    """A query to edit."""

    name: str
    query: str
    aliases: tuple[str, ...] = ()
    """Alias sets that stand in the query for names of theirs."""
    similar: tuple[str, ...] = ()
    """Alias sets whose names hold one of the words; perhaps they are meant."""
    dropped: tuple[str, ...] = ()
    """Words that were left out."""


class _Word(Record, frozen=True, kw_only=True):
    """A token of the text, and the number of the chunk that it stands in."""

    token: Token
    chunk: int


def propose(
    text: str, aliases: Mapping[str, Sequence[str]], languages: Sequence[str] = ("en",)
) -> Proposal:
    """Return a query for ``text``; ``languages`` are those whose dictionaries may be asked.

    Raises:
        QueryError: there is no word in it, or what no query may hold; with a place in it.
    """
    check_characters(text)
    if not tokenize(text):
        raise QueryError(problem_at(text, 0, len(text), "there is no word in it", "write words"))
    sets = read_aliases(aliases).phrases
    return _Proposer(text, sets, languages).proposal()


class _Sets:
    """Alias sets by the first words of their spellings."""

    def __init__(self, sets: Mapping[str, tuple[Phrase, ...]], forms: Forms) -> None:
        self._forms = forms
        self._codes = forms.codes_for(None)
        self._exact: dict[str, list[tuple[str, Phrase]]] = {}
        self._loose: list[tuple[str, Phrase]] = []
        for name, phrases in sets.items():
            for phrase in phrases:
                if phrase[0].kind in {"exact", "case"}:
                    self._exact.setdefault(phrase[0].folded, []).append((name, phrase))
                else:
                    self._loose.append((name, phrase))

    def longest(self, words: Sequence[_Word]) -> tuple[str, int]:
        """Return the set with the longest spelling at the start of ``words``, and how long."""
        best = ("", 0)
        for name, phrase in (*self._exact.get(words[0].token.folded, ()), *self._loose):
            size = len(phrase)
            fits = best[1] < size <= len(words)
            if fits and all(self._is(w.token, e) for w, e in zip(words, phrase, strict=False)):
                best = (name, size)
        return best

    def _is(self, token: Token, element: Element) -> bool:
        match element.kind:
            case "prefix":
                return token.folded.startswith(element.folded)
            case "case":
                return token.cased == element.cased
            case "forms":
                keys = self._forms.keys(element.raw, element.folded, self._codes)
                return bool(keys & self._forms.keys(token.raw, token.folded, self._codes))
            case "exact":
                return token.folded == element.folded


class _Proposer:
    """Walks over the words once."""

    def __init__(
        self, text: str, sets: Mapping[str, tuple[Phrase, ...]], languages: Sequence[str]
    ) -> None:
        self.text = text
        self.sets = sets
        self.forms = Forms(languages)
        self.spellings = _Sets(sets, self.forms)
        self.words = _words(text)
        self.quoted = [found.span(1) for found in _QUOTED.finditer(text)]
        self.shouted = len(self.words) > 1 and text.isupper()
        self.titled = self.shouted or _titled(self.words)
        self.parts: list[str] = []
        self.used: list[str] = []
        self.kept: set[str] = set()
        self.dropped: list[str] = []

    def proposal(self) -> Proposal:
        place = 0
        while place < len(self.words):
            place += self._step(place)
        if not self.parts:  # all of it only holds sentences together: "The Who"
            self._keep(self.words[:MOST_WORDS])
            self.dropped = []
        chosen = list(dict.fromkeys(self.parts))
        self.dropped += chosen[MOST_PARTS:]
        query = f" NEAR/{REACH} ".join(chosen[:MOST_PARTS])
        used = [name for name in dict.fromkeys(self.used) if f"@{name}" in chosen[:MOST_PARTS]]
        return Proposal(
            name=" ".join(self.text.split())[:LONGEST_NAME],
            query=canonical(parse(query, self.sets).tree),
            aliases=tuple(used),
            similar=self._similar(),
            dropped=tuple(dict.fromkeys(self.dropped)),
        )

    def _step(self, place: int) -> int:
        """Add the part that begins at ``place``; return how many words it takes."""
        name, size = self.spellings.longest(self.words[place : place + MOST_WORDS])
        if size:
            self.parts.append(f"@{name}")
            self.used.append(name)
            return size
        size = self._phrase(place) or self._name(place)
        if size:
            self._keep(self.words[place : place + size])
            return size
        return self._single(place)

    def _keep(self, words: Sequence[_Word]) -> None:
        """Add words in a row, as written."""
        self.kept |= {word.token.folded for word in words}
        first, last = words[0].token, words[-1].token
        if all(kind_of(word.token.folded[0]) == "c" for word in words):
            together = self.text[first.start : last.end]
            self.parts.append(together if together.isalpha() else _quotes(words))
        else:
            self.parts.append(_quotes(words))

    def _phrase(self, place: int) -> int:
        """Return how many words from here stand in quotes."""
        start = self.words[place].token.start
        for first, last in self.quoted:
            if first <= start < last:
                rest = self.words[place : place + MOST_WORDS]
                return sum(1 for word in rest if word.token.start < last)
        return 0

    def _name(self, place: int) -> int:
        """Return how many words from here are one name: two at least that begin with capitals."""
        if not self._capital(self.words[place]) or self.words[place].token.folded in IDLE:
            return 0
        size = 1
        for offset, word in enumerate(self.words[place + 1 : place + MOST_WORDS], 1):
            between = self.text[self.words[place + offset - 1].token.end : word.token.start]
            if any(mark in between for mark in ",;:!?\n()"):
                break
            if self._capital(word):
                size = offset + 1
            elif not self._links(word, self.words[place + offset - 1]):
                break
        return size if size > 1 else 0

    def _links(self, word: _Word, before: _Word) -> bool:
        folded = word.token.folded
        return folded in _LINKS or (folded in _ARTICLES and before.token.folded in _LINKS)

    def _capital(self, word: _Word) -> bool:
        cased = word.token.cased
        return not self.titled and cased[0].isupper() and not _acronym(cased)

    def _single(self, place: int) -> int:
        """Add one word, or all of a chunk that is several tokens; or leave it out."""
        token = self.words[place].token
        chunk = self.words[place].chunk
        rest = self.words[place : place + MOST_WORDS]
        same = [word for word in rest if word.chunk == chunk]
        if len(same) > 1 and self.text[token.end : token.end + 1] in _APOSTROPHES:
            return 1  # an elided article
        if kind_of(token.folded[0]) == "c" or len(same) > 1:
            self._keep(same)
            return len(same)
        if token.folded == "us" or (_acronym(token.cased) and not self.shouted):
            self.parts.append(f"{{{token.cased.upper()}}}")
        elif token.folded in IDLE or (len(token.folded) == 1 and token.folded.isalpha()):
            self.dropped.append(token.raw)
            return 1
        else:
            self.parts.append(self._word(token))
        self.kept.add(token.folded)
        return 1

    def _word(self, token: Token) -> str:
        """Return a word in its dictionary form, a name as written."""
        written = _written(token)
        word = written.lower() if self.shouted else written
        if not has_forms(word):
            return word if word.isalnum() and not word.isalpha() else f'"{word}"'
        name = word[0].isupper() and not self.titled and token.start > 0
        form = word if name else self._dictionary_form(word, token.folded)
        return f'"{form}"' if form.lower() in _OPERATORS else form

    def _dictionary_form(self, word: str, folded: str) -> str:
        codes = self.forms.codes_for(None)
        keys = self.forms.keys(word, folded, codes)
        found = [
            key
            for key in keys - {folded}
            if len(key) >= LEAST_FORM
            and key.isalpha()
            and key not in IDLE
            and self.forms.keys(key, key, codes) & keys
        ]
        ours = folded.isascii() and word.isascii()
        return min(found, key=lambda key: (len(key), key)) if found and ours else word

    def _similar(self) -> tuple[str, ...]:
        """Return sets that are not used but of which a name, or their own, holds a word."""
        found = []
        for name, phrases in self.sets.items():
            words = {element.folded for phrase in phrases for element in phrase}
            words |= {token.folded for token in tokenize(name.replace("_", " "))}
            if name not in self.used and words & self.kept - IDLE:
                found.append(name)
        return tuple(found[:MOST_PARTS])


def _words(text: str) -> list[_Word]:
    chunks = [found.span() for found in re.finditer(r"\S+", text)]
    words: list[_Word] = []
    place = 0
    for token in tokenize(text):
        while chunks[place][1] <= token.start:
            place += 1
        words.append(_Word(token=token, chunk=place))
    return words


def _titled(words: Sequence[_Word]) -> bool:
    """Say whether each word begins with a capital, as in headlines."""
    telling = [word.token.cased for word in words if word.token.folded not in IDLE]
    letters = [cased for cased in telling if cased[0].isalpha()]
    return len(letters) >= LEAST_TITLED and all(cased[0].isupper() for cased in letters)


def _acronym(cased: str) -> bool:
    return len(cased) >= LEAST_ACRONYM and cased.isupper() and cased.isalnum()


def _written(token: Token) -> str:
    """Return a token as written, or its plain letters where that would be read otherwise."""
    raw = token.raw
    same = [other.cased for other in tokenize(raw)] == [token.cased]
    return raw if same and not _MARKS.search(raw) else token.cased


def _quotes(words: Sequence[_Word]) -> str:
    return f'"{" ".join(_written(word.token) for word in words)}"'
