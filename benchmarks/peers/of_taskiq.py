"""taskiq: Redis streams with acknowledgement, a hundred tasks at once, as by default."""

import asyncio

from measure import Count, arguments
from taskiq.receiver import Receiver
from taskiq_redis import RedisStreamBroker

URL, WANTED = arguments()
broker = RedisStreamBroker(URL, queue_name="bench")
count, done = Count(WANTED), asyncio.Event()


@broker.task
async def note(_number: int) -> None:
    """Count."""
    if count.one():
        done.set()


async def main():
    """Put, then take."""
    broker.is_worker_process = True
    await broker.startup()
    for number in range(WANTED):
        await note.kiq(number)
    count.ready()
    finish = asyncio.Event()
    receiver = Receiver(broker, max_async_tasks=100, run_startup=False)
    listening = asyncio.create_task(receiver.listen(finish))
    await done.wait()
    count.tell()
    finish.set()
    listening.cancel()


asyncio.run(main())
