"""What a publisher says about how often to look, in HTTP headers and in the document."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from workers.feeds.dates import parse_date
from workers.feeds.weblinks import web_links
from workers.model.feed import FeedHints

__all__ = ["http_hints", "kept_hints", "merge_hints", "period_s"]

LONGEST_S = 30 * 86400.0
"""A longer word than a month is a mistake, or a cache's way to say "for ever"."""

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?([0-9]{1,100})(?![0-9])", re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|[\s,])(?:no-cache|no-store|must-understand)\b", re.IGNORECASE)
_TELLING = ("cache-control", "expires", "link")
_FRESHNESS = frozenset({"cache-control", "expires"})
_NOTHING = FeedHints()
_PERIODS = {
    "hourly": 3600.0,
    "daily": 86400.0,
    "weekly": 7 * 86400.0,
    "monthly": 30 * 86400.0,
    "yearly": 365 * 86400.0,
}


def http_hints(headers: Mapping[str, str], now: datetime, base: str | None = None) -> FeedHints:
    """Return what the headers (names in lower case) of an answer from ``base`` say.

    Expires is read against the server's own Date, so that its clock may be wrong.
    """
    if not any(name in headers for name in _TELLING):
        return _NOTHING
    control = headers.get("cache-control", "")[:1000]
    found = None if _NOT_KEPT.search(control) else _MAX_AGE.search(control)
    links = web_links(headers.get("link", ""), base)
    return FeedHints(
        max_age_s=min(float(found[1]), LONGEST_S) if found else None,
        age_s=_age(headers) if found else None,
        expires=None if found or _NOT_KEPT.search(control) else _expires(headers, now),
        hub=links.get("hub"),
        self=links.get("self"),
    )


def _age(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds a cache had the answer: it is good for so much less."""
    written = headers.get("age", "").strip()
    known = written.isascii() and written.isdecimal() and len(written) <= 10  # noqa: PLR2004
    return float(written) if known and int(written) > 0 else None


def kept_hints(kept: FeedHints, headers: Mapping[str, str], *, same_answer: bool) -> FeedHints:
    """Return what stands of earlier hints beside a new answer without a document.

    A 304 (``same_answer``) that says nothing of freshness lets stand what was said; one that does,
    even that nothing is to be kept, replaces it, as a new 200 does in any case.
    """
    if same_answer and _FRESHNESS.isdisjoint(headers):
        return kept
    return replace(kept, max_age_s=None, expires=None, age_s=None)


def _expires(headers: Mapping[str, str], now: datetime) -> datetime | None:
    written = headers.get("expires", "")[:100]
    expires = parse_date(written) if written else None
    if expires is None:
        return None
    sent = parse_date(headers.get("date", "")[:100]) or now
    ahead = min((expires - sent).total_seconds(), LONGEST_S)
    return now + timedelta(seconds=ahead) if ahead > 0 else None


def merge_hints(http: FeedHints, document: FeedHints) -> FeedHints:
    """Return both, what HTTP says first: it is the newer word where both are kept over a 304."""
    if http is _NOTHING:
        return document
    told = http.max_age_s is not None or http.expires is not None
    return FeedHints(
        ttl=document.ttl if http.ttl is None else http.ttl,
        update_period_s=(
            document.update_period_s if http.update_period_s is None else http.update_period_s
        ),
        max_age_s=http.max_age_s if told else document.max_age_s,
        age_s=http.age_s if told else document.age_s,
        expires=http.expires if told else document.expires,
        hub=http.hub or document.hub,
        self=http.self or document.self,
        skip_hours=http.skip_hours or document.skip_hours,
        skip_days=http.skip_days or document.skip_days,
    )


def period_s(period: str | None, frequency: str | None) -> float | None:
    """Return the seconds between updates of the RSS syndication module, None if it says none.

    Period is hourly to yearly, frequency how often in one; one of the two alone means daily, or
    once.
    """
    if period is None and frequency is None:
        return None
    length = _PERIODS.get((period or "daily").strip().lower())
    times = (frequency or "1").strip()
    if length is None or not times.isdecimal() or not 1 <= len(times) <= 6:  # noqa: PLR2004
        return None
    return length / max(1, int(times))
