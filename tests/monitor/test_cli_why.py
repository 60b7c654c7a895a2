"""``tocsin why``: by which spelling a page is found, what is near one that is not, and topics."""

from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import msgspec
import pytest
from msgspec import structs

from monitor.cli.why_near import alike, hosts_near
from monitor.daemon.topics import AcceptedTopics
from monitor.settings import load, topic_spec
from workers.clock import SystemClock
from workers.model.article import ZoneLine
from workers.model.commit import ArticleCommit, DeadEntry, EntryIntent, PollCommit
from workers.model.feed import EntryRow, FeedSource
from workers.model.ids import entry_id
from workers.model.journey import Known
from workers.store import open_store, work
from workers.store.tables import articles
from workers.text.urls import identity_key

PAGE = "https://news.example/2026/quake-hits-the-harbour-81723"


class Seed:
    """A database as a daemon would have left it."""

    def __init__(self, store) -> None:
        self.store = store
        self.now = SystemClock().now()

    async def feed(self, url="https://news.example/feed", name="News", **fields):
        """Return a feed that was read, with these fields."""
        row = await self._row(url, name)
        if fields or row.last_poll_at is None:
            after = {"last_poll_at": self.now, "last_good_at": self.now, **fields}
            row = structs.replace(row, **after)
            await self._poll(row)
        return row

    async def _row(self, url, name):
        known = [FeedSource(url=row.url, name=row.name) for row in await self.store.feed_rows()]
        ids = await self.store.sync_feeds([*known, FeedSource(url=url, name=name)])
        return await self.store.load_feed(ids[url])

    async def _poll(self, row, *intents, dead=()):
        before = (await self.store.load_feed(row.id)).last_poll_at
        after = structs.replace(row, baselined_at=row.baselined_at or self.now)
        await self.store.commit_poll(
            PollCommit(feed=after, loaded_at=before, intents=intents, delay_s=60.0, dead=dead)
        )

    def entry(self, row, url, title="A quake hits the harbour", **fields):
        """Return what a feed lists."""
        name = fields.pop("identity", url)
        blank = EntryRow(
            id=entry_id(row.id, name), feed_id=row.id, feed=row.name, feed_url=row.url,
            identity=name, url=url, title=title, summary="", content="", published=None,
            updated=None, seen=self.now,
        )  # fmt: skip
        return structs.replace(blank, **fields)

    async def lists(self, row, *entries, key="", dead=False):
        """Let a feed list entries; an empty ``key`` is each entry's own."""
        intents = tuple(
            EntryIntent(
                entry=one,
                key=identity_key(one.url) if key == "" else key,
                stream="pages:warm" if one.rings else None,
            )
            for one in entries
        )
        letters = tuple(DeadEntry(intent=one, reason="payload", detail="odd") for one in intents)
        await self._poll(row, *(() if dead else intents), dead=letters if dead else ())

    async def article(self, url=PAGE, **fields):
        """Let the feed list a page; return its article's id."""
        row = await self.feed()
        await self.lists(row, self.entry(row, url, **fields))
        return await self.store.find_article(identity_key(url))

    async def read(self, article, text="The quake was strong.", version=None, **fields):
        """Let its page have been read."""
        await self.store._write(_ask, article)
        job = await self.store.load_page("page", article)
        row = structs.replace(
            job.article, text=text, verdict="article", text_from="page", language="en",
            fetched_at=self.now, settled_at=self.now, settled_entries=1, **fields,
        )  # fmt: skip
        commit = ArticleCommit(work=job.work, article=row, attempts=1, topics_version=version)
        await self.store.commit_article(commit)

    async def accepts(self, config, **queries):
        """Let the config's topics be accepted, some of them with other queries; return which."""
        settings = load(config, {}).settings
        specs = [topic_spec(topic) for topic in settings.topics if topic.name in queries]
        topics = [structs.replace(one, query=queries[one.name] or one.query) for one in specs]
        kept = AcceptedTopics(topics=tuple(topics), aliases=dict(settings.aliases))
        return await self.store.accept(msgspec.json.encode(kept).decode())


