"""DELIVER: render, send, record: sent is recorded after it was sent."""

import asyncio
import json
from datetime import timedelta

import pytest

from workers.alerts import SinkRoute
from workers.errors import StoreDown
from workers.model.rate import Rate
from workers.net import guarded_session
from workers.sinks import WebhookOptions
from workers.sinks.webhook.sink import WebhookSink
from workers.steps.deliver import Deliver
from workers.steps.edges import Edges

DAY_S = 86400.0
LONG_S = 60.0


async def _state(world, delivery):
    (line,) = [
        line
        for one in await world.store.alert_lines()
        for line in await world.store.alert_deliveries(one.alert)
        if line.id == delivery
    ]
    return line


async def _try_at_once(world, deliver, delivery):
    """Let time pass until the delivery is due, then try it; return the seconds that passed."""
    began = world.clock.monotonic()
    for _ in range(400):
        if ("sink:ops", delivery) in await world.due("sink:ops"):
            break
        world.clock.advance(max(1.0, (world.clock.monotonic() - began) / 20))
    await deliver(delivery)
    return world.clock.monotonic() - began


async def test_sent(world, site, deliver):
    """A delivery that is taken is sent, once, under its own id, and then recorded."""
    delivery = await world.rung()
    site.put("/hook", "thanks")
    await deliver(delivery)
    line = await _state(world, delivery)
    assert ("sent", 1) == (line.state, line.attempts)
    assert "thanks" in line.last_answer
    body = json.loads(site.bodies[-1])
    assert (delivery, "quake") == (body["id"], body["data"]["topics"][0]["name"])
    await deliver(delivery)
    assert 1 == site.times("/hook")
    assert [] == await world.due("sink:ops")


async def test_what_passes_is_tried_by_the_schedule(world, site, deliver, valkey):
    """A 500 is tried again after 5 s, 30 s, 2 min and 10 min, each within a fifth."""
    delivery = await world.rung()
    site.put("/hook", "oops", 500)
    await deliver(delivery)
    waits = []
    for _ in range(4):
        with valkey.client() as client:
            client.flushall()
        waits.append(await _try_at_once(world, deliver, delivery))
    for expected, waited in zip((5, 30, 120, 600), waits, strict=True):
        assert 0.75 * expected < waited < 1.3 * expected + 1
    line = await _state(world, delivery)
    assert ("retry", 5) == (line.state, line.attempts)
    assert line.last_answer.startswith("serverError")
    assert {delivery} == {headers["webhook-id"] for path, headers in site.asked if path == "/hook"}


async def test_retry_after_of_a_receiver(world, site, deliver):
    """A receiver's Retry-After lengthens the wait."""
    delivery = await world.rung()
    site.put("/hook", "slower", 429, Retry_After="1000")
    await deliver(delivery)
    world.clock.advance(999)
    assert [] == await world.due("sink:ops")
    world.clock.advance(2)
    assert [("sink:ops", delivery)] == await world.due("sink:ops")


async def test_a_refused_message_is_a_dead_letter_after_three_tries(world, site, deliver):
    """A 400 speaks of this message: dead after three tries and ten minutes, not before."""
    delivery = await world.rung()
    site.put("/hook", "no such field", 400)
    tries = 0
    while (await _state(world, delivery)).state != "dead":
        await _try_at_once(world, deliver, delivery)
        tries += 1
        assert tries < 10
    (dead,) = await world.store.dead_lines()
    made = (await _state(world, delivery)).made_at
    assert (delivery, "ops", "payload") == (dead.id, dead.sink, dead.reason)
    assert tries >= 3
    assert (dead.at - made).total_seconds() >= 600
    assert "A quake hits the coast" == dead.title
    assert [] == await world.due("sink:ops")


