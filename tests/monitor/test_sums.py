"""One page of metrics out of several."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.metrics import PrometheusMeter
from monitor.sums import Sums


def values(page: bytes) -> dict[tuple[str, ...], float]:
    """Return the samples of a page, by name and label values."""
    return {
        (sample.name, *(sample.labels[key] for key in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def meter(polls: float, *, up: float = 1, feeds: float = 3) -> PrometheusMeter:
    """Return a process's meter after so many polls."""
    one = PrometheusMeter()
    one.count("tocsin_polls_total", polls, outcome="read")
    one.observe("tocsin_step_seconds", 0.5, step="read")
    one.gauge("tocsin_check_up", up, check="redis")
    one.gauge("tocsin_feeds", feeds, state="ok")
    one.gauge("tocsin_processes", 1)
    return one


@pytest.fixture
def sums() -> Sums:
    """Two processes that were heard."""
    one = Sums()
    one.hear(1, 100, meter(2).page())
    one.hear(2, 200, meter(3, up=0, feeds=4).page())
    return one


def test_counts_are_added_and_gauges_chosen(sums):
    """Counters and histograms add up; what each process is told alike is there once."""
    told = values(sums.page({1, 2}))
    assert 5.0 == told["tocsin_polls_total", "read"]
    assert (2.0, 1.0) == (
        told["tocsin_step_seconds_count", "read"],
        told["tocsin_step_seconds_sum", "read"],
    )
    assert (0.0, 2.0) == (
        told["tocsin_step_seconds_bucket", "0.3", "read"],
        told["tocsin_step_seconds_bucket", "1.0", "read"],
    )
    assert (0.0, 4.0, 2.0) == (
        told["tocsin_check_up", "redis"],
        told["tocsin_feeds", "ok"],
        told["tocsin_processes",],
    )


def test_a_sum_never_falls(sums):
    """What a process had counted stays counted when it ends, and when it begins anew."""
    told = values(sums.page({2}))
    assert (5.0, 1.0) == (told["tocsin_polls_total", "read"], told["tocsin_processes",])
    sums.hear(1, 101, meter(1).page())
    sums.hear(1, 101, meter(2).page())
    assert 7.0 == values(sums.page({1, 2}))["tocsin_polls_total", "read"]
    sums.hear(1, 102, meter(1).page())
    told = values(sums.page({1, 2}))
    assert (8.0, 2.0) == (told["tocsin_polls_total", "read"], told["tocsin_processes",])


def test_the_page_says_what_it_holds(sums):
    """The summed page has each family once, with its help, of the type it is."""
    families = list(text_string_to_metric_families(sums.page({1, 2}).decode()))
    types = {family.name: family.type for family in families}
    assert len(families) == len(types)
    assert ("counter", "gauge", "histogram") == (
        types["tocsin_polls"],
        types["tocsin_feeds"],
        types["tocsin_step_seconds"],
    )
    assert all(family.documentation for family in families)
