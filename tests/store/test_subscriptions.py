"""Subscriptions at hubs, and what hubs push, on both kinds of database."""

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs

from workers.errors import TocsinError
from workers.feeds.websub import subscription_of_token
from workers.model.commit import EntryIntent
from workers.model.websub import PushCommit, Wanted
from workers.options import KeepOptions
from workers.store import open_store

US, HUB = "https://us.example", "https://hub.example/"
DAY_S = 86_400.0


async def wish(world, name="wire", hub=HUB):
    """Want a subscription for a feed that was polled; return it with its feed."""
    await world.article(f"first-{name}", name)
    feed = await world.feed(name)
    wanted = Wanted(hub=hub, topic=feed.url)
    return await world.store.want_subscription(feed.id, wanted, US), feed


async def live(world, lease_s=1000.0):
    """Return a subscription that its hub has verified, and its feed."""
    one, feed = await wish(world)
    await world.store.claim_subscription(one.id)
    assert await world.store.verify_subscription(one.id, one.topic, lease_s)
    return await world.store.subscription(one.id), feed


def push(world, one, *entries, **more):
    """Return a push of these entries."""
    return PushCommit(
        subscription=one.id,
        feed_id=one.feed_id,
        posted={entry.id: world.clock.now() for entry in entries},
        intents=tuple(
            EntryIntent(entry=entry, key=entry.url, stream="pages:warm") for entry in entries
        ),
        **more,
    )


async def test_each_has_a_path_and_a_secret_of_its_own(world):
    """Paths prove themselves, nobody guesses another's, and http hubs get no secret."""
    one, _ = await wish(world)
    two, _ = await wish(world, "other", "http://hub.example/")
    key = bytes.fromhex(await world.store.websub_key())
    tokens = [each.callback.removeprefix(f"{US}/websub/") for each in (one, two)]
    assert [one.id, two.id] == [subscription_of_token(key, token) for token in tokens]
    assert subscription_of_token(key, one.id + tokens[1][32:]) is None
    assert one.id != two.id
    assert 32 <= len(one.secret) < 200
    assert two.secret is None


async def test_one_process_asks(world, other):
    """A subscription that is due is claimed by one of two processes, and by nobody until later."""
    one, _ = await wish(world)
    stores = (world.store, other)
    assert [[one.id], [one.id]] == [await store.due_subscriptions(9) for store in stores]
    claims = await asyncio.gather(*(store.claim_subscription(one.id) for store in stores))
    assert 1 == sum(claim is not None for claim in claims)
    assert [] == await other.due_subscriptions(9)
    world.clock.advance(301)
    assert [one.id] == await other.due_subscriptions(9)
    assert 2 == (await other.claim_subscription(one.id)).tries


async def test_a_feed_has_one(world, other):
    """Two processes that want the same at once leave one subscription behind."""
    await world.article()
    feed = await world.feed()
    wanted = Wanted(hub=HUB, topic=feed.url)
    got = await asyncio.gather(
        *(store.want_subscription(feed.id, wanted, US) for store in (world.store, other))
    )
    assert 1 == sum((await world.store.subscription_counts()).values())
    assert (await other.subscription_of(feed.id)).id in {one.id for one in got}


async def test_only_what_was_asked_for_is_verified(world):
    """Another topic, a request that was not made yet, an unasked goodbye: none is confirmed."""
    one, _ = await wish(world)
    store = world.store
    assert not await store.verify_subscription(one.id, one.topic, 60.0)
    await store.claim_subscription(one.id)
    assert not await store.verify_subscription(one.id, one.topic + "?", 60.0)
    assert not await store.verify_subscription("0" * 32, one.topic, 60.0)
    assert not await store.let_go_subscription(one.id, one.topic)
    assert await store.verify_subscription(one.id, one.topic, 60.0)
    now = await store.subscription(one.id)
    assert ("live", 0) == (now.state, now.tries)
    assert timedelta(seconds=60) == now.expires_at - now.verified_at


async def test_renewal_is_due_at_four_fifths_of_the_lease(world):
    """A live subscription is due again before its lease ends, and stays live meanwhile."""
    one, _ = await live(world, 1000.0)
    world.clock.advance(799)
    assert [] == await world.store.due_subscriptions(9)
    world.clock.advance(2)
    assert [one.id] == await world.store.due_subscriptions(9)
    assert "live" == (await world.store.claim_subscription(one.id)).state
    assert {"live": 1} == await world.store.subscription_counts()
    world.clock.advance(200)
    assert {"asked": 1} == await world.store.subscription_counts()


