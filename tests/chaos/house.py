"""A whole installation: `tocsin run` as a process (or several), a publisher and its receivers."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from chaos.ground import PATIENCE_S, until
from chaos.news import Publisher, Receiver
from chaos.setups import Setup
from monitor.daemon.control import control_socket

__all__ = ["DaemonProcess", "House", "servers_of"]

LEASE_S = 2.0
TOPIC = '[[topics]]\nname = "quakes"\nquery = "quake"\n'


class DaemonProcess:
    """`tocsin run`, in a session of its own."""

    def __init__(self, folder: Path, words: Sequence[str] = ()) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._log = folder / "log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the product itself
                [
                    sys.executable, "-P", "-m", "monitor", "run",
                    "-c", str(folder / "tocsin.toml"), *words,
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def get(self, path: str) -> int:
        """Return the status of the answer, 0 where nobody answers."""
        connector = aiohttp.UnixConnector(path=str(control_socket(self.data)))
        try:
            async with aiohttp.ClientSession(connector=connector) as session:
                return (await session.get(f"http://tocsin{path}")).status
        except (aiohttp.ClientError, OSError):
            return 0

    async def ready(self) -> None:
        """Wait until it takes work."""

        async def so() -> bool:
            assert self.alive, self.log[-3000:]
            return await self.get("/readyz") == 200

        await until(so, "the daemon is ready")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def signal_group(self, number: int) -> None:
        """Send a signal to it and to all that it started."""
        os.killpg(self.pid, number)

    async def ended(self) -> int:
        """Wait for its end; return how it ended."""
        await until(lambda: not self.alive, "the daemon ends")
        return self._process.returncode

    def end(self) -> None:
        """End it and all that it started."""
        if self.alive:
            self._process.kill()
        self._process.wait()
        for pid in servers_of(self.data):
            os.kill(pid, signal.SIGKILL)


def servers_of(data: Path) -> list[int]:
    """Return the pids of the Valkeys or Redises that serve a data folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            there = (folder / "cwd").readlink()
        except OSError:
            continue  # it ended while we looked
        if b"-server" in words.split(b"\0")[0] and there.is_relative_to(data.resolve()):
            found.append(int(folder.name))
    return found


@dataclass
class House:
    """An installation. Over PostgreSQL each process has a data folder, as on its own machine."""

    setup: Setup
    folder: Path
    database: str
    redis: str
    publisher: Publisher
    receiver: Receiver
    daemons: list[DaemonProcess] = field(default_factory=list)
    """Those that were started, the ended ones too."""

    @property
    def crew(self) -> int:
        """How many daemons are started side by side."""
        return self.setup.processes if self.database != "embedded" else 1

    def write(self, sinks: str = "", more: str = "", stop_within: str = "8s") -> None:
        """Write the config of each daemon; without ``sinks`` it tells one webhook."""
        feeds = "".join(
            f'[[feeds]]\nname = "F{number}"\nurl = "{self.publisher.url}{path}"\n'
            for number, path in enumerate(self.publisher.feeds)
        )
        for number in range(self.crew):
            place = self.folder / f"d{number}"
            place.mkdir(exist_ok=True)
            (place / "tocsin.toml").write_text(
                f'data_dir = "data"\n[database]\nurl = "{self.database}"\n'
                f'[redis]\nurl = "{self.redis}"\n[web]\nlisten = "off"\n'
                '[net]\nallow = ["127.0.0.0/8"]\n[polling]\ninterval = "1s"\n'
                f'[queue]\nlease = "{LEASE_S:.0f}s"\nstop_within = "{stop_within}"\n'
                '[alerts]\nburst = "100000/1h"\n[keep]\ndisk_floor = "1MiB"\n'
                f"{more}\n{TOPIC}{feeds}{sinks or self.hook('ops')}"
            )

    def hook(self, name: str, more: str = "") -> str:
        """Return the config of a webhook that the receiver answers."""
        return (
            f'[sinks.{name}]\ntype = "webhook"\nurl = "{self.receiver.url}/{name}"\n'
            f'allow = ["127.0.0.0/8"]\n{more}\n'
        )

    async def start(self, number: int = 0) -> DaemonProcess:
        """Start one daemon, and wait until it is ready."""
        words: tuple[str, ...] = ()
        if self.database == "embedded" and self.setup.processes > 1:
            words = ("--processes", str(self.setup.processes))
        one = DaemonProcess(self.folder / f"d{number}", words)
        self.daemons.append(one)
        await one.ready()
        return one

    async def open(self, sinks: str = "", **config: str) -> list[DaemonProcess]:
        """Write the config and start as many as the setup says; return once feeds were polled."""
        self.write(sinks, **config)
        crew = [await self.start(number) for number in range(self.crew)]
        await until(lambda: self.publisher.polled, "each feed was polled")
        return crew

    async def call(self, *words: str) -> str:
        """Run a command of the command line for the first daemon; return what it prints."""
        config = str(self.folder / "d0" / "tocsin.toml")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "monitor", *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TOCSIN_CONFIG": config},
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, (words, err.decode())
        return out.decode()

    def accepted(self, *hooks: str) -> set[str]:
        """Return what was published, once for each hook."""
        return {
            f"{hook}:{name}" for hook in hooks or ("ops",) for name in self.publisher.published
        }

    async def told(self, *hooks: str, within_s: float = PATIENCE_S) -> float:
        """Wait until all that was published was told; return the seconds that took."""
        wanted = self.accepted(*hooks)
        return await until(lambda: wanted <= set(self.receiver.runs()), "all was told", within_s)

    async def standstill(self, senders: int) -> None:
        """Shut the gate, and wait until so many requests stand at it: all are before an effect."""
        self.receiver.gate.clear()
        await until(lambda: self.receiver.waiting >= senders, "all senders wait at the gate")

    def close(self) -> None:
        """End what still runs."""
        for one in self.daemons:
            one.end()
