"""``tocsin feeds add``: what it finds on real servers, what it writes, what the daemon does."""

import gzip
import threading

import pytest
from msgspec import structs

from monitor.daemon.reload import _stamps
from monitor.settings import ADDED, FeedSetting, load
from monitor.settings.opml import feed_key
from monitor.settings.opml_edit import CannotEdit, add_feeds, remove_feeds
from workers.model.commit import PollCommit
from workers.steps.finding import REQUESTS

RSS = """<rss version="2.0"><channel><title>{title}</title><link>https://a.example/</link>
<item><guid>{title}-1</guid><title>One</title><link>https://a.example/{title}/1</link></item>
</channel></rss>"""
NEWS = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://a.example/n</loc>
<news:news><news:publication><news:name>Wire</news:name></news:publication>
<news:publication_date>2026-03-01T10:00:00Z</news:publication_date><news:title>T</news:title>
</news:news></url></urlset>"""
PLAIN = "<urlset><url><loc>https://a.example/about</loc></url></urlset>"
HTML = {"Content_Type": "text/html; charset=utf-8"}


def page(head: str, body: str = "") -> str:
    """Return a page for people."""
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def link(href: str, title: str = "", kind: str = "application/rss+xml") -> str:
    """Return a link as pages name their feeds."""
    return (
        f'<LINK rel="home Alternate" type="{kind}; charset=utf-8" title="{title}" href="{href}">'
    )


async def added(installation, lines, url: str, *words: str) -> dict:
    """Add by the command line; return the object that it printed."""
    (told,) = lines(await installation.call("feeds", "add", url, "--json", *words))
    return told


def in_file(installation) -> dict[str, str]:
    """Names and addresses of the feeds of the config."""
    return {feed.name: feed.url for feed in load(installation.config, {}).settings.feeds}


async def test_the_address_itself(installation, site, lines):
    """A feed's own address is added, with all that was said of it, and is read by the config."""
    url = site.put("/feed", RSS.format(title="Wire"))
    told = await added(
        installation, lines, url, "--name", "My wire", "--tag", "a/b", "--tag", "Wire",
        "--weight", "3", "--interval", "5m",
    )  # fmt: skip
    (one,) = told["added"]
    assert ("My wire", url, "rss", 1, "address") == tuple(
        one[key] for key in ("name", "url", "kind", "entries", "how")
    )
    assert str(installation.folder / ADDED) == told["file"]
    assert (False, None) == (told["daemon"]["running"], told["error"])
    feed = next(f for f in load(installation.config, {}).settings.feeds if f.name == "My wire")
    assert (url, ("a/b", "wire"), 3.0, 300.0) == (feed.url, feed.tags, feed.weight, feed.interval)


PAGES = {
    "link": (page(link("feed")), "/blog/feed", "link"),
    "base": (page(f'<base href="/elsewhere/">{link("feed")}'), "/elsewhere/feed", "link"),
    "comments": (page(link("c/comments/feed", "Comments") + link("f")), "/blog/f", "link"),
    "json": (page(link("/f.json", kind="application/feed+json")), "/f.json", "link"),
    "anchor": (page("", '<p><a href="rss.xml">RSS</a> <a href="/about">x</a>'), "/blog/rss.xml",
               "anchor"),
    "below": (page(""), "/blog/feed", "well-known"),
    "top": (page(""), "/atom.xml", "well-known"),
}  # fmt: skip
JSON_FEED = '{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "1"}]}'


@pytest.mark.parametrize("case", PAGES)
async def test_the_feed_of_a_page(installation, site, lines, case):
    """Links of any writing, anchors, and places where feeds usually are lead from page to feed."""
    html, path, how = PAGES[case]
    site.put("/blog/", html, **HTML)
    site.put("/blog/c/comments/feed", RSS.format(title="Comments"))
    site.put(path, JSON_FEED if path.endswith("json") else RSS.format(title="Wire"))
    told = await added(installation, lines, f"{site.url}/blog/")
    assert [(site.url + path, how)] == [(one["url"], one["how"]) for one in told["added"]]
    assert site.url + path in in_file(installation).values()


