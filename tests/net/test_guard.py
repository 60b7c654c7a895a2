"""The list of addresses that nobody may connect to."""

import socket
from ipaddress import ip_network

import pytest

from workers.net.guard import Forbidden, forbidden, guarded_sockets, networks

CLOSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.1.2.3
169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1
192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250
240.0.0.1 255.255.255.255 192.31.196.1 192.52.193.1 192.175.48.1
:: ::1 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe
::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::1 100::1 100:0:0:1::1
2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::
2002:808:808:: 2620:4f:8000::1 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1
ff02::1 ff0e::1 4000::1 8000::1 fe80::1%25lo [::1] 2606:4700::1%eth0
"""
OPEN = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1
169.253.0.1 172.15.255.255 172.32.0.1 192.0.1.1 192.167.255.255 198.17.255.255 223.255.255.255
2606:4700::1111 2a00:1450:4001::200e 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::8.8.8.8
[2606:4700::1111]
"""


SPECIAL = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/31 192.0.2.0/24 192.31.196.0/24
192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24
203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32
::/128 ::1/128 ::/96 ::ffff:0:0:0/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32
2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28
2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7
fe80::/10 fec0::/10 ff00::/8
"""
"""The registries of special addresses (IPv4 and IPv6), with multicast and what was given up."""


@pytest.mark.parametrize("network", SPECIAL.split())
def test_special_network_is_closed(network: str) -> None:
    """Every registered special network is closed from its first address to its last."""
    whole = ip_network(network)
    assert forbidden(str(whole[0]))
    assert forbidden(str(whole[-1]))


@pytest.mark.parametrize("network", [one for one in SPECIAL.split() if "." in one])
@pytest.mark.parametrize("prefix", ["::ffff:", "64:ff9b::", "::", "::ffff:0:"])
def test_special_network_inside_ipv6_is_closed(network: str, prefix: str) -> None:
    """So is each of IPv4 where it stands at the end of an IPv6 address."""
    whole = ip_network(network)
    assert forbidden(f"{prefix}{whole[0]}")
    assert forbidden(f"{prefix}{whole[-1]}")


@pytest.mark.parametrize("address", CLOSED.split())
def test_address_is_closed(address: str) -> None:
    """Every address that does not lead to the public internet is refused, with a reason."""
    assert forbidden(address)


@pytest.mark.parametrize("address", OPEN.split())
def test_address_is_open(address: str) -> None:
    """Public addresses are not refused, whatever stands right beside them."""
    assert None is forbidden(address)


@pytest.mark.parametrize("text", ["", "localhost", "example.org", "1.2.3", "0x7f000001", "::1::"])
def test_what_is_no_address_is_closed(text: str) -> None:
    """A text that is no address is refused rather than guessed at."""
    assert "not an address" == forbidden(text)


def test_allowed_networks_are_open() -> None:
    """The operator's networks are reached, in their mapped form too, and nothing beside them."""
    allow = networks(["10.1.0.0/16", "127.0.0.1", "fd00::/8"])
    opened = ["10.1.2.3", "127.0.0.1", "fd12::1", "::ffff:10.1.2.3"]
    assert [None] * 4 == [forbidden(address, allow) for address in opened]
    assert all(forbidden(address, allow) for address in ["10.2.0.1", "127.0.0.2", "fc00::1"])


def test_bad_network_is_an_error() -> None:
    """A network that is none is told to whoever configured it."""
    with pytest.raises(ValueError, match="nonsense"):
        networks(["nonsense"])


def test_socket_is_refused_before_it_is_made() -> None:
    """The factory raises for a closed address and names it."""
    make = guarded_sockets(())
    with pytest.raises(Forbidden, match="127\\.0\\.0\\.1: loopback"):
        make((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))
    with pytest.raises(Forbidden, match="zone"):
        make((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2606:4700::1", 80, 0, 3)))


def test_socket_is_made_for_open_address() -> None:
    """For a public address the factory makes the socket that was asked for."""
    made = guarded_sockets(())((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80)))
    with made:
        assert socket.AF_INET == made.family
