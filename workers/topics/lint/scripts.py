"""Topics without a term in a script that many feeds write."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from workers.model.base import Record
from workers.model.topic import TopicSpec
from workers.topics.lint.findings import Finding, finding_at
from workers.topics.tree import Alias, Both, Count, Either, Fact, Near, Node, Not, Phrase, Term

__all__ = ["Writes", "phrase_script", "script_findings", "script_of", "scripts_of"]

MANY = 0.2
"""Of the entries that a topic hears: so many in one script are many."""
LEAST = 20
"""Entries, at least: of fewer nothing is said."""
SPELLINGS = 2_000
"""Of an alias set that are looked at."""
_CALLED = {
    "CJK": "Han",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "KATAKANA-HIRAGANA": "Japanese",
    "HALFWIDTH": "Japanese",
    "FULLWIDTH": "Latin",
    "IDEOGRAPHIC": "Han",
}

Hint = Callable[[Sequence[Phrase], str], str | None]
"""Returns where a topic's words are written in another script: an alias set, or None."""


class Writes(Record, frozen=True, kw_only=True):
    """What a feed wrote of late."""

    feed: str
    tags: tuple[str, ...]
    scripts: dict[str, int]
    """Entries by the script of their titles."""


@lru_cache(maxsize=65_536)
def _script(character: str) -> str | None:
    if not character.isalpha():
        return None
    first = unicodedata.name(character, "").split(" ", 1)[0]
    return _CALLED.get(first, first.title()) or None


def script_of(text: str) -> str | None:
    """Return the script that most letters of a text are of, None without letters.

    A text with kana in it is Japanese, whatever else it holds.
    """
    counted = Counter(script for script in map(_script, text) if script)
    if not counted:
        return None
    if counted["Japanese"] and counted["Japanese"] * 5 >= counted["Han"]:
        counted["Japanese"] += counted.pop("Han", 0)
    return max(counted, key=lambda script: (counted[script], script))


def scripts_of(tree: Node) -> frozenset[str]:
    """Return the scripts of all that a topic looks for in texts."""
    return frozenset(filter(None, map(phrase_script, _phrases(tree))))


def phrase_script(phrase: Phrase) -> str | None:
    """Return the script of words in a row, None if they are numbers."""
    return script_of("".join(element.cased for element in phrase))


def _phrases(node: Node) -> Iterator[Phrase]:
    match node:
        case Term():
            yield node.phrase
        case Alias():
            yield from node.phrases[:SPELLINGS]
        case Both() | Either():
            for child in node.children:
                yield from _phrases(child)
        case Near():
            for operand in node.operands:
                yield from _phrases(operand)
        case Count():
            yield from _phrases(node.operand)
        case _:
            return


def _speaks(node: Node) -> bool:
    """Say whether a topic asks for a language itself."""
    match node:
        case Fact():
            return node.field == "lang"
        case Both() | Either():
            return any(map(_speaks, node.children))
        case Not():
            return _speaks(node.child)
        case _:
            return False


def script_findings(
    spec: TopicSpec, tree: Node, writes: Sequence[Writes], hint: Hint
) -> Iterator[Finding]:
    """Yield each script that many entries of a topic's feeds are in, and none of its terms.

    A topic that asks for a language knows what it does.
    """
    has = scripts_of(tree)
    if not has or _speaks(tree):
        return
    heard = [one for one in writes if _hears(spec, one)]
    counted: Counter[str] = Counter()
    for one in heard:
        counted.update(one.scripts)
    total = counted.total()
    for script, entries in counted.most_common():
        if total < LEAST or entries < MANY * total:
            return
        if _covers(has, script):
            continue
        feeds = sum(one.scripts.get(script, 0) * 2 > sum(one.scripts.values()) for one in heard)
        message = (
            f"has no term in {script} script, in which {entries / total * 100:.0f}% of the "
            f"entries of its feeds are ({_feeds(feeds, len(heard))})"
        )
        found = hint(list(_phrases(tree)), script)
        said = found or "add the names as these feeds write them, or name its feeds in `feeds`"
        yield finding_at(
            spec, tree, "script", (message, said), script=script, share=round(entries / total, 4)
        )


def _covers(has: frozenset[str], script: str) -> bool:
    return script in has or (script == "Japanese" and "Han" in has)


def _feeds(feeds: int, among: int) -> str:
    return f"{feeds} of {among} feed{'' if among == 1 else 's'} mostly"


def _hears(spec: TopicSpec, one: Writes) -> bool:
    if spec.feeds is None:
        return True
    called = {one.feed.casefold(), *(f"tag:{tag}".casefold() for tag in one.tags)}
    return not called.isdisjoint(name.casefold() for name in spec.feeds)
