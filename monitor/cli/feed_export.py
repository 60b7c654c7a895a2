"""``tocsin feeds export``: the feeds as an OPML file for other readers, and for Tocsin."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import config_option, fail, load_settings, say

if TYPE_CHECKING:
    from monitor.settings import FeedSetting, Settings

__all__ = ["export"]

_MOST_NAMED = 10


@click.command()
@config_option
@click.argument("target", metavar="[FILE|-]", default="-")
@click.option("--flat", is_flag=True, help="Without folders: tags stand in `category` alone.")
@click.option("--tag", "tags", multiple=True, help="Only feeds with one of these tags.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
def export(
    config: str | None, target: str, *, flat: bool, tags: tuple[str, ...], force: bool
) -> None:
    """Write all feeds of the config as OPML 2.0 to FILE, or to standard output.

    A feed's first tag is its folder. Weight, interval, skip_hours, former addresses and whether it
    is enabled stand in attributes that Tocsin reads and others pass over. Secrets are left out:
    headers, and users and passwords in addresses.
    """
    from monitor.cli.feed_words import counted
    from monitor.settings.opml_write import has_secrets, write_opml
    from workers.clock import SystemClock

    wanted = {tag.strip().lower() for tag in tags}
    settings = load_settings(config).settings
    off = asyncio.run(_disabled(settings))
    feeds = [
        feed if str(feed.name) not in off else feed.model_copy(update={"enabled": False})
        for feed in settings.feeds
        if not wanted or wanted & set(feed.tags)
    ]
    raw = write_opml(feeds, SystemClock().now(), flat=flat)
    if target == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
    else:
        _write(Path(target), raw, force=force)
    _tell([feed for feed in feeds if has_secrets(feed)])
    place = "standard output" if target == "-" else target
    say(f"{counted(len(feeds))} written to {place}")


async def _disabled(settings: "Settings") -> frozenset[str]:
    """Return the names of feeds that a command disabled; none where no database knows."""
    from monitor.daemon.build import read_store
    from workers.clock import SystemClock
    from workers.errors import TocsinError

    try:
        store = await read_store(settings, SystemClock())
    except (TocsinError, ValueError):
        return frozenset()
    try:
        rows = await store.feed_rows()
        return frozenset(row.name for row in rows if row.disabled_at is not None)
    except TocsinError:
        return frozenset()
    finally:
        await store.close()


def _write(path: Path, raw: bytes, *, force: bool) -> None:
    """Write a file at once as a whole; what is there already stays unless ``force`` is given."""
    from monitor.settings.atomic import write_whole

    if path.exists() and not force:
        fail(f"cannot write: {path} is there already (--force overwrites it)")
    try:
        write_whole(path, raw)
    except OSError as error:
        fail(f"cannot write: {path}: {os.strerror(error.errno) if error.errno else error}")


def _tell(left: "list[FeedSetting]") -> None:
    """Say whose secrets were left out."""
    if not left:
        return
    names = ", ".join(str(feed.name) for feed in left[:_MOST_NAMED])
    more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    say(f"left out because they may be secret, headers or users and passwords of: {names}{more}")
