"""Reading feeds of every format."""

from datetime import UTC, datetime

import pytest

from workers.feeds import made, read_feed, rss, second_opinion
from workers.feeds.names import KEPT, LONGEST
from workers.model.feed import Enclosure, Listed, ParsedEntry, ParsedFeed

URL = "https://harbour.example/rss"


@pytest.fixture
def read(now: datetime):
    """Read a text or bytes with nothing told by HTTP."""

    def do(body: str | bytes, content_type: str = "", url: str = URL) -> ParsedFeed:
        data = body.encode() if isinstance(body, str) else body
        return read_feed(data, url, content_type, now)

    return do


def item(inside: str) -> str:
    """Return an RSS document of one item."""
    return f'<rss version="2.0"><channel><title>T</title><item>{inside}</item></channel></rss>'


def only(feed: ParsedFeed) -> Listed:
    """Return a feed's one entry."""
    (entry,) = feed.entries
    return entry


def test_rss(read, samples) -> None:
    """All that an RSS feed says is found."""
    feed = read(samples["rss"])
    assert ("rss", "fast", True, "en-gb") == (feed.kind, feed.parser, feed.complete, feed.language)
    assert ("Harbour Wire & Post", "https://harbour.example/") == (feed.title, feed.link)
    assert (900.0, 900.0, (2, 3)) == (
        feed.hints.ttl, feed.hints.update_period_s, feed.hints.skip_hours
    )  # fmt: skip
    assert ("https://hub.example/", URL) == (feed.hints.hub, feed.hints.self)
    first = feed.entries[0]
    assert ("tag:1", "Crane falls at pier 4") == (first.identity, first.title)
    assert "https://harbour.example/news/1?utm_source=rss" == first.url
    assert ("Short.", "First line.\nSecond & last.") == (first.summary, first.content)
    assert "<p>First line.</p><p>Second &amp; last.</p>" == first.content_html
    assert datetime(2026, 1, 10, 8, 30, tzinfo=UTC) == first.published
    assert (("Ada Field",), ("Ports",)) == (first.authors, first.categories)


FILES = {
    "rss": item(
        '<enclosure url="/a.mp3" type="Audio/MPEG" length="1200"/>'
        '<media:group xmlns:media="http://search.yahoo.com/mrss/">'
        '<media:content url="https://v.example/b.mp4" fileSize="many"/>'
        "<media:description>A &lt;b&gt; boat</media:description></media:group>"
        '<enclosure url="/a.mp3"/><enclosure url="ftp://x.example/c"/>'
    ),
    "atom": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id>'
    '<media:group xmlns:media="http://search.yahoo.com/mrss/">'
    "<media:description>A &lt;b&gt; boat</media:description></media:group>"
    '<link rel="enclosure" href="/a.mp3" type="audio/mpeg" length="1200"/>'
    '<link rel="enclosure" href="https://v.example/b.mp4"/></entry></feed>',
    "json": '{"version": "https://jsonfeed.org/version/1", "items": [{"id": 1,'
    '"content_text": "A <b> boat", "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg",'
    '"size_in_bytes": 1200}, 7, {"url": "https://v.example/b.mp4", "size_in_bytes": -1}]}]}',
}


@pytest.mark.parametrize("kind", FILES)
def test_enclosures(read, kind: str) -> None:
    """Files that come with an entry, each once; the words of a video where there are no others."""
    entry = only(read(FILES[kind]))
    assert (
        Enclosure(url="https://harbour.example/a.mp3", type="audio/mpeg", length=1200),
        Enclosure(url="https://v.example/b.mp4"),
    ) == entry.enclosures
    assert "A <b> boat" == entry.content


CODEPAGES = {
    "windows_1251": "cp1251", "MS-Cyrl": "cp1251", "csKOI8R": "koi8-r", "x-nonsense": "cp1252",
    "ibm855": "cp855", "cp_is": "cp861", "cspc8codepage437": "cp437", "macgreek": "mac_greek",
    "zlib": "cp1252", "punycode": "cp1252", "unicode_escape": "cp1252", "idna": "cp1252",
}  # fmt: skip


@pytest.mark.parametrize("label", CODEPAGES)
def test_charsets_of_python(read, label: str) -> None:
    """Charsets that Python knows as text are known by all their names, other codecs by none."""
    head = f'<?xml version="1.0" encoding="{label}"?><rss><channel><title>'
    feed = read(head.encode() + b"\x80</title></channel></rss>")
    codec = CODEPAGES[label]
    assert (b"\x80".decode(codec), codec) == (feed.title, feed.charset)


