"""Rows 11 and 12: receivers and relays that hang, flap, refuse, lie and hang up."""

import asyncio
import socket
import statistics
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from chaos.ground import Tally, until
from chaos.house import House
from chaos.news import Receipt
from chaos.passing import let_pass
from chaos.relay import MailRelay
from chaos.servers import RedisServer
from chaos.setups import over

pytestmark = [pytest.mark.chaos, pytest.mark.whole, pytest.mark.timeout(600)]
NEWS = 60
WARM = 20
"""Entries before those: the first wait for processes that are only starting."""
RETRY_AFTER_S = 40
"""The schedule's own second attempt comes after five seconds."""


class Badly:
    """How the bad receivers behave, until they are mended."""

    def __init__(self) -> None:
        self.mended = asyncio.Event()
        self._count = 0

    async def hung(self, _request: web.Request, _receipt: Receipt) -> None:
        await self.mended.wait()

    async def flapping(self, _request: web.Request, _receipt: Receipt) -> web.Response | None:
        self._count += 1
        return web.Response(status=503) if self._count % 2 else None

    async def unauthorised(self, _request: web.Request, _receipt: Receipt) -> web.Response:
        return web.Response(status=401)

    async def gone(self, _request: web.Request, _receipt: Receipt) -> web.Response:
        return web.Response(status=410)

    async def limited(self, _request: web.Request, _receipt: Receipt) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": str(RETRY_AFTER_S)})

    async def redirect(self, _request: web.Request, _receipt: Receipt) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest"})


BAD = ("hung", "flapping", "unauthorised", "gone", "limited", "redirect", "endless")


def _endless(house: House) -> Callable[..., object]:
    async def answer(request: web.Request, receipt: Receipt) -> web.StreamResponse:
        """Take the message, and never come to an end of the thanks."""
        house.receiver.take(receipt)
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            try:
                await response.write(b"thanks " * 1000)
            except OSError:
                break
            await asyncio.sleep(0)
        return response

    return answer


def _p99(house: House, hook: str, since: int) -> float:
    """Return the 99th percentile of the seconds from publishing to the receipt."""
    took = [
        receipt.at - house.publisher.published[receipt.identity]
        for receipt in house.receiver.took
        if receipt.hook == hook and int(receipt.identity.removeprefix("n")) >= since
    ]
    return statistics.quantiles(took, n=100)[-1]


