"""The journey of an article, as real steps leave it in the database."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert

from monitor.journey import By, left_out, steps_of, waits_for
from workers.alerts import SinkRoute
from workers.model.alert import TraceLine
from workers.model.message import Recipient
from workers.model.rate import Rate
from workers.model.topic import TopicSpec
from workers.pages.robots import may_read
from workers.steps.read import Read
from workers.steps.robots import Robots
from workers.store import leavers, traces
from workers.store.tables import sinks as sink_states
from workers.store.tables import trace

DAY_S = 86400.0
OPS = SinkRoute(name="ops")


def by(*sinks: SinkRoute, topics: tuple[TopicSpec, ...] = (), recipients: bool = True) -> By:
    """What the settings say: these sinks, and a topic about quakes."""
    specs = topics or (TopicSpec(name="quake", query="quake"),)
    return By(
        routes=sinks or (OPS,),
        topics={spec.name: spec for spec in specs},
        max_age_s=3 * DAY_S,
        list_after_s=600.0,
        recipients=recipients,
    )


async def told(world, article, *sinks, **more) -> list[tuple[str, str, str]]:
    """Return the journey's steps as (stage, decision, because)."""
    facts = await world.store.journey(article)
    assert facts is not None
    steps = steps_of(facts, by(*sinks, **more))
    assert steps == sorted(steps, key=lambda step: step.at)
    return [(step.stage, step.decision, step.because) for step in steps]


def of(steps, stage, decision) -> str:
    """Return the reasons of the one step that begins so."""
    (because,) = [
        why for where, what, why in steps if (where, what[: len(decision)]) == (stage, decision)
    ]
    return because


async def forget_trace(world) -> None:
    """Remove all lines of trace, as retention does."""
    await world.store._write(lambda conn, _now: conn.execute(delete(trace)))


async def test_what_was_listed_at_first_is_no_news(world):
    """A baseline entry: its feed and the time are told, and that its page is not asked for."""
    await world.baseline()
    steps = await told(world, await world.article("/old"))
    assert "Feed /feed: baseline: listed when the feed was first read" in of(
        steps, "poll", "stored only"
    )
    assert "Feed /feed: baseline: listed already when" in of(steps, "ring", "may not ring")
    assert "not asked" in of(steps, "read", "not read")
    await forget_trace(world)
    assert "baseline" in of(await told(world, await world.article("/old")), "poll", "stored only")


async def test_what_is_too_old(world, site, write):
    """Published before [alerts] max_age: the date and the limit are told."""
    item, rss, _ = write
    await world.baseline()
    at = world.clock.now() - timedelta(days=9)
    site.put("/feed", rss(item("n1", "A quake", url=site.url + "/n1", at=at)))
    (row,) = await world.store.feed_rows()
    await world.poll(row.id)
    because = of(await told(world, await world.article("/n1")), "ring", "may not ring")
    assert f"published {at:%Y-%m-%d}" in because
    assert "max_age is 72.0 h" in because


async def test_a_page_that_waits(world):
    """Where it stands in the line, since when it is due, and how often it was tried."""
    world.topics(quake="quake")
    await world.baseline()
    before = await world.news("Other news", name="n1")
    world.clock.advance(5)
    article = await world.news("Still other news", name="n2")
    world.clock.advance(5)
    because = of(await told(world, article), "read", "not read yet: waits in line")
    assert "1 page goes before it in pages:warm" in because
    assert "0 attempts so far" in because
    assert "0 pages go before it" in of(await told(world, before), "read", "not read yet")
    assert "read" == waits_for(await world.store.journey(article))


async def test_a_hit_that_does_not_wait_for_its_page(world):
    """It is told when it rings by its feed's text; no more once its page was read before that."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake")
    waits = ("ring", "rings on the feed's text, unless its page is read before")
    assert waits in [step[:2] for step in await told(world, article)]
    world.site.put("/n1", "<title>A quake</title><p>The quake was strong.</p>")
    await world.read(article)
    assert waits not in [step[:2] for step in await told(world, article)]


async def test_a_page_that_is_tried_again(world, site):
    """When it is tried again, how often it was tried, and what it was answered last."""
    await world.baseline()
    article = await world.news("News")
    site.put("/n1", "busy", 503)
    for _ in range(2):
        await world.read(article)
        world.clock.advance(60)
    steps = await told(world, article)
    because = of(steps, "read", "not read yet: tried again at")
    assert "2 attempts so far; last answer: serverError: HTTP 503" in because
    assert None is waits_for(await world.store.journey(article))


async def test_a_page_that_is_not_there(world, site):
    """Its status is told, and that the feed's text is what was searched."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake", "Words.")
    site.put("/n1", "gone", 404)
    await world.read(article)
    wanted = "unreadable, text from feed"
    assert "notFound: HTTP 404" in of(await told(world, article), "read", wanted)
    await forget_trace(world)
    steps = await told(world, article)
    assert "notFound: HTTP 404" in of(steps, "read", wanted)
    assert "Feed /feed: new" == of(steps, "poll", "read next")


