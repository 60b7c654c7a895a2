"""aiohttp and feedparser as most people join them, among hostile servers: each case in a process.

The cases come as JSON on standard input, and what each came to goes out, a line of JSON each. A
process that does not end in time, or grows beyond what is allowed, is stopped.
"""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import aiohttp
import feedparser

from hostile.names import Names
from hostile.watch import GROWTH_MIB, LEAKED, connections, watched

LIMIT_S = 15.0
AT_ONCE = 4


async def poll(url, known):
    """Do what the first page of each tutorial does."""
    headers = {"If-None-Match": '"x"', "If-Modified-Since": "then"} if known else {}
    connector = aiohttp.TCPConnector(resolver=Names())
    async with (
        aiohttp.ClientSession(connector=connector, headers=headers) as session,
        session.get(url) as response,
    ):
        return feedparser.parse(await response.read())


async def outcome(case):
    """Poll one, and return what that came to."""
    reached = connections()
    async with watched() as watch:
        try:
            told = repr(await poll(case["url"], case["known"]))
        except Exception as error:  # noqa: BLE001 - a failure is an outcome like any other
            told = repr(error)
    return {
        "grown": watch.grown,
        "stalled": max(watch.stalls, default=0.0),
        "reached": reached,
        "leaked": LEAKED in told,
    }


class Child:
    """A process with one case."""

    def __init__(self, case):
        self.case, self.began = case, time.monotonic()
        read, write = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            found = json.dumps(asyncio.run(outcome(case)))
            os.write(write, found.encode())
            os._exit(0)
        os.close(write)
        self.pipe = read
        self.before = self.memory()

    def memory(self):
        """Return MiB that it has."""
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except OSError:
            return 0.0
        return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    def found(self):
        """Return what it came to, None as long as it is not known."""
        if os.waitpid(self.pid, os.WNOHANG)[0]:
            found = json.loads(os.read(self.pipe, 65_536) or '{"crashed": true}')
        else:
            grown = self.memory() - self.before
            if grown <= GROWTH_MIB and time.monotonic() - self.began <= LIMIT_S:
                return None
            found = {"grown": grown, "ended": False}
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.pipe)
        return {"number": self.case["number"], **found}


feedparser.parse(b"<rss><channel><item><title>x</title></item></channel></rss>")
left, running = json.load(sys.stdin), []
while left or running:
    while left and len(running) < AT_ONCE:
        running.append(Child(left.pop(0)))
    for one in list(running):
        found = one.found()
        if found is not None:
            running.remove(one)
            print(json.dumps(found), flush=True)
    time.sleep(0.02)
