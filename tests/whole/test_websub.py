"""Pushed by a hub: an alert before any poll could have found it, by the daemon as a process."""

import socket

import pytest
from aiohttp import web

from hubs import Hub

pytestmark = [pytest.mark.whole, pytest.mark.timeout(120)]

ITEM = "<item><guid isPermaLink='false'>{0}</guid><title>{1}</title><link>{2}/{0}</link></item>"


class Publisher:
    """A feed that names a hub; its pages are missing, so that its own text must ring."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.polls = 0
        self.base = ""

    async def start(self) -> None:
        """Listen on loopback."""
        app = web.Application()
        app.router.add_get("/feed", self._feed)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    def document(self, *titles: str) -> bytes:
        """Return the feed with entries of these titles."""
        items = "".join(
            ITEM.format(f"n{number}", title, self.base) for number, title in enumerate(titles)
        )
        return (
            '<?xml version="1.0"?><rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel>'
            f'<title>Wire</title><a:link rel="hub" href="{self.hub.url}"/>'
            f'<a:link rel="self" href="{self.base}/feed"/>{items}</channel></rss>'
        ).encode()

    async def _feed(self, _request: web.Request) -> web.Response:
        self.polls += 1
        return web.Response(body=self.document("An old title"), content_type="application/rss+xml")


@pytest.fixture
async def publisher():
    """A publisher with its hub."""
    hub = Hub()
    await hub.start()
    made = Publisher(hub)
    await made.start()
    yield made
    await made.runner.cleanup()
    await hub.stop()


def write(tocsin, publisher, receiver, secret) -> None:
    """Write a config that polls the feed hourly, and says where hubs reach us."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tocsin.write(
        [],
        f'[[feeds]]\nname = "Wire"\nurl = "{publisher.base}/feed"\ninterval = "1h"\n'
        f'[[feeds]]\nname = "Other"\nurl = "{publisher.base}/other"\ninterval = "2h"\n'
        f'[sinks.ops]\ntype = "webhook"\nurl = "{receiver.url}"\nsecret = "{secret}"\n'
        'allow = ["127.0.0.0/8"]\n',
    )
    listen = f'listen = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}/"'
    config = tocsin.config
    config.write_text(config.read_text().replace('listen = "off"', listen))
    (tocsin.folder / "topics.toml").write_text('[[topics]]\nname = "quakes"\nquery = "quake"\n')


async def first_push(publisher, receiver, until) -> None:
    """Wait until the hub is subscribed to, let it push, and wait until that rings."""
    hub, topic = publisher.hub, publisher.base + "/feed"
    await until(lambda: hub.subscribers, "the hub has a subscriber")
    news = publisher.document("An old title", "A quake hits the coast")
    assert [200] == await hub.distribute(topic, news)
    await until(lambda: receiver.rung, "the push rings")
    assert [("quakes", f"{publisher.base}/n1")] == receiver.rung
    assert 1 == publisher.polls


async def test_two_processes_hear_a_hub(tocsin, publisher, receiver, until, secret):
    """Their supervisor, which listens for both, hands on what a hub asks and pushes."""
    write(tocsin, publisher, receiver, secret)
    await tocsin.start("--processes", "2")
    await first_push(publisher, receiver, until)
    (callback,) = publisher.hub.subscribers
    topic = publisher.base + "/feed"
    forged = await publisher.hub.send(callback, topic, b"x" * 99, "guessed")
    lost = await publisher.hub.send(callback[:-9] + 9 * "0", topic, b"x" * 99, "guessed")
    assert ([202], [404]) == (forged, lost)


async def test_a_push_rings_before_any_poll(tocsin, publisher, receiver, until, secret):
    """The feed is polled once, its hub verified and heard; and heard again after a kill."""
    write(tocsin, publisher, receiver, secret)
    await tocsin.start()
    await first_push(publisher, receiver, until)
    hub, topic = publisher.hub, publisher.base + "/feed"
    (callback,) = hub.subscribers
    code, out, _ = await tocsin.call("why", f"{publisher.base}/n1")
    assert (0, True) == (code, "Wire: new, pushed by its hub" in out)
    code, out, _ = await tocsin.call("feeds", "why", "Wire")
    assert (0, True) == (code, ": live until " in out.splitlines()[-1]), out

    await tocsin.kill()
    await tocsin.start()
    more = publisher.document("An old title", "A quake hits the coast", "Another quake inland")
    assert [200] == await hub.distribute(topic, more, tries=5)
    await until(lambda: len(receiver.rung) >= 2, "the second push rings")
    assert ("quakes", f"{publisher.base}/n2") == receiver.rung[1]
    assert ([callback], 1) == (list(hub.subscribers), publisher.polls)
    text = tocsin.config.read_text()
    tocsin.config.write_text(text.replace('interval = "1h"', 'interval = "1h"\nenabled = false'))
    code, _, err = await tocsin.call("reload", "--yes")
    assert 0 == code, err
    await until(lambda: not hub.subscribers, "the hub is asked to push no more")
