"""What of a document is news."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from workers.feeds.news import News, _posted, decide
from workers.feeds.twins import twin
from workers.model.commit import Knowledge
from workers.model.feed import Activity, FeedRow, KnownEntry, ParsedEntry, ParsedFeed
from workers.options import AlertOptions

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
OPTIONS = AlertOptions()
FEED = FeedRow(
    id="fee_1",
    url="https://harbour.example/rss",
    name="Harbour",
    tags=("wire",),
    baselined_at=NOW - timedelta(days=9),
    last_good_at=NOW - timedelta(minutes=10),
)
NEW = replace(FEED, baselined_at=None, last_good_at=None)


def entry(
    name: str, *, hours: float | None = 1.0, title: str | None = None, url: str | None = ""
) -> ParsedEntry:
    """Return an entry published ``hours`` ago."""
    return ParsedEntry(
        identity=name,
        url=f"https://harbour.example/{name}" if url == "" else url,
        title=title or f"Title {name}",
        published=None if hours is None else NOW - timedelta(hours=hours),
        categories=("ports",),
        digest=f"digest {name}",
    )


def known(one: ParsedEntry, *, name: str = "", baseline: bool = False) -> KnownEntry:
    """Return what the database knows of an entry, under another identity if one is given."""
    return KnownEntry(
        identity=name or one.identity,
        digest=one.digest,
        edition=1,
        title=one.title,
        url=one.url,
        published=one.published,
        baseline=baseline,
    )


def news(feed: FeedRow, entries: list[ParsedEntry], *knows: KnownEntry, **more) -> News:
    """Decide about a document of these entries."""
    document = ParsedFeed(
        kind="rss",
        link="https://harbour.example/",
        language="en-gb",
        entries=tuple(entries),
        complete=more.get("complete", True),
    )
    knowledge = Knowledge(
        entries={one.identity: one for one in knows},
        twins={twin(one.title, one.url): one for one in knows},
        titles=frozenset(more.get("titles", ())),
    )
    return decide(feed, document, knowledge, NOW, more.get("options", OPTIONS))


def test_new_entry() -> None:
    """A new entry is read; its row has the feed's facts and its own."""
    got = news(FEED, [entry("a")])
    (fresh,) = got.fresh
    assert (True, False, "new", "harbour.example/a") == (
        fresh.reads, fresh.edited, fresh.because, fresh.key
    )  # fmt: skip
    row = fresh.entry
    assert (("wire", "ports"), "en", 1, True) == (row.tags, row.language, row.edition, row.rings)
    assert (False, NOW) == (row.baseline, row.seen)
    assert (False, False, True) == (got.baseline, got.rebaselined, got.complete)


def test_known_entry_is_only_listed() -> None:
    """What did not change is neither stored nor read."""
    got = news(FEED, [entry("a"), entry("b")], known(entry("a")), known(entry("b")))
    assert ((), ("a", "b")) == (got.fresh, got.listed)


def test_order_is_that_of_the_document() -> None:
    """Fresh entries come as the feed lists them."""
    got = news(FEED, [entry("c"), entry("a"), entry("b")])
    assert ["c", "a", "b"] == [fresh.entry.identity for fresh in got.fresh]


def test_repeated_identity_is_one() -> None:
    """An identity that a document lists twice is stored once, as first listed."""
    got = news(FEED, [entry("a", title="first"), entry("a", title="second")])
    assert ["first"] == [fresh.entry.title for fresh in got.fresh]


def test_baseline_does_not_ring() -> None:
    """What a feed lists when first read is stored and not read."""
    got = news(NEW, [entry("a"), entry("b", hours=None)])
    assert got.baseline
    assert [(False, True, False)] * 2 == [
        (fresh.reads, fresh.entry.baseline, fresh.entry.rings) for fresh in got.fresh
    ]


def test_backlog_rings() -> None:
    """With a backlog, what is younger rings even at the first read; undated things do not."""
    options = AlertOptions(backlog_s=3 * 3600.0, max_age_s=3600.0)
    entries = [entry("a", hours=2), entry("b", hours=4), entry("c", hours=None)]
    got = news(NEW, entries, options=options)
    assert [True, False, False] == [fresh.reads for fresh in got.fresh]
    assert [False, True, True] == [fresh.entry.baseline for fresh in got.fresh]


