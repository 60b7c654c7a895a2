"""The choke point: every socket of Tocsin's outgoing HTTP is made here, for one exact address.

A connection's address is known only after DNS, and anew for each redirect; a check of names or
texts can be got round by either. So the socket itself is refused.
"""

import errno
import socket
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any

__all__ = ["Forbidden", "Network", "forbidden", "guarded_sockets", "networks"]

Network = IPv4Network | IPv6Network
AddressInfo = tuple[Any, ...]

_CLOSED = {
    "0.0.0.0/8": "this network (RFC 1122)",
    "10.0.0.0/8": "private (RFC 1918)",
    "100.64.0.0/10": "carrier-grade NAT (RFC 6598)",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local, metadata of clouds",
    "172.16.0.0/12": "private (RFC 1918)",
    "192.0.0.0/24": "protocol assignments (RFC 6890)",
    "192.0.2.0/24": "documentation (RFC 5737)",
    "192.31.196.0/24": "AS112 (RFC 7535)",
    "192.52.193.0/24": "AMT (RFC 7450)",
    "192.88.99.0/24": "6to4 relay (RFC 7526)",
    "192.168.0.0/16": "private (RFC 1918)",
    "192.175.48.0/24": "AS112 (RFC 7534)",
    "198.18.0.0/15": "benchmarks (RFC 2544)",
    "198.51.100.0/24": "documentation (RFC 5737)",
    "203.0.113.0/24": "documentation (RFC 5737)",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved, broadcast",
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::/96": "IPv4-compatible (RFC 4291)",
    "::ffff:0:0:0/96": "IPv4-translated (RFC 2765)",
    "64:ff9b:1::/48": "local NAT64 (RFC 8215)",
    "100::/64": "discard (RFC 6666)",
    "100:0:0:1::/64": "dummy (RFC 9780)",
    "2001::/23": "protocol assignments, Teredo, ORCHID (RFC 2928)",
    "2001:db8::/32": "documentation (RFC 3849)",
    "2002::/16": "6to4 (RFC 3056)",
    "2620:4f:8000::/48": "AS112 (RFC 7534)",
    "3fff::/20": "documentation (RFC 9637)",
    "5f00::/16": "segment routing (RFC 9602)",
    "fc00::/7": "unique local (RFC 4193)",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local (RFC 3879)",
    "ff00::/8": "multicast",
}
"""Written out, because ``is_private`` and ``is_global`` both let some of these through."""

_CLOSED_NETWORKS = tuple((ip_network(net), why) for net, why in _CLOSED.items())
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")


class Forbidden(PermissionError):
    """An address that may not be connected to."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(errno.EPERM, f"forbidden address: {address}: {why}")
        self.address = address
        self.why = why


def networks(allow: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks that are opened; a single address is a network of one.

    Raises:
        ValueError: one of them is no network.
    """
    return tuple(ip_network(text.strip(), strict=False) for text in allow)


def forbidden(address: str, allow: Sequence[Network] = ()) -> str | None:
    """Return why nobody may connect to ``address``, None if anybody may.

    ``allow`` opens networks, whatever else is said of them. An IPv4 address inside an IPv6 one
    (mapped, NAT64) is judged as itself. What is no address is forbidden.
    """
    return _judged(address, tuple(allow))


@lru_cache(maxsize=4096)
def _judged(address: str, allow: tuple[Network, ...]) -> str | None:
    text, _, zone = address.strip("[]").partition("%")
    try:
        parsed = ip_address(text)
    except ValueError:
        return "not an address"
    if any(parsed in network for network in allow):
        return None
    if zone:
        return "an address with a zone"
    if isinstance(parsed, IPv6Address):
        inside = _inside(parsed)
        if inside is not None:
            return _judged(str(inside), allow)
        if parsed not in _GLOBAL_UNICAST:
            return _why(parsed) or "not global unicast"
    return _why(parsed)


def _inside(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 one end at, if both are one."""
    if address in _MAPPED or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _why(address: IPv4Address | IPv6Address) -> str | None:
    return next(
        (
            why
            for network, why in _CLOSED_NETWORKS
            if network.version == address.version and address in network
        ),
        None,
    )


def guarded_sockets(allow: Sequence[Network]) -> Callable[[AddressInfo], socket.socket]:
    """Return a socket factory that raises `Forbidden` for addresses nobody may connect to."""

    def make(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        why = forbidden(str(address[0]), allow)
        if not why and len(address) > 3 and address[3]:  # noqa: PLR2004 - an IPv6 scope
            why = None if _opened(str(address[0]), allow) else "an address with a zone"
        if why:
            raise Forbidden(str(address[0]), why)
        return socket.socket(family, kind, protocol)

    return make


def _opened(address: str, allow: Sequence[Network]) -> bool:
    parsed = ip_address(address.partition("%")[0])
    return any(parsed in network for network in allow)
