"""What the commands that try things are given: a file, an address, or standard input."""

import errno
import sys
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from typing_extensions import override

from monitor.cli.common import FOUND, fail
from workers.model.net import Answer, Fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import IO

    from monitor.settings import Settings

__all__ = [
    "SINCE",
    "answer_of_file",
    "fetch_answer",
    "is_address",
    "iso",
    "parse_headers",
    "read_bytes",
    "read_input",
    "read_lines",
]

MOST_BYTES = 64 << 20
"""Of one document, or of one line."""


def is_address(source: str) -> bool:
    """Say whether ``source`` is meant as an address."""
    return source.lower().startswith(("http://", "https://"))


def parse_headers(written: tuple[str, ...]) -> dict[str, str]:
    """Return headers as a mapping of lower-case names, from ``Name: value``.

    Raises:
        click.BadParameter: one of them has no colon.
    """
    headers = {}
    for line in written:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise click.BadParameter(f"not a header: {line!r}: write 'Name: value'")
        headers[name.strip().lower()] = value.strip()
    return headers


def read_bytes(source: str) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``.

    Raises:
        OSError: they cannot be had, or are more than `MOST_BYTES`.
    """
    with _open(source) as stream:
        raw = stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MOST_BYTES >> 20} MiB")
    return raw


def read_input(source: str) -> bytes:
    """Return what `read_bytes` does; exit 1 if it cannot be had."""
    try:
        return read_bytes(source)
    except OSError as error:
        fail(f"cannot read: {source}: {error.strerror}", FOUND)


def read_lines(source: str) -> "Iterator[str]":
    """Yield the lines of a file, or of standard input for ``-``; exit 1 if they cannot be had.

    Only a line feed ends a line: texts in JSON may hold what else Unicode calls a line's end.
    """
    try:
        with _open(source) as stream:
            codec = "utf-8-sig"
            while line := stream.readline(MOST_BYTES + 1):
                if len(line) > MOST_BYTES:
                    fail(f"cannot read: {source}: a line is larger than {MOST_BYTES >> 20} MiB")
                yield line.decode(codec, "replace")
                codec = "utf-8"
    except OSError as error:
        fail(f"cannot read: {source}: {error.strerror}", FOUND)


def _open(source: str) -> "AbstractContextManager[IO[bytes]]":
    if "\0" in source:
        raise OSError(errno.EINVAL, "no path holds a NUL")
    return nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb")


def answer_of_file(source: str, base: str | None, headers: dict[str, str]) -> Answer:
    """Return a file as if it had been fetched from ``base``; without one its address says nothing.

    Raises:
        OSError: it cannot be read.
    """
    url = base or "https://localhost/page"  # a front page has no path
    return Answer(status=200, url=url, headers=headers, body=read_bytes(source))


async def fetch_answer(settings: "Settings", url: str, most_bytes: int) -> Answer:
    """Fetch ``url`` by the daemon's own fetcher.

    Raises:
        Transient: it cannot be had now.
        Permanent: it must not, or can never, be had.
    """
    from monitor.daemon.build import build_fetcher

    fetcher = build_fetcher(settings)
    try:
        return await fetcher.get(Fetch(url=url, wire_bytes=most_bytes, body_bytes=most_bytes))
    finally:
        await fetcher.close()


class _Since(click.ParamType):  # type: ignore[type-arg]
    """A moment in the past: a duration like ``6h``, or a date or time in ISO 8601 (UTC)."""

    name = "duration or time"

    @override
    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the moment, aware, in UTC."""
        from monitor.settings import duration
        from workers.clock import SystemClock

        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        now = SystemClock().now()
        with suppress(ValueError, OverflowError):
            return now - timedelta(seconds=duration(text))
        try:
            found = datetime.fromisoformat(text)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.fail(f"{text!r}: write 6h, 2d, 2026-11-23 or 2026-11-23T02:10:00Z", param, ctx)


SINCE = _Since()


def iso(moment: datetime | None) -> str:
    """Return a time for people, ``-`` if there is none."""
    return moment.strftime("%Y-%m-%d %H:%M:%SZ") if moment else "-"
