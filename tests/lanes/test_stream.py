"""The lane around a step that takes ids from streams."""

import asyncio

import pytest
import structlog

from workers.errors import StoreDown, Transient
from workers.lanes import stream
from workers.lanes.stream import STUMBLES
from workers.model.leases import Push

KEY, GROUP = "{tocsin}:s:pages:warm", "workers"


class Notes:
    """A handler that notes what it got, and does as it is told."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.begun: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.most = self.now = 0

    async def __call__(self, id_, _still_ours) -> None:
        self.begun.append(id_)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.gate.wait()
        finally:
            self.now -= 1
        self.done.append(id_)


async def _is(found, expected) -> bool:
    return await found == expected


async def test_every_id_is_done_and_acknowledged(bench, eventually):
    """Each id is worked on once, by at most as many at once as there are slots."""
    notes = Notes()
    ids = [f"art_{number}" for number in range(50)]
    await bench.push(*ids)
    bench.lane(notes, slots=4)
    await eventually(lambda: len(notes.done) == 50)
    await eventually(lambda: _is(bench.left(), 0))
    assert ids == sorted(notes.done, key=lambda id_: int(id_[4:]))
    assert notes.most <= 4


async def test_slots_are_kept_from_what_can_wait(bench, eventually):
    """However much the last stream holds, some slots are free when something urgent comes."""
    notes = Notes()
    notes.gate.clear()
    cold = [Push(stream="pages:cold", kind="page", id=f"cold_{number}") for number in range(9)]
    await bench.broker.push(cold)
    bench.lane(notes, slots=4, kept=1, streams=("pages:hot", "pages:cold"))
    await eventually(lambda: len(notes.begun) == 3)
    await bench.broker.push([Push(stream="pages:hot", kind="page", id="hot")])
    await eventually(lambda: "hot" in notes.begun)
    assert 4 == len(notes.begun)
    notes.gate.set()
    await eventually(lambda: len(notes.done) == 10)


async def test_acknowledgements_go_in_batches(bench, eventually):
    """What finished since the last acknowledgement goes in one call."""
    calls = []
    broker = bench.broker

    class Counted:
        def __getattr__(self, name):
            return getattr(broker, name)

        async def acknowledge(self, messages):
            calls.append(len(messages))
            await broker.acknowledge(messages)

    notes = Notes()
    await bench.push(*(f"art_{number}" for number in range(64)))
    bench.lane(notes, slots=32, broker=Counted())
    await eventually(lambda: _is(bench.left(), 0))
    assert 64 == sum(calls)
    assert len(calls) < 32


async def test_a_handler_that_cannot_now_is_asked_again(bench, eventually):
    """An id whose handler raised is not acknowledged: it comes again when its lease is over."""
    tries = []

    async def handler(id_, _still_ours):
        tries.append(id_)
        if len(tries) < 3:
            raise [Transient("connect", "away"), StoreDown("full")][len(tries) - 1]

    await bench.push("art_1")
    bench.lane(handler)
    await eventually(lambda: len(tries) == 3)
    await eventually(lambda: _is(bench.left(), 0))


async def test_an_unforeseen_error_ends_no_lane(bench, eventually):
    """One bad id is a dead letter after three errors; all others are done."""
    article = await bench.page("bad")
    notes = Notes()
    tries = []

    async def handler(id_, still_ours):
        if id_ == article:
            tries.append(id_)
            raise ZeroDivisionError("odd")
        await notes(id_, still_ours)

    await bench.push(article, "art_1", "art_2")
    bench.lane(handler)
    await eventually(lambda: len(notes.done) == 2)
    await eventually(lambda: _is(bench.left(), 0))
    (line,) = await bench.store.dead_lines()
    assert ("crash", "ZeroDivisionError: odd") == (line.reason, line.last_answer)
    assert STUMBLES == len(tries)


async def test_a_slow_handler_keeps_its_lease(bench, brokers, eventually):
    """Work that lasts three leases is done by one worker only: its lease is renewed."""
    notes = Notes()
    notes.gate.clear()
    await bench.push("art_1")
    bench.lane(notes)
    await eventually(lambda: notes.begun)
    other = await brokers("other")
    stolen = []
    async with asyncio.timeout(30):
        for _ in range(8):
            stolen += await other.take(["pages:warm"], 1, 0.2)
    notes.gate.set()
    await eventually(lambda: notes.done)
    assert ([], ["art_1"]) == (stolen, notes.begun)


async def test_work_goes_on_when_its_lease_is_lost(bench, valkey, eventually):
    """Work whose id somebody else has is finished, and not acknowledged from here."""
    notes = Notes()
    notes.gate.clear()
    await bench.push("art_1")
    lane = bench.lane(notes)
    await eventually(lambda: notes.begun)
    with valkey.client() as client:
        (held,) = client.xpending_range(KEY, GROUP, "-", "+", 10)
        client.xclaim(KEY, GROUP, "thief", 0, [held["message_id"]], justid=True)
        await eventually(lambda: lane._lost)
        notes.gate.set()
        await eventually(lambda: not lane.busy)
        (held,) = client.xpending_range(KEY, GROUP, "-", "+", 10)
    assert (["art_1"], "thief", 1) == (notes.done, held["consumer"], await bench.left())


async def test_a_flushed_redis_cancels_nothing(bench, valkey, eventually):
    """An id that is pushed anew while it is at work is not begun a second time beside itself."""
    notes = Notes()
    notes.gate.clear()
    await bench.push("art_1")
    lane = bench.lane(notes)
    await eventually(lambda: notes.begun)
    with valkey.client() as client:
        client.flushall()
        await bench.push("art_1")
        await eventually(lambda: lane._lost)
        await eventually(lambda: client.xpending_range(KEY, GROUP, "-", "+", 10))
    assert (["art_1"], 1) == (notes.begun, lane.busy)
    notes.gate.set()
    await eventually(lambda: _is(bench.left(), 0))
    assert (["art_1", "art_1"], 1) == (notes.done, notes.most)


async def test_who_is_not_sure_of_the_lease_acknowledges_nothing(bench, eventually):
    """A handler that was told that its lease is over leaves the id to whoever has it now."""
    answers = []
    broker = bench.broker

    class Doubtful:
        def __getattr__(self, name):
            return getattr(broker, name)

        async def lease_ok(self, message):
            return bool(answers) and await broker.lease_ok(message)

    async def handler(_id, still_ours):
        answers.append(await still_ours())

    await bench.push("art_1")
    bench.lane(handler, broker=Doubtful())
    await eventually(lambda: True in answers)
    await eventually(lambda: _is(bench.left(), 0))
    assert (False, True) == (answers[0], answers[-1])


async def test_a_drain_hands_back_at_once(bench, brokers, eventually):
    """What cannot finish in time is cancelled and handed back: others have it without waiting."""
    notes = Notes()
    notes.gate.clear()
    await bench.push("art_1", "art_2")
    lane = bench.lane(notes)
    await eventually(lambda: len(notes.begun) == 2)
    assert 2 == await lane.drain(0.05)
    assert ([], 0) == (notes.done, lane.busy)
    other = await brokers("other")
    back = await other.take(["pages:warm"], 5, 0.05)
    back += await other.take(["pages:warm"], 5, 0.05)
    assert ["art_1", "art_2"] == sorted(message.id for message in back)
    assert {0} == {message.deaths for message in back}


async def test_a_drain_waits_for_what_is_nearly_done(bench, eventually):
    """What finishes within the time is finished, acknowledged, and nothing is handed back."""
    notes = Notes()
    notes.gate.clear()
    await bench.push("art_1")
    lane = bench.lane(notes)
    await eventually(lambda: notes.begun)
    asyncio.get_running_loop().call_later(0.05, notes.gate.set)
    assert 0 == await lane.drain(5.0)
    assert (["art_1"], 0) == (notes.done, await bench.left())


async def test_a_drain_longer_than_a_lease_keeps_it(bench, brokers, eventually):
    """What is still under way after the stop is renewed: nobody else does it too."""
    notes = Notes()
    notes.gate.clear()
    await bench.push("art_1")
    lane = bench.lane(notes)
    await eventually(lambda: notes.begun)
    other = await brokers("other")
    await other.take(["pages:warm"], 1, 0.0)
    draining = asyncio.create_task(lane.drain(30.0))
    loop = asyncio.get_running_loop()
    began, taken = loop.time(), []

    async def three_leases_on() -> bool:
        taken.extend(await other.take(["pages:warm"], 1, 0.05))
        return loop.time() - began > 3 * lane._lease_s

    await eventually(three_leases_on)
    notes.gate.set()
    assert (0, [], ["art_1"]) == (await draining, taken, notes.done)


async def test_an_acknowledgement_under_way_at_the_end_is_made(bench, eventually):
    """The lane's last id ends just when the lane does: it is not left to its lease."""
    notes, asked, taking = Notes(), [], []

    class Slow:
        def __getattr__(self, name: str) -> object:
            return getattr(bench.broker, name)

        async def take(self, *args) -> list:
            taking.append(1)
            try:
                return await bench.broker.take(*args)
            finally:
                taking.pop()

        async def acknowledge(self, messages) -> None:
            asked.append(messages)
            await asyncio.sleep(0.05)
            await bench.broker.acknowledge(messages)

    notes.gate.clear()
    await bench.push("art_1")
    lane = bench.lane(notes, broker=Slow())
    await eventually(lambda: notes.begun)
    draining = asyncio.create_task(lane.drain(5.0))
    await asyncio.sleep(0)
    await eventually(lambda: not taking)
    notes.gate.set()
    await draining
    await asyncio.wait([bench.loop_of(lane)], timeout=5)
    assert (["art_1"], 0) == (notes.done, await bench.left())
    assert asked


