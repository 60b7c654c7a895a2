"""Calls made at about the same time go to Redis as one."""

import asyncio
from collections.abc import Sequence

import pytest

from workers.errors import Transient
from workers.gather import Gather


class Asked:
    """Notes what it was asked together; doubles each number."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.raises: Exception | None = None

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await asyncio.sleep(0)
        if self.raises is not None:
            raise self.raises
        return [2 * number for number in numbers]


@pytest.mark.parametrize("within_s", [0.0, 0.01])
async def test_who_asks_together_is_answered_together(within_s: float) -> None:
    """Each gets the answer to his own question, no batch is larger than it may be."""
    asked = Asked()
    gather = Gather(asked, within_s, 4)
    assert [0, 2, 4, 6, 8, 10] == await asyncio.gather(*map(gather, range(6)))
    assert [[0, 1, 2, 3], [4, 5]] == asked.batches
    assert 14 == await gather(7)


async def test_what_fails_fails_for_each() -> None:
    """An outage is told to all who asked, and the next question is asked anew."""
    asked = Asked()
    gather = Gather(asked, 0.0, 9)
    asked.raises = Transient("connect", "away")
    told = await asyncio.gather(gather(1), gather(2), return_exceptions=True)
    assert [asked.raises] * 2 == told
    asked.raises = None
    assert 2 == await gather(1)


async def test_who_is_cancelled_has_asked() -> None:
    """A question goes out though nobody waits for its answer any more."""
    asked = Asked()
    gather = Gather(asked, 60.0, 9)
    task = asyncio.create_task(gather(1))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await gather.flush()
    assert [[1]] == asked.batches
