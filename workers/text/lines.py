"""Lines of a text: what two writings of one share, what changed between two texts."""

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from workers.model.base import Record

__all__ = [
    "Change",
    "added_lines",
    "change",
    "content_key",
    "hash_of",
    "key_of_line",
    "same_by_half",
]

LEAST_LETTERS = 12
"""Letters and digits of a line that says whose text it is: shorter ones stand on every page."""
SHARED_LETTERS = 200
"""Letters and digits that two texts must share: one line in common proves nothing."""
GRAM = 5
ALIKE = 0.6
"""Share of a line's pieces that a removed line has too: then it was edited, not added."""
MOST_COMPARED = 60
"""Removed lines that an added one is compared with."""
MOST_LETTERS = 1000
"""Letters and digits of a line by which it is compared."""
_NOT_KEY = re.compile(r"[\W_]+")


class Change(Record, frozen=True, kw_only=True):
    """What a text has that an earlier one had not, and the reverse; in the order of the texts."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: int = 0
    """How many lines both have."""

    def __bool__(self) -> bool:
        """Say whether anything changed."""
        return bool(self.added or self.removed)


def key_of_line(line: str) -> str:
    """Return what two writings of a line share: its letters and digits, in one case."""
    return _NOT_KEY.sub("", line).casefold()


def hash_of(line: str) -> str:
    """Return a short hash of what two writings of a line share."""
    return _hashed(key_of_line(line))


def _hashed(key: str) -> str:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def content_key(text: str) -> str:
    """Return what two writings of one text share, as a hash: of its lines, in their order."""
    return _hashed("\n".join(filter(None, map(key_of_line, text.splitlines()))))


def change(before: str, after: str) -> Change:
    """Return what changed between two texts, line by line; a line that moved did not change."""
    old, new = _keyed(before), _keyed(after)
    return Change(
        added=tuple(line for key, line in new.items() if key not in old),
        removed=tuple(line for key, line in old.items() if key not in new),
        kept=len(old.keys() & new.keys()),
    )


def added_lines(changed: Change) -> tuple[str, ...]:
    """Return the added lines that are new, not removed ones in other words."""
    former = [_grams(line) for line in changed.removed[:MOST_COMPARED]]
    return tuple(line for line in changed.added if not _is_edit(line, former))


def same_by_half(one: str, other: str) -> bool:
    """Say whether two texts share half of the lines of the longer one, and enough of them."""
    first, second = _keyed(one), _keyed(other)
    told = [{key for key in lines if len(key) >= LEAST_LETTERS} for lines in (first, second)]
    shared = told[0] & told[1]
    if sum(map(len, shared)) < SHARED_LETTERS:
        return False
    return 2 * len(shared) >= max(map(len, told))


def _keyed(text: str) -> dict[str, str]:
    """Return the lines that say anything, by what two writings of each share."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if key := key_of_line(line):
            found.setdefault(key, line.strip())
    return found


def _is_edit(line: str, former: Sequence[frozenset[str]]) -> bool:
    grams = _grams(line)
    return any(len(grams & old) >= ALIKE * len(grams) for old in former if old)


def _grams(line: str) -> frozenset[str]:
    key = key_of_line(line)[:MOST_LETTERS]
    return frozenset(_pieces(key)) if len(key) >= GRAM else frozenset((key,))


def _pieces(key: str) -> Iterable[str]:
    return (key[at : at + GRAM] for at in range(len(key) - GRAM + 1))
