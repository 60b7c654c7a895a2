"""Valkey as our own child: started, watched, started again, and ended with us.

::

    lock free ──► a server answers on our socket? ── yes ─► adopt it ─┐
        │                                            no ─► start one ─┴► watch: gone? start again
    lock held by another process ──► use its server, try for the lock each second

A server that is there and says nothing for `SILENT_S` is killed and started again. Files that it
cannot read are put aside: what they held is filled from SQL.
"""

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from workers.broker.aof import log_end, put_aside, why_unreadable
from workers.broker.binary import find_binary
from workers.broker.child import is_ours, last_words, left_over, program_version, spawn
from workers.broker.datadir import FileLock, claim_folder
from workers.broker.places import Places
from workers.broker.probe import Health, ask, shut_down
from workers.clock import Clock
from workers.errors import TocsinError

if TYPE_CHECKING:
    import subprocess

__all__ = ["EmbeddedValkey"]

READY_S = 15.0
"""A server that does not answer for so long after its start will not."""
LOADING_S = 300.0
"""One that says it is loading its data may take longer."""
STOP_S = 5.0
LOOK_S = 0.25
ASK_S = 2.0
"""Our own child is asked so often; that it has ended the kernel tells at once."""
SILENT_S = 10.0
"""After so long without an answer a server that is there will not answer any more."""
STEADY_S = 10.0
"""A server that lived for so long is started again without waiting."""
LOCK_S = 1.0
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 5.0
MISSES = 3
"""Looks in a row without an answer before a server that is not our child counts as gone."""
_log = structlog.get_logger()


class ServerEnded(TocsinError):
    """The server ended instead of becoming ready."""


