"""A new or changed topic says at once what it would have rung for in the last 24 hours."""

import asyncio
import io
import json
import weakref
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from monitor.daemon import control, hindsight
from monitor.logs import configure
from workers.errors import StoreDown
from workers.steps import lookback

TOPIC = '[[topics]]\nname = "{}"\nquery = "{}"\n'
QUAKES, FLOODS = TOPIC.format("quakes", "quake"), TOPIC.format("floods", "flood")


def wire(**ago: float) -> str:
    """A feed of titles, posted so many hours ago; an underscore is a space."""
    items = "".join(
        f"<item><guid>{title}</guid><title>{title.replace('_', ' ')}</title>"
        f"<pubDate>{format_datetime(datetime.now(UTC) - timedelta(hours=hours))}</pubDate></item>"
        for title, hours in ago.items()
    )
    return f"<rss version='2.0'><channel><title>W</title>{items}</channel></rss>"


@pytest.fixture
def log():
    """What is logged, as it is."""
    stream = io.StringIO()
    yield stream
    configure("json", "error", io.StringIO())


@pytest.fixture
def told(log):
    """Returns the lines of what would have rung, and forgets them."""

    def lines() -> list[dict]:
        found = [json.loads(one) for one in log.getvalue().splitlines()]
        return [one for one in found if one.get("event") == "would_have_rung"]

    return lines


@pytest.fixture
async def running(installation, site, eventually, log):
    """A daemon with one topic, that has polled its feed for the first time."""
    site.put("/feed", wire(A_quake=2, A_quake_again=3, A_flood=4, Rain=5, An_old_flood=40))
    installation.topics(QUAKES)
    installation.write(feeds=(site.url + "/feed",))
    configure("json", "info", log)
    await installation.start()
    await eventually(lambda: '"first_polls"' in log.getvalue())
    return installation


async def test_told_after_a_reload(running, told, lines, log):
    """The answer and the log say of a new or changed topic what it matches; of others nothing."""
    assert [] == told()  # what was there at the first start is told after the first polls
    running.topics(QUAKES + FLOODS + TOPIC.format("never", "volcano"))
    result = await running.call("reload")
    expected = (
        "'floods' would have rung for 1, 'never' would have rung for none of the 4 articles of "
        "the last 24 h, not rung (`tocsin topics backtest`)"
    )
    assert ["+2 topics", expected] == result.stdout.splitlines()
    configure("json", "info", log)
    running.topics(TOPIC.format("quakes", "quake AND again") + FLOODS)
    (answer,) = lines(await running.call("reload", "--json"))
    found = {
        "pending": False, "articles": 4, "whole": True, "more": 0,
        "topics": [{"topic": "quakes", "hits": 1}],
    }  # fmt: skip
    assert found == answer["would_have_rung"]
    (answer,) = lines(await running.call("reload", "--json"))
    assert None is answer["would_have_rung"]
    assert answer["ok"]


async def test_told_when_files_change(running, told, eventually):
    """What was only seen in the files is told to the log; what an alias set changes, too."""
    aliases = '[aliases]\nwater = ["{}"]\n'
    running.topics(aliases.format("flood") + QUAKES + TOPIC.format("water", "@water"))
    await running.ask("POST", "/reload?watched=1")
    await eventually(told)
    assert {"water": 1} == told()[0]["topics"]
    running.topics(aliases.format("rain*") + QUAKES + TOPIC.format("water", "@water"))
    await running.ask("POST", "/reload?watched=1")
    await eventually(lambda: 2 == len(told()))
    assert {"water": 1} == told()[1]["topics"]


async def test_told_after_a_start(running, told, eventually):
    """A topic that was written while no daemon ran is told of when one starts."""
    await running.stop(running.daemons[0])
    running.topics(QUAKES + FLOODS)
    await running.start()
    await eventually(told)
    assert {"floods": 1} == told()[0]["topics"]
    assert 1 == len(told())


async def test_told_where_it_is_published(running, told, lines, eventually, log):
    """Publishing tells, with and without a daemon; one that runs tells its log as well."""
    await running.stop(running.daemons[0])
    running.topics(QUAKES + FLOODS)
    (answer,) = lines(await running.call("topics", "publish", "--json"))
    assert [{"topic": "floods", "hits": 1}] == answer["would_have_rung"]["topics"]
    plain = await running.call("topics", "publish")
    assert "would have rung" not in plain.stdout  # nothing is new any more
    await running.start()
    configure("json", "info", log)
    other = running.folder / "other"
    other.mkdir()
    written = running.config.read_text().replace('"data"', f'"{running.data}"')
    (other / "tocsin.toml").write_text(written)
    (other / "topics.toml").write_text(QUAKES + TOPIC.format("rain", "rain"))
    result = await running.call("topics", "publish", "-c", f"{other}/tocsin.toml")
    assert "'rain' would have rung for 1 of the 4 articles" in result.stdout
    configure("json", "info", log)
    await eventually(told)
    assert {"rain": 1} == told()[0]["topics"]


