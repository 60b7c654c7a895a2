"""Work rows under every overtaking of relay, workers and askers."""

from workers.model.commit import ArticleCommit, DeliveryCommit

STREAMS = {"pages:hot": 1000, "pages:warm": 1000, "pages:cold": 1000}


async def test_new_work_is_due_once_and_not_again_after_its_mark(world) -> None:
    """A row is due until it is marked."""
    article = await world.article()
    (work,) = await world.store.due(STREAMS, 90.0, 10)
    assert article == work.id
    await world.store.mark([work])
    assert [] == await world.due()


async def test_a_mark_older_than_three_leases_is_void(world) -> None:
    """What was pushed too long ago is pushed again."""
    article = await world.article()
    await world.store.mark(await world.store.due(STREAMS, 90.0, 10))
    world.clock.advance(90)
    assert [article] == await world.due()


async def test_a_mark_that_lands_after_a_retry_was_set_does_not_hide_it(world) -> None:
    """Read, push, retry committed, mark: the retry is due at its time."""
    article = await world.article()
    pushed = await world.store.due(STREAMS, 90.0, 10)
    job = await world.page(article)
    await world.store.commit_article(ArticleCommit(work=job.work, again_s=30.0, attempts=1))
    await world.store.mark(pushed)
    assert [] == await world.due()
    world.clock.advance(30)
    assert [article] == await world.due()


async def test_a_read_asked_for_in_mid_read_is_not_closed(world) -> None:
    """A worker closes only the turn that it has loaded."""
    article = await world.article()
    await world.store.mark(await world.store.due(STREAMS, 90.0, 10))
    job = await world.page(article)
    entry = world.entry(await world.feed(), digest="d2", edition=2)
    await world.poll(entry)
    await world.store.commit_article(ArticleCommit(work=job.work, attempts=1))
    assert [article] == await world.due()
    assert (await world.page(article)).work.due


async def test_a_mark_for_the_old_turn_does_not_hide_a_new_request(world) -> None:
    """Relay reads, an edit asks, relay marks: still due."""
    article = await world.article()
    pushed = await world.store.due(STREAMS, 90.0, 10)
    await world.poll(world.entry(await world.feed(), digest="d2", edition=2))
    await world.store.mark(pushed)
    assert [article] == await world.due()


async def test_a_closed_row_is_not_reopened_by_who_comes_late(world) -> None:
    """Two workers on one turn: the first closes it, the second's retry counts no more."""
    article = await world.article()
    job = await world.page(article)
    await world.settle(article)
    await world.store.commit_article(ArticleCommit(work=job.work, again_s=30.0, attempts=1))
    world.clock.advance(31)
    assert [] == await world.due()
    assert not (await world.page(article)).work.due


async def test_a_skip_forgets_the_mark(world) -> None:
    """A row that was taken before its time is due when its time comes."""
    article = await world.article()
    job = await world.page(article)
    await world.store.postpone(job.work, 5.0)
    (work,) = [(await world.page(article)).work]
    assert not work.due
    await world.store.mark([work])
    await world.store.skip(work)
    world.clock.advance(5)
    assert [article] == await world.due()


async def test_postpone_counts_no_attempt_and_takes_a_turn(world) -> None:
    """Waiting for a host is no attempt."""
    article = await world.article()
    before = (await world.page(article)).work
    await world.store.postpone(before, 5.0)
    after = (await world.page(article)).work
    assert (0, before.turn + 1, False) == (after.attempts, after.turn, after.due)


async def test_postponing_an_old_turn_leaves_the_request(world) -> None:
    """What was asked for meanwhile stays due now."""
    article = await world.article()
    before = (await world.page(article)).work
    await world.poll(world.entry(await world.feed(), digest="d2", edition=2))
    await world.store.postpone(before, 500.0)
    assert [article] == await world.due()


async def test_an_open_row_keeps_its_better_stream(world) -> None:
    """A warm request does not cool a hot row; a hot one heats a cold row."""
    feed = await world.feed()
    for number, (first, second, expected) in enumerate(
        [
            ("pages:hot", "pages:warm", "pages:hot"),
            ("pages:cold", "pages:hot", "pages:hot"),
            ("pages:warm", "pages:cold", "pages:warm"),
        ]
    ):
        entry = world.entry(feed, f"e{number}")
        await world.poll(entry, stream=first)
        await world.poll(world.entry(feed, f"e{number}", digest="d2", edition=2), stream=second)
        article = await world.store.find_article(entry.url)
        assert expected == (await world.page(article)).work.stream


async def test_a_closed_row_begins_anew_in_the_stream_it_is_asked_for(world) -> None:
    """Attempts of an earlier reading do not count for the next."""
    article = await world.article()
    await world.settle(article, attempts=4)
    await world.poll(world.entry(await world.feed(), digest="d2", edition=2), stream="pages:cold")
    work = (await world.page(article)).work
    assert (0, None, "pages:cold", True) == (work.attempts, work.first_at, work.stream, work.due)