def _ask(conn, now, article):
    work.ask(conn, now, work.Ask(kind="page", id=article, stream="pages:warm", at=now))


@asynccontextmanager
async def seeding(installation):
    """Open the installation's database, as no daemon ever did."""
    store = await open_store(installation.database(), SystemClock())
    try:
        yield Seed(store)
    finally:
        await store.close()


@pytest.fixture
def ask(installation, lines):
    """Ask why; return the object, which exits as it should."""

    async def one(*words, code=0):
        result = await installation.call("why", *words, "--json")
        assert code == result.exit_code, result.stderr
        (told,) = lines(result)
        return told

    return one


def of(told, stage, decision) -> str:
    """Return the reasons of the one step that begins so."""
    (because,) = [
        step["because"]
        for step in told["steps"]
        if step["stage"] == stage and step["decision"].startswith(decision)
    ]
    return because


SPELLINGS = [
    PAGE,
    f"  {PAGE} ",
    PAGE.replace("https", "http"),
    PAGE.replace("//", "//www."),
    PAGE + "/",
    PAGE + "?utm_source=x&fbclid=y#top",
    PAGE + "?amp=1",
    "https://news-example.cdn.ampproject.org/c/s/" + PAGE.removeprefix("https://"),
    PAGE.replace("news.example", "NEWS.Example:443"),
]


async def test_spellings(installation, ask):
    """A page is found in every spelling that feeds and readers have of its address."""
    async with seeding(installation) as seed:
        article = await seed.article()
    assert [article] * len(SPELLINGS) == [(await ask(url))["article"] for url in SPELLINGS]


async def test_by_id(installation, ask):
    """An article, an entry, the link that alerts have lead to it; an unknown id exits 1."""
    async with seeding(installation) as seed:
        article = await seed.article()
        (entry,) = await seed.store.entries_of(article)
    link = f"https://tocsin.example.org/why/{article}"
    assert [article] * 3 == [(await ask(one))["article"] for one in (article, entry.id, link)]
    for id_ in ("art_" + "0" * 24, "del_" + "0" * 24, "alt_00000"):
        result = await installation.call("why", id_, "--json")
        assert (1, "") == (result.exit_code, result.stdout)
        assert f"no such article, alert or delivery: {id_}" in result.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("https://a.example/" + "x" * 10_000_000, "10000018 characters; 2048 at most"),
        ("https://a.example/\x07x", "character 19 is U+0007"),
        ("https://a.example/\u202ex", "character 19 is U+202E"),
        ("https://a.example/\udcffx", "character 19 is U+DCFF"),
        ("a.example/x", "write https://a.example/x"),
        ("x" * 3000, "2048 at most"),
        ("ftp://a.example/x", "write https://"),
        ("https://", "no address of the web"),
        ("https://[::1/x", "no address of the web"),
        ("", "no address of the web"),
        ("art_123", "an id (art_…)"),
    ],
    ids=range(11),
)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["plain", "json"])
async def test_what_is_no_address(installation, given, said, form):
    """It exits 2, says in a few words why and what to write, and prints nothing to stdout."""
    result = await installation.call("why", given, *form)
    assert (2, "") == (result.exit_code, result.stdout)
    assert said in result.stderr
    assert len(result.stderr) < 600
    assert "\x07" not in result.stderr


