"""Politeness: whose turn it is at a host."""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address

from workers.options import HostRule, NetOptions
from workers.steps.edges import Edges
from workers.text.urls import host_of

__all__ = ["leave", "rule_for", "take_turn"]

JITTER_S = 0.2
"""What waits for its host comes back up to so much later: not all of it at one moment."""


def rule_for(host: str, options: NetOptions) -> HostRule | None:
    """Return the rule for ``host`` (``name`` or ``name:port``), None where none is needed.

    A rule of the operator's own counts for loopback too; without one our own machine is asked as
    fast as it answers.
    """
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    for written in (host, name, name.strip("[]")):
        if written in options.hosts:
            return options.hosts[written]
    return None if _is_loopback(name.strip("[]")) else HostRule()


@lru_cache(maxsize=4096)  # a poll asks four times
def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


async def take_turn(
    edges: Edges, url: str, options: NetOptions, *, feed: str = "", spacing_s: float = 0.0
) -> float:
    """Take a turn at the host of ``url``: 0 is go, else the seconds to wait, with jitter.

    Turns are ``spacing_s`` seconds apart at least, or more where the options say so.

    Where the address is known to lead to another host, a turn is taken there too. A ``feed`` (its
    id) has a place of its own in each line, so it comes back just after its time.
    """
    taken: list[str] = []
    for host, rule in _asked(edges, url, options):
        wait = await edges.broker.host_turn(
            host, max(rule.spacing_s, spacing_s), rule.at_once, options.total_s, feed=feed
        )
        if wait > 0:
            for given in taken:
                await edges.broker.host_done(given)
            return wait + edges.dice.uniform(0.0, min(JITTER_S, 0.2 * wait))
        taken.append(host)
    return 0.0


def _asked(edges: Edges, url: str, options: NetOptions) -> Iterator[tuple[str, HostRule]]:
    """Yield the hosts that a request for ``url`` reaches, as far as is known, with their rules."""
    for host in dict.fromkeys((host_of(url), edges.led.to(url))):
        if host and (rule := rule_for(host, options)) is not None:
            yield host, rule


async def leave(
    edges: Edges, url: str, options: NetOptions, rest_s: float = 0.0, answered: str | None = None
) -> None:
    """Give the turn back; ``rest_s`` seconds of rest for the host that asked for them.

    That is the one of the address that ``answered``, where redirects led to another. It is noted
    as asked just now, and its turn is taken too when ``url`` is asked for again.
    """
    for host, _ in _asked(edges, url, options):
        await edges.broker.host_done(host)
    if answered is not None:
        await _note(edges, url, host_of(answered), options)
    if rest_s > 0:
        await edges.broker.host_rest(host_of(answered or url), rest_s)


async def _note(edges: Edges, url: str, answering: str, options: NetOptions) -> None:
    """Learn which host answered for ``url``."""
    own, known = host_of(url), edges.led.to(url)
    if answering == own:
        if known is not None:
            edges.led.note(url, None)
        return
    edges.led.note(url, answering)
    rule = rule_for(answering, options)
    if answering != known and rule is not None:  # else its turn was taken before
        turn = (answering, rule.spacing_s, rule.at_once, options.total_s)
        if await edges.broker.host_turn(*turn) == 0:
            await edges.broker.host_done(answering)
