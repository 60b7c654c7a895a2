"""POLL: what a feed shows that is new, committed with the feed's validators."""

import re
from datetime import timedelta

import pytest

from workers.alerts import SinkRoute
from workers.errors import StoreDown
from workers.model.message import OperatorEvent
from workers.model.topic import TopicSpec
from workers.options import HostRule
from workers.pool.tasks import read_feed_again
from workers.steps.look import Look, may_tell
from workers.steps.poll import Poll
from workers.topics import compile_topics

DAY_S = 86400.0


async def test_a_first_poll_is_silent(world, site, write):
    """What a feed lists when first seen is stored, and neither read nor rung."""
    item, rss, _ = write
    world.topics(quake="quake")
    site.put("/feed", rss(item("a", "A quake", url=site.url + "/a")))
    (feed,) = await world.feeds("/feed")
    row = await world.poll(feed)
    assert row.baselined_at is not None
    assert await world.article("/a") is not None
    assert [] == await world.due()


async def test_an_obvious_hit_is_read_first_and_rings_soon(world):
    """A new entry whose title matches waits in the hot stream, and for RING ten seconds on."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake hits the coast")
    assert [("pages:hot", article)] == await world.due()
    world.clock.advance(10)
    assert [("pages:hot", article), ("ring", article)] == sorted(await world.due())


async def test_other_news_is_read_in_its_turn(world):
    """A new entry whose text matches nothing waits in the warm stream, and does not ring."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A harvest festival")
    world.clock.advance(10)
    assert [("pages:warm", article)] == await world.due()


async def test_an_old_date_is_no_news(world, site, write):
    """A new entry that was published before max_age is stored, not read."""
    item, rss, _ = write
    feed = await world.baseline()
    world.clock.advance(10 * DAY_S)
    early = world.clock.now().replace(day=1)
    site.put("/feed", rss(item("x", "Archive", url=site.url + "/x", at=early)))
    await world.poll(feed)
    assert await world.article("/x") is not None
    assert [] == await world.due()


async def test_nothing_is_asked_for_twice(world):
    """The same document again asks for nothing more."""
    await world.baseline()
    article = await world.news("News")
    await world.read(article)
    await world.news("News")
    assert [] == await world.due()


async def test_not_modified(world, site, write):
    """A 304 keeps what the feed had, and counts as a good poll."""
    item, rss, _ = write
    site.put("/feed", rss(item("a", "A", url=site.url + "/a")), ETag='"one"')
    (feed,) = await world.feeds("/feed")
    world.begin_day(feed)
    before = await world.poll(feed)
    site.put("/feed", "", 304, ETag='"one"')
    world.clock.advance(900)
    after = await world.poll(feed)
    assert '"one"' == site.asked[-1][1]["If-None-Match"]
    assert before.validators == after.validators
    assert (world.clock.now(), 0) == (after.last_good_at, after.errors)


async def test_the_same_bytes_are_not_read_again(world):
    """A server that knows no 304 is not parsed twice: the body's hash says enough."""
    feed = await world.baseline()
    world.clock.advance(900)
    await world.poll(feed)
    page = world.edges.meter.page().decode()
    assert 'tocsin_polls_total{outcome="unchanged"} 1.0' in page


async def test_a_baseline_is_asked_for_whole(world, site, write):
    """A cut document is no baseline, and the next poll asks for all of it, without validators."""
    item, rss, _ = write
    whole = rss(item("a", "A", url=site.url + "/a"), item("b", "B", url=site.url + "/b"))
    site.put("/feed", whole[: whole.index("<title>B")], ETag='"one"')
    (feed,) = await world.feeds("/feed")
    row = await world.poll(feed)
    assert (None, None) == (row.baselined_at, row.validators.etag)
    site.put("/feed", whole, ETag='"one"')
    row = await world.poll(feed)
    assert "If-None-Match" not in site.asked[-1][1]
    assert row.baselined_at is not None
    assert '"one"' == row.validators.etag


