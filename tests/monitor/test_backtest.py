"""``tocsin topics backtest``: what a topic finds in the archive of a real installation."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

NOON = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
"""The beginning of today."""


def item(title: str, days: float, summary: str = "") -> str:
    """An entry that was published so many days before the beginning of today."""
    date = format_datetime(NOON - timedelta(days=days))
    return (
        f"<item><guid>{title}</guid><title>{title}</title><description>{summary}</description>"
        f"<pubDate>{date}</pubDate></item>"
    )


def wire(*items: str) -> str:
    """A feed of these entries."""
    return f"<rss version='2.0'><channel><title>W</title>{''.join(items)}</channel></rss>"


BASELINE = wire(
    item("A quake hits the coast", 1.5),
    item("Another story", 1.2, "Of a quake, and a flood. Nobody was hurt."),
    item("A third quake", 3.5),
    item("A flood", 2),
    item("An old quake", 60),
)
TOPICS = """
[[topics]]
name = "quakes"
query = "quake"
[[topics]]
name = "floods"
query = "flood"
[[topics]]
name = "asleep"
query = "quake"
enabled = false
"""


@pytest.fixture
async def archive(installation, site, eventually):
    """An installation whose feed was first read, and which runs no more."""
    site.put("/feed", BASELINE)
    installation.topics(TOPICS)
    installation.write(feeds=(site.url + "/feed",))
    daemon = await installation.start()

    async def polled() -> bool:
        return not (await daemon.state.parts.store.first_polls()).unpolled

    await eventually(polled)
    await installation.stop(daemon)
    return installation


def days(told: dict) -> dict[str, int]:
    """Hits by day."""
    return {one["day"]: one["hits"] for one in told["days"]}


def day(ago: int) -> str:
    """The day that was so many days ago."""
    return str((NOON - timedelta(days=ago)).date())


async def test_what_a_topic_would_have_found(archive, lines):
    """Hits a day, the newest with the hit marked, what they share with others, and in how much."""
    (told,) = lines(await archive.call("topics", "backtest", "quakes", "--since", "30d", "--json"))
    assert ("quakes", "quake", 3, 3) == (
        told["topic"], told["query"], told["hits"], told["unrung"],
    )  # fmt: skip
    assert (4, 4, 4, 0) == (told["articles"], told["entries"], told["unread"], told["textless"])
    assert {day(2): 2, day(4): 1} == days(told)
    assert ["Another story", "A quake hits the coast", "A third quake"] == [
        one["title"] for one in told["sample"]
    ]
    first = told["sample"][0]
    assert "Of a *quake*, and a flood." == first["sentence"]
    assert ("Feed 0", None) == (first["feed"], first["url"])
    assert [{"topic": "floods", "hits": 1, "share": 0.3333}] == told["also"]
    assert (None, None) == (told["new"], told["rung"])
    assert "the archive begins" in told["cut"]
    assert told["since"].endswith("Z")
    plain = await archive.call("topics", "backtest", "quakes", "--since", "30d")
    assert 0 == plain.exit_code
    assert "quakes: 3 hits; 3 of them have not rung (--ring rings them)" in plain.stdout
    assert f"{day(2)}       2  ####" in plain.stdout
    assert "1 (33 %) floods" in plain.stdout


async def test_only_of_late(archive, lines):
    """What was published before is not looked at, and a sample may be short, or left out."""
    since = f"{day(2)}T00:00:00Z"
    words = ("topics", "backtest", "quakes", "--since", since, "--sample", "1", "--json")
    (told,) = lines(await archive.call(*words))
    assert (2, 3, ["Another story"]) == (
        told["hits"], told["articles"], [one["title"] for one in told["sample"]],
    )  # fmt: skip
    (told,) = lines(await archive.call("topics", "backtest", "quakes", "--since", "1s", "--json"))
    assert (0, 0, [], []) == (told["hits"], told["articles"], told["days"], told["sample"])


async def test_another_wording(archive, lines):
    """What another wording gains and loses, with samples of both, and what others have of it."""
    words = ("topics", "backtest", "quakes", "--query", "flood OR coast", "--json")
    (told,) = lines(await archive.call(*words))
    new = told["new"]
    assert (3, 3, 1, 1, 2) == (
        told["hits"], new["hits"], new["gained"], new["lost"], new["both"],
    )  # fmt: skip
    assert ["A flood"] == [one["title"] for one in new["gained_sample"]]
    assert ["A third quake"] == [one["title"] for one in new["lost_sample"]]
    assert 3 == sum(one["hits"] for one in new["days"])
    plain = await archive.call(*words[:-1])
    assert "as flood OR coast: 3 hits: 1 gained, 1 lost, 2 as before" in plain.stdout


async def test_a_topic_that_there_is_not_yet(archive, lines):
    """With a query a topic need not exist: it is said so, and all its hits are gained."""
    result = await archive.call("topics", "backtest", "quaks", "-q", "quake", "--json")
    (told,) = lines(result)
    assert 'no such topic: quaks (did you mean "quakes"?)' in result.stderr
    assert "only the query that is given is counted" in result.stderr
    assert (None, 0, None) == (told["query"], told["hits"], told["unrung"])
    assert (3, 3, 0, 0) == tuple(told["new"][key] for key in ("hits", "gained", "lost", "both"))
    assert {"quakes": 3, "floods": 1} == {one["topic"]: one["hits"] for one in told["also"]}


REFUSED = [
    (("quaks",), 1, 'no such topic: quaks (did you mean "quakes"?)'),
    (("asleep",), 1, "the topic is disabled: asleep"),
    (("quakes", "--query", "quake AND"), 2, "^"),
    (("quakes", "--query", ""), 2, "^"),
    (("quakes", "--query", "@nobody"), 2, "@nobody"),
    (("quakes", "--since", "soon"), 2, "write 6h, 2d"),
    (("quakes", "--since", "2999-01-01"), 2, "lies in the future"),
    (("quakes", "--ring", "--query", "flood"), 2, "--ring without --query"),
    ((), 2, "TOPIC"),
]


async def test_refused(archive):
    """What cannot be looked for is refused, with the reason and what to do; nothing is printed."""
    for words, code, said in REFUSED:
        result = await archive.call("topics", "backtest", *words, "--json")
        assert (words, code, "") == (words, result.exit_code, result.stdout)
        assert said in result.stderr


async def test_what_is_edited_but_not_in_force(archive, lines):
    """The files' own wording is tried, but what rings is what was accepted."""
    archive.topics(TOPICS + '[[topics]]\nname = "coasts"\nquery = "coast"\n')
    (told,) = lines(await archive.call("topics", "backtest", "coasts", "--json"))
    assert 1 == told["hits"]
    refused = await archive.call("topics", "backtest", "coasts", "--ring")
    assert 1 == refused.exit_code
    assert "not in force yet: coasts" in refused.stderr
    assert 0 == (await archive.call("topics", "publish")).exit_code
    (told,) = lines(await archive.call("topics", "backtest", "coasts", "--ring", "--json"))
    assert 1 == told["rung"]


