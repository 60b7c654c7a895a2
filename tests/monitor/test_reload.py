"""Reload: validate all first, swap at once, keep the old on error."""

import asyncio

import pytest

from monitor.daemon.reload import LOOK_S, QUIET_S, needs_word
from monitor.registry import Change, Difference

QUAKES = '[[topics]]\nname = "quakes"\nquery = "quake"\n'
FLOODS = '[[topics]]\nname = "floods"\nquery = "flood"\n'
BROKEN = '[[topics]]\nname = "broken"\nquery = "(flood"\n'
TWO_SINKS = (
    '[sinks.journal]\ntype = "file"\npath = "alerts.jsonl"\n'
    '[sinks.other]\ntype = "file"\npath = "{}.jsonl"\n'
)


@pytest.fixture
def reload(installation):
    """Reloads by the control socket, as ``tocsin reload`` does."""

    async def one(path: str = "/reload") -> dict:
        return await installation.ask("POST", path)

    return one


def watched(daemon) -> list[str]:
    """Return the topics in force."""
    return sorted(daemon.state.rules.topics.specs)


async def test_the_difference_is_told(installation, reload):
    """A reload takes the new topics over and says what changed."""
    daemon = await installation.start()
    storms = '[[topics]]\nname = "storms"\nquery = "storm"\n'
    installation.topics(QUAKES.replace('"quake"', '"quake OR tremor"') + storms)
    told = await reload()
    assert (True, "+1 \N{MINUS SIGN}1 ~1 topics") == (told["ok"], told["difference"])
    assert ["quakes", "storms"] == watched(daemon)
    assert "no changes" == (await reload())["difference"]


async def test_a_broken_main_file_changes_nothing(installation, reload):
    """A main file that cannot be read is refused with its problems; the old settings stay."""
    daemon = await installation.start()
    installation.config.write_text("[[feeds]\n")
    told = await reload()
    assert not told["ok"]
    assert "tocsin.toml:1" in told["problems"][0]
    assert ["floods", "quakes"] == watched(daemon)
    assert "ok" == (await installation.ask("GET", "/status"))["status"]


async def test_a_sink_that_cannot_be_made_changes_nothing(installation, reload):
    """If a new sink cannot be made, neither topics nor feeds are taken over."""
    daemon = await installation.start()
    installation.topics(QUAKES)
    installation.write(
        feeds=(),
        sinks='[sinks.mail]\ntype = "email"\nsmtp = { env = "TOCSIN_TEST_SMTP" }\n'
        'from = "a@example.org"\nto = ["b@example.org"]\n',
    )
    told = await reload()
    assert not told["ok"]
    assert ["floods", "quakes"] == watched(daemon)
    (row,) = await daemon.state.parts.store.feed_rows()
    assert not row.parked


async def test_a_refused_topic_keeps_its_last_version(installation, reload):
    """A topic with a typo goes on as it was accepted, also after a restart; the rest changes."""
    daemon = await installation.start()
    installation.topics(QUAKES.replace('"quake"', '"(quake"') + FLOODS.replace("flood", "deluge"))
    told = await reload()
    assert told["ok"]
    assert told["problems"]
    specs = daemon.state.rules.topics.specs
    assert "quake" == specs["quakes"].query
    assert "degraded" == (await installation.ask("GET", "/status"))["status"]
    await installation.stop(daemon)
    daemon = await installation.start()
    specs = daemon.state.rules.topics.specs
    assert ("quake", "deluge") == (specs["quakes"].query, specs["deluges"].query)
    assert ["quakes"] == (await installation.ask("GET", "/status"))["topics_refused"]


@pytest.mark.parametrize(
    "bad",
    [
        QUAKES + 'severity = "huge"\n' + FLOODS,
        QUAKES + "queri = 3\n" + FLOODS,
        "[[topics]\n",
        None,
        "topics = 3\n",
    ],
)
async def test_what_cannot_be_read_stays(installation, reload, bad):
    """A topic, or a file of them, that cannot be read stays as accepted, also after a restart."""
    daemon = await installation.start()
    if bad is None:
        (installation.folder / "topics.toml").unlink()
    else:
        installation.topics(bad)
    told = await reload()
    assert told["ok"], told
    assert ["floods", "quakes"] == watched(daemon)
    assert "degraded" == (await installation.ask("GET", "/status"))["status"]
    await installation.stop(daemon)
    daemon = await installation.start()
    assert ["floods", "quakes"] == watched(daemon)
    assert "degraded" == (await installation.ask("GET", "/status"))["status"]
    installation.topics(QUAKES)
    assert (await reload())["ok"]
    assert ["quakes"] == watched(daemon)
    assert [] == (await installation.ask("GET", "/status"))["topics_refused"]


