"""Recipients who left: nothing more for them, nothing lost without a word."""

from workers.alerts import SinkRoute, event
from workers.model.message import EventIntent, Recipient

SINKS = (SinkRoute(name="ops", events=True), SinkRoute(name="desk", recipients=("a@example.org",)))
DESK = Recipient(sink="desk", recipient="a@example.org")


def told() -> EventIntent:
    """Return what is raised when somebody leaves."""
    return event("recipient_left", "desk: a@example.org", "a@example.org left", SINKS)


async def test_nothing_more_is_made_for_who_left(world) -> None:
    """Alerts go to the others, and on after the sink was enabled again."""
    assert await world.store.leave(DESK, told()) is not None
    before = set(await world.due("sink:ops"))
    await world.settle(await world.article("one"), "topic")
    assert [] == await world.due("sink:desk")
    assert 1 == len(set(await world.due("sink:ops")) - before)
    assert 1 == await world.store.let_return("desk")
    await world.settle(await world.article("two"), "topic")
    assert 1 == len(await world.due("sink:desk"))


async def test_what_waited_for_who_left_is_a_dead_letter(world) -> None:
    """Seen in the list, and replayed if the leaving was none."""
    await world.settle(await world.article("one"), "topic")
    (waiting,) = await world.due("sink:desk")
    await world.store.leave(DESK, told())
    assert [] == await world.due("sink:desk")
    (line,) = await world.store.dead_lines()
    assert (waiting, "desk", "disabled") == (line.id, line.sink, line.reason)
    assert 1 == await world.store.replay_dead([waiting])
    assert [waiting] == await world.due("sink:desk")


async def test_leaving_is_told_to_others_once(world) -> None:
    """Who leaves is not told of it, and leaving twice is no news."""
    assert await world.store.leave(DESK, told()) is not None
    assert await world.store.leave(DESK, told()) is None
    assert 1 == len(await world.due("sink:ops"))
    assert [] == await world.due("sink:desk")


async def test_the_key_stays_the_same(world) -> None:
    """A link in an old mail is good as long as the database lives."""
    key = await world.store.leave_key()
    assert (64, key) == (len(key), await world.store.leave_key())
