"""Rules of alerts: who is told what, in which words, and when it is tried again."""

from workers.alerts.compose import SinkRoute, compose, declined, routes
from workers.alerts.events import event, told_of_events
from workers.alerts.feeds import blind_topics, feed_changes, feed_rebaselined
from workers.alerts.kinds import EVENTS
from workers.alerts.notice import made_at, notice, sample, severity_of, title_of, why_link
from workers.alerts.outcome import OutcomeLine, outcome_lines
from workers.alerts.passage import Passage, Piece, marked, passage
from workers.alerts.payload import alert_json, body
from workers.alerts.retry import Dead, Retry, Verdict, after, page_delay, proves_alive
from workers.alerts.severity import highest, rank, reaches
from workers.alerts.sinks import outcome_of
from workers.alerts.words import (
    headline,
    lateness,
    moment,
    safe_line,
    title_of_list,
    when,
    where,
    who,
)

__all__ = [
    "EVENTS",
    "Dead",
    "OutcomeLine",
    "Passage",
    "Piece",
    "Retry",
    "SinkRoute",
    "Verdict",
    "after",
    "alert_json",
    "blind_topics",
    "body",
    "compose",
    "declined",
    "event",
    "feed_changes",
    "feed_rebaselined",
    "headline",
    "highest",
    "lateness",
    "made_at",
    "marked",
    "moment",
    "notice",
    "outcome_lines",
    "outcome_of",
    "page_delay",
    "passage",
    "proves_alive",
    "rank",
    "reaches",
    "routes",
    "safe_line",
    "sample",
    "severity_of",
    "title_of",
    "title_of_list",
    "told_of_events",
    "when",
    "where",
    "who",
    "why_link",
]
