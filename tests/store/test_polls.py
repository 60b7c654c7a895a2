"""What a poll leaves behind, once and twice."""

import asyncio

import pytest
from msgspec import structs

from workers.errors import TocsinError
from workers.feeds.twins import twin
from workers.model.article import ArticleRow
from workers.model.commit import EntryIntent, PollCommit
from workers.model.feed import Validators
from workers.model.ids import article_id


async def test_an_entry_comes_back_as_it_was_stored(world) -> None:
    """Every field of an entry survives, with its feed's name and address."""
    feed = await world.feed()
    entry = world.entry(
        feed,
        published=world.clock.now(),
        authors=("A. Writer",),
        tags=("world",),
        language="en",
        content="Zeilen\nüber Überschriften",
    )
    await world.poll(entry)
    article = await world.store.find_article(entry.url)
    assert (entry,) == await world.store.entries_of(article)
    assert article_id(entry.url) == article
    row = await world.store.article_by_id(article)
    assert ArticleRow(id=article, url=entry.url, title=entry.title, language="en",
                      first_seen=entry.seen) == row  # fmt: skip


async def test_a_poll_committed_twice_asks_once(world) -> None:
    """A crash between commit and acknowledgement makes no second reading."""
    entry = world.entry(await world.feed())
    await world.poll(entry)
    article = await world.store.find_article(entry.url)
    await world.settle(article)
    turn = (await world.page(article)).work.turn
    await world.poll(entry, ring_after_s=10.0)
    assert turn == (await world.page(article)).work.turn
    assert [] == await world.due()
    assert None is await world.store.load_page("ring", article)


@pytest.mark.parametrize(
    ("fields", "edition"),
    [({"digest": "d2", "edition": 2}, 2), ({"digest": "d2"}, 2), ({"edition": 3}, 3)],
)
async def test_an_edit_asks_again_and_keeps_when_it_was_first_seen(world, fields, edition) -> None:
    """Another text or edition is read again; two edits of one edition are two."""
    first_seen = world.clock.now()
    article = await world.article()
    await world.settle(article)
    world.clock.advance(60)
    await world.poll(world.entry(await world.feed(), title="New", **fields))
    assert [article] == await world.due()
    (entry,) = (await world.page(article)).entries
    assert ("New", edition, first_seen) == (entry.title, entry.edition, entry.seen)


async def test_a_stale_poll_does_not_undo_an_edit(world) -> None:
    """A lower edition changes nothing."""
    feed = await world.feed()
    entry = world.entry(feed, digest="d2", edition=2)
    await world.poll(entry)
    await world.poll(world.entry(feed, digest="d1", edition=1))
    assert (entry,) == await world.store.entries_of(article_id(entry.url))


async def test_two_feeds_with_one_link_are_one_article(world) -> None:
    """One page in two feeds is read once, and again when the second joins after it was settled."""
    article = await world.article()
    await world.poll(world.entry(await world.feed("other")))
    assert [article] == await world.due()
    await world.settle(article)
    await world.poll(world.entry(await world.feed("third")))
    assert [article] == await world.due()
    assert 3 == len((await world.page(article)).entries)


async def test_baseline_is_stored_and_not_read_until_news_joins(world) -> None:
    """An article known only from baselines is opened by an entry that may ring."""
    entry = world.entry(await world.feed(), baseline=True, rings=False)
    await world.poll(entry, stream=None)
    article = await world.store.find_article(entry.url)
    assert [] == await world.due()
    assert None is await world.store.load_page("page", article)
    await world.poll(world.entry(await world.feed("other")))
    assert [article] == await world.due()


async def test_an_entry_without_link_is_an_article_of_its_own(world) -> None:
    """Two such entries are two articles."""
    feed = await world.feed()
    first, second = (world.entry(feed, name, url=None) for name in ("a", "b"))
    await world.poll(first, second)
    found = {article_id(f"entry:{entry.id}") for entry in (first, second)}
    assert found == set(await world.due())


async def test_an_edited_link_is_learned_but_joins_nothing(world) -> None:
    """A link nobody knew is where the article is read now; another article's link is ignored."""
    feed = await world.feed()
    article = await world.article("one")
    other = await world.article("two")
    moved = world.entry(feed, "one", url="https://site.example/moved", digest="d2", edition=2)
    await world.poll(moved)
    assert article == await world.store.find_article("https://site.example/moved")
    assert "https://site.example/moved" == (await world.page(article)).article.url
    taken = world.entry(feed, "one", url="https://site.example/two", digest="d3", edition=3)
    await world.poll(taken)
    assert other == await world.store.find_article("https://site.example/two")
    assert 1 == len(await world.store.entries_of(other))


