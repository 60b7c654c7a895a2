"""faststream: a consumer group of a Redis stream, ten records a read, acknowledged."""

import asyncio

from faststream.redis import RedisBroker, StreamSub
from measure import Count, arguments

URL, WANTED = arguments()
broker = RedisBroker(URL, logger=None)
count, done = Count(WANTED), asyncio.Event()


@broker.subscriber(
    stream=StreamSub("bench", group="workers", consumer="one", max_records=10, last_id="0")
)
async def note(_number: int) -> None:
    """Count."""
    if count.one():
        done.set()


async def main():
    """Put, then take."""
    await broker.connect()
    for number in range(WANTED):
        await broker.publish(number, stream="bench")
    count.ready()
    await broker.start()
    await done.wait()
    count.tell()
    await broker.stop()


asyncio.run(main())
