"""Sinks that are disabled, taken out, or in a file that cannot be read: no alert is lost."""

import json
from datetime import timedelta

import pytest

from workers.alerts import retry, sinks

FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>W</title><link>http://x/</link>'
    "<description>-</description>{}</channel></rss>"
)
POLLED = '[polling]\ninterval = "1s"'
JOURNAL = '[sinks.journal]\ntype = "file"\npath = "alerts.jsonl"\n'
MORE = '[sinks.more]\ntype = "file"\npath = "more.jsonl"\n'


class Newsroom:
    """An installation whose feed says what the test wants."""

    def __init__(self, installation, site, eventually) -> None:
        self.installation = installation
        self.site = site
        self.eventually = eventually
        self.items = ""

    def say(self, name: str, title: str) -> None:
        """Let the feed list one more entry."""
        self.items += f"<item><guid>{name}</guid><title>{title}</title></item>"
        self.site.put("/feed", FEED.format(self.items))

    def write(self, sinks: str) -> None:
        """Write the main file."""
        self.installation.write((self.site.url + "/feed",), more=POLLED, sinks=sinks)

    async def begin(self, sinks: str):
        """Start a daemon, and let it poll once; return it."""
        self.write(sinks)
        self.say("old", "Old")
        daemon = await self.installation.start()
        await self.polled(daemon)
        return daemon

    async def polled(self, daemon) -> None:
        """Wait until the feed was read."""

        async def so() -> bool:
            return all(row.last_good_at for row in await daemon.state.parts.store.feed_rows())

        await self.eventually(so)

    async def reload(self) -> None:
        """Take the files over."""
        told = await self.installation.ask("POST", "/reload?yes=1")
        assert told["ok"], told

    async def stands(self, daemon, **expected: str) -> None:
        """Wait until the newest alert's deliveries stand so."""

        async def so() -> bool:
            lines = await daemon.state.parts.store.alert_lines()
            return bool(lines) and lines[0].deliveries == expected

        await self.eventually(so)

    async def told_of(self, *expected: str) -> None:
        """Wait until the journal has been told of these events, and no others."""

        async def so() -> bool:
            written = (self.installation.data / "alerts.jsonl").read_text().splitlines()
            found = [json.loads(line) for line in written]
            events = [one for one in found if one["type"] == "event.raised"]
            return [one["data"]["event"] for one in events] == list(expected)

        await self.eventually(so)

    def told(self, name: str) -> list[str]:
        """Return the titles that a sink's file has."""
        path = self.installation.data / name
        lines = path.read_text().splitlines() if path.exists() else []
        told = (json.loads(line) for line in lines)
        return [one["data"]["article"]["title"] for one in told if one["type"] == "alert.created"]


@pytest.fixture
def newsroom(installation, site, eventually) -> Newsroom:
    """An installation with a feed."""
    return Newsroom(installation, site, eventually)


async def test_a_disabled_sink_is_told_later(newsroom):
    """What rings while a sink is disabled is held, and sent by the reload that enables it."""
    daemon = await newsroom.begin(JOURNAL + MORE + "enabled = false\n")
    newsroom.say("n1", "A quake at night")
    await newsroom.stands(daemon, journal="sent", more="held")
    await newsroom.reload()
    await newsroom.stands(daemon, journal="sent", more="held")
    newsroom.write(JOURNAL + MORE)
    await newsroom.reload()
    await newsroom.stands(daemon, journal="sent", more="sent")
    assert ["A quake at night"] == newsroom.told("more.jsonl")


async def test_a_start_releases_what_was_held(newsroom):
    """So does a start."""
    daemon = await newsroom.begin(JOURNAL + MORE + "enabled = false\n")
    newsroom.say("n1", "A quake at night")
    await newsroom.stands(daemon, journal="sent", more="held")
    await newsroom.installation.stop(daemon)
    newsroom.write(JOURNAL + MORE)
    await newsroom.stands(await newsroom.installation.start(), journal="sent", more="sent")


@pytest.fixture
def gone_newsroom(newsroom, monkeypatch):
    """An installation with a receiver that is gone, where that is believed at once."""
    monkeypatch.setattr(sinks, "GONE_TIME", timedelta(0))
    monkeypatch.setattr(retry, "SCHEDULE_S", (0.0, 0.05, 0.05))
    newsroom.site.put("/old", "gone", 410)
    newsroom.site.put("/new", "thanks")
    return newsroom


