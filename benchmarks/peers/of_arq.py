"""arq: no results kept, ten jobs at once, as by default."""

import asyncio

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker
from measure import Count, arguments

URL, WANTED = arguments()
count, done = Count(WANTED), asyncio.Event()


async def note(_context, _number):
    """Count."""
    if count.one():
        done.set()


async def main():
    """Put, then take."""
    settings = RedisSettings.from_dsn(URL)
    pool = await create_pool(settings)
    for number in range(WANTED):
        await pool.enqueue_job("note", number)
    count.ready()
    worker = Worker([note], redis_settings=settings, keep_result=0, handle_signals=False)
    running = asyncio.create_task(worker.async_run())
    await done.wait()
    count.tell()
    running.cancel()


asyncio.run(main())
