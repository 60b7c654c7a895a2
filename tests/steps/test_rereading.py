"""READ, again and again: after hours, on live pages, and what that must not cost."""

import json
from datetime import timedelta

import pytest

from workers.errors import StoreDown
from workers.options import HostRule, PageOptions

HOUR = 3600.0
COLD = "pages:cold"
PAGES = ("pages:hot", "pages:warm", COLD)


async def read_first(world, site, write, *said: str, title: str = "News from the coast") -> str:
    """Let a feed list a page, and read it; return the id of its article."""
    await world.baseline()
    article = await world.news(title)
    site.put("/n1", write[2](title, *said), Content_Type="text/html")
    await world.work(*PAGES)
    return article


async def later(world, seconds: float) -> None:
    """Let time pass, and do what is due then."""
    world.clock.advance(seconds)
    await world.work(*PAGES)


async def told(world, article: str) -> list[str]:
    """Return what was decided about reading it."""
    lines = await world.store.trace_of(article)
    return [f"{line.decision}: {line.because}" for line in lines if line.stage == "read"]


async def test_a_page_is_read_again_after_one_hour_and_after_six(world, site, write):
    """At no other time; the new text rings for what has not rung, and what changed is kept."""
    world.topics(quake="quake", flood="flood", fire="fire")
    article = await read_first(world, site, write, "A quake shook the harbour at noon.")
    began = (await world.store.article_by_id(article)).first_seen
    site.put("/n1", write[2]("News from the coast", "A quake and a flood shook the harbour."))
    for seconds in (HOUR - 61, 62, HOUR, 3 * HOUR, HOUR - 10):
        await later(world, seconds)
    assert 2 == site.times("/n1")
    site.put("/n1", write[2]("News from the coast", "A quake, a flood and a fire."))
    for seconds in (60, HOUR, 12 * HOUR, 48 * HOUR):
        await later(world, seconds)
    assert 3 == site.times("/n1")
    rung = [topics for _, _, topics in await world.alerts()]
    assert [("quake",), ("flood",), ("fire",)] == rung
    first, second = await world.store.editions_of(article)
    assert ("later", began) == (first.because, first.since)
    assert (
        ("A quake and a flood shook the harbour.",),
        ("A quake shook the harbour at noon.",),
    ) == (first.added, first.removed)
    assert ("A quake, a flood and a fire.",) == second.added
    said = [line for line in await told(world, article) if line.startswith("again")]
    assert said[0].startswith("again, 1 h after it was first seen: ")
    assert "1 lines added, 1 removed: A quake and a flood" in said[0]


