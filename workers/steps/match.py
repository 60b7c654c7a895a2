"""Matching with the accepted topics: which of them a document concerns, timed and counted."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from workers.model.topic import Document, Match, TopicSpec
from workers.steps.edges import Edges, Rules
from workers.topics import NotAtHand

__all__ = ["count_elsewhere", "doubting", "firm_only", "marked", "matching", "naming"]

T = TypeVar("T")
AT_ONCE = 100_000
"""Letters of a document that is matched at once, however many topics there are: known words take
15 ms at worst, and `TopicSet.match` itself refuses what takes longer."""


async def matching(
    edges: Edges, rules: Rules, document: Document
) -> list[tuple[TopicSpec, Match]]:
    """Return the topics that match, each with its receipt, in the order they were written."""
    matches = await _timed(edges, document, partial(rules.topics.match, document))
    return [(rules.topics.specs[match.topic], match) for match in matches]


async def naming(edges: Edges, rules: Rules, document: Document) -> tuple[str, ...]:
    """Return the names of topics that match what was stored before: none of it rings."""
    return await _timed(edges, document, partial(rules.topics.names, document), "look_back")


async def doubting(
    edges: Edges,
    rules: Rules,
    document: Document,
    doubted: Collection[str],
    matched: list[tuple[TopicSpec, Match]],
) -> list[tuple[TopicSpec, Match]]:
    """Return what matched, with what would not without the ``doubted`` lines marked as such."""
    sure = firm_only(document, doubted) if matched else None
    if sure is None:
        return matched
    return marked(matched, await _timed(edges, sure, partial(rules.topics.names, sure)))


async def count_elsewhere(
    edges: Edges, rules: Rules, document: Document, matched: Collection[tuple[TopicSpec, Match]]
) -> None:
    """Count the hits that an article has only in zones that are not searched.

    That is for each topic that did not match, and each zone whose lines would have made it match.
    Articles that take long are left out, and all are while too much time went into this.
    """
    if not document.zones or not edges.aside.free or _letters(document) > AT_ONCE:
        return
    began = edges.clock.monotonic()
    names = {spec.name for spec, _ in matched}
    with suppress(NotAtHand):
        for _, zone in rules.topics.elsewhere(document, names, load=False):
            edges.meter.count("tocsin_hits_elsewhere_total", zone=zone)
        edges.meter.count("tocsin_looked_elsewhere_total")
    edges.aside.spend(edges.clock.monotonic() - began)


def firm_only(document: Document, doubted: Collection[str]) -> Document | None:
    """Return the document without the ``doubted`` lines, None if it has none."""
    lines = document.body.splitlines()
    firm = [line for line in lines if line not in doubted]
    return None if len(firm) == len(lines) else replace(document, body="\n".join(firm))


def marked(
    matched: list[tuple[TopicSpec, Match]], sure: Collection[str]
) -> list[tuple[TopicSpec, Match]]:
    """Return what matched, doubted where its topic is not among those that are ``sure``."""
    return [(spec, replace(match, doubted=spec.name not in sure)) for spec, match in matched]


async def _timed(
    edges: Edges, document: Document, match: Callable[..., T], step: str = "match"
) -> T:
    """Match, and tell how long it took.

    What would keep all others waiting is matched in a thread, and so is the first document of a
    language, for which its dictionary is loaded.
    """
    began = edges.clock.monotonic()
    if _letters(document) > AT_ONCE:
        async with edges.heavy:
            found = await asyncio.to_thread(match)
    else:
        found = await _short(edges, match)
    now = edges.clock.monotonic()
    took = now - began
    edges.aside.earn(took, now)
    edges.meter.observe("tocsin_step_seconds", took, step=step)
    return found


async def _short(edges: Edges, match: Callable[..., T]) -> T:
    """Match at once, or as soon as it is at hand what it takes."""
    with suppress(NotAtHand):
        return match(load=False)
    async with edges.loading:
        with suppress(NotAtHand):  # whoever was before us has loaded it
            return match(load=False)
        return await asyncio.to_thread(match)


def _letters(document: Document) -> int:
    marked = sum(len(line.text) for line in document.zones)
    return len(document.title) + len(document.body) + marked
