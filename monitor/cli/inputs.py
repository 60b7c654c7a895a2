"""What the commands that try things are given: a file, an address, or standard input."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import FOUND, fail
from workers.model.net import Answer, Fetch

if TYPE_CHECKING:
    from monitor.settings import Settings

__all__ = ["answer_of_file", "fetch_answer", "is_address", "parse_headers", "read_input"]

MOST_BYTES = 64 << 20


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


def read_input(source: str) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``; exit 1 if they cannot be had."""
    try:
        if source == "-":
            return sys.stdin.buffer.read(MOST_BYTES)
        with Path(source).open("rb") as stream:
            return stream.read(MOST_BYTES)
    except OSError as error:
        fail(f"cannot read: {source}: {error.strerror}", FOUND)


def answer_of_file(source: str, base: str | None, headers: dict[str, str]) -> Answer:
    """Return a file as if it had been fetched from ``base``."""
    url = base or "https://localhost/"
    return Answer(status=200, url=url, headers=headers, body=read_input(source))


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


def iso(moment: datetime | None) -> str:
    """Return a time for people, ``-`` if there is none."""
    return moment.strftime("%Y-%m-%d %H:%M:%SZ") if moment else "-"
