"""What a page says about itself, in all the places where it may say it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from workers.pages.dates import date_in_url, read_date, read_moment
from workers.pages.jsonld import linked_data
from workers.pages.languages import choose_language, language_tag
from workers.pages.metadata import Metadata, read_metadata
from workers.pages.parse import parse
from workers.pages.sites import leads_inside, site_of
from workers.pages.titles import Heading, choose_title, without_site

NINE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DAY = datetime(2026, 11, 23, tzinfo=UTC)
BARE_DAY = (
    '<script type="application/ld+json">'
    '{"@type": "Article", "datePublished": "2026-11-23"}</script>'
)


def metadata_of(
    head: str = "", body: str = "<p>x</p>", url: str = "https://a.example/x"
) -> Metadata:
    """Return the metadata of a small page."""
    root, _ = parse(f"<html><head>{head}</head><body>{body}</body></html>")
    assert root is not None
    return read_metadata(root, url)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T09:30:00Z", NINE),
        ("2026-11-23T10:30:00+01:00", NINE),
        ("2026-11-23T10:30:00+0100", NINE),
        ("2026-11-23 09:30:00 UTC", NINE),
        ("2026-11-23 10:30 +0100", NINE),
        ("2026-11-23T09:30:00.000000000Z", NINE),
        ("Mon, 23 Nov 2026 09:30:00 GMT", NINE),
        ("1795426200", NINE),
        ("1795426200000", NINE),
        ("2026-11-23", DAY),
        ("2026/11/23", DAY),
        ("20261123", DAY),
        ("November 23, 2026", DAY),
        ("23 November 2026", DAY),
        ("23.11.2026", DAY),
        ("", None),
        ("yesterday", None),
        ("2026-13-45", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("99999999999999", None),
        ("\u0662\u0660\u0662\u0666-\u0661\u0661-\u0662\u0663", DAY),
    ],
)
def test_dates(text: str, expected: datetime | None) -> None:
    """Dates come out aware and in UTC, or not at all."""
    assert expected == read_date(text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/2026/11/23/ferry", DAY),
        ("https://a.example/news-2026-11-23-ferry", DAY),
        ("https://a.example/20261123/ferry", DAY),
        ("https://a.example/2026/nov/23/ferry", DAY),
        ("https://a.example/ferry-12026112399", None),
        ("https://a.example/2026/13/40/x", None),
        ("https://a.example/x?d=2026-11-23", None),
    ],
)
def test_dates_in_addresses(url: str, expected: datetime | None) -> None:
    """An address tells its date in the writings of publishers."""
    assert expected == date_in_url(url)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("2026-11-23T09:30Z", 2),
        ("1795426200", 2),
        ("2026-11-23T09:30", 1),
        ("23 November 2026, 9:30", 1),
        ("2026-11-23", 0),
        ("20261123", 0),
    ],
)
def test_time_of_day(text: str, exact: int) -> None:
    """A bare date is told from one with a time, and that from one with a zone."""
    found = read_moment(text)
    assert found is not None
    assert exact == found.exact


@pytest.mark.parametrize(
    ("head", "body", "expected", "source"),
    [
        (
            '<meta property="article:published_time" content="2026-11-23T09:30:00Z">',
            "",
            NINE,
            "meta",
        ),
        (
            "",
            '<span itemprop="datePublished" content="2026-11-23T09:30:00Z">x</span>',
            NINE,
            "microdata",
        ),
        ("", '<time datetime="2026-11-23T09:30:00Z">x</time>', NINE, "time"),
        ("", "", None, None),
        (
            BARE_DAY + '<meta property="article:published_time" content="2026-11-23T09:30:00Z">',
            "",
            NINE,
            "meta",
        ),
        (
            BARE_DAY + '<meta property="article:published_time" content="2020-01-01T09:30:00Z">',
            "",
            DAY,
            "jsonld",
        ),
    ],
)
def test_published(head: str, body: str, expected: datetime | None, source: str | None) -> None:
    """The surest date wins; a bare one gives way to one of the same day with a time."""
    got = metadata_of(head, body or "<p>x</p>")
    assert (expected, source) == (got.published, got.published_from)


@pytest.mark.parametrize(
    "body",
    [
        "<p>Updated <time datetime='2026-11-24T08:00Z'>now</time></p><p>{}</p>",
        "<p>Zuletzt aktualisiert: <time datetime='2026-11-24T08:00Z'>now</time></p><p>{}</p>",
        "<p class='entry-updated'><time datetime='2026-11-24T08:00Z'>now</time></p><p>{}</p>",
        "<time class='date modified' datetime='2026-11-24T08:00Z'>now</time>{}",
        "<time itemprop='dateModified' datetime='2026-11-24T08:00Z'>now</time>{}",
        "<p><b>最終更新</b> <time datetime='2026-11-24T08:00Z'>now</time> {}</p>",
        "<p>{} Updated <time datetime='2026-11-24T08:00Z'>now</time></p>",
    ],
)
def test_when_a_page_was_changed_is_not_when_it_was_published(body: str) -> None:
    """Of two times the one beside "updated" is not taken, wherever it stands."""
    read = metadata_of(body=body.format("<time datetime='2026-11-23T09:30Z'>then</time>"))
    assert (NINE, "time") == (read.published, read.published_from)


@pytest.mark.parametrize(
    "body",
    [
        "<time class='entry-date published updated' datetime='2026-11-23T09:30Z'>x</time>",
        "<p>Updated <time datetime='2026-11-23T09:30Z'>x</time> <time>2026-11-24</time></p>",
        "<p>Updated <time datetime='2026-11-23T09:30Z'>x</time></p>"
        + "<p>x</p>" * 20
        + "<p>An older article <time datetime='2020-11-24T09:30Z'>x</time></p>",
    ],
)
def test_time_of_a_change_if_there_is_no_other(body: str) -> None:
    """A time of comments or of other articles does not win over that of a change."""
    assert NINE == metadata_of(body=body).published


def test_the_article_at_the_address_of_the_page() -> None:
    """Of several articles in the JSON-LD the one at the page's own address speaks for it."""
    other = (
        '{"@type": "NewsArticle", "headline": "Other", "url": "https://a.example/other",'
        ' "author": "Bo Lind", "articleBody": "x", "datePublished": "2020-01-01T00:00:00Z"}'
    )
    for own in ('"url": "https://a.example/x/"', '"mainEntityOfPage": {"@id": "/x"}'):
        mine = f'{{"@type": "Article", {own}, "datePublished": "2026-11-23T09:30:00Z"}}'
        head = f'<script type="application/ld+json">[{other}, {mine}]</script>'
        assert NINE == metadata_of(head).published