async def test_nothing_begins_after_the_stop(bench, valkey, eventually):
    """What a reader that was still waiting gets after the stop goes back untouched."""
    notes = Notes()
    lane = bench.lane(notes)
    with valkey.client() as client:
        await eventually(lambda: client.exists(KEY))
    lane.stop()
    await bench.push("art_1")
    await asyncio.wait([bench.loop_of(lane)], timeout=5)
    assert ([], 1) == (notes.begun, await bench.left())


async def test_a_redis_that_is_killed_comes_back(bench_on, own_valkey, eventually):
    """The lane lives through an outage of Redis and goes on with what waits."""
    notes = Notes()
    lane = bench_on.lane(notes)
    await bench_on.push("art_1")
    await eventually(lambda: notes.done)
    own_valkey.kill()
    await eventually(lambda: lane._outage.lasting)
    own_valkey.start()
    await eventually(lambda: not lane._outage.lasting)
    await bench_on.push("art_2")
    await eventually(lambda: "art_2" in notes.done)
    assert not bench_on.loop_of(lane).done()


async def _dies(bench, brokers, valkey, name: str, *ids: str) -> None:
    """Let a worker take these ids, and whatever else it gets of them, and die."""
    dying = await brokers(name)
    taken: dict[str, object] = {}
    async with asyncio.timeout(30):
        while set(ids) - set(taken):
            for message in await dying.take(["pages:warm"], 8, 0.05):
                taken[message.id] = message
                if message.deaths:
                    await bench.store.count_death("page", message.id)
    with valkey.client() as client:
        client.delete(f"{{tocsin}}:beat:{name}")


