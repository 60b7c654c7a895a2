"""dramatiq: eight threads, as by default."""

import threading

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from measure import Count, arguments

URL, WANTED = arguments()
broker = RedisBroker(url=URL)
dramatiq.set_broker(broker)
count, lock, done = Count(WANTED), threading.Lock(), threading.Event()


@dramatiq.actor(max_retries=0)
def note(_number):
    """Count."""
    with lock:
        if count.one():
            done.set()


for number in range(WANTED):
    note.send(number)
count.ready()
worker = dramatiq.Worker(broker, worker_threads=8)
worker.start()
done.wait()
count.tell()
worker.stop()
