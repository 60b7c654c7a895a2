"""Link headers, as servers write them and as they should not."""

import time

import pytest

from workers.feeds.weblinks import web_links

HUB, SELF = "https://hub.example/", "https://pub.example/feed"


@pytest.mark.parametrize(
    "header",
    [
        f'<{HUB}>; rel="hub", <{SELF}>; rel="self"',
        f"<{HUB}>;rel=hub,<{SELF}>;rel=self",
        f'<{HUB}>; rel="HUB preconnect", <{SELF}>; title="a, <b>; rel=hub"; rel="self"',
        f'<{SELF}>; rel="alternate self"; type="application/rss+xml" , <{HUB}> ; rel = hub',
        f'<{HUB}>; rel=hub, <https://other.example/>; rel=hub, <{SELF}>; rel="self"',
        f"<{HUB}>; rel='hub', <{SELF}>; rel='self'",
        f'nonsense, <{HUB}>; rel="hub"; foo, ,, <{SELF}>; rel="self"; bar="\\"x\\", y"',
        f'<{HUB}>; rel=hub; rel=self, <{SELF}>; rel="self"',
        f'<https://x.example/>; rel=hub; anchor="#other", <{HUB}>; rel=hub, <{SELF}>; rel=self',
        f'<file:///etc/passwd>; rel="hub", <{HUB}>; rel="hub", <{SELF}>; rel="self"',
        f'<//hub.example/>; rel=hub, </feed>; rel="self", <{HUB}>; rel=next',
    ],
)
def test_hub_and_self_are_found(header: str) -> None:
    """The first usable address of each relation is found, however the header is written."""
    found = web_links(header, "https://pub.example/old")
    assert (HUB, SELF) == (found["hub"], found["self"])


@pytest.mark.parametrize(
    "header", ["", "<", "<>", "<>;rel", "; rel=hub", ",,,", "<a", 'a>; "', ";"]
)
def test_nonsense_is_nothing(header: str) -> None:
    """What is no link gives none; without a base, relative addresses are none either."""
    assert {} == web_links(header)
    assert {} == web_links(header + "</a>; rel=hub")


@pytest.mark.parametrize(
    "part", ["<", "<>", "<a>;", ";a=", '"', "<a>; a='", '<a>;b="\\', ",", "<a;"]
)
def test_a_hostile_header_takes_no_time(part: str) -> None:
    """A header of any length is read in time that grows with its length, up to a bound."""
    began = time.process_time()
    web_links(part * 100_000)
    assert time.process_time() - began < 1.0
