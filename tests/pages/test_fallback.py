"""What is finally searched of an article."""

from datetime import UTC, datetime
from typing import Any

import pytest

from workers.model.article import Cues, Extracted, ZoneLine
from workers.model.feed import EntryRow
from workers.pages import settle

SEEN = datetime(2026, 11, 23, 12, tzinfo=UTC)
LONG = "The boat will not return before the spring, the harbour office said on Monday. " * 5


def entry(**changes: Any) -> EntryRow:
    """Return an entry of a feed."""
    values: dict[str, Any] = {
        "id": "ent_1", "feed_id": "fee_1", "feed": "Wire", "feed_url": "https://a.example/rss",
        "identity": "1", "url": "https://a.example/x", "title": "Ferry to close",
        "summary": "In short.", "content": "", "published": None, "updated": None, "seen": SEEN,
    }  # fmt: skip
    return EntryRow(**(values | changes))


def page(**changes: Any) -> Extracted:
    """Return a page as read."""
    values: dict[str, Any] = {
        "url": "https://a.example/x", "verdict": "article", "reasons": ("r",), "title": "Ferry",
        "text": LONG, "text_from": "page",
    }  # fmt: skip
    return Extracted(**(values | changes))


def test_no_page() -> None:
    """Without a page the feed's title and text are searched, and the reason is told."""
    got = settle(None, [entry()], "timeout: over 10 s")
    assert ("unreadable", "Ferry to close", "In short.", "feed") == (
        got.verdict,
        got.title,
        got.text,
        got.text_from,
    )
    assert ("timeout: over 10 s", "searched in the feed's title and text") == got.reasons
    assert "https://a.example/x" == got.url


def test_neither_page_nor_feed_text() -> None:
    """With nothing to search, the text is from nowhere."""
    got = settle(None, [entry(title="", summary="")], "gone: HTTP 410")
    assert ("", "", "none") == (got.title, got.text, got.text_from)
    assert "none" == settle(None, []).text_from


@pytest.mark.parametrize(
    "changes", [{"standin": True, "verdict": "thin"}, {"verdict": "unreadable"}]
)
def test_stand_in_is_not_searched(changes: dict[str, Any]) -> None:
    """A consent page is searched in the feed's words alone."""
    got = settle(page(title="Before you continue", **changes), [entry(content="All of it.")])
    assert ("Ferry to close", "In short.\nAll of it.", "feed") == (
        got.title,
        got.text,
        got.text_from,
    )


def test_whole_article() -> None:
    """A page with its article is searched as it is, if the feed says nothing else."""
    got = settle(page(), [entry(title="Ferry", summary="")])
    assert (LONG.strip(), page().zones, "page") == (got.text.strip(), got.zones, got.text_from)


def test_rewritten_headline() -> None:
    """What the feed says in other words than the page is searched after it."""
    got = settle(page(), [entry()])
    assert ("Ferry", "page") == (got.title, got.text_from)
    assert ["Ferry to close", "In short."] == got.text.splitlines()[-2:]


def test_long_summaries_are_not_headlines() -> None:
    """A feed that puts its whole text into the summary adds nothing to a page that has its own."""
    got = settle(page(text=LONG * 9), [entry(title="Ferry", summary="Other words. " * 90)])
    assert "Other words" not in got.text


CUES = (Cues(language="en", strong=("read more",), weak=(), ads=(), service=("leave a comment",)),)
FULL = (
    "First line.\nRead More: Steel works shut\nLast line. Read More: Murder trial\nLeave a comment"
)


@pytest.mark.parametrize("read", [None, page(verdict="thin", text="Own line.")])
def test_cue_lines_of_a_feed(read: Extracted | None) -> None:
    """Lines of a feed's text that lead elsewhere are kept aside, as those of a page are."""
    got = settle(read, [entry(content=FULL, language="en")], "", CUES)
    assert ["First line.", "Last line."] == got.text.splitlines()[-2:]
    assert [("related", "R6"), ("related", "R6"), ("boilerplate", "B2")] == [
        (line.zone, line.rule) for line in got.zones
    ]