async def test_a_page_that_robots_keep_from_us(world, site, with_rules, changed):
    """It says so, and that the feed's text was searched."""
    world.rules = with_rules(world.rules, pages=changed(world.rules.pages, robots=True))
    robots = Robots(world.edges, may_read)
    world.read = Read(world.edges, lambda: world.rules, world._extract, robots)
    await world.baseline()
    site.put("/robots.txt", "User-agent: *\nDisallow: /\n")
    article = await world.news("News", "Words.")
    for _ in range(2):
        world.clock.advance(1)
        await world.read(article)
    because = of(await told(world, article), "read", "unreadable, text from feed")
    assert "blocked by robots.txt" in because


async def test_a_page_that_was_given_up(world, site):
    """A dead letter: why, what was answered, and the command that tries it again."""
    await world.baseline()
    article = await world.news("", "")
    site.put("/n1", "", 404)
    await world.read(article)
    because = of(await told(world, article), "read", "dead letter")
    assert "notFound" in because
    assert f"`tocsin dead replay {article}`" in because
    assert None is waits_for(await world.store.journey(article))


async def test_a_page_that_was_found_elsewhere(world, site, write):
    """Where its link led is told, and leads to it, though it is too short to be known by that."""
    await world.baseline()
    site.put("/short/1", write[2]("A quake", "It was felt."), Content_Type="text/html")
    site.put("/n1", "", 302, Location="/short/1#top")
    article = await world.news("A quake")
    await world.read(article)
    found = f"{site.url}/short/1"
    because = of(await told(world, article), "read", "doubtful, text from page")
    assert because.startswith(f"redirected to {found}; ")
    assert await world.store.find_article(found) is None
    assert article == await world.store.led_to(["https://other.example/", found])
    assert None is await world.store.led_to([found[:-1], f"{site.url}/n1", f"{found}%"])


async def test_a_page_that_is_another_one(world, site, write):
    """It is told by the elder's journey, found by both addresses, with what became of it."""
    world.topics(quake="quake")
    await world.baseline()
    whole = write[2]("A quake at sea", *["The quake was felt on the coast and at sea." * 4] * 4)
    site.put("/a1", whole, Content_Type="text/html")
    elder = await world.news("A quake at sea", name="a1")
    await world.read(elder)
    site.put("/b1", "", 302, Location="/a1")
    world.clock.advance(60)
    younger = await world.news("A quake at sea", name="b1")
    await world.read(younger)
    assert elder == await world.article("/b1")
    facts = await world.store.journey(younger)
    assert (elder, [younger]) == (facts.article.id, [one.id for one in facts.merged])
    steps = await told(world, younger)
    assert f"{site.url}/b1 is the page of {site.url}/a1" == of(
        steps, "read", f"merged into {elder}"
    )
    await forget_trace(world)
    assert f"merged into {elder}" in [what for _, what, _ in await told(world, elder)]


async def test_what_was_sent(world, site, deliver):
    """The alert with its evidence, and the delivery with its answer, once."""
    delivery = await world.rung()
    site.put("/hook", "thanks")
    waiting = of(
        await told(world, await world.article("/n1")), "deliver", "ops: waits for its turn"
    )
    assert delivery in waiting
    await deliver(delivery)
    steps = await told(world, await world.article("/n1"))
    assert "revision 1; on its page; quake (normal)" == of(steps, "ring", "alert alt_")
    assert f"thanks; 1 attempt; {delivery}, quake" in of(steps, "deliver", "ops: sent")
    await forget_trace(world)
    assert "thanks" in of(await told(world, await world.article("/n1")), "deliver", "ops: sent")


async def test_what_is_sent_again(world, site, deliver):
    """When the next attempt is, the last answer, and every attempt before as a line of trace."""
    delivery = await world.rung()
    site.put("/hook", "busy", 500)
    for _ in range(2):
        await deliver(delivery)
        world.clock.advance(10)
    steps = await told(world, await world.article("/n1"))
    because = of(steps, "deliver", "ops: tried again at")
    assert "2 attempts so far; last answer: serverError: answered 500: busy" in because
    assert "the sink fails since" in because
    assert 1 == sum(what.startswith("ops: again in") for _, what, _ in steps)


async def test_what_is_a_dead_letter(world):
    """Its reason, the last answer, and the command."""
    delivery = await world.rung()
    await world.store.bury_id("delivery", delivery, "payload", "HTTP 413: too large")
    because = of(await told(world, await world.article("/n1")), "deliver", "ops: dead letter")
    assert "payload: HTTP 413: too large" in because
    assert f"`tocsin dead replay {delivery}`" in because