async def _in_turns(house: House, hook: str, number: int) -> None:
    """Publish in ten pieces, waiting until the good receiver has each."""
    for _ in range(10):
        house.publisher.publish(number // 10)
        await house.told(hook)


@pytest.mark.thorough
@over(redis="valkey")
async def test_row_11_bad_receivers(
    house: House, tally: Tally, database: str, server: RedisServer
) -> None:
    """One good receiver hears everything as soon as before, whatever seven others do."""
    hooks = ("good", *BAD)
    await house.open("".join(house.hook(name) for name in hooks))
    await _in_turns(house, "good", WARM)
    await _in_turns(house, "good", NEWS)
    await house.told(*hooks)
    before = _p99(house, "good", WARM)
    badly = Badly()
    bad = {name: getattr(badly, name) for name in BAD if name != "endless"}
    house.receiver.behaviours = {**bad, "endless": _endless(house)}
    await _in_turns(house, "good", NEWS)
    after = _p99(house, "good", WARM + NEWS)
    limited = max(_asks_an_id(house, "limited", asyncio.get_running_loop().time()).values())
    for _ in range(8):  # more than an hour
        await asyncio.to_thread(let_pass, database, server, 600.0)
        await asyncio.sleep(1.2)
    asks = {name: sum(1 for one in house.receiver.asked if one.hook == name) for name in BAD}
    badly.mended.set()
    house.receiver.behaviours = {}
    await house.call("sinks", "enable", "gone")
    await _after_all(house, database, server, *hooks)
    tally.line(
        f"{', '.join(BAD)}",
        house.accepted(*hooks),
        house.receiver.runs(),
        bound=f"p99 of another sink {before:.2f} s, then {after:.2f} s; asked {asks}",
    )
    assert after <= 2 * before + 1.0, "a bad receiver slowed another"
    assert max(asks[name] for name in ("unauthorised", "gone", "redirect")) < 3 * NEWS
    assert limited == 1, "asked again before Retry-After"


def _asks_an_id(house: House, hook: str, now: float) -> Counter[str]:
    """Return how often each delivery was tried of late: for less than Retry-After."""
    recent = [one for one in house.receiver.asked if now - one.at < RETRY_AFTER_S]
    return Counter(one.id for one in recent if one.hook == hook)


async def _after_all(house: House, database: str, server: RedisServer, *hooks: str) -> None:
    """Let time pass until all was told."""
    wanted = house.accepted(*hooks)

    async def told() -> bool:
        await asyncio.to_thread(let_pass, database, server, 3700.0)
        await asyncio.sleep(1.2)
        return wanted <= set(house.receiver.runs())

    await until(told, "all was told", within_s=120)


@pytest.fixture
async def relay(house: House) -> AsyncIterator[MailRelay]:
    """A relay, not listening yet."""
    one = MailRelay(house.folder)
    yield one
    house.close()
    await one.stop()


def _desk(smtp: str, *who: str, more: str = "") -> str:
    to = ", ".join(f'"{name}@example.org"' for name in who)
    return (
        f'[sinks.desk]\ntype = "email"\nsmtp = "{smtp}"\nto = [{to}]\n'
        f'from = "Tocsin <tocsin@example.org>"\nevents = false\n{more}\n'
    )


async def _mailed(relay: MailRelay, database: str, server: RedisServer, wanted: set[str]) -> None:
    async def so() -> bool:
        await asyncio.to_thread(let_pass, database, server, 700.0)
        await asyncio.sleep(1.2)
        return wanted <= set(relay.runs())

    await until(so, "all mails are there", within_s=120)


@pytest.mark.thorough
@over(redis="valkey")
@pytest.mark.parametrize(
    "who",
    [
        ("well", "cut-before", "cut-after"),
        ("well", "busy", "full", "unknown", "spam"),
    ],
    ids=["cuts", "refusals"],
)
async def test_row_12_a_bad_relay(
    house: House,
    tally: Tally,
    relay: MailRelay,
    database: str,
    server: RedisServer,
    who: tuple[str, ...],
) -> None:
    """Each recipient is a delivery of its own; only a lost answer to the dot sends it twice."""
    await house.open(_desk(await relay.start(), *who))
    house.publisher.publish(8)
    accepted = house.accepted(*who)
    never = {id_ for id_ in accepted if id_.startswith(("unknown:", "spam:"))}
    await _mailed(relay, database, server, accepted - never)
    if never:
        await _dead(house, database, server, len(never))
    runs = relay.runs()
    twice = {id_ for id_, times in runs.items() if times > 1}
    cut = {id_ for id_ in accepted if id_.startswith("cut-after:")}
    tally.line(
        f"SMTP: {', '.join(who)}",
        accepted,
        runs,
        bound="twice only if cut after the final dot, same Message-ID; refused: dead letters",
        duplicates=len(cut),
        elsewhere=frozenset(never),
    )
    assert twice == cut
    assert {1} == {len(ids) for ids in relay.message_ids.values()}


async def _dead(house: House, database: str, server: RedisServer, number: int) -> None:
    async def so() -> bool:
        await asyncio.to_thread(let_pass, database, server, 700.0)
        told = await house.call("dead", "list", "--json")
        return len(told.splitlines()) == number

    await until(so, "all that was refused for good are dead letters")


def _own_address() -> str | None:
    """Return an address of this machine that is not loopback, None if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


@pytest.mark.thorough
@over(redis="valkey")
async def test_row_12_no_starttls(
    house: House, tally: Tally, relay: MailRelay, database: str, server: RedisServer
) -> None:
    """A relay off this machine without STARTTLS is told nothing, until that is allowed."""
    address = _own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    smtp = await relay.start(address)
    (daemon, *_) = await house.open(_desk(smtp, "well"))
    house.publisher.publish(8)
    await until(lambda: relay.said, "the relay is asked")
    for _ in range(4):
        await asyncio.to_thread(let_pass, database, server, 600.0)
        await asyncio.sleep(1.2)
    verbs = {line.split()[0].upper() for line in relay.said}
    assert daemon.alive
    house.write(_desk(smtp, "well", more='tls = "none"'))
    await house.call("reload", "--yes")
    await _mailed(relay, database, server, house.accepted("well"))
    tally.line(
        "no STARTTLS for 40 minutes",
        house.accepted("well"),
        relay.runs(),
        bound=f"nothing in the clear: {', '.join(sorted(verbs))}",
    )
    assert verbs <= {"EHLO", "HELO", "QUIT"}
