"""Pushes from end to end: real hubs, real HTTP, SQL and Redis; only time is made up."""

import asyncio
import gzip
from datetime import timedelta

import pytest
from msgspec import structs

from hubs import Hub
from monitor.web.app import build_public
from monitor.web.serve import serve
from workers.feeds.websub import LEASE_MOST_S
from workers.model.websub import Wanted
from workers.net import HttpPoster, inflated
from workers.options import HostRule
from workers.pool.tasks import read_feed_again
from workers.steps.look import Look
from workers.steps.push import Hear
from workers.steps.subscribe import Subscribe
from workers.text.urls import host_of

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


class Callbacks:
    """What the web side asks, answered by the step."""

    def __init__(self, hear: Hear, most: int) -> None:
        self._hear = hear
        self._most = most

    async def hub_asks(self, request):
        return await self._hear.asked(request)

    async def hub_pushes(self, request, read):
        return await self._hear(request, read, self._most)


class Pushed:
    """A feed whose publisher names a hub."""

    def __init__(self, world, site, hub: Hub, write) -> None:
        self.world, self.site, self.hub = world, site, hub
        self.item, self.rss, _ = write
        self.topic = site.url + "/feed"
        self.feed = ""

    def entry(self, name: str, title: str = "", **more) -> str:
        """An item with a page of its own."""
        return self.item(name, title or f"Title {name}", url=f"{self.site.url}/{name}", **more)

    def publish(self, *items: str, hub: str | None = None, **headers: str) -> None:
        """Let the feed list these entries."""
        link = f'<{hub or self.hub.url}>; rel="hub", <{self.topic}>; rel="self"'
        self.site.put("/feed", self.rss(*items), **({"Link": link, "ETag": '"1"'} | headers))

    async def begin(self, *items: str, **more) -> None:
        """Configure the feed, poll it, and ask its hub."""
        self.publish(*(items or (self.entry("old"),)), **more)
        (self.feed,) = await self.world.feeds("/feed")
        await self.world.poll(self.feed)
        await self.ask()

    async def ask(self) -> None:
        """Let hubs be asked what is due, and ask back."""
        await self.subscribe()
        await self.hub.idle()

    async def push(self, *items: str, tries: int = 1, **headers: str) -> list[int]:
        """Let the hub distribute these entries; return the answers."""
        return await self.hub.distribute(self.topic, self.rss(*items).encode(), tries, **headers)

    @property
    def one(self):
        """The feed's subscription."""
        return self.world.store.subscription_of(self.feed)

    async def outcomes(self) -> dict[str, float]:
        """Return how pushes ended."""
        found = {}
        for line in self.world.edges.meter.page().decode().splitlines():
            if line.startswith("tocsin_websub_pushes_total{"):
                found[line.split('"')[1]] = float(line.rpartition(" ")[2])
        return found

    async def asked_soon(self) -> bool:
        """Say whether the feed is to be polled now."""
        return self.feed in [one.feed for one in await self.world.broker.claim_feeds(9, 30.0)]


@pytest.fixture
async def hub():
    """A hub that plays by the text, until it is told otherwise."""
    made = Hub()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def pushed(world, site, hub, write, with_rules):
    """A feed that nobody has polled yet, and the server on which hubs reach us."""
    hear = Hear(world.edges, lambda: world.rules, Look(world.edges, read_feed_again), inflated)
    app = build_public(Callbacks(hear, 1 << 20), lambda: ("for people",), world.clock)
    served = await serve(app, "127.0.0.1:0")
    poll = type(world.rules.poll)(interval_s=None, polls_per_minute=6000.0, body_bytes=1 << 20)
    world.rules = with_rules(world.rules, push_base=served.address, poll=poll)
    world.topics(quake="quake")
    poster = HttpPoster(world.rules.net)
    made = Pushed(world, site, hub, write)
    made.subscribe = Subscribe(world.edges, lambda: world.rules, poster)
    yield made
    await poster.close()
    await served.close()


# ── a hub that plays by the text ────────────────────────────────────────────────────────────────


async def test_a_hub_is_asked_and_verified(pushed):
    """What the publisher names is asked for, verified, and kept with the lease that was given."""
    await pushed.begin()
    (form,) = pushed.hub.requests
    one = await pushed.one
    assert ("subscribe", pushed.topic) == (form["hub.mode"], form["hub.topic"])
    assert (one.callback, one.secret) == (form["hub.callback"], form["hub.secret"])
    assert ("live", [200]) == (one.state, pushed.hub.answers)
    assert timedelta(seconds=864_000) == one.expires_at - one.verified_at