@pytest.mark.parametrize("sinks", [(SinkRoute(name="ops", enabled=False),)])
@pytest.mark.usefixtures("sinks")
async def test_what_a_disabled_sink_holds(world):
    """By the config; or by its failures: since when, why, and the command that enables it."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake")
    await world.read(article)
    off = SinkRoute(name="ops", enabled=False)
    assert "enabled = false" in of(await told(world, article, off), "deliver", "ops: held")
    row = {"name": "ops", "state": "disabled", "since": world.clock.now(), "reason": "gone (410)"}
    await world.store._write(lambda conn, _now: conn.execute(insert(sink_states), row))
    because = of(await told(world, article), "deliver", "ops: held")
    assert "disabled since 2026-" in because
    assert "gone (410); `tocsin sinks enable ops` sends it" in because


async def test_what_a_burst_holds(world, with_rules, changed):
    """It waits for a list, about when; then the list is named, and how it stands."""
    world.rules = with_rules(
        world.rules, alerts=changed(world.rules.alerts, burst=Rate(count=1, per_s=3600.0))
    )
    world.topics(quake="quake")
    await world.baseline()
    for name in ("n1", "n2"):
        article = await world.news(f"A quake {name}", name=name)
        await world.read(article)
    because = of(await told(world, article), "deliver", "ops: held for a list: quake")
    assert f"{world.clock.now() + timedelta(seconds=600):%H:%M:%S}Z" in because
    world.clock.advance(601)
    assert 1 == await world.store.summarize(600.0, ())
    because = of(await told(world, article), "deliver", "ops: told in a list: quake")
    assert "is to be sent" in because


async def test_who_was_not_chosen(world):
    """Every sink that was not told says by which rule; a mailbox that left says that it did."""
    await world.rung()
    article = await world.article("/n1")
    mail = SinkRoute(name="mail", recipients=("a@example.org",))
    who = Recipient(sink="mail", recipient="a@example.org")
    await world.store._write(lambda conn, now: leavers.note(conn, now, who))
    spec = TopicSpec(name="quake", query="quake", sinks=("ops", "mail", "late"))
    steps = await told(
        world,
        article,
        OPS,
        SinkRoute(name="pager", min_severity="critical"),
        SinkRoute(name="desk"),
        SinkRoute(name="late"),
        mail,
        topics=(spec,),
    )
    assert "min_severity = critical, and the topic is normal" in of(steps, "deliver", "pager: not")
    assert "names its sinks" in of(steps, "deliver", "desk: not told of quake")
    assert "settings of now" in of(steps, "deliver", "late: not told")
    assert "unsubscribed: a@example.org" in of(steps, "deliver", "mail: not told")
    assert [] == [what for _, what, _ in steps if what.startswith("ops: not")]
    quiet = SinkRoute(name="quiet", default=False)
    steps = await told(world, article, quiet, mail, recipients=False)
    assert "default = false" in of(steps, "deliver", "quiet: not told")
    assert "a@example.org" not in str(steps)


async def test_a_topic_that_was_muted(world):
    """It rang, but nobody was told: until when, and why; no sink is said to be left out."""
    await world.store.mute("quake", 3600.0, "a drill")
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake")
    await world.read(article)
    steps = await told(world, article)
    because = of(steps, "deliver", "nobody is told of quake")
    assert "muted (a drill): it ends at 2026-" in because
    assert [] == [what for _, what, _ in steps if "not told" in what]
    world.clock.advance(4000)
    because = of(await told(world, article), "deliver", "nobody is told of quake")
    assert "about to be told" in because


async def test_it_is_bounded(world):
    """Of ten thousand lines of trace the newest are told, and how many are not."""
    await world.baseline()
    article = await world.article("/old")
    line = TraceLine(stage="read", decision="again", article=article, at=world.clock.now())
    await world.store._write(lambda conn, _now: traces.write(conn, [line] * 10_000))
    facts = await world.store.journey(article)
    assert (200, 10_001) == (len(facts.trace), facts.trace_count)
    assert 9801 == left_out(facts)
    assert "baseline" in of(await told(world, article), "poll", "stored only")


async def test_it_is_found_by_other_ids(world):
    """An alert, a delivery and an entry lead to their article; what is unknown leads nowhere."""
    delivery = await world.rung()
    article = await world.article("/n1")
    (alert,) = await world.store.alert_lines()
    (entry,) = await world.store.entries_of(article)
    for id_ in (article, alert.alert, delivery, entry.id):
        assert article == await world.store.article_of(id_)
    for id_ in ("alt_1", "del_1", "ent_1", "sum_1"):
        assert None is await world.store.article_of(id_)
    assert None is await world.store.journey("art_1")
