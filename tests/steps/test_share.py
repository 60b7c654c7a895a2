"""Which pages of a host go now, and when the others come again."""

from workers.model.article import Work
from workers.model.leases import Room
from workers.options import HostRule
from workers.steps.share import share

USUAL = HostRule(spacing_s=5.0, at_once=2)


def pages(count: int, stream: str = "pages:warm", since: float = 0.0) -> list[Work]:
    """Pages that were asked for at 0 and are due since then, or since later."""
    return [
        Work(kind="page", id=f"art_{n}", stream=stream, turn=1, due=True, since=since)
        for n in range(count)
    ]


def test_one_goes_and_the_others_line_up():
    """At an open host one page starts; each other one is due a spacing later than the last."""
    shared = share(pages(4), USUAL, Room(), 0)
    assert ["art_0"] == [row.id for row in shared.go]
    assert [5.0, 10.0, 15.0] == [due_s for _, due_s in shared.wait]
    assert 15.0 == shared.tail_s


def test_a_closed_host_gets_none():
    """Before the host's next turn nothing goes; what turn comes soon is left as it is."""
    shared = share(pages(3), USUAL, Room(wait_s=3.0), 0)
    assert ((), [3.0, 8.0, 13.0]) == (shared.go, [due_s for _, due_s in shared.wait])
    shared = share(pages(2), USUAL, Room(wait_s=0.5), 0)
    assert ((), 0.5, [5.5]) == (shared.go, shared.soon_s, [due_s for _, due_s in shared.wait])


def test_no_more_than_at_once_are_with_the_readers():
    """Pages with the readers count, and so does whatever is under way at the host."""
    free = HostRule(spacing_s=0.0, at_once=3)
    assert 3 == len(share(pages(9), free, Room(), 0).go)
    assert 1 == len(share(pages(9), free, Room(busy=1), 2).go)
    assert 0 == len(share(pages(9), free, Room(busy=3), 3).go)
    assert 0 == len(share(pages(9), free, Room(busy=3), 0).go)


def test_one_that_is_about_to_start_closes_the_host():
    """While a page with the readers has not begun, no second one goes where spacing is asked."""
    assert 0 == len(share(pages(3), USUAL, Room(busy=0), 1).go)
    assert 1 == len(share(pages(3), USUAL, Room(busy=1), 1).go)


def test_who_waited_keeps_the_head_of_the_line():
    """New pages line up behind the last; hot ones, and those that had a place, do not."""
    new = share(pages(2), USUAL, Room(wait_s=5.0), 0, tail_s=50.0)
    assert [55.0, 60.0] == [due_s for _, due_s in new.wait]
    for rows in (pages(2, "pages:hot"), pages(2, since=60.0)):
        kept = share(rows, USUAL, Room(wait_s=5.0), 0, tail_s=50.0)
        assert [5.0, 10.0] == [due_s for _, due_s in kept.wait]


def test_the_line_has_an_end():
    """Of thousands none is set farther ahead than the line is long; a rest is kept."""
    shared = share(pages(5000), USUAL, Room(), 0)
    assert max(due_s for _, due_s in shared.wait) <= 600.0
    rested = share(pages(5000), USUAL, Room(wait_s=3600.0), 0)
    assert min(due_s for _, due_s in rested.wait) >= 3600.0
