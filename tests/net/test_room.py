"""What large bodies may hold together."""

import asyncio
import gc

import pytest

from workers.errors import Transient
from workers.feeds.outage import reached
from workers.model.net import Answer, Fetch
from workers.net import HttpFetcher
from workers.net.room import SMALL, NoRoom, Place, Room
from workers.options import NetOptions

MOST = 10 * SMALL


async def grow(place: Place, size: int) -> asyncio.Timeout:
    """Let a body grow, under a limit of a minute; return that limit."""
    async with asyncio.timeout(60) as limit:
        await place.grow(size, limit)
    return limit


async def held_up(waiting: asyncio.Task[object]) -> bool:
    """Say whether a task still waits after all others had their turn."""
    for _ in range(20):
        await asyncio.sleep(0)
    return not waiting.done()


async def test_small_bodies_ask_nobody() -> None:
    """However many there are, bodies of the usual size never wait."""
    room = Room(0)
    places = [Place(room, 1.0) for _ in range(100)]
    for place in places:
        await grow(place, SMALL)
    assert 0 == room.held


async def test_large_body_waits_until_another_is_forgotten() -> None:
    """Room that an answer holds is free once nobody knows the answer any more."""
    room = Room(MOST)
    first, second = Place(room, 9.0), Place(room, 9.0)
    await grow(first, SMALL + MOST)
    answer = Answer(status=200, url="", headers={}, body=b"x")
    first.keep(answer)
    assert MOST == room.held
    waiting = asyncio.create_task(grow(second, SMALL + 1))
    assert await held_up(waiting)
    del answer
    gc.collect()
    await waiting
    assert 1 == room.held
    second.leave()
    assert 0 == room.held


async def test_oldest_goes_on_where_all_would_wait_for_all() -> None:
    """Of bodies that fill the room and want more, the oldest gets it, then the next."""
    room = Room(MOST)
    places = [Place(room, 9.0) for _ in range(5)]
    for place in places:
        await grow(place, SMALL + MOST // 5)
    waiting = [asyncio.create_task(grow(place, SMALL)) for place in reversed(places)]
    done, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert ({waiting[-1]}, 4) == (done, len(left))
    assert MOST + SMALL == room.held
    for place in places:
        place.leave()
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    for place in places:
        place.leave()
    assert 0 == room.held


async def test_room_is_overdrawn_by_one_body_at_most() -> None:
    """While an answer holds room that somebody works on, the oldest waits too."""
    room = Room(MOST)
    first, second = Place(room, 9.0), Place(room, 9.0)
    await grow(first, SMALL + 2 * MOST)
    answer = Answer(status=200, url="", headers={})
    first.keep(answer)
    waiting = asyncio.create_task(grow(second, 2 * SMALL))
    assert await held_up(waiting)
    del answer
    await waiting


async def test_waiting_is_bounded() -> None:
    """Who waits for too long is told so, in words."""
    room = Room(MOST)
    first = Place(room, 9.0)
    await grow(first, SMALL + MOST)
    with pytest.raises(NoRoom, match="memory"):
        await grow(Place(room, 0.01), SMALL + 1)


async def test_waiting_costs_no_time_of_the_fetch() -> None:
    """What is waited for is added to the limit of the whole."""
    room = Room(MOST)
    first, second = Place(room, 9.0), Place(room, 9.0)
    await grow(first, SMALL + MOST)
    loop = asyncio.get_running_loop()
    loop.call_later(0.05, first.leave)
    async with asyncio.timeout(0.04) as limit:
        before = limit.when()
        await second.grow(SMALL + 1, limit)
        assert limit.when() > before


async def test_cancelled_fetch_gives_back() -> None:
    """Whoever waits and is cancelled holds nothing, and keeps nobody from going on."""
    room = Room(MOST)
    first, second, third = (Place(room, 9.0) for _ in range(3))
    await grow(first, SMALL + MOST)
    waiting = asyncio.create_task(grow(second, SMALL + 1))
    assert await held_up(waiting)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    second.leave()
    first.leave()
    await grow(third, SMALL + MOST)
    assert MOST == room.held


async def test_fetches_share_the_room(serve) -> None:
    """Many large bodies at once all arrive whole, though there is room for one."""
    size = 1 << 20

    async def handle(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        await writer.drain()

    base = await serve(handle)
    made = HttpFetcher(NetOptions(allow=("127.0.0.1",), held_bytes=size))
    most = 0

    async def one() -> int:
        nonlocal most
        answer = await made.get(Fetch(url=f"{base}/a", wire_bytes=size, body_bytes=size))
        most = max(most, made.held_bytes)
        return len(answer.body)

    assert [size] * 16 == await asyncio.gather(*(one() for _ in range(16)))
    assert most <= 2 * size
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert 0 == made.held_bytes
    await made.close()


async def test_no_room_is_no_sign_of_a_dead_host(serve) -> None:
    """A body for which there is no room fails for our sake, not as if nobody had answered."""
    size = 1 << 20

    async def handle(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        await writer.drain()

    base = await serve(handle)
    made = HttpFetcher(NetOptions(allow=("127.0.0.1",), held_bytes=size, total_s=1.0))
    fetch = Fetch(url=f"{base}/a", wire_bytes=size, body_bytes=size)
    held = await made.get(fetch)
    with pytest.raises(Transient, match="memory") as raised:
        await made.get(fetch)
    assert reached(raised.value.reason, answered=False) is None
    assert size == len(held.body)
    await made.close()