class EmbeddedValkey:
    """The Valkey of one data folder. To be used on the main thread."""

    def __init__(self, data_dir: Path, clock: Clock, program: Path | None = None) -> None:
        self._data_dir = data_dir
        self._clock = clock
        self._program = program
        self._places = Places.of(data_dir)
        self._lock = FileLock(self._places.lock)
        self._child: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None
        self._heard_at = 0.0
        """When the server last answered."""
        self._stopping = False
        self._one_at_a_time = asyncio.Lock()

    @property
    def url(self) -> str:
        """The address of its socket; the same before, during and after its life."""
        return self._places.url

    @property
    def pid(self) -> int | None:
        """The pid of the server that this process looks after, None if it does not."""
        return self._pid

    async def start(self) -> str:
        """Make sure that a server answers, ours to look after or another process's.

        Returns:
            Its address.

        Raises:
            TocsinError: the folder is somebody else's, there is no Valkey, or it did not start.
        """
        claim_folder(self._data_dir)
        self._stopping = False
        self._places.make()
        try:
            await self._have_one()
        except BaseException:
            await self.stop()
            raise
        return self.url

    async def watch(self) -> None:
        """Start the server again whenever it is gone. Runs until `stop`, or until cancelled."""
        backoff, began = 0.0, self._clock.monotonic()
        while not self._stopping:
            if not self._lock.held:
                await self._clock.sleep(LOCK_S)
                if not self._lock.acquire():
                    continue
            elif await self._lives():
                await self._clock.sleep(LOOK_S)
                continue
            if self._clock.monotonic() - began >= STEADY_S:
                backoff = 0.0
            await self._clock.sleep(backoff)
            backoff = min(LONGEST_BACKOFF_S, max(FIRST_BACKOFF_S, 2 * backoff))
            await self._heal()
            began = self._clock.monotonic()

    async def stop(self) -> None:
        """End the server if it is ours to look after, and let another process look after it."""
        self._stopping = True
        async with self._one_at_a_time:
            if self._lock.held:
                await self._end()
                self._lock.release()

    async def _have_one(self) -> None:
        """Look after a server, or use another process's: whichever comes about first."""
        began = self._clock.monotonic()
        while not self._lock.acquire():
            health = await ask(self._places.socket)
            if health.answers and not health.loading:
                return
            self._raise_if_late(began, health)
            await self._clock.sleep(LOOK_S)
        await self._adopt_or_start()

    async def _heal(self) -> None:
        try:
            async with self._one_at_a_time:
                if not self._stopping:
                    await self._adopt_or_start()
        except TocsinError as error:
            _log.error("valkey_not_started", error=str(error))

    async def _adopt_or_start(self) -> None:
        for _ in range(MISSES):
            health = await ask(self._places.socket)
            if health.answers:
                await self._adopt(health)
                return
            if not health.silent:
                break
        await self._start()

    async def _adopt(self, health: Health) -> None:
        """Look after a server whose owner ended before it did."""
        if health.loading:
            health = await self._wait_until_ready()
        if health.folder != str(self._places.folder):
            raise TocsinError(
                f"another server has Valkey's socket: {self._places.socket}: it keeps its data in "
                f"{health.folder} (stop it, or name another data_dir)"
            )
        if self._child is not None and health.pid == self._child.pid:
            return
        self._child, self._pid, self._heard_at = None, health.pid, self._clock.monotonic()
        _log.info("valkey_adopted", pid=health.pid, version=health.version)

    async def _start(self) -> None:
        left = left_over(self._places)
        if left is not None:
            await self._see_off(left, "it did not answer")
        program = self._program or find_binary()
        version = program_version(program)
        since = log_end(self._places)
        try:
            await self._launch(program)
        except ServerEnded:
            why = why_unreadable(self._places, since)
            if why is None:
                raise
            self._begin_anew(why)
            await self._launch(program)
        _log.info("valkey_started", program=str(program), version=version, pid=self._pid)

    async def _launch(self, program: Path) -> None:
        try:
            self._child = spawn(program, self._places)
        except OSError as error:
            raise TocsinError(f"Valkey does not start: {program}: {error.strerror}") from error
        self._pid = self._child.pid
        await self._wait_until_ready()

    def _begin_anew(self, why: str) -> None:
        try:
            aside = put_aside(self._places)
        except OSError as error:
            raise TocsinError(
                f"Valkey's files cannot be read, nor moved: {error.filename}: {error.strerror}"
            ) from error
        _log.error("valkey_files_put_aside", aside=str(aside), reason=why)

    async def _wait_until_ready(self) -> Health:
        """Ask until it answers; one that is loading gets longer."""
        began = self._clock.monotonic()
        while True:
            health = await ask(self._places.socket)
            if health.answers and not health.loading:
                self._heard_at = self._clock.monotonic()
                return health
            self._raise_if_ended()
            self._raise_if_late(began, health)
            await self._clock.sleep(0.02)

    def _raise_if_late(self, began: float, health: Health) -> None:
        if self._stopping:
            raise TocsinError(f"Valkey is not waited for: {self._places.socket}: stopping")
        waited = self._clock.monotonic() - began
        if waited > (LOADING_S if health.loading else READY_S):
            raise TocsinError(
                f"Valkey does not answer: {self._places.socket}: after {waited:.0f} s; "
                f"{last_words(self._places.log)}"
            )

    def _raise_if_ended(self) -> None:
        if self._child is None or self._child.poll() is None:
            return
        code, self._child, self._pid = self._child.returncode, None, None
        raise ServerEnded(
            f"Valkey ended at once: exit {code}: {last_words(self._places.log)} "
            f"(see {self._places.log})"
        )

    async def _lives(self) -> bool:
        """Look whether the server is still there. Our own child the kernel tells us of."""
        child, pid = self._child, self._pid
        if pid is None:
            return False
        if child is not None and child.poll() is not None:
            _log.warning("valkey_ended", pid=pid, exit=child.returncode)
        elif await self._answers(pid, ours=child is not None):
            return True
        self._child = self._pid = None
        return False

    async def _answers(self, pid: int, *, ours: bool) -> bool:
        """Ask now and then; a server that says nothing for too long is killed."""
        if ours and self._clock.monotonic() - self._heard_at < ASK_S:
            return True
        for _ in range(MISSES):
            health = await ask(self._places.socket)
            if health.answers:
                self._heard_at = self._clock.monotonic()
                return True
            if ours or health.silent or is_ours(pid, self._places):
                break
            await self._clock.sleep(LOOK_S)
        else:
            _log.warning("valkey_ended", pid=pid)
            return False
        if self._stopping or self._clock.monotonic() - self._heard_at < SILENT_S:
            return True
        await self._kill(pid, f"no answer for {SILENT_S:.0f} s")
        return False

    async def _end(self) -> None:
        """Ask the server to end, and see to it."""
        pid = self._pid
        if pid is None:
            return
        if self._child is not None:
            self._child.terminate()
        else:
            await shut_down(self._places.socket)
        await self._see_off(pid, "it did not stop")
        self._child = self._pid = None

    async def _see_off(self, pid: int, reason: str) -> None:
        """Wait for a server to end, and kill it if it does not."""
        if await self._wait_until_gone(pid):
            return
        await self._kill(pid, reason)

    async def _kill(self, pid: int, reason: str) -> None:
        _log.warning("valkey_killed", pid=pid, reason=reason)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        await self._wait_until_gone(pid)

    async def _wait_until_gone(self, pid: int) -> bool:
        began = self._clock.monotonic()
        while self._clock.monotonic() - began < STOP_S:
            if self._child is not None and self._child.pid == pid:
                gone = self._child.poll() is not None
            else:
                gone = not is_ours(pid, self._places)
            if gone:
                return True
            await self._clock.sleep(0.02)
        return False
