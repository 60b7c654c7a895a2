"""A thousand topics and more reload, by daemons as processes, while articles keep coming."""

import json
import signal

import pytest
from aiohttp import web

pytestmark = [pytest.mark.whole, pytest.mark.timeout(180)]

MANY = 1_000
AT_ONCE, LISTED = 3, 60
"""Articles that are new each time the feed is asked for, and those that it lists."""
ITEM = "<item><guid isPermaLink='false'>n{0}</guid><title>{1}</title><link>{2}/{0}</link></item>"
TOPIC = "[[topics]]\nname = '{}'\nquery = '''{}'''\n"


class Presses:
    """A feed with new articles each time that it is asked for. Their titles alone ring."""

    def __init__(self, site) -> None:
        self.site = site
        self.last = 0
        """Number of the newest article that was listed."""
        self.baseline: int | None = None
        """Number of the last article of the first answer."""
        site.replies["/feed"] = self._reply

    async def _reply(self, _request: web.Request) -> web.Response:
        self.last += AT_ONCE
        self.baseline = self.baseline or self.last
        numbers = range(max(1, self.last - LISTED + 1), self.last + 1)
        items = "".join(ITEM.format(n, f"Quake in valley{n}", self.site.url) for n in numbers)
        body = f'<rss version="2.0"><channel><title>Wire</title>{items}</channel></rss>'
        return web.Response(text=body, content_type="application/rss+xml")


def edition(number: int) -> set[str]:
    """Return the topics of an edition of the file that are true of each article."""
    return {"steady", f"first of {number}", f"second of {number}"}


def file_of(number: int, many: int) -> str:
    """Return an edition of the file: two topics are its own, the others are in all of them."""
    others = (
        TOPIC.format(f"other {n}", f'other{n} AND (valley{-n} OR "word{n} storm")')
        for n in range(many)
    )
    first, second = (f"{place} of {number}" for place in ("first", "second"))
    return "".join(
        (
            TOPIC.format(first, "quake"),
            *others,
            TOPIC.format("steady", "quakes OR landslide"),
            TOPIC.format(second, f"quake NEAR/3 valley* NOT edition{number}"),
        )
    )


@pytest.fixture
def rung(receiver):
    """Returns the topics that rang, by the number of the article."""

    def told() -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for body in receiver.messages.values():
            assert "alert.created" == body["type"], body
            number = int(body["data"]["article"]["url"].rsplit("/", 1)[1])
            assert number not in found, "an article rang twice"
            found[number] = {topic["name"] for topic in body["data"]["topics"]}
        return found

    return told


@pytest.mark.parametrize("many", [MANY, pytest.param(10_000, marks=pytest.mark.thorough)])
async def test_no_article_is_lost_or_matched_by_two_editions(
    tocsin, site, receiver, rung, until, secret, many
) -> None:
    """By the file's change, by SIGHUP and by command: each article rings by one edition, once."""
    presses = Presses(site)
    tocsin.write(
        [("Wire", f"{site.url}/feed", ())],
        f'[sinks.ops]\ntype = "webhook"\nurl = "{receiver.url}"\nsecret = "{secret}"\n'
        'allow = ["127.0.0.0/8"]\nrate = "100/s"\n',
        '[alerts]\nburst = "off"',
    )
    file = tocsin.folder / "topics.toml"
    file.write_text(file_of(1, many))
    await tocsin.start()
    ended: list[int] = []
    """Number of the newest article as each reload had ended."""

    async def rings_by(number: int) -> None:
        topics = edition(number)
        await until(lambda: topics in rung().values(), f"edition {number} is in force")
        ended.append(presses.last)
        await until(lambda: max(rung()) > ended[-1], "articles ring by it")

    await rings_by(1)
    file.write_text(file_of(2, many))  # seen by itself, once it stood still
    await rings_by(2)
    file.write_text(file_of(3, many))
    assert tocsin.process is not None
    tocsin.process.send_signal(signal.SIGHUP)
    await rings_by(3)
    file.write_text(file_of(4, many))
    code, out, err = await tocsin.ask("reload", "--json")
    assert 0 == code, err
    assert json.loads(out)["ok"]
    await rings_by(4)

    assert presses.baseline is not None
    listed = set(range(presses.baseline + 1, ended[-1] + 1))
    await until(lambda: listed <= set(rung()), "no article is lost")
    known = [edition(number) for number in range(1, 5)]
    editions = {article: known.index(topics) + 1 for article, topics in rung().items()}
    for number, last in enumerate(ended, start=1):
        later = {editions[article] for article in listed if article > last}
        assert all(found >= number for found in later), "a topic that was removed rang again"
    assert 0 == await tocsin.kill(signal.SIGTERM), tocsin.log[-2000:]
