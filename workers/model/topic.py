"""Topics: what an analyst wrote, what is searched, and the receipt of a match."""

from typing import Literal

from workers.model.article import ZoneLine
from workers.model.base import Record

__all__ = [
    "Clause",
    "Document",
    "Hit",
    "Match",
    "Part",
    "Problem",
    "Severity",
    "TopicSpec",
    "TopicTry",
]

Severity = Literal["low", "normal", "high", "critical"]


class TopicSpec(Record, frozen=True, kw_only=True):
    """A topic as it was written."""

    name: str
    query: str
    severity: Severity = "normal"
    sinks: tuple[str, ...] | None = None
    """Names of sinks; None is every sink that has not ``default = false``."""
    feeds: tuple[str, ...] | None = None
    """Names of feeds and ``tag:…``; None is all."""
    enabled: bool = True
    ring: Literal["article", "story"] = "article"
    match: tuple[str, ...] = ()
    """Examples that it must match."""
    no_match: tuple[str, ...] = ()
    """Examples that it must not match."""
    file: str = ""
    """The file that it was written in."""


class Problem(Record, frozen=True, kw_only=True):
    """What is wrong with a query, or doubtful about it, and where."""

    topic: str
    line: int
    """From 1, inside the query; 0 for a file of which no line is to blame."""
    column: int
    """From 1, in characters."""
    length: int
    """How many characters the caret underlines, at least 1."""
    message: str
    hint: str = ""
    file: str = ""
    unknown_alias: str = ""
    """The name of the alias set that there is none of, where that is what is wrong."""
    of_file: bool = False
    """Whether a whole file cannot be read; ``topic`` is its name then."""


class Document(Record, frozen=True, kw_only=True):
    """What a topic is matched against."""

    title: str
    body: str
    """Lines are separated by a line feed."""
    zones: tuple[ZoneLine, ...] = ()
    """Lines that are searched only by ``caption:`` and ``any:``."""
    language: str | None = None
    sources: tuple[str, ...] = ()
    """Names and addresses of the feeds that listed it, and the host of its page."""
    tags: tuple[str, ...] = ()
    author: str | None = None
    feeds: tuple[str, ...] = ()
    """Names of the feeds that listed it, and ``tag:<tag>`` for each tag of theirs: what a topic's
    ``feeds`` is compared with. Empty is unknown, and then no topic is left out."""


class Hit(Record, frozen=True, kw_only=True):
    """Where a clause was found."""

    zone: str
    start: int
    """Offset in characters into the zone's text."""
    end: int
    text: str
    sentence: str


class Clause(Record, frozen=True, kw_only=True):
    """One clause of a query that held, with where."""

    op: str
    """word, phrase, prefix, exact, alias, near, onear, count, and, or, not, source, lang, …"""
    query: str
    """The clause in its canonical writing."""
    span: tuple[int, int]
    """Where the clause stands in the query, in characters."""
    hits: tuple[Hit, ...] = ()


class Match(Record, frozen=True, kw_only=True):
    """A topic that matched, with its receipt."""

    topic: str
    clauses: tuple[Clause, ...]
    doubted: bool = False
    """It would not match without lines that are doubted to be the article's own."""


class Part(Record, frozen=True, kw_only=True):
    """A clause as it was tried, held or not, with the clauses that it is made of."""

    op: str
    """As of a `Clause`."""
    query: str
    span: tuple[int, int]
    held: bool
    because: str = ""
    """Why it did not hold, for people; "" where its parts say all."""
    found: int | None = None
    """Of a COUNT: how many there are."""
    apart: int | None = None
    """Of a NEAR that failed: the smallest distance at which all stand in one text."""
    hits: tuple[Hit, ...] = ()
    """Where it holds; of a NOT that failed, where that stands which must not."""
    parts: tuple["Part", ...] = ()
    left_out: int = 0
    """Parts that are not told, for there are too many."""


class TopicTry(Record, frozen=True, kw_only=True):
    """One query against one document: the match, or why not."""

    matched: bool
    clauses: tuple[Clause, ...] = ()
    """Those that held."""
    failed: Clause | None = None
    """The first clause that did not hold."""
    because: str = ""
    """Why it did not, for people."""
    elsewhere: tuple[Hit, ...] = ()
    """Where the failed clause stands in a zone that is not searched."""
    tree: Part | None = None
    """The whole query, clause by clause."""
