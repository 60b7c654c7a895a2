"""Readings: text, what rings once, and articles that turn out to be one."""

import itertools

import pytest
from msgspec import structs

from workers.model.alert import DeadLine, Recipient, TraceLine
from workers.model.commit import ArticleCommit, DeliveryCommit
from workers.model.ids import alert_id, delivery_id


async def test_a_reading_is_stored_and_closes_its_work(world) -> None:
    """The article comes back as it was read."""
    article = await world.article()
    job = await world.page(article)
    row = world.read(job)
    await world.store.commit_article(ArticleCommit(work=job.work, article=row, attempts=1))
    after = await world.page(article)
    assert row == after.article
    assert (False, 1) == (after.work.due, after.work.attempts)
    assert [] == await world.due()


async def test_a_retry_counts_and_remembers_the_first_attempt(world) -> None:
    """Attempts are counted, and may go on in another stream."""
    article = await world.article()
    first = world.clock.now()
    for attempts in (1, 2):
        job = await world.page(article)
        await world.store.commit_article(
            ArticleCommit(work=job.work, again_s=60.0, attempts=attempts, stream="pages:cold")
        )
        world.clock.advance(60)
    work = (await world.page(article)).work
    assert (2, first, "pages:cold", True) == (
        work.attempts,
        work.first_at,
        work.stream,
        work.due,
    )


async def test_a_topic_rings_once_for_an_event(world) -> None:
    """The alert, its receipts and one delivery a receiver, all in one; a second time, nothing."""
    article = await world.article()
    job = await world.page(article)
    unit = world.unit(job, "fire")
    for _ in range(2):
        await world.store.commit_article(ArticleCommit(work=job.work, ring=unit, attempts=1))
    alert = await world.store.load_alert(alert_id(article, 1))
    assert unit.topics == alert.topics
    assert ("high", "page", 1, article) == (
        alert.severity,
        alert.evidence,
        alert.revision,
        alert.event,
    )
    expected = {delivery_id(alert.id, to.sink, to.recipient) for to in unit.routes["fire"]}
    assert expected == set(await world.due("sink:ops", "sink:desk"))
    assert 1 == len(await world.store.alert_lines())
    assert {"fire"} == (await world.page(article)).rung


async def test_later_topics_make_the_next_revision(world) -> None:
    """Only what has not rung is in it."""
    article = await world.article()
    await world.settle(article, "fire")
    await world.poll(world.entry(await world.feed(), digest="d2", edition=2))
    await world.settle(article, "fire", "flood")
    second = await world.store.load_alert(alert_id(article, 2))
    assert ["flood"] == [topic.name for topic in second.topics]
    assert [2, 1] == sorted(
        (line.revision for line in await world.store.alert_lines()), reverse=True
    )


async def test_feed_text_rings_first_and_the_page_adds_to_the_receipt(world) -> None:
    """The page rings only for topics that have not, and its receipt is kept beside the feed's."""
    article = await world.article()
    job = await world.page(article)
    early = world.unit(job, "fire", evidence="feed")
    ring = structs.replace(job.work, kind="ring")
    await world.store.commit_article(ArticleCommit(work=ring, ring=early, attempts=1))
    await world.settle(article, "fire")
    assert 1 == len(await world.store.alert_lines())
    alert = await world.store.load_alert(alert_id(article, 1))
    assert ["fire on feed", "fire on page"] == [c.query for c in alert.topics[0].clauses]
    delivery = (await world.due("sink:ops"))[0]
    sent = await world.store.load_delivery(delivery)
    assert early.topics == sent.content.topics


async def test_an_alert_nobody_wants_is_made_all_the_same(world) -> None:
    """It can be found, and has no deliveries."""
    article = await world.article()
    job = await world.page(article)
    unit = structs.replace(world.unit(job, "fire"), routes={})
    await world.store.commit_article(ArticleCommit(work=job.work, ring=unit, attempts=1))
    (line,) = await world.store.alert_lines()
    assert ({}, ("fire",)) == (line.deliveries, line.topics)


async def test_pages_read_count_for_every_feed_that_lists_them(world) -> None:
    """Got of tried, by feed."""
    article = await world.article()
    await world.poll(world.entry(await world.feed("other")))
    await world.settle(article, full_text=True)
    await world.article("two")
    await world.settle(await world.store.find_article("https://site.example/two"), full_text=False)
    assert {"wire": (1, 2), "other": (1, 1)} == {
        row.name: row.full_text for row in await world.store.feed_rows()
    }


