"""An alert as a few lines that are read at a glance."""

from collections.abc import Iterator
from datetime import tzinfo

from workers.alerts.passage import marked
from workers.alerts.words import (
    evidence,
    headline,
    lateness,
    moment,
    safe_line,
    safe_link,
    shorten,
    when,
    who,
)
from workers.model.alert import Notice, RungTopic
from workers.model.base import Record
from workers.model.topic import Severity

__all__ = ["COLORED", "PLAIN", "Style", "render"]

MOST_TOPICS = 20


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
    return "\n".join([*_head(notice, zone, style), *_body(notice, style), "", ""])


def _head(notice: Notice, zone: tzinfo | None, style: Style) -> Iterator[str]:
    alert = notice.alert
    severity = _colored(alert.severity.upper(), style.severity.get(alert.severity, ""), style)
    late = lateness(notice.late_s)
    title = _colored(headline(alert), style.bold, style)
    test = "TEST " if notice.type == "test" else ""
    yield f"{late}{test}{severity} {title}"
    yield f"  {who(alert)}, {when(alert, zone)}; told {moment(notice.at, zone)}"


def _body(notice: Notice, style: Style) -> Iterator[str]:
    for topic in notice.alert.topics[:MOST_TOPICS]:
        yield f"  {_topic(topic, style)}"
    more = len(notice.alert.topics) - MOST_TOPICS
    if more > 0:
        yield f"  and {more} more topics"
    for line in (evidence(notice.alert), safe_link(notice.alert.article.url), notice.why):
        if line:
            yield f"  {_colored(safe_line(line), style.dim, style)}"


def _topic(topic: RungTopic, style: Style) -> str:
    name = _colored(shorten(safe_line(topic.name), 80), style.bold, style)
    sentence = marked(topic.clauses, style.mark)
    return f"{name}: {sentence}" if sentence else name


def _colored(text: str, code: str, style: Style) -> str:
    return f"{code}{text}{style.off}" if code else text