HOOK = '[sinks.hook]\ntype = "webhook"\nallow = ["127.0.0.1"]\nurl = "{}/{}"\n'


async def test_a_receiver_that_is_gone_is_disabled(gone_newsroom, lines):
    """The others are told, what rings is held, over a restart too, until it is enabled by hand."""
    newsroom = gone_newsroom
    hook = HOOK.format(newsroom.site.url, "old")
    daemon = await newsroom.begin(JOURNAL + hook)
    newsroom.say("n1", "A quake at night")
    await newsroom.stands(daemon, journal="sent", hook="held")
    await newsroom.told_of("sink_disabled")
    await newsroom.installation.stop(daemon)
    daemon = await newsroom.installation.start()
    newsroom.say("n2", "A second quake")

    async def rung() -> bool:
        return len(await daemon.state.parts.store.alert_lines()) == 2

    await newsroom.eventually(rung)
    await newsroom.stands(daemon, journal="sent", hook="held")
    assert (
        "disabled"
        == (await newsroom.installation.ask("GET", "/status"))["queue"]["sinks"]["hook"]["state"]
    )
    (listed, _) = sorted(
        lines(await newsroom.installation.call("sinks", "list", "--json")),
        key=lambda line: line["sink"],
    )
    assert ("hook", "disabled", 2) == (listed["sink"], listed["state"], listed["held"])
    assert "it is gone (410)" in listed["reason"]
    newsroom.site.put("/old", "back")
    (done,) = lines(await newsroom.installation.call("sinks", "enable", "hook", "--json"))
    assert ("hook", True) == (done["sink"], done["was_disabled"])
    assert (2, 0, 0) == (done["released"], done["dropped"], done["returned"])
    await newsroom.stands(daemon, journal="sent", hook="sent")
    assert [] == await daemon.state.parts.store.open_events()


async def test_a_change_of_the_sink_enables_it(gone_newsroom):
    """A reload that gives it another address is meant so; one that changes nothing is not."""
    newsroom = gone_newsroom
    daemon = await newsroom.begin(HOOK.format(newsroom.site.url, "old"))
    newsroom.say("n1", "A quake at night")
    await newsroom.stands(daemon, hook="held")
    await newsroom.reload()
    await daemon._upkeep.settle_sinks()
    await newsroom.stands(daemon, hook="held")
    newsroom.write(HOOK.format(newsroom.site.url, "new"))
    await newsroom.reload()
    await newsroom.stands(daemon, hook="sent")


async def test_what_was_under_way_at_the_reload_is_not_forgotten(newsroom):
    """What was made by the old settings after a sink was enabled is sent a little later."""
    daemon = await newsroom.begin(JOURNAL + MORE + "enabled = false\n")
    old = daemon.state.rules
    newsroom.write(JOURNAL + MORE)
    await newsroom.reload()
    daemon.state.rules = old
    newsroom.say("n1", "A quake at night")
    await newsroom.stands(daemon, journal="sent", more="held")
    await daemon._upkeep.settle_sinks()
    await newsroom.stands(daemon, journal="sent", more="sent")


async def test_a_send_under_way_ends_by_the_old_settings(newsroom):
    """However long it takes, a reload does not cut it off, and it is not sent again by the new."""
    site = newsroom.site
    hook = HOOK.format(site.url, "slow")
    site.hangs("/slow")
    brief = POLLED + '\n[queue]\nstop_within = "1s"'
    newsroom.installation.write((site.url + "/feed",), more=brief, sinks=hook)
    newsroom.say("n0", "Nothing new")
    daemon = await newsroom.installation.start()
    await newsroom.polled(daemon)
    newsroom.say("n1", "A quake at night")
    await newsroom.eventually(lambda: site.hanging)
    changed = hook + 'min_severity = "low"\n'
    newsroom.installation.write((site.url + "/feed",), more=brief, sinks=changed)
    await newsroom.reload()
    newsroom.say("n2", "A second quake")
    await newsroom.eventually(lambda: site.hanging > 1)
    ids = [headers["webhook-id"] for path, headers in site.asked if path == "/slow"]
    assert len(ids) == len(set(ids)) == 2
    site.gate.set()
    await newsroom.stands(daemon, hook="sent")
    assert 2 == site.times("/slow")
    await newsroom.eventually(lambda: not daemon.state.lanes._leaving)


