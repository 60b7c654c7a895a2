"""Which feed an address belongs to, and what the operator changes about it."""

from datetime import timedelta

import pytest
from msgspec import structs

from workers.model.commit import PollCommit
from workers.model.feed import FeedHints, FeedSource, Validators
from workers.model.ids import feed_id
from workers.store.feeds import address_key


def source(url: str, **fields: object) -> FeedSource:
    """Return a feed as configured."""
    return structs.replace(FeedSource(url=url, name=url), **fields)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a.example/f", "https://a.example/f", True),
        ("HTTPS://A.Example/f", "https://a.example/f", True),
        (" https://a.example/f ", "https://a.example/f", True),
        ("https://a.example/f", "https://a.example/F", False),
        ("https://a.example/f", "https://a.example/f?x=1", False),
        ("https://a.example/f", "ftp://a.example/f", False),
    ],
)
def test_an_address_is_known_without_its_scheme(one, other, same) -> None:
    """Hosts are compared without case, paths with it."""
    assert same == (address_key(one) == address_key(other))


async def test_ids_are_the_hash_of_the_first_address(store) -> None:
    """And come back by the address as given."""
    urls = ["https://a.example/f", "https://b.example/f"]
    ids = await store.sync_feeds([source(url) for url in urls])
    assert {url: feed_id(url) for url in urls} == ids
    assert ids == await store.sync_feeds([source(url) for url in urls])


@pytest.mark.parametrize(
    ("later", "former"),
    [
        ("https://a.example/f", ()),
        ("https://new.example/g", ("http://a.example/f",)),
        ("https://new.example/g", ("https://else.example/x", "http://a.example/f")),
    ],
)
async def test_an_edited_address_is_the_same_feed(store, later, former) -> None:
    """Plain to https needs no word; another address needs ``was``; then it is fetched there."""
    ids = await store.sync_feeds([source("http://a.example/f")])
    (id_,) = ids.values()
    assert {later: id_} == await store.sync_feeds([source(later, former=former)])
    row = await store.load_feed(id_)
    assert (later, False) == (row.url, row.parked)
    assert {later: id_} == await store.sync_feeds([source(later)])


async def test_another_address_forgets_what_the_old_server_said(world) -> None:
    """Validators of one server mean nothing to another."""
    feed = await world.feed()
    after = structs.replace(feed, validators=Validators(etag="x"), moved_count=2)
    await world.store.commit_poll(PollCommit(feed=after, loaded_at=None, delay_s=1.0))
    await world.store.sync_feeds([source("https://new.example/", former=(feed.url,))])
    row = await world.store.load_feed(feed.id)
    assert (Validators(), 0) == (row.validators, row.moved_count)


async def test_another_address_is_polled_at_once(world) -> None:
    """What the old address did wrong, and how long it was to be left alone, is forgotten."""
    feed = await world.feed()
    failing = structs.replace(
        feed, errors=9, score=9.0, failing_since=world.clock.now(), last_error="gone"
    )
    await world.store.commit_poll(PollCommit(feed=failing, loaded_at=None, delay_s=604800.0))
    right = source("https://new.example/", former=(feed.url,), interval_s=60.0)
    await world.store.sync_feeds([right])
    row = await world.store.load_feed(feed.id)
    assert (0, 0.0, None, None) == (row.errors, row.score, row.failing_since, row.last_error)
    assert [(feed.id, 0.0)] == [one[:2] for one in await world.store.feed_delays("", 9)]


async def test_a_feed_that_moved_stays_where_it_is_through_a_restart(world) -> None:
    """Its address in the config is the old one, and finds the same feed; so does the new one."""
    feed = await world.feed()
    moved = structs.replace(feed, url="https://new.example/feed")
    await world.store.commit_poll(PollCommit(feed=moved, loaded_at=None, delay_s=1.0))
    assert {feed.url: feed.id} == await world.store.sync_feeds([source(feed.url)])
    assert moved.url == (await world.store.load_feed(feed.id)).url
    assert {moved.url: feed.id} == await world.store.sync_feeds([source(moved.url)])


