"""Dates as pages write them, for machines and for readers, into aware moments."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from workers.pages.months import MONTHS

__all__ = ["Moment", "date_in_url", "read_date", "read_moment"]

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LONGEST = 100
"""Characters of a text in which a date is looked for."""
BUDDHIST = 543
"""Years that Thai pages are ahead."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A date as it was written."""

    at: datetime
    """In UTC; a time without zone is taken for UTC, a bare date for its midnight."""
    exact: int
    """0 for a bare date, 1 for one with a time of day, 2 if its zone is known too."""


_SHORT_ZONE = re.compile(r"(?<=\d)\s*(?:Z|UTC|GMT)\Z", re.IGNORECASE)
_SPACED_ZONE = re.compile(r"\s+([+-]\d{2}:?\d{2})\Z")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?", re.ASCII)
_MONTH = r"(?P<month>[^\s\d,.:;()|/-]{2,20}\d{0,2}|[^\s\d,:;()|/-]\.[^\s\d,:;()|/-])\.?"
_YEAR = r"(?P<year>\d{4})(?!\d)"
_DAY = r"(?<!\d)(?P<day>\d{1,2})(?!\d)"
_ORDINAL = r"(?:st|nd|rd|th|er|º|ª|\.)?(?:\s+(?:de|of|del|di)|\s+d['’])?"  # noqa: RUF001
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\d.,])(?P<year>\d{{4}})\s?[-/.年년]\s?(?P<month>\d{{1,2}})\s?[-/.月월]\s?{_DAY}",
        rf"{_DAY}\s?(?P<mark>[./-])\s?(?P<month>\d{{1,2}})\s?(?P=mark)\s?{_YEAR}",
        rf"{_DAY}{_ORDINAL}[\s.-]*{_MONTH}(?:\s+(?:de|del|of))?[\s,-]+{_YEAR}",
        rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s?[,،]|\s+(?:de|del))?\s+{_YEAR}",
        rf"{_MONTH}\s+(?P<day>\d{{1,2}})\s+\d\d?:[\d:]{{2,5}}\s+(?:[A-Z]{{2,5}}\s+)?{_YEAR}",
        rf"(?<!\d)(?P<year>\d{{4}})\.?(?:\s+m\.)?\s+{_MONTH}\s+(?P<day>\d{{1,2}})(?!\d)",
    )
)
"""In the order of trust: the numbers of a date say more than its words."""
_TIME = re.compile(
    r"(?<![\d.:/+-])(?P<hour>\d{1,2})(?::|\s?[h時时点시]\s?|\.(?=\d\d\s?Uhr))(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2}))?(?:[.,]\d{1,9})?(?![\d:])"
    r"(?:\s?(?P<half>[ap])\.?\s?m\b\.?)?"
    r"(?:\s?\(?(?P<zone>Z\b|(?:GMT|UTC)?[+-]\d{2}:?\d{2}|[A-Z]{2,4}\b))?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{2}):?(\d{2})", re.IGNORECASE)
_HOURS = {
    "z": 0, "utc": 0, "gmt": 0, "bst": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "akst": -9, "akdt": -8, "hst": -10, "jst": 9, "kst": 9, "hkt": 8, "sgt": 8, "wib": 7,
    "wita": 8, "wit": 9, "aest": 10, "aedt": 11, "awst": 8, "nzst": 12, "nzdt": 13, "sast": 2,
    "wat": 1, "cat": 2, "eat": 3, "pkt": 5, "brt": -3, "art": -3, "mez": 1, "mesz": 2,
}  # fmt: skip
_PLACES = {
    "et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver",
    "pt": "America/Los_Angeles", "uk": "Europe/London",
}  # fmt: skip
"""Zones that are written alike in summer and winter."""
_SPOKEN = (
    ("كانون الثاني", "كانون2"),  # noqa: RUF001
    ("كانون الأول", "كانون1"),  # noqa: RUF001
    ("تشرين الأول", "تشرين1"),
    ("تشرين الثاني", "تشرين2"),
)
_VIETNAMESE = re.compile(r"th(?:áng|g)\s+(?=\d)", re.IGNORECASE)
_HALVES = {"오전": "am", "오후": "pm", "上午": "am", "下午": "pm", "午前": "am", "午後": "pm"}
_URL = re.compile(
    r"(?<!\d)(20\d{2}|199\d)[/_.-]?(?:(0[1-9]|1[0-2])[/_.-]?(0[1-9]|[12]\d|3[01])"
    r"|(?:/(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*/)(0?[1-9]|[12]\d|3[01]))(?!\d)",
    re.IGNORECASE,
)
_SHORT = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read_date(text: str, language: str | None = None) -> datetime | None:
    """Return the moment that ``text`` names, in UTC; None if it names none from 1990 to 2100."""
    found = read_moment(text, language)
    return found.at if found else None


