"""A day-old backup restored while Redis ran on: nothing is lost, ids tell what was sent before."""

import json
import shutil

FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>W</title><link>http://x/</link>'
    "<description>-</description>{}</channel></rss>"
)
SINKS = (
    '[sinks.journal]\ntype = "file"\npath = "alerts.jsonl"\n'
    '[sinks.hook]\ntype = "webhook"\nallow = ["127.0.0.1"]\nurl = "{}/hook"\n'
)


async def test_a_restored_backup_goes_on_where_it_was_made(installation, site, lines, eventually):
    """What was open is held; what came after the backup is polled again, and rings by its ids."""
    said: list[str] = []

    def say(*titles: str) -> None:
        said.extend(titles)
        items = "".join(f"<item><guid>{one}</guid><title>{one}</title></item>" for one in said)
        site.put("/feed", FEED.format(items))

    def told() -> list[tuple[str, str]]:
        path = installation.data / "alerts.jsonl"
        found = path.read_text().splitlines() if path.exists() else []
        return [(one["data"]["article"]["title"], one["id"]) for one in map(json.loads, found)]

    def titles() -> list[str]:
        return [title for title, _ in told()]

    say("Old")
    site.put("/hook", "not now", 503)
    more = '[polling]\ninterval = "1s"\n[queue]\nlease = "1s"'
    installation.write((site.url + "/feed",), sinks=SINKS.format(site.url), more=more)
    daemon = await installation.start()

    async def polled() -> bool:
        return all(row.last_good_at for row in await daemon.state.parts.store.feed_rows())

    await eventually(polled)
    say("Quake one")
    await eventually(lambda: titles() == ["Quake one"])

    async def recorded() -> bool:
        found = await daemon.state.parts.store.alert_lines()
        return ["sent"] == [one.deliveries["journal"] for one in found]

    await eventually(recorded)
    (made,) = lines(await installation.call("db", "backup", "--json"))
    say("Quake two")
    await eventually(lambda: titles() == ["Quake one", "Quake two"])
    await installation.stop(daemon)
    shutil.copy(made["path"], installation.folder / "a-day-old.db")

    backup = str(installation.folder / "a-day-old.db")
    (done,) = lines(await installation.call("db", "restore", backup, "--json"))
    assert 1 == done["held"]
    site.put("/hook", "thanks")
    hooked = site.times("/hook")
    daemon = await installation.start()
    await eventually(lambda: titles() == ["Quake one", "Quake two", "Quake two"])
    first, second = [id_ for title, id_ in told() if title == "Quake two"]
    assert first == second
    await eventually(lambda: site.times("/hook") > hooked)
    held = lines(await installation.call("held", "list", "--json"))
    assert [("restore", "hook", 1)] == [
        (line["reason"], line["sink"], line["deliveries"]) for line in held
    ]
    assert [{"released": 1}] == lines(
        await installation.call("held", "release", "--reason", "restore", "--json")
    )

    async def all_sent() -> bool:
        found = await daemon.state.parts.store.alert_lines()
        return [{"hook": "sent", "journal": "sent"}] * 2 == [one.deliveries for one in found]

    await eventually(all_sent)
    assert 0 == (await installation.call("db", "check")).exit_code
