"""Sinks that are disabled, taken out, or in a file that cannot be read: no alert is lost."""

import json

import pytest

from workers.model.commit import DeliveryCommit

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

        async def polled() -> bool:
            return all(row.last_good_at for row in await daemon.state.parts.store.feed_rows())

        await self.eventually(polled)
        return daemon

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

    def told(self, name: str) -> list[str]:
        """Return the titles that a sink's file has."""
        path = self.installation.data / name
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line)["data"]["article"]["title"] for line in lines]


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


async def test_a_change_of_the_sink_releases_what_its_receiver_refused(newsroom):
    """What was held after a 410 is sent once the sink was changed, and not by itself before."""
    url = newsroom.site.url
    hook = f'[sinks.hook]\ntype = "webhook"\nallow = ["127.0.0.1"]\nurl = "{url}/{{}}"\n'
    newsroom.site.put("/old", "gone", 410)
    newsroom.site.put("/new", "thanks")
    daemon = await newsroom.begin(hook.format("old"))
    newsroom.say("n1", "A quake at night")
    await newsroom.stands(daemon, hook="retry")
    store = daemon.state.parts.store
    (line,) = await store.alert_lines()
    (delivery,) = await store.alert_deliveries(line.alert)
    job = await store.load_delivery(delivery.id)
    await store.commit_delivery(DeliveryCommit(work=job.work, state="held", attempts=9))
    await newsroom.reload()
    await daemon._upkeep.settle_sinks()
    await newsroom.stands(daemon, hook="held")
    newsroom.write(hook.format("new"))
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
