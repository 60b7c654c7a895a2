"""A pool of real processes."""

from collections.abc import AsyncIterator

import pytest

from workers.pages import PageRules
from workers.pool import ProcessPool


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    """Return a pool of two processes, closed afterwards."""
    made = ProcessPool(2, 1 << 30, 1000, PageRules())
    yield made
    await made.close()
