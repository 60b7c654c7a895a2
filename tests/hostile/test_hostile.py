"""Servers and documents that mean harm, through fetching and reading.

Each comes to its own bounded outcome, a reason or so many entries. Meanwhile a feed that means no
harm is read as always, the event loop has its turns, memory stays, and nobody comes to the address
that is forbidden.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from hostile.cases import CASES, GROUPS, numbered
from hostile.house import HASTY, NET, House, Servers, house, servers_running
from hostile.talk import Case
from hostile.watch import GROWTH_MIB, LEAKED, STALL_S, watched
from workers.broker import RedisBroker
from workers.clock import SystemClock
from workers.steps.look import Seen

AT_ONCE = {"slow": 64, "bodies": 4}
"""Cases of a group; of others a dozen. More large bodies wait for one another, on a busy machine
until their time is over: that they share what memory there is has a test of its own."""


@pytest.fixture(scope="session")
def hostile_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers of the whole run."""
    with servers_running(tmp_path_factory.mktemp("hostile")) as servers:
        yield servers


@pytest.fixture
async def polls(hostile_servers: Servers, valkey, request) -> AsyncIterator[House]:
    """What polls them."""
    group = getattr(request.node, "callspec", None) and request.node.callspec.params["group"]
    hasty = group in {"connections", "slow"}
    broker = RedisBroker(valkey.url, lease_s=2.0, clock=SystemClock())
    await broker.open()
    async with house(hostile_servers.authority, broker, HASTY if hasty else NET) as one:
        yield one
    await broker.close()


def outcome(seen: Seen) -> str:
    """Return what a poll came to, in a word."""
    if LEAKED in repr(seen):
        return "leaked a file"
    if seen.reason is not None:
        return seen.reason if seen.detail else f"{seen.reason} without a word"
    return f"read {len(seen.parsed.entries)}" if seen.parsed is not None else "unchanged"


async def healthy(polls: House, url: str, stop: asyncio.Event) -> list[str]:
    """Poll a feed that means no harm, over and over; return each outcome that was not right."""
    wrong = []
    while not stop.is_set():
        seen = await polls.poll(url)
        if outcome(seen) != "read 3":
            wrong.append(f"{outcome(seen)}: {seen.detail}")
        await asyncio.sleep(0.02)
    return wrong


async def wrong_ones(
    polls: House, servers: Servers, cases: list[tuple[int, Case]], at_once: int
) -> list[str]:
    """Poll all of these; return those that came to something else than they should."""
    slots, wrong = asyncio.Semaphore(at_once), []

    async def one(number: int, case: Case) -> None:
        async with slots:
            try:
                seen = await polls.poll(servers.url(number, case), known=case.known)
                told, detail = outcome(seen), seen.detail
            except Exception as error:  # noqa: BLE001 - nothing may be raised at all
                told, detail = "raised", repr(error)
        if told not in case.want:
            wrong.append(f"{case.name}: {told} ({detail}), not {' or '.join(case.want)}")

    await asyncio.gather(*(one(number, case) for number, case in cases))
    return wrong


def test_there_are_enough_cases() -> None:
    """The table has at least 120 cases, each under a name of its own within its group."""
    assert len(CASES) >= 120
    for group in GROUPS.values():
        assert len({case.name for case in group}) == len(group)


@pytest.mark.parametrize("group", GROUPS)
async def test_group(polls: House, hostile_servers: Servers, group: str) -> None:
    """Every case of the group is bounded in outcome, time and memory, and harms nobody else."""
    cases, stop = numbered(group), asyncio.Event()
    good = f"http://127.0.0.1:{hostile_servers.ports['http']}/good"
    async with watched() as watch:
        other = asyncio.create_task(healthy(polls, good, stop))
        wrong = await wrong_ones(polls, hostile_servers, cases, AT_ONCE.get(group, 12))
        stop.set()
        harmed = await other
    assert not wrong, "\n".join(wrong)
    assert not harmed, "\n".join(harmed)
    assert 0 == hostile_servers.came()
    assert max(watch.stalls) < STALL_S
    assert watch.grown < GROWTH_MIB


async def test_many_large_feeds_at_once(polls: House, hostile_servers: Servers) -> None:
    """However many large feeds come at once, they share what memory there is, and all are read."""
    (number, case) = next(one for one in numbered("bombs") if one[1].name.startswith("just"))
    url = hostile_servers.url(number, case)
    assert "read 1" == outcome(await polls.poll(url))
    async with watched() as watch:
        seen = await asyncio.gather(*(polls.poll(f"{url}?{at}") for at in range(16)))
    assert ["read 1"] * 16 == [outcome(one) for one in seen]
    assert max(watch.stalls) < STALL_S
    assert watch.grown < GROWTH_MIB