async def test_to_wait_for_a_hub_is_no_try(pushed, with_rules):
    """A hub that is asked for others at the moment is asked later, as if for the first time."""
    world, host = pushed.world, host_of(pushed.hub.url)
    free = world.rules
    rule = HostRule(spacing_s=60.0)
    world.rules = with_rules(free, net=structs.replace(free.net, hosts={host: rule}))
    assert 0 == await world.broker.host_turn(host, rule.spacing_s, rule.at_once, 30.0)
    await pushed.begin()
    for _ in range(4):
        world.clock.advance(600)
        await pushed.ask()
    assert [] == pushed.hub.requests
    assert 0 == (await pushed.one).tries
    world.rules = free
    world.clock.advance(600)
    await pushed.ask()
    assert "live" == (await pushed.one).state


async def test_a_live_feed_is_polled_hourly_and_says_so(pushed):
    """While the hub pushes, the feed is polled every 60 minutes; `why` tells until when."""
    await pushed.begin()
    pushed.world.clock.advance(60)
    row = await pushed.world.poll(pushed.feed)
    assert 0.96 * HOUR_S <= row.interval_s <= HOUR_S
    assert row.why[-1].startswith("websub: live until 2026-03-12 12:00 UTC")


async def test_a_push_rings(pushed):
    """A pushed entry is matched and read as a polled one before the answer; its trace says how."""
    await pushed.begin()
    before = await pushed.world.store.load_feed(pushed.feed)
    assert [200] == await pushed.push(pushed.entry("n1", "A quake hits the coast"))
    article = await pushed.world.article("/n1")
    assert [("pages:hot", article)] == await pushed.world.due()
    trace = await pushed.world.store.trace_of(article)
    assert "Feed /feed: new, pushed by its hub" == trace[0].because
    after = await pushed.world.store.load_feed(pushed.feed)
    assert before.validators == after.validators
    assert (before.last_poll_at, before.next_poll_at) == (after.last_poll_at, after.next_poll_at)


async def test_a_push_rings_once(pushed):
    """The same push again, and the poll that finds the entry, ask for nothing more."""
    await pushed.begin()
    news = pushed.entry("n1", "A quake hits the coast")
    assert [200, 200] == [*await pushed.push(news), *await pushed.push(news)]
    pushed.publish(news, pushed.entry("old"), ETag='"2"')
    row = await pushed.world.poll(pushed.feed)
    assert 1 == len(await pushed.world.due())
    assert {"read": 1.0, "known": 1.0} == await pushed.outcomes()
    assert "not relied on" not in " ".join(row.why)


async def test_push_and_poll_at_once(pushed):
    """Ten pushes and a poll of the same entry at the same time ring it once."""
    await pushed.begin()
    news = pushed.entry("n1", "A quake hits the coast")
    pushed.publish(news, pushed.entry("old"), ETag='"2"')
    pushes = [pushed.push(news) for _ in range(10)]
    await asyncio.gather(pushed.world.poll(pushed.feed), *pushes)
    assert 1 == len(await pushed.world.due())


async def test_it_is_renewed_in_time(pushed):
    """At four fifths of the lease the hub is asked again, with the same path and secret."""
    await pushed.begin()
    first = await pushed.one
    pushed.world.clock.advance(0.79 * 864_000)
    await pushed.ask()
    assert 1 == len(pushed.hub.requests)
    pushed.world.clock.advance(0.02 * 864_000)
    await pushed.ask()
    one, two = pushed.hub.requests
    assert one == two
    assert (await pushed.one).expires_at > first.expires_at


async def test_a_redirect_of_the_hub_is_followed(pushed):
    """A hub that moved by 307 gets the whole form at its new address."""
    await pushed.begin(hub=pushed.hub.url.replace("/hub", "/old"))
    assert "live" == (await pushed.one).state


async def test_a_feed_that_is_removed_is_unsubscribed(pushed):
    """The hub is told, its question is confirmed, and what it still sends is answered 410."""
    await pushed.begin()
    ((callback, held),) = pushed.hub.subscribers.items()
    await pushed.world.store.sync_feeds([])
    assert 1 == await pushed.world.store.leave_ended_subscriptions()
    await pushed.ask()
    assert "unsubscribe" == pushed.hub.requests[-1]["hub.mode"]
    assert {} == pushed.hub.subscribers
    body = pushed.rss(pushed.entry("n1")).encode()
    assert [410] == await pushed.hub.send(callback, pushed.topic, body, held.secret)


