"""The heartbeat of a real daemon."""

import asyncio

import pytest

from monitor.daemon.heartbeat import HeartbeatCall
from monitor.settings import SecretUrl
from monitor.settings.hidden import Source
from workers.errors import Transient
from workers.model.beat import BEAT

FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>W</title><link>http://x/</link>'
    "<description>-</description><item><guid>a</guid><title>A quake</title></item></channel></rss>"
)


def _beating(installation, site, sinks: str = "") -> None:
    url = site.url + "/T0ken-in-the-path"
    site.put("/feed", FEED)
    more = f'[heartbeat]\nurl = "{url}"\nevery = "1s"\n'
    installation.write((site.url + "/feed",), more=more, **({"sinks": sinks} if sinks else {}))


async def test_an_address_is_called_while_all_works(installation, site, eventually, lines):
    """Over and over, by a GET, also on loopback; and nobody sees the synthetic entry."""
    _beating(installation, site)
    site.put("/T0ken-in-the-path", "thanks")
    daemon = await installation.start()

    async def thrice() -> bool:
        return site.times("/T0ken-in-the-path") >= 3

    await eventually(thrice)
    (told,) = lines(await installation.call("status", "--json"))
    assert 0 == sum(told["dead"].values())
    assert 1 == told["feeds"]["total"]
    assert [] == await daemon.state.parts.store.alert_lines()
    assert b'tocsin_heartbeats_total{outcome="sent"}' in await daemon._report.metrics()


async def test_a_lane_that_stands_still_is_silence(installation, site, eventually):
    """With the ring lane stuck the address is called no more, and again once that goes on."""
    _beating(installation, site)
    site.put("/T0ken-in-the-path", "thanks")
    daemon = await installation.start()
    before, ring, gate = 0, daemon.state.lanes.ring, asyncio.Event()
    handler = ring._handler
    arrived = []

    async def stuck(id_, still_ours) -> None:
        arrived.append(id_)
        await gate.wait()
        await handler(id_, still_ours)

    async def called() -> bool:
        return site.times("/T0ken-in-the-path") > before

    async def stands_still() -> bool:
        return arrived == [BEAT]

    await eventually(called)
    ring._handler = stuck
    await eventually(stands_still)
    before = site.times("/T0ken-in-the-path")
    assert not await daemon.state.parts.store.begin_beat()
    gate.set()
    await eventually(called)


def _call(url: str) -> HeartbeatCall:
    secret = SecretUrl((Source(kind="plain", where=url, environ={}),))
    return HeartbeatCall(lambda: secret, "Tocsin/test")


@pytest.mark.parametrize(("status", "said"), [(500, "answered 500"), (302, "answered 302")])
async def test_an_answer_that_is_no_success(site, status, said):
    """It is told without the address, which is a secret."""
    url = site.put("/T0ken-in-the-path", "", status, Location="/elsewhere")
    call = _call(url)
    with pytest.raises(Transient, match=said) as failure:
        await call()
    await call.close()
    assert "T0ken" not in repr(failure.value) + str(failure.value.__context__)
    assert 1 == len(site.asked)


async def test_an_address_where_nobody_answers():
    """So is a connection that is refused."""
    call = _call("http://127.0.0.1:9/T0ken-in-the-path")
    with pytest.raises(Transient, match="cannot be called") as failure:
        await call()
    await call.close()
    assert "T0ken" not in repr(failure.value) + str(failure.value.__context__)
