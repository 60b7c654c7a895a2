"""``tocsin topics publish``: the operator's word on which topics are in force."""

import asyncio
from typing import TYPE_CHECKING

import click

from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    print_text,
    say_problems,
)

if TYPE_CHECKING:
    from monitor.settings import Loaded

__all__ = ["publish"]


@click.command()
@json_option
@config_option
def publish(config: str | None, *, as_json: bool) -> None:
    """Make the topics of the files the newest, which every process then runs by.

    For several processes over one PostgreSQL, of which none takes over by itself what only its own
    files say. Works with and without a daemon. Exit 1 if a topic or a file is bad: then nothing is
    changed.
    """
    loaded = load_settings(config)
    _refuse_bad(loaded)
    number, count = asyncio.run(_publish(loaded))
    if as_json:
        print_json({"number": number, "topics": count})
    else:
        print_text(f"number {number}: {count} topics")


def _refuse_bad(loaded: "Loaded") -> None:
    from monitor.daemon.lost import lost
    from monitor.settings.queries import check_queries

    wrong = check_queries(loaded).problems
    say_problems(wrong)
    if wrong or lost(loaded).problems:
        fail("nothing is published: the files have problems", FOUND)


async def _publish(loaded: "Loaded") -> tuple[int, int]:
    from monitor.daemon.build import read_store
    from monitor.daemon.rules import wanted_topics
    from monitor.daemon.topics import accept
    from monitor.registry import registry
    from workers.clock import SystemClock
    from workers.errors import TocsinError

    try:
        store = await read_store(loaded.settings, SystemClock(), writes=True)
        try:
            accepted = await accept(wanted_topics(loaded, registry(loaded.settings)), store)
        finally:
            await store.close()
    except TocsinError as error:
        fail(str(error), FOUND)
    return accepted.number, len(accepted.topics.specs)
