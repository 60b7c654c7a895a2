"""What rings, and who is told."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.alerts import SinkRoute, compose, routes
from workers.model.alert import Recipient, RingUnit, RungTopic
from workers.model.ids import alert_id, delivery_id
from workers.model.topic import TopicSpec

OPS = Recipient(sink="ops")
DESK = Recipient(sink="desk", recipient="desk@example.org")
NIGHT = Recipient(sink="desk", recipient="night@example.org")
NAMES = ("a", "b", "c", "d")


def test_a_topic_that_rang_before_is_left_out(
    unit: Callable[..., RingUnit], topic: Callable[..., RungTopic]
) -> None:
    """Only topics that have not rung make the alert, and its severity is theirs."""
    made = compose(unit(topic("old", "critical"), topic("new", "low")), {"old"}, 2)
    assert made is not None
    assert ["new"] == [rung.name for rung in made.alert.topics]
    assert "low" == made.alert.severity
    assert alert_id("art_1", 2) == made.alert.id


def test_nothing_new_makes_nothing(
    unit: Callable[..., RingUnit], topic: Callable[..., RungTopic]
) -> None:
    """If every topic has rung there is no alert."""
    assert compose(unit(topic("old")), {"old"}, 2) is None


def test_an_alert_nobody_wants_is_made_all_the_same(
    unit: Callable[..., RingUnit], topic: Callable[..., RungTopic]
) -> None:
    """It can be found later, though no delivery leaves."""
    made = compose(unit(topic("new"), routes={}), (), 1)
    assert made is not None
    assert () == made.deliveries


def test_a_recipient_gets_one_delivery_with_the_topics_it_wants(
    unit: Callable[..., RingUnit], topic: Callable[..., RungTopic]
) -> None:
    """Two topics for one mailbox are one mail; another mailbox of the sink is another delivery."""
    wants = {"a": (OPS, DESK), "b": (DESK, NIGHT)}
    made = compose(unit(topic("a", "high"), topic("b"), routes=wants), (), 1)
    assert made is not None
    assert {OPS: ("a",), DESK: ("a", "b"), NIGHT: ("b",)} == {
        Recipient(sink=one.sink, recipient=one.recipient): one.topics for one in made.deliveries
    }
    assert "high" == made.alert.severity


def test_a_topic_listed_twice_rings_once(
    unit: Callable[..., RingUnit], topic: Callable[..., RungTopic]
) -> None:
    """A unit that names a topic twice makes one topic of it."""
    made = compose(unit(topic("a"), topic("a")), (), 1)
    assert made is not None
    assert 1 == len(made.alert.topics)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_deliveries_cover_exactly_what_is_new_and_routed(
    unit: Callable[..., RingUnit], topic: Callable[..., RungTopic], data: st.DataObject
) -> None:
    """Each (recipient, new topic) pair that is routed is in one delivery, and no other is."""
    names = data.draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    rung = data.draw(st.sets(st.sampled_from(NAMES)))
    who = st.lists(st.sampled_from((OPS, DESK, NIGHT)), unique=True).map(tuple)
    wants = data.draw(st.dictionaries(st.sampled_from(NAMES), who))
    made = compose(unit(*map(topic, names), routes=wants), rung, 3)
    pairs = {
        (one.sink, one.recipient, name)
        for one in (made.deliveries if made else ())
        for name in one.topics
    }
    assert {
        (to.sink, to.recipient, name)
        for name in names
        if name not in rung
        for to in wants.get(name, ())
    } == pairs
    ids = [one.id for one in (made.deliveries if made else ())]
    assert len(set(ids)) == len(ids)
    assert (made is None) == (not set(names) - rung)


def test_ids_do_not_change_when_it_is_composed_again(
    unit: Callable[..., RingUnit], topic: Callable[..., RungTopic]
) -> None:
    """The same unit makes the same ids, so that a repeated transaction changes nothing."""
    first = compose(unit(topic("a")), (), 1)
    assert first is not None
    assert first == compose(unit(topic("a")), (), 1)
    assert delivery_id(first.alert.id, "ops", "") == first.deliveries[0].id


SINKS = (
    SinkRoute(name="ops"),
    SinkRoute(name="quiet", default=False),
    SinkRoute(name="loud", min_severity="high"),
    SinkRoute(name="off", enabled=False),
    SinkRoute(name="desk", recipients=("a@example.org", "b@example.org")),
)


@pytest.mark.parametrize(
    ("sinks", "severity", "expected"),
    [
        (None, "normal", ["ops", "off", "desk", "desk"]),
        (None, "high", ["ops", "loud", "off", "desk", "desk"]),
        (("quiet",), "low", ["quiet"]),
        (("loud",), "normal", []),
        (("loud",), "critical", ["loud"]),
        (("off", "nobody"), "critical", ["off"]),
        (("desk",), "low", ["desk", "desk"]),
        ((), "critical", []),
    ],
)
def test_routes(sinks: tuple[str, ...] | None, severity: str, expected: list[str]) -> None:
    """Defaults, names and least severities decide who is told, also of disabled sinks."""
    spec = TopicSpec(name="t", query="q", sinks=sinks, severity=severity)  # type: ignore[arg-type]
    assert expected == [to.sink for to in routes([spec], SINKS)["t"]]


def test_each_mailbox_is_a_recipient() -> None:
    """A sink with two mailboxes has two recipients."""
    spec = TopicSpec(name="t", query="q", sinks=("desk",))
    found = [to.recipient for to in routes([spec], SINKS)["t"]]
    assert ["a@example.org", "b@example.org"] == found


def test_what_goes_to_a_disabled_sink_is_held(
    unit: Callable[..., RingUnit], topic: Callable[..., RungTopic]
) -> None:
    """Its delivery is made like any other, and says that it waits."""
    wanted = routes([TopicSpec(name="t", query="q", sinks=("ops", "off"))], SINKS)
    made = compose(unit(topic("t"), routes=wanted), (), 1)
    assert made is not None
    assert {"ops": False, "off": True} == {one.sink: one.held for one in made.deliveries}
