"""The page that a command is given, as the daemon would have fetched it."""

from typing import TYPE_CHECKING

import click

from monitor.cli.inputs import answer_of_file, fetch_answer, is_address
from workers.clock import SystemClock
from workers.errors import Permanent, TocsinError, Transient
from workers.model.article import Extracted, FetchedPage

if TYPE_CHECKING:
    from monitor.daemon.build import ProcessPool
    from monitor.settings import Settings

__all__ = ["NoPage", "base_option", "page_of", "read_in", "unread"]


def _address(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_address(value):
        raise click.BadParameter(f"not an address: {value!r}: write http://… or https://…")
    return value


base_option = click.option(
    "--url", "base", callback=_address, help="The address that a file was fetched from."
)


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
        hint = "; [net] allow lets it be read" if error.reason == "blocked" else ""
        raise NoPage(base or source, f"{error}{hint}") from error
    except OSError as error:
        raise NoPage(base or source, f"cannot read: {source}: {error.strerror}") from error
    return FetchedPage(
        url=base or answer.url,
        body=answer.body,
        content_type=headers.get("content-type", ""),
        fetched_at=SystemClock().now(),
    )


async def read_in(pool: "ProcessPool", timeout_s: float, page: FetchedPage) -> Extracted:
    """Return what is read of a page by a process that can be killed; it never raises for a page.

    One that cannot be read, or takes longer than ``timeout_s``, is ``unreadable``, with why.
    """
    from monitor.daemon.build import read_page

    try:
        read: Extracted = await pool.call(timeout_s, read_page, page)
    except Transient as error:
        return unread(page.url, str(error))
    except Exception as error:  # noqa: BLE001 - one bad page must not end the others
        return unread(page.url, f"crash: {type(error).__name__}: {error}")
    return read


def unread(url: str, reason: str) -> Extracted:
    """Return the reading of a page that cannot be read."""
    return Extracted(url=url, verdict="unreadable", reasons=(reason,))
