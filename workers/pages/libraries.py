"""The libraries that only a process needs that reads pages: they take long to load.

So this module is imported where it is used, and by each reading process when it begins.
"""

from htmldate import find_date
from lxml import html
from trafilatura import bare_extraction
from trafilatura.settings import use_config

__all__ = ["body_of", "date_of", "whole_of"]

_CONFIG = use_config()
_CONFIG.set("DEFAULT", "MIN_OUTPUT_SIZE", "0")
"""How much text is enough is decided here, not by trafilatura."""


def body_of(
    root: html.HtmlElement, *, fast: bool, favor_precision: bool, favor_recall: bool
) -> html.HtmlElement | None:
    """Return the tree of what trafilatura takes for the article's body, None if there is none.

    Raises:
        Exception: whatever it stumbles over.
    """
    document = bare_extraction(
        root,
        include_comments=False,
        fast=fast,
        favor_precision=favor_precision,
        favor_recall=favor_recall,
        config=_CONFIG,
    )
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
