"""A reload of thousands of topics goes on beside the articles: none waits for its end."""

import asyncio

from workers.model.topic import Document

MANY = 3_000
TOPIC = "[[topics]]\nname = '{}'\nquery = '''{}'''\n"
ARTICLE = Document(title="A quake in the valley", body="Houses fell. " * 40, language="en")


def edition(name: str, query: str) -> str:
    """Return a file of thousands of topics and one of its own."""
    others = "".join(TOPIC.format(f"other {n}", f"other{n} OR words{n}") for n in range(MANY))
    return TOPIC.format("steady", "quake") + others + TOPIC.format(name, query)


async def test_articles_are_matched_while_topics_reload(installation):
    """Articles are matched all along, by the old topics, then by the new, never by both."""
    installation.topics(edition("old", "valley"))
    daemon = await installation.start()
    installation.topics(edition("new", "valleys OR houses"))
    reload = asyncio.create_task(daemon._reloader.reload(yes=True))
    found: list[tuple[str, ...]] = []
    while not reload.done():
        found.append(daemon.state.rules.topics.names(ARTICLE))
        await asyncio.sleep(0)
    assert (await reload).ok
    found.append(daemon.state.rules.topics.names(ARTICLE))
    old, new = ("steady", "old"), ("steady", "new")
    place = found.index(new)
    assert [old] * place + [new] * (len(found) - place) == found
    assert place > 100, "articles waited"
