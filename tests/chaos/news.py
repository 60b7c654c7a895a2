"""What a whole installation watches and tells: a publisher, and receivers that can misbehave."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from pathlib import Path

import msgspec
from aiohttp import web

from chaos.ledger import Ledger, read_ledger
from workers.model.base import Record

__all__ = ["Feeds", "Publisher", "Receipt", "Receiver", "Served"]

TEXT = "The harbour, the bridge and the school beside the old mill were spoken of at length. " * 9


class Served:
    """A server on loopback."""

    def __init__(self) -> None:
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Begin to answer at `url`."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """End, whatever is under way."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer any request."""
        raise NotImplementedError


class Publisher(Served):
    """Feeds whose news ring, and the pages behind every second of them."""

    def __init__(self, feeds: int = 1) -> None:
        super().__init__()
        self.feeds = [f"/feed/{number}" for number in range(feeds)]
        self.published: dict[str, float] = {}
        """When the entries that are to ring were first shown, by identity."""
        self.pages: Counter[str] = Counter()
        """How often each page was fetched."""
        self._items: dict[str, list[str]] = {path: ["old"] for path in self.feeds}
        self._seen: set[str] = set()

    @property
    def polled(self) -> bool:
        """Whether every feed was seen once, so that what comes now is news."""
        return self._seen == set(self.feeds)

    def publish(self, count: int) -> None:
        """Let the feeds, in turns, list so many more entries."""
        now = asyncio.get_running_loop().time()
        for number in range(len(self.published), len(self.published) + count):
            self._items[self.feeds[number % len(self.feeds)]].append(f"n{number}")
            self.published[f"n{number}"] = now

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in self._items:
            self._seen.add(request.path)
            return web.Response(text=self._rss(request.path), content_type="application/rss+xml")
        name = request.path.rpartition("/")[2]
        self.pages[name] += 1
        return web.Response(text=_page(name), content_type="text/html")

    def _rss(self, path: str) -> str:
        items = "".join(self._item(path, name) for name in self._items[path])
        return _rss(self.url, items)

    def _item(self, path: str, name: str) -> str:
        if name == "old":
            return f"<item><guid>old{path}</guid><title>Old</title></item>"
        linked = int(name.removeprefix("n")) % 2 == 0
        link = f"<link>{self.url}/page/{name}</link>" if linked else ""
        return f"<item><guid>{name}</guid><title>A quake in {name}</title>{link}</item>"


class Poll(Record, frozen=True, kw_only=True):
    """A request for a feed."""

    feed: str
    began: float
    ended: float


class Feeds(Served):
    """Feeds that count who asks for them, and when."""

    def __init__(self, count: int, takes_s: float) -> None:
        super().__init__()
        self.paths = [f"/feed/{number}" for number in range(count)]
        self.polls: list[Poll] = []
        self._takes_s = takes_s

    async def answer(self, request: web.Request) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(self._takes_s)
        self.polls.append(Poll(feed=request.path, began=began, ended=loop.time()))
        return web.Response(text=_rss("", ""), content_type="application/rss+xml")

    def since(self, moment: float) -> dict[str, int]:
        """Return how often each feed was asked for after a moment of the loop's clock."""
        return dict(Counter(poll.feed for poll in self.polls if poll.began > moment))

    def doubles(self, apart_s: float) -> int:
        """Return how many polls began before another of the same feed had ended, or soon after."""
        found = 0
        for path in self.paths:
            times = sorted(poll.began for poll in self.polls if poll.feed == path)
            found += sum(1 for one, two in pairwise(times) if two - one < apart_s)
        return found

    def longest_s(self) -> float:
        """Return the longest that a feed went without being asked for."""
        gaps = [0.0]
        for path in self.paths:
            times = sorted(poll.began for poll in self.polls if poll.feed == path)
            gaps += [two - one for one, two in pairwise(times)]
        return max(gaps)


def _rss(link: str, items: str) -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>W</title>'
        f"<link>{link or 'http://w/'}</link><description>-</description>{items}</channel></rss>"
    )


def _page(name: str) -> str:
    title = escape(f"A quake in {name}")
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title></head><body><article>'
        f"<h1>{title}</h1><p>The quake of {name} was strong.</p><p>{TEXT}</p></article></body>"
        "</html>"
    )


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A message that a receiver took."""

    hook: str
    identity: str
    """Of the entry that it tells of."""
    id: str
    """Of the delivery: what receivers dedupe by."""
    at: float


Behaviour = Callable[[web.Request, Receipt], Awaitable[web.StreamResponse | None]]
"""What a hook does instead; None means that it takes the message all the same."""


@dataclass
class Receiver(Served):
    """Webhook receivers, one a path. To take a message is to write it to the ledger."""

    folder: Path
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    took: list[Receipt] = field(default_factory=list)
    asked: list[Receipt] = field(default_factory=list)
    """Every attempt, whatever came of it."""
    others: list[dict[str, object]] = field(default_factory=list)
    """Messages that are no alerts."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is shut, every request waits at it, before its effect."""
    waiting: int = 0
    """Requests that wait at the gate."""

    def __post_init__(self) -> None:
        super().__init__()
        self.gate.set()
        self._ledger = Ledger(self.folder / "ledger")

    async def stop(self) -> None:
        self.gate.set()
        await super().stop()
        self._ledger.close()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = msgspec.json.decode(await request.read())
        if body["type"] != "alert.created":
            self.others.append(body)
            return web.Response(text="taken")
        (entry, *_) = body["data"]["entries"]
        receipt = Receipt(
            hook=request.path.removeprefix("/"),
            identity=entry["identity"],
            id=request.headers["webhook-id"],
            at=asyncio.get_running_loop().time(),
        )
        self.asked.append(receipt)
        self.waiting += 1
        await self.gate.wait()
        self.waiting -= 1
        behaviour = self.behaviours.get(receipt.hook) if _is_there(request) else None
        answer = await behaviour(request, receipt) if behaviour else None
        if answer is not None:
            return answer
        if not _is_there(request):
            return web.Response(status=499)  # whoever asked is gone: nothing was done
        self.take(receipt)
        return web.Response(text="taken")

    def take(self, receipt: Receipt) -> None:
        """Have the effect."""
        self._ledger.write(f"{receipt.hook}:{receipt.identity}")
        self.took.append(receipt)

    def runs(self) -> dict[str, int]:
        """Return how often each hook took each entry's message."""
        return dict(Counter(id_ for id_, _ in read_ledger(self.folder / "ledger")))


def _is_there(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()
