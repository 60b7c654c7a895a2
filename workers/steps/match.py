"""Matching with the accepted topics: which of them a document concerns, timed and counted."""

from workers.model.topic import Document, Match, TopicSpec
from workers.steps.edges import Edges, Rules

__all__ = ["matching"]


def matching(edges: Edges, rules: Rules, document: Document) -> list[tuple[TopicSpec, Match]]:
    """Return the topics that match, each with its receipt, in the order they were written."""
    began = edges.clock.monotonic()
    matches = rules.topics.match(document)
    edges.meter.observe("tocsin_step_seconds", edges.clock.monotonic() - began, step="match")
    return [(rules.topics.specs[match.topic], match) for match in matches]
