"""Words and phrases of another tool in our writing."""

import re
from collections.abc import Callable, Sequence

from workers.model.base import Record
from workers.text.tokens import tokenize
from workers.topics.errors import QueryError, quoted
from workers.topics.foreign.nodes import Leaf, Link, Near, Node
from workers.topics.foreign.tools import Tool, language_code
from workers.topics.lexer import MAX_REACH
from workers.topics.terms import (
    bare_elements,
    cased_elements,
    quoted_elements,
    refuser,
    spelled,
    spelled_cased,
    spelled_phrase,
)
from workers.topics.tree import Phrase

__all__ = ["Words"]

Note = Callable[[int, int, str, str], None]
"""Tells what has no equal: start and end in the query, what, and what became of it."""

_CHUNK = re.compile(r"\S+")
_WILD = re.compile(r"[*＊?？]+")  # noqa: RUF001
_STAR = re.compile(r"[*＊]+")  # noqa: RUF001
_SIGNS = re.compile(r"[+#@$%&]")
_NUMBERS = re.compile(r"\W?[0-9][0-9,.]*\.\.\W?[0-9,.]*")
_PLAIN = re.compile(r"[\w.'’-]*\w")  # noqa: RUF001
_OPERATOR = re.compile(r"and|or|not|(?:o?near|count)(?:[0-9.].*)?", re.IGNORECASE | re.ASCII)
"""Words that are operators of ours, or like them, where they stand without quotes."""
_SCHEME = re.compile(r"[a-z]+://", re.IGNORECASE)
_HOST = re.compile(r"[\w.-]+")
_FACT = re.compile(r"[\w.-]+")


class _Gap(Record, frozen=True, kw_only=True):
    """Words of which nothing is known."""

    words: int


