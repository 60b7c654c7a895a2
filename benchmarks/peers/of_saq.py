"""saq: ten jobs at once, as by default."""

import asyncio

from measure import Count, arguments
from saq import Queue, Worker

URL, WANTED = arguments()
count, done = Count(WANTED), asyncio.Event()


async def note(_context, *, number):
    """Count."""
    del number
    if count.one():
        done.set()


async def main():
    """Put, then take."""
    queue = Queue.from_url(URL)
    await queue.connect()
    for number in range(WANTED):
        await queue.enqueue("note", number=number, ttl=1)
    count.ready()
    worker = Worker(queue, functions=[note], concurrency=10)
    worker.SIGNALS = []
    running = asyncio.create_task(worker.start())
    await done.wait()
    count.tell()
    running.cancel()


asyncio.run(main())