async def test_what_could_not_be_matched_is_a_dead_letter_that_can_be_replayed(world) -> None:
    """Replayed, it is due again with attempts counted from 0."""
    article = await world.article()
    line = DeadLine(
        id=article,
        kind="page",
        sink=None,
        reason="empty",
        at=world.clock.now(),
        attempts=4,
        title="https://site.example/one",
        last_answer=None,
    )
    await world.settle(article, dead=line, attempts=4)
    assert [line] == await world.store.dead_lines(kind="page")
    turn = (await world.page(article)).work.turn
    assert 1 == await world.store.replay_dead([article])
    work = (await world.page(article)).work
    assert ([], 0, True) == (await world.store.dead_lines(), work.attempts, work.due)
    assert work.turn > turn


# ── joining ─────────────────────────────────────────────────────────────────────────────────────


async def pair(world, *, gap_s: float = 60.0) -> tuple[str, str]:
    """Return two articles of two feeds, the elder first."""
    elder = await world.article("one", "wire")
    world.clock.advance(gap_s)
    return elder, await world.article("two", "other")


@pytest.mark.parametrize("reader", ["elder", "younger"])
async def test_whichever_learns_the_key_the_younger_goes_into_the_elder(world, reader) -> None:
    """Entries and addresses are the elder's, and it is read again with all of them."""
    elder, younger = await pair(world)
    of, key = (elder, "two") if reader == "elder" else (younger, "one")
    await world.settle(of, keys=(f"https://site.example/{key}",))
    for name in ("one", "two"):
        assert elder == await world.store.find_article(f"https://site.example/{name}")
    assert [elder] == await world.due()
    job = await world.page(elder)
    assert ["one", "two"] == [entry.identity for entry in job.entries]
    assert elder == (await world.store.article_by_id(younger)).id
    stale = await world.page(younger)
    assert (elder, False) == (stale.article.id, stale.work.due)


async def test_joining_again_changes_nothing(world) -> None:
    """After the elder was read with all entries, all is quiet."""
    elder, younger = await pair(world)
    await world.settle(younger, keys=("https://site.example/one",))
    await world.settle(elder, keys=("https://site.example/two",))
    assert [] == await world.due()


async def test_what_rang_for_the_younger_does_not_ring_for_the_elder(world) -> None:
    """Rung topics are copied before it is decided what is new."""
    elder, younger = await pair(world)
    await world.settle(younger, "fire")
    await world.settle(elder, "fire", "flood", keys=("https://site.example/two",))
    lines = await world.store.alert_lines()
    assert {younger: ("fire",), elder: ("flood",)} == {line.event: line.topics for line in lines}
    assert {"fire", "flood"} == (await world.page(elder)).rung


async def test_what_the_younger_matches_while_it_joins_rings_for_the_elder(world) -> None:
    """No alert is lost in joining: the event is the elder."""
    elder, younger = await pair(world)
    await world.settle(younger, "fire", keys=("https://site.example/one",))
    (line,) = await world.store.alert_lines()
    assert (elder, ("fire",)) == (line.event, line.topics)
    alert = await world.store.load_alert(line.alert)
    assert elder == alert.article.id


async def test_both_rang_and_nothing_more_is_sent(world) -> None:
    """Two articles rang for one topic, then turn out to be one."""
    elder, younger = await pair(world)
    await world.settle(elder, "fire")
    await world.settle(younger, "fire")
    await world.poll(world.entry(await world.feed("other"), "two", digest="d2", edition=2))
    await world.settle(younger, "fire", keys=("https://site.example/one",))
    await world.settle(elder, "fire")
    assert 2 == len(await world.store.alert_lines())


async def test_news_that_joins_a_baseline_by_a_learned_key_opens_it(world) -> None:
    """The baseline's article is read as if new, with the text that was found."""
    old = world.entry(await world.feed(), "one", baseline=True, rings=False)
    await world.poll(old, stream=None)
    elder = await world.store.find_article(old.url)
    world.clock.advance(60)
    younger = await world.article("two", "other")
    await world.settle(younger, keys=(old.url,))
    assert [elder] == await world.due()
    job = await world.page(elder)
    assert ("The page's own text", None) == (job.article.text, job.article.settled_at)
    assert {False, True} == {entry.rings for entry in job.entries}


