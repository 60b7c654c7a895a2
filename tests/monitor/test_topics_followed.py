"""Accepted topics: one number for all processes, and whose files make the next one."""

import json
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from monitor.daemon import topics
from monitor.daemon.service import Daemon
from monitor.daemon.topics import AcceptedTopics, Wanted
from monitor.settings import load
from workers.clock import SystemClock
from workers.errors import TocsinError
from workers.model.topic import Document, TopicSpec

TOPIC = '[[topics]]\nname = "{0}"\nquery = "{1}"\n'


class Kept:
    """What several processes keep together, as the store does."""

    def __init__(self) -> None:
        self.number = 0
        self.content = ""
        self.overtaken = 0

    async def accepted(self) -> tuple[int, str] | None:
        return (self.number, self.content) if self.number else None

    async def accept(self, content: str, after: int | None = None) -> int | None:
        if self.overtaken:
            self.overtaken -= 1
            return None
        if after is not None and after != self.number:
            return None
        if content != self.content:
            self.number, self.content = self.number + 1, content
        return self.number


def said(**queries: str) -> AcceptedTopics:
    """Return topics by name and query."""
    specs = (TopicSpec(name=name, query=query) for name, query in queries.items())
    return AcceptedTopics(topics=tuple(specs))


def wanted(**queries: str) -> Wanted:
    """Return what files say."""
    return Wanted(topics=said(**queries), languages=("en",))


def queries(accepted: topics.Accepted) -> dict[str, str]:
    """Return the topics in force."""
    return {name: spec.query for name, spec in accepted.topics.specs.items()}


@pytest.fixture
def kept() -> Kept:
    """What is kept."""
    return Kept()


async def test_the_first_files_are_taken(kept):
    """Where nothing was ever accepted, a process that starts has its own files accepted."""
    first = await topics.start(wanted(a="storm"), kept)
    assert (1, {"a": "storm"}, False) == (first.number, queries(first), first.differs)


async def test_what_did_not_change_is_not_compiled_again(kept):
    """A reload and a following go on with the topics in force, and compile what changed."""
    first = await topics.accept(wanted(a="storm", b="flood"), kept)
    now = Wanted(topics=said(a="storm", b="gale"), languages=("en",), present=first.topics)
    second = await topics.accept(now, kept)
    assert {"a": "storm", "b": "gale"} == queries(second)
    assert first.topics._topics["a"] is second.topics._topics["a"]
    assert ("b",) == second.topics.names(Document(title="A gale and a flood", body=""))
    assert ("b",) == first.topics.names(Document(title="A flood", body=""))
    third = await topics.follow(first, now, kept)
    assert first.topics._topics["a"] is third.topics._topics["a"]


async def test_a_start_follows(kept):
    """A process that starts with other topics runs by those accepted, and knows that it does."""
    await topics.accept(wanted(a="storm"), kept)
    second = await topics.start(wanted(a="gale", b="flood"), kept)
    assert (1, {"a": "storm"}, True) == (second.number, queries(second), second.differs)
    same = await topics.start(wanted(a="storm"), kept)
    assert (1, False) == (same.number, same.differs)


async def test_the_same_topics_elsewhere_are_the_same(kept):
    """Another order, or another folder that the files are in, is no other set of topics."""
    spec = TopicSpec(name="a", query="storm", file="/here/topics.toml")
    other = TopicSpec(name="b", query="flood")
    await topics.accept(Wanted(topics=AcceptedTopics(topics=(spec, other)), languages=()), kept)
    moved = TopicSpec(name="a", query="storm", file="/there/topics.toml")
    again = Wanted(topics=AcceptedTopics(topics=(other, moved)), languages=())
    assert (1, False) == ((await topics.start(again, kept)).number, False)
    assert 1 == kept.number


async def test_a_change_that_is_seen_takes_over_itself_alone(kept):
    """Of files that were seen to change only what changed is accepted: the rest stays as it is."""
    await topics.accept(wanted(a="storm", b="flood", c="quake"), kept)
    before = said(a="gale", b="flood", d="fire", e="ash")
    now = wanted(a="gale", b="deluge", e="smoke", f="hail")
    accepted = await topics.accept(now, kept, before)
    expected = {"a": "storm", "b": "deluge", "c": "quake", "e": "smoke", "f": "hail"}
    assert (2, expected, True) == (accepted.number, queries(accepted), accepted.differs)
    again = await topics.accept(now, kept, before)
    assert (2, expected) == (again.number, queries(again))


async def test_the_operators_word_takes_over_all(kept):
    """A reload that was asked for makes all of the files the newest."""
    await topics.accept(wanted(a="storm"), kept)
    accepted = await topics.accept(wanted(b="flood"), kept)
    assert (2, {"b": "flood"}, False) == (accepted.number, queries(accepted), accepted.differs)


