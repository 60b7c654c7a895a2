"""``tocsin sinks test``: a sample message, and what came back."""

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
)

if TYPE_CHECKING:
    from monitor.settings import Settings

__all__ = ["sinks"]


@click.group()
def sinks() -> None:
    """Send a test message."""


@sinks.command()
@config_option
@json_option
@click.argument("name")
def test(config: str | None, name: str, *, as_json: bool) -> None:
    """Send a sample to the sink NAME, and print what came back. Exit 1 if it was not taken."""
    settings = load_settings(config).settings
    if name not in settings.sinks:
        known = ", ".join(settings.sinks) or "none"
        fail(f"no such sink: {name} (configured: {known})", FOUND)
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