def test_incomplete_document_is_no_baseline() -> None:
    """A document that is not whole stays without consequence for the baseline, for a day."""
    young = replace(NEW, activity=Activity(since=NOW - timedelta(hours=23)))
    old = replace(NEW, activity=Activity(since=NOW - timedelta(hours=25)))
    assert [False, False, True] == [
        news(feed, [entry("a")], complete=False).complete for feed in (NEW, young, old)
    ]


@pytest.mark.parametrize(
    ("hours", "reads"), [(71.0, True), (73.0, False), (None, True), (-5.0, True)]
)
def test_max_age(hours: float | None, reads: bool) -> None:  # noqa: FBT001
    """A new entry published too long ago is stored, not read; one without a date is read."""
    (fresh,) = news(FEED, [entry("a", hours=hours)]).fresh
    assert (reads, reads, False) == (fresh.reads, fresh.entry.rings, fresh.entry.baseline)


def test_edit_is_a_new_edition() -> None:
    """Another digest under the same identity is read again."""
    before = known(replace(entry("a"), digest="other"))
    (fresh,) = news(FEED, [entry("a")], replace(before, edition=4)).fresh
    assert (True, True, 5) == (fresh.edited, fresh.reads, fresh.entry.edition)
    assert "edited: text changed" == fresh.because


def test_old_edit_is_not_read() -> None:
    """An edit of what was published too long ago is stored, unless its own date says otherwise."""
    old = entry("a", hours=100)
    before = known(replace(old, digest="other"))
    (fresh,) = news(FEED, [old], before).fresh
    assert (True, False) == (fresh.edited, fresh.reads)
    (again,) = news(FEED, [replace(old, updated=NOW)], before).fresh
    assert again.reads


@pytest.mark.parametrize(
    ("changes", "reads"),
    [
        ({"digest": "x"}, False),
        ({"digest": "x", "title": "Another title"}, True),
        ({"digest": "x", "updated": NOW}, True),
        ({"digest": "x", "updated": NOW - timedelta(days=10)}, False),
    ],
)
def test_edit_of_the_baseline(changes: dict[str, object], reads: bool) -> None:  # noqa: FBT001
    """The feed's past is read only where its title or its own date says that it is news now."""
    first = entry("a", hours=None)
    before = known(first, baseline=True)
    (fresh,) = news(FEED, [replace(first, **changes)], before).fresh
    assert (reads, not reads) == (fresh.reads, fresh.entry.baseline)


def test_guid_churn_is_no_news() -> None:
    """Title, link and date as before under another guid: the same entry, still listed."""
    got = news(FEED, [entry("b", title="T", url="https://x.example/1")],
               known(entry("b", title="T", url="https://x.example/1"), name="a"))  # fmt: skip
    assert ((), ("a",)) == (got.fresh, got.listed)


def test_undated_guid_churn_is_no_news() -> None:
    """It holds where neither has a date."""
    one = entry("b", title="T", url="https://x.example/1", hours=None)
    assert () == news(FEED, [one], known(one, name="a")).fresh


@pytest.mark.parametrize("fraction", [364_000, 999_999])
def test_guid_churn_of_what_was_stored_to_the_second(fraction: int) -> None:
    """Earlier versions stored no fractions of a second: those make no news of what they stored."""
    one = entry("b", title="T", url="https://x.example/1")
    assert one.published is not None
    finer = replace(one, published=one.published.replace(microsecond=fraction))
    before = replace(one, published=one.published.replace(microsecond=0))
    got = news(FEED, [finer], known(before, name="a"))
    assert ((), ("a",)) == (got.fresh, got.listed)
    assert () == news(FEED, [finer], known(replace(before, identity="b"))).fresh


def test_siren_rings_again() -> None:
    """Title and link repeated with a new date are news, and an article of their own."""
    now = entry("b", title="Siren in Northgate", url="https://x.example/alerts")
    before = known(replace(now, published=NOW - timedelta(hours=9)), name="a")
    (fresh,) = news(FEED, [now], before).fresh
    assert (True, None) == (fresh.reads, fresh.key)


