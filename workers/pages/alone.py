"""What trafilatura makes of a page by itself, to show beside what is read here."""

from collections.abc import Callable

from workers.model.article import FetchedPage
from workers.model.base import Record
from workers.pages.decode import decode
from workers.pages.limit import bound, foreign, is_noise, too_large
from workers.pages.rules import PageRules

__all__ = ["Alone", "read_alone"]


class Alone(Record, frozen=True, kw_only=True):
    """Trafilatura's own reading, with its default settings."""

    title: str = ""
    author: str | None = None
    published: str | None = None
    """A date, as it writes it."""
    text: str = ""
    error: str = ""
    """Why there is nothing, "" if there is."""
    ms: float = 0.0


def read_alone(page: FetchedPage, rules: PageRules, timer: Callable[[], float]) -> Alone:
    """Return what trafilatura makes of a page. Never raises but for want of memory.

    It is given the text, never the bytes: it would inflate these itself without any bound, and
    knows nothing of the HTTP charset. What no parser may see is cut off for it too.
    """
    refused = too_large(page.body, rules) or foreign(page)
    if refused:
        return Alone(error=refused)
    text, _ = decode(page.body, page.content_type)
    if is_noise(text):
        return Alone(error="not a page: its bytes are no text")
    markup, _ = bound(text, rules)
    from workers.pages.libraries import whole_of  # noqa: PLC0415 - it takes long to load

    began = timer()
    try:
        found = whole_of(markup, page.url)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - what it stumbles over is its answer
        return Alone(error=f"{type(error).__name__}: {error}"[:200])
    took = round((timer() - began) * 1000, 2)
    if found is None:
        return Alone(error="it finds no text", ms=took)
    return Alone(
        title=found.get("title") or "",
        author=found.get("author"),
        published=found.get("date"),
        text=found.get("text") or "",
        ms=took,
    )
