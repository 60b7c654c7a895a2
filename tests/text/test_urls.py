"""Addresses: one writing for each page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.text.urls import LONGEST, absolute, canonical, host_of, identity_key, origin_of, show

CANONICAL = {
    "HTTP://EXAMPLE.org:80": "http://example.org/",
    "https://example.org:443/a": "https://example.org/a",
    "https://example.org:8443/a": "https://example.org:8443/a",
    "http://example.org/a#part": "http://example.org/a",
    "http://example.org/a/../b/./c": "http://example.org/b/c",
    "http://example.org/../../a": "http://example.org/a",
    "http://example.org/a/..": "http://example.org/",
    "http://example.org/a//b": "http://example.org/a//b",
    "http://example.org/?b=2&a=1": "http://example.org/?b=2&a=1",
    "http://example.org/?utm_source=x&id=7&UTM_Medium=y": "http://example.org/?id=7",
    "http://example.org/?fbclid=x": "http://example.org/",
    "http://example.org/?gclid=1&&a=": "http://example.org/?a=",
    "http://example.org/?utmost=1": "http://example.org/?utmost=1",
    "http://münchen.example/straße": "http://xn--mnchen-3ya.example/stra%C3%9Fe",
    "http://example.org/a b": "http://example.org/a%20b",
    "http://example.org/%7Ea/%zz": "http://example.org/%7Ea/%25zz",
    " \thttp://example.org/a\n": "http://example.org/a",
    "http://exa\nmple.org/a": "http://example.org/a",
    "http://example.org./a": "http://example.org/a",
    "http://[2001:DB8:0:0::1]:80/": "http://[2001:db8::1]/",
    "http://me:pw@example.org/": "http://me:pw@example.org/",
}


@pytest.mark.parametrize("written", CANONICAL)
def test_canonical(written: str) -> None:
    """Each writing becomes the one of its page, and that one stays."""
    expected = CANONICAL[written]
    assert expected == canonical(written)
    assert expected == canonical(expected)


@pytest.mark.parametrize(
    "written",
    [
        "", "a", "/a", "//example.org/a", "mailto:a@example.org", "javascript:alert(1)",
        "ftp://example.org/", "http://", "http:///a", "http://a b/", "http://example.org:99999/",
        "http://[::1/", "http://-/", "http://" + "a" * 300 + "/", "file:///etc/passwd",
        "http://example.org/" + "a" * LONGEST,
    ],
)  # fmt: skip
def test_no_address_of_the_web(written: str) -> None:
    """What is no address of the web is None everywhere."""
    assert None is canonical(written)
    assert None is absolute(written)


def test_relative_to_base() -> None:
    """Relative addresses are resolved, absolute ones do not care."""
    base = "https://example.org/a/b?x=1"
    assert "https://example.org/c" == canonical("../c", base)
    assert "https://other.example/d" == canonical("//other.example/d", base)
    assert "http://third.example/" == canonical("http://third.example", base)


def test_absolute_keeps_what_canonical_drops() -> None:
    """A link to follow keeps its fragment and every parameter."""
    written = "HTTP://Example.org/a?utm_source=x#live"
    assert "http://example.org/a?utm_source=x#live" == absolute(written)


def test_tracking_is_an_argument() -> None:
    """Which parameters are dropped can be chosen."""
    written = "http://example.org/?utm_source=x&ref=y&refer=z"
    kept = "http://example.org/?utm_source=x&refer=z"
    assert kept == canonical(written, None, frozenset({"ref"}))


@pytest.mark.parametrize(
    "written",
    [
        "http://example.org/a/", "https://example.org/a", "https://www.example.org/a/#x",
        "HTTPS://WWW.EXAMPLE.ORG:443/a?utm_campaign=z",
    ],
)  # fmt: skip
def test_identity_key_is_one_for_one_page(written: str) -> None:
    """Scheme, www and a last slash tell no pages apart."""
    assert "example.org/a" == identity_key(written)


def test_identity_key_tells_pages_apart() -> None:
    """Path, parameters and their order do."""
    pages = ["http://x.org/a", "http://x.org/b", "http://x.org/a?b", "http://y.org/a"]
    assert len(pages) == len({identity_key(page) for page in pages})
    assert "no address" == identity_key(" no address ")


def test_parts() -> None:
    """Host with an unusual port, origin, and what may be shown of a secret address."""
    url = "https://me:secret@Hooks.Example.org:8443/token?key=1"
    assert "hooks.example.org:8443" == host_of(url)
    assert "https://hooks.example.org:8443" == origin_of(url)
    assert "https://hooks.example.org:8443" == show(url)
    assert ("<address>", "") == (show("secret"), host_of("secret"))
    assert "[::1]:8080" == host_of("http://[::1]:8080/x")


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=80), st.text(max_size=60).map("http://example.org/".__add__)))
def test_any_text(written: str) -> None:
    """No text raises, and what is canonical once is so twice."""
    once = canonical(written)
    assert once is None or (once == canonical(once) and once.isascii() and len(once) <= LONGEST)
    identity_key(written)
    host_of(written)
