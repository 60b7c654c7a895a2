"""The words that topics ask for, each a number; and texts as strings of code points.

A text becomes a string with one character for each of its tokens. The character stands for the set
of elements that the token satisfies (its signature): as written, in this case, as a form, behind a
particle, by a prefix. Tokens that no topic asks for are all the same character. So what topics ask
of a text is asked of sets and strings, however many topics there are; and since a chunk of text is
cut and looked up once and then remembered, most of an article costs one look-up a word.

Several threads read by one vocabulary, and one adds words to it. There is no lock: tables only
grow, by steps of which each is whole, and what two threads make at once is made twice, to the same
effect.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import count

from workers.text.tokens import MEMO_LENGTH, TEXT_LIMIT, Token, behind_particles, tokenize
from workers.topics.forms import Forms
from workers.topics.reading import fact_holds
from workers.topics.tree import Element, FactField, Phrase

__all__ = ["Key", "Lexicon", "Vocabulary", "fact_key", "key_of", "looked_up", "spans"]

MEMO_CHUNKS = 400_000
"""Chunks remembered in one language; then the memory is cleared."""
MOST_SIGNATURES = 300_000
"""There are 1,112,064 code points, and one document can add as many as it has different words;
with more signatures than this a lexicon begins anew."""
UNREAD_FAMILIES = 100
"""Words whose forms are looked up at once; more of them would keep others waiting."""
_SURROGATES = (0xD800, 0x0800)
"""Where code points are that are no characters, and how many they are."""

_LETTERS = "\u3041-\u3096\u4e00-\u9fff"
_LETTER_BY_LETTER = re.compile(
    rf"[{_LETTERS}]+(?=\Z|[{_LETTERS}\u3001-\u3011\u30a1-\u30fa\uff01-\uff5e!-~])"
)
"""Han and Hiragana before what joins no letter: each is a token, whatever stands around it."""
_Table = dict[str, list[int]]
Key = str
"""What an element is known by, whatever its number: parts with a space between, which no word
has."""


class Vocabulary:
    """Every element that a topic asks for, by its number. It only grows, and is shared.

    Numbers are never given twice, so that the matchers of two generations can use one vocabulary.
    """

    def __init__(self, forms: Forms) -> None:
        """Begin without words; ``forms`` knows the configured languages."""
        self.forms = forms
        self.exact: _Table = {}
        self.behind: _Table = {}
        """Elements that are also found behind particles."""
        self.cased: _Table = {}
        self.prefixes: _Table = {}
        self.prefixes_behind: _Table = {}
        self.lengths: list[int] = []
        """Of prefixes."""
        self.families: list[Key] = []
        """Of elements that stand for their forms."""
        self._facts: dict[tuple[FactField, str], list[tuple[Phrase, int]]] = {}
        """By the first word, "" for those that begin with a prefix."""
        self._numbers: dict[Key, int] = {}
        self._next = count(1)
        self._lexicons: dict[tuple[str, ...], Lexicon] = {}

    def __len__(self) -> int:
        """Return how many elements and facts were ever asked for."""
        return len(self._numbers)

    def keys(self) -> dict[int, Key]:
        """Return what each number stands for."""
        return {number: key for key, number in list(self._numbers.items())}

    def family(self, key: Key) -> tuple[str, str, int]:
        """Return the raw and the folded writing, and the number, of one that stands for forms."""
        _, raw, folded = key.split(" ")
        return raw, folded, self._numbers[key]

    def number(self, element: Element) -> int:
        """Return the number of an element, a new one if it was never asked for."""
        key = key_of(element)
        known = self._numbers.get(key)
        return known if known is not None else self._add(key, element)

    def fact(self, field: FactField, phrase: Phrase) -> int:
        """Return the number of a fact, a new one if it was never asked for."""
        key = fact_key(field, phrase)
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers.setdefault(key, next(self._next))
            first = phrase[0]
            place = (field, "" if first.kind == "prefix" else first.folded)
            self._facts.setdefault(place, []).append((phrase, known))
        return known

    def facts_of(self, field: FactField, words: tuple[str, ...]) -> set[int]:
        """Return the facts that hold of a value, given as its folded words."""
        places = [(field, ""), *((field, word) for word in dict.fromkeys(words))]
        return {
            number
            for place in places
            for phrase, number in self._facts.get(place, ())
            if fact_holds(field, words, phrase)
        }

    def lexicon(self, codes: tuple[str, ...]) -> "Lexicon":
        """Return how texts are read of which the dictionaries ``codes`` know the forms."""
        found = self._lexicons.get(codes)
        if found is None or found.full:
            found = self._lexicons[codes] = Lexicon(self, codes)
        return found

    def _add(self, key: Key, element: Element) -> int:
        number = self._numbers.setdefault(key, next(self._next))
        folded = element.folded
        match element.kind:
            case "forms":
                self.families.append(key)
            case "case":
                _put(self.cased, element.cased, number)
            case "exact":
                _put(self.exact, folded, number)
                if element.particles:
                    _put(self.behind, folded, number)
            case "prefix":
                _put(self.prefixes, folded, number)
                if element.particles:
                    _put(self.prefixes_behind, folded, number)
                if len(folded) not in self.lengths:
                    self.lengths.append(len(folded))
        for lexicon in list(self._lexicons.values()):
            lexicon.forget()
        return number


def _put(table: _Table, key: str, number: int) -> None:
    made = [number]  # has room for no more, as an empty one that grows would
    known = table.setdefault(key, made)
    if known is not made:
        known.append(number)


def fact_key(field: FactField, phrase: Phrase) -> Key:
    """Return what a fact is known by."""
    return " ".join(("fact", field, *(f"{element.kind} {element.folded}" for element in phrase)))


def key_of(element: Element) -> Key:
    """Return what an element is known by: equal ones hold of the same words."""
    match element.kind:
        case "forms":
            return f"forms {element.raw} {element.folded}"
        case "case":
            return f"case {element.cased}"
        case _:
            behind = " particles" if element.particles else ""
            return f"{element.kind} {element.folded}{behind}"


class _Memo(dict[str, str]):
    """The characters of each chunk of text, worked out when it is first seen."""

    def __init__(self, lexicon: "Lexicon") -> None:
        super().__init__()
        self._lexicon = lexicon
        self._tokens: dict[tuple[str, str], str] = {}

    def __missing__(self, chunk: str) -> str:
        if len(chunk) > MEMO_LENGTH:
            return "".join(self._in_parts(chunk))
        if len(self) >= MEMO_CHUNKS:
            self.clear()
        characters = self[chunk] = self._cut(chunk)
        return characters

    def _in_parts(self, chunk: str) -> Iterator[str]:
        """Yield the characters of a sentence without spaces, of which each letter is a token."""
        at = 0
        for run in _LETTER_BY_LETTER.finditer(chunk):
            yield self._cut(chunk[at : run.start()])
            yield from map(self.__getitem__, run.group())
            at = run.end()
        yield self._cut(chunk[at:])

    def _cut(self, chunk: str) -> str:
        return "".join(map(self._character, tokenize(chunk)))

    def _character(self, token: Token) -> str:
        """Return the character of a token: many chunks are a word with signs around it."""
        written = (token.raw, token.cased)
        known = self._tokens.get(written)
        if known is None:
            if len(self._tokens) >= MEMO_CHUNKS:
                self._tokens.clear()
            known = self._tokens[written] = self._lexicon.character(token)
        return known


def looked_up(chunk: str) -> int:
    """Return how many characters of a chunk are not read letter by letter."""
    return len(chunk if len(chunk) <= MEMO_LENGTH else _LETTER_BY_LETTER.sub("", chunk))


def spans(chunk: str) -> list[tuple[int, int]]:
    """Return where the tokens of a chunk begin and end, in characters."""
    found: list[tuple[int, int]] = []
    at = 0
    for run in _LETTER_BY_LETTER.finditer(chunk) if len(chunk) > MEMO_LENGTH else ():
        found += _spans(chunk[at : run.start()], at)
        found += ((place, place + 1) for place in range(*run.span()))
        at = run.end()
    return found + _spans(chunk[at:], at)


def _spans(piece: str, at: int) -> list[tuple[int, int]]:
    return [(at + token.start, at + token.end) for token in tokenize(piece)]


class Lexicon:
    """How texts are read of which the same dictionaries know the forms."""

    def __init__(self, vocabulary: Vocabulary, codes: tuple[str, ...]) -> None:
        """Begin without signatures."""
        self._vocabulary = vocabulary
        self._codes = codes
        self.signatures: dict[str, tuple[int, ...]] = {"\0": ()}
        """What a character stands for; the first one for tokens that no topic asks for."""
        self._characters: dict[tuple[int, ...], str] = {(): "\0"}
        self._first: dict[int, str] = {}
        """The character that stands for an element,"""
        self._others: dict[int, set[str]] = {}
        """and others that do as well: few elements have them."""
        self._codes_left = count(1)
        self._families: _Table = {}
        self._read_families = 0
        self._memo = _Memo(self)

    @property
    def full(self) -> bool:
        """Whether code points run out."""
        return len(self.signatures) >= MOST_SIGNATURES

    @property
    def ready(self) -> bool:
        """Whether a text can be read at once, without dictionaries that take seconds to load."""
        families = self._vocabulary.families
        unread = len(families) - self._read_families
        return not families or (
            unread <= UNREAD_FAMILIES and self._vocabulary.forms.loaded(self._codes)
        )

    def unseen(self, text: str) -> int:
        """Return how many letters of a text stand in chunks that are not remembered."""
        known = self._memo
        # Asked word by word: difference() would go through all that is remembered.
        chunks = {chunk for chunk in set(text[:TEXT_LIMIT].split()) if chunk not in known}
        long = [chunk for chunk in chunks if len(chunk) > MEMO_LENGTH]
        runs = set().union(*(run for chunk in long for run in _LETTER_BY_LETTER.findall(chunk)))
        return sum(map(looked_up, chunks)) + sum(letter not in known for letter in runs)

    def sizes(self, chunks: Iterable[str]) -> Iterable[int]:
        """Return how many tokens each chunk has."""
        return map(len, map(self._memo.__getitem__, chunks))

    def forget(self) -> None:
        """Look every chunk up again: there are words that were not asked for before."""
        self._memo = _Memo(self)  # a reader that is under way keeps its own, and finishes with it

    def characters(self, text: str) -> str:
        """Return a text (its first million characters) as one character for each of its tokens."""
        return "".join(map(self._memo.__getitem__, text[:TEXT_LIMIT].split()))

    def with_element(self, number: int, among: set[str]) -> str:
        """Return the characters ``among`` those given that stand for an element."""
        first = self._first.get(number, "")
        found = first if first in among else ""
        others = self._others.get(number)
        return "".join((found, *(among & others))) if others else found

    def character(self, token: Token) -> str:
        """Return the character that stands for what a token satisfies, worked out."""
        signature = tuple(sorted(set(self._satisfied(token))))
        known = self._characters.get(signature)
        return known if known is not None else self._sign(signature)

    def _sign(self, signature: tuple[int, ...]) -> str:
        code = next(self._codes_left)
        character = chr(code if code < _SURROGATES[0] else code + _SURROGATES[1])
        self.signatures[character] = signature
        for number in signature:
            if self._first.setdefault(number, character) != character:
                self._others.setdefault(number, set()).add(character)
        self._characters[signature] = character  # last, for then others use it
        return character

    def _satisfied(self, token: Token) -> list[int]:
        words = self._vocabulary
        folded = token.folded
        found = [*words.exact.get(folded, ()), *words.cased.get(token.cased, ())]
        for length in words.lengths:
            found += words.prefixes.get(folded[:length], ())
        if not folded.isascii() and (words.behind or words.prefixes_behind):
            for rest in behind_particles(folded):
                found += words.behind.get(rest, ())
                for length in words.lengths:
                    found += words.prefixes_behind.get(rest[:length], ())
        if words.families:
            families = self._known_families()
            for key in words.forms.token_keys(token, self._codes):
                found += families.get(key, ())
        return found

    def _known_families(self) -> _Table:
        """Return which elements stand for a family, by its keys in this language."""
        read = self._read_families
        unread = self._vocabulary.families[read:]
        if unread:
            for family in unread:
                raw, folded, number = self._vocabulary.family(family)
                for key in self._vocabulary.forms.keys_once(raw, folded, self._codes):
                    _put(self._families, key, number)
            self._read_families = read + len(unread)
        return self._families
