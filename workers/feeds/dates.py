"""Dates as feeds write them: RFC 822, ISO 8601, and what people make of the two.

Nothing here guesses: what is not understood is None, and what cannot be is None too.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from workers.feeds.months import MONTHS, ZONES

__all__ = ["known_date", "parse_date", "to_second"]

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""Older than the web's news: a machine's default, not a date."""
AHEAD = timedelta(hours=24)
"""A time zone mistaken is at most 14 hours; further ahead is an event's date or an error."""
LONGEST = 120

_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[Tt ]\s*(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?", re.ASCII)
_WEEK = re.compile(r"(\d{4})-?W(\d\d)(?:-?([1-7]))?", re.ASCII)
_ORDINAL = re.compile(r"(\d{4})-?(\d{3})", re.ASCII)
_SHORT_YEAR = re.compile(r"(?:-(\d\d)-?(\d\d)|(\d\d)-(\d\d)-(\d\d)|(\d\d)(\d\d)(\d\d))", re.ASCII)
_KOREAN = re.compile("[오전년월일]")
_UNIX = re.compile(r"(\d{9,10}|\d{13})(?:\.\d+)?", re.ASCII)
_RFC = re.compile(
    r"(?:[A-Za-z]{3}, )?(\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)"
    r" ([A-Z]{1,4}|[+-]\d{4})",
    re.ASCII,
)
_CLOCK = re.compile(
    r"(오전|오후|上午|下午|午前|午後)?\s*(?<![\d:])(\d{1,2})(?::|h|\.(?=\d\d\.\d\d\b))(\d{1,2})(?:[:.](\d{1,2})(?:[.,:]\d+)?)?"
    r"\s*([AaPp]\.?[Mm]\b\.?)?"
)
_OFFSET = re.compile(r"(?:GMT|UTC)?\s*([+-])(\d{1,2}):?(\d{2})?(?!\d)", re.IGNORECASE)
_ZONE = re.compile(r"\b([A-Za-z]{1,5})\b")
_YMD = re.compile(r"(?<!\d)(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})(?!\d)")
_DMY = re.compile(r"(?<!\d)(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_WORD = re.compile(r"(?:[^\W\d_]|[\u064b-\u0652\u0900-\u09ff\u0e00-\u0e7f'\u2019])+")
_NUMBER = re.compile(r"(?<![\d:+])\d{1,4}(?![\d:])")
_SEOUL = timezone(timedelta(hours=9))
_PM = ("p", "오후", "下午", "午後")
_AM = ("a", "오전", "上午", "午前")


def known_date(text: str | None, now: datetime) -> datetime | None:
    """Return the date that ``text`` tells, None if there is none or it cannot be.

    A date before 1995 or more than a day ahead of ``now`` is none.
    """
    if not text:
        return None
    found = parse_date(text[: 4 * LONGEST].strip()[:LONGEST])
    return found if found is not None and EARLIEST <= found <= now + AHEAD else None


def to_second(moment: datetime | None) -> datetime | None:
    """Return a date by which entries are told apart.

    Fractions of a second are no part of it: feeds, and the readers of earlier versions, add them
    and leave them out.
    """
    return moment.replace(microsecond=0) if moment is not None and moment.microsecond else moment


@lru_cache(maxsize=1024)
def parse_date(text: str) -> datetime | None:
    """Return the moment that ``text`` names, in UTC; without a zone it is taken as UTC."""
    try:
        return (
            _rfc(text)
            or _iso(text)
            or _unix(text)
            or _week(text)
            or _short_year(text)
            or (_loose(text) if len(text) <= LONGEST else None)
        )
    except (ValueError, OverflowError):
        return None


def _moment(day: datetime, clock: tuple[int, int, int], zone: timezone) -> datetime:
    """Join day and time of day; ``24:00:00`` is the next midnight, second 60 is second 59."""
    hours, minutes, seconds = clock
    if hours < 24 and minutes < 60 and seconds < 60:  # noqa: PLR2004
        found = day.replace(hour=hours, minute=minutes, second=seconds, tzinfo=zone)
        return found if zone is UTC else found.astimezone(UTC)
    if hours > 24 or minutes > 59 or seconds > 60 or (hours == 24 and minutes + seconds):  # noqa: PLR2004
        raise ValueError("no time of day")
    moved = timedelta(hours=hours, minutes=minutes, seconds=min(seconds, 59))
    return (day.replace(tzinfo=zone) + moved).astimezone(UTC)


def _rfc(text: str) -> datetime | None:
    """Read RFC 822 as most feeds write it."""
    found = _RFC.fullmatch(text)
    if not found:
        return None
    day, word, year, hour, minute, second, name = found.groups()
    month, zone = MONTHS.get(word.lower()), _zone_named(name)
    if not month or zone is None:
        return None
    midnight = datetime(int(year), month, int(day), tzinfo=UTC)
    return _moment(midnight, (int(hour), int(minute), int(second)), zone)


def _iso(text: str) -> datetime | None:
    """Read ISO 8601 calendar dates (W3CDTF and the compact form), years and months alone."""
    found = _ISO.fullmatch(text)
    if found:
        year, month, day, hour, minute, second = (int(found[i] or 0) for i in range(1, 7))
        zone = _zone_named((found[8] or "Z").upper()) or UTC
        midnight = datetime(year, month, day, tzinfo=UTC)
        moment = _moment(midnight, (hour, minute, second), zone)
        fraction = found[7]
        return moment.replace(microsecond=int(fraction[:6].ljust(6, "0"))) if fraction else moment
    found = _MONTH.fullmatch(text)
    if found:
        return datetime(int(found[1]), int(found[2] or 1), 1, tzinfo=UTC)
    return None


def _week(text: str) -> datetime | None:
    """Read ISO 8601 week and ordinal dates."""
    found = _WEEK.fullmatch(text)
    if found:
        return datetime.fromisocalendar(int(found[1]), int(found[2]), int(found[3] or 1)).replace(
            tzinfo=UTC
        )
    found = _ORDINAL.fullmatch(text)
    if found:
        start = datetime(int(found[1]), 1, 1, tzinfo=UTC)
        return start + timedelta(days=int(found[2]) - 1)
    return None


def _short_year(text: str) -> datetime | None:
    """Read the truncated dates of ISO 8601 as it was until 2004: ``-0312``, ``03-12-31``."""
    found = _SHORT_YEAR.fullmatch(text)
    if not found:
        return None
    year, month, day = (*(part for part in found.groups() if part), "1")[:3]
    return datetime(_year(year), int(month), int(day), tzinfo=UTC)


def _unix(text: str) -> datetime | None:
    """Read seconds (or milliseconds) since 1970."""
    found = _UNIX.fullmatch(text)
    if not found:
        return None
    digits = found[1]
    return datetime.fromtimestamp(int(digits) / (1000 if len(digits) > 10 else 1), UTC)  # noqa: PLR2004


def _loose(text: str) -> datetime | None:
    """Read what has a recognisable day, with or without time and zone, in any order."""
    clock, rest = _clock(text)
    zone, rest = _zone(rest, timed=clock is not None)
    if zone is None:
        zone = _SEOUL if clock and _KOREAN.search(text) else UTC
    day = _numeric_day(rest) or _worded_day(rest)
    return _moment(day, clock or (0, 0, 0), zone) if day else None


def _clock(text: str) -> tuple[tuple[int, int, int] | None, str]:
    """Return the time of day, and the text without it."""
    found = _CLOCK.search(text)
    if not found:
        return None, text
    hour, half = int(found[2]), (found[1] or found[5] or "").lower()
    if half.startswith(_PM) and hour < 12:  # noqa: PLR2004
        hour += 12
    elif half.startswith(_AM) and hour == 12:  # noqa: PLR2004
        hour = 0
    rest = f"{text[: found.start()]} \x00{text[found.end() :]}"
    return (hour, int(found[3]), int(found[4] or 0)), rest


def _zone(text: str, *, timed: bool) -> tuple[timezone | None, str]:
    """Return the time zone, None if none is named, and the text without it.

    Where there is a time of day (its place is marked), only what follows it can be a zone.
    """
    before, mark, after = text.rpartition("\x00")
    if not timed or not mark:
        return None, text
    offset = _OFFSET.search(after)
    if offset:
        zone = _offset(offset[1], int(offset[2]), int(offset[3] or 0))
        return zone, before + after[: offset.start()] + after[offset.end() :]
    for found in _ZONE.finditer(after):
        named = _zone_named(found[1].upper())
        if named is not None and found[1].lower() not in MONTHS:
            return named, before + after[: found.start()] + after[found.end() :]
    return None, before + after


@lru_cache(maxsize=256)
def _zone_named(name: str) -> timezone | None:
    """Return the zone of ``+0200``, ``-05``, ``GMT`` or a known abbreviation."""
    if name[0] in "+-":
        digits = name[1:].replace(":", "")
        return _offset(name[0], int(digits[:2]), int(digits[2:] or 0))
    minutes = ZONES.get(name)
    return None if minutes is None else timezone(timedelta(minutes=minutes))


def _offset(sign: str, hours: int, minutes: int) -> timezone:
    """Return a fixed zone; what no place on earth has is an error."""
    if hours > 14 or minutes > 59:  # noqa: PLR2004
        raise ValueError("no time zone")
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if sign == "-" else ahead)


def _numeric_day(text: str) -> datetime | None:
    """Read ``2026/1/31``, ``31.1.2026`` and, with slashes, ``1/31/2026`` where that can be."""
    found = _YMD.search(text)
    if found:
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
    found = _DMY.search(text)
    if not found:
        return None
    first, second, year = int(found[1]), int(found[3]), _year(found[4])
    month_first = found[2] == "/" and first <= 12  # noqa: PLR2004
    if second > 12:  # noqa: PLR2004
        month_first = True
    month, day = (first, second) if month_first else (second, first)
    return datetime(year, month, day, tzinfo=UTC)


def _worded_day(text: str) -> datetime | None:
    """Read a day whose month is a word of any language known."""
    words = [(found, found.group().lower().rstrip(".")) for found in _WORD.finditer(text)]
    # The last one, because a weekday may read like a month before it: "mar., 24 nov. 2026".
    found = [(at, MONTHS[word]) for at, word in words if word in MONTHS]
    if not found:
        return None
    at, month = found[-1]
    numbers = [(item.start(), item.group()) for item in _NUMBER.finditer(text)]
    years = [item for item in numbers if len(item[1]) == 4]  # noqa: PLR2004
    days = [item for item in numbers if len(item[1]) <= 2]  # noqa: PLR2004
    before = [item for item in days if item[0] < at.start()]
    day = before[-1] if before else next(iter(days), None)
    year = years[0] if years else next((item for item in days if item != day), None)
    if day is None or year is None:
        return None
    return datetime(_year(year[1]), month, int(day[1]), tzinfo=UTC)


def _year(digits: str) -> int:
    """Return a year written with four digits or two (RFC 2822, 4.3)."""
    year = int(digits)
    if len(digits) > 2:  # noqa: PLR2004
        return year
    return year + (2000 if year < 50 else 1900)  # noqa: PLR2004
