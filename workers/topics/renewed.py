"""Which topics say something else than before: their own words, or the alias sets they use. Pure.

Who is told and how urgently changes nothing of what a topic finds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from workers.model.topic import TopicSpec
from workers.topics.aliases import MAX_NESTED

__all__ = ["Aliases", "renewed"]

Aliases = Mapping[str, Sequence[str]]
_USED = re.compile(r"@([\w-]+)")


def renewed(
    before: Iterable[TopicSpec], old: Aliases, after: Iterable[TopicSpec], new: Aliases
) -> list[str]:
    """Return the names of topics of ``after`` that are new, or find something else than before.

    Args:
        before: The topics that there were,
        old: and their alias sets.
        after: The topics that there are,
        new: and theirs.
    """
    said = {spec.name: (spec.query, spec.feeds) for spec in before if spec.enabled}
    touched = _touched(old, new)
    return [
        spec.name
        for spec in after
        if spec.enabled
        and (
            said.get(spec.name) != (spec.query, spec.feeds)
            or not touched.isdisjoint(_USED.findall(spec.query) if touched else ())
        )
    ]


def _touched(old: Aliases, new: Aliases) -> set[str]:
    """Return the sets that changed, with all that hold one of them."""
    touched = {name for name, said in new.items() if tuple(old.get(name, ())) != tuple(said)}
    if not touched:
        return touched
    uses = {
        name: {entry.strip()[1:] for entry in said if entry.lstrip().startswith("@")}
        for name, said in new.items()
    }
    for _ in range(MAX_NESTED + 1):
        touched |= {name for name, used in uses.items() if not touched.isdisjoint(used)}
    return touched
