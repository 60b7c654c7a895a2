"""The daemon and the world around it as processes, which end when the benchmark does."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.articles import topics_toml

__all__ = ["Daemon", "Samples", "World", "daemon", "world"]

READY_S, STOP_S = 60.0, 20.0
LOOK_S = 0.25
CONFIG = """\
data_dir = "data"
include = ["topics.toml"]

[web]
listen = "off"

[net]
allow = ["127.0.0.0/8"]

[polling]
interval = "1s"

[log]
format = "json"
level = "warning"

[sinks.bench]
type = "webhook"
url = "{hook}"
secret = "whsec_dG9jc2luLWJlbmNoLXNlY3JldC0wMTIzNDU2Nzg5"
allow = ["127.0.0.0/8"]

{more}
{feeds}
"""
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'="([^"]*)"')


class Samples(dict[tuple[str, str], float]):
    """What /metrics says: by name and the value of its first label."""

    def __missing__(self, key: tuple[str, str]) -> float:
        """Return what a counter is worth that nothing has counted yet."""
        return 0.0

    def total(self, name: str) -> float:
        """Return the sum over all labels."""
        return sum(value for (found, _), value in self.items() if found == name)


@dataclass
class World:
    """What is measured against, from outside."""

    url: str
    pid: int
    session: aiohttp.ClientSession

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return what a GET of the control address answers."""
        async with self.session.get(self.url + path) as answer:
            return await answer.json()

    async def post(self, path: str) -> None:
        """Tell it something."""
        async with self.session.post(self.url + path) as answer:
            answer.raise_for_status()


@dataclass
class Daemon:
    """The daemon, from outside."""

    folder: Path
    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        """Return the process id of the main process."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Say whether it still runs."""
        return self.process.returncode is None

    def must_live(self) -> None:
        """Make sure that it still runs.

        Raises:
            RuntimeError: it has ended; with what it said last.
        """
        if not self.alive:
            said = (self.folder / "log").read_text(errors="replace")
            raise RuntimeError(f"the daemon has ended: {said[-2000:]}")

    async def get(self, path: str) -> tuple[int, str]:
        """Ask the control socket; return status and body."""
        connector = aiohttp.UnixConnector(path=str(self.folder / "data" / "control.sock"))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(f"http://tocsin{path}") as answer,
        ):
            return answer.status, await answer.text()

    async def samples(self) -> Samples:
        """Return what /metrics says."""
        _, page = await self.get("/metrics")
        found = Samples()
        for name, labels, value in _SAMPLE.findall(page):
            first = _LABEL.search(labels)
            if "le=" not in labels:
                found[name, first.group(1) if first else ""] = float(value)
        return found

    async def ready(self) -> bool:
        """Say whether it takes work."""
        try:
            return (await self.get("/readyz"))[0] == 200  # noqa: PLR2004
        except aiohttp.ClientError:
            return False

    def stored(self) -> int:
        """Return the bytes of its database."""
        return sum(path.stat().st_size for path in (self.folder / "data").glob("tocsin.db*"))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Stop a process that we started: kindly, then not."""
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()


@asynccontextmanager
async def world(feeds: int, entries: int) -> AsyncIterator[World]:
    """Run the world; it has made all pages when this returns."""
    words = ["-P", "-m", "benchmarks.load", "--feeds", str(feeds), "--entries", str(entries)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE
    )
    try:
        url = (await process.stdout.readline()).decode().strip() if process.stdout else ""
        async with aiohttp.ClientSession() as session:
            yield World(url, process.pid, session)
    finally:
        await _end(process)


@asynccontextmanager
async def daemon(
    folder: Path, around: World, more: str = "", words: Sequence[str] = ()
) -> AsyncIterator[Daemon]:
    """Run the daemon in ``folder``; it is ready when this returns.

    Args:
        folder: Where its config and data lie.
        around: Its world.
        more: Sections of the config besides the usual ones.
        words: Further words of ``tocsin run``.

    Raises:
        RuntimeError: it ended, or was not ready in time; with what it said last.
    """
    feeds = "\n".join(
        f'[[feeds]]\nname = "Bench {number}"\nurl = {json.dumps(url)}\n'
        for number, url in enumerate(await around.get("/feeds"))
    )
    config = folder / "tocsin.toml"
    config.write_text(CONFIG.format(hook=f"{around.url}/hook", feeds=feeds, more=more))
    (folder / "topics.toml").write_text(topics_toml())
    with (folder / "log").open("wb") as out:
        run = ["-P", "-m", "monitor", "run", "-c", str(config), *words]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *run, stdout=out, stderr=out
        )
    one = Daemon(folder, process)
    try:
        deadline = asyncio.get_running_loop().time() + READY_S
        while not await one.ready():
            one.must_live()
            if asyncio.get_running_loop().time() > deadline:
                raise RuntimeError(f"the daemon was not ready within {READY_S:g} s")
            await asyncio.sleep(LOOK_S)
        yield one
    finally:
        await _end(process)