def test_date_of_the_address_and_guess() -> None:
    """The address comes after all that the page says."""
    got = metadata_of(url="https://a.example/2026/11/23/x")
    assert (DAY, "url") == (got.published, got.published_from)


@pytest.mark.parametrize(
    ("script", "headline"),
    [
        ('{"@type":"NewsArticle","headline":"A"}', "A"),
        ('[{"@type":"WebPage"},{"@type":["Thing","NewsArticle"],"headline":"A"}]', "A"),
        (
            '{"@type":"WebPage","mainEntity":{"@type":"http://schema.org/Article","headline":"A"}}',
            "A",
        ),
        ('{"@type":"NewsArticle","headline":"A",}', "A"),
        ('{"@type":"NewsArticle","headline":"A\nB"}', "A\nB"),
        ('<!-- {"@type":"NewsArticle","headline":"A"} -->', "A"),
        ('//<![CDATA[\n{"@type":"NewsArticle","headline":"A"}\n//]]>', "A"),
        ('/*<![CDATA[*/ {"@type":"NewsArticle","headline":"A"} /*]]>*/;', "A"),
        ('// ours\n{"@type":"NewsArticle", /* short */ "headline":"A"}', "A"),
        ('{"@type":"WebSite"}{"@type":"NewsArticle","headline":"A"}', "A"),
        ("{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;headline&quot;:&quot;A&quot;}", "A"),
        ('{"@type":"NewsArticle","headline":"A"', None),
        ("{" + " " * 900_000 + "x", None),
        ("/* " * 300_000, None),
        ("{}," * 300_000, None),
        ("[" * 100_000, None),
        ('{"a":' * 100_000, None),
        ('{"@type":"NewsArticle","headline":' + "9" * 10_000 + "}", None),
        ("null", None),
    ],
)
def test_json_ld(script: str, headline: str | None) -> None:
    """JSON-LD is read as publishers write it, and bombs are nothing."""
    root, _ = parse(f'<body><script type="application/ld+json">{script}</script></body>')
    assert root is not None
    assert headline == linked_data(root).article.get("headline")


