"""A notice as a few lines that are read at a glance."""

from collections.abc import Iterator
from datetime import tzinfo

from workers.alerts import severity_of, why_link
from workers.alerts.passage import marked
from workers.alerts.words import (
    concerned,
    evidence,
    gathered,
    headline,
    lateness,
    moment,
    safe_line,
    safe_link,
    shorten,
    when,
    who,
)
from workers.model.alert import Alert, Notice, NoticeType, RungTopic, Summary
from workers.model.base import Record
from workers.model.message import OperatorEvent
from workers.model.topic import Severity

__all__ = ["COLORED", "PLAIN", "Style", "render"]

MOST_TOPICS = 20
MOST_ITEMS = 20
"""Alerts of a summary that are printed."""
_KINDS: dict[NoticeType, str] = {
    "alert.created": "",
    "event.raised": "EVENT ",
    "summary.created": "SUMMARY ",
    "test": "TEST ",
}


class Style(Record, frozen=True, kw_only=True):
    """The marks around a hit, and the codes around the rest."""

    mark: tuple[str, str]
    severity: dict[Severity, str]
    bold: str = ""
    dim: str = ""
    off: str = ""


PLAIN = Style(mark=("*", "*"), severity={})
COLORED = Style(
    mark=("\x1b[1;33m", "\x1b[0m"),
    severity={"critical": "\x1b[1;97;41m", "high": "\x1b[1;31m", "low": "\x1b[2m"},
    bold="\x1b[1m",
    dim="\x1b[2m",
    off="\x1b[0m",
)


def render(notice: Notice, zone: tzinfo | None, style: Style) -> str:
    """Return the lines of a notice, a blank one at the end.

    Everything that came from outside is stripped of controls, so that the only escape codes are
    those of ``style``.
    """
    return "\n".join([*_head(notice, zone, style), *_body(notice, zone, style), "", ""])


def _head(notice: Notice, zone: tzinfo | None, style: Style) -> Iterator[str]:
    content = notice.content
    level = severity_of(content)
    severity = _colored(level.upper(), style.severity.get(level, ""), style)
    late = lateness(notice.late_s)
    title = _colored(headline(content), style.bold, style)
    yield f"{late}{_KINDS[notice.type]}{severity} {title}"
    if isinstance(content, Alert):
        yield f"  {who(content)}, {when(content, zone)}; told {moment(notice.at, zone)}"


def _body(notice: Notice, zone: tzinfo | None, style: Style) -> Iterator[str]:
    match notice.content:
        case OperatorEvent() as event:
            yield from _event(event, zone, style)
        case Summary() as summary:
            yield from _summary(summary, zone, style)
        case alert:
            yield from _alert(alert, why_link(notice.public_url, alert.article.id), style)


def _event(event: OperatorEvent, zone: tzinfo | None, style: Style) -> Iterator[str]:
    yield f"  {safe_line(event.text)}"
    if topics := concerned(event):
        yield f"  {topics}"
    yield f"  {_colored(f'{event.kind}, since {moment(event.since, zone)}', style.dim, style)}"


def _summary(summary: Summary, zone: tzinfo | None, style: Style) -> Iterator[str]:
    yield f"  {gathered(summary, zone)}"
    for alert in summary.items[:MOST_ITEMS]:
        link = safe_link(alert.article.url)
        yield f"  {headline(alert)}" + (f" {_colored(link, style.dim, style)}" if link else "")
    more = summary.facts.count - min(len(summary.items), MOST_ITEMS)
    if more > 0:
        yield f"  and {more} more: tocsin alerts list"


def _alert(alert: Alert, why: str | None, style: Style) -> Iterator[str]:
    for topic in alert.topics[:MOST_TOPICS]:
        yield f"  {_topic(topic, style)}"
    more = len(alert.topics) - MOST_TOPICS
    if more > 0:
        yield f"  and {more} more topics"
    for line in (evidence(alert), safe_link(alert.article.url), why):
        if line:
            yield f"  {_colored(safe_line(line), style.dim, style)}"


def _topic(topic: RungTopic, style: Style) -> str:
    name = _colored(shorten(safe_line(topic.name), 80), style.bold, style)
    sentence = marked(topic.clauses, style.mark)
    return f"{name}: {sentence}" if sentence else name


def _colored(text: str, code: str, style: Style) -> str:
    return f"{code}{text}{style.off}" if code else text
