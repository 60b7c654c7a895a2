"""What a sink is given: an alert reduced to what one recipient wants to know."""

from datetime import datetime, timedelta

import msgspec

from workers.alerts.severity import highest
from workers.alerts.words import title_of_list
from workers.model.alert import (
    Alert,
    ArticleFacts,
    Content,
    DeliveryJob,
    EntryFacts,
    Notice,
    NoticeType,
    RungTopic,
    Summary,
)
from workers.model.ids import alert_id, article_id, make_id
from workers.model.message import OperatorEvent
from workers.model.topic import Clause, Hit, Severity

__all__ = ["made_at", "notice", "sample", "severity_of", "title_of", "why_link"]


def notice(job: DeliveryJob, now: datetime, public_url: str | None) -> Notice:
    """Return what this attempt sends: of an alert the delivery's topics only, and their severity.

    ``public_url`` is the address that ``[web] public_url`` gives, None if there is none.
    """
    content = job.content
    if isinstance(content, Alert):
        content = _reduced(content, frozenset(job.delivery.topics))
    return Notice(
        id=job.delivery.id,
        type=_type_of(content),
        at=now,
        attempt=job.work.attempts + 1,
        recipient=job.delivery.recipient,
        content=content,
        late_s=max(0.0, (now - made_at(content)).total_seconds()),
        public_url=public_url,
        traceparent=job.work.traceparent,
    )


def _type_of(content: Content) -> NoticeType:
    match content:
        case OperatorEvent():
            return "event.raised"
        case Summary():
            return "summary.created"
        case _:
            return "alert.created"


def made_at(content: Content) -> datetime:
    """Return when what is told was made."""
    return content.facts.at if isinstance(content, Summary) else content.at


def severity_of(content: Content) -> Severity:
    """Return how much it matters."""
    return content.facts.severity if isinstance(content, Summary) else content.severity


def title_of(content: Content) -> str:
    """Return what is told in a line: of an alert its article's title."""
    match content:
        case OperatorEvent():
            return f"{content.kind}: {content.subject}"
        case Summary():
            return title_of_list(content.facts)
        case _:
            return content.article.title


def _reduced(alert: Alert, wanted: frozenset[str]) -> Alert:
    topics = tuple(topic for topic in alert.topics if topic.name in wanted)
    return msgspec.structs.replace(
        alert, topics=topics, severity=highest(topic.severity for topic in topics)
    )


def why_link(public_url: str | None, event: str) -> str | None:
    """Return the address of the page that explains ``event``, None without a public address."""
    return f"{public_url.rstrip('/')}/why/{event}" if public_url else None


def sample(now: datetime, recipient: str = "", public_url: str | None = None) -> Notice:
    """Return the notice that ``tocsin sinks test`` sends: nothing in it has happened."""
    event = article_id("https://news.example.org/test")
    alert = _sample_alert(event, now)
    return Notice(
        id=make_id("del", "test", recipient, now.isoformat()),
        type="test",
        at=now,
        attempt=1,
        recipient=recipient,
        content=alert,
        public_url=public_url,
    )


def _sample_alert(event: str, now: datetime) -> Alert:
    sentence = "Tocsin sends this to show that messages arrive."
    hit = Hit(zone="body", start=0, end=6, text="Tocsin", sentence=sentence)
    clause = Clause(op="word", query="tocsin", span=(0, 6), hits=(hit,))
    return Alert(
        id=alert_id(event, 1),
        event=event,
        revision=1,
        at=now,
        severity="normal",
        evidence="page",
        topics=(RungTopic(name="test", query="tocsin", severity="normal", clauses=(clause,)),),
        article=_sample_article(event, now, sentence),
        entries=(
            EntryFacts(
                feed="Test feed",
                feed_url="https://news.example.org/feed.xml",
                url="https://news.example.org/test",
                identity="test",
                seen=now,
            ),
        ),
    )


def _sample_article(event: str, now: datetime, sentence: str) -> ArticleFacts:
    return ArticleFacts(
        id=event,
        url="https://news.example.org/test",
        title="A test message from Tocsin",
        published=now - timedelta(minutes=5),
        published_from="feed",
        language="en",
        author=None,
        verdict="article",
        text_from="page",
        summary=sentence,
    )
