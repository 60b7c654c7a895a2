"""What a robots.txt allows us."""

import pytest

from workers.pages.robots import may_read

URL = "https://a.example/news/2026/ferry?x=1"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("<!doctype html><p>Not found", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /news/", False),
        ("User-agent: *\nDisallow: /News/", True),
        ("User-agent: *\nDisallow: /news/\nAllow: /news/2026/", True),
        ("User-agent: *\nDisallow: /*?", False),
        ("User-agent: *\nDisallow: /ferry$", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Tocsin\nAllow: /", True),
        ("User-agent: Tocsin\nUser-agent: Other\nDisallow: /news", False),
        ("User-agent: TOCSIN\nDisallow: /news", False),
        ("User-agent: other\nDisallow: /", True),
    ],
)
def test_allowed(text: str, allowed: bool) -> None:  # noqa: FBT001
    """The rules of our own group count, else those for all; the longest rule wins."""
    assert allowed == may_read(text, URL).allowed


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("5", 5.0), ("0.5", 0.5), ("-3", 0.0), ("nan", 0.0), ("inf", 0.0), ("soon", 0.0), ("", 0.0)],
)
def test_delay(delay: str, seconds: float) -> None:
    """Crawl-delay is a number of seconds, or is not said."""
    assert seconds == may_read(f"User-agent: *\nCrawl-delay: {delay}\nAllow: /", URL).delay_s


def test_hostile_patterns() -> None:
    """Patterns of many wildcards take no longer than others."""
    rules = "\n".join("Disallow: /" + "*a" * 200 + "*b" for _ in range(500))
    assert may_read(f"User-agent: *\n{rules}", "https://a.example/" + "a" * 4_000).allowed
