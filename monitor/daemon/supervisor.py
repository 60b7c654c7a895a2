"""Several processes on one machine, one of which only looks after the others.

::

    supervisor ── has the data folder, the embedded Valkey, the address, the control socket
        ├── process 1 ── lanes; a control socket of its own, by which it is asked
        └── process 2 ── …      ends? it is started again. Supervisor gone? it ends, too
"""

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

import structlog

from monitor.daemon.control import control_socket, member_socket
from monitor.daemon.member import Member
from monitor.daemon.notify import how_it_is, listening, notify, watchdog_s
from monitor.daemon.roles import Roles
from monitor.daemon.together import Together
from monitor.settings import Loaded, queue_options
from monitor.web.app import build_control, build_public
from monitor.web.serve import serve
from workers.broker import DataDirLock, EmbeddedValkey
from workers.clock import Clock
from workers.errors import TocsinError

__all__ = ["MemberEnded", "Supervisor"]

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 30.0
STEADY_S = 60.0
"""A process that lived for so long is started again at once."""
LOOK_S = 5.0
STUCK_LOOKS = 12
"""Looks in a row that found a loop standing still, after which its process is killed."""
CLOSE_S = 5.0
"""What a process may take to close after its drain, before it is killed."""
_log = structlog.get_logger()


class MemberEnded(TocsinError):
    """A process ended at its first start: what is wrong is wrong for all of them."""

    def __init__(self, number: int, code: int) -> None:
        super().__init__(f"process {number} ended at its start: exit {code}")
        self.code = max(1, code)