async def test_open_work_goes_to_the_elder_with_its_better_stream(world) -> None:
    """The younger was hot and about to ring; so is the elder now."""
    elder = await world.article("one")
    world.clock.advance(60)
    hot = world.entry(await world.feed("other"), "two")
    await world.poll(hot, stream="pages:hot", ring_after_s=10.0)
    younger = await world.store.find_article(hot.url)
    job = await world.page(elder)
    await world.store.commit_article(ArticleCommit(work=job.work, keys=(hot.url,), attempts=1))
    assert "pages:hot" == (await world.page(elder)).work.stream
    world.clock.advance(10)
    assert [elder] == await world.due("ring")
    assert not (await world.store.load_page("ring", younger)).work.due


async def test_a_reading_that_was_overtaken_by_joining_rings_for_the_elder(world) -> None:
    """Loaded before, committed after: its matches count, its text does not replace the elder's."""
    elder, younger = await pair(world)
    late = await world.page(younger)
    await world.settle(elder, keys=("https://site.example/two",))
    unit = world.unit(late, "fire")
    await world.store.commit_article(
        ArticleCommit(work=late.work, article=world.read(late, "late"), ring=unit, attempts=1)
    )
    (line,) = await world.store.alert_lines()
    assert elder == line.event
    assert "The page's own text" == (await world.store.article_by_id(elder)).text


async def test_entries_found_later_by_an_old_key_join_the_elder(world) -> None:
    """The younger's address leads to the elder for good, over several joinings."""
    names = ["one", "two", "three"]
    articles = []
    for name in names:
        articles.append(await world.article(name))
        world.clock.advance(60)
    for one, other in itertools.pairwise(reversed(names)):
        of = await world.store.find_article(f"https://site.example/{one}")
        await world.settle(of, keys=(f"https://site.example/{other}",))
    third = world.entry(await world.feed("late"), "x", url="https://site.example/three")
    await world.poll(third)
    assert articles[0] == await world.store.find_article(third.url)
    assert articles[0] == (await world.store.article_by_id(articles[2])).id
    assert 4 == len(await world.store.entries_of(articles[0]))


async def test_the_trace_follows_joining(world) -> None:
    """What was decided about the younger, and about entries, is told of the elder, and why."""
    elder, younger = await pair(world)

    def line(**of: str) -> TraceLine:
        return TraceLine(stage="read", decision="d", because="b", at=world.clock.now(), **of)

    (entry,) = await world.store.entries_of(elder)
    lines = (line(article=younger), line(entry=entry.id), line(article="art_else"))
    await world.settle(younger, keys=("https://site.example/one",), trace=lines)
    joined, *told = await world.store.trace_of(elder)
    assert (f"merged into {elder}", younger) == (joined.decision, joined.article)
    assert "site.example/two is the page of https://site.example/one" in joined.because
    assert list(lines[:2]) == told


# ── deliveries ──────────────────────────────────────────────────────────────────────────────────


async def delivery(world) -> str:
    """Return the delivery of a new alert to ``ops``."""
    await world.settle(await world.article(), "fire")
    return (await world.due("sink:ops"))[0]


async def test_a_delivery_is_loaded_with_all_an_attempt_needs(world) -> None:
    """Work, delivery, alert with receipts, state and when it was made."""
    made = world.clock.now()
    id_ = await delivery(world)
    job = await world.store.load_delivery(id_)
    assert ("open", made, True, "sink:ops") == (
        job.state,
        job.made_at,
        job.work.due,
        job.work.stream,
    )
    assert (id_, "ops", "", ("fire",)) == (
        job.delivery.id,
        job.delivery.sink,
        job.delivery.recipient,
        job.delivery.topics,
    )
    assert "fire on page" == job.content.topics[0].clauses[0].query
    assert None is await world.store.load_delivery("del_unknown")


