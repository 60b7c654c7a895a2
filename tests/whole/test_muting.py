"""A muted topic, by daemons as processes: silent at once, counted through a kill, told once."""

import json
import signal

import pytest

pytestmark = [pytest.mark.whole, pytest.mark.timeout(120)]

ITEM = "<item><guid isPermaLink='false'>{0}</guid><title>{1}</title><link>{2}/{0}</link></item>"
TOPICS = """
[[topics]]
name = "quakes"
query = "quake"
severity = "critical"
[[topics]]
name = "coasts"
query = "coast"
"""


def publish(site, *titles: str) -> None:
    """Let the feed list entries of these titles. Their pages are missing: the titles ring."""
    items = "".join(ITEM.format(f"n{at}", title, site.url) for at, title in enumerate(titles))
    channel = f"<channel><title>Wire</title>{items}</channel>"
    kind = "application/rss+xml"
    site.put(
        "/feed", f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>', content_type=kind
    )


def write(tocsin, site, receiver, secret) -> None:
    """Write a config with one feed, two topics and one receiver."""
    tocsin.write(
        [("Wire", f"{site.url}/feed", ())],
        f'[sinks.ops]\ntype = "webhook"\nurl = "{receiver.url}"\nsecret = "{secret}"\n'
        'allow = ["127.0.0.0/8"]\n',
    )
    (tocsin.folder / "topics.toml").write_text(TOPICS)


async def muted(tocsin) -> list[tuple[str, int]]:
    """Return what status says is muted, with its hits."""
    return [(one["topic"], one["hits"]) for one in (await tocsin.report())["topics_muted"]]


async def test_a_muted_topic_is_silent_and_told_of_once(
    tocsin, site, receiver, until, secret
) -> None:
    """Muted beside the daemon, killed, unmuted later: nothing is lost, nothing told twice."""
    titles = ["An old title"]
    publish(site, *titles)
    write(tocsin, site, receiver, secret)
    await tocsin.start()
    await until(lambda: site.times("/feed") > 1, "the baseline is stored")
    code, out, err = await tocsin.ask("topics", "mute", "quakes", "--for", "2h", "--json")
    assert 0 == code, err
    assert "critical" in err
    assert "quakes" == json.loads(out)["topic"]
    titles += ["A quake inland", "A quake off the coast"]
    publish(site, *titles)
    await until(lambda: receiver.rung, "the other topic rings")
    assert [("coasts", f"{site.url}/n2")] == receiver.rung

    async def kept(number: int) -> bool:
        return [("quakes", number)] == await muted(tocsin)

    await until(lambda: kept(2), "both hits are counted")
    await tocsin.kill(signal.SIGKILL)
    await tocsin.start()
    titles.append("A third quake")
    publish(site, *titles)
    await until(lambda: kept(3), "the mute goes on after a restart")
    page = (await tocsin.get("/metrics"))[1].decode()
    assert "tocsin_topics_muted 1.0" in page
    assert "tocsin_muted_hits 3.0" in page
    assert 1 == len(receiver.messages)
    assert 0 == (await tocsin.ask("topics", "unmute", "quakes"))[0]
    await until(lambda: len(receiver.messages) > 1, "its end is told")
    titles.append("A fourth quake")
    publish(site, *titles)
    await until(lambda: len(receiver.rung) > 1, "it rings again")
    assert [("coasts", f"{site.url}/n2"), ("quakes", f"{site.url}/n4")] == receiver.rung
    (told,) = [one for one in receiver.messages.values() if one["type"] == "summary.created"]
    assert ("quakes", 3, "critical") == tuple(
        told["data"][name] for name in ("topic", "count", "severity")
    )
    listed = [item["article"]["url"] for item in told["data"]["items"]]
    assert f"{site.url}/n3" == listed[0]
    assert {f"{site.url}/n{number}" for number in (1, 2, 3)} == set(listed)
    assert [] == await muted(tocsin)
    lines = (await tocsin.ask("alerts", "list", "--json"))[1].splitlines()
    assert [[], ["quakes"], ["quakes"], ["quakes"]] == [json.loads(one)["muted"] for one in lines]
    assert 0 == await tocsin.kill(signal.SIGTERM), tocsin.log[-2000:]
    assert [f"{site.url}/n2", f"{site.url}/n4"] == [url for _, url in receiver.rung]
