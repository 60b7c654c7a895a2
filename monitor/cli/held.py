"""What is held until somebody says so: ``tocsin held list``, ``release`` and ``drop``."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import config_option, json_option, print_json, print_text
from monitor.cli.inputs import iso

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from workers.model.upkeep import HeldLine

__all__ = ["held"]


def _reason(*reasons: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--reason",
        type=click.Choice(reasons),
        required=True,
        help="Only what is held for this reason.",
    )


SINK = click.option("--sink", help="Only deliveries to this sink.")


@click.group()
def held() -> None:
    """Deliveries that wait for your word: after a restore, or while their sink is disabled."""


@held.command("list")
@config_option
@json_option
def list_(config: str | None, *, as_json: bool) -> None:
    """List how many deliveries are held, by reason and sink."""

    async def lines(store: "SqlStore") -> "list[HeldLine]":
        return await store.held_lines()

    for line in asyncio.run(ask_store(config, lines)):
        if as_json:
            print_json(line)
        else:
            print_text(
                f"{line.reason}  {line.sink}: {line.deliveries}, the oldest of {iso(line.since)}"
            )


@held.command()
@config_option
@json_option
@_reason("restore")
@SINK
def release(config: str | None, reason: str, sink: str | None, *, as_json: bool) -> None:
    """Send what a restore holds, under the ids it always had.

    What is held because its sink is disabled is sent by `tocsin sinks enable`.
    """

    async def go(store: "SqlStore") -> int:
        return await store.release_reason(reason, sink)

    number = asyncio.run(ask_store(config, go, writes=True))
    if as_json:
        print_json({"released": number})
    else:
        print_text(f"{number} will be sent")


@held.command()
@config_option
@json_option
@_reason("restore", "disabled")
@SINK
def drop(config: str | None, reason: str, sink: str | None, *, as_json: bool) -> None:
    """Never send what is held. Its alerts stay, and say that it was dropped."""

    async def gone(store: "SqlStore") -> int:
        return await store.drop_held(reason, sink)

    number = asyncio.run(ask_store(config, gone, writes=True))
    if as_json:
        print_json({"dropped": number})
    else:
        print_text(f"{number} dropped")