async def test_what_was_cut_off_is_seen_later(world, site, write):
    """Validators of a cut document are not kept: they would hide what was cut off."""
    item, rss, _ = write
    feed = await world.baseline()
    whole = rss(item("a", "A", url=site.url + "/a"), item("b", "B", url=site.url + "/b"))
    site.put("/feed", whole[: whole.index("<title>B")], ETag='"one"')
    row = await world.poll(feed)
    assert row.validators.etag is None
    site.put("/feed", whole, ETag='"one"')
    await world.poll(feed)
    assert "If-None-Match" not in site.asked[-1][1]
    assert await world.article("/b") is not None


async def test_once_a_day_a_feed_is_fetched_whole(world, site, write):
    """Servers that answer 304 for ever exist: the first poll of a day asks for all of it."""
    item, rss, _ = write
    site.put("/feed", rss(item("a", "A", url=site.url + "/a")), ETag='"one"')
    (feed,) = await world.feeds("/feed")
    sent = []
    for _ in range(26):
        await world.poll(feed)
        sent.append("If-None-Match" in site.asked[-1][1])
        world.clock.advance(3600)
    assert not sent[0]
    assert sent[1:].count(False) in {1, 2}


async def test_a_failure_backs_off(world, site):
    """A failed poll keeps reason and count, and waits longer each time; a good one forgets."""
    feed = await world.baseline()
    waits = []
    site.put("/feed", "busy", 500)
    for _ in range(3):
        waits.append((await world.poller(feed)).delay_s)
        world.clock.advance(waits[-1])
    row = await world.store.load_feed(feed)
    assert sorted(set(waits)) == waits
    assert (3, "serverError: HTTP 500") == (row.errors, row.last_error)
    await world.news("News")
    row = await world.store.load_feed(feed)
    assert (0, None, 0.0) == (row.errors, row.last_error, row.score)


async def test_a_refused_connection_is_a_failure_too(world):
    """A host where nobody listens makes a failure in words, and nothing is lost."""
    (feed,) = await world.feeds("http://127.0.0.1:9/feed")
    row = await world.poll(feed)
    assert 1 == row.errors
    assert row.last_error.startswith("connect")


async def test_retry_after_is_kept(world, site):
    """A 429 is obeyed: the next poll is not before what Retry-After says."""
    feed = await world.baseline()
    site.put("/feed", "slower", 429, Retry_After="7200")
    assert (await world.poller(feed)).delay_s >= 7200


async def test_a_move_needs_three_answers_over_a_day(world, site, write):
    """A 301 moves the address after three agreeing answers over 24 h; the feed stays the same."""
    feed = await world.baseline()
    site.put("/feed", "", 301, Location="/new")
    site.put("/new", write[1](write[0]("n", "New", url=site.url + "/n")))
    urls = []
    for _ in range(3):
        urls.append((await world.poll(feed)).url)
        world.clock.advance(12.5 * 3600)
    assert [site.url + "/feed", site.url + "/feed", site.url + "/new"] == urls
    assert 1 == len(await world.store.feed_rows())


async def test_another_way_in_between_starts_the_count_again(world, site, write):
    """An answer from the old address makes the move's three answers begin anew."""
    feed = await world.baseline()
    old = site.replies["/feed"]
    site.put("/new", write[1](write[0]("n", "New", url=site.url + "/n")))
    for answer in (301, 301, 200, 301):
        if answer == 301:
            site.put("/feed", "", 301, Location="/new")
        else:
            site.replies["/feed"] = old
        row = await world.poll(feed)
        world.clock.advance(13 * 3600)
    assert (site.url + "/feed", 1) == (row.url, row.moved_count)


@pytest.mark.parametrize(
    ("configured", "present", "told"),
    [
        ("https://a.example/x", "https://a.example/y", True),
        ("http://a.example/x", "https://a.example/x", True),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "https://b.example/x", False),
        ("https://a.example/x", "https://a.example:8443/x", False),
    ],
)
def test_headers_stay_with_their_host(configured, present, told):
    """What is sent with a feed may be a secret: no other host gets it, nor one in the clear."""
    assert told is may_tell(configured, present)


async def test_a_moved_feed_takes_no_secrets_along(world, site, changed):
    """Headers of a feed are sent where it was configured, not to the host that it moved to."""
    await world.baseline()
    (feed,) = await world.feeds("/feed", headers=(("X-Key", "hidden"),))
    row = await world.poll(feed)
    assert "hidden" == site.asked[-1][1]["X-Key"]
    look = Look(world.edges, read_feed_again)
    moved = changed(row, url="http://elsewhere.example/feed")
    assert () == look._request(moved, world.rules).headers


