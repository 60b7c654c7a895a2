"""What was found on one page, by whom, and how it compares with the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import html

from benchmarks.pages_data import Sample
from benchmarks.pages_scores import (
    Overlap,
    authors_meet,
    false_words,
    key,
    overlap,
    same_title,
    word_f1,
)
from benchmarks.pages_systems import MODES, Answer, Reader, metadata_of
from workers.model.article import Extracted
from workers.pages.blocks import Page, key_of, survey
from workers.pages.decode import decode
from workers.pages.sites import site_of

__all__ = ["FIELDS", "Asked", "Lines", "Result", "Text", "read"]

FIELDS = ("title", "published", "author", "language")
LEAST_KEY = 8
"""Letters of a line that can be looked for in a text."""
MOSTLY = 0.8
"""Share of a line that is link, from which on it leads elsewhere."""
SHOWN = 6
"""Lines of each sort that a miss shows."""


@dataclass(frozen=True)
class Asked:
    """Who is to read the pages."""

    modes: tuple[str, ...]
    others: tuple[str, ...]
    peers: tuple[str, ...]
    metadata: bool
    """Whether trafilatura is asked for metadata too."""


@dataclass(frozen=True)
class Text:
    """What one of them found as a page's text."""

    cpu_s: float
    overlap: Overlap
    words: float
    false: tuple[str, ...]


@dataclass(frozen=True)
class Lines:
    """Lines set aside as related or boilerplate, and those that should be."""

    marked: int = 0
    marked_right: int = 0
    """Of them, those that the true text lacks."""
    leading: int = 0
    """Lines taken from the page that the true text lacks and that lead elsewhere."""
    leading_marked: int = 0


@dataclass(frozen=True)
class Result:
    """All that is known of one page once everybody has read it."""

    file: str
    url: str
    group: str
    kind: str
    texts: Mapping[str, Text]
    ours: Extracted
    lines: Lines
    right: Mapping[str, bool] = field(default_factory=dict)
    """Metadata of ours by field, right or not; fields whose truth is not known are missing."""
    right_there: Mapping[str, bool] = field(default_factory=dict)
    """The same of trafilatura's."""
    metadata_s: float = 0.0
    """CPU seconds of trafilatura's reader of metadata."""
    said: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Metadata of ours that is wrong: what was said, and what is true."""
    extra: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


def read(sample: Sample, readers: Mapping[str, Reader], asked: Asked, turn: int) -> Result:
    """Have everybody read a page; who begins changes with ``turn``."""
    names = list(readers)
    start = turn % len(names)
    answers = {name: readers[name](sample) for name in names[start:] + names[:start]}
    ours = answers[MODES[asked.modes[0]]].extracted
    assert ours is not None  # noqa: S101 - ours says all
    told, metadata_s = metadata_of(sample) if asked.metadata else (None, 0.0)
    said = _said(ours)
    theirs = {
        "title": getattr(told, "title", None) or "",
        "published": getattr(told, "date", None) or "",
        "author": getattr(told, "author", None) or "",
    }
    right = _right(said, sample)
    true = sample.text.splitlines()
    return Result(
        file=sample.file,
        url=sample.url,
        group=sample.group,
        kind=sample.kind,
        texts={name: _text(answers[name], sample) for name in names} if sample.text else {},
        ours=ours,
        lines=_lines(ours, sample) if sample.text else Lines(),
        right=right,
        right_there=_right(theirs, sample) if asked.metadata else {},
        metadata_s=metadata_s,
        said={name: (said[name], _true(sample)[name]) for name in right if not right[name]},
        extra=_not_in(ours.text.splitlines(), sample.text),
        missed=_not_in(true, ours.text),
    )


def _text(answer: Answer, sample: Sample) -> Text:
    return Text(
        cpu_s=answer.cpu_s,
        overlap=overlap(answer.text, sample.text),
        words=word_f1(answer.text, sample.text),
        false=false_words(answer.text, (sample.text, sample.title)),
    )


def _not_in(lines: list[str], text: str) -> tuple[str, ...]:
    """Return the first lines that are not in a text."""
    whole = key(text)
    return tuple(line[:200] for line in lines if key_of(line) not in whole)[:SHOWN]


def _true(sample: Sample) -> dict[str, str]:
    return {
        "title": sample.title,
        "published": sample.date,
        "author": sample.author,
        "language": sample.language,
    }


def _said(ours: Extracted) -> dict[str, str]:
    return {
        "title": ours.title,
        "published": ours.published.date().isoformat() if ours.published else "",
        "author": ours.author or "",
        "language": (ours.language or "").partition("-")[0].lower(),
    }


def _right(said: Mapping[str, str], sample: Sample) -> dict[str, bool]:
    """Return for each field whose truth is known whether it is right."""
    found = {}
    for name, true in _true(sample).items():
        if not true or name not in said:
            continue
        if name == "title":
            found[name] = same_title(said[name], true)
        elif name == "author":
            found[name] = authors_meet(said[name], true)
        else:
            found[name] = said[name] == true
    return found


def _lines(ours: Extracted, sample: Sample) -> Lines:
    """Count lines set aside, and lines that lead elsewhere, against the true text."""
    whole, page = key(sample.text), _page(sample)
    aside = {
        mark: line.rule
        for line in ours.zones
        if line.zone in {"related", "boilerplate"} and len(mark := key_of(line.text)) >= LEAST_KEY
    }
    lacked = {mark for mark in aside if mark not in whole}
    taken = {key_of(line) for line in ours.text.splitlines()}
    missed = {
        mark
        for mark in taken - set(aside)
        if len(mark) >= LEAST_KEY and mark not in whole and _leads_away(mark, page)
    }
    led = {mark for mark in lacked if aside[mark] != "B1"}
    return Lines(
        marked=len(aside),
        marked_right=len(lacked),
        leading=len(led | missed),
        leading_marked=len(led),
    )


def _leads_away(mark: str, page: Page | None) -> bool:
    block = page.by_key.get(mark) if page else None
    return block is not None and block.share >= MOSTLY


def _page(sample: Sample) -> Page | None:
    try:
        root = html.document_fromstring(decode(sample.body)[0].replace("\x00", "").encode())
    except (ValueError, TypeError, AssertionError):
        return None
    return survey(root, site_of(sample.url))
