"""What is known near an address that no article is known by, on each kind of database."""

from msgspec import structs

from workers.model.commit import DeadEntry, EntryIntent, PollCommit
from workers.model.journey import AtSite
from workers.store import journeys, nearby


async def _lists(world, feed: str, *paths: str, site: str = "site.example") -> None:
    """Let a feed list pages of a site."""
    row = await world.feed(feed)
    for path in paths:
        entry = world.entry(row, path, url=f"https://{site}/{path}")
        await world.poll(entry, key=f"{site}/{path}")


async def test_addresses_of_a_site(world):
    """Those of the hosts that are named, and of no host that only begins alike."""
    await _lists(world, "wire", "a%_b", "b?id=1")
    await _lists(world, "wire", "c", site="site.example.org")
    await _lists(world, "wire", "d", site="site.example:8080")
    found = await world.store.nearby("site.example/x", ["site.example"])
    keys = ["site.example/a%_b", "site.example/b?id=1", "site.example:8080/d"]
    assert keys == [one.key for one in found.known]
    assert not found.more


async def test_what_feeds_have_listed_of_it(world):
    """How many entries, and from when to when; the feed with most of them first."""
    await _lists(world, "few", "a")
    first = world.clock.now()
    await _lists(world, "wire", "b")
    world.clock.advance(60)
    await _lists(world, "wire", "c")
    await _lists(world, "other", "d", site="elsewhere.example")
    found = await world.store.nearby("site.example/x", ["site.example"])
    wire, few = await world.feed("wire"), await world.feed("few")
    assert (
        AtSite(feed=wire.id, entries=2, first=first, last=world.clock.now()),
        AtSite(feed=few.id, entries=1, first=first, last=first),
    ) == found.at_site


async def test_it_is_bounded(world, monkeypatch):
    """Of a large site so many addresses are looked at, and that there are more is told."""
    monkeypatch.setattr(nearby, "MOST", 2)
    await _lists(world, "wire", "a", "b", "c")
    found = await world.store.nearby("site.example/x", ["site.example"])
    assert (2, True) == (len(found.known), found.more)
    assert 2 == found.at_site[0].entries


async def test_an_entry_that_could_not_be_stored(world):
    """Its dead letter is found by the address that it had."""
    row = await world.feed()
    entry = world.entry(row, 'x"y')
    intent = EntryIntent(entry=entry, key='site.example/x"y', stream=None)
    dead = DeadEntry(intent=intent, reason="payload", detail="too odd")
    told = PollCommit(feed=row, loaded_at=row.last_poll_at, delay_s=1.0, dead=(dead,))
    await world.store.commit_poll(told)
    (letter,) = (await world.store.nearby('site.example/x"y', ["site.example"])).dead
    assert (entry.id, "payload", "too odd") == (letter.id, letter.reason, letter.last_answer)
    assert () == (await world.store.nearby("site.example/x", ["site.example"])).dead


async def test_entries_that_share_an_address(world):
    """Each is an article of its own: the newest comes first, and only of the feeds asked for."""
    row = await world.feed()
    shared = "https://site.example/live"
    for name in ("one", "two"):
        entry = structs.replace(world.entry(row, name), url=shared)
        await world.poll(entry, key=None)
        world.clock.advance(1)
    found = await world.store.sharing([shared], [row.id])
    assert 2 == len(found)
    one, two = [(await world.store.journey(id_)).entries[0].identity for id_ in found]
    assert ("two", "one") == (one, two)
    assert () == await world.store.sharing([shared], ["fee_other"])
    assert () == await world.store.sharing([shared + "x"], [row.id])


async def test_a_journey_on_each_database(world):
    """What rang, its deliveries with when they are due, and what is accepted, in one look."""
    await world.store.accept("{}")
    article = await world.article()
    (waiting,) = (await world.store.journey(article)).queued
    assert ("page", 0, 0, False) == (
        waiting.kind,
        waiting.ahead,
        waiting.attempts,
        waiting.taken,
    )
    await world.settle(article, "fire", "flood")
    facts = await world.store.journey(article)
    assert ["fire", "flood"] == [one.topic for one in facts.rung]
    (alert,) = facts.alerts
    assert (alert.id, 1, False) == (facts.rung[0].alert, alert.revision, facts.more_alerts)
    assert ["desk", "ops"] == [one.sink for one in facts.deliveries]
    assert [world.clock.now()] * 2 == [one.queued.at for one in facts.deliveries]
    assert ([1], ()) == ([one.number for one in facts.versions], facts.queued)
    delivery = facts.deliveries[1].id
    await world.store.bury_id("delivery", delivery, "crash", "it burst")
    (letter,) = (await world.store.journey(article)).dead
    assert (delivery, "it burst") == (letter.id, letter.last_answer)
    assert None is await world.store.journey("art_none")
    assert ("{}", None) == (
        await world.store.accepted_as(1),
        await world.store.accepted_as(2),
    )


async def test_a_journey_has_its_newest_alerts(world, monkeypatch):
    """Of very many alerts the newest are told, and that there are more."""
    monkeypatch.setattr(journeys, "MOST", 2)
    article = await world.article()
    for topic in ("a", "b", "c"):
        await world.settle(article, topic)
        world.clock.advance(1)
        await world.poll(world.entry(await world.feed(), digest=topic, edition=2))
    facts = await world.store.journey(article)
    assert ([2, 3], True) == ([one.revision for one in facts.alerts], facts.more_alerts)