@pytest.mark.parametrize(
    ("h1s", "headline", "og", "title", "expected"),
    [
        (["Harbour: Ferry to close"], "", "Ferry to close", "", "Ferry to close"),
        (
            ["Harbour: Ferry to close"],
            "",
            "",
            "Harbour: Ferry to close",
            "Harbour: Ferry to close",
        ),
        (["Ferry to close for winter"], "Islands cut off", "", "", "Ferry to close for winter"),
        (["Sea"], "Ferry to close", "", "", "Ferry to close"),
        (["Ferry"], "", "Ferry - all boats", "", "Ferry"),
        (
            ["Down the Pier"],
            "",
            "Ferry to close",
            "Down the Pier: Ferry to close",
            "Ferry to close",
        ),
        (["Ferry to close"], "", "", "Ferry to close | The Morning Post", "Ferry to close"),
        (["船は止まる"], "", "船は止まる | 港の新聞", "", "船は止まる"),
        (["Ferry to close"], "Ferry to close", "", "Ferry to close | Gazette", "Ferry to close"),
        (["Gazette", "Ferry to close"], "", "Ferry to close", "", "Ferry to close"),
        (["Gazette"], "", "", "Ferry to close - Gazette", "Ferry to close"),
        ([], "", "Ferry to close", "Other", "Ferry to close"),
        ([], "", "", "Gazette: Ferry to close", "Gazette: Ferry to close"),
        ([], "", "", "", ""),
    ],
)
def test_titles(h1s: list[str], headline: str, og: str, title: str, expected: str) -> None:
    """The h1 that others agree with is the title, else the best of the others."""
    headings = [Heading(text=text) for text in h1s]
    assert expected == choose_title(headings, headline, og, title, ("Gazette",))


def test_kicker_in_an_element_of_its_own() -> None:
    """What the elements of an h1 run together is told apart by what the page says elsewhere."""
    heading = Heading(
        text="Harbour Ferry to close in winter", parts=("Harbour", "Ferry to close in winter")
    )
    said = "Ferry to close in winter"
    assert said == choose_title([heading], said, "", "", ())
    assert "Harbour: " + said == choose_title([heading], "Harbour: " + said, "", "", ())


@pytest.mark.parametrize("mark", ["：", "－", "＿", "_", "｜", " - "])  # noqa: RUF001
def test_marks_of_east_asia(mark: str) -> None:
    """In Chinese and Japanese a site's name follows without a space; a title's own mark stays."""
    said = (
        f"<meta property='og:site_name' content='例新聞'><title>港、嵐で閉鎖{mark}例新聞</title>"
    )
    assert "港、嵐で閉鎖" == metadata_of(said).title
    assert f"速報{mark}港が閉鎖" == metadata_of(f"<title>速報{mark}港が閉鎖</title>").title