async def test_gone_for_a_day_is_given_up(world, site, write):
    """A 410 three times over a day parks the feed: one probe a week, which brings it back."""
    feed = await world.baseline()
    site.put("/feed", "gone", 410)
    given_up = []
    for _ in range(3):
        given_up.append((await world.poll(feed)).gone_at is not None)
        world.clock.advance(13 * 3600)
    assert [False, False, True] == given_up
    assert {"parked": 1} == (await world.store.counts()).feeds
    ((_, probe_s, _),) = await world.store.feed_delays("", 9)
    assert 6.4 <= probe_s / DAY_S <= 6.8
    world.clock.advance(7 * DAY_S)
    assert 7 <= (await world.poller(feed)).delay_s / DAY_S <= 7.3
    site.put("/feed", write[1](write[0]("new", "It is back")))
    row = await world.poll(feed)
    assert (None, 0, {"ok": 1}) == (row.gone_at, row.errors, (await world.store.counts()).feeds)
    assert world.clock.now() == row.last_new_at


async def test_a_page_instead_of_a_feed(world, site, write):
    """HTML where a feed was is an error in words, and the entries stand."""
    feed = await world.baseline()
    site.put("/feed", write[2]("Login", "Please sign in."), Content_Type="text/html")
    row = await world.poll(feed)
    assert 1 == row.errors
    assert row.last_error.startswith("payload")
    assert await world.article("/old") is not None


async def test_a_second_opinion_by_a_process(world, site, real_pool, with_pool):
    """What the fast parser makes nothing of is read by the slow one, in a process of its own."""
    site.put("/feed", "neither the one nor the other")
    (feed,) = await world.feeds("/feed")
    edges = with_pool(world.edges, real_pool)
    step = Poll(edges, lambda: world.rules, Look(edges, read_feed_again))
    await step(feed)
    row = await world.store.load_feed(feed)
    assert 1 == real_pool.done
    assert row.last_error.startswith("payload")


async def test_a_parser_that_fails_is_the_feeds_failure(world, site):
    """An error that nobody foresaw is kept as the feed's last error, and the feed comes again."""
    feed = await world.baseline()
    site.put("/feed", "no feed at all")
    world.pool.fails = [RecursionError("too deep")]
    row = await world.poll(feed)
    assert 1 == row.errors
    assert re.match("crash: RecursionError", row.last_error)


async def test_validators_are_never_ahead_of_entries(world, site, write):
    """A poll that could not be stored leaves the validators as they were, so all comes again."""
    feed = await world.baseline()
    before = (await world.store.load_feed(feed)).validators
    site.put("/feed", write[1](write[0]("b", "B", url=site.url + "/b")), ETag='"two"')

    class Full:
        def __getattr__(self, name):
            return getattr(world.store, name)

        async def commit_poll(self, _commit):
            raise StoreDown("disk full")

    edges = type(world.edges)(**{**world.edges.__dict__, "store": Full()})
    with pytest.raises(StoreDown):
        await Poll(edges, lambda: world.rules, Look(edges, read_feed_again))(feed)
    assert before == (await world.store.load_feed(feed)).validators
    await world.poll(feed)
    assert await world.article("/b") is not None


async def test_a_parked_feed_is_left_alone(world, site):
    """A feed that no file lists any more is not asked for."""
    feed = await world.baseline()
    await world.store.sync_feeds([])
    asked = site.times("/feed")
    assert (await world.poller(feed)).delay_s > 0
    assert asked == site.times("/feed")


async def test_a_polite_poll_waits_its_turn(world, site, changed, with_rules):
    """A host that was asked a moment ago is not asked again before its spacing has passed."""
    feed = await world.baseline()
    rule = {"127.0.0.1": HostRule(spacing_s=60.0, at_once=1)}
    world.rules = with_rules(world.rules, net=changed(world.rules.net, hosts=rule))
    await world.poll(feed)
    asked = site.times("/feed")
    after = await world.poller(feed)
    assert after.waits
    assert 0 < after.delay_s <= 72
    assert asked == site.times("/feed")