async def test_what_no_feed_has_shown(installation, ask):
    """The site's feeds with how they stand and what they listed, and the likest addresses."""
    async with seeding(installation) as seed:
        row = await seed.feed()
        pages = ["https://news.example/a-first-page", PAGE, "https://news.example/p?id=7"]
        await seed.lists(row, *(seed.entry(row, url) for url in pages))
        bad = {"errors": 3, "last_error": "dns: no", "failing_since": seed.now}
        good = seed.now - timedelta(days=1)
        await seed.feed("https://blog.news.example/rss", "Blog", last_good_at=good, **bad)
        await seed._row("https://news.example/sport", "Sport")
        await seed.feed("https://else.example/feed", "Else")
    told = await ask("https://news.example/sport/quake-hits-the-harbour-81723?x=1", code=1)
    assert not told["found"]
    assert "never listed" == told["steps"][0]["decision"]
    because = of(told, "poll", "News: did not list it")
    assert "it listed 3 entries of this site since" in because
    assert "this address was not among them" in because
    assert "failing" in of(told, "poll", "Blog: did not list it")
    assert "not polled yet" in of(told, "poll", "Sport: did not list it")
    assert "the same last part of its path" in of(told, "poll", f"known: {identity_key(PAGE)}")
    assert not [step for step in told["steps"] if step["decision"].startswith("Else")]
    feeds = told["nearest"]["feeds"]
    assert [("News", "ok", 3), ("Blog", "failing", 0), ("Sport", "new", 0)] == [
        (one["name"], one["state"], one["entries"]) for one in feeds
    ]
    assert PAGE == told["nearest"]["articles"][0]["url"]
    told = await ask("https://news.example/p?id=8", code=1)
    assert "another query" in of(told, "poll", "known: news.example/p?id=7")
    plain = await installation.call("why", "https://news.example/p?id=8")
    assert (1, True) == (plain.exit_code, "poll     never listed\n" in plain.stdout)


async def test_no_feed_is_of_the_site(installation, ask):
    """Then the command is named that finds one; nothing else is guessed."""
    async with seeding(installation) as seed:
        await seed.article()
    told = await ask("https://unknown.example.org/x", code=1)
    assert "`tocsin feeds add https://unknown.example.org/`" in of(told, "poll", "no feed is of")
    assert ([], []) == (told["nearest"]["feeds"], told["nearest"]["articles"])


async def test_listed_but_not_stored(installation, ask):
    """An entry that the database refused is told with its dead letter."""
    async with seeding(installation) as seed:
        row = await seed.feed()
        entry = seed.entry(row, PAGE)
        await seed.lists(row, entry, dead=True)
    told = await ask(PAGE, code=1)
    assert f"payload: odd; `tocsin dead replay {entry.id}`" in of(told, "poll", "dead letter")


async def test_an_address_that_entries_share(installation, ask):
    """Each entry is an article of its own: the newest is told, and that there are others."""
    async with seeding(installation) as seed:
        row = await seed.feed()
        for name in ("one", "two"):
            seed.now += timedelta(seconds=1)
            await seed.lists(row, seed.entry(row, PAGE, name, identity=name), key=None)
    told = await ask(PAGE.replace("https", "http"))
    assert "two" == told["title"]
    assert told["article"] in of(told, "poll", "the newest of 2 entries with this address")


async def test_nobody_works(installation, ask):
    """What waits says that no daemon is there; what is done does not."""
    async with seeding(installation) as seed:
        article = await seed.article()
    told = await ask(PAGE)
    assert "0 pages go before it" in of(told, "read", "not read yet: waits in line")
    assert "tocsin run" in of(told, "read", "nothing works on it here")
    async with seeding(installation) as seed:
        await seed.read(article)
    assert "nothing works" not in str((await ask(PAGE))["steps"])


# ── with a topic ────────────────────────────────────────────────────────────────────────────────

TOPICS = """
[aliases]
waters = ["flood"]
[[topics]]
name = "quakes"
query = "quake"
[[topics]]
name = "floods"
query = "@waters"
[[topics]]
name = "off"
query = "quake"
enabled = false
[[topics]]
name = "far"
query = "quake"
feeds = ["Other"]
[[topics]]
name = "bad"
query = "(quake"
"""


async def test_a_topic_that_nobody_knows(installation):
    """The nearest names are told, whether or not the page is known."""
    async with seeding(installation) as seed:
        await seed.article()
    for url in (PAGE, "https://never.example/x"):
        result = await installation.call("why", url, "Quake", "--json")
        assert (1, "") == (result.exit_code, result.stdout)
        assert "no such topic: Quake (is it 'quakes'?)" in result.stderr
    result = await installation.call("why", PAGE, "x" * 100_000)
    assert 1 == result.exit_code
    assert len(result.stderr) < 1000