def test_siren_beside_the_last_one_rings() -> None:
    """An undated repetition beside the one before it is news."""
    first = entry("a", title="Siren", url="https://x.example/alerts", hours=None)
    second = replace(first, identity="b", digest="other")
    got = news(FEED, [second, first], known(first))
    assert [("b", True)] == [(fresh.entry.identity, fresh.reads) for fresh in got.fresh]


def test_links_that_are_no_page_of_their_own() -> None:
    """Front pages, shared links and fragments of one page make no article; good links do."""
    page = "https://harbour.example/live"
    entries = [
        entry("front", url="https://www.harbour.example"),
        entry("one", url=page, hours=1),
        entry("two", url=page, hours=2),
        entry("three", url="https://harbour.example/log#3"),
        entry("four", url="https://harbour.example/log#4"),
        entry("none", url=None),
        entry("own"),
    ]
    got = news(FEED, entries)
    assert [None] * 6 + ["harbour.example/own"] == [fresh.key for fresh in got.fresh]


@pytest.mark.parametrize("hours", [0.0, 1.0])
def test_a_link_that_all_share_is_looked_at_once(hours: float, monkeypatch) -> None:
    """However many entries share a link, each is compared once, not once with each other."""
    compared: list[str] = []

    def noted(one: ParsedEntry) -> tuple[object, ...]:
        compared.append(one.identity)
        return _posted(one)

    monkeypatch.setattr("workers.feeds.news._posted", noted)
    page = "https://harbour.example/live"
    entries = [entry(f"e{n}", url=page, hours=1 + n * hours) for n in range(50)]
    got = news(FEED, entries)
    assert {None if hours else "harbour.example/live"} == {fresh.key for fresh in got.fresh}
    assert [one.identity for one in entries] == compared


def test_same_article_listed_twice_is_one() -> None:
    """Two identities of one link and date are one article."""
    page = "https://harbour.example/story"
    got = news(FEED, [entry("a", url=page), entry("b", url=page)])
    assert ["harbour.example/story"] * 2 == [fresh.key for fresh in got.fresh]


def redesign(hours: float | None, new: int, old: int, titles: int = 0) -> News:
    """Decide about a document with ``new`` unknown identities and ``old`` known ones."""
    kept = [entry(f"old{n}") for n in range(old)]
    came = [entry(f"new{n}", hours=hours) for n in range(new)]
    stored = [one.title for one in came[:titles]]
    return news(FEED, came + kept, *map(known, kept), titles=stored)


@pytest.mark.parametrize(
    ("hours", "new", "old", "titles", "expected"),
    [
        (5.0, 9, 1, 0, True),
        (5.0, 8, 2, 0, False),
        (5.0, 9, 0, 0, False),
        (0.1, 10, 0, 0, False),
        (1.05, 24, 1, 0, False),
        (1.05, 24, 1, 12, True),
        (None, 10, 0, 5, True),
        (None, 10, 0, 4, False),
    ],
)
def test_redesign(
    hours: float | None,
    new: int,
    old: int,
    titles: int,
    expected: bool,  # noqa: FBT001
) -> None:
    """Over 80 % of ten or more new, an hour older than the poll or half their titles known."""
    got = redesign(hours, new, old, titles)
    assert expected == got.rebaselined
    assert all(fresh.entry.baseline == expected for fresh in got.fresh)


def test_lost_feed_that_returns_is_no_redesign() -> None:
    """After a week away everything is new, and later than the last good poll: it rings."""
    away = replace(FEED, last_good_at=NOW - timedelta(days=7))
    entries = [entry(f"n{n}", hours=n + 1.0) for n in range(20)]
    got = news(away, entries)
    assert (False, 20) == (got.rebaselined, sum(fresh.reads for fresh in got.fresh))


def test_twin_is_of_title_and_page() -> None:
    """Spaces and tracking parameters make no other text."""
    first = twin("A  title", "https://x.example/1?utm_source=a")
    assert first == twin("A title ", "https://x.example/1")
    assert first != twin("A title", None)
    assert first != twin("Another title", "https://x.example/1")
