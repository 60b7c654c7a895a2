"""Alerts: what rang, whom it concerns, and how the sending went."""

from datetime import datetime
from typing import Literal

from workers.model.article import PublishedFrom, TextFrom, Verdict, Work
from workers.model.base import Record
from workers.model.message import OperatorEvent, Recipient, SummaryFacts
from workers.model.rate import Rate
from workers.model.topic import Clause, Severity

__all__ = [
    "LED_TO",
    "Alert",
    "AlertLine",
    "ArticleFacts",
    "Content",
    "DeadKind",
    "DeadLetter",
    "DeadLine",
    "Delivery",
    "DeliveryJob",
    "DeliveryState",
    "EntryFacts",
    "Evidence",
    "Made",
    "Notice",
    "NoticeType",
    "Recipient",
    "RingUnit",
    "RungTopic",
    "Summary",
    "TraceLine",
    "TraceStage",
]

Evidence = Literal["page", "feed"]
DeadKind = Literal["entry", "page", "delivery"]
DeliveryState = Literal["open", "retry", "sent", "held", "dead"]
NoticeType = Literal["alert.created", "event.raised", "summary.created", "test"]
TraceStage = Literal["poll", "read", "match", "ring", "deliver"]


class RungTopic(Record, frozen=True, kw_only=True):
    """A topic that rang, with its receipt."""

    name: str
    query: str
    severity: Severity
    clauses: tuple[Clause, ...]
    doubted: bool = False
    """It rests on lines that the page's own copy of the text does not have."""


class ArticleFacts(Record, frozen=True, kw_only=True):
    """What an alert tells of its article."""

    id: str
    url: str | None
    title: str
    published: datetime | None
    published_from: PublishedFrom | None
    language: str | None
    author: str | None
    verdict: Verdict | None
    text_from: TextFrom
    summary: str


class EntryFacts(Record, frozen=True, kw_only=True):
    """What an alert tells of a feed that listed the article."""

    feed: str
    feed_url: str
    url: str | None
    identity: str
    seen: datetime
    tags: tuple[str, ...] = ()


class Alert(Record, frozen=True, kw_only=True):
    """One message about one event, with the topics that rang."""

    id: str
    event: str
    revision: int
    at: datetime
    severity: Severity
    """The highest of its topics."""
    evidence: Evidence
    topics: tuple[RungTopic, ...]
    article: ArticleFacts
    entries: tuple[EntryFacts, ...]


class RingUnit(Record, frozen=True, kw_only=True):
    """What matched in an article; the transaction that stores it decides what of it is new."""

    event: str
    at: datetime
    evidence: Evidence
    topics: tuple[RungTopic, ...]
    article: ArticleFacts
    entries: tuple[EntryFacts, ...]
    routes: dict[str, tuple[Recipient, ...]]
    """Who is told, by the topic's name."""
    traceparent: str | None = None
    """W3C trace context that its deliveries go on with."""
    burst: Rate | None = None
    """How many alerts of a topic a sink is sent at once; None is any number."""


class Delivery(Record, frozen=True, kw_only=True):
    """One message on its way to one recipient, with the topics that this recipient wants."""

    id: str
    alert: str | None = None
    """None for what is no alert: an event or a summary."""
    message: str | None = None
    sink: str
    recipient: str
    topics: tuple[str, ...]
    held: bool = False
    """Whether it waits for its sink to be enabled, from the start."""
    traceparent: str | None = None
    """W3C trace context of what made it."""


class Made(Record, frozen=True, kw_only=True):
    """What a `RingUnit` made, given what had rung before."""

    alert: Alert
    deliveries: tuple[Delivery, ...]


class Summary(Record, frozen=True, kw_only=True):
    """Alerts on one topic that a burst held, told as one list."""

    facts: SummaryFacts
    items: tuple[Alert, ...]
    """Without receipts and with this topic alone, the newest first. A long list is not whole."""


Content = Alert | OperatorEvent | Summary
"""What a delivery tells."""


class DeliveryJob(Record, frozen=True, kw_only=True):
    """All that one attempt needs, in one load."""

    work: Work
    delivery: Delivery
    content: Content
    state: DeliveryState
    made_at: datetime
    now: datetime
    """When it was loaded, by the database's time, which ``work.first_at`` is written in."""


class Notice(Record, frozen=True, kw_only=True):
    """What a sink is given to send."""

    id: str
    """The delivery's id: constant over retries, the receiver dedupes by it."""
    type: NoticeType
    at: datetime
    """When this attempt is made."""
    attempt: int
    """From 1."""
    recipient: str
    content: Content
    """An alert has only the topics that the recipient wants."""
    late_s: float = 0.0
    """Seconds since the content was made."""
    public_url: str | None = None
    """``[web] public_url``, under which alerts are explained; None if there is none."""
    traceparent: str | None = None
    """W3C trace context of this attempt, for receivers that trace; None for samples."""


LED_TO = "redirected to "
"""Begins why a page was read as it was, if it was found elsewhere than where its link leads."""


class TraceLine(Record, frozen=True, kw_only=True):
    """What a stage decided, and because of what. Written in the stage's own transaction."""

    stage: TraceStage
    decision: str
    because: str = ""
    article: str | None = None
    entry: str | None = None
    topic: str | None = None
    at: datetime


class AlertLine(Record, frozen=True, kw_only=True):
    """A row of ``tocsin alerts list``."""

    alert: str
    event: str
    revision: int
    at: datetime
    severity: Severity
    topics: tuple[str, ...]
    title: str
    url: str | None
    deliveries: dict[str, str]
    """State by sink: the worst of its recipients."""
    muted: tuple[str, ...] = ()
    """Those of the topics that were muted: nobody was told of them."""


class DeadLine(Record, frozen=True, kw_only=True):
    """A row of ``tocsin dead list``."""

    id: str
    kind: DeadKind
    sink: str | None
    reason: str
    at: datetime
    attempts: int
    title: str
    last_answer: str | None


class DeadLetter(DeadLine, frozen=True, kw_only=True):
    """A dead letter whole: ``tocsin dead show``."""

    content: str | None = None
    """Of an entry: all that a replay needs, as JSON. Pages and deliveries lie in SQL."""