async def test_another_hub_is_subscribed_to_and_the_first_left(pushed):
    """When the document names another hub, the old one is told to push no more."""
    await pushed.begin()
    new = Hub()
    await new.start()
    pushed.publish(pushed.entry("old"), hub=new.url, ETag='"2"')
    pushed.world.clock.advance(HOUR_S)
    await pushed.world.poll(pushed.feed)
    await pushed.ask()
    await new.idle()
    assert ({}, 1) == (pushed.hub.subscribers, len(new.subscribers))
    await new.stop()


async def test_what_was_not_pushed_ends_the_trust(pushed):
    """A poll that finds what was not pushed: back to the usual interval, until a push is first."""
    await pushed.begin()
    clock = pushed.world.clock
    clock.advance(HOUR_S)
    at = clock.now() - timedelta(minutes=6)
    pushed.publish(pushed.entry("n1", at=at), pushed.entry("old"), ETag='"2"')
    row = await pushed.world.poll(pushed.feed)
    assert row.interval_s < 0.9 * HOUR_S
    assert "a poll found what was not pushed" in row.why[-1]
    await pushed.push(pushed.entry("n2"))
    clock.advance(HOUR_S)
    row = await pushed.world.poll(pushed.feed)
    assert 0.96 * HOUR_S <= row.interval_s <= HOUR_S


async def test_what_is_not_pushed_yet_is_no_miss(pushed):
    """An entry that was published a minute ago may still be on its way."""
    await pushed.begin()
    clock = pushed.world.clock
    clock.advance(HOUR_S)
    at = clock.now() - timedelta(minutes=1)
    pushed.publish(pushed.entry("n1", at=at), pushed.entry("old"), ETag='"2"')
    row = await pushed.world.poll(pushed.feed)
    assert row.interval_s >= 0.96 * HOUR_S


async def test_when_the_lease_lapses_polling_is_as_before(pushed):
    """A hub that does not renew is relied on no longer than it promised."""
    await pushed.begin()
    pushed.hub.bad = "silent"
    pushed.world.clock.advance(11 * DAY_S)
    await pushed.ask()
    pushed.publish(pushed.entry("old"), pushed.entry("n0"), ETag='"2"')
    row = await pushed.world.poll(pushed.feed)
    assert "websub: lapsed" == row.why[-1]
    assert [404] == await pushed.push(pushed.entry("n1"))


async def test_before_the_first_full_poll_a_push_waits(pushed):
    """The hub is told to come again, and the feed is polled now: its past must not ring."""
    await pushed.begin()

    def forget(conn, _now):
        conn.exec_driver_sql("UPDATE feeds SET baselined_at = NULL")

    await pushed.world.store._write(forget)
    pushed.world.clock.advance(120)
    assert [503] == await pushed.push(pushed.entry("n1", "A quake"))
    assert await pushed.world.article("/n1") is None
    assert await pushed.asked_soon()
    await pushed.world.poll(pushed.feed)
    assert [200] == await pushed.push(pushed.entry("n1", "A quake"))
    assert (await pushed.world.store.load_feed(pushed.feed)).baselined_at is not None


@pytest.mark.parametrize("body", [b"", b"ping", b"<html><p>news!</p></html>"])
async def test_a_thin_ping_polls_the_feed(pushed, body):
    """What is no feed, but signed, makes us look: not more often than every ten seconds."""
    await pushed.begin()
    assert [202] == await pushed.hub.distribute(pushed.topic, body)
    assert not await pushed.asked_soon()
    pushed.world.clock.advance(10)
    assert [202] == await pushed.hub.distribute(pushed.topic, body)
    assert await pushed.asked_soon()


async def test_a_second_ping_finds_the_poll_already_asked_for(pushed):
    """What pings again before the poll is told the same; while it runs, to come again."""
    await pushed.begin()
    pushed.world.clock.advance(10)
    answers = [await pushed.hub.distribute(pushed.topic, body) for body in (b"", b"junk", b"")]
    assert [[202]] * 3 == answers
    assert await pushed.asked_soon()
    assert [503] == await pushed.hub.distribute(pushed.topic, b"")


async def test_a_push_is_taken_only_once_it_is_stored(pushed):
    """While the database takes no work the hub is asked to come again, and then it rings."""
    await pushed.begin()
    pushed.world.store.halt("the disk is full")
    assert [503, 503] == await pushed.push(pushed.entry("n1", "A quake"), tries=2)
    pushed.world.store.halt(None)
    assert [200] == await pushed.push(pushed.entry("n1", "A quake"), tries=2)
    assert 1 == len(await pushed.world.due())


