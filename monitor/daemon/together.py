"""What the processes of a supervisor say, as one."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from monitor import shipped
from monitor.daemon.member import Member
from monitor.daemon.notify import reloading
from monitor.health import pages_of, report, worst
from monitor.metrics import PrometheusMeter
from monitor.registry import config_hash
from monitor.settings import Loaded, poll_options
from monitor.sums import Sums
from monitor.web.client import ask, fetch, pass_on
from monitor.web.hubs import Read
from workers.alerts.leaving import LEAVE
from workers.clock import Clock
from workers.model.report import StoreCounts
from workers.model.websub import HubAnswer, HubRequest

__all__ = ["Together"]

ASK_S = 4.0
"""A process whose loop turns answers in milliseconds; checks end after a few seconds."""
RELOAD_S = 60.0
WHICH = {True: "failing", False: "all"}
STARTING_S = 10.0
HUB_S = 60.0
"""A push is read, perhaps by the second opinion, and committed."""
NOT_FOUND, TOO_LARGE, UNAVAILABLE = 404, 413, 503


class Together:
    """Satisfies what the endpoints ask (`monitor.web.app.Asked`), by asking every process."""

    def __init__(self, members: Sequence[Member], loaded: Loaded, clock: Clock) -> None:
        self.draining = False
        self.meter = PrometheusMeter()
        self._members = members
        self._loaded = loaded
        self._clock = clock
        self._began = clock.monotonic()
        self._sums = Sums()
        self._one_at_a_time = asyncio.Lock()

    @property
    def _at_work(self) -> list[Member]:
        return [member for member in self._members if member.ready.is_set()]

    async def _ask(self, path: str) -> dict[int, dict[str, Any] | None]:
        """Return what each process at work answers, by its number."""
        members = self._at_work
        answers = await asyncio.gather(
            *(ask(member.control, "GET", path, ASK_S) for member in members)
        )
        numbers = [member.number for member in members]
        return dict(zip(numbers, answers, strict=True))

    async def _wait_for_starting(self) -> None:
        waiting = [asyncio.create_task(member.ready.wait()) for member in self._members]
        _, late = await asyncio.wait(waiting, timeout=STARTING_S)
        for task in late:
            task.cancel()

    async def live(self) -> dict[str, Any]:
        """Say whether every loop of every process that is at work beats."""
        still = []
        for number, told in (await self._ask("/livez")).items():
            loops = ["loop"] if told is None else told["still"]
            still += [f"{number}:{loop}" for loop in loops]
        return {"status": "failing" if still else "ok", "still": still}

    async def stuck(self) -> list[Member]:
        """Return the processes of which a loop stands still."""
        told = await self._ask("/livez")
        return [
            member
            for member in self._at_work
            if member.number in told and (told[member.number] or {"still": [1]})["still"]
        ]

    async def ready(self) -> dict[str, Any]:
        """Say whether work can be taken: by no process is failing, by not all is degraded."""
        told = [one for one in (await self._ask("/readyz")).values() if one is not None]
        status = "failing" if self.draining else self._status([one["status"] for one in told])
        return {"status": status, "draining": self.draining, "checks": _checks(told)}

    def _status(self, statuses: Sequence[str]) -> str:
        """All failing is failing; while one can work, the others only make it degraded."""
        if all(status == "failing" for status in statuses):
            return "failing"
        good = len(statuses) == len(self._members) and all(status == "ok" for status in statuses)
        return "ok" if good else "degraded"

    async def healthy(self) -> dict[str, Any]:
        """Return the whole report, with the processes of this supervisor."""
        told = [one for one in (await self._ask("/healthz")).values() if one is not None]
        own = [process for one in told for process in one["processes"]]
        return {**self._report(told), "pages": pages_of(own), "processes": own}

    async def status(self) -> dict[str, Any]:
        """Return the whole report, with all processes that share the work."""
        told = [one for one in (await self._ask("/status")).values() if one is not None]
        every = {str(one.get("name")): one for answer in told for one in answer["processes"]}
        processes = [every[name] for name in sorted(every)]
        pages = pages_of(processes)
        return {"vanished": [], **self._report(told), "pages": pages, "processes": processes}

    def _report(self, told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What SQL and Redis say is the same in each; the rest is the worst of all."""
        first: Mapping[str, Any] = told[0] if told else self._nothing_told()
        refused = {name: None for one in told for name in one["topics_refused"]}
        return {
            **first,
            "status": self._status([one["status"] for one in told]),
            "uptime_s": round(self._clock.monotonic() - self._began, 1),
            "topics_refused": list(refused),
            "topics_differ": next(
                (one["topics_differ"] for one in told if one["topics_differ"]), None
            ),
            "checks": _checks(told),
        }

    def _nothing_told(self) -> dict[str, Any]:
        settings = self._loaded.settings
        return {
            "version": shipped.version(),
            "topics": 0,
            "topics_version": None,
            "config_hash": config_hash(settings),
            **report(StoreCounts(), {}, {}, 0.0),
        }

    async def metrics(self) -> bytes:
        """Return one page for Prometheus: counters summed, gauges as their kind asks for."""
        members = self._at_work
        pages = await asyncio.gather(
            *(fetch(member.control, "GET", "/metrics", ASK_S) for member in members)
        )
        here = [0]
        for member, page in zip(members, pages, strict=True):
            if page is not None:
                self._sums.hear(member.number, member.pid, page)
                here.append(member.number)
        self._sums.hear(0, 0, self.meter.page())
        return self._sums.page(here[1:] or here)

    async def why(self, event: str) -> dict[str, Any] | None:
        """Return the journey of an event's article, None if there is no such."""
        told = await self._ask_one("GET", f"/journey/{event}")
        journey: dict[str, Any] | None = told["journey"] if told else None
        for step in (journey or {"steps": ()})["steps"]:
            step["at"] = msgspec.convert(step["at"], datetime)
        return journey

    async def leaving(self, token: str) -> dict[str, Any] | None:
        """Return whose link this is, None if we did not make it."""
        told = await self._ask_one("GET", f"/{LEAVE}/{token}")
        who: dict[str, Any] | None = told["who"] if told else None
        return who

    async def leave(self, token: str) -> bool:
        """Let the reader behind a link leave; False if we did not make it."""
        told = await self._ask_one("POST", f"/{LEAVE}/{token}")
        return bool(told and told["left"])

    async def poll_feeds(self, ids: Sequence[str], *, failing: bool) -> dict[str, Any]:
        """Let feeds be polled now, by whichever process is first."""
        words = urlencode([("id", id_) for id_ in ids] or {"which": WHICH[failing]})
        return await self._ask_one("POST", f"/feeds/poll?{words}") or {"feeds": None}

    async def feed(self, feed: str, host: str) -> dict[str, Any]:
        """Return how a feed stands in Redis, and its host."""
        told = await self._ask_one("GET", f"/feeds/{feed}?{urlencode({'host': host})}")
        return told or {"standing": None, "budget": None}

    async def hub_asks(self, request: HubRequest) -> HubAnswer:
        """Hand a hub's question to the first process that answers."""
        return await self._pass_on(request, None)

    async def hub_pushes(self, request: HubRequest, read: Read) -> HubAnswer:
        """Hand what a hub sends to the first process that answers.

        A path that none of them knows is told from others before its body is read.
        """
        if not await self.hub_knows(request.token):
            return HubAnswer(status=NOT_FOUND)
        body = await read(poll_options(self._loaded.settings).wire_bytes)
        return HubAnswer(status=TOO_LARGE) if body is None else await self._pass_on(request, body)

    async def hub_knows(self, token: str) -> bool:
        """Say whether a path is one of ours; while nobody answers, it may be."""
        told = await self._ask_one("GET", f"/hub/{token}")
        return told is None or bool(told["known"])

    async def _pass_on(self, request: HubRequest, body: bytes | None) -> HubAnswer:
        for member in self._at_work:
            answer = await pass_on(member.control, request, body, HUB_S)
            if answer is not None:
                return answer
        return HubAnswer(status=UNAVAILABLE, retry_after_s=30)

    async def _ask_one(self, method: str, path: str) -> dict[str, Any] | None:
        """Return what the first process that answers says."""
        for member in self._at_work:
            told = await ask(member.control, method, path, ASK_S)
            if told is not None:
                return told
        return None

    async def reload(self, *, yes: bool, watched: bool = False) -> dict[str, Any]:
        """Let every process read the settings again; return what they say.

        One goes first, whose word is then that of all; what only just started may have read the
        files before they changed, and is waited for a little.
        """
        async with self._one_at_a_time:
            with reloading(self._clock):
                await self._wait_for_starting()
                path = f"/reload?yes={yes:d}&watched={watched:d}"
                members = self._at_work
                told = [await _reloaded(member, path) for member in members[:1]]
                told += await asyncio.gather(*(_reloaded(one, path) for one in members[1:]))
        if not told:
            return _outcome(ok=False, problems=["no process is at work: try again in a moment"])
        return {
            "ok": all(one["ok"] for one in told),
            "difference": max((one["difference"] for one in told), key=_tells),
            "problems": _distinct(told, "problems"),
            "restart": _distinct(told, "restart"),
        }

    async def hindsight(self) -> Mapping[str, Any] | None:
        """Return what the first process has counted: it does for all of them."""
        for member in self._at_work[:1]:
            told = await ask(member.control, "GET", "/hindsight", RELOAD_S)
            if told is not None:
                found: Mapping[str, Any] | None = told["would_have_rung"]
                return found
        return None


async def _reloaded(member: Member, path: str) -> dict[str, Any]:
    deaf = _outcome(ok=False, problems=[f"process {member.number} does not answer"])
    return await ask(member.control, "POST", path, RELOAD_S) or deaf


def _tells(difference: str) -> bool:
    """Say whether a process saw a change: another may have seen the same files before."""
    return difference not in {"", "no changes"}


def _outcome(*, ok: bool, problems: list[str]) -> dict[str, Any]:
    return {"ok": ok, "difference": "", "problems": problems, "restart": []}


def _distinct(told: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    return list(dict.fromkeys(item for one in told for item in one[key]))


def _checks(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return for each check what the process says for which it is worst."""
    names = dict.fromkeys(name for one in told for name in one["checks"])
    return {
        name: _worst_of([one["checks"][name] for one in told if name in one["checks"]])
        for name in names
    }


def _worst_of(checks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    status = worst([check["status"] for check in checks])
    return next(check for check in checks if check["status"] == status)