async def test_an_edit_is_read_again(world, site, write):
    """An entry whose text changed under the same identity asks for its page once more."""
    await world.baseline()
    article = await world.news("First title")
    site.put("/n1", write[2]("First title", "Words."))
    await world.read(article)
    await world.news("Second title")
    assert [("pages:warm", article)] == await world.due()


async def test_the_budget_follows_the_feeds(world, with_rules, changed):
    """With interval "auto" the budget is shared anew among all feeds that are polled."""
    await world.baseline()
    world.rules = with_rules(
        world.rules, poll=changed(world.rules.poll, interval_s=None, polls_per_minute=0.005)
    )
    spending = await world.poller.weigh()
    assert (True, 1) == (spending.exhausted, spending.feeds)
    assert spending.budget == world.poller.budget
    longest = world.rules.poll.slowest_s
    assert longest < (await world.poll((await world.store.feed_rows())[0].id)).interval_s


async def test_what_is_learned_of_new_feeds_counts_soon(world, site, write):
    """After some first readings the budget is to be found anew, not after later ones."""
    site.put("/feed", write[1](write[0]("a", "A")))
    (feed,) = await world.feeds("/feed")
    await world.poller.weigh()
    assert not world.poller.learned_much
    await world.poll(feed)
    assert world.poller.learned_much
    await world.poller.weigh()
    site.put("/feed", write[1](write[0]("b", "B")))
    await world.poll(feed)
    assert not world.poller.learned_much


async def test_quiet_feeds_are_slowed_while_pages_wait(world, with_rules, changed):
    """A page that has waited for over ten minutes stretches the next interval, and says why."""
    feed = await world.baseline()
    world.rules = with_rules(world.rules, poll=changed(world.rules.poll, interval_s=None))
    world.clock.advance(5 * DAY_S)
    await world.news("Something new")
    world.clock.advance(590)
    usual = await world.poll(feed)
    assert not any("slowed" in phrase for phrase in usual.why)
    world.clock.advance(110)
    row = await world.poll(feed)
    assert 1.5 * usual.interval_s < row.interval_s
    assert [] != [phrase for phrase in row.why if phrase.startswith("slowed: pages wait 12 min")]
    assert 700.0 == (await world.edges.store.counts()).behind_s
    assert "tocsin_polls_slowed_total 1.0" in world.edges.meter.page().decode()


async def test_how_long_pages_wait_is_asked_for_seldom(world, monkeypatch):
    """The answer serves all polls of five seconds."""
    asked, behind = [], world.edges.store.behind

    async def counted() -> float:
        asked.append(1)
        return await behind()

    feed = await world.baseline()
    monkeypatch.setattr(world.edges.store, "behind", counted)
    world.clock.advance(5)
    for _ in range(3):
        await world.poll(feed)
    assert [1] == asked


async def test_a_feed_that_fails_and_comes_back_is_told_of(world, site, with_rules):
    """In the transaction of the poll: once while it lasts, and once when it is over."""
    feed = await world.baseline()
    world.rules = with_rules(world.rules, sinks=(SinkRoute(name="ops", events=True),))
    good = site.replies["/feed"]
    site.put("/feed", "oops", 500)
    for _ in range(6):
        world.clock.advance(1800)
        await world.poll(feed)
    (line,) = await world.store.open_events()
    assert "feed_failing" == line.kind
    assert "the server has an error of its own (HTTP 500)" in line.text
    site.replies["/feed"] = good
    world.clock.advance(1800)
    await world.poll(feed)
    assert [] == await world.store.open_events()
    told = [await world.store.load_delivery(id_) for _, id_ in await world.due("sink:ops")]
    assert ["feed_failing", "feed_back"] == [
        job.content.kind for job in sorted(told, key=lambda job: job.made_at)
    ]