async def test_an_obvious_hit_rings_after_its_time_unless_its_page_was_read(world) -> None:
    """Ring work is due later, and is not asked for once the article is settled."""
    feed = await world.feed()
    entry = world.entry(feed)
    await world.poll(entry, stream="pages:hot", ring_after_s=10.0)
    article = article_id(entry.url)
    assert [] == await world.due("ring")
    world.clock.advance(10)
    assert [article] == await world.due("ring")
    job = await world.store.load_page("ring", article)
    assert ("ring", True, entry.url) == (job.work.stream, job.work.due, job.article.url)
    second = world.entry(feed, "two")
    await world.poll(second)
    await world.settle(article_id(second.url))
    await world.poll(world.entry(feed, "two", digest="d2", edition=2), ring_after_s=10.0)
    assert None is await world.store.load_page("ring", article_id(second.url))


async def test_a_second_hit_does_not_push_the_ring_back(world) -> None:
    """The earlier time stands."""
    await world.poll(world.entry(await world.feed()), ring_after_s=10.0)
    world.clock.advance(8)
    await world.poll(world.entry(await world.feed("other")), ring_after_s=10.0)
    world.clock.advance(2)
    assert 1 == len(await world.due("ring"))


async def test_feed_state_and_next_poll(world) -> None:
    """What the poll says of the feed is stored; when to poll again is the database's time."""
    feed = await world.feed()
    now = world.clock.now()
    validators = Validators(etag='"x"', last_modified="then", body_hash="h")
    after = structs.replace(
        feed,
        title="Wire",
        kind="rss",
        validators=validators,
        baselined_at=now,
        last_poll_at=now,
        last_good_at=now,
        interval_s=300.0,
        why=("auto",),
        errors=2,
        score=1.5,
        next_poll_at=None,
    )
    await world.store.commit_poll(PollCommit(feed=after, loaded_at=None, delay_s=300.0))
    stored = await world.store.load_feed(feed.id)
    assert structs.replace(after, next_poll_at=stored.next_poll_at) == stored
    assert [(feed.id, 300.0)] == [one[:2] for one in await world.store.feed_delays("", 9)]


async def test_a_poll_does_not_overwrite_what_others_write(world) -> None:
    """Name, weight and the count of pages read are not the poll's to say."""
    feed = await world.feed()
    article = await world.article()
    await world.settle(article, full_text=True)
    stale = structs.replace(feed, name="old", weight=9.0, last_poll_at=world.clock.now())
    await world.store.commit_poll(PollCommit(feed=stale, loaded_at=None, delay_s=1.0))
    stored = await world.store.load_feed(feed.id)
    assert ("wire", 1.0, (1, 1)) == (stored.name, stored.weight, stored.full_text)


async def test_an_overtaken_poll_is_no_baseline_and_loses_no_news(world) -> None:
    """What it took for baseline is left to the next poll, with the validators it would need."""
    feed = await world.feed()
    first = world.entry(feed, "a", baseline=True, rings=False)
    await world.poll(first, stream=None, validators=Validators(etag="1"))
    baselined = (await world.store.load_feed(feed.id)).baselined_at
    world.clock.advance(5)
    late = structs.replace(
        feed,
        last_poll_at=world.clock.now(),
        baselined_at=world.clock.now(),
        validators=Validators(etag="2"),
    )
    news = world.entry(feed, "b", baseline=True, rings=False)
    plain = world.entry(feed, "c")
    await world.store.commit_poll(
        PollCommit(
            feed=late,
            loaded_at=None,
            delay_s=1.0,
            intents=tuple(
                EntryIntent(entry=entry, key=entry.url, stream=stream)
                for entry, stream in ((first, None), (news, None), (plain, "pages:warm"))
            ),
        )
    )
    stored = await world.store.load_feed(feed.id)
    known = await world.store.load_knowledge(feed.id, ["a", "b", "c"], [], [])
    assert (baselined, "1") == (stored.baselined_at, stored.validators.etag)
    assert {"a", "c"} == set(known.entries)
    assert [article_id(plain.url)] == await world.due()


async def test_a_poll_never_unparks(world) -> None:
    """A feed that the operator parked while it was polled stays parked."""
    feed = await world.feed()
    await world.store.sync_feeds([])
    await world.store.commit_poll(PollCommit(feed=feed, loaded_at=None, delay_s=1.0))
    assert (await world.store.load_feed(feed.id)).parked
    assert [] == await world.store.feed_delays("", 9)


