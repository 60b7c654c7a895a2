"""Addresses inside of a page: do two belong to one site, and what does a path look like?"""

import re
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

__all__ = ["leads_inside", "site_of", "split"]

_SECOND = frozenset(
    {"ac", "co", "com", "edu", "gob", "gov", "gouv", "govt", "ltd", "mil", "ne", "net", "nom",
     "or", "org", "sch"}
)  # fmt: skip
"""Second labels under which countries register names (example.co.uk)."""
_PLAIN = re.compile(
    r"\s*+(?:https?+:)?+//([a-z0-9.-]++)(?::\d*+)?+(?=[/?#]|\s*+\Z)", re.IGNORECASE
)
"""An address whose host can be seen without taking it apart: nearly every link of a page."""


def split(url: str) -> SplitResult:
    """Return the parts of an address, empty ones for what is none."""
    try:
        parts = urlsplit(url[:4096])
        parts.hostname  # noqa: B018 - a broken IPv6 address fails here
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def site_of(url: str) -> str:
    """Return the registrable domain of an address, "" if it has none.

    By the usual shape of names, not by the public suffix list: it decides only whether a link
    stays on its site.
    """
    return _registrable(split(url).hostname or "")


@lru_cache(maxsize=1024)
def _registrable(host: str) -> str:
    host = host.rstrip(".")
    labels = host.split(".")
    if host.replace(".", "").isdigit() or ":" in host:
        return host
    wide = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND  # noqa: PLR2004
    return ".".join(labels[-3:] if wide else labels[-2:])


def leads_inside(href: str, site: str) -> bool | None:
    """Say whether a link leads to a page of ``site``; None for what leads to no page at all."""
    plain = _PLAIN.match(href)
    if plain:
        return _registrable(plain[1].lower()) == site
    href = href.strip()
    lower = href[:12].lower()
    if not href or lower.startswith(("#", "mailto:", "javascript:", "tel:", "data:")):
        return None
    if lower.startswith(("http:", "https:", "//")):
        return site_of(href if ":" in href[:6] else f"https:{href}") == site
    return True