async def test_what_is_not_listed_is_parked_and_comes_back_with_its_history(world) -> None:
    """Parked feeds are not polled; nothing of them is forgotten."""
    feed = await world.feed()
    after = structs.replace(feed, title="Wire", baselined_at=world.clock.now())
    await world.store.commit_poll(PollCommit(feed=after, loaded_at=None, delay_s=60.0))
    await world.store.sync_feeds([source("https://other.example/")])
    assert (await world.store.load_feed(feed.id)).parked
    (there,) = await world.store.feed_delays("", 9)
    assert feed_id("https://other.example/") == there[0]
    await world.store.sync_feeds([source(feed.url, enabled=False)])
    assert (await world.store.load_feed(feed.id)).parked
    await world.store.sync_feeds([source(feed.url)])
    row = await world.store.load_feed(feed.id)
    assert (False, "Wire", world.clock.now()) == (row.parked, row.title, row.baselined_at)


async def test_settings_are_updated(world) -> None:
    """Name, tags, weight and interval are what the config says last."""
    feed = await world.feed()
    await world.store.sync_feeds(
        [source(feed.url, name="New", tags=("a",), weight=3.0, interval_s=60.0)]
    )
    row = await world.store.load_feed(feed.id)
    assert ("New", ("a",), 3.0, 60.0) == (row.name, row.tags, row.weight, row.interval_fixed_s)


@pytest.mark.parametrize(("errors", "expected"), [(0, 60.0), (1, 7200.0)])
async def test_a_shorter_interval_counts_at_once_unless_the_feed_fails(
    world, errors, expected
) -> None:
    """What an error has set stands."""
    feed = await world.feed()
    after = structs.replace(feed, errors=errors)
    await world.store.commit_poll(PollCommit(feed=after, loaded_at=None, delay_s=7200.0))
    await world.store.sync_feeds([source(feed.url, interval_s=60.0)])
    assert [(feed.id, expected, 60.0)] == await world.store.feed_delays("", 9)


async def test_one_feed_listed_twice_is_one_feed(store) -> None:
    """Both addresses give its id, and the first enabled one names it."""
    first = source("http://a.example/f", name="off", enabled=False)
    second = source("https://a.example/f", name="on")
    ids = await store.sync_feeds([first, second])
    assert 1 == len(set(ids.values()))
    (row,) = await store.feed_rows()
    assert ("on", False) == (row.name, row.parked)


async def test_very_many_feeds(store) -> None:
    """More than one statement can take."""
    sources = [source(f"https://h{n}.example/f") for n in range(1200)]
    assert 1200 == len(set((await store.sync_feeds(sources)).values()))
    await store.sync_feeds(sources[:1])
    assert 1 == len(await store.feed_delays("", 9))


async def test_delays_are_read_in_pieces(store) -> None:
    """Piece after piece gives each feed once; a parked one is in none."""
    sources = [source(f"https://h{n}.example/f") for n in range(25)]
    await store.sync_feeds([*sources, source("https://off.example/f", enabled=False)])
    found: list[str] = []
    while some := await store.feed_delays(found[-1] if found else "", 10):
        assert 10 >= len(some)
        found += [id_ for id_, _, _ in some]
    assert sorted(feed_id(one.url) for one in sources) == found


async def test_a_feed_that_is_disabled_stays_so(store) -> None:
    """Whatever the files say, and whatever a poll under way brings, until it is enabled."""
    url = "https://a.example/f"
    (id_,) = (await store.sync_feeds([source(url)])).values()
    row = await store.load_feed(id_)
    assert await store.disable_feed(id_) is None
    await store.commit_poll(PollCommit(feed=row, loaded_at=row.last_poll_at, delay_s=60.0))
    await store.sync_feeds([source(url, name="other")])
    off = await store.load_feed(id_)
    assert ("other", True) == (off.name, off.parked)
    assert off.disabled_at == await store.disable_feed(id_)
    assert off.disabled_at == await store.enable_feed(id_, listed=True)
    on = await store.load_feed(id_)
    assert (False, None) == (on.parked, on.disabled_at)
    assert on.next_poll_at < off.next_poll_at
    assert await store.enable_feed(id_, listed=True) is None


