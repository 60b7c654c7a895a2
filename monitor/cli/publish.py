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
    from monitor.daemon.build import SqlStore
    from monitor.daemon.hindsight import WouldHaveRung
    from monitor.daemon.topics import Accepted
    from monitor.settings import Loaded
    from workers.model.topic import Document

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
    number, count, found = asyncio.run(_publish(loaded))
    if as_json:
        print_json({"number": number, "topics": count, "would_have_rung": found})
        return
    print_text(f"number {number}: {count} topics")
    if found is not None:
        from monitor.daemon.hindsight import in_words

        print_text(in_words(found))


def _refuse_bad(loaded: "Loaded") -> None:
    from monitor.daemon.lost import lost
    from monitor.settings.queries import check_queries

    wrong = check_queries(loaded).problems
    say_problems(wrong)
    if wrong or lost(loaded).problems:
        fail("nothing is published: the files have problems", FOUND)


async def _publish(loaded: "Loaded") -> "tuple[int, int, WouldHaveRung | None]":
    """Return the number, of how many topics, and what those that are new would have rung for."""
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
            found = await _look_back(loaded, accepted, store)
        finally:
            await store.close()
    except TocsinError as error:
        fail(str(error), FOUND)
    return accepted.number, len(accepted.topics.specs), found


async def _look_back(
    loaded: "Loaded", accepted: "Accepted", store: "SqlStore"
) -> "WouldHaveRung | None":
    from monitor.daemon.hindsight import count_renewed
    from monitor.daemon.rules import rules_in_force
    from monitor.registry import registry
    from workers.clock import SystemClock

    wanted = registry(loaded.settings)
    rules = await rules_in_force(loaded, wanted, accepted, store, frozenset())

    async def naming(document: "Document") -> tuple[str, ...]:
        return rules.topics.names(document)

    return await count_renewed(store, rules, accepted.before, naming, SystemClock())
