"""Which processes live, told by themselves; and what makes a silent one a dead one."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from workers.broker.keys import BEAT, BEATS, BYE, GROUP, NOBODY
from workers.broker.link import Link, Part, Word
from workers.errors import TocsinError

__all__ = ["Beats"]

LEASES = 4
"""A beat is kept for so many leases; one that is older than one lease counts as silence."""
REMEMBER_MS = 86_400_000
"""How long goodbyes and the list of beats are kept: work may lie for so long unclaimed."""
REMEMBERED = 10_000
PROCESSES = 1000
"""So many are listed at most, those that beat last."""
TOLD_BYTES, NAME_BYTES = 65_536, 256
"""Of one process, and of its name: there is room for the names of a thousand sinks."""
ALL_TOLD_BYTES = 3 << 19
"""Of all processes: with their names it is less than an answer may have."""
SILENT_LEASES = 20
"""After so many leases of silence a consumer that holds nothing is removed."""
_log = structlog.get_logger()


class Beats(Part):
    """Heartbeats. Taking and renewing beat too: no owner of work is silent while it lives."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._told: dict[str, Any] = {"name": link.consumer}
        self._beat_at: float | None = None
        self._said: set[str] = set()

    @property
    def consumer(self) -> str:
        """The name of this process in consumer groups: host, pid, random."""
        return self._link.consumer

    @property
    def beat_ttl_ms(self) -> int:
        """Milliseconds for which a beat is kept."""
        return LEASES * self._link.lease_ms

    @property
    def beat_s(self) -> float | None:
        """Seconds since this process beat last, None if it never did."""
        return None if self._beat_at is None else self._link.clock.monotonic() - self._beat_at

    async def beat(self, info: Mapping[str, Any]) -> None:
        """Say that this process lives, and what it is. To be called every third of a lease."""
        self._told = {"name": self.consumer, **info}
        await self._beat()

    async def processes(self) -> list[dict[str, Any]]:
        """Return what each live process told, and ``beat_s``, the seconds since; by name."""
        sizes: list[Word] = [TOLD_BYTES, NAME_BYTES, ALL_TOLD_BYTES]
        args: list[Word] = [BEAT, self.beat_ttl_ms, PROCESSES, *sizes]
        told = [
            {**info, "beat_s": round(max(0, self.beat_ttl_ms - max(0, left)) / 1000, 3)}
            for raw, left in await self._link.run("processes", [BEATS], args)
            if (info := _decoded(raw)) is not None
        ]
        return sorted(told, key=lambda info: str(info.get("name", "")))

    async def vanished(self, within_s: float) -> list[dict[str, Any]]:
        """Return who fell silent so recently without a goodbye: ``name`` and ``silent_s``."""
        seconds, micros = await self._link.call("TIME")
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        since, until = now_ms - int(within_s * 1000), now_ms - self.beat_ttl_ms
        found = await self._link.call(
            "ZREVRANGEBYSCORE", BEATS, until, since, "WITHSCORES", "LIMIT", 0, PROCESSES
        )
        return [
            {
                "name": name[:NAME_BYTES].decode("utf-8", "replace"),
                "silent_s": round((now_ms - float(at)) / 1000, 1),
            }
            for name, at in zip(found[::2], found[1::2], strict=True)
        ]

    async def _beat(self) -> None:
        link = self._link
        await link.run(
            "beat",
            [BEAT + link.consumer, BEATS],
            [link.consumer, self._encoded(), self.beat_ttl_ms, REMEMBER_MS, REMEMBERED],
        )
        self._beat_at = link.clock.monotonic()

    def _encoded(self) -> bytes:
        """Return what we tell, without what is largest of it if it is more than others read."""
        told = dict(self._told)
        while len(raw := msgspec.json.encode(told)) > TOLD_BYTES:
            largest = max(
                (key for key in told if key != "name"),
                key=lambda key: len(msgspec.json.encode(told[key])),
            )
            del told[largest]
            if largest not in self._said:
                self._said.add(largest)
                _log.warning("beat_too_large", left_out=largest, bytes=len(raw), most=TOLD_BYTES)
        return raw

    async def _beat_if_due(self) -> None:
        now = self._link.clock.monotonic()
        if self._beat_at is None or now - self._beat_at >= self._link.lease_s / 3:
            await self._beat()

    async def _say_goodbye(self, streams: list[str]) -> None:
        """Leave in good order. A Redis that is away is told nothing: its loss, not ours."""
        link = self._link
        try:
            await link.run(
                "goodbye",
                [BEAT + link.consumer, BEATS, BYE + link.consumer],
                [link.consumer, REMEMBER_MS],
            )
            if streams:
                await self._forget(streams, link.consumer)
        except TocsinError as error:
            _log.info("goodbye_not_said", error=str(error))

    async def _forget(self, streams: list[str], only: str = "") -> None:
        """Remove consumers that hold nothing: ``only`` this one, or all that are silent."""
        silence = SILENT_LEASES * self._link.lease_ms
        await self._link.run("forget", streams, [GROUP, only, BEAT, silence, NOBODY])


def _decoded(raw: bytes) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
