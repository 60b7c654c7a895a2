"""All cases, in the groups in which they are run; a case is asked for by its number."""

from hostile.cases_bodies import BODIES, TEXTS, TRUNCATED
from hostile.cases_net import BOMBS, CONNECTIONS, HEADS, LENGTHS, SLOW, STATUSES
from hostile.cases_redirects import REDIRECTS
from hostile.talk import Case

__all__ = ["CASES", "GROUPS", "numbered"]

GROUPS: dict[str, list[Case]] = {
    "lengths": LENGTHS,
    "heads": HEADS,
    "statuses": STATUSES,
    "connections": CONNECTIONS,
    "slow": SLOW,
    "bombs": BOMBS,
    "redirects": REDIRECTS,
    "bodies": BODIES,
    "texts": [*TEXTS, *TRUNCATED],
}
CASES = [case for group in GROUPS.values() for case in group]


def numbered(group: str) -> list[tuple[int, Case]]:
    """Return the cases of a group with their numbers."""
    start = CASES.index(GROUPS[group][0])
    return list(enumerate(GROUPS[group], start))
