"""Streams: ids on their way to a worker, each in one entry at most, each held by one at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import structlog

from workers.broker.beats import SILENT_LEASES, Beats
from workers.broker.entries import Entry, entries_of_reply, message_of
from workers.broker.keys import BEAT, BYE, GROUP, NOBODY, named_key, stream_key
from workers.broker.link import BLOCK_S, Key, Link, NoGroup, TooMuch, Word
from workers.model.leases import Message, Push

__all__ = ["Streams"]

T = TypeVar("T")

BATCH = 500
"""Ids a script call: far below what Lua can unpack, and below a millisecond of Redis' time."""
RECLAIM_S = 1.0
"""A busy reader looks for expired leases so often at least; an idle one at each turn."""
LOWEST_EVERY = 8
"""Of takes for a single slot every so many serve the lowest stream first."""
MARGIN = 0.2
"""Share of a lease that must be left where an effect begins; renewal leaves two thirds."""
_log = structlog.get_logger()


class Streams(Beats):
    """The verbs of the work streams."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._known: dict[str, None] = {}
        self._idle: set[tuple[str, ...]] = set()
        """Streams that had nothing to do, or more than enough that had run out."""
        self._reclaimed_at: dict[tuple[str, ...], float] = {}
        self._forgot_at: float | None = None
        self._asked_at: float | None = None
        self._singles = 0

    async def push(self, items: Sequence[Push]) -> list[bool]:
        """Put ids into their streams; True where it was not there yet.

        An id that still waits in another stream moves; one that somebody holds stays.
        """
        fresh: list[bool] = []
        for batch in _batches(items, BATCH):
            keys = [
                key
                for item in batch
                for key in (named_key(item.kind, item.id), stream_key(item.stream))
            ]
            words = [word for item in batch for word in (item.kind, item.id)]
            fresh += [bool(new) for new in await self._link.run("push", keys, [GROUP, *words])]
        return fresh

    async def outstanding(self, streams: Sequence[str]) -> dict[str, int]:
        """Return the number of entries in each stream, waiting or held."""
        lengths = await self._link.calls([("XLEN", stream_key(name)) for name in streams])
        return dict(zip(streams, map(int, lengths), strict=True))

    async def backlog(self, streams: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return for each stream how many ids wait, and how many some process holds."""
        keys = [stream_key(name) for name in streams]
        counted = await self._link.run("backlog", keys, [GROUP, NOBODY]) if keys else []
        return {
            name: (int(ready), int(pending))
            for name, (ready, pending) in zip(streams, counted, strict=True)
        }

    async def take(
        self, streams: Sequence[str], count: int, block_s: float = BLOCK_S
    ) -> list[Message]:
        """Lease up to ``count`` ids, the first streams first, one slot for the last.

        Ids whose lease ran out come before new ones. Waits for ``block_s`` seconds, one at most,
        if there is nothing. Streams and groups are made where they are missing.
        """
        names = tuple(streams)
        if not names or count <= 0:
            return []
        self._known.update(dict.fromkeys(names))
        await self._beat_if_due()
        await self._forget_the_silent()
        for _ in range(2):
            try:
                return await self._take(names, count, min(block_s, BLOCK_S))
            except NoGroup:
                await self._make_groups(names)
        return []

    async def renew(self, messages: Sequence[Message]) -> list[Message]:
        """Renew the leases; return those that are no longer this process's."""
        lost: list[Message] = []
        for stream, batch in _by_stream(messages):
            args: list[Word] = [
                GROUP,
                self.consumer,
                self.beat_ttl_ms,
                *(item.entry for item in batch),
            ]
            kept = await self._unless_missing("renew", [stream, BEAT + self.consumer], args)
            lost += [item for item in batch if item.entry.encode() not in (kept or ())]
        return lost

    async def lease_ok(self, message: Message) -> bool:
        """Say whether this process holds the lease, with a margin: asked before an effect."""
        try:
            held = await self._link.call(
                "XPENDING",
                stream_key(message.stream),
                GROUP,
                message.entry,
                message.entry,
                1,
                self.consumer,
            )
        except NoGroup:
            return False
        return bool(held) and _idle_ms(held[0]) < (1 - MARGIN) * self._link.lease_ms

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """Take ids out of their streams."""
        for stream, batch in _by_stream(messages):
            named = [named_key(item.kind, item.id) for item in batch]
            entries = [item.entry for item in batch]
            await self._unless_missing("acknowledge", [stream, *named], [GROUP, *entries])

    async def give_back(self, messages: Sequence[Message]) -> None:
        """Hand unfinished ids to whoever asks next, at once."""
        self._reclaimed_at.clear()
        for stream, batch in _by_stream(messages):
            entries = [item.entry for item in batch]
            await self._unless_missing(
                "give_back", [stream], [GROUP, self.consumer, NOBODY, *entries]
            )

    async def _unless_missing(self, script: str, keys: Sequence[Key], args: Sequence[Word]) -> Any:  # noqa: ANN401 - as the script answers
        """Run a script; None if stream or group are gone, and with them whatever was held."""
        try:
            return await self._link.run(script, keys, args)
        except NoGroup:
            return None

    async def _take(self, names: tuple[str, ...], count: int, block_s: float) -> list[Message]:
        reclaim = self._reclaim_due(names)
        if reclaim or len(names) > 1 or block_s <= 0:
            found = await self._take_now(names, count, reclaim=reclaim)
            if found:
                return await self._sound(found)
        if block_s > 0:
            found = await self._wait(names, count, block_s)
            if found:
                return await self._sound(found, count)
        self._idle.add(names)
        return []

    def _reclaim_due(self, names: tuple[str, ...]) -> bool:
        """Say whether expired leases are due to be looked for: at each turn of an idle reader."""
        now = self._link.clock.monotonic()
        last = self._reclaimed_at.get(names)
        due = min(RECLAIM_S, self._link.lease_s / 10)
        if last is not None and names not in self._idle and now - last < due:
            return False
        self._reclaimed_at[names] = now
        return True

    async def _take_now(self, names: tuple[str, ...], count: int, *, reclaim: bool) -> list[Entry]:
        """Take what is there; where something had run out, the next turn looks for more of it."""
        link = self._link
        lowest = count > 1
        if not lowest:
            self._singles += 1
            lowest = self._singles % LOWEST_EVERY == 0
        expired, reply = await link.run(
            "take",
            [stream_key(name) for name in names],
            [
                GROUP,
                self.consumer,
                count,
                link.lease_ms if reclaim else 0,
                link.in_touch_ms,
                int(lowest),
                BEAT,
                BYE,
                NOBODY,
                self.beat_ttl_ms,
                self._asking_ms(),
            ],
        )
        (self._idle.add if expired else self._idle.discard)(names)
        return [
            Entry(stream=names[number - 1], entry=entry, deaths=deaths, kind=kind, id=id_)
            for number, entry, deaths, kind, id_ in reply
        ]

    def _asking_ms(self) -> int:
        """Return for how long this process has asked for work."""
        now = self._link.clock.monotonic()
        self._asked_at = now if self._asked_at is None else self._asked_at
        return int((now - self._asked_at) * 1000)

    async def _wait(self, names: tuple[str, ...], count: int, block_s: float) -> list[Entry]:
        """Wait for new ids. COUNT counts for each stream, so it is shared among them.

        An entry that is too large to be ours ends the wait unread. It is taken again once its
        lease ran out, by the script, which hands no such thing on.
        """
        share = max(1, count // len(names))
        block_ms = max(1, int(block_s * 1000))
        words: list[Word] = ["GROUP", GROUP, self.consumer, "COUNT", share, "BLOCK", block_ms]
        keys = [stream_key(name) for name in names]
        try:
            reply = await self._link.read(
                "XREADGROUP", *words, "STREAMS", *keys, *(">" for _ in names)
            )
        except TooMuch as error:
            _log.warning("entry_not_read", keys=keys, reason=error.detail)
            return []
        return entries_of_reply(reply)

    async def _sound(self, found: Sequence[Entry], most: int | None = None) -> list[Message]:
        """Return the ids, throw away what is none, hand back what goes beyond ``most``."""
        read = [(entry, message_of(entry)) for entry in found]
        broken = [entry for entry, message in read if message is None]
        if broken:
            await self._throw_away(broken)
        messages = [message for _, message in read if message is not None]
        if most is not None and len(messages) > most:
            await self.give_back(messages[most:])
            messages = messages[:most]
        return messages

    async def _throw_away(self, broken: Sequence[Entry]) -> None:
        _log.warning(
            "entries_thrown_away",
            key=stream_key(broken[0].stream),
            entry=broken[0].entry.decode(),
            count=len(broken),
            reason="not written by us",
        )
        by_stream: dict[str, list[bytes]] = defaultdict(list)
        for entry in broken:
            by_stream[entry.stream].append(entry.entry)
        for stream, entries in by_stream.items():
            await self._unless_missing("acknowledge", [stream_key(stream)], [GROUP, *entries])

    async def _make_groups(self, names: Iterable[str]) -> None:
        """Make streams and groups that are missing; what was in a stream already is held back."""
        for name in names:
            held = await self._link.run("regroup", [stream_key(name)], [GROUP, NOBODY])
            if held:
                _log.warning("group_was_lost", stream=name, entries=held)

    async def _forget_the_silent(self) -> None:
        now = self._link.clock.monotonic()
        every = SILENT_LEASES * self._link.lease_s
        if self._forgot_at is None or now - self._forgot_at >= every:
            self._forgot_at = now
            await self._forget([stream_key(name) for name in self._known])


def _idle_ms(held: Sequence[Any]) -> int:
    """Return how long ago a lease was renewed, from an item of XPENDING."""
    return int(held[2])


def _by_stream(messages: Sequence[Message]) -> Iterator[tuple[str, Sequence[Message]]]:
    """Yield keys of streams with their messages, at most `BATCH` at a time."""
    by_stream: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        by_stream[message.stream].append(message)
    for stream, items in by_stream.items():
        for batch in _batches(items, BATCH):
            yield stream_key(stream), batch


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
