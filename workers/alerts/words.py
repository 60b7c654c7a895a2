"""An alert in words, for people: safe to show on a terminal and to put into a header."""

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo
from urllib.parse import quote

from workers.alerts.kinds import EVENTS
from workers.model.alert import Alert, Content, Summary
from workers.model.article import PublishedFrom, Verdict
from workers.model.message import OperatorEvent, SummaryFacts

__all__ = [
    "clean",
    "concerned",
    "evidence",
    "gathered",
    "headline",
    "lateness",
    "moment",
    "safe_line",
    "safe_link",
    "shorten",
    "title_of_list",
    "topic_names",
    "when",
    "where",
    "who",
]

MOST_HEADLINE = 200
MOST_NAMES = 5
HOUR_S = 3600
DAY_S = 24 * HOUR_S

# What is only a mark to a machine: C0 and C1 controls; soft hyphen; directional marks, embeddings,
# overrides and isolates; invisible operators; interlinear and language tags; lone surrogates. The
# joiners U+200C and U+200D stay, for Persian, the Indic scripts and emoji are spelled with them.
_JUNK = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]+"
)
_SPACE = re.compile(r"\s+")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PAGES: dict[Verdict, str] = {
    "article": "",
    "unreadable": "",
    "doubtful": "It is not certain that the page is an article.",
    "not_article": "The page looks like a list, a product or a front page, not like an article.",
    "thin": "The page shows little text: it was searched together with the feed's own.",
}
"""What an alert says of the page that it rests on, by its verdict."""
_FEEDS: dict[Verdict, str] = {
    "article": "Rests on the feed's own text, which says more than the page.",
    "unreadable": "Rests on the feed's own text: the page was not read.",
    "doubtful": "Rests on the feed's own text, which says more than the page.",
    "not_article": "Rests on the feed's own text: the page looks like no article.",
    "thin": "Rests on the feed's own text: the page shows little or none of it.",
}
"""What an alert says that rests on what a feed said."""
_ZONES = {
    "title": "in the title",
    "body": "in the text",
    "caption": "in a caption",
    "related": "among related links",
    "boilerplate": "in the page's boilerplate",
}


def clean(text: str) -> str:
    """Return ``text`` without controls, direction tricks and zero-width junk, lines joined.

    White space at either end stays, as one space: pieces of a sentence can be cleaned alone.
    """
    return _SPACE.sub(" ", _JUNK.sub("", text))


def safe_line(text: str) -> str:
    """Return ``text`` as one line that moves no cursor, turns no direction and ends no header."""
    return clean(text).strip()


def shorten(text: str, most: int) -> str:
    """Return ``text`` cut to at most ``most`` characters, the last one saying so."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def safe_link(url: str | None) -> str | None:
    """Return an http(s) address in ASCII without anything to misread, None for any other."""
    if url is None or not url.lower().startswith(("http://", "https://")):
        return None
    return quote(url.strip(), safe="!#$%&'()*+,-./:;=?@[]_~", errors="replace")


def headline(content: Content) -> str:
    """Return in one line what is told.

    Of an alert the article's title, else its address, else words that say so.
    """
    match content:
        case OperatorEvent():
            said = f"{EVENTS[content.kind].title}: {safe_line(content.subject)}"
        case Summary():
            said = title_of_list(content.facts)
        case _:
            return _title(content)
    return shorten(said, MOST_HEADLINE)


def concerned(event: OperatorEvent) -> str:
    """Return which topics an event may keep from ringing, "" for none."""
    names = _some(event.topics)
    return f"May keep from ringing: {names}" if names else ""


def title_of_list(facts: SummaryFacts) -> str:
    """Return in a line what a list of alerts is."""
    topic = safe_line(facts.topic)
    if facts.muted is None:
        return f"{facts.count} more on {topic}"
    if not facts.count:
        return f"{topic} was muted: nothing matched"
    hits = "1 hit was" if facts.count == 1 else f"{facts.count} hits were"
    return f"{topic} was muted: {hits} not rung"


def gathered(summary: Summary, zone: tzinfo | None) -> str:
    """Return in a line what a summary's alerts have in common."""
    facts = summary.facts
    sources = _some(facts.sources) or ("an unknown source" if facts.count else "")
    if (mute := facts.muted) is not None:
        span = f"Muted from {moment(mute.since, zone)} to {moment(mute.until, zone)}"
        why = shorten(safe_line(mute.because), MOST_HEADLINE)
        source = f"from {sources}" if sources else ""
        return "; ".join(filter(None, (f"{span}, {why}" if why else span, source)))
    span = f"{moment(facts.first, zone)} to {moment(facts.last, zone)}"
    return f"Beyond the burst that is sent at once, {span}, from {sources}"


