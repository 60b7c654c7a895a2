"""An alert reduced to what one recipient wants."""

from collections.abc import Callable
from datetime import timedelta

from workers.alerts import notice, sample, why_link
from workers.model.alert import Alert, DeliveryJob, RungTopic


def test_a_notice_tells_only_the_topics_of_its_delivery(
    alert: Callable[..., Alert], job: Callable[..., DeliveryJob], topic: Callable[..., RungTopic]
) -> None:
    """The severity is that of the topics told, not that of the whole alert."""
    whole = alert(topic("a", "critical"), topic("b", "low"))
    made = notice(job(whole, ("b",)), whole.at + timedelta(hours=3), "https://t.example.org/")
    assert ["b"] == [told.name for told in made.content.topics]
    assert "low" == made.content.severity
    assert ("del_1", 3, "desk@example.org") == (made.id, made.attempt, made.recipient)
    assert 3 * 3600.0 == made.late_s
    assert "https://t.example.org/why/art_1" == why_link(made.public_url, made.content.event)


def test_a_clock_that_was_set_back_makes_nothing_early(
    alert: Callable[..., Alert], job: Callable[..., DeliveryJob]
) -> None:
    """A notice is never late by less than nothing, and without an address there is no link."""
    whole = alert()
    made = notice(job(whole), whole.at - timedelta(hours=1), None)
    assert (0.0, None) == (made.late_s, why_link(made.public_url, made.content.event))


def test_a_sample_says_that_it_is_a_test(alert: Callable[..., Alert]) -> None:
    """What ``tocsin sinks test`` sends is of another type, with a whole alert inside."""
    made = sample(alert().at, "desk@example.org", "https://t.example.org")
    assert ("test", "desk@example.org") == (made.type, made.recipient)
    assert made.content.topics[0].clauses[0].hits
