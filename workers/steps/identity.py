"""Which article a page is: the addresses that a reading proves to be its own."""

from workers.model.article import Extracted, PageJob
from workers.model.ids import article_id
from workers.text.urls import identity_key

__all__ = ["proved_keys"]

OWN_TEXT_LETTERS = 500
"""A page with less text of its own proves nothing about which article it is."""


def proved_keys(job: PageJob, read: Extracted, page: Extracted | None) -> tuple[str, ...]:
    """Return the addresses that this reading proves: where a real article was finally found.

    An article that was made of an entry, because its link is shared by others, claims none: the
    next entry with that link would be joined to it, and would ring no more.
    """
    if any(article_id(f"entry:{entry.id}") == job.article.id for entry in job.entries):
        return ()
    if page is None or page.standin or read.verdict != "article":
        return ()
    if page.text_from != "page" or len(page.text) < OWN_TEXT_LETTERS:
        return ()
    return (identity_key(page.url),)
