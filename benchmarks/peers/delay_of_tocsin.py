"""How long an id takes from the push in one process to the handler in another: ours."""

import asyncio
import json
import time

from benchmarks.peers.measure import arguments
from benchmarks.peers.of_tocsin import SLOTS, STREAM, NoStore
from workers.broker import RedisBroker
from workers.clock import SystemClock
from workers.lanes.stream import StreamLane
from workers.model.leases import Push

__all__ = ["push_at"]


async def push_at(url: str, count: int, rate: float) -> None:
    """Push ``count`` ids at ``rate`` a second; each is named by the moment before its push."""
    broker = RedisBroker(url, lease_s=30.0, clock=SystemClock())
    await broker.open()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
        name = f"del_{time.monotonic_ns()}"
        await broker.push([Push(stream=STREAM, kind="delivery", id=name)])
    await broker.close()


async def main() -> None:
    """Take, and print how many milliseconds each id was under way."""
    url, wanted = arguments()
    clock, done = SystemClock(), asyncio.Event()
    broker = RedisBroker(url, lease_s=30.0, clock=clock)
    await broker.open()
    delays: list[float] = []

    async def note(id_: str, _still_ours: object) -> None:
        delays.append((time.monotonic_ns() - int(id_.removeprefix("del_"))) / 1e6)
        if len(delays) == wanted:
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
    running = asyncio.create_task(lane.run())
    print("ready", flush=True)
    await done.wait()
    await lane.drain(5.0)
    await running
    await broker.close()
    print(json.dumps(delays), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
