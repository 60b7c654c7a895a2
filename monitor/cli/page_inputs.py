"""The page that a command is given, as the daemon would have fetched it."""

from typing import TYPE_CHECKING

from monitor.cli.inputs import answer_of_file, fetch_answer, is_address
from workers.clock import SystemClock
from workers.errors import Permanent, TocsinError, Transient
from workers.model.article import FetchedPage

if TYPE_CHECKING:
    from monitor.settings import Settings

__all__ = ["NoPage", "page_of"]


class NoPage(TocsinError):
    """There is no page to read; says why."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(reason)
        self.url = url


async def page_of(
    settings: "Settings", source: str, base: str | None, headers: dict[str, str]
) -> FetchedPage:
    """Return the page at an address or in a file; a given header wins over a sent one.

    Args:
        settings: how pages are fetched.
        source: an address, a file, or ``-`` for standard input.
        base: the address that a file was fetched from.
        headers: by lower-case name, as the server sent them.

    Raises:
        NoPage: it cannot be had.
    """
    from monitor.settings import page_options

    try:
        if is_address(source):
            answer = await fetch_answer(settings, source, page_options(settings).body_bytes)
            if answer.status >= 400:  # noqa: PLR2004
                raise NoPage(source, f"HTTP {answer.status}")
            headers = {**answer.headers, **headers}
        else:
            answer = answer_of_file(source, base, headers)
    except (Transient, Permanent) as error:
        raise NoPage(base or source, str(error)) from error
    except OSError as error:
        raise NoPage(base or source, f"cannot read: {source}: {error.strerror}") from error
    return FetchedPage(
        url=base or answer.url,
        body=answer.body,
        content_type=headers.get("content-type", ""),
        fetched_at=SystemClock().now(),
    )
