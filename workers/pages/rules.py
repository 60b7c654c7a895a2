"""What reading a page needs to be told, as one frozen object that also goes to pool processes."""

from typing import Literal

from workers.model.article import Cues, LiveCues
from workers.model.base import Record

__all__ = ["PageRules", "Way"]

Way = Literal["precision", "recall", "compared", "balanced"]
"""How the extractor chooses, in the words of :mod:`workers.pages.libraries`."""


class PageRules(Record, frozen=True, kw_only=True):
    """How pages are read; the same for every page of a process."""

    cues: tuple[Cues, ...] = ()
    """One a language; a page in a language without cues is tried with all of them."""
    live: LiveCues = LiveCues()
    """By what a page looks live that does not say so."""
    mode: Literal["precision", "throughput"] = "precision"
    body_bytes: int = 6 << 20
    """Largest page inflated; above libxml2's 10 MB a text node vanishes silently."""
    max_tags: int = 40_000
    """Opening brackets that are read, the rest is cut off; real pages have up to 22,000."""
    max_elements: int = 20_000
    """Elements that are read; real ones have up to 10,000. Extracting can take their square."""
    max_children: int = 4_000
    """Children of one element that are read; real paragraphs, lists and rows have up to 1,600."""
    max_attributes: int = 8_000
    """A tag with more equal signs is dropped: libxml2 compares each attribute with each."""
    all_attributes: int = 100_000
    """Attributes that a page may have; tags behind the last one stay, without theirs."""
