"""Dates as pages write them, into aware moments."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["date_in_url", "has_time", "read_date"]

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

_SHORT_ZONE = re.compile(r"(?<=\d)\s*(?:Z|UTC|GMT)\Z", re.IGNORECASE)
_SPACED_ZONE = re.compile(r"\s+([+-]\d{2}:?\d{2})\Z")
_LOOSE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(\d{1,2}:\d{2}(?::\d{2})?))?")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_NAMED = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y %I:%M %p",
          "%b %d, %Y %I:%M %p", "%d %B %Y %H:%M", "%d.%m.%Y", "%d.%m.%Y %H:%M")  # fmt: skip
_TIME = re.compile(r"\d{1,2}:\d{2}|T\d{4}|\A\d{10}(?:\d{3})?\Z")
_URL = re.compile(
    r"(?<!\d)(20\d{2}|199\d)[/_.-]?(?:(0[1-9]|1[0-2])[/_.-]?(0[1-9]|[12]\d|3[01])"
    r"|(?:/(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*/)(0?[1-9]|[12]\d|3[01]))(?!\d)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read_date(text: str) -> datetime | None:
    """Return the moment that ``text`` names, in UTC; None if it names none from 1990 to 2100.

    A time without zone is taken for UTC, a bare date for its midnight.
    """
    text = " ".join(text[:100].split())
    if not text:
        return None
    for reader in (_iso, _epoch, _mail, _loose, _named):
        try:
            found = reader(text)
            if found is None:
                continue
            moment = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        if EARLIEST <= moment < LATEST:
            return moment
    return None


def has_time(text: str) -> bool:
    """Say whether a date is written with a time of day."""
    return bool(_TIME.search(text[:100].strip()))


def date_in_url(url: str) -> datetime | None:
    """Return the date that an address holds: /2026/11/23/, /2026-11-23-, /2026/nov/23/."""
    found = _URL.search(url[:2048].partition("?")[0])
    if found is None:
        return None
    year, month, day, name, named_day = found.groups()
    number = _MONTHS.index(name.lower()) + 1 if name else int(month)
    try:
        return datetime(int(year), number, int(named_day or day), tzinfo=UTC)
    except ValueError:
        return None


def _iso(text: str) -> datetime | None:
    text = _SPACED_ZONE.sub(r"\1", _SHORT_ZONE.sub("+00:00", text))
    return datetime.fromisoformat(text) if text[:4].isdigit() and len(text) > 7 else None  # noqa: PLR2004


def _epoch(text: str) -> datetime | None:
    if not _EPOCH.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), UTC)  # noqa: PLR2004


def _mail(text: str) -> datetime | None:
    return parsedate_to_datetime(text) if text[:1].isalpha() else None


def _loose(text: str) -> datetime | None:
    found = _LOOSE.match(text)
    if found is None:
        return None
    year, month, day, time = found.groups()
    whole = f"{year}-{int(month):02}-{int(day):02}"
    return datetime.fromisoformat(f"{whole}T{time.zfill(5)}" if time else whole)


def _named(text: str) -> datetime | None:
    for form in _NAMED:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
