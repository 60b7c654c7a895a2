"""Alerts to work on."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from workers.alerts import notice
from workers.model.alert import (
    Alert,
    ArticleFacts,
    Delivery,
    DeliveryJob,
    EntryFacts,
    Notice,
    Recipient,
    RingUnit,
    RungTopic,
)
from workers.model.article import Work
from workers.model.topic import Clause, Hit

AT = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
SENTENCE = "A drone strike killed a militia commander in Baghdad."


def _clauses() -> tuple[Clause, ...]:
    hits = (
        Hit(zone="body", start=108, end=114, text="strike", sentence=SENTENCE),
        Hit(zone="body", start=124, end=131, text="militia", sentence=SENTENCE),
    )
    return (Clause(op="near", query="militia NEAR/30 strike", span=(0, 22), hits=hits),)


def _topic(name: str, severity: str = "normal") -> RungTopic:
    return msgspec.convert(
        {
            "name": name,
            "query": "militia NEAR/30 strike",
            "severity": severity,
            "clauses": msgspec.to_builtins(_clauses()),
        },
        RungTopic,
    )


def _unit(*topics: RungTopic, **changes: object) -> RingUnit:
    made = RingUnit(
        event="art_1",
        at=AT,
        evidence="page",
        topics=topics or (_topic("strikes", "high"),),
        article=ArticleFacts(
            id="art_1",
            url="https://news.example.org/1?a=1&b=2",
            title="Commander killed",
            published=datetime(2026, 11, 23, 2, 8, 11, tzinfo=UTC),
            published_from="feed",
            language="en",
            author=None,
            verdict="article",
            text_from="page",
            summary="A summary.",
        ),
        entries=(
            EntryFacts(
                feed="Example World",
                feed_url="https://feeds.example.org/world.xml",
                url="https://news.example.org/1",
                identity="guid-1",
                seen=datetime(2026, 11, 23, 2, 9, 40, tzinfo=UTC),
                tags=("world",),
            ),
        ),
        routes={topic.name: (Recipient(sink="ops"),) for topic in topics},
    )
    return msgspec.structs.replace(made, **changes)


def _alert(*topics: RungTopic, **changes: object) -> Alert:
    unit = _unit(*topics)
    made = Alert(
        id="alt_1",
        event=unit.event,
        revision=1,
        at=unit.at,
        severity="high",
        evidence=unit.evidence,
        topics=unit.topics,
        article=unit.article,
        entries=unit.entries,
    )
    article = {key: value for key, value in changes.items() if hasattr(unit.article, key)}
    rest = {key: value for key, value in changes.items() if key not in article}
    return msgspec.structs.replace(
        made, article=msgspec.structs.replace(unit.article, **article), **rest
    )


def _job(alert: Alert, topics: tuple[str, ...] | None = None) -> DeliveryJob:
    return DeliveryJob(
        work=Work(kind="delivery", id="del_1", stream="sink:ops", turn=1, due=True, attempts=2),
        delivery=Delivery(
            id="del_1",
            alert=alert.id,
            sink="ops",
            recipient="desk@example.org",
            topics=topics or tuple(topic.name for topic in alert.topics),
        ),
        content=alert,
        state="retry",
        made_at=alert.at,
        now=alert.at,
    )


@pytest.fixture
def topic() -> Callable[..., RungTopic]:
    """Make a topic that rang: ``topic(name, severity)``."""
    return _topic


@pytest.fixture
def unit() -> Callable[..., RingUnit]:
    """Make a unit of the given topics, fields replaced by name."""
    return _unit


@pytest.fixture
def alert() -> Callable[..., Alert]:
    """Make an alert of the given topics, fields (its own or its article's) replaced by name."""
    return _alert


@pytest.fixture
def job() -> Callable[..., DeliveryJob]:
    """Make the third attempt to deliver an alert."""
    return _job


@pytest.fixture
def told() -> Callable[[Alert], Notice]:
    """Make the notice of an alert."""
    return lambda alert: notice(_job(alert), AT, None)
