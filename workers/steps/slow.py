"""Hosts whose pages kill the processes that read them: theirs wait behind all others."""

import structlog

from workers.errors import Transient
from workers.model.article import Work
from workers.model.urgency import COLD
from workers.steps.edges import Edges
from workers.text.urls import host_of

__all__ = ["KILLS", "is_slow", "may_come_again", "note_killed", "was_killed"]

KILLS = 3
"""Pages of a host that killed their process within ten minutes, before all its pages go cold."""
_log = structlog.get_logger()


def was_killed(reason: str | None) -> bool:
    """Say whether a page was not read because it took its process with it."""
    return reason in {"timeout", "crash"}


def may_come_again(work: Work) -> bool:
    """Say whether a page that was killed is tried once more: what was, is cold from then on."""
    return work.attempts == 0 or work.stream != COLD


async def is_slow(edges: Edges, url: str) -> bool:
    """Say whether the page at ``url`` is to wait behind those of other hosts.

    Raises:
        Transient: Redis is away.
    """
    hosts = {host_of(url), edges.led.to(url) or ""} - {""}
    for host in hosts:
        if await edges.broker.host_kills(host) >= KILLS:
            return True
    return False


async def note_killed(edges: Edges, url: str) -> None:
    """Note that the page that was found at ``url`` killed its process.

    That the note is lost where Redis is away costs less than reading the page once more.
    """
    host = host_of(url)
    try:
        kills = await edges.broker.host_kills(host, one_more=True) if host else 0
    except Transient as error:
        _log.info("kill_not_noted", host=host, error=str(error))
        return
    if kills == KILLS:
        _log.warning("host_slow", host=host, kills=kills, over_s=600)