def test_links_are_shown_as_written(read) -> None:
    """An address is not changed by the case of its host, nor by a slash that it lacks."""
    entry = only(read(item("<link>http://Harbour.example</link>")))
    assert ("http://Harbour.example", "http://harbour.example/") == (entry.url, entry.identity)
    entry = only(read(item("<link>HTTP://Harbour.example/a b</link>")))
    assert "http://harbour.example/a%20b" == entry.url
    cdf = "<CHANNEL><ITEM HREF='http://harbour.example/9'><TITLE>Nine</TITLE></ITEM></CHANNEL>"
    assert "http://harbour.example/9" == only(read(cdf)).url


def test_texts_are_made_once(read, samples) -> None:
    """An entry's texts are made when they are asked for; whole, it says the same as before."""
    for name in samples:
        for entry in read(samples[name]).entries:
            whole = made(entry)
            assert isinstance(whole, ParsedEntry)
            assert whole is made(entry) is made(whole)
            assert [getattr(entry, field) for field in whole.__struct_fields__] == [
                getattr(whole, field) for field in whole.__struct_fields__
            ]


def test_rss_identities(read, samples) -> None:
    """Guid as written, else the canonical link, else a hash of what it says."""
    found = [(entry.identity, entry.url) for entry in read(samples["rss"]).entries[1:4]]
    assert [
        ("https://harbour.example/news/2", "https://harbour.example/news/2#top"),
        ("https://harbour.example/news/3", "https://harbour.example/news/3"),
        ("https://harbour.example/news/4", "https://harbour.example/news/4"),
    ] == found
    last = read(samples["rss"]).entries[4]
    assert last.identity.startswith("text:")
    assert (None, "Nothing but text") == (last.url, last.content)


def test_atom(read, samples) -> None:
    """Bases nest, ids are not resolved, texts are text, pages come before other formats."""
    feed = read(samples["atom"])
    assert ("atom", "de", "Meridian <live>") == (feed.kind, feed.language, feed.title)
    assert "https://meridian.example/x/feed.atom" == feed.hints.self
    first, second = feed.entries
    assert "relative/id" == first.identity
    assert "https://meridian.example/x/deep/one.html" == first.url
    assert ("Ein\nZwei", ("Bo Reed",), ("World",)) == (
        first.content, first.authors, first.categories
    )  # fmt: skip
    assert ("1 < 2 <b>", "https://meridian.example/two") == (second.title, second.url)
    assert datetime(2026, 1, 9, 7, tzinfo=UTC) == second.published
    assert "Sum" == second.summary


def test_rdf(read, samples) -> None:
    """RDF items stand beside their channel, and are known by their rdf:about."""
    feed = read(samples["rdf"])
    entry = only(feed)
    assert ("rdf", "Kestrel") == (feed.kind, feed.title)
    assert ("urn:k:1", "https://kestrel.example/1") == (entry.identity, entry.url)
    assert datetime(2026, 1, 10, 9, tzinfo=UTC) == entry.published


def test_json(read, samples) -> None:
    """JSON Feed: numbers as ids, relative links, text that is no markup, junk left out."""
    feed = read(samples["json"], url="https://northgate.example/feed.json")
    first, second = feed.entries
    assert ("json", "Northgate", "https://hub.example/") == (feed.kind, feed.title, feed.hints.hub)
    assert ("7", "https://northgate.example/seven") == (first.identity, first.url)
    assert ("Seven <1>", "A\nB", ("Cy",), ("a",)) == (
        first.title, first.content, first.authors, first.categories
    )  # fmt: skip
    assert ("https://else.example/8", "1 < 2\nend") == (second.url, second.content)


def test_sitemap(read, samples) -> None:
    """A news sitemap has titles, dates and keywords."""
    feed = read(samples["sitemap"])
    entry = only(feed)
    assert ("sitemap", "The Gazette", "en") == (feed.kind, feed.title, feed.language)
    assert ("Bridge opens & closes", ("bridge", "road")) == (entry.title, entry.categories)
    assert datetime(2026, 1, 10, 10, tzinfo=UTC) == entry.published


def test_atom03(read, samples) -> None:
    """Atom 0.3 is read as what it became."""
    entry = only(read(samples["atom03"]))
    assert ("o1", "Old news", "https://old.example/1") == (entry.identity, entry.title, entry.url)
    assert datetime(2026, 1, 9, tzinfo=UTC) == entry.published