async def test_what_no_file_lists_stays_parked(store) -> None:
    """Enabling takes the command's word back, not the files'."""
    (id_,) = (await store.sync_feeds([source("https://a.example/f")])).values()
    await store.disable_feed(id_)
    await store.sync_feeds([])
    await store.enable_feed(id_, listed=False)
    row = await store.load_feed(id_)
    assert (True, None) == (row.parked, row.disabled_at)
    await store.sync_feeds([source("https://a.example/f")])
    assert not (await store.load_feed(id_)).parked


async def test_a_feed_is_found_by_what_people_call_it(world) -> None:
    """Id, name in any case, and any address that it ever had, with or without TLS."""
    feed, other = await world.feed("Wire"), await world.feed("other")
    moved = structs.replace(feed, url="https://new.example/feed")
    await world.store.commit_poll(PollCommit(feed=moved, loaded_at=None, delay_s=1.0))
    called = (feed.id, "Wire", "wire", " Wire ", "http://wire.example/feed", moved.url)
    for words in called:
        assert [feed.id] == [row.id for row in await world.store.find_feeds(words)]
    assert [] == await world.store.find_feeds("nosuch")
    assert [] == await world.store.find_feeds("' OR 1=1 --")
    assert {feed.id, other.id} == set(await world.store.polled_feeds())


async def test_feeds_that_fail_and_feeds_that_may_be_asked(world) -> None:
    """Who failed last is listed apart; of the others the first due come first, one a host."""
    feeds = [await world.feed(name) for name in ("a", "b", "c")]
    for delay, feed in zip((900.0, 30.0, 60.0), feeds, strict=True):
        failed = structs.replace(feed, errors=1 if feed is feeds[1] else 0)
        await world.store.commit_poll(PollCommit(feed=failed, loaded_at=None, delay_s=delay))
    assert [feeds[1].id] == await world.store.polled_feeds(failing=True)
    assert [feeds[2].id, feeds[0].id] == await world.store.soonest_feeds(9)
    assert [feeds[2].id] == await world.store.soonest_feeds(1)


async def test_what_the_budget_is_found_from(world) -> None:
    """Of each feed that is polled: its habit, its word, and how long a failure lets it wait."""
    feed = await world.feed()
    hints = FeedHints(ttl=60.0)
    now = world.clock.now()
    failed = structs.replace(feed, errors=2, last_poll_at=now, hints=hints)
    await world.store.commit_poll(PollCommit(feed=failed, loaded_at=None, delay_s=1800.0))
    (need,) = await world.store.feed_needs(None)
    assert (1.0, hints, None, 1800.0) == (need.weight, need.hints, need.fixed_s, need.waits_s)
    assert [60.0] == [one.fixed_s for one in await world.store.feed_needs(60.0)]
    await world.store.sync_feeds([])
    assert [] == await world.store.feed_needs(None)


async def test_what_is_known_after_the_first_polls(world) -> None:
    """How feeds stand, how many wait, and when the next poll is."""
    feed, now = await world.feed(), world.clock.now()
    await world.feed("unpolled")
    polled = structs.replace(feed, last_poll_at=now, last_good_at=now)
    await world.store.commit_poll(PollCommit(feed=polled, loaded_at=None, delay_s=60.0))
    found = await world.store.first_polls()
    assert ({"ok": 1, "new": 1}, 1) == (found.states, found.unpolled)
    assert now + timedelta(seconds=60) == found.next_poll_at