async def test_how_topics_stand(installation, ask):
    """Disabled, limited to other feeds, left out, in the last accepted version, not in force."""
    installation.topics(TOPICS)
    async with seeding(installation) as seed:
        article = await seed.article()
        await seed.read(article)
    told = await ask(PAGE, "quakes")
    assert "no daemon has accepted any topics yet" in of(told, "match", "quakes: not in force")
    assert told["topic"]["matched"]
    result = await installation.call("why", PAGE, "bad")
    assert (1, True) == (result.exit_code, "topic cannot be tried: bad" in result.stderr)
    assert "match    bad: left out\n" in result.stdout  # in its journey, which is told whole
    assert "poll     read next\n" in result.stdout
    told = await ask(PAGE, "bad", code=1)
    assert "none was accepted before" in of(told, "match", "bad: left out")
    async with seeding(installation) as seed:
        number = await seed.accepts(
            installation.config, quakes="", floods="@waters OR quake", far="", bad="quake"
        )
        await seed.store._write(_stamp, article, number)
    told = await ask(PAGE, "off")
    assert "enabled = false in " in of(told, "match", "off: disabled")
    assert "not in force" in of(told, "ring", "off: did not ring")
    told = await ask(PAGE, "far")
    assert "it listens to Other alone; the article is of News" == of(
        told, "match", "far: does not match"
    )
    assert (False, "feeds") == (told["topic"]["matched"], told["topic"]["failed"]["op"])
    told = await ask(PAGE, "bad")
    because = of(told, "match", "bad: in its last accepted version")
    assert "in force is: quake" in because
    assert told["topic"]["matched"]
    told = await ask(PAGE, "floods")
    assert "`tocsin reload`" in of(told, "match", "floods: in force otherwise than in")
    async with seeding(installation) as seed:
        await seed.store.mute("floods", 3600.0, "a drill")
    because = of(await ask(PAGE, "floods"), "match", "floods: muted")
    assert ": a drill; `tocsin topics unmute`" in because
    told = await ask(PAGE, "quakes")
    assert ["quakes: matches now"] == [
        step["decision"] for step in told["steps"] if step["stage"] == "match"
    ]


def _stamp(conn, _now, article, number):
    conn.execute(articles.update().where(articles.c.id == article).values(topics_version=number))


async def test_a_topic_that_changed_since(installation, ask):
    """Its text, its alias sets, or that it was there at all: before the article was matched."""
    installation.topics(TOPICS.replace("[aliases]", "[aliases]\nx = ['y']"))
    async with seeding(installation) as seed:
        article = await seed.article()
        then = await seed.accepts(installation.config, quakes="quake AND tsunami", floods="")
        await seed.read(article, version=then)
        installation.topics(TOPICS.replace('["flood"]', '["flood", "strong"]'))
        await seed.accepts(installation.config, quakes="", floods="", far="")
    told = await ask(PAGE, "quakes")
    because = of(told, "match", "quakes: changed after the article was matched")
    assert "number 1, of 20" in because
    assert "where it was: quake AND tsunami; in force is number 2" in because
    assert "nothing is matched again" in of(told, "ring", "quakes: did not ring")
    assert "other alias sets" in of(await ask(PAGE, "floods"), "match", "floods: changed after")
    assert "lack it" in of(await ask(PAGE, "far"), "match", "far: accepted after the article")
    async with seeding(installation) as seed:
        await seed.store._write(_stamp, article, 0)
    assert "no longer kept" in of(await ask(PAGE, "quakes"), "match", "quakes: may have changed")