async def test_a_permanent_move_is_remembered(world) -> None:
    """The feed is fetched at the new address, and found by each of the two."""
    feed = await world.feed()
    moved = structs.replace(feed, url="https://new.example/feed")
    await world.store.commit_poll(PollCommit(feed=moved, loaded_at=None, delay_s=1.0))
    assert moved.url == (await world.store.load_feed(feed.id)).url
    await world.store.commit_poll(PollCommit(feed=feed, loaded_at=None, delay_s=1.0))
    assert moved.url == (await world.store.load_feed(feed.id)).url


async def test_a_poll_of_an_unknown_feed_is_refused(world) -> None:
    """With a sentence that names it."""
    feed = structs.replace(await world.feed(), id="fee_unknown")
    with pytest.raises(TocsinError, match="fee_unknown"):
        await world.store.commit_poll(PollCommit(feed=feed, loaded_at=None, delay_s=1.0))


async def test_knowledge_of_identities_twins_and_titles(world) -> None:
    """Only this feed's entries are known, and only what was asked for is told."""
    feed = await world.feed()
    entry = world.entry(feed, published=world.clock.now())
    await world.poll(entry)
    await world.poll(world.entry(await world.feed("other"), "two"))
    hash_ = twin(entry.title, entry.url)
    known = await world.store.load_knowledge(
        feed.id,
        ["one", "two", *map(str, range(1500))],
        [hash_, "none"],
        [entry.title, "Title two"],
    )
    assert {"one"} == set(known.entries)
    assert known.entries["one"] == known.twins[hash_]
    assert ("d1", 1, entry.published) == (
        known.twins[hash_].digest,
        known.twins[hash_].edition,
        known.twins[hash_].published,
    )
    assert {entry.title} == known.titles


async def test_questions_asked_at_once_are_answered_each_for_itself(world) -> None:
    """Polls that ask together share one look, and each hears of its own feed only."""
    one, two = await world.feed(), await world.feed("other")
    entry, other = world.entry(one, "same"), world.entry(two, "same", title="Another")
    await world.poll(entry)
    await world.poll(other)
    ask = world.store.load_knowledge
    found = await asyncio.gather(
        ask(one.id, ["same"], [], []),
        ask(two.id, [], [], [other.title], [other.id]),
        *(ask(two.id, ["same"], [], []) for _ in range(40)),
    )
    assert [entry.title] == [known.title for known in found[0].entries.values()]
    assert ({other.id}, {other.title}) == (set(found[1].skipped), set(found[1].titles))
    assert {other.title} == {known.entries["same"].title for known in found[2:]}


async def test_a_question_that_cannot_be_answered_fails_alone(world) -> None:
    """Whoever shares a look with it gets his answer all the same."""
    feed = await world.feed()
    await world.poll(world.entry(feed))
    bad, good = await asyncio.gather(
        world.store.load_knowledge(feed.id, [], [], [], [object()]),
        world.store.load_knowledge(feed.id, ["one"], [], []),
        return_exceptions=True,
    )
    assert isinstance(bad, Exception)
    assert {"one"} == set(good.entries)


HOSTILE = "lone \ud800 and \0 and \U0001f4a3"


async def test_text_that_no_database_takes_is_stored_all_the_same(world) -> None:
    """Half a surrogate pair in one title does not fail the poll, and the entry is known again."""
    feed = await world.feed()
    entry = world.entry(
        feed,
        HOSTILE,
        url=None,
        title=HOSTILE,
        content=HOSTILE,
        digest=HOSTILE,
        tags=(HOSTILE,),
        authors=(HOSTILE,),
    )
    await world.poll(entry, world.entry(feed, "fine"), listed=(HOSTILE,))
    known = await world.store.load_knowledge(feed.id, [HOSTILE, "fine"], [], [HOSTILE])
    assert {HOSTILE, "fine"} == set(known.entries)
    assert HOSTILE == known.entries[HOSTILE].identity
    assert {HOSTILE} == known.titles
    await world.settle(article_id(f"entry:{entry.id}"))
    await world.poll(entry)
    assert [article_id("https://site.example/fine")] == await world.due()


async def test_of_very_many_entries_the_newest_are_loaded(world) -> None:
    """A page that everything links to stays loadable."""
    feed = await world.feed()
    entries = [world.entry(feed, f"e{n}", url="https://site.example/") for n in range(300)]
    await world.poll(*entries)
    job = await world.page(article_id("https://site.example/"))
    assert 200 == len(job.entries)
