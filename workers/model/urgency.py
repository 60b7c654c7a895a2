"""How urgent work on a page is: the name of its stream says so."""

from typing import Final

__all__ = ["COLD", "LATER", "NOW", "SOON", "urgency_of"]

NOW: Final = 0
SOON: Final = 1
LATER: Final = 2
COLD: Final = "pages:cold"
"""The stream of the pages that can wait."""
_URGENCIES = {"pages:hot": NOW, "pages:warm": SOON, COLD: LATER}


def urgency_of(stream: str) -> int:
    """Return how urgent what lies in ``stream`` is; a smaller number goes first."""
    return _URGENCIES.get(stream, SOON)
