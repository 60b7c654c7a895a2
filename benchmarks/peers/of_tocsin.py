"""Our own queue: the broker and one lane with 64 slots, in one process."""

import asyncio

from benchmarks.peers.measure import Count, arguments
from workers.broker import RedisBroker
from workers.clock import SystemClock
from workers.lanes.stream import StreamLane
from workers.model.leases import Push

__all__ = ["SLOTS", "STREAM", "NoStore"]

SLOTS = 64
STREAM = "sink:bench"


class NoStore:
    """A lane asks the store about deaths only, and nobody dies here."""


async def main() -> None:
    """Put, then take, until all are acknowledged."""
    url, wanted = arguments()
    clock, count, done = SystemClock(), Count(wanted), asyncio.Event()
    broker = RedisBroker(url, lease_s=30.0, clock=clock)
    await broker.open()
    await broker.push(
        [Push(stream=STREAM, kind="delivery", id=f"del_{number:020}") for number in range(wanted)]
    )

    async def note(_id: str, _still_ours: object) -> None:
        if count.one():
            done.set()

    lane = StreamLane(
        "bench",
        (STREAM,),
        SLOTS,
        note,
        broker=broker,
        store=NoStore(),  # type: ignore[arg-type]
        clock=clock,
        lease_s=30.0,
    )
    count.ready()
    running = asyncio.create_task(lane.run())
    await done.wait()
    await lane.drain(5.0)
    count.end()  # once more, now that the last is acknowledged too
    count.tell()
    await running
    await broker.close()


if __name__ == "__main__":
    asyncio.run(main())
