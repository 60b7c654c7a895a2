"""The versioned JSON of alerts."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from workers.alerts import alert_json, body, sample
from workers.alerts.payload import MOST_BYTES
from workers.model.alert import Alert, Notice, NoticeType, RungTopic, Summary
from workers.model.message import Muted, OperatorEvent, SummaryFacts
from workers.model.topic import Clause, Hit

SCHEMA = Path(__file__).parents[2] / "docs" / "webhook.schema.json"
AT = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
MOST = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    """Return the published schema, checked itself."""
    document = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def test_the_body_is_what_is_promised(
    alert: Callable[..., Alert], told: Callable[[Alert], Notice], schema: Draft202012Validator
) -> None:
    """Names, nesting and the writing of times are those of the published interface."""
    document = json.loads(body(told(alert())))
    schema.validate(document)
    assert ["type", "version", "id", "timestamp", "data"] == list(document)
    assert "2026-11-23T02:10:00Z" == document["timestamp"]
    assert "2026-11-23T02:08:11Z" == document["data"]["article"]["published"]
    clause = document["data"]["topics"][0]["receipt"]["clauses"][0]
    assert {"op", "query", "span", "hits"} == set(clause)
    assert {"zone", "start", "end", "text", "sentence"} == set(clause["hits"][0])
    assert document["data"]["article"]["author"] is None
    assert "shortened" not in document["data"]


def test_a_test_message_has_the_same_shape(schema: Draft202012Validator) -> None:
    """Receivers can be tried with what they will get."""
    document = json.loads(body(sample(datetime(2026, 11, 23, tzinfo=UTC))))
    schema.validate(document)
    assert "test" == document["type"]


def _told(content: OperatorEvent | Summary, kind: NoticeType) -> Notice:
    return Notice(id="del_1", type=kind, at=AT, attempt=1, recipient="", content=content)


def test_an_event_is_what_is_promised(schema: Draft202012Validator) -> None:
    """The names are those of the published interface."""
    event = OperatorEvent(
        id="evt_1",
        kind="feed_quiet",
        severity="critical",
        subject="Example World",
        text="Silent for two days.",
        since=AT,
        at=AT,
        topics=("militia strikes",),
    )
    document = json.loads(body(_told(event, "event.raised")))
    schema.validate(document)
    assert {
        "event": "feed_quiet",
        "severity": "critical",
        "subject": "Example World",
        "text": "Silent for two days.",
        "since": "2026-11-23T02:10:00Z",
        "topics": ["militia strikes"],
    } == document["data"]


def _summary(count: int, alerts: tuple[Alert, ...], muted: Muted | None = None) -> Summary:
    facts = SummaryFacts(
        id="sum_1",
        topic="strikes",
        severity="high",
        count=count,
        sources=("Example World",),
        first=AT,
        last=AT,
        at=AT,
        muted=muted,
    )
    return Summary(facts=facts, items=alerts)


def test_a_summary_lists_alerts_without_receipts(
    alert: Callable[..., Alert], schema: Draft202012Validator
) -> None:
    """Count, sources and items; what is not listed is counted, and said to be missing."""
    document = json.loads(body(_told(_summary(1, (alert(),)), "summary.created")))
    schema.validate(document)
    (item,) = document["data"]["items"]
    assert ("alt_1", "2026-11-23T02:10:00Z") == (item["alert"], item["at"])
    assert [{"name", "query", "severity", "doubtful"}] == [set(topic) for topic in item["topics"]]
    assert "shortened" not in document["data"]
    document = json.loads(body(_told(_summary(7, (alert(),)), "summary.created")))
    schema.validate(document)
    assert (7, True) == (document["data"]["count"], document["data"]["shortened"])
    assert document["data"]["muted"] is None


def test_the_end_of_a_mute_says_from_when_to_when(
    alert: Callable[..., Alert], schema: Draft202012Validator
) -> None:
    """And because of what; also where nothing was kept back."""
    muted = Muted(id="mut_1", since=AT, until=AT + timedelta(hours=2), because="exercise")
    for count, items in ((1, (alert(),)), (0, ())):
        document = json.loads(body(_told(_summary(count, items, muted), "summary.created")))
        schema.validate(document)
        assert {
            "since": "2026-11-23T02:10:00Z",
            "until": "2026-11-23T04:10:00Z",
            "because": "exercise",
        } == document["data"]["muted"]
        assert (count, count) == (document["data"]["count"], len(document["data"]["items"]))
        assert "shortened" not in document["data"]


@pytest.mark.parametrize("text", ["long " * 400, "\x00" * 3000, "长" * 3000, "\ud800" * 2000])
@pytest.mark.parametrize("items", [40, 1000])
def test_a_summary_is_bounded(
    alert: Callable[..., Alert], schema: Draft202012Validator, items: int, text: str
) -> None:
    """However many alerts there are and whatever they say; as many are listed as fit."""
    url = "https://a.example/" + text * 9
    whole = alert(title=text, summary=text * 9, author=text, url=url)
    entries = (msgspec.structs.replace(whole.entries[0], feed=text, url=url),) * 50
    listed = (msgspec.structs.replace(whole, entries=entries),) * items
    written = body(_told(_summary(5000, listed), "summary.created"))
    assert len(written) <= MOST_BYTES
    document = json.loads(written)
    schema.validate(document)
    assert (5000, True) == (document["data"]["count"], document["data"]["shortened"])
    assert len(document["data"]["items"]) >= min(items, 30)


def test_a_thousand_usual_alerts_are_half_listed(alert: Callable[..., Alert]) -> None:
    """What gives way first is what is told beside each alert, not the alerts."""
    written = body(_told(_summary(1000, (alert(),) * 1000), "summary.created"))
    assert len(json.loads(written)["data"]["items"]) >= 500


def test_a_stored_alert_prints_in_the_same_shape(
    alert: Callable[..., Alert], schema: Draft202012Validator
) -> None:
    """``alerts show --json`` is the alert whole, under its own id."""
    document = alert_json(alert(), "https://t.example.org/why/art_1")
    schema.validate(document)
    assert "alt_1" == document["id"]


def test_a_time_of_another_zone_is_told_in_utc(
    alert: Callable[..., Alert], told: Callable[[Alert], Notice]
) -> None:
    """Offsets are worked in, also where the calendar ends."""
    east = timezone(timedelta(hours=-14))
    made = told(alert(published=datetime(9999, 12, 31, 23, tzinfo=east)))
    assert "9999-12-31T23:00:00Z" == json.loads(body(made))["data"]["article"]["published"]


def _huge(count: int, text: str) -> RungTopic:
    hits = tuple(
        Hit(zone="body", start=at, end=at + 1, text=text, sentence=text) for at in range(count)
    )
    clauses = tuple(Clause(op="word", query=text, span=(0, 1), hits=hits) for _ in range(5))
    return RungTopic(name=text[:300] or "x", query=text, severity="low", clauses=clauses)


@pytest.mark.parametrize("text", ["long " * 400, "\x00" * 3000, "长" * 3000, "\ud800" * 2000])
@pytest.mark.parametrize("topics", [1, 50, 2000])
def test_a_body_is_bounded(
    alert: Callable[..., Alert],
    told: Callable[[Alert], Notice],
    schema: Draft202012Validator,
    text: str,
    topics: int,
) -> None:
    """However much a page says, the body stays within bounds, valid, and says that it was cut."""
    whole = alert(*([_huge(40, text)] * topics), title=text, summary=text * 9, author=text)
    entries = tuple(
        msgspec.structs.replace(whole.entries[0], feed=text, url="https://a.example/" + text * 9)
        for _ in range(300)
    )
    written = body(told(msgspec.structs.replace(whole, entries=entries)))
    assert len(written) <= MOST_BYTES
    document = json.loads(written)
    schema.validate(document)
    assert document["data"]["shortened"] is True
    assert document["data"]["topics"]


@MOST
@given(title=st.text(), author=st.none() | st.text())
def test_any_text_survives_as_utf8(
    alert: Callable[..., Alert],
    told: Callable[[Alert], Notice],
    title: str,
    author: str | None,
) -> None:
    """What a page says arrives as it is, except for what UTF-8 cannot write."""
    document = json.loads(body(told(alert(title=title, author=author))).decode("utf-8"))
    assert title.encode("utf-8", "replace").decode() == document["data"]["article"]["title"]