async def test_a_delivery_retries_then_is_sent_and_stays_sent(world) -> None:
    """After sent nothing takes it back: no retry, no dead letter, no replay."""
    id_ = await delivery(world)
    first = await world.store.load_delivery(id_)
    began = world.clock.now()
    await world.store.commit_delivery(
        DeliveryCommit(work=first.work, state="retry", attempts=1, again_s=5.0, answer="503")
    )
    assert [] == await world.due("sink:ops")
    world.clock.advance(5)
    second = await world.store.load_delivery(id_)
    assert ("retry", 1, began, True) == (
        second.state,
        second.work.attempts,
        second.work.first_at,
        second.work.due,
    )
    await world.store.commit_delivery(
        DeliveryCommit(work=second.work, state="sent", attempts=2, answer="200")
    )
    late = structs.replace(second.work, turn=second.work.turn)
    for state in ("retry", "held", "dead"):
        await world.store.commit_delivery(
            DeliveryCommit(work=late, state=state, attempts=9, again_s=1.0, answer="late")
        )
    await world.store.bury(late, "crash", "late")
    await world.store.bury_id("delivery", id_, "crash", "late")
    world.clock.advance(100)
    (line, _) = sorted(
        await world.store.alert_deliveries(first.content.id), key=lambda line: line.id != id_
    )
    assert ("sent", 2, "200", None) == (
        line.state,
        line.attempts,
        line.last_answer,
        line.held_reason,
    )
    assert ([], []) == (await world.due("sink:ops"), await world.store.dead_lines())


async def test_sent_closes_whatever_was_asked_meanwhile(world) -> None:
    """A worker that lost its lease while sending has sent all the same: not once more."""
    id_ = await delivery(world)
    slow, quick = [await world.store.load_delivery(id_) for _ in range(2)]
    await world.store.commit_delivery(
        DeliveryCommit(work=quick.work, state="retry", attempts=1, again_s=5.0)
    )
    await world.store.commit_delivery(DeliveryCommit(work=slow.work, state="sent", attempts=1))
    world.clock.advance(6)
    assert [] == await world.due("sink:ops")


async def test_a_dead_delivery_is_replayed_as_new(world) -> None:
    """By its id or by sink, reason and time; what was sent is not."""
    id_ = await delivery(world)
    job = await world.store.load_delivery(id_)
    line = DeadLine(
        id=id_,
        kind="delivery",
        sink="ops",
        reason="payload",
        at=world.clock.now(),
        attempts=3,
        title="Title one",
        last_answer="400",
    )
    await world.store.commit_delivery(
        DeliveryCommit(work=job.work, state="dead", attempts=3, answer="400", dead=line)
    )
    assert [line] == await world.store.dead_lines(sink="ops", reason="payload")
    assert [] == await world.store.dead_lines(sink="desk")
    assert 0 == await world.store.replay_dead(sink="desk")
    assert 1 == await world.store.replay_dead(sink="ops", since=world.clock.now())
    again = await world.store.load_delivery(id_)
    assert ("open", 0, None, True) == (
        again.state,
        again.work.attempts,
        again.work.first_at,
        again.work.due,
    )


async def test_a_delivery_that_died_of_its_owners_can_be_dropped(world) -> None:
    """A dropped dead letter is gone, and so is the work."""
    id_ = await delivery(world)
    await world.store.bury_id("delivery", id_, "crash", "three owners died")
    (line,) = await world.store.dead_lines(kind="delivery")
    assert ("ops", "Title one", "three owners died") == (line.sink, line.title, line.last_answer)
    assert 1 == await world.store.drop_dead([id_])
    assert (0, []) == (await world.store.replay_dead(), await world.due("sink:ops"))


async def test_what_is_held_waits_for_its_release(world) -> None:
    """Only what is held for that reason, and by that sink, is due again."""
    id_ = await delivery(world)
    job = await world.store.load_delivery(id_)
    await world.store.commit_delivery(
        DeliveryCommit(work=job.work, state="held", attempts=1, answer="410")
    )
    assert [] == await world.due("sink:ops")
    assert 0 == await world.store.release_reason("restore", "ops")
    assert 1 == await world.store.release_disabled("ops")
    assert [id_] == await world.due("sink:ops")


async def test_a_recipient_is_a_delivery_of_its_own(world) -> None:
    """And the list of alerts tells the worst of a sink's recipients."""
    article = await world.article()
    job = await world.page(article)
    to = tuple(Recipient(sink="desk", recipient=name) for name in ("a@x.example", "b@x.example"))
    unit = structs.replace(world.unit(job, "fire"), routes={"fire": to})
    await world.store.commit_article(ArticleCommit(work=job.work, ring=unit, attempts=1))
    first, second = await world.due("sink:desk")
    sent = (await world.store.load_delivery(first)).work
    await world.store.commit_delivery(DeliveryCommit(work=sent, state="sent", attempts=1))
    await world.store.bury_id("delivery", second, "crash", "")
    (line,) = await world.store.alert_lines()
    assert {"desk": "dead"} == line.deliveries