async def test_a_push_drops_nothing_and_is_no_redesign(pushed):
    """Twelve old entries stay listed; twelve pushed ones with old dates are news or too old."""
    old = [pushed.entry(f"o{number}") for number in range(12)]
    await pushed.begin(*old)
    pushed.world.clock.advance(HOUR_S)
    at = pushed.world.clock.now() - timedelta(hours=3)
    new = [pushed.entry(f"n{number}", at=at) for number in range(40)]
    assert [200] == await pushed.push(*new)
    assert 40 == len(await pushed.world.due())
    listed = await pushed.world.store.load_listed(pushed.feed, 99)
    assert 52 == len(listed)
    pushed.publish(*new, *old, ETag='"2"')
    await pushed.world.poll(pushed.feed)
    assert 40 == len(await pushed.world.due())


async def test_a_siren_that_is_pushed_is_no_old_entry_renamed(pushed):
    """An entry that repeats title and link at another time is as new as a poll would find it."""
    clock = pushed.world.clock
    link, first = pushed.site.url + "/sirens", clock.now() - timedelta(hours=1)
    await pushed.begin(pushed.item("s1", "Quake alarm", url=link, at=first))
    clock.advance(60)
    again = pushed.item("s2", "Quake alarm", url=link, at=clock.now())
    assert [200] == await pushed.push(again)
    assert 1 == len(await pushed.world.due())


async def test_every_method_of_signing_is_taken(pushed):
    """All that the recommendation names, over the bytes as they were sent."""
    await pushed.begin()
    for number, method in enumerate(("sha1", "sha256", "sha384", "sha512")):
        pushed.hub.method = method
        body = pushed.rss(pushed.entry(f"n{number}")).encode()
        packed = gzip.compress(body) if number % 2 else body
        encoding = "gzip" if number % 2 else ""
        topic = pushed.topic
        assert [200] == await pushed.hub.distribute(topic, packed, Content_Encoding=encoding)
        assert await pushed.world.article(f"/n{number}") is not None


async def test_private_feeds_are_nobodys_business(pushed):
    """A feed that is asked for with headers of its own is not told to any hub."""
    pushed.publish(pushed.entry("old"))
    (feed,) = await pushed.world.feeds("/feed", headers=(("Authorization", "Bearer x"),))
    await pushed.world.poll(feed)
    await pushed.ask()
    assert [] == pushed.hub.requests


async def test_without_an_address_of_ours_no_hub_is_asked(pushed, with_rules):
    """Where hubs cannot reach us, none is told of us."""
    pushed.world.rules = with_rules(pushed.world.rules, push_base=None)
    await pushed.begin()
    assert ([], None) == (pushed.hub.requests, await pushed.one)


# ── hubs that do not ────────────────────────────────────────────────────────────────────────────


async def test_a_hub_that_never_verifies(pushed):
    """It is asked again, later each time, and the feed is polled as ever."""
    pushed.hub.bad = "silent"
    await pushed.begin()
    pushed.world.clock.advance(599)
    await pushed.ask()
    assert 1 == len(pushed.hub.requests)
    pushed.world.clock.advance(2)
    await pushed.ask()
    pushed.world.clock.advance(601)
    await pushed.ask()
    assert 2 == len(pushed.hub.requests)
    row = await pushed.world.poll(pushed.feed)
    assert "websub: asked, not verified yet" == row.why[-1]
    assert row.interval_s < 0.9 * HOUR_S


async def test_another_topic_is_not_confirmed(pushed):
    """A hub cannot subscribe us to what we did not ask for."""
    pushed.hub.bad = "other_topic"
    await pushed.begin()
    assert ([404], "asked") == (pushed.hub.answers, (await pushed.one).state)


async def test_a_lease_without_sense_is_not_confirmed(pushed):
    """Zero, negative, in words: nobody knows until when that would be."""
    pushed.hub.bad = "silent"
    await pushed.begin()
    one = await pushed.one
    for lease in ("0", "-5", "1e9", "", " ", "ten", "0x10", "٣٠", "9" * 21):
        status, _, _ = await pushed.hub.ask(
            one.callback, mode="subscribe", topic=one.topic, challenge="c", lease_seconds=lease
        )
        assert (404, "asked") == (status, (await pushed.one).state), lease