async def test_refusals_prove_that_the_endpoint_lives(world, site, deliver):
    """Five messages that are refused one after the other do not open the breaker."""
    delivery = await world.rung()
    site.put("/hook", "no", 422)
    for _ in range(6):
        await _try_at_once(world, deliver, delivery)
    assert 0.0 == await world.broker.breaker_wait(f"ops@{site.url}", 1.0)


async def test_gone_for_over_an_hour_is_held(world, site, deliver, valkey):
    """A 410 is tried for an hour; then the delivery is held until somebody enables the sink."""
    delivery = await world.rung()
    site.put("/hook", "gone", 410)
    states = []
    for _ in range(12):
        with valkey.client() as client:
            client.flushall()
        await _try_at_once(world, deliver, delivery)
        states.append((await _state(world, delivery)).state)
        if states[-1] == "held":
            break
    line = await _state(world, delivery)
    assert ("held", "disabled") == (line.state, line.held_reason)
    assert (line.last_at - line.made_at).total_seconds() > 3600
    assert set(states[:-1]) == {"retry"}
    world.clock.advance(30 * DAY_S)
    assert [] == await world.due("sink:ops")


async def test_the_breaker_opens_and_postpones(world, site, deliver):
    """After five failures in a row what comes next waits for the probe and is not counted."""
    world.broker._first_s = 10.0  # by Redis's own time: a slow machine must not reach the probe
    delivery = await world.rung()
    site.put("/hook", "oops", 500)
    for _ in range(5):
        await _try_at_once(world, deliver, delivery)
    assert 5 == site.times("/hook")
    await _try_at_once(world, deliver, delivery)
    line = await _state(world, delivery)
    assert (5, 5) == (site.times("/hook"), line.attempts)
    world.clock.advance(12)
    assert [("sink:ops", delivery)] == await world.due("sink:ops")


async def test_a_probe_that_works_closes_the_breaker(world, site, deliver, eventually):
    """When its time has come one attempt goes through, and its success closes the breaker."""
    delivery = await world.rung()
    site.put("/hook", "oops", 500)
    for _ in range(5):
        await _try_at_once(world, deliver, delivery)
    key = f"ops@{site.url}"

    async def probing():
        return (await world.broker.breaker_states([key]))[key] <= 0

    await eventually(probing)
    site.put("/hook", "back")
    await _try_at_once(world, deliver, delivery)
    assert "sent" == (await _state(world, delivery)).state
    assert 0.0 == await world.broker.breaker_wait(key, 1.0)
    assert 0.0 == await world.broker.breaker_wait(key, 1.0)


async def test_a_lost_lease_has_no_effect(world, site, deliver):
    """A worker that was frozen past its lease sends nothing, and leaves the row as it is."""
    delivery = await world.rung()
    site.put("/hook", "thanks")

    async def not_ours():
        return False

    await deliver(delivery, not_ours)
    assert 0 == site.times("/hook")
    assert [("sink:ops", delivery)] == await world.due("sink:ops")


async def test_a_replay_begins_anew(world, site, deliver):
    """A dead letter that is replayed is tried again as if for the first time, under its own id."""
    delivery = await world.rung()
    site.put("/hook", "no", 400)
    while (await _state(world, delivery)).state != "dead":
        await _try_at_once(world, deliver, delivery)
    assert 1 == await world.store.replay_dead([delivery])
    site.put("/hook", "thanks")
    await deliver(delivery)
    assert "sent" == (await _state(world, delivery)).state
    assert delivery == site.asked[-1][1]["webhook-id"]
    assert [] == await world.store.dead_lines()


async def test_a_sink_that_breaks_is_not_the_endpoints_fault(world):
    """An error of ours while sending is kept, ends nothing, and says nothing of the endpoint."""
    delivery = await world.rung()

    class Broken:
        name = "ops"
        endpoint = "x"

        async def send(self, _notice):
            raise ZeroDivisionError("odd")

    async def ours():
        return True

    key = "ops@x"
    for _ in range(4):
        await world.broker.breaker_note(key, good=False)
    await Deliver(world.edges, Broken(), key, 1.0, None)(delivery, ours)
    line = await _state(world, delivery)
    assert ("retry", "payload: ZeroDivisionError: odd") == (line.state, line.last_answer)
    await world.broker.breaker_note(key, good=False)
    assert await world.broker.breaker_wait(key, 1.0) > 0


