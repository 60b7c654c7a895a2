"""Which processes live, told by themselves; and what makes a silent one a dead one."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from workers.broker.keys import BEAT, BEATS, BYE, GROUP, NOBODY
from workers.broker.link import Link, Part
from workers.errors import Transient

__all__ = ["Beats"]

LEASES = 4
"""A beat is kept for so many leases; one that is older than one lease counts as silence."""
REMEMBER_MS = 86_400_000
"""How long goodbyes and the list of beats are kept: work may lie for so long unclaimed."""
SILENT_LEASES = 20
"""After so many leases of silence a consumer that holds nothing is removed."""
_log = structlog.get_logger()


class Beats(Part):
    """Heartbeats. Taking and renewing beat too: no owner of work is silent while it lives."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._told: dict[str, Any] = {"name": link.consumer}
        self._beat_at: float | None = None

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
        names = await self._link.call("ZRANGE", BEATS, 0, -1)
        keys = [BEAT.encode() + name for name in names]
        answers = await self._link.calls(
            [command for key in keys for command in (("GET", key), ("PTTL", key))]
        )
        told = [
            {**info, "beat_s": round(max(0, self.beat_ttl_ms - left) / 1000, 3)}
            for raw, left in zip(answers[::2], answers[1::2], strict=True)
            if (info := _decoded(raw)) is not None
        ]
        return sorted(told, key=lambda info: str(info.get("name", "")))

    async def _beat(self) -> None:
        link = self._link
        await link.run(
            "beat",
            [BEAT + link.consumer, BEATS],
            [link.consumer, msgspec.json.encode(self._told), self.beat_ttl_ms, REMEMBER_MS],
        )
        self._beat_at = link.clock.monotonic()

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
        except Transient as error:
            _log.info("goodbye_not_said", error=str(error))

    async def _forget(self, streams: list[str], only: str = "") -> None:
        """Remove consumers that hold nothing: ``only`` this one, or all that are silent."""
        silence = SILENT_LEASES * self._link.lease_ms
        await self._link.run("forget", streams, [GROUP, only, BEAT, silence, NOBODY])


def _decoded(raw: bytes | None) -> dict[str, Any] | None:
    try:
        return None if raw is None else msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