def _title(alert: Alert) -> str:
    said = safe_line(alert.article.title) or safe_link(alert.article.url) or "(no title)"
    return shorten(said, MOST_HEADLINE)


def topic_names(alert: Alert) -> str:
    """Return the names of the topics that rang, in one line."""
    return _some(topic.name for topic in alert.topics)


def who(alert: Alert) -> str:
    """Return who published it: the feeds that listed it, and the author."""
    feeds = _some(entry.feed for entry in alert.entries) or "an unknown source"
    author = shorten(safe_line(alert.article.author or ""), 100)
    return f"{feeds}, by {author}" if author else feeds


def _some(names: Iterable[str]) -> str:
    """Return the first few different names, and how many more there are."""
    lines = (safe_line(name) for name in names)
    known = [shorten(line, 80) for line in dict.fromkeys(lines) if line]
    more = len(known) - MOST_NAMES
    return ", ".join(known[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def where(zone: str) -> str:
    """Return in words which part of the article a hit stands in."""
    return _ZONES.get(zone, f"in {safe_line(zone)}")


def evidence(alert: Alert) -> str:
    """Return what the alert rests on, where that is less than the page of an article; else ""."""
    verdict = alert.article.verdict or "unreadable"
    told = (_PAGES if alert.evidence == "page" else _FEEDS)[verdict]
    return " ".join(filter(None, (told, _doubt(alert))))


def _doubt(alert: Alert) -> str:
    """Return which topics rest on paragraphs that may not be the article's own; else ""."""
    names = [topic.name for topic in alert.topics if topic.doubted]
    if not names:
        return ""
    said = "stands only in paragraphs that the page's own copy of its text does not have"
    who = "What was found" if len(names) == len(alert.topics) else f"What {_some(names)} found"
    return f"{who} {said}: they may not belong to the article."


def when(alert: Alert, zone: tzinfo | None) -> str:
    """Return when the article was published, in the time of ``zone`` (None: the machine's own).

    A guessed time says that it is one, a time taken from the address is a day, and an unknown one
    is told by when the article was first seen.
    """
    article = alert.article
    if article.published is None:
        seen = min((entry.seen for entry in alert.entries), default=alert.at)
        return f"at an unknown time (seen {moment(seen, zone)})"
    return _published(article.published, article.published_from, zone)


def _published(at: datetime, source: PublishedFrom | None, zone: tzinfo | None) -> str:
    if source == "url":
        return f"{_day(at)} (a day, read from the address)"
    if source == "guessed":
        return f"about {moment(at, zone)} (guessed)"
    return moment(at, zone)


def moment(at: datetime, zone: tzinfo | None) -> str:
    """Return a moment as people write it: ``23 Nov 2026, 03:08 CET``."""
    try:
        local = at.astimezone(zone)
    except (OverflowError, ValueError):  # at either end of what a calendar can hold
        local = at
    return f"{_day(local)}, {local:%H:%M} {local.tzname()}"


def _day(at: datetime) -> str:
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def lateness(late_s: float) -> str:
    """Return how a message older than an hour begins (``3 h late: ``), "" for a fresh one."""
    if late_s < HOUR_S:
        return ""
    days, rest = divmod(int(late_s), DAY_S)
    hours = rest // HOUR_S
    parts = [f"{days} d"] if days else []
    parts += [f"{hours} h"] if hours else []
    return f"{' '.join(parts)} late: "
