"""Commands that ask (or mend) an installation: shapes, exit codes, and what they never do."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.cli.topics_shown import show_outcome
from monitor.cli.why_shown import _print_editions
from monitor.settings import load
from workers.clock import SystemClock
from workers.model.article import Edition
from workers.model.commit import ArticleCommit, EntryIntent, PollCommit
from workers.model.feed import EntryRow, FeedSource
from workers.model.ids import entry_id
from workers.model.topic import Hit, TopicTry
from workers.store import open_store
from workers.text.urls import identity_key

ASKING = [
    ("alerts", "list"),
    ("alerts", "show", "alt_1"),
    ("dead", "list"),
    ("dead", "show", "art_1"),
    ("dead", "replay", "--all"),
    ("dead", "drop", "--all"),
    ("feeds", "list"),
    ("feeds", "why", "Feed 0"),
    ("why", "https://a.example/x"),
    ("status",),
    ("health",),
    ("reload",),
    ("sinks", "test", "ops"),
]


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["plain", "json"])
async def test_without_a_config(installation, words, form):
    """Without a config these exit 78, say what to do, and print nothing to stdout."""
    installation.config.unlink()
    result = await installation.call(*words, *form)
    assert (78, "") == (result.exit_code, result.stdout)
    assert "-c" in result.stderr


@pytest.mark.parametrize("words", ASKING[:9], ids=" ".join)
async def test_without_a_database(installation, words):
    """Before the first start these exit 1, say so, and make no database."""
    result = await installation.call(*words)
    assert (1, "") == (result.exit_code, result.stdout)
    assert "database" in result.stderr
    assert not installation.data.exists()


@pytest.mark.parametrize(("words", "code"), [(("status",), 3), (("reload",), 3), (("health",), 1)])
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["plain", "json"])
async def test_without_a_daemon(installation, words, code, form):
    """Nobody there: status and reload exit 3, health exits 1, and stdout stays empty."""
    result = await installation.call(*words, *form)
    assert (code, "") == (result.exit_code, result.stdout)
    assert "tocsin run" in result.stderr
    assert not installation.data.exists()


async def test_status(installation, lines):
    """Status tells what the daemon tells, as one object or in words."""
    await installation.start()
    (told,) = lines(await installation.call("status", "--json"))
    assert told["status"] in {"ok", "degraded"}  # by now its feed may have failed
    own = {"name", "roles", "version", "config_hash", "beat_s", "pages"}
    assert own == set(told["processes"][0])
    pages = told["pages"]
    assert {"per_s", "read", "timeouts", "kills", "processes"} == set(pages)
    assert (0, 0, 2) == (pages["timeouts"], pages["kills"], min(2, pages["processes"]))
    plain = await installation.call("status")
    assert 0 == plain.exit_code
    assert re.match("(ok|degraded), version", plain.stdout)
    assert f"a second by {pages['processes']} processes; 0 killed" in plain.stdout
    assert "sink journal: 0 undelivered, breaker closed, enabled" in plain.stdout


async def test_health(installation, lines):
    """A daemon that is ready is 0."""
    await installation.start()
    (told,) = lines(await installation.call("health", "--json"))
    assert "ok" == told["status"]
    assert (0, "ok\n") == _seen(await installation.call("health"))


def _seen(result) -> tuple[int, str]:
    return result.exit_code, result.stdout


async def test_a_config_that_is_bad_by_now(installation):
    """A daemon that runs on with its old settings is asked though the new ones are bad."""
    await installation.start()
    text = installation.config.read_text()
    installation.config.write_text(text + '\n[polling]\nfastest = "soon"\n')
    assert 0 == (await installation.call("health")).exit_code
    assert 0 == (await installation.call("status")).exit_code
    refused = await installation.call("reload")
    assert (1, "refused\n") == _seen(refused)
    assert "polling.fastest" in refused.stderr


async def test_reload(installation, lines):
    """Reload prints the difference, as one object or in words, and says what needs a restart."""
    await installation.start()
    assert (0, "no changes\n") == _seen(await installation.call("reload"))
    installation.topics('[[topics]]\nname = "quakes"\nquery = "quake"\n')
    installation.write(more='[queue]\nlease = "20s"')
    result = await installation.call("reload")
    assert (0, "\N{MINUS SIGN}1 topic, ~[queue]\n") == _seen(result)
    assert "[queue] takes effect at the next start" in result.stderr
    (told,) = lines(await installation.call("reload", "--json"))
    assert {"ok", "difference", "problems", "restart", "would_have_rung"} == set(told)
    assert told["would_have_rung"] is None  # no topic is new


async def _dead_article(data: Path, number: int) -> None:
    """Put an article into the database whose page was given up."""
    store = await open_store(data / "tocsin.db", SystemClock())
    ids = await store.sync_feeds([FeedSource(url="https://f.example/x", name="F")])
    (feed,) = ids.values()
    row = await store.load_feed(feed)
    url = f"https://s.example/{number}"
    entry = EntryRow(
        id=entry_id(feed, url), feed_id=feed, feed="F", feed_url=row.url, identity=url, url=url,
        title=f"Title {number}", summary="", content="", published=None, updated=None,
        seen=SystemClock().now(),
    )  # fmt: skip
    key = identity_key(url)
    intent = EntryIntent(entry=entry, key=key, stream="pages:warm")
    await store.commit_poll(
        PollCommit(feed=row, loaded_at=row.last_poll_at, intents=(intent,), delay_s=60.0)
    )
    job = await store.load_page("page", await store.find_article(key))
    await store.commit_article(ArticleCommit(work=job.work, again_s=0.0, attempts=1))
    job = await store.load_page("page", job.article.id)
    await store.bury(job.work, "crash", "it burst")
    await store.close()


async def test_dead_letters(installation, lines):
    """Dead letters are listed with their reason, and tried again when asked for."""
    installation.data.mkdir()
    (installation.data / "tocsin.dir").touch()
    for number in (1, 2):
        await _dead_article(installation.data, number)
    told = lines(await installation.call("dead", "list", "--json"))
    assert {
        "id", "kind", "sink", "reason", "at", "attempts", "title", "last_answer",
    } == set(told[0])  # fmt: skip
    assert ["it burst"] * 2 == [line["last_answer"] for line in told]
    assert [] == lines(await installation.call("dead", "list", "--json", "--kind", "delivery"))
    plain = await installation.call("dead", "list", "--reason", "crash")
    assert "Title 1" in plain.stdout
    assert 2 == (await installation.call("dead", "replay")).exit_code
    assert 2 == (await installation.call("dead", "drop")).exit_code
    for since, number in (("6h", 2), ("2020-01-01T00:00:00Z", 2), ("2999-01-01", 0)):
        recent = await installation.call("dead", "list", "--json", "--since", since)
        assert number == len(lines(recent))
    bad = await installation.call("dead", "list", "--since", "soon")
    assert (2, "") == _seen(bad)
    assert "6h" in bad.stderr
    (shown,) = lines(await installation.call("dead", "show", told[0]["id"][:12], "--json"))
    assert {**told[0], "content": None} == shown
    one = await installation.call("dead", "replay", told[0]["id"], "--json")
    assert [{"replayed": 1}] == lines(one)
    kind = await installation.call("dead", "replay", "--kind", "page")
    assert (0, "1 will be tried again\n") == _seen(kind)
    assert [] == lines(await installation.call("dead", "list", "--json"))
    nothing = await installation.call("dead", "replay", "--all", "--json")
    assert [{"replayed": 0}] == lines(nothing)


async def test_dead_letters_are_dropped(installation, lines):
    """Those that are meant, for good; an id that is none exits 1."""
    installation.data.mkdir()
    (installation.data / "tocsin.dir").touch()
    for number in (1, 2):
        await _dead_article(installation.data, number)
    assert [{"dropped": 0}] == lines(
        await installation.call("dead", "drop", "--kind", "delivery", "--json")
    )
    (first, second) = lines(await installation.call("dead", "list", "--json"))
    assert (0, "1 dropped\n") == _seen(await installation.call("dead", "drop", first["id"]))
    assert [second] == lines(await installation.call("dead", "list", "--json"))
    assert 1 == (await installation.call("dead", "drop", first["id"])).exit_code
    assert (0, "1 dropped\n") == _seen(await installation.call("dead", "drop", "--since", "1h"))
    assert 1 == (await installation.call("dead", "show", second["id"])).exit_code


def test_the_same_sentence_is_told_once(capsys):
    """Several words of one line that is not searched are one line of ``why``."""
    said = "More on the quake"
    hits = tuple(
        Hit(zone="related", start=at, end=at + 4, text=said[at : at + 4], sentence=said)
        for at in (0, 8)
    )
    show_outcome(TopicTry(matched=False, elsewhere=hits))
    assert 1 == capsys.readouterr().out.count("More* on ")


def test_what_changed_on_a_page_is_told(capsys):
    """``why`` shows what readings added and removed, and that there is more; no bell rings."""
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    one = Edition(
        since=at,
        at=at + timedelta(hours=1),
        because="later",
        title="A storm",
        added=("The ferry\x07 is late.",),
        removed=("The ferry is on time.",),
        left_out=7,
    )
    _print_editions([one])
    said = capsys.readouterr().out
    assert "2026-03-01 13:00:00Z  changed; read before that 2026-03-01 12:00:00Z: A storm" in said
    assert "  - The ferry is on time." in said
    assert "7 lines more" in said
    assert "\x07" not in said


async def test_what_is_not_there(installation, lines):
    """An alert or an address that nobody knows exits 1; a topic that nobody knows too."""
    installation.data.mkdir()
    (installation.data / "tocsin.dir").touch()
    await _dead_article(installation.data, 1)
    shown = await installation.call("alerts", "show", "alt_nothing")
    assert (1, "") == _seen(shown)
    assert "no such alert" in shown.stderr
    why = await installation.call("why", "https://never.example/x", "--json")
    assert 1 == why.exit_code
    (told,) = lines(why)
    assert ("https://never.example/x", False) == (told["url"], told["found"])
    assert "never listed" == told["steps"][0]["decision"]
    assert 1 == (await installation.call("why", "https://never.example/x")).exit_code
    replay = await installation.call("dead", "replay", "NOSUCH")
    assert (1, "") == _seen(replay)
    assert "no such dead letter: NOSUCH" in replay.stderr
    topic = await installation.call("why", "https://s.example/1", "nosuch", "--json")
    assert (1, "") == _seen(topic)
    assert "no such topic" in topic.stderr


async def test_a_sink_is_tested(installation, site, lines):
    """A sample is sent to the sink, and what came back is printed; exit 1 if it was not taken."""
    site.put("/hook", "thanks")
    installation.write(
        sinks=f'[sinks.ops]\ntype = "webhook"\nurl = "{site.url}/hook"\n'
        'allow = ["127.0.0.0/8"]\nsecret = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"\n'
    )
    result = await installation.call("sinks", "test", "ops", "--json")
    (told,) = lines(result)
    assert {"sink", "recipient", "outcome", "reason", "answer"} <= set(told)
    assert (0, "ops", "sent", None) == (
        result.exit_code,
        told["sink"],
        told["outcome"],
        told["reason"],
    )
    assert "test" == json.loads(site.bodies[-1])["type"]
    assert "c2VjcmV0" not in result.output
    site.put("/hook", "no", 400)
    result = await installation.call("sinks", "test", "ops")
    assert 1 == result.exit_code
    assert "payload" in result.stdout
    unknown = await installation.call("sinks", "test", "nosuch")
    assert (1, "") == _seen(unknown)
    assert "configured: ops" in unknown.stderr
    assert not installation.data.exists()


async def test_what_is_said_goes_to_stderr(installation):
    """Which config and folder are used stands on stderr, and with --json not at all."""
    result = await installation.call("feeds", "list")
    assert str(installation.config) in result.stderr
    assert str(installation.data) in result.stderr
    assert () == load(installation.config, {}).fatal