async def test_a_page_that_did_not_change_costs_its_publisher_next_to_nothing(world, site, write):
    """The server is told what we have, and need not send it; nothing is extracted."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("News from the coast")
    page = write[2]("News from the coast", "A quake shook the harbour.")
    site.put("/n1", page, ETag='"one"', Last_Modified="Sun, 01 Mar 2026 12:00:00 GMT")
    await world.work(*PAGES)
    read = world.pool.calls
    before = await world.store.article_by_id(article)
    site.put("/n1", "", 304)
    await later(world, HOUR)
    asked = site.asked[-1][1]
    assert ('"one"', "Sun, 01 Mar 2026 12:00:00 GMT") == (
        asked["If-None-Match"],
        asked["If-Modified-Since"],
    )
    site.put("/n1", page)  # a server that knows no 304
    await later(world, 5 * HOUR)
    after = await world.store.article_by_id(article)
    assert (read, before.text, world.clock.now()) == (
        world.pool.calls,
        after.text,
        after.fetched_at,
    )
    assert [] == await world.store.editions_of(article)
    assert "the very same page" in (await told(world, article))[-1]


async def test_an_edit_asks_for_the_whole_page(world, site, write):
    """Its feed says that something changed: a server that says 304 for ever is not believed."""
    world.topics(quake="quake")
    await world.baseline()
    await world.news("News")
    site.put("/n1", write[2]("News", "Nothing yet."), ETag='"one"')
    await world.work(*PAGES)
    world.clock.advance(60)
    await world.news("News, with more")
    site.put("/n1", write[2]("News", "A quake."), ETag='"one"')
    await world.work(*PAGES)
    assert "If-None-Match" not in site.asked[-1][1]
    assert 1 == len(await world.alerts())


CONSENT = "<html><head><title>Before you continue</title></head><body><p>Agree.</p></body></html>"
THIN = "<html><head><title>News</title></head><body><p>Subscribe.</p></body></html>"


@pytest.mark.parametrize(
    ("status", "body", "more"),
    [
        (404, "", 0),
        (410, "", 0),
        (403, "", 0),
        (451, "", 0),
        (503, "", 1),
        (429, "", 1),
        (200, CONSENT, 0),
        (200, THIN, 1),
        (200, "", 1),
    ],
)
async def test_what_a_page_said_stays_whatever_comes_later(world, site, write, status, body, more):
    """Its text is left as it was. What is gone, or closed to us, is not asked for once more."""
    world.topics(quake="quake")
    article = await read_first(world, site, write, "A quake shook the harbour.")
    before = await world.store.article_by_id(article)
    site.put("/n1", body, status, Content_Type="text/html")
    await later(world, HOUR)
    asked = site.times("/n1")
    after = await world.store.article_by_id(article)
    assert (before.text, before.title, before.verdict) == (after.text, after.title, after.verdict)
    await later(world, 5 * HOUR)
    await later(world, 48 * HOUR)
    assert (2, more) == (asked, site.times("/n1") - asked)
    assert (before.text, 1) == (
        (await world.store.article_by_id(article)).text,
        len(await world.alerts()),
    )
    assert [] == await world.store.dead_lines()


async def test_a_paywall_does_not_shorten_what_was_read(world, site, write):
    """A page of which the beginning is left keeps the whole text; a correction counts."""
    world.topics(quake="quake")
    long = [
        f"Sentence {n} of the report is about the harbour, its ships, and all of the many people "
        "who work there by day and by night, in summer as in winter."
        for n in range(20)
    ]
    article = await read_first(world, site, write, "A quake.", *long)
    before = await world.store.article_by_id(article)
    site.put("/n1", write[2]("News from the coast", "A quake."))
    await later(world, HOUR)
    assert before.text == (await world.store.article_by_id(article)).text
    site.put("/n1", write[2]("News from the coast", "A small quake.", *long[1:]))
    await later(world, 5 * HOUR)
    assert "A small quake." in (await world.store.article_by_id(article)).text


async def test_what_was_old_when_it_came_is_not_read_again(world, site, write):
    """Nor what never could be had, nor what may not ring."""
    item, rss, page = write
    world.topics(quake="quake")
    feed = await world.baseline()
    at = world.clock.now() - timedelta(hours=25)
    items = [
        item("old1", "Old news", url=site.url + "/a", at=at),
        item("none", "No page", url=site.url + "/b"),
        item("older", "Older", url=site.url + "/c", at=at - timedelta(days=9)),
    ]
    site.put("/feed", rss(*items))
    for path in ("/a", "/c"):
        site.put(path, page("Old news", "Words."))
    await world.poll(feed)
    await world.work(*PAGES)
    before = len(site.asked)
    for _ in range(10):
        await later(world, HOUR)
    assert before == len(site.asked)


async def test_options_say_when(world, site, write, with_rules):
    """Without hours nothing is read again; a live page only where that is asked for."""
    off = PageOptions(reread_s=(), live_every_s=0.0)
    world.rules = with_rules(world.rules, pages=off)
    await read_first(world, site, write, "Words.", title="Live: storm")
    for _ in range(8):
        await later(world, HOUR)
    assert 1 == site.times("/n1")


async def test_reading_again_is_polite(world, site, write, with_rules):
    """It takes its turn at the host, as any page does."""
    world.topics(quake="quake")
    article = await read_first(world, site, write, "Words.")
    name = site.url.partition("//")[2]
    net = type(world.rules.net)(
        **{
            **{
                field: getattr(world.rules.net, field)
                for field in world.rules.net.__struct_fields__
            },
            "hosts": {name: HostRule(spacing_s=30.0, at_once=1)},
        }
    )
    world.rules = with_rules(world.rules, net=net)
    assert 0 == await world.broker.host_turn(name, 30.0, 1, 5.0)
    await later(world, HOUR)
    assert 1 == site.times("/n1")
    job = await world.store.load_page("page", article)
    assert (False, COLD) == (job.work.due, job.work.stream)


async def test_news_does_not_wait_for_what_is_read_again(world, site, write):
    """A page that is read again waits in the cold stream; an edit moves it up at once."""
    world.topics(quake="quake")
    await read_first(world, site, write, "Words.")
    world.clock.advance(HOUR)
    assert [COLD] == [stream for stream, _ in await world.due(*PAGES)]
    assert 0.0 == await world.store.behind()
    await world.news("News, edited")
    assert ["pages:warm"] == [stream for stream, _ in await world.due(*PAGES)]


class Dying:
    """A store whose process dies around a commit."""

    def __init__(self, store, *, after: bool) -> None:
        self._store = store
        self._after = after

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def commit_article(self, commit):
        if self._after:
            await self._store.commit_article(commit)
        raise StoreDown("killed")


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
async def test_a_process_that_dies_costs_no_change_and_doubles_none(world, site, write, after):
    """Killed on either side of its commit, a reading is made, kept and rung once."""
    world.topics(quake="quake", storm="storm")
    article = await read_first(world, site, write, "A quake.", title="Live: storm lands")
    site.put("/n1", write[2]("Live: storm lands", "A quake.", "The quake was felt far away."))
    world.clock.advance(600)
    edges = type(world.edges)(**{**world.edges.__dict__, "store": Dying(world.store, after=after)})
    dying = type(world.read)(edges, lambda: world.rules, world._extract)
    ((_, id_),) = await world.due(*PAGES)
    with pytest.raises(StoreDown):
        await dying(id_)
    await world.work(*PAGES)
    await world.read(id_)  # redelivered once more
    assert 1 == len(await world.store.editions_of(article))
    assert [(1, "page", ("quake",)), (1, "page", ("quake", "storm"))] == await world.alerts()


# ── live pages ──────────────────────────────────────────────────────────────────────────────────


def live_page(write, *said: str, end: str | None = None, linked: bool = True) -> str:
    """Return a live page; the newest is said first."""
    text = write[2]("Storm at the coast", *said)
    if not linked:
        return text
    node = {"@context": "https://schema.org", "@type": "LiveBlogPosting", "headline": "Storm"}
    if end:
        node["coverageEndTime"] = end
    script = f'<script type="application/ld+json">{json.dumps(node)}</script>'
    return text.replace("</head>", script + "</head>")


async def test_a_simulated_day_of_a_live_page(world, site, write):
    """Every ten minutes for a day; each new paragraph rings once, six by themselves."""
    world.topics(quake="quake", harbour="lighthouse")
    await world.baseline()
    article = await world.news("Storm at the coast")
    posts = ["The first quake was at dawn."]
    site.put("/n1", live_page(write, *posts))
    await world.work(*PAGES)
    for minute in range(10, 24 * 60 + 30, 10):
        if minute % 120 == 0 and minute <= 16 * 60:
            posts.insert(0, f"Quake number {minute} has now been measured by station {minute}.")
            site.put("/n1", live_page(write, *posts))
        await later(world, 600)
    assert 1 + 24 * 6 == site.times("/n1")
    lines = await world.store.alert_lines()
    assert 1 + 8 == len(lines)
    assert 1 + 8 == len({line.event for line in lines})
    assert {("quake",)} == {line.topics for line in lines}
    assert 1 + 6 == sum(1 for line in lines if line.deliveries == {"ops": "open"})
    assert 2 == await world.store.summarize(0.0) + 1
    ((summary, _),) = [
        (job.content, id_)
        for _, id_ in await world.due("sink:ops")
        for job in [await world.store.load_delivery(id_)]
        if job.delivery.message
    ]
    assert (2, "quake") == (summary.facts.count, summary.facts.topic)
    assert 8 == len(await world.store.editions_of(article))
    assert (await world.store.article_by_id(article)).live is None


async def test_a_paragraph_of_a_live_page_is_told_by_itself(world, site, write):
    """The alert has the page's title, the paragraph as its summary, and an event of its own."""
    world.topics(quake="quake AND storm")
    await world.baseline()
    article = await world.news("Storm at the coast")
    site.put("/n1", live_page(write, "A quake at dawn."))
    await world.work(*PAGES)
    said = "Ten minutes ago a second quake was felt in all of the valley."
    site.put("/n1", live_page(write, said, "Roads are closed.", "A quake at dawn."))
    await later(world, 600)
    line, first = await world.store.alert_lines()
    alert = await world.store.load_alert(line.alert)
    assert (article, True) == (first.event, line.event != article)
    assert (article, "Storm at the coast", said, "page") == (
        alert.article.id,
        alert.article.title,
        alert.article.summary,
        alert.evidence,
    )
    trace = await world.store.trace_of(article)
    assert f"a paragraph rings by itself: quake: {said}" in [
        f"{one.decision}: {one.because}" for one in trace
    ]


