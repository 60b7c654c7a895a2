"""What the service manager is told, over a socket as systemd's."""

import asyncio
import socket
from pathlib import Path

import pytest

from monitor.daemon.notify import how_it_is, notify


class Manager:
    """A service manager that listens."""

    def __init__(self, path: Path) -> None:
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.channel.bind(str(path))
        self.channel.settimeout(0.0)
        self.told: list[str] = []

    def hear(self) -> list[str]:
        """Return all lines that were ever told."""
        while True:
            try:
                self.told += self.channel.recv(4096).decode().split("\n")
            except BlockingIOError:
                return self.told


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The manager that started us, which wants to hear of us every now and then."""
    one = Manager(tmp_path / "n.sock")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n.sock"))
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    yield one
    one.channel.close()


async def test_the_life_of_a_service(manager, installation, eventually):
    """Ready, alive, reloading and stopping are told in the words of the protocol."""
    daemon = await installation.start()
    assert ["READY=1", "STATUS=1 feeds, 2 topics"] == manager.hear()
    await eventually(lambda: "WATCHDOG=1" in manager.hear())
    await daemon._tell_manager()
    assert "STATUS=ok; 1 feeds, 2 topics" in manager.hear()
    manager.told.clear()
    assert (await installation.ask("POST", "/reload"))["ok"]
    reload = [line for line in manager.hear() if line != "WATCHDOG=1"]
    since = reload[1].removeprefix("MONOTONIC_USEC=")
    assert ["RELOADING=1", "READY=1"] == [reload[0], reload[2]]
    assert 0 < asyncio.get_running_loop().time() - int(since) / 1e6 < 60
    await installation.stop(daemon)
    assert "STOPPING=1" in manager.hear()


async def test_nothing_is_said_while_a_loop_stands_still(manager, installation, monkeypatch):
    """The watchdog hears nothing while one loop does not beat, whichever roles there are."""
    monkeypatch.delenv("WATCHDOG_USEC")
    daemon = await installation.start({"deliver"})
    await daemon._watchdog()
    assert "WATCHDOG=1" in manager.hear()
    lane = daemon.state.lanes._sink_lanes["journal"]
    manager.told.clear()
    lane.pulse.beat = lambda: None
    lane.pulse._at = float("-inf")
    await daemon._watchdog()
    assert [] == manager.hear()
    told = await installation.ask("GET", "/livez")
    assert ("failing", ["sink:journal"]) == (told["status"], told["still"])


def test_a_manager_that_has_no_room(manager, monkeypatch):
    """A manager that does not take its messages is not waited for."""
    monkeypatch.setattr("monitor.daemon.notify.SEND_S", 0.0)
    for number in range(1000):  # many more than a socket keeps
        notify(f"STATUS={number}")
    assert "STATUS=0" in manager.hear()
    assert "STATUS=999" not in manager.hear()


@pytest.mark.parametrize("address", ["/nowhere/at/all", "@nobody", ""])
def test_nobody_listens(monkeypatch, address):
    """A manager that does not listen, or none, is no error."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify("READY=1")


def test_a_line_is_a_line(manager):
    """Whatever an error says, it does not become a line of the protocol."""
    checks = {
        "redis": {"status": "failing", "error": "gone\nWATCHDOG=1"},
        "disk": {"status": "ok"},
    }
    notify(f"STATUS={how_it_is({'status': 'failing', 'checks': checks})}")
    assert ["STATUS=failing; redis: gone WATCHDOG=1"] == manager.hear()