@pytest.mark.parametrize(
    ("bad", "subject", "then"),
    [
        (None, "topics.toml", "what was accepted of it before goes on"),
        ("[[topics]\n", "topics.toml", "what was accepted of it before goes on"),
        ('[aliases]\nset = ["@set"]\n' + QUAKES, "@set", "its last accepted version goes on"),
        (QUAKES + FLOODS + BROKEN, "broken", "it has no earlier version to go on"),
    ],
)
async def test_what_goes_on_is_told(installation, reload, bad, subject, then):
    """The event of what was refused says what goes on meanwhile: of a file, a set, a topic."""
    installation.topics('[aliases]\nset = ["surge"]\n' + QUAKES + FLOODS)
    daemon = await installation.start()
    if bad is None:
        (installation.folder / "topics.toml").unlink()
    else:
        installation.topics(bad)
    await reload()
    (event,) = await daemon.state.parts.store.open_events()
    assert ("topic_refused", subject) == (event.kind, event.subject)
    assert event.text.endswith(f"Until it is mended, {then}.")


async def test_feeds_and_sinks_of_a_broken_file_stay(installation, reload):
    """Feeds and sinks of an included file that is being written are not removed."""
    more = installation.folder / "more.d"
    more.mkdir()
    (more / "a.toml").write_text(
        '[[feeds]]\nname = "More"\nurl = "http://127.0.0.1:9/more"\n'
        '[sinks.more]\ntype = "file"\npath = "more.jsonl"\n'
    )
    daemon = await installation.start()
    (more / "a.toml").write_text("[[feeds]\n")
    assert (await reload())["ok"]
    assert ["journal", "more"] == sorted(daemon.state.lanes.endpoints())
    rows = await daemon.state.parts.store.feed_rows()
    assert [False, False] == [row.parked for row in rows]
    await installation.stop(daemon)
    daemon = await installation.start()
    rows = await daemon.state.parts.store.feed_rows()
    assert [False, False] == [row.parked for row in rows]


async def test_only_the_changed_sink_is_made_anew(installation, reload):
    """A sink that did not change keeps its object and its lane."""
    installation.write(sinks=TWO_SINKS.format("one"))
    daemon = await installation.start()
    lanes = daemon.state.lanes
    sinks, loops = dict(lanes._sinks), dict(lanes._sink_lanes)
    installation.write(sinks=TWO_SINKS.format("two"))
    told = await reload()
    assert "~1 sink" == told["difference"]
    assert sinks["journal"] is lanes._sinks["journal"]
    assert loops["journal"] is lanes._sink_lanes["journal"]
    assert loops["other"] is not lanes._sink_lanes["other"]
    installation.write()
    assert (await reload())["ok"]
    assert ["journal"] == sorted(lanes.endpoints())
    assert not daemon.state.lanes.ended.done()


async def test_what_needs_a_restart_is_named(installation, reload):
    """Sections that are read once at the start are named, those that live are not."""
    await installation.start()
    installation.write(
        more='[polling]\nfastest = "5m"\n[pages]\nworkers = 3\n[queue]\nlease = "20s"'
    )
    told = await reload()
    assert told["ok"]
    assert ["pages", "queue"] == sorted(told["restart"])


async def test_a_watched_removal_waits(installation, reload):
    """Files that changed by themselves to remove all topics wait for the operator's word."""
    daemon = await installation.start()
    installation.topics("")
    outcome = await daemon._reloader.reload(yes=False, watched=True)
    assert (False, True) == (outcome.ok, "tocsin reload --yes" in outcome.problems[0])
    assert ["floods", "quakes"] == watched(daemon)
    assert (await reload("/reload?yes=1"))["ok"]
    assert [] == watched(daemon)


async def test_changed_files_are_seen_once_they_stand_still(installation, set_clock):
    """The files are read again after they changed and then stood still for two seconds."""
    daemon = await installation.start()
    daemon.state.clock = set_clock
    reloader = daemon._reloader
    await reloader.look()
    installation.topics(QUAKES)
    set_clock.advance(LOOK_S)
    await reloader.look()
    set_clock.advance(QUIET_S / 2)
    await reloader.look()
    assert ["floods", "quakes"] == watched(daemon)
    set_clock.advance(QUIET_S)
    await reloader.look()
    assert ["quakes"] == watched(daemon)


