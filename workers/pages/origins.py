"""Which places of a page say what was read of it: for people who wonder why it is as it is."""

import re
from collections.abc import Iterable

__all__ = ["said_by"]

_NOT_KEY = re.compile(r"[\W_]+")


def said_by(value: str, places: Iterable[tuple[str, str]]) -> str:
    """Return the names of the places that say ``value``, maybe among more, joined by commas.

    ``places`` are name and text of each place in which it may be said.
    """
    wanted = _key(value)
    said = (name for name, text in places if wanted and wanted in _key(text))
    return ", ".join(dict.fromkeys(said))


def _key(text: str) -> str:
    return _NOT_KEY.sub("", text).casefold()
