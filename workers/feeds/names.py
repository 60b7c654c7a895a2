"""Element names as the readers know them: a short prefix for each namespace that matters."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Generic, TypeVar

__all__ = ["CORE", "ByTag", "name_of"]

T = TypeVar("T")

CORE = frozenset(
    {
        "http://www.w3.org/2005/atom",
        "http://purl.org/atom/ns#",
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://channel.netscape.com/rdf/simple/0.9/",
        "http://my.netscape.com/publish/formats/rss-0.91.dtd",
        "http://backend.userland.com/rss",
        "http://backend.userland.com/rss2",
        "http://backend.userland.com/rss2.0",
        "http://backend.userland.com/rss091",
        "http://blogs.law.harvard.edu/tech/rss",
        "http://www.rssboard.org/rss-specification",
        "http://cyber.law.harvard.edu/rss/rss.html",
        "http://www.sitemaps.org/schemas/sitemap/0.9",
        "http://www.google.com/schemas/sitemap/0.84",
        "http://www.google.com/schemas/sitemap/0.9",
    }
)
"""Namespaces of the formats themselves: their names stand without a prefix."""

LONGEST = 200
"""Characters of the longest name that is looked up: it has its place in memory afterwards."""
KEPT = 2000
"""Tags that each table knows at once; honest feeds have a few hundred between them."""

_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/elements/1.0/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://purl.org/rss/1.0/modules/link/": "l",
    "http://search.yahoo.com/mrss/": "media",
    "http://search.yahoo.com/mrss": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.google.com/schemas/sitemap-news/0.9": "news",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/xml/1998/namespace": "xml",
}

_WRITTEN = frozenset({*_PREFIXES.values(), "atom"})
"""Prefixes that mean what they say even where the document forgot to declare them."""


def name_of(tag: object) -> str:
    """Return an element's or attribute's name in lower case, with its known prefix.

    Names of namespaces that nobody here knows begin with ``?:``; comments and processing
    instructions have none.
    """
    if not isinstance(tag, str):
        return ""
    return _name_of(tag) if len(tag) <= LONGEST else "?:"


@lru_cache(maxsize=4096)
def _name_of(tag: str) -> str:
    if tag[:1] != "{":
        return _undeclared(tag.lower())
    space, _, local = tag[1:].lower().rpartition("}")
    if space in CORE or space.rstrip("/") in CORE:
        return local
    prefix = _PREFIXES.get(space)
    return f"{prefix}:{local}" if prefix else f"?:{local}"


class ByTag(dict[object, T | None], Generic[T]):
    """What is done with an element, by its tag; None for nothing.

    Args:
        known: By name, as `name_of` returns it.
    """

    def __init__(self, known: Mapping[str, T]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, tag: object) -> T | None:
        """Find what a tag that comes for the first time stands for."""
        found = self._known.get(name_of(tag))
        if len(self) >= KEPT:
            self.clear()
        if not isinstance(tag, str) or len(tag) <= LONGEST:
            self[tag] = found
        return found


def _undeclared(name: str) -> str:
    """Return a name that was written with a prefix but without a namespace."""
    prefix, mark, local = name.partition(":")
    if not mark:
        return name
    if prefix == "atom":
        return local
    return name if prefix in _WRITTEN else f"?:{local}"
