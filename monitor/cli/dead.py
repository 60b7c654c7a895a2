"""What was given up: ``tocsin dead list`` and ``replay``."""

import asyncio
from typing import TYPE_CHECKING, Literal

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import FOUND, config_option, fail, json_option, print_json, print_text
from monitor.cli.inputs import iso

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from workers.model.alert import DeadLine

__all__ = ["dead"]

KIND = click.Choice(["page", "delivery"])


@click.group()
def dead() -> None:
    """List and replay dead letters: pages and deliveries that were given up, with the reason."""


@dead.command("list")
@config_option
@json_option
@click.option("--kind", type=KIND, help="Only pages, or only deliveries.")
@click.option("--sink", help="Only deliveries to this sink.")
@click.option("--reason", help="Only those given up for this reason.")
def list_(
    config: str | None,
    kind: Literal["page", "delivery"] | None,
    sink: str | None,
    reason: str | None,
    *,
    as_json: bool,
) -> None:
    """List dead letters, the newest first."""

    async def lines(store: "SqlStore") -> "list[DeadLine]":
        return await store.dead_lines(kind=kind, sink=sink, reason=reason)

    for line in asyncio.run(ask_store(config, lines)):
        if as_json:
            print_json(line)
        else:
            where = f"{line.kind} {line.sink or ''}".strip()
            print_text(f"{iso(line.at)}  {where}  {line.reason}, {line.attempts} attempts")
            print_text(f"    {line.title}")
            print_text(f"    {line.id}: {line.last_answer or 'no answer'}")


@dead.command()
@config_option
@json_option
@click.argument("ids", nargs=-1)
@click.option("--kind", type=KIND, help="Only pages, or only deliveries.")
@click.option("--sink", help="Only deliveries to this sink.")
@click.option("--reason", help="Only those given up for this reason.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
def replay(  # noqa: PLR0913 - one argument an option
    config: str | None,
    ids: tuple[str, ...],
    kind: Literal["page", "delivery"] | None,
    sink: str | None,
    reason: str | None,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Try dead letters again: those with these IDS, or all that the options choose.

    Exit 1 if none of the IDS is a dead letter's.
    """
    if not (ids or kind or sink or reason or everything):
        raise click.UsageError("say which: ids, --kind, --sink, --reason, or --all")

    async def again(store: "SqlStore") -> int:
        if kind is None:
            return await store.replay_dead(list(ids) or None, sink=sink, reason=reason)
        number = 0
        while chosen := await _chosen(store, kind, ids, sink, reason):
            number += await store.replay_dead(chosen, sink=sink, reason=reason)
        return number

    number = asyncio.run(ask_store(config, again, writes=True))
    if as_json:
        print_json({"replayed": number})
    if ids and not number:
        fail(f"no such dead letter: {', '.join(ids)} (`tocsin dead list` shows them)", FOUND)
    if not as_json:
        print_text(f"{number} will be tried again")


async def _chosen(
    store: "SqlStore",
    kind: Literal["page", "delivery"],
    ids: tuple[str, ...],
    sink: str | None,
    reason: str | None,
) -> list[str]:
    """Return the next dead letters of a kind: a list of them is bounded."""
    lines = await store.dead_lines(kind=kind, sink=sink, reason=reason)
    return [line.id for line in lines if not ids or line.id in ids]