async def test_a_paragraph_has_the_time_that_the_feed_gives(world, site, write):
    """As the alert of the page itself; not the one that the page says of itself."""
    world.topics(quake="quake")
    await world.baseline()
    item, rss, _ = write
    at = world.clock.now().replace(microsecond=0)
    url = f"{site.url}/n1"
    said = '"headline": "Storm", "datePublished": "2020-01-01T00:00:00Z"'

    def page(*lines: str) -> str:
        return live_page(write, *lines).replace('"headline": "Storm"', said)

    site.put("/n1", page("A quake at dawn."))
    site.put("/feed", rss(item("n1", "Storm at the coast", "Words.", url=url, at=at)))
    for row in await world.store.feed_rows():
        await world.poll(row.id)
    await world.work(*PAGES)
    site.put("/n1", page("A second quake was felt in all of the valley.", "A quake at dawn."))
    await later(world, 600)
    alerts = [await world.store.load_alert(one.alert) for one in await world.store.alert_lines()]
    assert [(at, "feed")] * 2 == [(a.article.published, a.article.published_from) for a in alerts]


async def test_edits_moves_and_new_topics_are_no_news_of_their_own(world, site, write):
    """A paragraph that was corrected, moved or came back does not ring; nor a new topic twice."""
    world.topics(quake="quake")
    await world.baseline()
    await world.news("Storm at the coast")
    one = "The quake at dawn was measured at five point one by the station in the valley."
    two = "A second quake at noon was felt by fishermen who were on their way home."
    site.put("/n1", live_page(write, one, two))
    await world.work(*PAGES)
    fixed = one.replace("five point one", "five point two")
    for said in ([two, fixed], [fixed], [two, fixed]):
        site.put("/n1", live_page(write, *said))
        await later(world, 600)
    assert 1 == len(await world.store.alert_lines())
    world.topics(quake="quake", ferry="ferry")
    site.put("/n1", live_page(write, "The ferry is late.", two, fixed))
    await later(world, 600)
    rung = [line.topics for line in await world.store.alert_lines()]
    assert [("ferry",), ("quake",)] == rung


