"""What the running daemon is told when the feeds change, and what it makes of that."""

import asyncio
from typing import TYPE_CHECKING, Any

from monitor.cli.common import say

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.settings import Settings
    from workers.model.feed import FeedRow

__all__ = ["Taken", "enabled_again", "polled", "tell_daemon"]

RELOAD_S = 180.0
WAIT_S = 15.0
"""A person waits at the terminal: what takes longer is seen in `tocsin feeds list`."""
LOOK_S = 0.1
Taken = dict[str, Any]
"""The daemon's word, as ``--json`` prints it: running, ok, difference, problems."""


async def tell_daemon(settings: "Settings") -> Taken:
    """Let the daemon take over what has changed, if one runs, and say on stderr what it said.

    It goes by the rules for files that change: what else has changed in them, and removes much,
    waits for the operator's word.
    """
    from monitor.daemon.control import control_socket
    from monitor.web.client import ask

    socket: Path = control_socket(settings.data_dir)
    told = await ask(socket, "POST", "/reload?watched=1", within_s=RELOAD_S)
    if told is None:
        say("no daemon runs here: it takes effect at the next start (`tocsin run`)")
        return {"running": False, "ok": None, "difference": "", "problems": []}
    for problem in told["problems"]:
        say(f"the daemon: {problem}")
    if told["ok"]:
        known = {"", "no changes"}  # as where it saw the file change before it was asked
        told_so = f": {told['difference']}" if told["difference"] not in known else ""
        say(f"the daemon has taken it over{told_so}")
    else:
        say("the daemon has not taken it over: mend what it names, then `tocsin reload`")
    return {"running": True, **{key: told[key] for key in ("ok", "difference", "problems")}}


async def enabled_again(settings: "Settings", urls: list[str]) -> None:
    """Let feeds be polled that were disabled once and are added anew."""
    from monitor.daemon.build import read_store
    from workers.clock import SystemClock
    from workers.errors import TocsinError

    try:
        store = await read_store(settings, SystemClock(), writes=True)
    except TocsinError:
        return  # it does not know them yet
    try:
        for url in urls:
            for row in await store.find_feeds(url):
                if row.disabled_at is not None:
                    await store.enable_feed(row.id, listed=True)
    finally:
        await store.close()


async def polled(settings: "Settings", urls: list[str]) -> "list[FeedRow]":
    """Wait a little until the feeds of these addresses have been polled; return their rows."""
    from monitor.daemon.build import read_store
    from workers.clock import SystemClock
    from workers.errors import TocsinError

    try:
        store = await read_store(settings, SystemClock())
    except TocsinError:
        return []
    try:
        rows: list[FeedRow] = []
        for _ in range(round(WAIT_S / LOOK_S)):
            rows = [row for url in urls for row in await store.find_feeds(url)]
            if rows and all(row.last_poll_at is not None for row in rows):
                break
            await asyncio.sleep(LOOK_S)  # noqa: TID251 - a person waits at the terminal
    except TocsinError:
        return []
    finally:
        await store.close()
    return rows
