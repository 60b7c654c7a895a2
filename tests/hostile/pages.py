"""All pages that mean harm, in the groups in which they are run."""

from hostile.pages_bytes import BYTES, ENCODED
from hostile.pages_markup import ATTRIBUTES, BROKEN, COUNTS, NESTS
from hostile.pages_talk import Page
from hostile.pages_text import FLOODS, LINKED, SLOW_WORDS

__all__ = ["GROUPS", "PAGES"]

GROUPS: dict[str, list[Page]] = {
    "nests": NESTS,
    "attributes": ATTRIBUTES,
    "counts": COUNTS,
    "broken markup": BROKEN,
    "bytes": BYTES,
    "encodings": ENCODED,
    "linked data": LINKED,
    "floods": FLOODS,
    "slow words": SLOW_WORDS,
}
PAGES = [page for group in GROUPS.values() for page in group]
