"""Other addresses under which a page says it is to be had: for AMP, for small screens."""

from itertools import islice
from urllib.parse import urljoin

from lxml import html

from workers.pages.sites import site_of, split

__all__ = ["twins_of"]

MOST_LINKS = 500
MOST = 4
_SMALL = ("handheld", "max-width", "max-device-width")


def twins_of(root: html.HtmlElement, url: str) -> tuple[str, ...]:
    """Return the twins that a page at ``url`` names on its own site, each once."""
    found: dict[str, None] = {}
    for element in islice(root.iter("link"), MOST_LINKS):
        rel = (element.get("rel") or "").lower().split()
        media = (element.get("media") or "").lower()
        small = "alternate" in rel and any(word in media for word in _SMALL)
        href = (element.get("href") or "").strip()[:2048]
        if not href or not ("amphtml" in rel or small):
            continue
        try:
            whole: str = urljoin(url, href)
        except ValueError:
            continue
        parts = split(whole)
        if parts.scheme in {"http", "https"} and site_of(whole) == site_of(url):
            found[whole] = None
    return tuple(islice(found, MOST))