async def test_a_lease_for_ever_is_a_month(pushed):
    """A hub that forgets us would never be asked again otherwise."""
    pushed.hub.lease = "1000000000000"
    await pushed.begin()
    one = await pushed.one
    assert timedelta(seconds=LEASE_MOST_S) == one.expires_at - one.verified_at


async def test_a_lease_of_seconds_is_not_chased(pushed):
    """A hub that grants three seconds is asked every eight, and not relied on."""
    pushed.hub.lease = "3"
    await pushed.begin()
    pushed.world.clock.advance(7)
    await pushed.ask()
    assert 1 == len(pushed.hub.requests)
    row = await pushed.world.poll(pushed.feed)
    assert "websub: lapsed" == row.why[-1]


@pytest.mark.parametrize("bad", ["fails", "forbids", "private", "denies"])
async def test_a_hub_that_says_no(pushed, bad):
    """What it said is told in `why`, the feed is polled as ever, and the hub asked again later."""
    pushed.hub.bad = bad
    await pushed.begin()
    row = await pushed.world.poll(pushed.feed)
    told = {
        "fails": "asked, not verified yet",
        "forbids": "refused: HTTP 403: not for you",
        "private": "refused: blocked: forbidden address",
        "denies": "refused: we do not know you",
    }
    assert row.why[-1].startswith(f"websub: {told[bad]}")
    assert row.interval_s < 0.9 * HOUR_S
    pushed.hub.bad = ""
    pushed.world.clock.advance(600 if bad == "fails" else DAY_S)
    await pushed.ask()
    assert "live" == (await pushed.one).state


async def test_a_forged_goodbye(pushed):
    """Only what we asked for is confirmed: nobody unsubscribes us, or denies another topic."""
    await pushed.begin()
    one = await pushed.one
    for mode in ("unsubscribe", "publish", ""):
        status, text, _ = await pushed.hub.ask(
            one.callback, mode=mode, topic=one.topic, challenge="<script>"
        )
        assert (404, "") == (status, text)
    assert 404 == (await pushed.hub.ask(one.callback, mode="denied", topic="http://x/"))[0]
    assert "live" == (await pushed.one).state


async def test_a_wrong_signature_does_nothing(pushed):
    """It is answered 202, counted, and ignored: no entry, no poll."""
    await pushed.begin()
    pushed.world.clock.advance(60)
    (callback,) = pushed.hub.subscribers
    body = pushed.rss(pushed.entry("n1", "A quake")).encode()
    wrong = [
        "", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "md5=" + "0" * 32, "sha256",
        "=" + "0" * 64, "sha512=" + "0" * 64, "sha256=" + "é" * 64,
    ]  # fmt: skip
    for signature in wrong:
        headers = {"X-Hub-Signature": signature}
        answers = await pushed.hub.send(callback, pushed.topic, body, None, **headers)
        assert [202] == answers, signature
    assert await pushed.world.article("/n1") is None
    assert not await pushed.asked_soon()
    assert {"forged": 8.0, "unsigned": 1.0} == await pushed.outcomes()


async def test_anothers_secret_is_a_wrong_signature(pushed):
    """A digest of the right form over the right body, made with another secret."""
    await pushed.begin()
    (callback,) = pushed.hub.subscribers
    body = pushed.rss(pushed.entry("n1")).encode()
    assert [202] == await pushed.hub.send(callback, pushed.topic, body, "guessed")
    assert {"forged": 1.0} == await pushed.outcomes()


async def test_a_push_before_it_was_verified(pushed):
    """A hub that was not told yes has nothing to push."""
    pushed.hub.bad = "silent"
    await pushed.begin()
    one = await pushed.one
    body = pushed.rss(pushed.entry("n1")).encode()
    assert [404] == await pushed.hub.send(one.callback, one.topic, body, one.secret)
    assert await pushed.world.article("/n1") is None


