"""A whole installation on loopback: newswire, receivers, and the daemon as a process."""

import asyncio
import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, UnixConnector, web
from aiosmtpd.controller import UnthreadedController
from click.testing import CliRunner
from standardwebhooks import Webhook

from monitor.cli import tocsin as commands
from monitor.demo.newswire import Newswire, NewswireServer
from monitor.logs import configure
from workers.clock import SystemClock

SEEDS = Path(__file__).parents[2] / "seeds"
SECRET = "whsec_" + "dG9jc2luLXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk="
PATIENCE_S = 60.0


async def _until(fact: Callable[[], object | Awaitable[object]], what: str) -> None:
    """Wait until ``fact`` is true; fail with ``what`` if it never is."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        found = fact()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert asyncio.get_running_loop().time() < deadline, f"never happened: {what}"
        await asyncio.sleep(0.05)


@dataclass
class Receiver:
    """A webhook receiver that dedupes by id, as the documentation asks of receivers."""

    url: str = ""
    status: int = 200
    requests: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        body = Webhook(SECRET).verify(raw, dict(request.headers))
        if self.status == 200:
            self.requests.append((request.headers["webhook-id"], body))
        return web.Response(status=self.status, text="taken")

    @property
    def messages(self) -> dict[str, dict[str, object]]:
        return dict(self.requests)

    @property
    def rung(self) -> list[tuple[str, str]]:
        """(topic, address) pairs of all distinct alerts."""
        return [
            (topic["name"], body["data"]["article"]["url"])
            for body in self.messages.values()
            if body["type"] == "alert.created"
            for topic in body["data"]["topics"]
        ]


class Mailbox:
    """An SMTP server that keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        self.mails.append(envelope.content)
        return "250 kept"


@dataclass
class Tocsin:
    """The daemon as a process, with its config and data."""

    folder: Path
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    @property
    def config(self) -> Path:
        return self.folder / "tocsin.toml"

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("log.*")))

    async def start(self, *words: str, wait: bool = True) -> None:
        """Run it with further ``words`` of the command line."""
        self.starts += 1
        with (self.folder / f"log.{self.starts}").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "monitor",
                "run",
                "-c",
                str(self.config),
                *words,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            await _until(self._ready, "the daemon is ready")

    async def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.log[-3000:]
        try:
            return (await self.get("/readyz"))[0] == 200
        except OSError:
            return False

    async def get(self, path: str) -> tuple[int, bytes]:
        connector = UnixConnector(path=str(self.folder / "data" / "control.sock"))
        async with ClientSession(connector=connector) as session:
            answer = await session.get(f"http://tocsin{path}")
            return answer.status, await answer.read()

    async def kill(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 30)

    def offspring(self) -> dict[int, str]:
        """Pid and command line of each process that the daemon started itself."""
        assert self.process is not None
        found = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                rest = stat.read_text().rsplit(")", 1)[1].split()
                if int(rest[1]) == self.process.pid:
                    told = (stat.parent / "cmdline").read_bytes()
                    found[int(stat.parent.name)] = told.replace(b"\0", b" ").decode()
        return found

    def members(self) -> list[int]:
        """Pids of the processes that a supervisor runs."""
        return sorted(pid for pid, told in self.offspring().items() if "--child" in told)

    async def report(self) -> dict:
        """What ``/status`` says."""
        return json.loads((await self.get("/status"))[1])

    def kill_valkey(self) -> None:
        """End the daemon's own Valkey, as the kernel would when memory is short."""
        assert self.process is not None
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                name, rest = stat.read_text().split("(", 1)[1].rsplit(")", 1)
            except OSError:
                continue  # it ended while we looked
            if int(rest.split()[1]) == self.process.pid and "-server" in name:
                os.kill(int(stat.parent.name), signal.SIGKILL)
                return
        raise AssertionError("the daemon has no Valkey")

    async def call(self, *words: str) -> tuple[int, str, str]:
        """Run a command of the command line; return its exit code, stdout and stderr."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "monitor",
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TOCSIN_CONFIG": str(self.config)},
        )
        out, err = await asyncio.wait_for(
            process.communicate(), 110
        )  # the demo, on a busy machine
        return process.returncode or 0, out.decode(), err.decode()

    async def ask(self, *words: str) -> tuple[int, str, str]:
        """Run a command as `call` does, but in this process: another takes seconds to begin."""
        runner = CliRunner(env={"TOCSIN_CONFIG": str(self.config)})
        try:
            done = await asyncio.to_thread(runner.invoke, commands, list(words))
        finally:
            configure("json", "error", io.StringIO())
        return done.exit_code, done.stdout, done.stderr

    @property
    def memory(self) -> tuple[int, int]:
        """Bytes of the daemon's own process in memory: now, and the most there ever were."""
        assert self.process is not None
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in told.splitlines())
        now, most = (int(lines[name].split()[0]) << 10 for name in ("VmRSS", "VmHWM"))
        return now, most

    def write(
        self,
        feeds: list[tuple[str, str, tuple[str, ...]]],
        sinks: str,
        more: str = "",
        *,
        allow: str = "127.0.0.0/8",
    ) -> None:
        """Write a config that polls ``feeds`` each second and may reach ``allow``."""
        listed = "\n".join(
            f"[[feeds]]\nname = {json.dumps(name)}\nurl = {json.dumps(url)}\n"
            f"tags = {json.dumps(list(tags))}\n"
            for name, url, tags in feeds
        )
        self.config.write_text(
            f'data_dir = "data"\ninclude = ["topics.toml"]\n{more}\n'
            '[web]\nlisten = "off"\n'
            f'[net]\nallow = ["{allow}"]\n'
            '[polling]\ninterval = "1s"\n'
            '[queue]\nlease = "2s"\n'
            '[log]\nformat = "json"\n'
            f"{listed}\n{sinks}\n"
        )
        topics = self.folder / "topics.toml"
        if not topics.exists():
            topics.write_text((SEEDS / "newswire" / "topics.toml").read_text())


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Waits for a fact, and fails if it never comes true."""
    return _until


@pytest.fixture
def secret() -> str:
    """The secret that the receiver verifies by."""
    return SECRET


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A running webhook receiver."""
    one = Receiver()
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def smtp() -> AsyncIterator[tuple[str, Mailbox]]:
    """A running SMTP server: its address and what it got."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    controller = UnthreadedController(box, hostname="127.0.0.1", port=0, loop=loop)
    controller.server = await controller._create_server()
    port = controller.server.sockets[0].getsockname()[1]
    yield f"smtp://127.0.0.1:{port}", box
    controller.server.close()
    await controller.server.wait_closed()


@pytest.fixture
async def wire() -> AsyncIterator[NewswireServer]:
    """The newswire on loopback, standing at its beginning."""
    server = NewswireServer(Newswire.load(SEEDS / "newswire"), SystemClock())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def machines(tmp_path: Path) -> AsyncIterator[Callable[[str], Tocsin]]:
    """Makes daemons, each in a folder of its own by name; they are ended at the end."""
    made: list[Tocsin] = []

    def make(name: str) -> Tocsin:
        (tmp_path / name).mkdir()
        made.append(Tocsin(tmp_path / name))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None and one.process.returncode is None:
            await one.kill()


@pytest.fixture
async def tocsin(tmp_path: Path) -> AsyncIterator[Tocsin]:
    """A daemon in a folder of its own, not started yet; ended at the end."""
    one = Tocsin(tmp_path)
    yield one
    if one.process is not None and one.process.returncode is None:
        await one.kill()