NONE = {
    "": "empty document",
    "  \n": "empty document",
    "just words": "no markup",
    "<!DOCTYPE html><html><body>Hello</body></html>": "a page for people",
    "<html><head></head></html>": "a page for people",
    "<opml version='2.0'/>": "the document is <opml>",
    "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>": "index of sitemaps",
    "{}": "no list of items",
    '{"items": []}': "names no version",
    "{broken": "not JSON",
    "[" * 100_000: "not JSON",
    "<": "not a feed",
    "\x00\x01\x02<<<": "not a feed",
}


@pytest.mark.parametrize("body", NONE, ids=range(len(NONE)))
def test_no_feed(read, body: str) -> None:
    """What is no feed has kind none, and says why."""
    feed = read(body)
    assert ("none", ()) == (feed.kind, feed.entries)
    assert NONE[body] in (feed.error or "")


BROKEN = {
    "bare ampersand": item("<title>Fish & chips &nbsp;&eacute;</title>"),
    "control character": item("<title>Fish & chips \x0b\u00e9</title>"),
    "bad reference": item("<title>Fish &#11;& chips &#233;</title>"),
    "junk before": "Warning: line 3\n" + item("<title>Fish &amp; chips &#233;</title>"),
    "junk after": item("<title>Fish &amp; chips &#233;</title>") + "<!-- 0.2 s --><p>bye",
    "spaces before": "\n\n <?xml version='1.0'?>" + item("<title>Fish &amp; chips é</title>"),
    "unknown prefix": item("<title>Fish &amp; chips é</title><x:y>1</x:y>"),
    "doctype": '<!DOCTYPE rss [<!ENTITY x "y">]>'
    + item("<title>Fish &amp; chips &eacute;</title>"),
    "upper case": "<RSS><Channel><Item><Title>Fish &amp; chips é</Title></Item></Channel></RSS>",
    "bare less-than": item("<title>Fish &amp; chips é</title><description>1 < 2</description>"),
    "own namespace": item("<title>Fish &amp; chips é</title>").replace(
        "<rss", '<rss xmlns="http://invented.example/"'
    ),
    "no channel end": item("<title>Fish &amp; chips é</title>").replace("</channel>", ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_markup_is_mended(read, name: str) -> None:
    """What breaks feeds most often does not keep their titles from us."""
    entry = only(read(BROKEN[name]))
    assert "Fish & chips é" == entry.title.replace("  ", " ")


def test_cdata_is_left_alone(read) -> None:
    """Mending touches nothing inside CDATA."""
    entry = only(
        read(item("<title>a & b</title><description><![CDATA[x &nbsp; <y & z]]></description>"))
    )
    assert "x &nbsp; <y & z" == entry.content_html


def test_cut_document_is_not_complete(read) -> None:
    """A document without its end gives what is whole of it, and is no baseline."""
    whole = item("<guid>1</guid><link>https://a.example/1</link>")
    cut = whole.replace("</channel></rss>", "<item><guid>2</guid><link>https://a.example/2")
    feed = read(cut)
    assert (False, ["1"]) == (feed.complete, [entry.identity for entry in feed.entries])
    assert read(whole).complete


def test_fractions_of_a_second_tell_nothing_apart(read) -> None:
    """A date is known to the microsecond; identities are those of readers that knew seconds."""
    one, other = (
        "<item><guid>g</guid><link>https://a.example/1</link>"
        f"<dc:date>2026-01-05T03:04:05{fraction}Z</dc:date></item>"
        for fraction in ("", ".364")
    )
    assert 1 == len(read(f"<rss><channel>{one}{other}</channel></rss>").entries)
    (dated,) = read(f"<rss><channel>{other}</channel></rss>").entries
    assert 364_000 == dated.published.microsecond
    text = "<item><guid>g</guid><title>T</title><dc:date>2026-01-05T03:04:0{}Z</dc:date></item>"
    names = [
        [entry.identity for entry in read(f"<rss><channel>{pair}</channel></rss>").entries]
        for pair in (
            text.format("5") + text.format("6"),
            text.format("5.5") + text.format("6.25"),
        )
    ]
    assert names[0] == names[1]
    assert 2 == len(set(names[0]))


def test_guid_for_several_things_is_none(read) -> None:
    """Entries that share a guid but nothing else are told apart by link or text."""
    items = "".join(
        f"<item><guid>same</guid><title>{n}</title><link>https://a.example/{n}</link></item>"
        for n in (1, 2, 2)
    )
    feed = read(f"<rss><channel>{items}</channel></rss>")
    links = ["https://a.example/1", "https://a.example/2"]
    assert links == [entry.identity for entry in feed.entries]


def test_sirens_repeat_everything_but_the_date(read) -> None:
    """Entries equal in guid, title and link are several where their dates are."""
    items = "".join(
        "<item><guid>siren</guid><title>Siren</title>"
        f"<pubDate>Sat, 10 Jan 2026 0{n}:00:00 GMT</pubDate></item>"
        for n in (1, 2)
    )
    assert 2 == len(
        {entry.identity for entry in read(f"<rss><channel>{items}</channel></rss>").entries}
    )


def test_entries_are_bounded(now: datetime) -> None:
    """Only the first entries are read."""
    body = "<rss><channel>" + "<item><title>x</title></item>" * 50 + "</channel></rss>"
    numbered = "".join(f"<item><guid>{n}</guid></item>" for n in range(50))
    body = f"<rss><channel>{numbered}</channel></rss>"
    assert 7 == len(read_feed(body.encode(), URL, "", now, max_entries=7).entries)


def test_fields_are_bounded(read) -> None:
    """No field of an entry is longer than its limit, and a long link is none."""
    huge = "y" * 300_000
    entry = only(
        read(
            item(f"<guid>{huge}</guid><title>{huge}</title><link>https://a.example/{huge}</link>")
        )
    )
    assert (True, 1000, None) == (entry.identity.startswith("long:"), len(entry.title), entry.url)


HOSTILE = {
    "nested tags": "<rss>" + "<a>" * 200_000,
    "attributes": "<rss " + " ".join(f'a{n}="1"' for n in range(200_000)) + "/>",
    "namespaces": "<rss " + " ".join(f'xmlns:a{n}="u{n}"' for n in range(50_000)) + "/>",
    "laughs": "<!DOCTYPE r ["
    '<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
    + item("<title>&i;</title>"),
    "own file": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    + item("<title>&x;</title>"),
    "open comments": item("<title>" + "&lt;!--" * 100_000 + "</title>"),
    "open cdata": "<rss><channel>" + "<![CDATA[" * 100_000,
    "ampersands": "<rss><channel><item><title>" + "&" * 500_000,
    "links": "<rss><channel><item>" + "<link>x y</link>" * 300_000,
    "errors": "<rss>" + "<a></b>" * 100_000,
    "deep json": '{"version": "https://jsonfeed.org/version/1", "items": ' + "[" * 200_000,
    "brackets": "<!DOCTYPE rss [" + "]" * 500_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_document_is_bounded(read, name: str) -> None:
    """Bombs and floods end soon, open no file, and inflate nothing."""
    feed = read(HOSTILE[name])
    said = " ".join(entry.title for entry in feed.entries)
    assert "root:" not in said
    assert len(said) <= 1000


CHARSETS = {
    "utf-8": ("", "é €", "utf-8"),
    "iso-8859-1 declared": ("iso-8859-1", "é", "iso-8859-1"),
    "windows-1251 declared": ("windows-1251", "Привет", "cp1251"),
    "shift_jis declared": ("Shift_JIS", "日本", "cp932"),
    "gb2312 declared": ("gb2312", "中国", "gb2312"),
    "euc-kr declared": ("euc-kr", "한국", "cp949"),
    "koi8-r declared": ("KOI8-R", "Москва", "koi8-r"),
    "undeclared windows-1252": ("", "é \u201cx\u201d €", "cp1252"),
    "utf-8 said, 1252 sent": ("utf-8", "é caf\u00e9", "cp1252"),
    "utf-16 with mark": ("utf-16", "é €", "utf-16"),
    "utf-16 without": ("utf-16", "é €", "utf-16-le"),
    "unknown name": ("x-martian", "é €", "utf-8"),
    "codec that is none": ("zlib", "é", "utf-8"),
}


@pytest.mark.parametrize("name", CHARSETS)
def test_charset_is_found(read, name: str) -> None:
    """The declaration, a mark, or the bytes themselves tell the characters."""
    label, text, codec = CHARSETS[name]
    declared = f' encoding="{label}"' if label else ""
    body = f"<?xml version='1.0'{declared}?>" + item(f"<title>{text}</title>")
    assert text == only(read(body.encode(codec))).title


HEADERS = {
    "HTTP alone": ("text/xml; charset=windows-1251", "", "Привет", "cp1251"),
    "HTTP before document": ('text/xml; charset="koi8-r"', "windows-1251", "Привет", "koi8-r"),
    "a server's default loses": ("text/xml; charset=iso-8859-1", "utf-8", "Привет", "utf-8"),
    "HTTP wrong, bytes are UTF-8": ("text/xml; charset=us-ascii", "utf-8", "é", "utf-8"),
    "mark before HTTP": ("text/xml; charset=koi8-r", "", "é", "utf-8-sig"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_charset_of_http(read, name: str) -> None:
    """HTTP counts before the document, unless the bytes say that it is a mere default."""
    header, label, text, codec = HEADERS[name]
    declared = f' encoding="{label}"' if label else ""
    body = f"<?xml version='1.0'{declared}?>" + item(f"<title>{text}</title>")
    assert text == only(read(body.encode(codec), header)).title


def test_second_opinion_reads_what_it_can(now: datetime, samples) -> None:
    """The other parser gives the same identities, links and dates for a plain feed."""
    fast = read_feed(samples["rss"], URL, "application/rss+xml", now)
    second = second_opinion(samples["rss"], URL, "application/rss+xml", now)
    assert "second" == second.parser
    assert [e.identity.strip() for e in fast.entries[:2]] == [
        e.identity for e in second.entries[:2]
    ]
    assert fast.entries[0].published == second.entries[0].published
    assert fast.entries[0].url == second.entries[0].url


@pytest.mark.parametrize("body", [b"", b"/etc/passwd", b"http://127.0.0.1:1/", b"\x00\xff", b"{}"])
def test_second_opinion_opens_nothing(now: datetime, body: bytes) -> None:
    """A body that names a file or an address is no feed, and nothing is opened."""
    found = second_opinion(body, URL, "", now)
    assert ("none", True) == (found.kind, bool(found.error))


@pytest.mark.parametrize("reference", ["&#xD800;", "&#55296;", "&#x110000;", "&#0;"])
def test_references_to_no_character(reference: str) -> None:
    """A document that can only be recovered is read, whatever its references name."""
    body = f"<rss><channel><title>T</title><item><title>A{reference}</title><x></item></channel>"
    got = read_feed(body.encode(), "https://x.example/", "", datetime(2026, 1, 10, tzinfo=UTC))
    assert ("rss", "A") == (got.kind, got.entries[0].title.rstrip("\ufffd"))


def test_of_very_many_tags_the_first_are_read(now) -> None:
    """A tree is made of so many tags and no more, and what is left out is told."""
    few = b"<rss><channel><item><title>One</title></item>"
    feed = read_feed(few + b"<a/>" * 400_000 + b"</channel></rss>", URL, "", now)
    assert (["One"], False) == ([entry.title for entry in feed.entries], feed.complete)
    assert "more than 300000 tags" in feed.warnings[0]


def test_clipped_document_with_entries_enough_is_a_baseline(now) -> None:
    """Where as many entries come as are ever read, it does not matter that more are left out."""
    items = b"".join(b"<item><guid>%d</guid><title>x</title></item>" % n for n in range(60_000))
    feed = read_feed(b"<rss><channel>" + items + b"</channel></rss>", URL, "", now)
    assert (1999, True) == (len(feed.entries), feed.complete)


@pytest.mark.parametrize(
    "before",
    ["", "<?x y?>", "<?x <rss > ?>", "<!-- <rss > -->", "<?x ?>\n<!-- ?> <rss > -->"],
)
def test_document_type_is_seen_whatever_stands_before(read, before: str) -> None:
    """What a document type declares never gets into a text, wherever its beginning is hidden."""
    told = f"{before}<!DOCTYPE rss [<!ENTITY a 'boo'>]>"
    item = "<item><guid>1</guid><title>T&a;</title><link>/&a;</link></item>"
    feed = read(f"<?xml version='1.0'?>{told}<rss><channel>{item}</channel></rss>".encode())
    assert ["T&a;"] == [entry.title for entry in feed.entries]
    assert "boo" not in (feed.entries[0].url or "")


def test_tags_of_strangers_are_forgotten(read, samples) -> None:
    """Invented tags, and long ones, take no memory for long, and what is known stays known."""
    invented = "".join(f"<x{n}/>" for n in range(2 * KEPT)) + f"<{'y' * (LONGEST + 1)}/>"
    item = f"<item><guid>1</guid>{invented}<title>T</title></item>"
    feed = read(f"<rss><channel>{item}</channel></rss>".encode())
    assert ["T"] == [entry.title for entry in feed.entries]
    assert len(rss._TAKES) <= KEPT
    assert all(len(str(tag)) <= LONGEST for tag in rss._TAKES)
    assert "Harbour Wire & Post" == read(samples["rss"]).title