def test_feeds_do_not_bring_lines_back() -> None:
    """A line that the page keeps aside is not searched because a feed repeats it."""
    aside = ZoneLine(zone="related", text="Steel works shut their gates", rule="R1")
    entries = [entry(content=f"{LONG}\n{aside.text}\nAnother line.")]
    got = settle(page(zones=(aside,)), entries)
    assert aside.text not in got.text
    assert got.text.endswith("Another line.")


def test_thin_page() -> None:
    """A thin page is searched in its own lines and in the feed's title and text."""
    got = settle(page(verdict="thin", text="Own line."), [entry()])
    assert ("Ferry", "Own line.\nFerry to close\nIn short.") == (got.title, got.text)
    assert "page" == settle(page(verdict="thin", text="Own line, long."), [entry()]).text_from
    assert "feed" == settle(page(verdict="thin", text="Own."), [entry()]).text_from


def test_page_shorter_than_the_feed() -> None:
    """Where the feed has more text than the page, both are searched."""
    got = settle(page(text="Own line."), [entry(content=LONG), entry(content="Less.")])
    assert "feed" == got.text_from
    assert got.text.startswith("Own line.\nFerry to close\nIn short.\nThe boat")


@pytest.mark.parametrize("verdict", ["doubtful", "not_article"])
def test_doubtful_pages_are_searched(verdict: str) -> None:
    """A verdict marks, it does not hide."""
    assert settle(page(verdict=verdict), [entry()]).text.startswith(LONG)


@pytest.mark.parametrize(
    ("read", "own", "fed", "source"),
    [
        (page(), True, True, "page"),
        (page(verdict="doubtful"), True, True, "page"),
        (page(verdict="not_article"), True, True, "page"),
        (page(verdict="thin", text="The boat will not return. Own line."), True, True, "page"),
        (page(verdict="thin", text="The boat."), True, True, "feed"),
        (page(verdict="thin", standin=True), False, True, "feed"),
        (page(verdict="unreadable", text=""), False, True, "feed"),
        (None, False, True, "feed"),
    ],
)
def test_what_is_searched(read: Extracted | None, own: bool, fed: bool, source: str) -> None:  # noqa: FBT001
    """Of every verdict something is searched: the page, the feed's words, or both."""
    got = settle(read, [entry(title="Ferry to close at Tolva", summary="Not before Easter.")])
    whole = f"{got.title}\n{got.text}"
    assert (own, fed) == ("The boat" in whole, "Ferry to close at Tolva" in whole)
    assert source == got.text_from


def test_date_of_a_feed_that_is_ahead() -> None:
    """A feed's date from the future gives way to the page's own."""
    ahead = datetime(2027, 5, 1, tzinfo=UTC)
    got = settle(page(published=SEEN, published_from="jsonld"), [entry(published=ahead)])
    assert (SEEN, "jsonld") == (got.published, got.published_from)
    assert None is settle(page(), [entry(published=ahead)]).published


@pytest.mark.parametrize("verdict", ["article", "thin", "unreadable"])
def test_settling_twice_changes_nothing(verdict: str) -> None:
    """What was settled and stored may be settled again."""
    entries = [entry(content="Other text. " * 9, published=SEEN)]
    once = settle(page(verdict=verdict, text="Own line."), entries, "why")
    assert once == settle(once, entries, "why")


def test_facts_of_the_feed() -> None:
    """The feed's date wins; its author, language and title fill what the page does not say."""
    early = datetime(2026, 11, 22, tzinfo=UTC)
    entries = [
        entry(published=SEEN, authors=("Ines", "Ole"), language="en"),
        entry(published=early),
    ]
    got = settle(page(published=SEEN, published_from="jsonld", title=""), entries)
    assert (early, "feed", "Ines, Ole", "en", "Ferry to close") == (
        got.published,
        got.published_from,
        got.author,
        got.language,
        got.title,
    )
    kept = settle(page(published=SEEN, published_from="jsonld", author="A"), [entry()])
    assert (SEEN, "jsonld", "A") == (kept.published, kept.published_from, kept.author)
