# ruff: noqa: RUF001 - letters of other alphabets are meant
"""When a page was published: in the words of many languages, with its zone, and never later."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.pages.dates import read_date
from workers.pages.metadata import Metadata, read_metadata
from workers.pages.parse import parse

DAY = datetime(2026, 11, 23, tzinfo=UTC)
HEADLINE = "<h1>Ferry to close for the winter</h1>"


def metadata_of(
    body: str, head: str = "", lang: str = "en", fetched_at: datetime | None = None
) -> Metadata:
    """Return the metadata of a small page."""
    root, _ = parse(f'<html lang="{lang}"><head>{head}</head><body>{body}</body></html>')
    assert root is not None
    return read_metadata(root, "https://a.example/ferry", fetched_at)


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("Nov. 23, 2026, 5:00 p.m. ET", 22, 0),
        ("Published on 23rd of November 2026 at 09:30", 9, 30),
        ("23. November 2026, 10.30 Uhr", 10, 30),
        ("Le 23 novembre 2026 à 10h30", 10, 30),
        ("23 de noviembre de 2026", 0, 0),
        ("23 novembre 2026 alle 8:05", 8, 5),
        ("2026年11月23日 18時30分", 18, 30),
        ("2026년 11월 23일 오후 6:30", 18, 30),
        ("2026. november 23. 10:30", 10, 30),
        ("2026 m. lapkričio 23 d.", 0, 0),
        ("23 ноября 2026, 12:30 MSK", 9, 30),
        ("23 листопада 2026", 0, 0),
        ("23 listopada 2026", 0, 0),
        ("٢٣ نوفمبر ٢٠٢٦", 0, 0),
        ("23 تشرين الثاني 2026", 0, 0),
        ("23 בנובמבר 2026", 0, 0),
        ("23 พฤศจิกายน 2569", 0, 0),
        ("23 tháng 11, 2026", 0, 0),
        ("23 Kasım 2026 14:20", 14, 20),
        ("23 Νοεμβρίου 2026", 0, 0),
        ("23. marraskuuta 2026", 0, 0),
        ("Mon Nov 23 2026 10:30:00 GMT+0100 (CET)", 9, 30),
        ("Mon Nov 23 09:30:00 GMT 2026", 9, 30),
        ("2026-11-23T10:30:00.123+01:00[Europe/Berlin]", 9, 30),
    ],
)
def test_written_dates(text: str, hour: int, minute: int) -> None:
    """Dates are read as newspapers write them, with the time of day and its zone."""
    found = read_date(text)
    assert found is not None
    assert DAY + timedelta(hours=hour, minutes=minute) == found.replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    ["12 angry men 2026", "1-23-4567", "23 foo 2026", "45 November 2026", "call 0123 456789"],
)
def test_what_is_no_date(text: str) -> None:
    """Numbers and words that only look alike are no date."""
    assert None is read_date(text)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en-US", datetime(2026, 3, 4, tzinfo=UTC)), ("en-GB", datetime(2026, 4, 3, tzinfo=UTC))],
)
def test_american_dates(language: str, expected: datetime) -> None:
    """Which of two numbers is the month depends on where the page is from."""
    assert expected == read_date("3/4/2026", language)


def test_croatian_october() -> None:
    """Croats call October what Poles call November."""
    assert datetime(2026, 10, 23, tzinfo=UTC) == read_date("23. listopada 2026.", "hr")


def test_zone_decides_between_two_writings_of_one_day() -> None:
    """The surest place gives the day, and another one the time with its zone."""
    head = (
        '<script type="application/ld+json">{"@type": "Article", "datePublished": '
        '"2026-11-23T10:30:00"}</script>'
        '<meta property="article:published_time" content="2026-11-23T10:30:00+01:00">'
    )
    got = metadata_of(HEADLINE, head)
    assert (DAY.replace(hour=9, minute=30), "meta") == (got.published, got.published_from)


def test_future_dates_are_refused() -> None:
    """What says it was published after it was fetched is not believed."""
    head = '<meta name="date" content="2027-05-01"><meta name="timestamp" content="2026-11-22">'
    got = metadata_of(HEADLINE, head, fetched_at=DAY)
    assert datetime(2026, 11, 22, tzinfo=UTC) == got.published
    only = '<meta name="date" content="2027-05-01">'
    assert None is metadata_of(HEADLINE, only, fetched_at=DAY).published


def test_tomorrow_in_the_east() -> None:
    """A bare date may be that of a zone where the day has begun."""
    head = '<meta name="date" content="2026-11-23">'
    got = metadata_of(HEADLINE, head, fetched_at=DAY - timedelta(hours=9))
    assert DAY == got.published


@pytest.mark.parametrize(
    "body",
    [
        f"<p>{{}}</p>{HEADLINE}",
        f"{HEADLINE}<div><span>{{}}</span></div>",
        f"{HEADLINE}<p>By <a href=/x>Ines Aldana</a> | {{}}</p>",
        f"{HEADLINE}<div>Updated 25 November 2026</div><div>Published {{}}</div>",
    ],
)
def test_date_beside_the_headline(body: str) -> None:
    """A date that only readers see is found by the headline, and marked as guessed."""
    got = metadata_of(body.format("23 November 2026"))
    assert (DAY, "guessed") == (got.published, got.published_from)


def test_dates_of_something_else() -> None:
    """A date in the chrome of the page is not the article's."""
    assert None is metadata_of(f"{HEADLINE}<aside><p>23 November 2026</p></aside>").published


def test_date_in_the_address_before_a_time_that_may_be_anything() -> None:
    """A time element of another story does not beat the address."""
    root, _ = parse("<body><p><time datetime='2020-01-01T10:00Z'>x</time></p></body>")
    assert root is not None
    got = read_metadata(root, "https://a.example/2026/11/23/ferry")
    assert (DAY, "url") == (got.published, got.published_from)