def read_moment(text: str, language: str | None = None) -> Moment | None:
    """Return the date that ``text`` is or holds, and how exactly it was written.

    ``language`` decides what 3/4/2026 means (American English has the month first), and the few
    names of months that two languages give to different months.
    """
    text = " ".join(text[:LONGEST].split())
    if not any(map(str.isdigit, text)):
        return None
    for reader in (_iso, _epoch, _written):
        try:
            found = reader(text, language or "")
            if found is None:
                continue
            at, exact = found
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if EARLIEST <= at < LATEST:
            return Moment(at=at, exact=exact)
    return None


def date_in_url(url: str) -> datetime | None:
    """Return the date that an address holds: /2026/11/23/, /2026-11-23-, /2026/nov/23/."""
    found = _URL.search(url[:2048].partition("?")[0])
    if found is None:
        return None
    year, month, day, name, named_day = found.groups()
    number = _SHORT.index(name.lower()) + 1 if name else int(month)
    try:
        return datetime(int(year), number, int(named_day or day), tzinfo=UTC)
    except ValueError:
        return None


_Found = tuple[datetime, int]
"""A moment, aware if its zone is known, and how exact it is."""


def _iso(text: str, _: str) -> _Found | None:
    text = _SPACED_ZONE.sub(r"\1", _SHORT_ZONE.sub("+00:00", text))
    if not (text.isascii() and text[:4].isdigit() and len(text) >= len("20261123")):
        return None
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        return found, 2
    return found, 1 if len(text) > len("2026-11-23") else 0


def _epoch(text: str, _: str) -> _Found | None:
    if not _EPOCH.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC), 2


def _written(text: str, language: str) -> _Found | None:
    """Return the first date that is written out in a text, with its time of day if it has one."""
    for spoken, name in (*_SPOKEN, *_HALVES.items()):
        text = text.replace(spoken, name)
    text = _VIETNAMESE.sub("tháng", text)
    for pattern in _PATTERNS:
        for found in pattern.finditer(text):
            day = _day(found.groupdict(), language)
            if day is not None:
                rest = f"{text[: found.start()]} {text[found.end() :]}"
                return _timed(day, text if ":" in found[0] else rest)
    return None


def _day(parts: dict[str, str | None], language: str) -> datetime | None:
    """Return the day of a match, None if it is none."""
    year, day = int(parts["year"] or 0), int(parts["day"] or 0)
    named = (parts["month"] or "").casefold()
    month = int(named) if named.isdigit() else _number(named, language)
    if parts.get("mark") == "/" and language.lower() in {"en", "en-us"} and day <= 12:  # noqa: PLR2004
        day, month = month, day
    if parts.get("mark") and month > 12 >= day:  # noqa: PLR2004
        day, month = month, day
    if year > LATEST.year:
        year -= BUDDHIST
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _number(name: str, language: str) -> int:
    """Return the number of a month by its name, 0 if it is none."""
    if name == "listopada" and language[:2].lower() in {"hr", "bs", "sh"}:
        return 10
    return MONTHS.get(name.strip("."), 0)


def _timed(day: datetime, text: str) -> _Found:
    """Return a day with the time of day in ``text``, its own midnight if there is none."""
    found = _TIME.search(text)
    if found is None:
        return day.replace(tzinfo=None), 0
    hour = int(found["hour"])
    half = (found["half"] or ("p" if "pm" in text[: found.start()] else "")).lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        at = day.replace(hour=hour, minute=int(found["minute"]), second=int(found["second"] or 0))
    except ValueError:
        return day.replace(tzinfo=None), 0
    zone = _zone(found["zone"] or "")
    return at.replace(tzinfo=zone), 2 if zone else 1


def _zone(text: str) -> tzinfo | None:
    """Return the zone that an offset or an abbreviation names, None for none."""
    name = text.lower()
    offset = _OFFSET.fullmatch(text)
    if offset:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(span if offset[1] == "+" else -span) if span < timedelta(days=1) else None
    if name in _HOURS:
        return timezone(timedelta(hours=_HOURS[name]))
    try:
        return ZoneInfo(_PLACES[name]) if name in _PLACES else None
    except ZoneInfoNotFoundError:
        return None