async def test_a_feed_that_is_made_anew_is_told_of(world, site, write, with_rules):
    """A redesign does not ring, and that is said."""
    item, rss, _ = write
    feed = await world.baseline()
    early = world.clock.now().replace(hour=1)
    world.clock.advance(60)
    world.rules = with_rules(world.rules, sinks=(SinkRoute(name="ops", events=True),))
    site.put("/feed", rss(*(item(f"b{n}", f"B {n}", at=early) for n in range(12))))
    world.clock.advance(3600)
    await world.poll(feed)
    told = [await world.store.load_delivery(id_) for _, id_ in await world.due("sink:ops")]
    events = [job.content for job in told if isinstance(job.content, OperatorEvent)]
    assert ["feed_rebaselined"] == [one.kind for one in events]


async def test_a_feed_that_goes_quiet_and_comes_back_is_told_of(world, site, write, with_rules):
    """Once each, with the topics that hear only this feed; meanwhile its state is quiet."""
    item, rss, _ = write
    began = world.clock.now()
    listed = [item(f"i{n}", f"T {n}", at=began - timedelta(hours=6 * n)) for n in range(100)]
    site.put("/feed", rss(*listed))
    (feed,) = await world.feeds("/feed")
    ops = SinkRoute(name="ops", events=True)
    deaf = TopicSpec(name="deaf", query="x", feeds=("Feed /feed",))
    topics = compile_topics([deaf], {}, ("en",))
    world.rules = with_rules(world.rules, sinks=(ops,), topics=topics)

    async def look(hours: float) -> tuple[list[str], dict[str, int], list[str]]:
        world.clock.advance(3600 * hours)
        await world.poll(feed)
        lines = [one.kind for one in await world.store.open_events()]
        states = [state for id_, _, state in await world.store.feed_states(10) if id_ == feed]
        return lines, (await world.store.counts()).feeds, states

    assert ([], ["ok"]) == (await look(0))[::2]
    assert ([], ["ok"]) == (await look(8))[::2]
    lines, counts, states = await look(2)
    assert (["feed_quiet"], 1, ["quiet"]) == (lines, counts["quiet"], states)
    assert ["feed_quiet"] == (await look(5))[0]
    site.put("/feed", rss(item("new", "T", at=world.clock.now()), *listed))
    lines, counts, states = await look(1)
    assert ([], 0, ["ok"]) == (lines, counts.get("quiet", 0), states)
    told = [await world.store.load_delivery(id_) for _, id_ in await world.due("sink:ops")]
    events = sorted((job.content for job in told), key=lambda one: one.at)
    assert [("feed_quiet", ("deaf",)), ("feed_back", ())] == [
        (one.kind, one.topics) for one in events
    ]


async def test_a_feed_that_shows_less_than_it_posts_is_told_of(world, site, write, with_rules):
    """When all was new twice in a row: once, until a day has passed without."""
    item, rss, _ = write
    feed = await world.baseline()
    world.rules = with_rules(world.rules, sinks=(SinkRoute(name="ops", events=True),))

    async def look(first: int, hours: float) -> list[str]:
        site.put("/feed", rss(*(item(f"p{n}", f"P {n}") for n in range(first, first + 6))))
        world.clock.advance(3600 * hours)
        await world.poll(feed)
        return [one.kind for one in await world.store.open_events()]

    assert [] == await look(100, 0.25)
    assert ["feed_blind"] == await look(200, 0.25)
    assert ["feed_blind"] == await look(300, 0.25)
    assert ["feed_blind"] == await look(302, 23)
    assert [] == await look(304, 2)
    told = [await world.store.load_delivery(id_) for _, id_ in await world.due("sink:ops")]
    assert ["feed_blind"] == [job.content.kind for job in told]


async def test_a_host_that_redirects_lead_to_is_asked_politely_too(
    world, site, changed, with_rules, broker, write
):
    """Where a feed leads to another host, that host's spacing holds for it as well."""
    feed = await world.baseline()
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    site.put("/there", write[1]())
    site.put("/feed", "", 302, Location=elsewhere + "/there")
    rules = {"localhost": HostRule(spacing_s=60.0, at_once=2)}
    world.rules = with_rules(world.rules, net=changed(world.rules.net, hosts=rules))
    await world.poll(feed)
    assert 1 == site.times("/there")
    other = elsewhere.partition("://")[2]
    assert 50 < (await broker.host_room({other: 60.0}))[other].wait_s <= 60
    after = await world.poller(feed)
    assert after.waits
    assert 1 == site.times("/there")