async def test_an_answer_never_undoes_a_verification(world):
    """A hub that verifies before it answers our request: what the answer says comes too late."""
    one, _ = await wish(world)
    asked = await world.store.claim_subscription(one.id)
    await world.store.verify_subscription(one.id, one.topic, 10 * DAY_S)
    await world.store.subscription_told(asked, said="404 no such topic")
    assert "live" == (await world.store.subscription(one.id)).state
    world.clock.advance(7 * DAY_S)
    assert [] == await world.store.due_subscriptions(9)


async def test_a_refusal_is_kept_and_asked_again(world):
    """What a hub denied is refused, with its reason, and due again a day later."""
    one, _ = await live(world)
    assert not await world.store.refuse_subscription(one.id, "https://else.example", "no")
    assert await world.store.refuse_subscription(one.id, one.topic, "no such topic")
    now = await world.store.subscription(one.id)
    assert ("refused", "no such topic") == (now.state, now.said)
    world.clock.advance(DAY_S + 1)
    assert "asked" == (await world.store.claim_subscription(one.id)).state


async def test_another_hub_leaves_the_first(world):
    """When the publisher names another hub, the first is asked to push no more."""
    one, feed = await live(world)
    wanted = Wanted(hub="https://new.example/", topic=feed.url)
    two = await world.store.want_subscription(feed.id, wanted, US)
    assert {one.id, two.id} == set(await world.store.due_subscriptions(9))
    left = await world.store.claim_subscription(one.id)
    assert "leaving" == left.state
    assert not await world.store.verify_subscription(one.id, one.topic, 60.0)
    assert await world.store.let_go_subscription(one.id, one.topic)
    assert [two.id] == await world.store.due_subscriptions(9)
    assert two.id == (await world.store.subscription_of(feed.id)).id


async def test_servers_that_do_not_agree_make_no_churn(world):
    """After two changes in six hours a feed stays with what it has; our own address counts."""
    _, feed = await live(world)
    ids = []
    for number in range(5):
        wanted = Wanted(hub=f"https://hub{number}.example/", topic=feed.url)
        one = await world.store.want_subscription(feed.id, wanted, US)
        await world.store.claim_subscription(one.id)
        ids.append(one.id)
    assert 2 == len(set(ids))
    assert ids[-1] == (await world.store.want_subscription(feed.id, None, US)).id
    moved = await world.store.want_subscription(feed.id, wanted, "https://elsewhere.example")
    assert moved.callback.startswith("https://elsewhere.example/")
    for _ in range(9):
        world.clock.advance(6 * 3600)
        for id_ in await world.store.due_subscriptions(9):
            await world.store.claim_subscription(id_)
    one = await world.store.want_subscription(feed.id, wanted, US)
    assert one.callback.startswith(US)


async def test_what_was_left_is_forgotten(world):
    """A hub that confirmed our goodbye is not asked again, and its row goes after six hours."""
    one, feed = await live(world)
    await world.store.want_subscription(feed.id, None, US)
    await world.store.claim_subscription(one.id)
    assert await world.store.let_go_subscription(one.id, one.topic)
    world.clock.advance(6 * 3600 + 1)
    assert [one.id] == await world.store.due_subscriptions(9)
    assert await world.store.claim_subscription(one.id) is None
    assert await world.store.subscription(one.id) is None


async def test_a_parked_feed_is_left(world):
    """A feed that no file lists any more is unsubscribed, and forgotten if its hub is deaf."""
    one, _ = await live(world)
    await world.store.sync_feeds([])
    assert 1 == await world.store.leave_ended_subscriptions()
    for tries in (1, 2, 3):
        assert [one.id] == await world.store.due_subscriptions(9)
        left = await world.store.claim_subscription(one.id)
        assert ("leaving", tries) == (left.state, left.tries)
        world.clock.advance(301)
    assert await world.store.claim_subscription(one.id) is None
    assert {} == await world.store.subscription_counts()


async def test_a_feed_that_is_gone_for_good_is_left(world):
    """A publisher that took its feed down is given up at its hub, too."""
    one, feed = await live(world)
    await world.poll(feed=structs.replace(feed, gone_at=world.clock.now()))
    assert 1 == await world.store.leave_ended_subscriptions()
    assert 0 == await world.store.leave_ended_subscriptions()
    assert [one.id] == await world.store.due_subscriptions(9)
    assert "leaving" == (await world.store.claim_subscription(one.id)).state