async def test_a_link_header_and_a_permanent_redirect(installation, site, lines):
    """A Link header names a feed; what redirects for good is added where it has gone."""
    site.put("/", page(""), Link='</old>; rel="alternate"; type="application/atom+xml"', **HTML)
    site.put("/old", "", 301, Location="/new")
    site.put("/new", RSS.format(title="Wire"))
    told = await added(installation, lines, site.url)
    assert [(f"{site.url}/new", "header")] == [(one["url"], one["how"]) for one in told["added"]]


async def test_several_feeds(installation, site, lines):
    """Of several the main one is taken and the others are told; --all takes all but doubles."""
    site.put("/", page(link("/a") + link("/b") + link("/a.atom") + link("/comments")), **HTML)
    for path, title in (("/a", "A"), ("/a.atom", "A"), ("/b", "B"), ("/comments", "C")):
        site.put(path, RSS.format(title=title))
    told = await added(installation, lines, site.url)
    assert [["A"], ["B"]] == [[one["title"] for one in told[key]] for key in ("added", "others")]
    plain = await installation.call("feeds", "add", site.url)
    assert (1, True) == (plain.exit_code, "listed already: A" in plain.stderr)
    rest = await installation.call("feeds", "add", site.url, "--all")  # but what is listed
    assert (0, True) == (rest.exit_code, "listed already: A" in rest.stderr)
    assert {"/a", "/b"} <= {url.removeprefix(site.url) for url in in_file(installation).values()}
    none = await installation.call("feeds", "add", site.url, "--all")
    assert (1, "") == (none.exit_code, none.stdout)
    (installation.folder / ADDED).unlink()
    told = await added(installation, lines, site.url, "--all")
    assert ["A", "B"] == [one["title"] for one in told["added"]]


async def test_a_news_sitemap_of_robots_txt(installation, site, lines):
    """robots.txt leads over an index to a packed sitemap of news; one of pages is passed over."""
    site.put("/", page(""), **HTML)
    robots = f"User-agent: *\nSITEMAP: {site.url}/pages.xml\nSitemap: {site.url}/index.xml?news\n"
    site.put("/robots.txt", robots)
    site.put("/pages.xml", PLAIN)
    site.put(
        "/index.xml",
        "<sitemapindex>"
        f"<sitemap><loc>{site.url}/old.xml</loc></sitemap>"
        f"<sitemap><loc>{site.url}/news.xml.gz</loc></sitemap></sitemapindex>",
    )
    site.put("/news.xml.gz", gzip.compress(NEWS.encode()), Content_Type="application/x-gzip")
    told = await added(installation, lines, site.url)
    (one,) = told["added"]
    assert (f"{site.url}/news.xml.gz", "sitemap", "robots") == (
        one["url"],
        one["kind"],
        one["how"],
    )


async def test_an_index_of_sitemaps(installation, site, lines):
    """The address of an index leads to its sitemap of news."""
    site.put("/pages.xml", PLAIN)
    site.put("/news-1.xml", NEWS)
    url = site.put(
        "/all.xml",
        f"<sitemapindex><sitemap><loc>{site.url}/pages.xml</loc></sitemap>"
        f"<sitemap><loc>{site.url}/news-1.xml</loc></sitemap></sitemapindex>",
    )
    told = await added(installation, lines, url)
    assert [f"{site.url}/news-1.xml"] == [one["url"] for one in told["added"]]


async def test_nothing_there(installation, site):
    """Without a feed nothing is written; what was tried is said, with few requests."""
    site.put("/", page("".join(link(f"/x{n}") for n in range(40))), **HTML)
    result = await installation.call("feeds", "add", site.url)
    assert (1, "") == (result.exit_code, result.stdout)
    assert "no feed added" in result.stderr
    assert "HTTP 404" in result.stderr
    assert not (installation.folder / ADDED).exists()
    assert len(site.asked) <= REQUESTS