class Words:
    """Writes words of one query."""

    def __init__(self, query: str, tool: Tool, note: Note, *, forms: bool) -> None:
        self.tool = tool
        self.note = note
        self.forms = forms
        self.refuse = refuser(query)

    def bare(self, text: str, start: int, scope: str) -> Node | None:
        """Return a word that stood without quotes; None if there is nothing to search for."""
        if _NUMBERS.fullmatch(text):
            message = f"a range of numbers has no equal: {quoted(text)}"
            self.note(start, start + len(text), message, "left out")
            return None
        if not self.forms or _WILD.search(text.rstrip("?？")):  # noqa: RUF001
            return self.phrase(text, start, scope)
        self.signs(text, start)
        text = text.replace("~", " ").strip()
        if not tokenize(text):
            self._nothing(text, start)
            return None
        elements = bare_elements(text, start, self.refuse)
        word = spelled(text, elements)
        if _OPERATOR.fullmatch(word):
            word = f'"{word}"'
        elif not _PLAIN.fullmatch(word):
            word = spelled_phrase(elements)
        return _leaf(word, scope)

    def phrase(self, text: str, start: int, scope: str, slop: int | None = None) -> Node | None:
        """Return words in a row, each exactly; with ``slop`` so many words between, in any order.

        Stars that the language does not know become gaps or prefixes, which is noted.
        """
        self.signs(text, start)
        runs: list[list[str]] = [[]]
        links: list[Link] = []
        gap = 0
        parts = self._parts(text, start)
        for part in parts:
            if isinstance(part, _Gap):
                gap += part.words
            elif gap and runs[-1]:
                links.append((True, min(MAX_REACH, gap + 1)))
                runs.append([part])
                gap = 0
            else:
                runs[-1].append(part)
                gap = 0
        if not runs[-1]:
            if not parts:
                self._nothing(text, start)
            return None
        phrases = [quoted_elements(" ".join(run), start, self.refuse) for run in runs]
        if slop is not None:
            return _chain([(one,) for phrase in phrases for one in phrase], slop + 1, scope)
        leaves = tuple(_leaf(_spelled(phrase), scope) for phrase in phrases)
        return leaves[0] if not links else Near(parts=leaves, links=tuple(links))

    def cased(self, text: str, start: int, scope: str) -> Node | None:
        """Return words in exactly their case."""
        if _STAR.search(text) or "~" in text:
            end = start + len(text)
            self.note(start, end, f"{quoted(text)} has a star", "its case is not asked for")
            return self.phrase(text, start, scope)
        self.signs(text, start)
        if not tokenize(text):
            self._nothing(text, start)
            return None
        return _leaf(spelled_cased(cased_elements(text, start, self.refuse)), scope)

    def signs(self, text: str, start: int) -> None:
        """Note signs that mean something to the other tool, and nothing here."""
        if "~" in text:
            message = f"words that are like it have no equal: {quoted(text)}"
            self.note(start, start + len(text), message, "read as written, without the ~")
        if _SIGNS.search(text):
            message = f"signs are not searched: {quoted(text)}"
            self.note(
                start, start + len(text), message, "read as words without them; stands for more"
            )

    def fact(self, field: str, text: str, start: int) -> Node | None:
        """Return what is asked of a source, an author or a language."""
        end = start + len(text)
        value = _STAR.sub("", text).strip()
        if field == "source":
            value = self._host(value, start, end)
        if field == "lang":
            code = language_code(value)
            if code is None:
                self.note(start, end, f"no language: {quoted(text)}", "left out; write lang:en")
                return None
            return Leaf(text=f"lang:{code}", fact=True)
        words = value.replace("~", " ")
        if not tokenize(words):
            self._nothing(text, start)
            return None
        plain = _FACT.fullmatch(words)
        phrase = quoted_elements(words, start, self.refuse)
        return Leaf(text=f"{field}:{words if plain else spelled_phrase(phrase)}", fact=True)

    def _host(self, value: str, start: int, end: int) -> str:
        bare = _SCHEME.sub("", value, count=1)
        host, slash, path = bare.removeprefix("www.").partition("/")
        if slash and path and _HOST.fullmatch(host):
            message = f"only hosts are known of a source: {quoted(value)}"
            self.note(start, end, message, f"read as source:{host}; stands for more")
        return host.strip(".") or bare if _HOST.fullmatch(host) else bare

    def _nothing(self, text: str, start: int) -> None:
        end = start + len(text)
        if text.strip():
            self.note(start, end, f"nothing to search for: {quoted(text)}", "left out")
        else:
            self.note(start - 1, end + 1, "nothing to search for: empty quotes", "left out")

    def _parts(self, text: str, start: int) -> list[str | _Gap]:
        """Return the words of a phrase, in our writing as far as stars go."""
        parts: list[str | _Gap] = []
        for found in _CHUNK.finditer(text):
            chunk, at = found.group().replace("~", ""), start + found.start()
            wild = _WILD if self.tool.stars else _STAR
            if not wild.search(chunk):
                parts += [chunk] if tokenize(chunk) else []
            elif not _STAR.sub("", chunk):
                gap = self.tool.gap * len(chunk)
                if parts:
                    hint = f"read as at most {gap} words between; the order is kept"
                    self.note(at, at + len(chunk), f"a star for words: {quoted(chunk)}", hint)
                parts.append(_Gap(words=gap))
            else:
                parts.append(self._wild(chunk, at) if self.tool.stars else self._glued(chunk, at))
        return parts

    def _glued(self, chunk: str, at: int) -> str | _Gap:
        message = f"a star in a word means nothing to {self.tool.name}: {quoted(chunk)}"
        self.note(at, at + len(chunk), message, "the star is left out; write word* for a prefix")
        word = _STAR.sub("", chunk)
        return word if tokenize(word) else _Gap(words=1)

    def _wild(self, chunk: str, at: int) -> str | _Gap:
        """Return a prefix for a word with wildcards; a gap if it has no beginning."""
        end = at + len(chunk)
        found = _WILD.search(chunk)
        head = chunk[: found.start()] if found else chunk
        try:
            elements = quoted_elements(f"{head}*", at, self.refuse)
        except QueryError:
            elements = ()
        if not elements or not tokenize(head):
            message = f"a word needs three letters before its star: {quoted(chunk)}"
            self.note(at, end, message, "left out; any word may stand there")
            return _Gap(words=1)
        if _STAR.sub("", chunk) != head:
            shown = quoted(f"{head}*")
            message = f"a star stands only at the end of a word: {quoted(chunk)}"
            self.note(at, end, message, f"read as {shown}; stands for more")
        return f"{head}*"


def _spelled(phrase: Phrase) -> str:
    if len(phrase) == 1 and phrase[0].kind == "prefix":
        word = spelled("", phrase)
        return f'"{word}"' if _OPERATOR.fullmatch(word) else word
    return spelled_phrase(phrase)


def _leaf(text: str, scope: str) -> Leaf:
    return Leaf(text=f"{scope}:{text}" if scope else text)


def _chain(phrases: Sequence[Phrase], reach: int, scope: str) -> Node:
    leaves = tuple(_leaf(_spelled(phrase), scope) for phrase in phrases)
    if len(leaves) == 1:
        return leaves[0]
    link = (False, min(MAX_REACH, reach))
    return Near(parts=leaves, links=(link,) * (len(leaves) - 1))
