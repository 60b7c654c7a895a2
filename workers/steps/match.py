"""Matching with the accepted topics: which of them a document concerns, timed and counted."""

import asyncio
from collections.abc import Collection
from contextlib import suppress

from msgspec.structs import replace

from workers.model.topic import Document, Match, TopicSpec
from workers.steps.edges import Edges, Rules
from workers.topics import NotAtHand

__all__ = ["doubting", "matching"]

AT_ONCE = 200_000
"""Letters times topics that are matched at once: 30 ms at worst, when every word is a hit."""


async def matching(
    edges: Edges, rules: Rules, document: Document
) -> list[tuple[TopicSpec, Match]]:
    """Return the topics that match, each with its receipt, in the order they were written.

    What would keep all others waiting is matched in a thread, and so is the first document of a
    language, for which its dictionary is loaded.
    """
    began = edges.clock.monotonic()
    if _letters(document) * len(rules.topics.specs) > AT_ONCE:
        async with edges.heavy:
            matches = await asyncio.to_thread(rules.topics.match, document)
    else:
        matches = await _short(edges, rules, document)
    edges.meter.observe("tocsin_step_seconds", edges.clock.monotonic() - began, step="match")
    return [(rules.topics.specs[match.topic], match) for match in matches]


async def doubting(
    edges: Edges,
    rules: Rules,
    document: Document,
    doubted: Collection[str],
    matched: list[tuple[TopicSpec, Match]],
) -> list[tuple[TopicSpec, Match]]:
    """Return what matched, with what would not without the ``doubted`` lines marked as such."""
    lines = document.body.splitlines()
    firm = [line for line in lines if line not in doubted]
    if not matched or len(firm) == len(lines):
        return matched
    sure = await matching(edges, rules, replace(document, body="\n".join(firm)))
    names = {spec.name for spec, _ in sure}
    return [(spec, replace(match, doubted=spec.name not in names)) for spec, match in matched]


async def _short(edges: Edges, rules: Rules, document: Document) -> tuple[Match, ...]:
    """Match at once, or as soon as the dictionary has been loaded that it takes."""
    with suppress(NotAtHand):
        return rules.topics.match(document, load=False)
    async with edges.loading:
        with suppress(NotAtHand):  # whoever was before us has loaded it
            return rules.topics.match(document, load=False)
        return await asyncio.to_thread(rules.topics.match, document)


def _letters(document: Document) -> int:
    marked = sum(len(line.text) for line in document.zones)
    return len(document.title) + len(document.body) + marked
