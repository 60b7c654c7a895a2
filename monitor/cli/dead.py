"""What was given up: ``tocsin dead list``, ``show``, ``replay`` and ``drop``."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import FOUND, config_option, fail, json_option, print_json, print_text
from monitor.cli.inputs import SINCE, iso

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from workers.model.alert import DeadKind, DeadLetter, DeadLine

__all__ = ["dead"]

KIND = click.Choice(["entry", "page", "delivery"])


class _Filters(TypedDict):
    """The options that choose dead letters."""

    kind: "DeadKind | None"
    sink: str | None
    reason: str | None
    since: datetime | None


def _filters(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose dead letters, as one argument ``chosen``."""

    @click.option("--kind", type=KIND, help="Only entries, only pages, or only deliveries.")
    @click.option("--sink", help="Only deliveries to this sink.")
    @click.option("--reason", help="Only those given up for this reason.")
    @click.option("--since", type=SINCE, help="Only those of the last 6h, 2d, or since a time.")
    @wraps(function)
    def gathered(**given: Any) -> None:  # noqa: ANN401 - whatever options the command has besides
        chosen = {name: given.pop(name) for name in ("kind", "sink", "reason", "since")}
        function(chosen=chosen, **given)

    return gathered


@click.group()
def dead() -> None:
    """What was given up, with the reason: entries, pages and deliveries.

    They are kept until they are replayed or dropped, or for [keep] dead.
    """


@dead.command("list")
@config_option
@json_option
@_filters
def list_(config: str | None, chosen: _Filters, *, as_json: bool) -> None:
    """List dead letters, the newest first, however many there are."""

    async def tell(store: "SqlStore") -> None:
        from monitor.daemon.build import DeadWhich

        async for line in store.each_dead(DeadWhich(**chosen)):
            _tell(line, as_json=as_json)

    asyncio.run(ask_store(config, tell))


def _tell(line: "DeadLine", *, as_json: bool) -> None:
    if as_json:
        print_json(line)
        return
    where = f"{line.kind} {line.sink or ''}".strip()
    print_text(f"{iso(line.at)}  {where}  {line.reason}, {line.attempts} attempts")
    print_text(f"    {line.title}")
    print_text(f"    {line.id}: {line.last_answer or 'no answer'}")


@dead.command()
@config_option
@json_option
@click.argument("letter", metavar="ID")
def show(config: str | None, letter: str, *, as_json: bool) -> None:
    """Show a dead letter whole, by its ID or the beginning of it. Exit 1 if there is none."""

    async def load(store: "SqlStore") -> "list[DeadLetter]":
        return await store.show_dead(letter)

    found = asyncio.run(ask_store(config, load))
    if not found:
        fail(f"no such dead letter: {letter} (`tocsin dead list` shows them)", FOUND)
    for one in found:
        _tell(one, as_json=as_json)
        if not as_json and one.content is not None:
            print_text(one.content)


@dead.command()
@config_option
@json_option
@click.argument("ids", nargs=-1)
@_filters
@click.option("--all", "everything", is_flag=True, help="All of them.")
def replay(
    config: str | None, ids: tuple[str, ...], chosen: _Filters, *, everything: bool, as_json: bool
) -> None:
    """Try dead letters again: those with these IDS, or all that the options choose.

    Exit 1 if none of the IDS is a dead letter's, or can be tried again.
    """
    _need_a_choice(ids, everything=everything, **chosen)

    async def again(store: "SqlStore") -> int:
        return await store.replay_dead(ids or None, **chosen)

    number = asyncio.run(ask_store(config, again, writes=True))
    _say_done("replayed", f"{number} will be tried again", ids, number, as_json=as_json)


@dead.command()
@config_option
@json_option
@click.argument("ids", nargs=-1)
@_filters
@click.option("--all", "everything", is_flag=True, help="All of them.")
def drop(
    config: str | None, ids: tuple[str, ...], chosen: _Filters, *, everything: bool, as_json: bool
) -> None:
    """Remove dead letters for good: those with these IDS, or all that the options choose.

    Exit 1 if none of the IDS is a dead letter's.
    """
    _need_a_choice(ids, everything=everything, **chosen)

    async def gone(store: "SqlStore") -> int:
        return await store.drop_dead(ids or None, **chosen)

    number = asyncio.run(ask_store(config, gone, writes=True))
    _say_done("dropped", f"{number} dropped", ids, number, as_json=as_json)


def _need_a_choice(ids: tuple[str, ...], *, everything: bool, **chosen: Unpack[_Filters]) -> None:
    if not (ids or everything or any(chosen.values())):
        raise click.UsageError("say which: ids, --kind, --sink, --reason, --since, or --all")


def _say_done(word: str, told: str, ids: tuple[str, ...], number: int, *, as_json: bool) -> None:
    if as_json:
        print_json({word: number})
    if ids and not number:
        fail(
            f"no such dead letter: {', '.join(ids)}, or nothing that can be tried again "
            "(`tocsin dead list` shows them)",
            FOUND,
        )
    if not as_json:
        print_text(told)
