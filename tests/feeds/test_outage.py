"""Whether hosts fail, or our own network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.errors import Reason
from workers.feeds.outage import LEAST_HOSTS, WINDOW_S, Network, reached


@pytest.mark.parametrize(
    ("outcomes", "down"),
    [
        ("", False),
        ("xxxx", False),  # four hosts may well be down by themselves
        ("xxxxx", True),
        ("xxooo", False),
        ("xxxooo", True),
        ("xxxoooo", False),
    ],
)
def test_half_of_five_hosts(outcomes: str, *, down: bool) -> None:
    """Half of five or more hosts that cannot be reached are our own network."""
    network = Network()
    for number, outcome in enumerate(outcomes):
        network.note(f"h{number}", 0.0, ok=outcome == "o")
    assert down == network.down


def test_the_latest_outcome_of_a_host_counts() -> None:
    """A host that fails ten times is one host, and one that answers again has not failed."""
    network = Network()
    for _ in range(10):
        network.note("same", 0.0, ok=False)
    assert (1, 1) == network.counts
    network.note("same", 1.0, ok=True)
    assert (0, 1) == network.counts


def test_outcomes_are_forgotten() -> None:
    """What is older than two minutes says nothing."""
    network = Network()
    for number in range(4):
        network.note(f"h{number}", 0.0, ok=False)
    network.note("late", WINDOW_S + 1, ok=False)
    assert not network.down
    assert (1, 1) == network.counts


def test_it_ends_when_fewer_than_half_fail() -> None:
    """However few hosts are asked while it lasts: feeds are retried at their usual pace."""
    network = Network()
    for number in range(5):
        network.note(f"h{number}", 0.0, ok=False)
    network.note("slow", 500.0, ok=False)
    assert network.down
    network.note("first", 510.0, ok=True)
    assert network.down  # one of two
    network.note("slow", 520.0, ok=True)
    assert not network.down


def test_the_feeds_to_ask_again() -> None:
    """Those that failed since anything worked, and while it lasts, but not since."""
    network = Network()
    network.note("old", 0.0, ok=False, feed="long ago")
    network.note("well", 10.0, ok=True)
    for number in range(5):
        network.note(f"h{number}", 200.0 + number, ok=False, feed=f"f{number}")
    network.note("h0", 5000.0, ok=False, feed="f0")
    network.note("h1", 5000.0, ok=True, feed="f1")
    assert {"f0", "f2", "f3", "f4"} == set(network.missed())


def test_it_is_sure_that_all_is_well() -> None:
    """Once five hosts were asked, or two minutes have passed; never while it is down."""
    few, many = Network(), Network()
    few.note("a", 0.0, ok=True)
    assert not few.sure(WINDOW_S - 1)
    assert few.sure(WINDOW_S)
    for number in range(5):
        many.note(f"h{number}", 0.0, ok=True)
    assert many.sure(0.0)
    for number in range(5):
        many.note(f"h{number}", 0.0, ok=False)
    assert not many.sure(WINDOW_S)


@pytest.mark.parametrize(
    ("reason", "answered", "expected"),
    [
        (None, True, True),
        ("timeout", True, True),  # HTTP 408 is an answer
        ("dns", False, False),
        ("connect", False, False),
        ("timeout", False, False),
        ("tls", False, True),
        ("tooLarge", False, True),
        ("blocked", False, None),
        ("clientError", False, None),
    ],
)
def test_what_says_something_about_the_network(
    reason: Reason | None, *, answered: bool, expected: bool | None
) -> None:
    """Any answer says that it works; what was never sent says nothing."""
    assert expected == reached(reason, answered=answered)


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.floats(0.0, 9.0), st.booleans()), min_size=1, max_size=60
    )
)
def test_the_counts_are_those_of_the_window(asked: list[tuple[int, float, bool]]) -> None:
    """Kept while they come, they are what counting the latest outcome of each host gives."""
    network, at, latest = Network(), 0.0, dict[str, tuple[float, bool]]()
    for host, after, ok in asked:
        at += after
        network.note(str(host), at, ok=ok)
        latest[str(host)] = (at, ok)
    alive = [ok for when, ok in latest.values() if when >= at - WINDOW_S]
    assert (alive.count(False), len(alive)) == network.counts
    if len(alive) >= LEAST_HOSTS:
        assert network.down == (2 * alive.count(False) >= len(alive))


def failed(network: Network, at: float, *hosts: str, failing_s: float = 0.0) -> None:
    """Let these hosts fail."""
    for host in hosts:
        network.note(host, at, ok=False, failing_s=failing_s)


def test_hosts_that_were_dead_before_say_nothing() -> None:
    """Half of all hosts may be dead for good: by memory, or by what the database says."""
    network = Network()
    living, dead = [f"l{n}" for n in range(5)], [f"d{n}" for n in range(9)]
    failed(network, 0.0, *dead[:4])
    for at in (0.0, 700.0):
        for host in living:
            network.note(host, at, ok=True)
    failed(network, 700.0, *dead[:4])
    failed(network, 700.0, *dead[4:], failing_s=86400.0)
    assert (0, 5) == network.counts
    assert not network.down
    failed(network, 760.0, *living[:2])
    assert not network.down
    failed(network, 760.0, living[2])
    assert network.down  # three of the five that lived
    failed(network, 5000.0, *living, *dead)
    assert network.down


def test_an_outage_of_half_of_all_hosts_is_not_believed_for_ever() -> None:
    """Who fails for hours while others answer is dead; where nobody answers, nobody is."""
    partly, wholly = Network(), Network()
    hosts = [f"h{n}" for n in range(6)]
    for at in range(0, 9000, 60):
        failed(partly, at, *hosts)
        failed(wholly, at, *hosts)
        for host in ("a", "b", "c"):
            partly.note(host, at, ok=True)
        if at in {0, 7140}:
            assert partly.down
    assert not partly.down
    assert wholly.down


def test_few_are_not_enough_and_more_are_asked() -> None:
    """Two hosts that fail and too few to compare with raise a suspicion, once in two minutes."""
    network = Network()
    failed(network, 0.0, "a")
    assert not network.suspects(0.0)
    failed(network, 1.0, "b")
    assert network.suspects(1.0)
    assert not network.suspects(2.0)
    failed(network, 130.0, "a", "b")
    assert network.suspects(130.0)
    for host in ("c", "d", "e"):
        network.note(host, 131.0, ok=True)
    assert not network.suspects(300.0)
    assert not network.down


def test_one_feed_is_tried_each_minute_while_it_lasts() -> None:
    """So that the end is seen soon, however long the intervals are."""
    network = Network()
    assert not network.probes(0.0)
    failed(network, 100.0, *"abcde")
    assert [False, True, False, True] == [network.probes(at) for at in (100, 159, 200, 220)]


def test_processes_of_one_machine_see_as_one() -> None:
    """What others saw counts for a minute, a host once, and dead ones not at all."""
    one, two = Network(), Network()
    failed(one, 0.0, "a", "b", "c")
    failed(two, 0.0, "c", "d", "e")
    failed(two, 0.0, "dead", failing_s=9999.0)
    told = two.told_others(10.0)
    assert 3 == len(told)
    one.hear(told, 10.0)
    assert (5, 5) == one.counts
    assert one.down
    one.hear({}, 20.0)
    one.note("a", 30.0, ok=True)
    one.note("b", 30.0, ok=True)
    assert not one.down
    assert {} == two.told_others(500.0)


def test_what_was_heard_grows_old() -> None:
    """A process that tells nothing more is not believed for ever."""
    network = Network()
    network.hear(dict.fromkeys("abcdefgh", False), 0.0)
    assert network.down
    network.note("x", 100.0, ok=True)
    assert not network.down
