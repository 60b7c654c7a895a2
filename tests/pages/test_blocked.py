"""Hosts that turn readers away."""

import pytest

from workers.errors import Reason
from workers.model.article import Extracted, Verdict
from workers.pages.blocked import LAST, PageHosts, blocked_text, turned_away


def noted(hosts: PageHosts, outcomes: str, host: str = "a.example") -> list[bool | None]:
    """Note pages (x: turned away), tell at once what is to be told, and return it."""
    told = []
    for outcome in outcomes:
        found = hosts.note(host, away=outcome == "x")
        if found is not None:
            hosts.tell(host, blocked=found)
        told.append(found)
    return told


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ("x" * 10, []),
        ("x" * 11, [True]),
        ("o" * 10 + "x" * 10, []),
        ("o" * 9 + "x" * 11, [True]),
        ("o" * 40, [False]),
        ("x" * 40, [True]),
        ("x" * 20 + "o" * 10, [True]),  # half is neither
        ("x" * 20 + "o" * 11, [True, False]),
        ("x" * 20 + "o" * 30 + "x" * 11, [True, False, True]),
    ],
)
def test_over_half_of_the_last_twenty(outcomes: str, told: list[bool]) -> None:
    """It begins when over half were turned away, ends when under half are, each told once."""
    assert told == [one for one in noted(PageHosts(), outcomes) if one is not None]


def test_hosts_are_counted_apart() -> None:
    """And the one that was asked longest ago is forgotten first."""
    hosts = PageHosts(most=2)
    noted(hosts, "x" * 10, "a.example")
    noted(hosts, "x" * 3, "b.example")
    assert (10, 10) == hosts.counts("a.example")
    noted(hosts, "x", "a.example")
    noted(hosts, "x", "c.example")
    assert (0, 0) == hosts.counts("b.example")
    assert (11, 11) == hosts.counts("a.example")


def test_what_could_not_be_told_is_told_with_the_next_page() -> None:
    """A database that was away delays the event by a page."""
    hosts = PageHosts()
    for _ in range(LAST):
        hosts.note("a.example", away=True)
    hosts.tell("a.example", blocked=None)
    assert hosts.note("a.example", away=True)


@pytest.mark.parametrize(
    ("reason", "verdict", "standin", "away"),
    [
        (None, "article", False, False),
        (None, "not_article", False, False),
        (None, "thin", False, True),
        (None, "unreadable", True, True),
        ("blocked", None, False, True),
        ("rateLimited", None, False, True),
        ("notFound", None, False, False),
        ("serverError", None, False, None),
        ("connect", None, False, None),
        ("timeout", "thin", False, None),
    ],
)
def test_which_readings_were_turned_away(
    reason: Reason | None, verdict: Verdict | None, *, away: bool | None, standin: bool
) -> None:
    """Refusals, challenges and thin pages; what broke on the way says nothing."""
    page = Extracted(url="", verdict=verdict, standin=standin) if verdict else None
    assert away == turned_away(reason, page)


def test_the_text_says_what_to_do() -> None:
    """With how many pages, and why the last one."""
    told = blocked_text(15, 20, "HTTP 403")
    assert "15 of its last 20 pages" in told
    assert "(the last: HTTP 403)" in told
    assert "spacing" in told
