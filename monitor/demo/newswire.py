"""The offline newswire behind ``tocsin demo`` and the tests.

`Newswire` is the data as a function of time, `NewswireServer` plays it on loopback. It is also a
process of its own, for those who kill the daemon and want the news to go on meanwhile::

    python -m monitor.demo.newswire --port 8099 --data seeds/newswire --seconds 20

prints its base address as the first line, plays once each feed was asked for, and serves until it
is told to stop by SIGINT or SIGTERM.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from monitor.demo.wire_server import Hit, NewswireServer
from monitor.demo.wire_timeline import Newswire, Reply
from workers.clock import SystemClock

__all__ = ["Hit", "Newswire", "NewswireServer", "Reply", "main"]


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m monitor.demo.newswire", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the newswire's folder")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="0, the default, is any free one")
    parser.add_argument("--seconds", type=float, help="play the timeline in so long")
    parser.add_argument("--hold", action="store_true", help="wait for POST /_wire/play")
    return parser.parse_args(words)


async def _run(options: argparse.Namespace) -> None:
    server = NewswireServer(Newswire.load(options.data), SystemClock(), options.host, options.port)
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to_stop.set)
    sys.stdout.write(f"{await server.start()}\n")
    sys.stdout.flush()
    if not options.hold:
        server.play_once_seen(options.seconds)
    await asked_to_stop.wait()
    await server.stop()


def main(words: list[str] | None = None) -> None:
    """Serve the newswire as a process of its own."""
    asyncio.run(_run(_arguments(words)))


if __name__ == "__main__":
    main()
