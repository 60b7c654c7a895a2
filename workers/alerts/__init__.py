"""Rules of alerts: who is told what, in which words, and when it is tried again."""

from workers.alerts.compose import SinkRoute, compose, routes
from workers.alerts.notice import notice, sample, why_link
from workers.alerts.passage import Passage, Piece, marked, passage
from workers.alerts.payload import alert_json, body
from workers.alerts.retry import Dead, Hold, Retry, Verdict, after, page_delay, proves_alive
from workers.alerts.severity import highest, rank, reaches
from workers.alerts.words import headline, lateness, moment, safe_line, when, where, who

__all__ = [
    "Dead",
    "Hold",
    "Passage",
    "Piece",
    "Retry",
    "SinkRoute",
    "Verdict",
    "after",
    "alert_json",
    "body",
    "compose",
    "headline",
    "highest",
    "lateness",
    "marked",
    "moment",
    "notice",
    "page_delay",
    "passage",
    "proves_alive",
    "rank",
    "reaches",
    "routes",
    "safe_line",
    "sample",
    "when",
    "where",
    "who",
    "why_link",
]