def test_site_name_is_taken_off() -> None:
    """Only the ends that name the site go."""
    names = ("The Gazette", "gazette")
    assert "Ferry - boats" == without_site("Ferry - boats | The Gazette", names)
    assert "Ferry" == without_site("Gazette | Ferry", names)
    assert "The Gazette" == without_site("The Gazette", names)


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ('<meta name="author" content="By Ines Aldana">', "", "Ines Aldana"),
        ("", '<p>By <a rel="author" href="/x">Ines Aldana</a></p>', "Ines Aldana"),
        ("", '<div class="byline">By Ines Aldana | 23 November</div>', "Ines Aldana"),
        ('<meta name="author" content="https://a.example/staff">', "", None),
        ('<meta name="author" content="admin">', "", None),
    ],
)
def test_authors(head: str, body: str, expected: str | None) -> None:
    """Authors are found where pages name them."""
    assert expected == metadata_of(head, body or "<p>x</p>").author


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/2026/x", "https://www.a.example/2026/x"),
        ("https://m.a.example/x", "https://m.a.example/x"),
        ("https://b.example/x", None),
        ("https://a.example/", None),
        ("http://[", None),
        ("javascript:alert(1)", None),
    ],
)
def test_canonical(href: str, expected: str | None) -> None:
    """An address counts as the page's own only on its site, and with a path."""
    head = f'<link rel="canonical" href="{href}">'
    assert expected == metadata_of(head, url="https://www.a.example/y").canonical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EN-us", "en-US"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("pt_BR", "pt-BR"),
        ("de_DE.UTF-8", "de-DE"),
        ("jp", "ja"),
        ("eng", "en"),
        ("iw", "he"),
        ("und", None),
        ("x-default", None),
        ("qq", None),
        ("{{lang}}", None),
        ("en" * 20, None),
        ("", None),
    ],
)
def test_language_tags(text: str, expected: str | None) -> None:
    """Tags come out in their usual writing, former and mistaken codes as what they mean."""
    assert expected == language_tag(text)


@pytest.mark.parametrize(
    ("said", "title", "expected"),
    [
        (("en", "ru-RU"), "Паром не будет ходить до весны", "ru-RU"),
        (("en",), "Паром не будет ходить до весны", None),
        (("en",), "Паром Ferry Lines will not sail till spring", "en"),
        (("",), "フェリーは来年の春まで運休", "ja"),
        (("en",), "여객선 내년 봄까지 운항 중단", "ko"),
        (("",), "Ferry to close", None),
    ],
)
def test_language_that_cannot_be(said: tuple[str, ...], title: str, expected: str | None) -> None:
    """A template's "en" does not make a Russian page English; letters tell where nothing does."""
    assert expected == choose_language(said, title)


def test_language() -> None:
    """The language is that of the html element, else of og:locale."""
    assert "pt-BR" == metadata_of('<meta property="og:locale" content="pt_BR">').language
    assert None is metadata_of('<meta property="og:locale" content="<script>">').language


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.a.example/x", "a.example"),
        ("https://news.a.co.uk/x", "a.co.uk"),
        ("https://127.0.0.1:80/x", "127.0.0.1"),
        ("https://[::1]/x", "::1"),
        ("http://[", ""),
        ("x", ""),
    ],
)
def test_sites(url: str, expected: str) -> None:
    """Subdomains belong to one site."""
    assert expected == site_of(url)


def test_links_that_lead_nowhere() -> None:
    """Anchors, mail and scripts are no links to a page."""
    hrefs = ("#a", "mailto:a@b", "javascript:x", "", "/x", "//a.example/x", "https://b.example")
    assert [None, None, None, None, True, True, False] == [
        leads_inside(href, "a.example") for href in hrefs
    ]


def test_metadata_of_a_whole_page(build: Callable[..., str], json_ld: str) -> None:
    """References in a graph are followed, and trailing commas forgiven."""
    root, _ = parse(build(head=json_ld))
    assert root is not None
    got = read_metadata(root, "https://gazette.example/x")
    assert ("Ines Aldana", True, False) == (got.author, got.jsonld_article, got.jsonld_list)


def test_each_fact_says_where_it_came_from() -> None:
    """Title, author, language and canonical address come with the places that say so."""
    got = metadata_of(
        head=(
            "<title>Ferry line to close | The Gazette</title>"
            '<meta name="author" content="Ines Aldana"><meta property="og:locale" content="en_GB">'
            '<link rel="canonical" href="/ferry-line">'
        ),
        body="<h1>Ferry line to close</h1>",
    )
    said = {"title": "h1, title", "author": "meta", "language": "og", "canonical": "link"}
    assert said == got.origins