async def test_the_guard_holds(installation, site):
    """A page cannot lead the search into networks that the config does not open."""
    site.put("/", page(link("http://127.9.9.9:1/feed") + link("http://169.254.169.254/x")), **HTML)
    text = installation.config.read_text().replace("127.0.0.0/8", "127.0.0.1/32")
    installation.config.write_text(text)
    result = await installation.call("feeds", "add", site.url)
    assert (1, 2) == (result.exit_code, result.stderr.count("forbidden address"))
    installation.config.write_text(text.replace('allow = ["127.0.0.1/32"]', "allow = []"))
    before = len(site.asked)
    result = await installation.call("feeds", "add", site.url)
    assert (1, before) == (result.exit_code, len(site.asked))


async def test_a_site_that_asks_for_rest(installation, site):
    """A 429 ends the search at once."""
    site.put("/", page(link("/feed")), **HTML)
    site.put("/feed", "", 429)
    result = await installation.call("feeds", "add", site.url)
    assert (1, 2) == (result.exit_code, len(site.asked))
    assert "asks for rest" in result.stderr


async def test_without_a_scheme(installation, site, lines):
    """An address without a scheme is asked by https, then by http."""
    site.put("/feed", RSS.format(title="Wire"))
    told = await added(installation, lines, f"{site.url.removeprefix('http://')}/feed")
    assert [f"{site.url}/feed"] == [one["url"] for one in told["added"]]
    assert told["tried"][0]["url"].startswith("https://")


async def test_what_is_listed_already(installation, site, lines):
    """An address that any file lists, in whatever writing, is refused with file and line."""
    url = site.put("/feed", RSS.format(title="Wire"))
    installation.write(feeds=(url,))
    (told,) = lines(await installation.call("feeds", "add", f"  {url.upper()[:4]}{url[4:]}#x ",
                                            "--json"))  # fmt: skip
    assert "it is listed already: Feed 0" in told["error"]
    assert f"{installation.config}:" in told["error"]
    result = await installation.call("feeds", "add", url, "--name", "Feed 0")
    assert (1, 0) == (result.exit_code, len(site.asked))
    other = site.put("/other", RSS.format(title="Other"))
    result = await installation.call("feeds", "add", other, "--name", "Feed 0")
    assert (1, True) == (result.exit_code, "the name is taken" in result.stderr)


async def test_an_address_that_a_feed_has_moved_to(installation, site):
    """What redirects have taught counts: a feed is not added again under its new address."""
    old, new = site.put("/old", RSS.format(title="Wire")), site.put("/new", RSS.format(title="W"))
    installation.write(feeds=(old,))
    daemon = await installation.start()
    (row,) = await daemon.state.parts.store.feed_rows()
    moved = structs.replace(row, url=new)
    await daemon.state.parts.store.commit_poll(
        PollCommit(feed=moved, loaded_at=row.last_poll_at, delay_s=900.0)
    )
    result = await installation.call("feeds", "add", new)
    assert (1, True) == (result.exit_code, "by another address that it had" in result.stderr)
    assert not (installation.folder / ADDED).exists()


@pytest.mark.parametrize("by_id", [False, True])
async def test_removed_by_what_the_list_shows(installation, site, lines, by_id):
    """A feed that has moved is removed by the address that `feeds list` shows, or by its id."""
    old, new = site.put("/old", RSS.format(title="Wire")), site.put("/new", RSS.format(title="W"))
    add_feeds(installation.config, [FeedSetting(url=old, name="Moved")])
    daemon = await installation.start()
    store = daemon.state.parts.store
    row = next(one for one in await store.feed_rows() if one.name == "Moved")
    await store.commit_poll(
        PollCommit(feed=structs.replace(row, url=new), loaded_at=row.last_poll_at, delay_s=900.0)
    )
    (told,) = lines(await installation.call("feeds", "remove", row.id if by_id else new, "--json"))
    assert ("Moved", old, None) == (told["removed"], told["url"], told["error"])
    assert "Moved" not in in_file(installation)


async def test_a_config_without_feeds(installation, site, lines):
    """The first feed of all can be added, though a daemon would not start without one."""
    installation.write(feeds=())
    url = site.put("/feed", RSS.format(title="Wire"))
    assert 1 == len((await added(installation, lines, url))["added"])
    assert {"Wire": url} == in_file(installation)


