"""What is large is worked on beside the loop, so that one document does not keep all waiting."""

import asyncio

from workers.feeds import read_again
from workers.model.topic import Document, TopicSpec
from workers.steps.match import matching
from workers.topics import NotAtHand, compile_topics


def specs(number: int) -> dict[str, TopicSpec]:
    """Return so many topics."""
    names = [f"topic {position}" for position in range(number)]
    return {name: TopicSpec(name=name, query="quake", severity="normal") for name in names}


class Slow:
    """Topics whose matching takes as long as the test wants; it notes where it runs."""

    def __init__(self) -> None:
        self.specs = specs(100)
        self.inline: list[bool] = []

    def match(self, _document, **_how):
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self.inline.append(False)
        else:
            self.inline.append(True)
        return ()


async def test_a_long_text_is_matched_in_a_thread(world, site, write, with_rules):
    """A page with a whole book on it is matched beside the loop, a usual one on it."""
    slow = Slow()
    world.rules = with_rules(world.rules, topics=slow)
    await world.baseline()
    short = await world.news("News", name="n1")
    site.put("/n1", write[2]("News", "Words."))
    await world.read(short)
    assert [True, True] == slow.inline

    book = await world.news("A book", name="n2")
    site.put(
        "/n2",
        write[2]("A book", *(f"Chapter {n}, in which all is said. " * 25 for n in range(120))),
    )
    await world.read(book)
    assert [True, True, True, False] == slow.inline


async def test_a_dictionary_is_loaded_in_a_thread(world, with_rules, monkeypatch):
    """The first title in a language waits for its dictionary, and nobody waits with it."""
    monkeypatch.setattr("workers.topics.forms._at_hand", set())
    topics = compile_topics([TopicSpec(name="q", query="quake", severity="normal")], {}, ["en"])
    waited: list[bool] = []

    class Seen:
        specs = topics.specs

        def match(self, document, *, load=True):
            try:
                found = topics.match(document, load=load)
            except NotAtHand:
                waited.append(False)
                raise
            waited.append(load)
            return found

    rules = with_rules(world.rules, topics=Seen())
    document = Document(title="Quakes in the north", body="")
    for _ in range(2):
        found = await matching(world.edges, rules, document)
        assert ["q"] == [spec.name for spec, _ in found]
    assert [False, False, True, False] == waited


async def test_few_large_feeds_are_parsed_at_once(world, site, write, monkeypatch):
    """Of many large feeds that come at the same moment, two are parsed; others wait their turn."""
    item, rss, _ = write
    running, most = 0, 0

    def parse(*arguments):
        nonlocal running, most
        running += 1
        most = max(most, running)
        found = read_again(*arguments)
        running -= 1
        return found

    monkeypatch.setattr("workers.steps.look.read_again", parse)
    large = rss(*(item(f"g{number}", "A title", "Words. " * 1000) for number in range(60)))
    paths = [f"/large{number}" for number in range(6)]
    for path in paths:
        site.put(path, large)
    feeds = await world.feeds(*paths)
    rows = await asyncio.gather(*(world.poll(feed) for feed in feeds))
    assert [None] * 6 == [row.last_error for row in rows]
    assert 2 >= most


async def test_a_turn_for_others_between_entries(world, site, write, with_rules):
    """While a feed with hundreds of new entries is looked through, others get their turns."""
    item, rss, _ = write
    feed = await world.baseline()
    site.put("/feed", rss(*(item(f"n{number}", f"Title {number}") for number in range(300))))
    turns, seen = 0, []

    class Noting:
        specs = specs(1)

        def match(self, _document, **_how):
            seen.append(turns)
            return ()

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    world.rules = with_rules(world.rules, topics=Noting())
    task = asyncio.create_task(other())
    await world.poll(feed)
    task.cancel()
    assert (300, 300) == (len(seen), len(set(seen)))