async def test_a_push_asks_for_work_once(world):
    """The same push again, and a poll that finds the same, ask for nothing more."""
    one, feed = await live(world)
    entry = world.entry(feed, "news")
    await world.due("pages:warm")
    assert 1 == await world.store.commit_push(push(world, one, entry))
    assert 1 == await world.store.commit_push(push(world, one, entry))
    await world.poll(entry)
    trace = await world.store.find_article(entry.url)
    assert 1 == (await world.due("pages:warm")).count(trace)
    assert 1 == len(await world.store.entries_of(trace))


async def test_a_push_and_a_poll_at_once(world, other):
    """Whichever commits first, the entry is stored once and counted once."""
    one, feed = await live(world)
    entry = world.entry(feed, "news")
    before = (await world.store.load_feed(feed.id)).activity.posts
    await asyncio.gather(other.commit_push(push(world, one, entry)), world.poll(entry))
    article = await world.store.find_article(entry.url)
    assert 1 == len(await world.store.entries_of(article))
    assert 1 == (await world.due("pages:warm")).count(article)
    assert (await world.store.load_feed(feed.id)).activity.posts - before <= 1.0


async def test_a_push_is_no_poll(world):
    """Validators, baseline, times and errors of the feed stay; its habit and news are noted."""
    one, feed = await live(world)
    world.clock.advance(60)
    before = await world.store.load_feed(feed.id)
    await world.store.commit_push(push(world, one, world.entry(feed, "news")))
    after = await world.store.load_feed(feed.id)
    assert world.clock.now() == after.last_new_at
    assert after.activity.posts > before.activity.posts
    assert structs.replace(before, activity=after.activity, last_new_at=after.last_new_at) == after


async def test_a_poll_under_way_does_not_forget_a_push(world):
    """A poll that began before a push and found nothing leaves when there was last something."""
    one, feed = await live(world)
    stale = await world.store.load_feed(feed.id)
    world.clock.advance(60)
    await world.store.commit_push(push(world, one, world.entry(feed, "news")))
    at = world.clock.now()
    world.clock.advance(1)
    await world.poll(feed=stale)
    assert at == (await world.store.load_feed(feed.id)).last_new_at


async def test_what_has_no_name_of_its_own_is_not_taken_for_new(world):
    """An identity that cannot be stored as it is (it holds a NUL) is not handed out as listed."""
    one, feed = await live(world)
    await world.store.commit_push(push(world, one, world.entry(feed, "a\0b", url="https://x.y/")))
    listed = {known.identity for known in await world.store.load_listed(feed.id, 9)}
    assert {"first-wire"} == listed


async def test_a_push_drops_nothing(world):
    """What a push does not list is still listed, so that it is kept."""
    one, feed = await live(world)
    before = {known.identity for known in await world.store.load_listed(feed.id, 9)}
    await world.store.commit_push(push(world, one, world.entry(feed, "news")))
    listed = {known.identity for known in await world.store.load_listed(feed.id, 9)}
    assert before | {"news"} == listed
    world.clock.advance(100 * DAY_S)
    await world.store.prune(KeepOptions(), world.clock.now())
    assert listed == {known.identity for known in await world.store.load_listed(feed.id, 9)}


async def test_a_push_of_a_parked_feed_is_refused(world):
    """Nothing is stored for a feed that is polled no more."""
    one, feed = await live(world)
    await world.store.sync_feeds([])
    with pytest.raises(TocsinError, match="polled no more"):
        await world.store.commit_push(push(world, one, world.entry(feed, "news")))


@pytest.mark.parametrize(
    ("after_s", "new", "relied"), [(60, False, True), (600, False, False), (600, True, True)]
)
async def test_a_hub_is_relied_on_again(world, after_s, new, relied):
    """After a miss: by a push that came just too late, or by one that came first."""
    one, feed = await live(world)
    await world.store.note_missed(one.id)
    world.clock.advance(after_s)
    entry = world.entry(feed, "news" if new else "first-wire")
    await world.store.commit_push(push(world, one, entry))
    assert relied == ((await world.store.subscription(one.id)).missed_at is None)


async def test_a_clock_that_is_set_ends_no_lease(file, clock, make_world):
    """A lease is a span of time: whoever sets the clock neither lengthens nor shortens it."""

    class Wall(type(clock)):
        """A clock whose wall time can be set apart from its steady one."""

        step = timedelta()

        def now(self):
            return super().now() + self.step

    wall = Wall()
    store = await open_store(file, wall)
    world = make_world(store, wall)
    one, _ = await live(world, 1000.0)
    before = one.expires_at - wall.now()
    wall.step = timedelta(days=365)
    await store.probe()
    after = (await store.subscription(one.id)).expires_at - wall.now()
    assert before.total_seconds() == pytest.approx(after.total_seconds(), abs=0.01)
    assert [] == await store.due_subscriptions(9)
    await store.close()