async def test_ringing_without_a_daemon(archive, lines, eventually):
    """What has not rung rings when a daemon runs again, once for all times."""
    words = ("topics", "backtest", "quakes", "--ring", "--json")
    (told,) = lines(await archive.call(*words))
    assert (3, 3, None) == (told["hits"], told["rung"], told["unrung"])
    (told,) = lines(await archive.call(*words))
    assert (3, 0) == (told["hits"], told["rung"])
    (told,) = lines(await archive.call("topics", "backtest", "quakes", "--json"))
    assert 0 == told["unrung"]
    journal = archive.folder / "data" / "alerts.jsonl"
    assert not journal.exists()
    await archive.start()
    await eventually(lambda: journal.exists() and 3 == len(journal.read_text().splitlines()))
    alerts = [json.loads(one)["data"] for one in journal.read_text().splitlines()]
    assert {"A quake hits the coast", "Another story", "A third quake"} == {
        alert["article"]["title"] for alert in alerts
    }
    assert [["quakes"]] * 3 == [[topic["name"] for topic in one["topics"]] for one in alerts]
    assert ["feed"] * 3 == [alert["evidence"] for alert in alerts]
    assert all(topic["receipt"]["clauses"] for one in alerts for topic in one["topics"])


async def test_ringing_beside_a_daemon(archive, lines, eventually, site):
    """Beside a daemon it rings at once, and what rang by itself is not rung again."""
    daemon = await archive.start()
    journal = archive.folder / "data" / "alerts.jsonl"
    (told,) = lines(await archive.call("topics", "backtest", "floods", "--ring", "--json"))
    assert 2 == told["rung"]
    await eventually(lambda: journal.exists() and 2 == len(journal.read_text().splitlines()))
    (feed,) = await daemon.state.parts.store.polled_feeds()
    site.put("/feed", BASELINE.replace("</channel>", item("A new flood", 0) + "</channel>"))
    await archive.ask("POST", f"/feeds/poll?id={feed}")
    await eventually(lambda: 3 == len(journal.read_text().splitlines()))
    (told,) = lines(await archive.call("topics", "backtest", "floods", "--ring", "--json"))
    assert (3, 0) == (told["hits"], told["rung"])
    (alert,) = lines(await archive.call("alerts", "list", "--json"))[:1]
    found = await daemon.state.parts.store.trace_of(told["sample"][-1]["event"])
    assert any("backtest" in step.because for step in found)
    assert alert["deliveries"] == {"journal": "sent"}


async def test_a_burst_holds_what_is_beyond(archive, lines):
    """The storm guard holds for what rings afterwards, too: nothing is dropped."""
    archive.config.write_text(archive.config.read_text() + '\n[alerts]\nburst = "1/1h"\n')
    (told,) = lines(await archive.call("topics", "backtest", "quakes", "--ring", "--json"))
    assert 3 == told["rung"]
    alerts = lines(await archive.call("alerts", "list", "--json"))
    assert 3 == len(alerts)
    assert ["held", "held", "open"] == sorted(one["deliveries"]["journal"] for one in alerts)
