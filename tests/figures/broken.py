"""Matchers that are wrong, for the comparison that must find them; its processes import this."""

from workers.model.topic import Document, Match
from workers.topics import TopicSet


def deaf(topics: TopicSet, document: Document) -> tuple[Match, ...]:
    """Match as the real one does, but no topic with a NEAR."""
    return tuple(match for match in topics.match(document) if "NEAR" not in match.topic)


def terse(topics: TopicSet, document: Document) -> tuple[Match, ...]:
    """Match as the real one does, and leave the last clause out of receipts."""
    found = topics.match(document)
    return tuple(Match(topic=match.topic, clauses=match.clauses[:-1]) for match in found)


def crowded(topics: TopicSet, document: Document) -> tuple[Match, ...]:
    """Match as the real one does, but lose the first of several topics."""
    found = topics.match(document)
    return found[1:] if len(topics.specs) > 1 else found