async def test_two_deaths_alone_bury_an_id(bench, brokers, eventually, valkey):
    """An id of which four workers died, two of them alone with it, is a dead letter."""
    article = await bench.page("deadly")
    await bench.push(article)
    notes = Notes()
    for number in range(4):
        await _dies(bench, brokers, valkey, f"dying{number}", article)
    bench.lane(notes)
    await eventually(lambda: _is(bench.left(), 0))
    (line,) = await bench.store.dead_lines()
    assert (article, "crash", "4 workers died") == (line.id, line.reason, line.last_answer)
    assert [] == notes.begun


async def test_who_was_there_at_two_deaths_works_alone(bench, brokers, eventually, valkey):
    """Of three ids that two workers died with each has the lane to itself, and all are done."""
    names = [await bench.page(name) for name in ("a", "b", "c")]
    await bench.push(*names)
    for number in range(2):
        await _dies(bench, brokers, valkey, f"dying{number}", *names)
    notes = Notes()
    notes.gate.clear()
    held = {}

    async def handler(id_, still_ours):
        with valkey.client() as client:
            mine = client.xpending_range(KEY, GROUP, "-", "+", 10, consumername="mine")
        held[id_] = len(mine)
        await notes(id_, still_ours)

    lane = bench.lane(handler)
    await eventually(lambda: notes.begun)
    await bench.push("art_1")
    notes.gate.set()
    await eventually(lambda: _is(bench.left(), 0))
    assert (sorted([*names, "art_1"]), []) == (sorted(notes.done), await bench.store.dead_lines())
    assert ([1, 1, 1], {}) == ([held[name] for name in names], lane._suspects)


