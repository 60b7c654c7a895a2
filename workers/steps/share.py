"""Which pages of a host may go to the readers now, and when the others come again. Pure."""

from collections.abc import Sequence

from workers.model.article import Work
from workers.model.base import Record
from workers.model.leases import Room
from workers.options import HostRule

__all__ = ["NEAR_S", "Share", "share"]

NEAR_S = 1.0
"""A page whose turn comes so soon is left as it is: the relay looks again."""
STEP_S = 0.25
"""Between pages of a host that asks for no spacing, but is as busy as it may be."""
LINE_S = 300.0
"""Pages are given times so far ahead, or sixty of them; who comes later is asked again then."""
LINE = 60
LINED_S = 0.5
HOT = "pages:hot"


class Share(Record, frozen=True, kw_only=True):
    """What becomes of the due pages of one host."""

    go: tuple[Work, ...] = ()
    wait: tuple[tuple[Work, float], ...] = ()
    """With seconds until each is due again."""
    soon_s: float | None = None
    """Seconds until one that was left as it is may go."""
    tail_s: float = 0.0
    """Seconds until the last of the line is due."""


def share(
    rows: Sequence[Work], rule: HostRule, room: Room, marked: int, tail_s: float = 0.0
) -> Share:
    """Return what becomes of due pages of one host, which come by priority, then age.

    Args:
        rows: Pages of the host that are due, in this order.
        rule: How it may be asked.
        room: When it may be asked next, and how many requests are under way there.
        marked: Its pages that are with the readers already.
        tail_s: In how many seconds the last of its line is due, as told last time.
    """
    free = rule.at_once - max(marked, room.busy)
    opens = room.wait_s
    if rule.spacing_s > 0:
        # Who starts next closes the host for a while: one at a time, and none while one that is
        # with the readers is about to.
        free = min(free, 1)
        if marked > room.busy:
            opens = max(opens, rule.spacing_s)
    ready = max(0, free) if opens <= 0 else 0
    step = max(rule.spacing_s, STEP_S)
    begin = max(opens, step if ready or free <= 0 else 0.0)
    far = max(LINE_S, LINE * step)
    wait: list[tuple[Work, float]] = []
    soon: float | None = None
    tail = tail_s
    for place, row in enumerate(rows[ready:]):
        due_s = begin + place * step
        if not _has_place(row):
            due_s = max(due_s, tail + step if tail > 0 else 0.0)
            if due_s > far:
                due_s = far + place % LINE * step / LINE
            else:
                tail = due_s
        due_s = min(due_s, 2 * far) if opens < far else max(due_s, opens)
        if due_s <= NEAR_S:
            soon = due_s if soon is None else min(soon, due_s)
        else:
            wait.append((row, due_s))
    return Share(go=tuple(rows[:ready]), wait=tuple(wait), soon_s=soon, tail_s=tail)


def _has_place(row: Work) -> bool:
    """Say whether a page stays at the head of the line: it waited before, or it is hot."""
    return row.stream == HOT or row.since > row.asked + LINED_S