class Full:
    """A store that takes no writes until it is told that there is room."""

    def __init__(self, store) -> None:
        self.store = store
        self.room = False
        self.refused = 0

    def __getattr__(self, name):
        return getattr(self.store, name)

    async def commit_delivery(self, commit):
        if not self.room:
            self.refused += 1
            raise StoreDown("disk full")
        return await self.store.commit_delivery(commit)


@pytest.fixture
def on_full_disk(world, deliver):
    """The step on a full disk, and that disk."""
    disk = Full(world.store)
    edges = type(world.edges)(**{**world.edges.__dict__, "store": disk})
    whole = deliver.__closure__
    step = next(cell.cell_contents for cell in whole if isinstance(cell.cell_contents, Deliver))
    return Deliver(edges, step._sink, step._endpoint, 1.0, None), disk


async def _ours() -> bool:
    return True


@pytest.mark.parametrize(("status", "state"), [(200, "sent"), (500, "retry")])
async def test_what_could_not_be_recorded_is_not_done_again(
    world, site, on_full_disk, eventually, status, state
):
    """While the database takes no writes the message is sent once, and its outcome offered."""
    step, disk = on_full_disk
    delivery = await world.rung()
    site.put("/hook", "thanks", status)
    under_way = asyncio.create_task(step(delivery, _ours))
    await eventually(lambda: disk.refused > 5)
    assert not under_way.done()
    disk.room = True
    await under_way
    line = await _state(world, delivery)
    assert (1, state, 1) == (site.times("/hook"), line.state, line.attempts)
    assert [] == await world.due("sink:ops")


async def test_sent_but_not_recorded_comes_again(world, site, deliver, on_full_disk, eventually):
    """If the sender ends before the database is back, the id comes again: twice sent, one id."""
    step, disk = on_full_disk
    delivery = await world.rung()
    site.put("/hook", "thanks")
    under_way = asyncio.create_task(step(delivery, _ours))
    await eventually(lambda: disk.refused)
    under_way.cancel()
    await asyncio.wait([under_way])
    await deliver(delivery)
    ids = [headers["webhook-id"] for path, headers in site.asked if path == "/hook"]
    assert [delivery, delivery] == ids


async def test_what_is_being_recorded_at_the_end_is_recorded(world, site, on_full_disk):
    """The id is handed back when the attempt has ended: whoever has it then finds it sent."""
    step, disk = on_full_disk
    disk.room, begun = True, asyncio.Event()

    class Slow:
        def __getattr__(self, name):
            return getattr(disk, name)

        async def commit_delivery(self, commit):
            begun.set()
            await asyncio.sleep(0.2)  # a slow disk
            return await disk.commit_delivery(commit)

    step._edges = type(world.edges)(**{**world.edges.__dict__, "store": Slow()})
    delivery = await world.rung()
    site.put("/hook", "thanks")
    under_way = asyncio.create_task(step(delivery, _ours))
    await begun.wait()
    under_way.cancel()
    await asyncio.wait([under_way])
    assert under_way.cancelled()
    assert "sent" == (await _state(world, delivery)).state
    assert [] == await world.due("sink:ops")


async def test_an_unknown_delivery_is_nothing(deliver, site):
    """An id that nobody knows is acknowledged without a word."""
    await deliver("del_000000000000000000000000")
    assert 0 == site.times("/hook")


