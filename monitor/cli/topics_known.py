"""Which topics there are, and what to say of a name that none of them has."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.daemon.build import SqlStore
    from monitor.settings import Settings
    from workers.model.topic import Severity

__all__ = ["MOST_NEAR", "hits", "in_force", "near", "shortened", "unknown"]

MOST_NEAR = 3
MOST_NAME = 200


def hits(number: int) -> str:
    """Return a number of hits in words."""
    return "1 hit" if number == 1 else f"{number} hits"


async def in_force(store: "SqlStore", settings: "Settings") -> "dict[str, Severity]":
    """Return the topics that ring, with their severities: those accepted, else of the files."""
    import msgspec

    from monitor.daemon.topics import AcceptedTopics

    found = await store.accepted()
    if found is None:
        return {topic.name: topic.severity for topic in settings.topics if topic.enabled}
    accepted = msgspec.json.decode(found[1], type=AcceptedTopics)
    return {spec.name: spec.severity for spec in accepted.topics if spec.enabled}


def unknown(name: str, topics: "Iterable[str]", settings: "Settings") -> str:
    """Return what to say of a name that no topic in force has."""
    for topic in settings.topics:
        if topic.name == name:
            why = "run `tocsin reload`" if topic.enabled else "it has enabled = false"
            return f"the topic is not in force, and does not ring: {name} ({why})"
    some = near(name, topics)
    meant = f"did you mean {' or '.join(map(repr, some))}?" if some else "see your topics' files"
    return f"no such topic: {shortened(name)} ({meant})"


def shortened(name: str) -> str:
    """Return a name that may be anything, as it is repeated."""
    return name if len(name) <= MOST_NAME else f"{name[:MOST_NAME]}…"


def near(name: str, names: "Iterable[str]") -> list[str]:
    """Return the names that may have been meant."""
    folded = {other.casefold(): other for other in names}
    wanted = name[:MOST_NAME].casefold()
    close = get_close_matches(wanted, folded, n=MOST_NEAR)
    if wanted and not close:
        close = [other for other in folded if wanted in other][:MOST_NEAR]
    return [folded[other] for other in close]
