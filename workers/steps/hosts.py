"""Politeness: whose turn it is at a host."""

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


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


async def take_turn(edges: Edges, url: str, options: NetOptions, *, feed: str = "") -> float:
    """Take a turn at the host of ``url``: 0 is go, else the seconds to wait, with jitter.

    A ``feed`` (its id) has a place of its own in the line, so it comes back just after its time.
    """
    host = host_of(url)
    rule = rule_for(host, options)
    if rule is None:
        return 0.0
    wait = await edges.broker.host_turn(
        host, rule.spacing_s, rule.at_once, options.total_s, feed=feed
    )
    return wait + edges.dice.uniform(0.0, min(JITTER_S, 0.2 * wait)) if wait > 0 else 0.0


async def leave(
    edges: Edges, url: str, options: NetOptions, rest_s: float = 0.0, answered: str | None = None
) -> None:
    """Give the turn back; ``rest_s`` seconds of rest for the host that asked for them.

    That is the one of the address that ``answered``, where redirects led to another.
    """
    host = host_of(url)
    if rule_for(host, options) is not None:
        await edges.broker.host_done(host)
    if rest_s > 0:
        await edges.broker.host_rest(host_of(answered or url), rest_s)