async def test_bounded(running, monkeypatch):
    """Few topics are named, the newest articles looked at; it is said of both."""
    monkeypatch.setattr(hindsight, "TOLD", 1)
    monkeypatch.setattr(lookback, "MOST", 3)
    running.topics(QUAKES + FLOODS + TOPIC.format("rain", "rain"))
    result = await running.call("reload")
    assert " and 1 more topics of the 3 newest articles of the last 24 h" in result.stdout


async def test_what_takes_long_is_told_later(running, told, log, eventually, monkeypatch):
    """Nobody waits for what takes long: the answer says so, and the log tells it in the end."""
    monkeypatch.setattr(control, "HINDSIGHT_S", 0.0)
    with monkeypatch.context() as slow:
        slow.setattr(hindsight, "SHARE", 1e6)
        running.topics(QUAKES + FLOODS)
        result = await running.call("reload")
    assert "the log will tell (would_have_rung)" in result.stdout
    configure("json", "info", log)
    running.topics(QUAKES + FLOODS + TOPIC.format("rain", "rain"))
    await running.ask("POST", "/reload?yes=1")
    await eventually(lambda: any("rain" in one["topics"] for one in told()))


async def test_what_was_given_up_is_told_with_the_next(running, told, eventually, monkeypatch):
    """Topics that come while it is counted for others are told with these: none is left out."""
    monkeypatch.setattr(hindsight, "SHARE", 1e6)  # the first look never gets beyond one article
    meter = running.daemons[0].state.parts.meter

    def looked() -> float:
        counted = b'tocsin_step_seconds_count{step="look_back"} '
        return float(meter.page().partition(counted)[2].split(b"\n")[0])

    before = looked()
    running.topics(QUAKES + FLOODS)
    await running.ask("POST", "/reload?yes=1")
    await eventually(lambda: looked() == before + 1)
    monkeypatch.setattr(hindsight, "SHARE", 0.0)
    running.topics(QUAKES + FLOODS + TOPIC.format("rain", "rain"))
    await running.ask("POST", "/reload?yes=1")
    await eventually(told)
    assert {"floods": 1, "rain": 1} == told()[0]["topics"]


@pytest.fixture
def away(running, monkeypatch):
    """Makes the archive unreadable while it is set."""
    store, found = running.daemons[0].state.parts.store, asyncio.Event()
    places = store.archive_places

    async def unread(*of, **more):
        if found.is_set():
            raise StoreDown("the database is away")
        return await places(*of, **more)

    monkeypatch.setattr(store, "archive_places", unread)
    found.set()
    return found


async def test_tried_again_when_the_database_is_back(
    running, told, log, eventually, away, monkeypatch
):
    """While the archive cannot be read nothing is told; once it can be, it is told after all."""
    monkeypatch.setattr(hindsight, "AGAIN_S", 0.02)
    running.topics(QUAKES + FLOODS)
    await running.ask("POST", "/reload?yes=1")
    await eventually(lambda: 2 <= log.getvalue().count('"looks_back_later"'))
    assert [] == told()
    running.topics(QUAKES + FLOODS + TOPIC.format("rain", "rain"))
    await running.ask("POST", "/reload?yes=1")
    away.clear()
    await eventually(told)
    assert {"floods": 1, "rain": 1} == told()[0]["topics"]


@pytest.mark.usefixtures("away")
async def test_not_tried_for_ever(running, log, eventually, monkeypatch):
    """A database that stays away is not asked on and on: that is told, and what was is let go."""
    monkeypatch.setattr(hindsight, "GIVES_UP_S", 0.0)
    running.topics(QUAKES + FLOODS)
    await running.ask("POST", "/reload?yes=1")
    await eventually(lambda: '"not_looked_back"' in log.getvalue())
    assert None is running.daemons[0]._hindsight._before


async def test_topics_that_were_are_let_go(running, told, eventually, monkeypatch):
    """What was in force is held while it is compared with what is, and no longer."""
    daemon = running.daemons[0]
    with monkeypatch.context() as slow:
        slow.setattr(hindsight, "SHARE", 1e6)
        running.topics(QUAKES.replace("quake", "tremor"))
        await running.ask("POST", "/reload?yes=1")
        held = weakref.ref(daemon._hindsight._before)
    running.topics(QUAKES + FLOODS)
    await running.ask("POST", "/reload?yes=1")
    await eventually(told)
    await eventually(lambda: held() is None)
    assert None is daemon.state.accepted.before