async def test_what_could_not_be_stored_is_tried_again(installation, set_clock):
    """While the database takes no writes nothing changes; then the same files are taken over."""
    daemon = await installation.start()
    daemon.state.clock = set_clock
    store = daemon.state.parts.store
    open_, store._writer._open = store._writer._open, False
    installation.topics(QUAKES)
    for opened, expected in (
        (False, ["floods", "quakes"]),
        (False, ["floods", "quakes"]),
        (open_, ["quakes"]),
    ):
        store._writer._open = opened
        await daemon._reloader.look()
        set_clock.advance(QUIET_S)
        await daemon._reloader.look()
        set_clock.advance(QUIET_S)
        assert expected == watched(daemon)


async def test_a_new_file_is_seen(installation, set_clock):
    """A file that an include pattern fits is seen when it comes, and when it is mended."""
    daemon = await installation.start()
    daemon.state.clock = set_clock
    storms = installation.folder / "more.d" / "storms.toml"
    storms.parent.mkdir()
    for text, expected in (
        ("[[topics]\n", ["floods", "quakes"]),
        ('[[topics]]\nname = "storms"\nquery = "storm"\n', ["floods", "quakes", "storms"]),
    ):
        storms.write_text(text)
        set_clock.advance(LOOK_S)
        await daemon._reloader.look()
        set_clock.advance(QUIET_S)
        await daemon._reloader.look()
        assert expected == watched(daemon)


async def test_the_signal_reloads(installation, eventually):
    """A reload asked for by signal is the operator's word: it does not wait."""
    daemon = await installation.start()
    installation.topics("")
    daemon.request_reload()
    await eventually(lambda: watched(daemon) == [])


async def test_many_signals_are_one_reload(installation, eventually):
    """Signals that come while one waits for its turn ask for nothing more; one after it does."""
    daemon = await installation.start()
    meter = daemon.state.parts.meter

    def reloads() -> float:
        done = b'tocsin_reloads_total{outcome="ok"} '
        return float(meter.page().partition(done)[2].partition(b"\n")[0] or 0)

    async with daemon._reloader.alone:
        for _ in range(50):
            daemon.request_reload()
        await asyncio.sleep(0)
        installation.topics(FLOODS)
    await eventually(lambda: watched(daemon) == ["floods"])
    await eventually(lambda: not daemon._reloads)
    assert 1 == reloads()
    installation.topics(QUAKES)
    daemon.request_reload()
    await eventually(lambda: watched(daemon) == ["quakes"])
    await eventually(lambda: 2 == reloads())


async def test_two_reloads_at_once(installation, reload):
    """Reloads that are asked for at once are done one after the other."""
    daemon = await installation.start()
    installation.topics(QUAKES)
    told = await asyncio.gather(*(reload() for _ in range(4)))
    assert [True] * 4 == [one["ok"] for one in told]
    assert ["quakes"] == watched(daemon)


def change(removed: int, added: int = 0) -> Change:
    """A change of so many names."""
    return Change(
        removed=tuple(map(str, range(removed))), added=tuple(f"n{n}" for n in range(added))
    )


@pytest.mark.parametrize(
    ("difference", "topics", "feeds", "waits"),
    [
        (Difference(), 10, 10, False),
        (Difference(sinks=change(1)), 10, 10, True),
        (Difference(topics=change(1)), 1, 10, True),
        (Difference(topics=change(1, added=1)), 1, 10, False),
        (Difference(topics=change(5)), 10, 10, False),
        (Difference(topics=change(6)), 10, 10, True),
        (Difference(topics=change(6)), 100, 10, False),
        (Difference(feeds=change(6)), 10, 29, True),
        (Difference(feeds=change(6)), 10, 30, False),
    ],
)
def test_what_waits_for_a_word(difference, topics, feeds, waits):
    """A sink, all topics, or more than five and over a fifth of topics or feeds."""
    assert waits is (needs_word(difference, topics, feeds) is not None)


async def test_what_is_refused_is_named(installation, reload):
    """A reload names the topic, and where in its query, of all that it did not take over."""
    await installation.start()
    installation.topics(QUAKES + BROKEN)
    (said,) = (await reload())["problems"]
    assert "topics.toml: topic broken, line 1, column 1: the bracket is not closed" in said


async def test_a_topic_for_an_unknown_sink_is_told(installation, reload):
    """A reload that takes over a topic which nobody hears says so."""
    await installation.start()
    installation.topics(QUAKES + 'sinks = ["nosuch"]\n')
    said = (await reload())["problems"]
    assert any("nosuch" in one for one in said)
