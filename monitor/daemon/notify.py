"""Telling systemd how the service is (the protocol of sd_notify(3))."""

import os
import socket

__all__ = ["notify", "watchdog_s"]


def notify(message: str) -> None:
    """Send ``message`` (``READY=1``) to the service manager; nothing where there is none."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.sendto(message.encode(), address)


def watchdog_s() -> float | None:
    """Return how often systemd wants to hear of us (half its limit), None if it does not."""
    micros = os.environ.get("WATCHDOG_USEC", "")
    mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(micros) / 2e6 if micros.isdigit() and mine else None