async def test_a_stop_hands_back_what_an_old_sink_is_being_sent(newsroom):
    """It waits for that no longer than for anything else."""
    site = newsroom.site
    hook = HOOK.format(site.url, "slow")
    site.hangs("/slow")
    brief = POLLED + '\n[queue]\nstop_within = "1s"'
    newsroom.installation.write((site.url + "/feed",), more=brief, sinks=hook)
    newsroom.say("n0", "Nothing new")
    daemon = await newsroom.installation.start()
    await newsroom.polled(daemon)
    newsroom.say("n1", "A quake at night")
    await newsroom.eventually(lambda: site.hanging)
    newsroom.installation.write((site.url + "/feed",), more=brief, sinks=JOURNAL)
    await newsroom.reload()
    assert daemon.state.lanes._leaving
    await newsroom.installation.stop(daemon)
    assert not daemon.state.lanes._leaving


async def test_what_a_removed_sink_was_to_be_told_is_a_dead_letter(newsroom):
    """It is told of in the list of dead letters, and a replay sends it once the sink is back."""
    daemon = await newsroom.begin(JOURNAL + MORE + "enabled = false\n")
    newsroom.say("n1", "A quake at night")
    await newsroom.stands(daemon, journal="sent", more="held")
    newsroom.write(JOURNAL)
    await newsroom.reload()
    await newsroom.stands(daemon, journal="sent", more="dead")
    (line,) = await daemon.state.parts.store.dead_lines()
    assert ("more", "disabled", "A quake at night") == (line.sink, line.reason, line.title)
    newsroom.write(JOURNAL + MORE)
    await newsroom.reload()
    assert 1 == await daemon.state.parts.store.replay_dead(sink="more")
    await newsroom.stands(daemon, journal="sent", more="sent")


async def test_sinks_of_a_file_that_cannot_be_read_at_the_start(newsroom):
    """Alerts wait for the sinks of a broken file, also over two starts; no secret is kept."""
    more = newsroom.installation.folder / "more.d" / "a.toml"
    more.parent.mkdir()
    hook = f'[sinks.hook]\ntype = "webhook"\nurl = "{newsroom.site.url}/T0ken"\n'
    more.write_text(MORE + hook + 'enabled = false\nsecret = "hunter2"\n')
    daemon = await newsroom.begin(JOURNAL)
    await newsroom.installation.stop(daemon)
    more.write_text("[sinks.more\n")
    for _ in range(2):
        daemon = await newsroom.installation.start()
        _, kept = await daemon.state.parts.store.accepted()
        assert (False, False) == ("hunter2" in kept, "T0ken" in kept)
        await newsroom.installation.stop(daemon)
    daemon = await newsroom.installation.start()
    newsroom.say("n1", "A quake at night")
    await newsroom.stands(daemon, journal="sent", more="open", hook="held")
    await newsroom.reload()
    await newsroom.stands(daemon, journal="sent", more="open", hook="held")
    more.write_text(MORE)
    await newsroom.reload()
    await newsroom.stands(daemon, journal="sent", more="sent", hook="dead")
    assert ["A quake at night"] == newsroom.told("more.jsonl")
    assert ["journal", "more"] == [route.name for route in daemon.state.rules.sinks]


async def test_all_sinks_in_a_file_that_cannot_be_read(newsroom):
    """Tocsin starts without them, and what rings waits for them."""
    more = newsroom.installation.folder / "more.d" / "a.toml"
    more.parent.mkdir()
    more.write_text(MORE)
    daemon = await newsroom.begin("")
    await newsroom.installation.stop(daemon)
    more.write_text("[sinks.more\n")
    daemon = await newsroom.installation.start()
    newsroom.say("n1", "A quake at night")
    await newsroom.stands(daemon, more="open")
    more.write_text(MORE)
    await newsroom.reload()
    await newsroom.stands(daemon, more="sent")