async def test_an_endless_body(pushed):
    """Reading ends at the limit of feeds; the answer is 413, and others go on."""
    await pushed.begin()
    (callback,) = pushed.hub.subscribers
    sent = 0

    async def endless():
        nonlocal sent
        while sent < 64 << 20:
            sent += 1 << 16
            yield b" " * (1 << 16)

    try:
        answers = await pushed.hub.send(callback, pushed.topic, endless(), "x")
    except OSError:  # the connection was cut while it was still sending
        answers = [413]
    assert [413] == answers
    assert sent < 32 << 20
    assert {"too_large": 1.0} == await pushed.outcomes()
    assert [200] == await pushed.push(pushed.entry("n1"))


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (lambda: gzip.compress(b" " * (64 << 20)), "gzip"),
        (lambda: b"no gzip", "br"),
        (lambda: b"x", "unheard-of"),
        (lambda: gzip.compress(b"<rss/>")[:-9], "gzip"),
    ],
    ids=["bomb", "not brotli", "unknown", "cut off"],
)
async def test_a_bomb_is_a_ping(pushed, body, encoding):
    """What cannot be inflated within the limits is not read; the feed itself is, soon."""
    await pushed.begin()
    pushed.world.clock.advance(60)
    assert [202] == await pushed.hub.distribute(pushed.topic, body(), Content_Encoding=encoding)
    assert {"unreadable": 1.0} == await pushed.outcomes()
    assert await pushed.asked_soon()


OTHER = "http://other.example/feed"


@pytest.mark.parametrize(
    ("link", "own", "title", "read"),
    [
        (f'<{OTHER}>; rel="self"', None, "Wire", False),
        ("", OTHER, "Other", False),
        ("", None, "Other", False),
        ("", None, "", False),
        ("", None, "Wire", True),
        ("", "topic", "Renamed", True),
    ],
)
async def test_another_feeds_document_is_not_this_ones(pushed, link, own, title, read):
    """What does not say that it is the topic is not stored under this feed's name."""
    await pushed.begin()
    pushed.world.clock.advance(60)
    address = pushed.topic if own == "topic" else own
    atom = f'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="self" href="{address}"/>'
    body = pushed.rss(pushed.entry("n1")).replace(
        "<title>Wire</title>", f"<title>{title}</title>{atom if own else ''}"
    )
    answers = await pushed.hub.distribute(pushed.topic, body.encode(), Link=link)
    assert [200 if read else 202] == answers
    assert read == (await pushed.world.article("/n1") is not None)
    assert {"read" if read else "foreign": 1.0} == await pushed.outcomes()
    assert read or await pushed.asked_soon()


async def test_what_comes_in_the_clear_is_only_a_hint(pushed):
    """A hub without TLS on another machine gets no secret, and what it says is looked up."""
    await pushed.begin()
    store = pushed.world.store
    wanted = Wanted(hub="http://hub.example/", topic=pushed.topic)
    one = await store.want_subscription(pushed.feed, wanted, pushed.world.rules.push_base)
    await store.claim_subscription(one.id)
    await store.verify_subscription(one.id, one.topic, 1000.0)
    pushed.world.clock.advance(60)
    body = pushed.rss(pushed.entry("n1")).encode()
    assert [202] == await pushed.hub.send(one.callback, one.topic, body, None)
    assert await pushed.world.article("/n1") is None
    assert await pushed.asked_soon()


async def test_paths_that_nobody_was_given(pushed):
    """Neither a guessed path nor one that looks like ours is told from any other."""
    await pushed.begin()
    one = await pushed.one
    base, token = one.callback.rsplit("/", 1)
    body = pushed.rss(pushed.entry("n1")).encode()
    for guess in ("0" * 64, token[:-1] + ("0" if token[-1] != "0" else "1"), "x", token + "0"):
        assert [404] == await pushed.hub.send(f"{base}/{guess}", one.topic, body, one.secret)
        assert 404 == (await pushed.hub.ask(f"{base}/{guess}", mode="subscribe"))[0]
    assert {} == await pushed.outcomes()
    pushed.world.store.halt("the disk is full")  # nothing can be looked up, and nothing has to be
    assert [404] == await pushed.hub.send(f"{base}/{'0' * 64}", one.topic, body, one.secret)
    assert [503] == await pushed.push(pushed.entry("n1"))


async def test_a_hub_that_never_stops_is_told_to_wait(pushed):
    """More requests a minute than any publisher has news for are answered 429, for a while."""
    await pushed.begin()
    news = pushed.entry("n1")
    answers = [(await pushed.push(news))[0] for _ in range(61)]
    assert {200, 429} == set(answers)
    pushed.world.clock.advance(61)
    assert [200] == await pushed.push(news)


async def test_a_failing_feed_keeps_its_own_time(pushed):
    """A ping does not make us ask a server that just told us to wait."""
    await pushed.begin()
    pushed.site.put("/feed", "slower", 429, Retry_After="7200")
    pushed.world.clock.advance(60)
    await pushed.world.poll(pushed.feed)
    pushed.world.clock.advance(60)
    assert [202] == await pushed.hub.distribute(pushed.topic, b"")
    assert not await pushed.asked_soon()
