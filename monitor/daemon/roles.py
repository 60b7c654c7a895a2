"""Roles: which lanes a process runs. Work is shared by Redis and SQL, so nobody leads."""

from difflib import get_close_matches

__all__ = ["ALL_ROLES", "Roles", "needs_relay", "parse_roles"]

ALL_ROLES = ("poll", "read", "deliver", "web")
"""poll: claims feeds, keeps the due-queue and the database tidy. read: pages, and what rings on a
feed's own text. deliver: sends. web: pages for people; health and metrics every process has."""

Roles = frozenset[str]
_ASK_FOR_WORK = frozenset({"poll", "read", "deliver"})


def parse_roles(text: str) -> Roles:
    """Return the roles that are listed, separated by commas.

    Raises:
        ValueError: one is unknown, or there is none.
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in ALL_ROLES:
            close = get_close_matches(name, ALL_ROLES, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(ALL_ROLES)}"
            raise ValueError(f"no such role: {name[:40]}: {hint}")
    if not names:
        raise ValueError(f"no role is named: list some of {','.join(ALL_ROLES)}")
    return frozenset(names)


def needs_relay(roles: Roles) -> bool:
    """Say whether what such a process commits asks for work, which then must go to a stream."""
    return bool(roles & _ASK_FOR_WORK)
