"""Reading a page, stage by stage: limit, decode, parse, metadata, text, zones, verdict."""

from collections.abc import Callable, Sequence

import msgspec
from lxml import html

from workers.model.article import Extracted, FetchedPage
from workers.pages.blocks import survey
from workers.pages.body import Line, take_text
from workers.pages.cues import book_for
from workers.pages.decode import decode
from workers.pages.lean import drop_unseen, move_lists_out, open_frames, unmark
from workers.pages.limit import bound, foreign, is_noise, too_large
from workers.pages.live import live_of
from workers.pages.metadata import read_metadata
from workers.pages.parse import parse
from workers.pages.rules import PageRules
from workers.pages.sites import site_of
from workers.pages.twins import twins_of
from workers.pages.verdict import judge
from workers.pages.witness import doubted
from workers.pages.zones import divide, without_common

__all__ = ["extract"]

LONGEST_LINE = 100_000
"""Characters of a line of text that are kept: no paragraph has a tenth of it."""
LONGEST_TEXT = 500_000
"""Characters of a text that are kept, a novel's worth: matching it takes seconds at worst."""


class _Watch:
    """Tells how long each stage took, if there is a timer."""

    def __init__(self, timer: Callable[[], float] | None) -> None:
        self.ms: dict[str, float] = {}
        self._timer = timer
        self._began = timer() if timer else 0.0

    def lap(self, stage: str) -> None:
        """End ``stage``."""
        if self._timer:
            now = self._timer()
            self.ms[stage] = round((now - self._began) * 1000, 2)
            self._began = now


def extract(
    page: FetchedPage, rules: PageRules, timer: Callable[[], float] | None = None
) -> Extracted:
    """Return what a page says. Never raises: what cannot be read is ``unreadable``, with a reason.

    Args:
        page: the bytes as they came, inflated, with their address and Content-Type.
        rules: how to read it.
        timer: a clock in seconds that is asked between stages; None leaves ``ms`` empty.
    """
    watch = _Watch(timer)
    refused = too_large(page.body, rules) or foreign(page)
    if refused:
        return _unreadable(page, refused, watch)
    try:
        return _read(page, rules, watch)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a bad page is a verdict, never an exception
        return _unreadable(page, f"{type(error).__name__}: {error}"[:200], watch)


def _read(page: FetchedPage, rules: PageRules, watch: _Watch) -> Extracted:
    text, _ = decode(page.body, page.content_type)
    watch.lap("decode")
    if is_noise(text):
        return _unreadable(page, "not a page: its bytes are no text", watch)
    markup, notes = bound(text, rules)
    watch.lap("limit")
    root, done = parse(markup, rules.max_children)
    watch.lap("parse")
    if root is None:
        return _unreadable(page, "no markup in it", watch)
    return _understood(page, rules, root, (*notes, *done), watch)


def _understood(
    page: FetchedPage,
    rules: PageRules,
    root: html.HtmlElement,
    notes: tuple[str, ...],
    watch: _Watch,
) -> Extracted:
    metadata = read_metadata(root, page.url, page.fetched_at)
    live = live_of(root, metadata.title, page.url, rules.live)
    twins = twins_of(root, page.url)
    watch.lap("metadata")
    open_frames(root)
    drop_unseen(root)
    unmark(root)
    move_lists_out(root)
    seen = survey(root, site_of(page.url))
    body = take_text(root, seen, metadata, rules)
    watch.lap("text")
    book = book_for(rules.cues, metadata.language)
    divided = divide(body.lines, seen, (metadata.title,), book)
    watch.lap("zones")
    judged = judge(metadata, seen, divided.body, page.url)
    if live and judged.verdict == "not_article":
        judged = msgspec.structs.replace(
            judged, verdict="doubtful", reasons=(*judged.reasons, "but it is live")
        )
    watch.lap("verdict")
    divided = without_common(divided, page.known)
    witness = metadata.article_body if body.text_from == "page" else ""
    doubts = doubted(divided.body, witness)
    watch.lap("witness")
    return Extracted(
        url=page.url,
        verdict=judged.verdict,
        reasons=(*notes, *body.notes, *judged.reasons),
        title=metadata.title,
        text=_joined(divided.body),
        zones=divided.zones,
        doubted=doubts,
        published=metadata.published,
        published_from=metadata.published_from,
        author=metadata.author,
        language=metadata.language,
        canonical=metadata.canonical,
        text_from=body.text_from if divided.body else "none",
        live=None if judged.standin else live,
        twins=twins,
        standin=judged.standin,
        origins=metadata.origins,
        ms=watch.ms,
    )


def _joined(lines: Sequence[Line]) -> str:
    return "\n".join(line.text[:LONGEST_LINE] for line in lines)[:LONGEST_TEXT]


def _unreadable(page: FetchedPage, reason: str, watch: _Watch) -> Extracted:
    return Extracted(url=page.url, verdict="unreadable", reasons=(reason,), ms=watch.ms)