async def test_beyond_its_rate_a_sink_waits_without_an_attempt(world, site, deliver, with_rules):
    """What comes too soon is due again when its turn comes, and counts as never tried."""
    rate = Rate(count=1, per_s=600.0)
    world.rules = with_rules(world.rules, rates={"ops": rate})
    site.put("/hook", "thanks")
    delivery = await world.rung()
    assert 0.0 == await world.broker.rate_turn("ops", rate)  # another message took the turn
    await deliver(delivery)
    line = await _state(world, delivery)
    assert (0, "open", 0) == (site.times("/hook"), line.state, line.attempts)
    world.clock.advance(590)
    assert [] == await world.due("sink:ops")
    world.clock.advance(11)
    assert [("sink:ops", delivery)] == await world.due("sink:ops")


async def test_the_rate_is_asked_before_the_probe(world, site, deliver, with_rules, eventually):
    """A message that the rate makes wait leaves the probe to the next; an open breaker no turn."""
    rate, key = Rate(count=1, per_s=600.0), f"ops@{site.url}"
    world.rules = with_rules(world.rules, rates={"ops": rate})
    delivery = await world.rung()
    world.broker._first_s = 60.0  # shut for longer than the test
    for _ in range(5):
        await world.broker.breaker_note(key, good=False)
    await deliver(delivery)
    assert 0.0 == await world.broker.rate_turn("ops", rate)
    await world.broker.breaker_note(key, good=True)
    world.broker._first_s = 0.05
    for _ in range(5):
        await world.broker.breaker_note(key, good=False)

    async def probed() -> bool:
        return (await world.broker.breaker_states([key]))[key] == 0.0

    await eventually(probed)
    await _try_at_once(world, deliver, delivery)
    assert 0 == site.times("/hook")
    assert 0.0 == await world.broker.breaker_wait(key, LONG_S)


async def test_a_process_whose_clock_is_days_ahead_gives_nothing_up(world, site):
    """How long a delivery has been tried for is told by the database's time."""
    delivery = await world.rung()
    site.put("/hook", "no", 422)
    session = guarded_session(("127.0.0.0/8",), 1.0, 2.0)
    options = WebhookOptions(url=site.url + "/hook", user_agent="Tocsin/test")
    edges = Edges(**{**world.edges.__dict__, "clock": Ahead(world.clock, days=6)})
    step = Deliver(edges, WebhookSink("ops", options, session), "", LONG_S, None)

    async def deliver(id_: str) -> None:
        await step(id_, lambda: asyncio.sleep(0, result=True))

    for _ in range(3):
        await _try_at_once(world, deliver, delivery)
    line = await _state(world, delivery)
    assert ("retry", 3, []) == (line.state, line.attempts, await world.store.dead_lines())
    await session.close()


class Ahead:
    """A clock that somebody has set wrongly."""

    def __init__(self, clock, **off: float) -> None:
        self._clock = clock
        self._off = timedelta(**off)

    def now(self):
        return self._clock.now() + self._off

    def __getattr__(self, name: str):
        return getattr(self._clock, name)


async def test_a_sink_that_refuses_everything_is_told_of(world, site, deliver, with_rules):
    """The other sinks hear of it once, in the words of the answer; a success ends it."""
    delivery = await world.rung()
    sinks = (*world.rules.sinks, SinkRoute(name="night"))
    world.rules = with_rules(world.rules, sinks=sinks)
    site.put("/hook", "who are you", 401)
    for _ in range(20):
        if await world.due("sink:night"):
            break
        await _try_at_once(world, deliver, delivery)
    (line,) = await world.store.open_events()
    assert ("sink_refused", "ops") == (line.kind, line.subject)
    assert "authError: answered 401: who are you." in line.text
    ((_, told),) = await world.due("sink:night")
    content = (await world.store.load_delivery(told)).content
    assert (line.id, line.text) == (content.id, content.text)
    site.put("/hook", "thanks")
    await world.broker.breaker_note(f"ops@{site.url}", good=True)
    await _try_at_once(world, deliver, delivery)
    assert [] == await world.store.open_events()
