"""Telling systemd how the service is (the protocol of sd_notify(3))."""

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping
from typing import Any

from workers.clock import Clock

__all__ = ["ADDRESSED_TO_US", "how_it_is", "listening", "notify", "reloading", "watchdog_s"]

ADDRESSED_TO_US = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
"""Variables that are meant for the main process alone: nobody speaks for it."""


SEND_S = 0.2
"""How long a manager may have no room for a message: the event loop stands still meanwhile."""


def notify(*lines: str) -> None:
    """Send lines such as ``READY=1`` to the service manager; nothing where there is none.

    A manager that does not listen is no reason to stop working, nor to wait.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    message = "\n".join(" ".join(line.split()) for line in lines)
    if address.startswith("@"):
        address = "\0" + address[1:]
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel,
    ):
        channel.settimeout(SEND_S)
        channel.sendto(message.encode("utf-8", "replace"), address)


def listening() -> bool:
    """Say whether there is a service manager to be told."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def how_it_is(ready: Mapping[str, Any]) -> str:
    """Return what `systemctl status` shows of a readiness report: the checks that are unwell."""
    unwell = [
        f"{name}: {check.get('error', check['status'])}"
        for name, check in ready["checks"].items()
        if check["status"] != "ok"
    ]
    return "; ".join([ready["status"], *unwell])


@contextlib.contextmanager
def reloading(clock: Clock) -> Iterator[None]:
    """Tell that the settings are being read again, for as long as the block lasts."""
    notify("RELOADING=1", f"MONOTONIC_USEC={int(clock.monotonic() * 1e6)}")
    try:
        yield
    finally:
        notify("READY=1")


def watchdog_s() -> float | None:
    """Return how often systemd wants to hear of us (half its limit), None if it does not."""
    micros = os.environ.get("WATCHDOG_USEC", "")
    mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(micros) / 2e6 if micros.isdigit() and int(micros) and mine else None
