"""An installation in a folder of its own: its config, its daemon in this process, its commands."""

import asyncio
import io
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import tocsin
from monitor.daemon.control import control_socket
from monitor.daemon.roles import ALL_ROLES
from monitor.daemon.service import Daemon
from monitor.logs import configure
from monitor.settings import load
from monitor.web.client import ask
from workers.clock import SystemClock
from workers.lanes import stream

TOPICS = """
[[topics]]
name = "quakes"
query = "quake"
[[topics]]
name = "floods"
query = "flood"
"""


class Installation:
    """A config folder and what runs by it."""

    def __init__(self, folder: Path, redis: str, template: Path) -> None:
        self.folder = folder
        self.redis = redis
        self.template = template
        self.daemons: list[Daemon] = []
        self.topics(TOPICS)
        self.write()

    @property
    def config(self) -> Path:
        return self.folder / "tocsin.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def topics(self, text: str) -> None:
        """Write the included file of topics."""
        (self.folder / "topics.toml").write_text(text)

    def write(
        self,
        feeds: tuple[str, ...] = ("http://127.0.0.1:9/feed",),
        sinks: str = '[sinks.journal]\ntype = "file"\npath = "alerts.jsonl"\n',
        more: str = "",
        web: str = 'listen = "off"',
    ) -> None:
        """Write the main file."""
        listed = "".join(
            f'[[feeds]]\nname = "Feed {number}"\nurl = "{url}"\n'
            for number, url in enumerate(feeds)
        )
        self.config.write_text(
            f'data_dir = "data"\ninclude = ["topics.toml", "more.d/*.toml"]\n'
            f'[redis]\nurl = "{self.redis}"\n[net]\nallow = ["127.0.0.0/8"]\n'
            f"[web]\n{web}\n{more}\n{listed}\n{sinks}\n"
        )

    def database(self) -> Path:
        """Return where the database is; where there is no data at all, it is put there, empty."""
        path = self.data / "tocsin.db"
        if not self.data.exists():
            self.data.mkdir()
            (self.data / "tocsin.dir").touch()
            shutil.copy(self.template, path)
        return path

    async def start(self, roles: Iterable[str] = ALL_ROLES) -> Daemon:
        """Start a daemon by the files as they are."""
        self.database()
        loaded = load(self.config, {})
        assert () == loaded.fatal
        daemon = Daemon(loaded, SystemClock(), roles=frozenset(roles))
        await daemon.start()
        self.daemons.append(daemon)
        return daemon

    async def stop(self, daemon: Daemon) -> None:
        """Stop it."""
        self.daemons.remove(daemon)
        await daemon.stop()

    async def ask(self, method: str, path: str) -> dict | None:
        """Ask over the control socket."""
        return await ask(control_socket(self.data), method, path)

    async def call(self, *words: str) -> Result:
        """Run a command beside the daemon of this process."""
        try:
            return await asyncio.to_thread(self.run, *words)
        finally:
            _be_quiet()

    def run(self, *words: str, text: str | None = None) -> Result:
        """Run a command."""
        return CliRunner().invoke(tocsin, list(words), input=text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with nothing of the real environment.

    Lanes end at once there, and a daemon writes nothing among what commands print.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stream, "BLOCK_S", 0.05)
    for name in list(os.environ):
        if name.startswith("TOCSIN_"):
            monkeypatch.delenv(name)
    _be_quiet()
    return tmp_path


def _be_quiet() -> None:
    configure("json", "error", io.StringIO())


@pytest.fixture
async def installation(folder: Path, valkey, template: Path) -> AsyncIterator[Installation]:
    """An installation whose work is held by the server of this run."""
    one = Installation(folder, valkey.url, template)
    yield one
    for daemon in list(one.daemons):
        await daemon.stop()


@pytest.fixture
async def installation_on(folder: Path, own_valkey, template: Path) -> AsyncIterator[Installation]:
    """An installation whose server the test may kill."""
    one = Installation(folder, own_valkey.url, template)
    yield one
    for daemon in list(one.daemons):
        await daemon.stop()


@pytest.fixture
def lines():
    """Reads what ``--json`` printed: one object a line, and nothing else."""

    def read(result: Result) -> list[dict]:
        return [json.loads(line) for line in result.stdout.splitlines()]

    return read


@pytest.fixture
def small(installation) -> Iterator[Path]:
    """The installation's data folder on a file system of 48 MiB; skips where none is mounted."""
    installation.data.mkdir()
    folder = str(installation.data)
    done = subprocess.run(  # noqa: S603 - our own words
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", folder],  # noqa: S607 - as the PATH has it
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield installation.data
    finally:
        subprocess.run(["umount", "-l", folder], check=True)  # noqa: S603, S607 - as above
