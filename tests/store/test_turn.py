"""Whose turn it is to write a file."""

import asyncio
import threading
import time
from pathlib import Path

from sqlalchemy import text

from workers.store.turn import AROUND_S, WAIT_S, Turn


class Ticking:
    """A clock of which each look takes a tenth of a second."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        self.at += 0.1
        return self.at


def test_whoever_waits_comes_before_whoever_has_just_written(tmp_path: Path):
    """A process that writes again and again lets one that waits have its turn in between."""
    greedy, patient = (Turn(tmp_path / "db", time.monotonic) for _ in range(2))
    rounds, end, begun = [0], threading.Event(), threading.Event()

    def write_on() -> None:
        while not end.is_set():
            greedy.take()
            begun.set()
            time.sleep(0.02)
            rounds[0] += 1
            greedy.give()

    thread = threading.Thread(target=write_on)
    thread.start()
    begun.wait(10)
    waited = []
    for _ in range(5):
        before = rounds[0]
        patient.take()
        waited.append(rounds[0] - before)
        patient.give()
    end.set()
    thread.join()
    assert sum(waited) <= 15, waited
    for turn in (greedy, patient):
        turn.close()


def test_who_froze_inside_is_gone_around(tmp_path: Path):
    """One that stands in the turnstile for ever keeps the others waiting once in a while only."""
    now = Ticking()
    frozen, other = Turn(tmp_path / "db", now), Turn(tmp_path / "db", now)
    assert frozen._next.enter()
    other.take()
    assert WAIT_S <= now.at < WAIT_S + 1
    other.give()
    before = now.at
    other.take()
    assert now.at - before < 0.2
    frozen.close()
    now.at += AROUND_S
    other.take()
    assert other._turn._inside
    other.close()


def test_a_folder_that_takes_no_file(tmp_path: Path):
    """Where no turnstile can be set up everybody goes through, and again once it can be."""
    turn = Turn(tmp_path / "gone" / "db", time.monotonic)
    turn.take()
    turn.give()
    assert not turn._turn._inside
    (tmp_path / "gone").mkdir()
    turn.close()
    turn.take()
    assert turn._turn._inside
    turn.close()


async def test_two_stores_take_turns(lite, other_lite):
    """A store beside one that never stops writing is not kept waiting until it gives up."""
    end = False

    def put(conn, _now, key: str) -> None:
        time.sleep(0.02)
        conn.execute(text("INSERT OR REPLACE INTO meta VALUES (:key, '')"), {"key": key})

    async def write_on(name: str) -> None:
        while not end:
            await other_lite._write(put, name)

    greedy = [asyncio.create_task(write_on(f"greedy{n}")) for n in range(20)]
    try:
        for number in range(6):
            await lite._write(put, f"patient{number}")
    finally:
        end = True
        await asyncio.gather(*greedy)
