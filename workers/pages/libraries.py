"""The libraries that only a process needs that reads pages: they take long to load.

So this module is imported where it is used, and by each reading process when it begins.
"""

from htmldate import find_date
from lxml import html
from trafilatura import bare_extraction
from trafilatura.settings import Extractor, use_config

from workers.pages.rules import Way

__all__ = ["body_of", "date_of", "whole_of"]

_CONFIG = use_config()
_CONFIG.set("DEFAULT", "MIN_OUTPUT_SIZE", "0")
"""How much text is enough is decided here, not by trafilatura."""


def _way(*, fast: bool, focus: str) -> Extractor:
    """Return options for it; the format is one whose text is not written out besides."""
    return Extractor(
        config=_CONFIG,
        output_format="xml",
        comments=False,
        formatting=False,
        fast=fast,
        precision=focus == "precision",
        recall=focus == "recall",
    )


_WAYS = {
    "precision": _way(fast=True, focus="precision"),
    "recall": _way(fast=True, focus="recall"),
    "compared": _way(fast=False, focus="precision"),
    "balanced": _way(fast=False, focus="balanced"),
}


def body_of(root: html.HtmlElement, way: Way) -> html.HtmlElement | None:
    """Return the tree of what trafilatura takes for the article's body, None if there is none.

    ``precision`` and ``recall`` are its own extraction alone; ``compared`` and ``balanced`` are
    what it chooses among its own and those of readability and justext. ``root`` is not changed.

    Raises:
        Exception: whatever it stumbles over.
    """
    document = bare_extraction(root, options=_WAYS[way])
    return getattr(document, "body", None)


def whole_of(markup: str, url: str) -> dict[str, str | None] | None:
    """Return title, author, date and text as trafilatura finds them, None if it finds no text.

    Raises:
        Exception: whatever it stumbles over.
    """
    document = bare_extraction(markup, url=url, with_metadata=True)
    if document is None:
        return None
    names = ("title", "author", "date", "text")
    return {name: getattr(document, name, None) for name in names}


def date_of(root: html.HtmlElement) -> str | None:
    """Return the date that htmldate finds in the markup alone, as it writes it.

    Raises:
        Exception: whatever it stumbles over.
    """
    found: str | None = find_date(root, extensive_search=False, original_date=True)
    return found