async def test_a_suspect_has_the_whole_process_to_itself(bench, brokers, eventually, valkey):
    """It waits until no lane holds anything, feeds included; meanwhile none takes anything."""
    article = await bench.page("deadly")
    await bench.push(article)
    for number in range(2):
        await _dies(bench, brokers, valkey, f"dying{number}", article)
    sink, polls, suspect = Notes(), Notes(), Notes()
    for notes in (sink, polls, suspect):
        notes.gate.clear()

    async def poll(feed):
        await polls(feed, None)
        return 60.0

    feeds = bench.feeds(poll)
    await bench.broker.schedule_feeds({"f1": 0.0})
    await bench.push("d1", stream="sink:ops")
    other = bench.lane(sink, name="sink:ops", streams=("sink:ops",))
    await feeds.tick()
    await eventually(lambda: sink.begun and polls.begun)
    lane = bench.lane(suspect)
    await eventually(lambda: lane._alone)
    await bench.push("d2", stream="sink:ops")
    await bench.broker.schedule_feeds({"f2": 0.0})
    await feeds.tick()
    sink.gate.set()
    await eventually(lambda: not other.busy)
    assert [] == suspect.begun
    polls.gate.set()
    await eventually(lambda: suspect.begun)
    await feeds.tick()
    with valkey.client() as client:
        mine = client.xpending_range("{tocsin}:s:sink:ops", GROUP, "-", "+", 9, "mine")
    assert (["d1"], ["f1"], [], 0) == (sink.begun, polls.begun, mine, feeds.busy)
    suspect.gate.set()
    await eventually(lambda: _is(bench.left(), 0))
    await feeds.tick()
    await eventually(lambda: "d2" in sink.done and "f2" in polls.done)
    assert ([article], []) == (suspect.done, await bench.store.dead_lines())
    await feeds.drain(1.0)


async def test_a_lane_that_ends_leaves_the_house(bench, brokers, eventually, valkey):
    """A lane that is taken away while its suspect waits lets the others work again."""
    article = await bench.page("deadly")
    await bench.push(article)
    for number in range(2):
        await _dies(bench, brokers, valkey, f"dying{number}", article)
    sink = Notes()
    sink.gate.clear()
    await bench.push("d1", stream="sink:ops")
    bench.lane(sink, name="sink:ops", streams=("sink:ops",))
    await eventually(lambda: sink.begun)
    lane = bench.lane(Notes())
    await eventually(lambda: lane._alone)
    await lane.drain(1.0)
    sink.gate.set()
    await bench.push("d2", stream="sink:ops")
    await eventually(lambda: "d2" in sink.done)


