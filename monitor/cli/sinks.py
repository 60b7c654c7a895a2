"""``tocsin sinks``: how each stands, a sample message, and telling one again."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    print_text,
)
from monitor.cli.inputs import SINCE, iso

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from monitor.settings import Settings
    from workers.model.report import Backlog
    from workers.model.sink import Enabled, SinkHealth

__all__ = ["sinks"]


@click.group()
def sinks() -> None:
    """See how sinks stand, send a sample, tell one again that was disabled."""


def _known(settings: "Settings", name: str) -> None:
    if name not in settings.sinks:
        known = ", ".join(settings.sinks) or "none"
        fail(f"no such sink: {name} (configured: {known})", FOUND)


@sinks.command("list")
@config_option
@json_option
def list_(config: str | None, *, as_json: bool) -> None:
    """Print how each sink stands, and how much waits for it."""
    settings = load_settings(config).settings

    async def ask(store: "SqlStore") -> "tuple[dict[str, SinkHealth], dict[str, Backlog]]":
        return await store.sink_states(), (await store.counts()).sinks

    async def both() -> list[dict[str, Any]]:
        states, waiting = await ask_store(config, ask)
        breakers = await _breakers(settings)
        return [
            _stands(settings, name, states.get(name), waiting.get(name), breakers.get(name))
            for name in settings.sinks
        ]

    for line in asyncio.run(both()):
        if as_json:
            print_json(line)
        else:
            _print_sink(line)


async def _breakers(settings: "Settings") -> dict[str, str]:
    """Return the breakers as the running daemon knows them; without one none are known."""
    from monitor.daemon.control import control_socket
    from monitor.web.client import ask

    report = await ask(control_socket(settings.data_dir), "GET", "/status")
    known = report["queue"]["sinks"] if report is not None else {}
    return {name: sink["breaker"] for name, sink in known.items()}


def _stands(
    settings: "Settings",
    name: str,
    health: "SinkHealth | None",
    waiting: "Backlog | None",
    breaker: str | None,
) -> dict[str, Any]:
    sink, off = settings.sinks[name], health is not None and health.state == "disabled"
    return {
        "sink": name,
        "type": sink.type,
        "state": "disabled" if off or not sink.enabled else "enabled",
        "since": health.since if health is not None and off else None,
        "reason": (health.reason if health is not None else None)
        or (None if sink.enabled else "enabled = false in the config"),
        "failing_since": health.failing_since if health is not None else None,
        "breaker": breaker,
        "undelivered": (waiting.open + waiting.held) if waiting else 0,
        "held": waiting.held if waiting else 0,
        "oldest_s": waiting.oldest_s if waiting else None,
    }


def _print_sink(line: dict[str, Any]) -> None:
    failing = f", failing since {iso(line['failing_since'])}" if line["failing_since"] else ""
    breaker = f", breaker {line['breaker']}" if line["breaker"] else ""
    print_text(
        f"{line['sink']} ({line['type']}): {line['state']}{failing}{breaker}, "
        f"{line['undelivered']} undelivered, {line['held']} held"
    )
    if line["reason"]:
        print_text(f"  {line['reason']}")


@sinks.command()
@config_option
@json_option
@click.option(
    "--drop-older", type=SINCE, help="Never send what is older: a duration like 6h, or a time."
)
@click.argument("name")
def enable(config: str | None, name: str, drop_older: datetime | None, *, as_json: bool) -> None:
    """Tell the sink NAME again, also what it was not told while it was disabled, and who left it.

    The most severe comes first, and of that the newest; what is older than an hour begins with how
    late it is. A daemon that runs takes it up within seconds, one that is started later then.
    """
    from workers.clock import SystemClock

    settings = load_settings(config).settings
    _known(settings, name)
    if not settings.sinks[name].enabled:
        fail(f"the sink is disabled in the config: {name} (set enabled = true)", FOUND)
    older_s = (SystemClock().now() - drop_older).total_seconds() if drop_older else None

    async def go(store: "SqlStore") -> "tuple[Enabled, int]":
        return await store.enable_sink(name, older_s), await store.let_return(name)

    done, returned = asyncio.run(ask_store(config, go, writes=True))
    if as_json:
        print_json({"sink": name, **_fields(done), "returned": returned})
        return
    dropped = f", {done.dropped} dropped" if older_s is not None else ""
    before = "" if done.was_disabled else " (it was not disabled)"
    print_text(f"{name} is enabled{before}: {done.released} will be sent{dropped}")
    if returned:
        print_text(f"{returned} recipients who had left are told again")


def _fields(done: "Enabled") -> dict[str, Any]:
    return {
        "was_disabled": done.was_disabled,
        "released": done.released,
        "dropped": done.dropped,
    }


@sinks.command()
@config_option
@json_option
@click.argument("name")
def test(config: str | None, name: str, *, as_json: bool) -> None:
    """Send a sample to the sink NAME, and print what came back. Exit 1 if it was not taken."""
    settings = load_settings(config).settings
    _known(settings, name)
    results = asyncio.run(_send(settings, name))
    for result in results:
        if as_json:
            print_json(result)
        else:
            whom = f" to {result['recipient']}" if result["recipient"] else ""
            print_text("\n".join(f"> {line}" for line in str(result["request"]).splitlines()))
            print_text(f"< {result['answer']}")
            print_text(f"{result['outcome']}{whom}")
    if any(result["outcome"] != "sent" for result in results):
        raise SystemExit(FOUND)


async def _send(settings: "Settings", name: str) -> list[dict[str, str | int | None]]:
    from monitor.daemon.sinks import BadSink, Sessions, build_sink, request_text, sink_routes
    from monitor.settings import user_agent
    from monitor.shipped import version
    from workers.alerts import sample
    from workers.clock import SystemClock
    from workers.errors import Permanent, Transient

    sessions, agent = Sessions(), user_agent(settings, version())
    setting = settings.sinks[name]
    results: list[dict[str, str | int | None]] = []
    try:
        sink = build_sink(setting, sessions, agent)
        route = next(route for route in sink_routes(settings) if route.name == name)
        for recipient in route.recipients:
            notice = sample(SystemClock().now(), recipient, settings.web.public_url)
            result: dict[str, str | int | None] = {"sink": name, "recipient": recipient}
            result["request"] = request_text(setting, notice, agent)
            try:
                answer = await sink.send(notice)
                result |= {"outcome": "sent", "reason": None, "answer": answer}
            except (Transient, Permanent) as error:
                kind = "refused" if isinstance(error, Permanent) else "failed"
                result |= {"outcome": kind, "reason": error.reason, "answer": str(error)}
            results.append(result)
        await sink.close()
    except BadSink as error:
        fail(str(error), FOUND)
    finally:
        await sessions.close()
    return results
