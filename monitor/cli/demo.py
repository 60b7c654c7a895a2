"""``tocsin demo``."""

import asyncio

import click

from monitor.cli.common import FOUND, print_text, say

__all__ = ["demo"]


@click.command()
@click.option("--once", is_flag=True, help="Play it quickly, and say how it ended.")
@click.option("--why", is_flag=True, help="Also say why the topics that never rang did not.")
def demo(*, once: bool, why: bool) -> None:
    """Play an offline newswire through the real daemon, in a folder that is thrown away.

    Nothing leaves this machine. Exit 0 if exactly what was expected rang.
    """
    from monitor.demo.run import play
    from workers.clock import SystemClock
    from workers.errors import TocsinError

    try:
        code = asyncio.run(play(SystemClock(), print_text, once=once, why=why))
    except TocsinError as error:
        say(f"tocsin: the demo cannot start: {error}")
        code = FOUND
    raise SystemExit(code)
