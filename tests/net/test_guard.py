"""The list of addresses that nobody may connect to."""

import socket

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
