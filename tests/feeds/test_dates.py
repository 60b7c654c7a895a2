"""Dates as feeds write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.feeds.dates import known_date, parse_date

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
DATES = {
    "-2601": "2026-01-01T00:00:00",
    "-26-01": "2026-01-01T00:00:00",
    "26-01-05": "2026-01-05T00:00:00",
    "260105": "2026-01-05T00:00:00",
    "2026-01-05 오후 11:23:17": "2026-01-05T14:23:17",
    "2026년 01월 05일  01:31:15": "2026-01-04T16:31:15",
    "2026년 01월 05일 01:31:15 GMT": "2026-01-05T01:31:15",
    "Mon, 5 January 2026 16:31:00 AT": "2026-01-05T20:31:00",
    "Mon, 05 Jan 2026 03:04:05 GMT": "2026-01-05T03:04:05",
    "Mon, 5 Jan 2026 03:04:05 +0200": "2026-01-05T01:04:05",
    "mar., 25 nov. 2025 10:00": "2025-11-25T10:00:00",
    "Mar, 11 noiembrie 2025": "2025-11-11T00:00:00",
    "martedì 25 novembre 2025": "2025-11-25T00:00:00",
    "05 Jan 2026 03:04:05 EST": "2026-01-05T08:04:05",
    "Mon, 05 Jan 2026 03:04 PDT": "2026-01-05T10:04:00",
    "Mon, 05 Jan 26 03:04:05 Z": "2026-01-05T03:04:05",
    "Mon, 05 January 2026 03:04:05": "2026-01-05T03:04:05",
    "Monday, January 5, 2026 at 3:04 pm PST": "2026-01-05T23:04:00",
    "Mon Jan  5 10:00:00 2026": "2026-01-05T10:00:00",
    "Mon Jan  5 10:00:00 CET 2026": "2026-01-05T09:00:00",
    "Mon, 05 Jan 2026 3:4:5 GMT": "2026-01-05T03:04:05",
    "Mon, 05 Jan 2026 12:00:00 GMT+9": "2026-01-05T03:00:00",
    "Mon, 05 Jan 2026 12:00:00 GMT+0930": "2026-01-05T02:30:00",
    "Mon, 05 Jan 2026 12:00:00 UTC-5": "2026-01-05T17:00:00",
    "Mon, 05 Jan 2026 24:00:00 GMT": "2026-01-06T00:00:00",
    "Mon, 05 Jan 2026 23:59:60 GMT": "2026-01-05T23:59:59",
    "2026-01-05": "2026-01-05T00:00:00",
    "2026-01": "2026-01-01T00:00:00",
    "2026": "2026-01-01T00:00:00",
    "2026-01-05T03:04:05Z": "2026-01-05T03:04:05",
    "2026-01-05T03:04:05.678901234+05:30": "2026-01-04T21:34:05.678901",
    "2026-01-05T03:04Z": "2026-01-05T03:04:00",
    "2026-01-05T03:04:05,5": "2026-01-05T03:04:05.500000",
    "2026-01-05 03:04:05 -0300": "2026-01-05T06:04:05",
    "2026-01-05T24:00:00Z": "2026-01-06T00:00:00",
    "20260105T030405Z": "2026-01-05T03:04:05",
    "2026-W02-1": "2026-01-05T00:00:00",
    "2026-005": "2026-01-05T00:00:00",
    "2026/01/05 03:04": "2026-01-05T03:04:00",
    "1767582245": "2026-01-05T03:04:05",
    "1767582245000": "2026-01-05T03:04:05",
    "1/5/2026 3:04:05 PM": "2026-01-05T15:04:05",
    "5.1.2026, 15:04 Uhr": "2026-01-05T15:04:00",
    "31/12/2025": "2025-12-31T00:00:00",
    "5 janvier 2026 à 14h30": "2026-01-05T14:30:00",
    "lun., 5 de enero de 2026 10:00:00 +0100": "2026-01-05T09:00:00",
    "5. März 2025": "2025-03-05T00:00:00",
    "Пн, 05 января 2026 10:00:00 +0300": "2026-01-05T07:00:00",
    "5 stycznia 2026, 10:00": "2026-01-05T10:00:00",
    "2026年1月5日 10:00": "2026-01-05T10:00:00",
    "2026년 1월 5일 오후 3:04": "2026-01-05T06:04:00",
    "\u0665 يناير 2026": "2026-01-05T00:00:00",
    "5 जनवरी 2026": "2026-01-05T00:00:00",
    "05-Jan-2026 10:11:12": "2026-01-05T10:11:12",
}


@pytest.mark.parametrize("written", DATES)
def test_date_is_understood(written: str) -> None:
    """Each writing names its moment."""
    assert datetime.fromisoformat(DATES[written]).replace(tzinfo=UTC) == known_date(written, NOW)


@pytest.mark.parametrize(
    "written",
    ["", " ", "yesterday", "31 Feb 2025", "2025-13-01", "2025-01-32", "25:00:00 5 Jan 2026",
     "5 Jan", "0000-00-00", "-0001-11-30T00:00:00+00:00", "1970-01-01T00:00:00Z",
     "Thu, 01 Jan 1970 00:00:00 GMT", "1994-12-31", "2026-01-12", "2099-01-01T00:00:00Z",
     "9999-12-31T23:59:59-14:00", "0", "99999999999999999999", "2026-01-05T10:00:00+99:00",
     "Mon, 05 Jan 2026 10:00:00 GMT+99", "x" * 100_000, "1" * 100_000],
)  # fmt: skip
def test_date_is_unknown(written: str) -> None:
    """What is none, or cannot be, is unknown: it is never guessed."""
    assert None is known_date(written, NOW)


def test_a_day_ahead_is_believed() -> None:
    """A mistaken time zone is forgiven up to a day."""
    near = NOW + timedelta(hours=23)
    assert near == known_date(near.isoformat(), NOW)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789-:/.+ TZWGMTJanFebPM,年月日", max_size=60))
def test_any_text(written: str) -> None:
    """No text raises, and every date is aware."""
    found = parse_date(written)
    assert found is None or found.tzinfo is UTC