class Supervisor:
    """Starts processes and keeps them running. `start`, then `wait`, then `stop`."""

    def __init__(
        self, loaded: Loaded, clock: Clock, roles: Roles, processes: int, command: Sequence[str]
    ) -> None:
        self._loaded = loaded
        self._clock = clock
        self._roles = roles
        folder = loaded.settings.data_dir
        self._members = [
            Member(number, processes, command, member_socket(folder, number))
            for number in range(1, processes + 1)
        ]
        self._together = Together(self._members, loaded, clock)
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._keeping: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._asked = False
        self._reloading: asyncio.Task[None] | None = None
        self._begun = False
        self.address: str | None = None
        """Where the public endpoints are served, None if they are off."""

    async def start(self) -> None:
        """Take the data folder, start Valkey, listen, and start the processes, the first alone.

        Returns early when it is asked to stop meanwhile.

        Raises:
            TocsinError: something that is needed is not there; everything is ended again.
        """
        try:
            await self._open()
            await self._begin(self._members[:1])
            await self._begin(self._members[1:])
        except BaseException:
            await self._end()
            raise
        if self._stop.is_set():
            return
        self._begun = True
        self._spawn("look", self._look())
        if (period := watchdog_s()) is not None:
            self._spawn("watchdog", self._watchdog(period))
        notify("READY=1", f"STATUS={len(self._members)} processes at work")
        _log.info("started", processes=len(self._members), web=self.address or "off")

    async def _open(self) -> None:
        settings = self._loaded.settings
        lock = DataDirLock(settings.data_dir)
        lock.acquire()
        self._stack.callback(lock.release)
        if settings.redis.url.first() == "embedded":
            valkey = EmbeddedValkey(settings.data_dir, self._clock)
            await valkey.start()
            self._stack.push_async_callback(valkey.stop)
            self._spawn("valkey", valkey.watch())
        control = await serve(
            build_control(self._together, self._clock), f"unix:{control_socket(settings.data_dir)}"
        )
        self._stack.push_async_callback(control.close)
        if settings.web.listen != "off":
            token = settings.web.token.reveal if settings.web.token else tuple
            public = build_public(self._together, token, self._clock, pages="web" in self._roles)
            served = await serve(public, settings.web.listen)
            self._stack.push_async_callback(served.close)
            self.address = served.address

    def _spawn(self, name: str, loop: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(loop, name=name))

    async def _begin(self, members: Sequence[Member]) -> None:
        """Start processes; return once all are at work, or it is asked to stop.

        Raises:
            MemberEnded: one ended before they were, or one that was begun earlier.
        """
        begun = [
            asyncio.create_task(self._keep(member), name=f"process:{member.number}")
            for member in members
        ]
        self._keeping += begun
        ready = asyncio.create_task(_all_ready(members), name="ready")
        stop = asyncio.create_task(self._stop.wait(), name="stop")
        await asyncio.wait((ready, stop, *self._keeping), return_when=asyncio.FIRST_COMPLETED)
        for waiting in (ready, stop):
            waiting.cancel()
        for task in self._keeping:
            if task.done():
                task.result()

    async def _keep(self, member: Member) -> None:
        """Run a process again and again, until asked to stop."""
        backoff, first = 0.0, member.number == 1
        while not self._stop.is_set():
            began = self._clock.monotonic()
            try:
                code = await member.run(first=first)
            except OSError as error:
                code = 1
                _log.error("process_not_started", process=member.number, error=str(error))
            if self._stop.is_set():
                return
            if not self._begun:
                raise MemberEnded(member.number, code)
            first = False
            if self._clock.monotonic() - began >= STEADY_S:
                backoff = 0.0
            _log.error("process_ended", process=member.number, exit=code, again_in_s=backoff)
            self._together.meter.count("tocsin_process_restarts_total")
            await self._pause(backoff)
            backoff = min(LONGEST_BACKOFF_S, max(FIRST_BACKOFF_S, 2 * backoff))

    async def _pause(self, seconds: float) -> None:
        """Wait, but not longer than until it is asked to stop."""
        pause = asyncio.ensure_future(self._clock.sleep(seconds))
        stop = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((pause, stop), return_when=asyncio.FIRST_COMPLETED)
        pause.cancel()
        stop.cancel()

    async def _look(self) -> None:
        """Kill a process of which a loop has stood still for a minute: it is started again."""
        stuck: dict[int, int] = {}
        while True:
            await self._clock.sleep(LOOK_S)
            found = await self._together.stuck()
            stuck = {member.number: stuck.get(member.number, 0) + 1 for member in found}
            if listening():
                notify(f"STATUS={how_it_is(await self._together.ready())}")
            for member in found:
                if stuck[member.number] >= STUCK_LOOKS:
                    _log.error("process_stuck", process=member.number, pid=member.pid)
                    stuck[member.number] = 0
                    member.send(signal.SIGKILL)

    async def _watchdog(self, period_s: float) -> None:
        while True:
            await self._clock.sleep(period_s)
            if (await self._together.live())["status"] == "ok":
                notify("WATCHDOG=1")

    def request_reload(self) -> None:
        """Let every process read the settings again: the operator's word, by signal."""
        self._asked = True
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload(), name="reload")

    async def _reload(self) -> None:
        """Reload, and once more for all who ask meanwhile."""
        while self._asked:
            self._asked = False
            await self._together.reload(yes=True)

    def request_stop(self) -> None:
        """Ask everything to end; a second time, to end without waiting."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def wait(self) -> str | None:
        """Wait until asked to stop (None), or until a loop of its own ends (its name)."""
        asked = asyncio.create_task(self._stop.wait(), name="stop")
        await asyncio.wait((asked, *self._tasks), return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        for task in self._tasks:
            if task.done() and not self._stop.is_set():
                _log.error("loop_failed", loop=task.get_name(), exc_info=task.exception())
                return task.get_name()
        return None

    async def stop(self) -> None:
        """Let every process drain within ``[queue] stop_within``, then close everything."""
        self._together.draining = True
        notify("STOPPING=1")
        _log.info("stopping", processes=len(self._members))
        await self._end()
        _log.info("stopped")

    async def _end(self) -> None:
        self._stop.set()
        within = queue_options(self._loaded.settings).stop_within_s + CLOSE_S
        for number, seconds in ((signal.SIGTERM, within), (signal.SIGTERM, CLOSE_S)):
            await self._see_off(number, seconds)
        await self._see_off(signal.SIGKILL, CLOSE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._keeping, return_exceptions=True)
        await self._stack.aclose()

    async def _see_off(self, number: signal.Signals, within_s: float) -> None:
        """Send a signal to those that still run, and wait for them, or to be hurried."""
        left = [task for task in self._keeping if not task.done()]
        if not left:
            return
        for member in self._members:
            member.send(number)
        ended = asyncio.gather(*left, return_exceptions=True)
        hurry = asyncio.create_task(self._hurry.wait(), name="hurry")
        waiting = (ended,) if self._hurry.is_set() else (ended, hurry)
        await asyncio.wait(waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()


async def _all_ready(members: Sequence[Member]) -> None:
    for member in members:
        await member.ready.wait()
