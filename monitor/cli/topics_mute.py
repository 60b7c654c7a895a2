"""``tocsin topics mute`` and ``unmute``: a topic that does not ring for a while.

Kept in the database and not in a file: so it is in force at once for every process that shares it,
over restarts, and ends by itself.
"""

import asyncio
from typing import TYPE_CHECKING

import click
from typing_extensions import override

from monitor.cli.asking import ask_store
from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    print_text,
    say,
)
from monitor.cli.inputs import iso
from monitor.cli.topics_known import MOST_NEAR, hits, in_force, near, shortened, unknown

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from workers.model.mute import MuteLine
    from workers.model.topic import Severity

__all__ = ["mute", "unmute"]

MOST_S = 7 * 86400.0
MOST_BECAUSE = 500
"""Characters."""


class _For(click.ParamType):  # type: ignore[type-arg]
    """How long: a duration that ends in sight."""

    name = "duration"

    @override
    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds."""
        from monitor.settings import duration

        if isinstance(value, float):
            return value
        text = str(value)
        try:
            seconds = duration(text)
        except ValueError:
            self.fail(f"{text!r}: write 30m, 2h or 3d", param, ctx)
        if seconds > MOST_S:
            self.fail(
                f"{text!r}: 7d at most, so that no topic is silent for good by accident (to stop "
                "it for longer, write enabled = false under it)",
                param,
                ctx,
            )
        if seconds <= 0:
            self.fail(f"{text!r}: it has to last (`tocsin topics unmute` ends a mute)", param, ctx)
        return seconds


@click.command()
@json_option
@config_option
@click.option("--for", "for_s", type=_For(), metavar="2h", help="How long: 7d at most.")
@click.option("--because", default="", help="Why, for those who see it or are told of its end.")
@click.option("--list", "listing", is_flag=True, help="List what is muted; so does no NAME.")
@click.argument("name", required=False)
def mute(  # noqa: PLR0913 - the options of a command
    config: str | None,
    name: str | None,
    *,
    for_s: float | None,
    because: str,
    listing: bool,
    as_json: bool,
) -> None:
    """Let the topic NAME not ring for a while, from now on, in every process.

    What it hits is stored and counted all the same, `tocsin status` shows it, and when the mute
    ends the topic's sinks are told once of what was not rung. Other topics that match the same
    article ring. Of a topic that is muted already the end is moved. Exit 1 if there is no such
    topic.
    """
    if listing or name is None:
        if (listing and name is not None) or for_s is not None:
            raise click.UsageError("which topic? write `tocsin topics mute NAME --for 2h`")
        _list(config, as_json=as_json)
        return
    if for_s is None:
        raise click.UsageError(f"for how long? write `tocsin topics mute {name!r} --for 2h`")
    if len(because) > MOST_BECAUSE:
        raise click.UsageError(f"--because is longer than {MOST_BECAUSE} characters")
    _mute(config, name, for_s, because, as_json=as_json)


def _mute(config: str | None, name: str, for_s: float, because: str, *, as_json: bool) -> None:
    settings = load_settings(config).settings

    async def go(store: "SqlStore") -> "tuple[MuteLine, Severity, bool]":
        topics = await in_force(store, settings)
        if name not in topics:
            fail(unknown(name, topics, settings), FOUND)
        before = any(one.topic == name and not one.ended for one in await store.mutes())
        return await store.mute(name, for_s, because), topics[name], before

    line, severity, before = asyncio.run(ask_store(None, go, writes=True, settings=settings))
    if severity == "critical":
        say(f"warning: {name} is critical: nobody is told of it until {iso(line.until)}")
    if as_json:
        print_json({**_fields(line), "severity": severity})
    else:
        so_far = f"; it was already, {hits(line.hits)} so far" if before else ""
        print_text(f"{name} is muted until {iso(line.until)}{so_far}")


def _fields(line: "MuteLine") -> dict[str, object]:
    return {field: getattr(line, field) for field in line.__struct_fields__}


def _list(config: str | None, *, as_json: bool) -> None:
    async def ask(store: "SqlStore") -> "list[MuteLine]":
        return await store.mutes()

    for line in asyncio.run(ask_store(config, ask)):
        if as_json:
            print_json(line)
            continue
        end = "is over, and will be told" if line.ended else f"until {iso(line.until)}"
        why = f" ({line.because})" if line.because else ""
        print_text(f"{line.topic}: {end}, {hits(line.hits)} since {iso(line.since)}{why}")


@click.command()
@json_option
@config_option
@click.argument("name")
def unmute(config: str | None, name: str, *, as_json: bool) -> None:
    """Let the topic NAME ring again at once.

    Its sinks are told once of what was not rung, by the daemon, within seconds of its running.
    Exit 1 if it is not muted.
    """

    async def go(store: "SqlStore") -> "tuple[MuteLine | None, list[str]]":
        line = await store.unmute(name)
        return line, [one.topic for one in await store.mutes() if not one.ended]

    line, others = asyncio.run(ask_store(config, go, writes=True))
    if line is None:
        some = near(name, others) or others[:MOST_NEAR]
        meant = f"muted is {' or '.join(map(repr, some))}" if some else "nothing is"
        fail(f"not muted: {shortened(name)} ({meant})", FOUND)
    if as_json:
        print_json(line)
    else:
        print_text(f"{name} rings again; not rung: {hits(line.hits)}, of which its sinks are told")
