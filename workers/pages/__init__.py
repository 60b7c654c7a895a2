"""Pages: from bytes to an article. Pure: a bad page is a verdict, never an exception."""

from workers.pages.cues import parse_cues
from workers.pages.fallback import settle
from workers.pages.reading import extract
from workers.pages.rules import PageRules

__all__ = ["PageRules", "extract", "parse_cues", "settle"]
