"""Feeds, damaged at random, read as a poll reads them: who passes the limit is killed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random

import pytest

from monitor import shipped
from workers.feeds.second import second_opinion
from workers.pages import PageRules
from workers.pool import ProcessPool
from workers.steps.look import _read

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
LIMIT_S = 30.0
"""Seconds of a busy machine; each needs a hundredth of one."""
PIECES = (
    b"<", b">", b"&", b"&#0;", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"</item>", b"<item>",
    b"<!DOCTYPE x [", b"<!ENTITY a '&a;&a;'>", b"&a;", b"\x00", b"\xff\xfe", b"\xc3", b'"', b"{",
    b" xmlns:xi='http://www.w3.org/2001/XInclude'", b"<xi:include href='file:///etc/passwd'/>",
)  # fmt: skip
"""What is put into documents, once or thousands of times."""


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    """A process that is killed when it takes too long, or too much."""
    pool = ProcessPool(1, 1 << 30, 100, PageRules(cues=shipped.cues()))
    yield pool
    await pool.close()


def damaged(dice: Random, samples: dict[str, bytes]) -> bytes:
    """Return a document with some of its bytes lost, moved, repeated, or not its own."""
    body = samples[dice.choice([*samples])]
    for _ in range(dice.randint(1, 5)):
        at, end = sorted(dice.choices(range(len(body) + 1), k=2))
        match dice.randrange(5):
            case 0:
                body = body[:at] + body[min(end, at + 40) :]
            case 1:
                body = body[:at] + dice.choice(PIECES) + body[at:]
            case 2:
                body = body[:at] + dice.choice(PIECES) * dice.choice([100, 20_000]) + body[at:]
            case 3:
                body = body[:end] + body[at:end] * dice.choice([1, 50]) + body[end:]
            case _:
                body = body[:at] + dice.randbytes(6) + body[at + 6 :]
    return body[:600_000]


@pytest.mark.parametrize("seed", range(2))
async def test_no_damage_takes_long(pool, samples, seed: int) -> None:
    """A process reads each; none has to be killed, and a feed or a reason comes back."""
    dice = Random(seed)
    for _ in range(60):
        body = damaged(dice, samples)
        told = body, "https://harbour.example/rss", "", NOW
        feed = await pool.call(LIMIT_S, _read, *told, 50, None)
        if feed.kind == "none":
            feed = await pool.call(LIMIT_S, second_opinion, *told, 50)
        assert (feed.kind == "none") == (feed.error is not None)
        assert len(feed.entries) <= 50
        assert "root:x:" not in " ".join(entry.content for entry in feed.entries)