async def test_a_running_daemon_polls_it_at_once(installation, site, lines):
    """The daemon takes over what was added, polls it, and the command says how that went."""
    await installation.start()
    url = site.put("/feed", RSS.format(title="Wire"))
    told = await added(installation, lines, url)
    assert (True, True, "+1 feed") == tuple(
        told["daemon"][key] for key in ("running", "ok", "difference")
    )
    (row,) = told["polled"]
    assert (url, "ok", 0) == (row["url"], row["state"], row["errors"])
    assert site.times("/feed") == 2


async def test_it_waits_for_no_word_about_other_changes(installation, site, lines):
    """What else has changed in the files, and removes much, still waits for the operator."""
    daemon = await installation.start()
    url = site.put("/feed", RSS.format(title="Wire"))
    installation.topics("")
    told = await added(installation, lines, url)
    assert (True, False) == (told["daemon"]["running"], told["daemon"]["ok"])
    assert "tocsin reload --yes" in told["daemon"]["problems"][0]
    assert 2 == len(daemon.state.settings.topics)


# ── the file ────────────────────────────────────────────────────────────────────────────────────


def feed(number: int):
    """Return a feed as it would be configured."""
    return FeedSetting(url=f"https://h{number}.example/feed", name=f"F{number}")


def test_two_at_once_lose_nothing(installation):
    """Commands that write at the same time take turns: every feed is there afterwards."""
    threads = [
        threading.Thread(target=add_feeds, args=(installation.config, [feed(number)]))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 13 == len(in_file(installation))


def test_whatever_else_it_holds_is_kept(installation):
    """Comments, folders, foreign attributes and the file's mode outlive adding and removing."""
    path = installation.folder / ADDED
    path.parent.mkdir()
    path.write_text(
        '<?xml version="1.0"?>\n<!-- mine -->\n<opml version="2.0"><head><ownerName>me</ownerName>'
        '</head><body><!-- here --><outline text="f" mood="good"><outline text="A" '
        'xmlUrl="https://a.example/" keep="this"/></outline></body></opml>'
    )
    path.chmod(0o640)
    add_feeds(installation.config, [feed(1)])
    assert 1 == remove_feeds(installation.config, {feed_key("http://h1.example/feed")})
    text = path.read_text()
    for kept in ("<!-- mine -->", "<!-- here -->", "ownerName", 'mood="good"', 'keep="this"'):
        assert kept in text
    assert "h1.example" not in text
    assert 0o640 == path.stat().st_mode & 0o777
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<opml><body>", "is no XML"),
        ("<html/>", "is no OPML"),
        ("<!DOCTYPE opml [<!ENTITY a 'b'>]><opml/>", "DOCTYPE"),
    ],
)
def test_a_broken_file_is_left_alone(installation, text, said):
    """What cannot be read whole is not written anew: the command says what is wrong with it."""
    path = installation.folder / ADDED
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(CannotEdit, match=said):
        add_feeds(installation.config, [feed(1)])
    assert text == path.read_text()


async def test_an_address_with_a_password(installation, site):
    """It is asked for and polled with it, and printed without."""
    url = site.put("/feed", RSS.format(title="Wire")).replace("://", "://me:hunter2@")
    result = await installation.call("feeds", "add", url)
    assert (0, False) == (result.exit_code, "hunter2" in result.output)
    assert site.asked[-1][1]["Authorization"].startswith("Basic ")
    assert url in in_file(installation).values()
    exported = await installation.call("feeds", "export")
    assert "hunter2" not in exported.stdout


async def test_a_daemon_sees_the_file_come(installation):
    """A file that is copied there by hand is watched for, and read once it stands still."""
    daemon = await installation.start()
    add_feeds(installation.config, [feed(1)])
    stamps = _stamps(daemon.state.loaded)
    assert str(installation.folder / ADDED) in stamps


async def test_where_nothing_can_be_written(installation, site):
    """A folder that cannot be is told in words, and nothing is half done."""
    (installation.folder / ADDED.parent).write_text("a file")
    url = site.put("/feed", RSS.format(title="Wire"))
    result = await installation.call("feeds", "add", url)
    assert (1, True) == (result.exit_code, "cannot write" in result.stderr)
    assert "Traceback" not in result.output