async def test_a_live_page_ends_when_it_says(world, site, write):
    """After coverageEndTime it is any page: read again only in its hours."""
    world.topics(quake="quake")
    await world.baseline()
    await world.news("Storm at the coast")
    end = (world.clock.now() + timedelta(minutes=35)).isoformat()
    site.put("/n1", live_page(write, "Words.", end=end))
    await world.work(*PAGES)
    for _ in range(5):
        await later(world, 600)
    assert 1 + 3 == site.times("/n1")


async def test_what_only_looks_live_is_left_after_three_quiet_hours(world, site, write):
    """By its title alone; with something new it is followed on."""
    world.topics(quake="quake")
    await world.baseline()
    await world.news("Live: storm")
    site.put("/n1", write[2]("Live: storm", "Words."))
    await world.work(*PAGES)
    for _ in range(6 * 5):
        await later(world, 600)
    quiet = site.times("/n1")
    assert 17 <= quiet <= 19
    site.put("/n1", write[2]("Live: storm", "Words.", "More of them."))
    await later(world, HOUR)
    await later(world, 600)
    assert quiet + 2 == site.times("/n1")


async def test_a_live_page_that_becomes_another_rings_for_no_paragraph(world, site, write):
    """Of its lines hardly one is left: it is matched as a whole, its lines are no news."""
    world.topics(quake="quake")
    await world.baseline()
    await world.news("Storm at the coast")
    lines = [f"The quake was felt in village number {n} of the valley at dawn." for n in range(40)]
    site.put("/n1", live_page(write, *lines))
    await world.work(*PAGES)
    other = [f"Another quake hit town {n} on the far island in the night." for n in range(40)]
    site.put("/n1", live_page(write, *other))
    await later(world, 600)
    assert 1 == len(await world.store.alert_lines())