async def test_why_a_topic_did_not_ring(installation, ask):
    """The clause that failed and where it stands else; baseline; a text that is gone."""
    installation.topics(TOPICS)
    async with seeding(installation) as seed:
        number = await seed.accepts(installation.config, quakes="", floods="")
        article = await seed.article(title="News of the day", rings=False, baseline=True)
        await seed.feed("https://other.example/feed", "Other")
    told = await ask(PAGE, "quakes")
    because = of(told, "match", "quakes: does not match now")
    assert (
        "did not hold: quake, not in title or body; searched: the title and the feed's text"
        in because
    )
    async with seeding(installation) as seed:
        aside = ZoneLine(zone="related", text="More on the flood", rule="R6")
        await seed.read(article, zones=(aside,), version=number)
    told = await ask(PAGE, "quakes")
    assert "body: The quake was strong." in of(told, "match", "quakes: matches now")
    assert "baseline" in of(told, "ring", "quakes: did not ring")
    told = await ask(PAGE, "floods")
    because = of(told, "match", "floods: does not match now")
    assert "stands in related, which is not searched: More on the flood" in because
    plain = (await installation.call("why", PAGE, "floods")).stdout
    assert "the topic does not match\n  ✗ @waters" in plain
    assert "but stands in related, which is not searched: More on the *flood*" in plain
    async with seeding(installation) as seed:
        await seed.store._write(_forget, article)
    told = await ask(PAGE, "quakes")
    assert "[keep] text" in of(told, "read", "its text is gone")
    because = of(told, "match", "quakes: does not match now")
    assert "the page's text is no longer kept" in because


def _forget(conn, _now, article):
    conn.execute(articles.update().where(articles.c.id == article).values(text="", zones=()))


# ── in a browser, while a daemon runs ───────────────────────────────────────────────────────────


async def test_the_page_tells_the_same(installation, ask):
    """The link of an alert shows the same steps, escaped, and behind the token alone."""
    async with seeding(installation) as seed:
        article = await seed.article(title="A <b>quake</b>", rings=False, baseline=True)
    more = '[web]\nlisten = "127.0.0.1:0"\ntoken = "right-word-for-the-page"\n'
    installation.write(web=more.removeprefix("[web]\n"))
    daemon = await installation.start()
    told = await ask(PAGE)
    url = f"{daemon.address}/why/{article}"
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert 401 == answer.status
        bearer = {"Authorization": "Bearer right-word-for-the-page"}
        async with session.get(url, headers=bearer) as answer:
            page = await answer.text()
    assert "A &lt;b&gt;quake&lt;/b&gt;" in page
    assert "may not ring" in [step["decision"] for step in told["steps"]]
    for step in told["steps"]:
        assert step["decision"] in page


# ── rules ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("key", "known", "how"),
    [
        ("a.example/p?id=2", "a.example/p?id=1", "another query"),
        ("a.example/x/p", "m.a.example/x/p", "the same path at m.a.example"),
        ("a.example/new/harbour.html", "a.example/harbour", "the same last part of its path"),
        ("a.example/quake-81723", "a.example/81723", "the same number in its path"),
        ("a.example/quake-hits-harbour", "a.example/harbour-quake-hits-hard", "the same words"),
        ("a.example/news", "a.example/x/news", None),
        ("a.example/quake", "a.example/flood", None),
        ("a.example", "a.example/?x=1", None),
        ("a.example/a1b", "a.example/a2b", None),
    ],
)
def test_addresses_that_are_alike(key, known, how):
    """By path, last part, number or words; short parts and front pages are like nothing."""
    found = alike(key, [Known(key=known, article="art_1")])
    assert (how is not None) == bool(found)
    assert all(how in one.how for one in found)


def test_the_likest_come_first():
    """Of very many the five likest are told, in time."""
    many = [
        Known(key=f"a.example/quake-hits-harbour-again-{n}", article="") for n in range(20_000)
    ]
    best = Known(key="a.example/quake-hits-harbour?p=2", article="")
    found = alike("a.example/quake-hits-harbour", [*many, best])
    assert (5, "another query") == (len(found), found[0].how)


def test_hosts_of_a_site():
    """The host itself, without views and ``www.``, its domain, and ports left out."""
    found = hosts_near("https://www.m.news.co.uk:8080/x", [])
    assert ["m.news.co.uk", "news.co.uk"] == found[:2]
    assert ["127.0.0.1"] == [
        one for one in hosts_near("http://127.0.0.1:9/x", []) if ".127" not in one
    ]