async def test_a_suspect_waits_for_what_is_under_way(bench, brokers, eventually, valkey):
    """What was running when a suspect came ends first; and at the stop the suspect goes back."""
    article = await bench.page("deadly")
    notes = Notes()
    notes.gate.clear()
    await bench.push(article)
    for number in range(2):
        await _dies(bench, brokers, valkey, f"dying{number}", article)
    await bench.push("art_1")
    lane = bench.lane(notes)
    await eventually(lambda: notes.begun and lane._alone)
    assert (["art_1"], article) == (notes.begun, lane._alone.id)
    lane.stop()
    await eventually(lambda: lane.busy == 1)
    with valkey.client() as client:
        owners = {one["consumer"] for one in client.xpending_range(KEY, GROUP, "-", "+", 10)}
    notes.gate.set()
    assert (0, 2, ["art_1"]) == (await lane.drain(5.0), len(owners), notes.done)


async def test_an_outage_of_sql_is_told_once(bench, eventually):
    """A database that refuses is one outage, however well Redis works meanwhile."""
    tries = []

    async def handler(id_, _still_ours):
        tries.append(id_)
        if len(tries) < 4:
            raise StoreDown("full")

    await bench.push("art_1")
    with structlog.testing.capture_logs() as logs:
        bench.lane(handler)
        await eventually(lambda: _is(bench.left(), 0))
    told = [(log["event"], log["loop"]) for log in logs if log["event"].startswith("outage")]
    assert [("outage_began", "pages:sql"), ("outage_ended", "pages:sql")] == told


async def test_a_loop_that_loses_its_helper_says_so(bench, eventually):
    """A lane that can no longer acknowledge ends with the error, and its owner ends the daemon."""
    broker = bench.broker

    class Odd:
        def __getattr__(self, name):
            return getattr(broker, name)

        async def acknowledge(self, _messages):
            raise ZeroDivisionError("odd")

    notes = Notes()
    await bench.push("art_1")
    lane = bench.lane(notes, broker=Odd())
    loop = bench.loop_of(lane)
    await eventually(loop.done)
    with pytest.raises(ZeroDivisionError):
        loop.result()
    lane._finished.clear()


async def test_what_cannot_be_acknowledged_stays_bounded(bench, eventually, monkeypatch):
    """While acknowledgements fail no more is done than a lane may remember; later all is."""
    monkeypatch.setattr(stream, "UNACKNOWLEDGED", 8)
    refused, broker = [], bench.broker

    class Refusing:
        allowed = False

        def __getattr__(self, name):
            return getattr(broker, name)

        async def acknowledge(self, messages):
            if not self.allowed:
                refused.append(len(messages))
                raise Transient("connect", "NOPERM this user has no permissions")
            await broker.acknowledge(messages)

    notes, refusing = Notes(), Refusing()
    await bench.push(*(f"art_{number}" for number in range(60)))
    bench.lane(notes, slots=4, broker=refusing)
    await eventually(lambda: len(refused) > 3)
    assert len(set(notes.done)) <= 8 + 4
    refusing.allowed = True
    await eventually(lambda: _is(bench.left(), 0))
    assert 60 == len(set(notes.done))


async def test_hot_before_warm_and_a_slot_for_cold(bench, eventually):
    """Hot work does not wait behind warm; cold work, the lowest, is done all the while."""
    streams = ("pages:hot", "pages:warm", "pages:cold")
    for name in reversed(streams):
        await bench.push(*(f"{name[6:]}_{number}" for number in range(40)), stream=name)
    notes = Notes()
    bench.lane(notes, slots=4, streams=streams)
    await eventually(lambda: len(notes.done) == 120)
    begun = [id_.split("_")[0] for id_ in notes.begun]
    last_hot = max(place for place, kind in enumerate(begun) if kind == "hot")
    assert begun.index("warm") >= last_hot - 4
    assert begun[:last_hot].count("cold") >= 3