async def test_whoever_is_overtaken_looks_again(kept):
    """A process that another one overtakes merges with what that one accepted, not for ever."""
    await topics.accept(wanted(a="storm"), kept)
    kept.overtaken = 2
    accepted = await topics.accept(wanted(a="gale"), kept, said(a="storm"))
    assert (2, {"a": "gale"}) == (accepted.number, queries(accepted))
    kept.overtaken = 1000
    with pytest.raises(TocsinError, match="all the time"):
        await topics.accept(wanted(a="squall"), kept)


async def test_following(kept):
    """What is newest is taken as it is, whatever its number; what is in force already stays."""
    present = await topics.accept(wanted(a="storm"), kept)
    assert present is await topics.follow(present, wanted(a="storm"), kept)
    await topics.accept(wanted(b="flood"), kept)
    followed = await topics.follow(present, wanted(a="storm"), kept)
    assert (2, {"b": "flood"}, True) == (followed.number, queries(followed), followed.differs)
    kept.number = 0
    await topics.accept(wanted(a="storm"), kept)  # a restored database begins to count anew
    back = await topics.follow(followed, wanted(a="storm"), kept)
    assert (1, {"a": "storm"}, False) == (back.number, queries(back), back.differs)


@pytest.mark.parametrize("content", ["", "{", '{"topics": [{"name": 3}]}', '{"topics": 7}', "[]"])
async def test_what_is_kept_may_be_anything(kept, content):
    """What nobody of us wrote is followed by nobody, and replaced by the operator's word."""
    present = await topics.accept(wanted(a="storm"), kept)
    kept.number, kept.content = 2, content
    followed = await topics.follow(present, wanted(a="storm"), kept)
    assert (2, {"a": "storm"}, True) == (followed.number, queries(followed), followed.differs)
    started = await topics.start(wanted(a="storm"), kept)
    assert (2, {"a": "storm"}, True) == (started.number, queries(started), started.differs)
    mended = await topics.accept(wanted(a="storm"), kept)
    assert (3, False) == (mended.number, mended.differs)


# ── with real processes' parts ──────────────────────────────────────────────────────────────────


def in_force(daemon: Daemon) -> tuple[int, list[str]]:
    """Return the number and the names of the topics in force."""
    return daemon.state.accepted.number, sorted(daemon.state.rules.topics.specs)


async def test_a_published_file_is_followed(installation, eventually, lines):
    """What is published beside a daemon is in force soon after; what is bad is not published."""
    daemon = await installation.start()
    number, _ = in_force(daemon)
    other = installation.folder / "other"
    other.mkdir()
    written = installation.config.read_text().replace('"data"', f'"{installation.data}"')
    (other / "tocsin.toml").write_text(written)
    (other / "topics.toml").write_text(TOPIC.format("storms", "storm"))
    (told,) = lines(
        await installation.call("topics", "publish", "--json", "-c", f"{other}/tocsin.toml")
    )
    assert (number + 1, 1) == (told["number"], told["topics"])
    await eventually(lambda: in_force(daemon) == (number + 1, ["storms"]))
    told = await installation.ask("GET", "/healthz")
    assert ("degraded", number + 1, 1) == (told["status"], told["topics_version"], told["topics"])
    assert f"number {number + 1}" in told["topics_differ"]
    assert told["topics_differ"] in (await installation.call("status")).stdout

    for bad in (TOPIC.format("storms", "(storm"), "[[topics]\n"):
        (other / "topics.toml").write_text(bad)
        result = await installation.call("topics", "publish", "-c", f"{other}/tocsin.toml")
        assert (1, True) == (result.exit_code, "nothing is published" in result.stderr)
    assert number + 1 == await daemon.state.parts.store.accepted_number()
    assert (await installation.ask("POST", "/reload"))["ok"]
    told = await installation.ask("GET", "/healthz")
    assert (None, number + 2) == (told["topics_differ"], told["topics_version"])
    await installation.stop(daemon)
    (told,) = lines(await installation.call("topics", "publish", "--json"))
    assert number + 2 == told["number"]


async def test_articles_bear_the_number(installation, site, eventually):
    """Each article is stamped with the number of the topics that it was matched with last."""
    feed = (
        '<rss version="2.0"><channel><title>W</title><link>http://x/</link>'
        "<description>-</description>{}</channel></rss>"
    )
    item = "<item><guid>{0}</guid><title>{0}</title><link>{1}/{0}</link></item>"
    site.put("/feed", feed.format(item.format("old", site.url)))
    installation.write((f"{site.url}/feed",), more='[polling]\ninterval = "1s"')
    daemon = await installation.start()
    store = daemon.state.parts.store

    async def stamp(name: str) -> list[tuple]:
        select = text("SELECT topics_version, settled_at > 0 FROM articles WHERE title = :name")
        return await store._read(lambda conn, _now: list(conn.execute(select, {"name": name})))

    await eventually(lambda: _is(stamp("old"), [(None, None)]))
    site.put("/feed", feed.format("".join(item.format(n, site.url) for n in ("old", "one"))))
    number, _ = in_force(daemon)
    await eventually(lambda: _is(stamp("one"), [(number, 1)]))
    installation.topics(TOPIC.format("storms", "storm"))
    assert (await installation.ask("POST", "/reload"))["ok"]
    site.put("/feed", feed.format("".join(item.format(n, site.url) for n in ("one", "two"))))
    await eventually(lambda: _is(stamp("two"), [(number + 1, 1)]))
    assert await _is(stamp("one"), [(number, 1)])