async def test_limits_and_order_of_what_is_due(world) -> None:
    """Streams not named give nothing, named ones at most their limit, oldest first."""
    feed = await world.feed()
    for number in range(5):
        await world.poll(world.entry(feed, f"w{number}"))
        world.clock.advance(1)
    await world.poll(world.entry(feed, "h"), stream="pages:hot")
    assert [] == await world.store.due({"ring": 10}, 90.0, 10)
    found = await world.store.due({"pages:warm": 3}, 90.0, 10)
    articles = [await world.store.find_article(f"https://site.example/w{n}") for n in range(3)]
    assert articles == [work.id for work in found]


async def test_nobodys_backlog_fills_the_batch(world) -> None:
    """Where the batch is too small for all, a stream with little still gets its share."""
    feed = await world.feed()
    await world.poll(*(world.entry(feed, f"w{n}") for n in range(50)))
    world.clock.advance(60)
    await world.poll(world.entry(feed, "h"), stream="pages:hot")
    found = await world.store.due(STREAMS, 90.0, 10)
    assert (10, "pages:hot") == (len(found), found[0].stream)


async def test_void_marks_makes_all_due_and_holds_deliveries(world) -> None:
    """After a loss of Redis pages go at once, deliveries after a lease: one may be in flight."""
    article = await world.article()
    await world.settle(article, "fire")
    other = await world.article("two")
    for _ in range(2):
        await world.store.mark(await world.store.due(STREAMS | {"sink:ops": 9}, 90.0, 99))
    await world.store.void_marks(30.0)
    assert [other] == await world.due()
    world.clock.advance(30)
    assert 3 == len(await world.due())


async def test_what_is_held_back_keeps_its_order(world) -> None:
    """What was released first, the most severe and the newest, is still sent first."""
    for number in range(5):
        await world.settle(await world.article(f"n{number}"), "fire")
    found = await world.store.due({"sink:ops": 9}, 90.0, 9)
    for place, work in enumerate(sorted(found, key=lambda work: hash(work.id))):
        await world.store.postpone(work, -place * 1e-5)
    before = await world.due("sink:ops")
    await world.store.void_marks(30.0)
    assert [] == await world.due("sink:ops")
    world.clock.advance(30)
    assert before == await world.due("sink:ops")


async def test_a_send_in_flight_still_closes_after_marks_were_void(world) -> None:
    """Voiding marks takes no turn, so what was sent is not sent again."""
    await world.settle(await world.article(), "fire")
    (work,) = await world.store.due({"sink:ops": 9}, 90.0, 9)
    await world.store.void_marks(30.0)
    await world.store.commit_delivery(DeliveryCommit(work=work, state="sent", attempts=1))
    world.clock.advance(31)
    assert [] == await world.due("sink:ops")


async def test_deaths_are_counted_and_forgotten_by_an_attempt_that_lived(world) -> None:
    """Only deaths in a row make an id guilty."""
    article = await world.article()
    assert [1, 2] == [await world.store.count_death("page", article) for _ in range(2)]
    assert 2 == (await world.page(article)).work.deaths
    await world.settle(article)
    assert 0 == (await world.page(article)).work.deaths
    assert 0 == await world.store.count_death("page", "art_unknown")


async def test_bury_of_an_old_turn_leaves_the_request(world) -> None:
    """Work that was asked for meanwhile is no dead letter."""
    article = await world.article()
    old = (await world.page(article)).work
    await world.poll(world.entry(await world.feed(), digest="d2", edition=2))
    await world.store.bury(old, "crash", "boom")
    assert [] == await world.store.dead_lines()
    assert [article] == await world.due()


async def test_bury_id_closes_whatever_the_row_says(world) -> None:
    """An id whose owners died is not given to anybody again."""
    article = await world.article()
    await world.store.bury_id("page", article, "crash", "its owners died")
    (line,) = await world.store.dead_lines()
    assert (article, "page", "crash") == (line.id, line.kind, line.reason)
    assert [] == await world.due()
    await world.store.bury_id("page", "art_unknown", "crash", "")
    assert 1 == len(await world.store.dead_lines())


async def test_how_long_the_page_that_is_due_longest_has_waited(world) -> None:
    """Due pages count, pushed or not; what waits for its next attempt, or is done, does not."""
    assert 0.0 == await world.store.behind()
    article = await world.article()
    world.clock.advance(100)
    assert 100.0 == await world.store.behind()
    await world.store.mark(await world.store.due(STREAMS, 90.0, 10))
    world.clock.advance(20)
    assert 120.0 == await world.store.behind()
    job = await world.page(article)
    await world.store.postpone(job.work, 60.0)
    assert 0.0 == await world.store.behind()
    world.clock.advance(61)
    assert 1.0 == await world.store.behind()
    job = await world.page(article)
    await world.store.commit_article(ArticleCommit(work=job.work, attempts=1))
    assert 0.0 == await world.store.behind()