async def _is(what, expected) -> bool:
    return await what == expected


class Machine:
    """One of several machines: its folder and files are its own, database and Redis are shared."""

    def __init__(self, folder: Path, redis: str, database: str) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "tocsin.toml").write_text(
            f'data_dir = "data"\ninclude = ["topics.toml"]\n[database]\nurl = "{database}"\n'
            f'[redis]\nurl = "{redis}"\n[web]\nlisten = "off"\n'
            '[[feeds]]\nurl = "http://127.0.0.1:9/feed"\n[sinks.screen]\ntype = "console"\n'
        )

    def topics(self, **queries: str) -> None:
        """Write its file of topics."""
        written = "".join(TOPIC.format(name, query) for name, query in queries.items())
        (self.folder / "topics.toml").write_text(written)

    async def start(self) -> Daemon:
        """Start its daemon."""
        daemon = Daemon(load(self.folder / "tocsin.toml", {}), SystemClock())
        await daemon.start()
        return daemon


async def test_two_machines_with_other_files(folder, valkey, postgres, eventually, installation):
    """Over one PostgreSQL all follow the newest number; machines with other files do not fight."""
    one = Machine(folder / "one", valkey.url, postgres.url())
    two = Machine(folder / "two", valkey.url, postgres.url())
    one.topics(quakes="quake", floods="flood")
    two.topics(quakes="tremor")
    first = await one.start()
    assert (1, ["floods", "quakes"]) == in_force(first)
    second = await two.start()
    assert (1, ["floods", "quakes"]) == in_force(second)
    assert (False, True) == (first.state.accepted.differs, second.state.accepted.differs)
    two.topics(quakes="tremor", storms="storm")
    assert (await second._reloader.reload(yes=False, watched=True)).ok
    assert (2, ["floods", "quakes", "storms"]) == in_force(second)
    await eventually(lambda: in_force(first) == in_force(second))
    assert "quake" == first.state.rules.topics.specs["quakes"].query
    result = await installation.call("topics", "publish", "-c", str(two.folder / "tocsin.toml"))
    assert (0, "number 3: 2 topics") == (result.exit_code, result.stdout.splitlines()[0])
    for daemon in (first, second):
        await eventually(lambda daemon=daemon: in_force(daemon) == (3, ["quakes", "storms"]))
    assert (True, False) == (first.state.accepted.differs, second.state.accepted.differs)
    with psycopg.connect(postgres.url(), autocommit=True) as conn:
        conn.execute(
            "UPDATE accepted SET content = '{\"topics\": 7}', number = 9 WHERE number = 3"
        )
    await eventually(lambda: first.state.accepted.number == 9)
    assert ["quakes", "storms"] == in_force(first)[1]
    assert (await first._reloader.reload(yes=True)).ok
    await eventually(lambda: in_force(second) == (10, ["floods", "quakes"]))
    await second.stop()
    await first.stop()


async def test_a_refused_topic_is_told(installation, eventually):
    """A topic that cannot be used as written is an event to the sinks, until it is mended."""
    installation.topics(TOPIC.format("storms", "storm"))
    daemon = await installation.start()
    store, journal = daemon.state.parts.store, installation.data / "alerts.jsonl"

    async def open_now(*subjects: str) -> bool:
        events = await store.open_events()
        return sorted(subjects) == [one.subject for one in events if one.kind == "topic_refused"]

    installation.topics(TOPIC.format("storms", "(storm") + TOPIC.format("floods", "flood NEAR"))
    assert (await installation.ask("POST", "/reload"))["ok"]
    await eventually(lambda: open_now("floods", "storms"))
    await eventually(lambda: journal.exists() and journal.read_text().count("\n") == 2)
    told = {
        body["data"]["subject"]: (body["type"], body["data"]["event"], body["data"]["text"])
        for body in map(json.loads, journal.read_text().splitlines())
    }
    assert ("event.raised", "topic_refused") == told["storms"][:2]
    assert "its last accepted version goes on" in told["storms"][2]
    assert "it has no earlier version" in told["floods"][2]
    installation.topics(TOPIC.format("storms", "storm"))
    assert (await installation.ask("POST", "/reload"))["ok"]
    await eventually(open_now)


async def test_accepted_topics_that_nobody_can_read_are_no_news(kept):
    """What lies under a new number and is no topics leaves those in force, and makes none new."""
    present = await topics.accept(wanted(a="storm"), kept)
    kept.number, kept.content = kept.number + 1, "{"
    after = await topics.follow(present, wanted(a="storm"), kept)
    assert (2, {"a": "storm"}, True) == (after.number, queries(after), after.differs)
    assert said(a="storm").says() == after.before.says()
