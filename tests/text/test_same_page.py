"""Addresses of one page, as far as addresses alone can say; and addresses of two."""

import pytest

from monitor import shipped
from workers.text.same_page import article_key, direct, host_like, parse_tracking
from workers.text.urls import TRACKING, identity_key

TRACKED = shipped.tracking()
HERE = "https://news.example/2026/03/storm-hits"


def key(url: str) -> str:
    """Return the key of an article."""
    return article_key(url, TRACKED)


@pytest.mark.parametrize(
    "twin",
    [
        "http://news.example/2026/03/storm-hits",
        "https://www.news.example/2026/03/storm-hits",
        "HTTPS://NEWS.example:443/2026/03/storm-hits/",
        f"{HERE}#comments",
        f"{HERE}?utm_source=rss&utm_medium=feed",
        f"{HERE}?fbclid=1&gclid=2",
        f"{HERE}?",
        "https://news.example/2026/./x/../03/storm-hits",
        "https://news.example/2026/03/storm%2Dhits",
        f"{HERE}/amp",
        f"{HERE}/amp/",
        f"{HERE}.amp",
        f"{HERE}?amp",
        f"{HERE}?amp=1",
        f"{HERE}?outputType=amp",
        f"{HERE};jsessionid=0A1B",
        "https://news-example.cdn.ampproject.org/c/s/news.example/2026/03/storm-hits",
        "https://news-example.cdn.ampproject.org/v/s/news.example/2026/03/storm-hits/amp?amp_js_v=0.1&usqp=mq331",
        "https://www.google.com/amp/s/www.news.example/2026/03/storm-hits",
        "https://google.co.uk/amp/news.example/2026/03/storm-hits?amp=1",
        "https://www.bing-amp.com/c/s/news.example/2026/03/storm-hits",
    ],
)
def test_two_writings_of_one_page_have_one_key(twin: str) -> None:
    """Scheme, www., port, fragment, escapes, tracking, AMP on the same host, AMP's caches."""
    assert key(HERE) == key(twin)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{HERE}?b=1&a=2", f"{HERE}?a=2&b=1"),
        ("https://news.example/a-1.html", "https://news.example/a-1.amp.html"),
        ("https://xn--bcher-kva.example/a", "https://bücher.example/a"),
        ("https://a.example/caf%c3%a9", "https://a.example/café"),
        ("https://a.example/caf%C3%A9", "https://a.example/caf%c3%a9"),
        ("https://x.blogspot.com/2026/03/a.html?m=1", "https://x.blogspot.com/2026/03/a.html"),
        ("https://www.nytimes.com/a-b?smid=x&partner=rss", "https://nytimes.com/a-b"),
        (
            "https://news.google.com/rss/articles/X?oc=5&hl=en",
            "https://news.google.com/rss/articles/X",
        ),
    ],
)
def test_the_same_by_other_rules(one: str, other: str) -> None:
    """Order of parameters, AMP's endings, hosts in other scripts, parameters of one publisher."""
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (HERE, "https://m.news.example/2026/03/storm-hits"),
        (HERE, "https://amp.news.example/2026/03/storm-hits"),
        (HERE, "https://edition.news.example/2026/03/storm-hits"),
        (f"{HERE}?id=1", f"{HERE}?id=2"),
        (f"{HERE}?page=2", HERE),
        (f"{HERE}?m=1", HERE),
        (f"{HERE}?ref=1", HERE),
        (f"{HERE}?a=1&a=2", f"{HERE}?a=2&a=1"),
        (f"{HERE}?q=a%26b", f"{HERE}?q=a&b"),
        ("https://a.example/a%2Fb", "https://a.example/a/b"),
        ("https://a.example/A", "https://a.example/a"),
        ("https://a.example/reviews/amp", "https://a.example/reviews"),
        ("https://a.example/amp", "https://a.example/"),
        ("https://ci.nii.ac.jp/b?ncid=BA1", "https://ci.nii.ac.jp/b?ncid=BA2"),
        ("https://evil.example/amp/s/news.example/x", "https://news.example/x"),
        ("https://google.com.evil.example/amp/s/news.example/x", "https://news.example/x"),
    ],
)
def test_what_may_be_two_pages_has_two_keys(one: str, other: str) -> None:
    """Hosts for small screens, parameters that mean something, sections called AMP."""
    assert key(one) != key(other)


def test_a_key_is_its_own_key_and_knows_all_that_entries_know() -> None:
    """Whatever tells no two entries apart tells no two articles apart."""
    assert TRACKING <= TRACKED.everywhere
    for url in (HERE, f"{HERE}?a=1", "https://www.a.example/", "mailto:x@a.example", "", "::"):
        assert key(f"https://{key(url)}") == key(url) or identity_key(url) == key(url)


@pytest.mark.parametrize("host", sorted(TRACKED.hosts))
def test_each_host_drops_and_keeps_what_its_entry_says(host: str) -> None:
    """Of its own and of what lies below it, not of others."""
    said = TRACKED.hosts[host]
    for name in said.also:
        assert key(f"https://{host}/a-1") == key(f"https://www.{host}/a-1?{name}=2")
        assert key(f"https://{host}/a-1") == key(f"https://{host}/a-1?{name}=3")
    for name in said.keep:
        assert key(f"https://{host}/a?{name}=2") != key(f"https://{host}/a?{name}=3")
        assert key(f"https://a.example/a?{name}=2") == key("https://a.example/a")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.a.example/x", "a.example"),
        ("https://m.a.example/x", "a.example"),
        ("https://amp.www.a.example:8080/x", "a.example:8080"),
        ("https://m.example/x", "m.example"),
        ("https://news.a.example/x", "news.a.example"),
        ("http://[::1]:80/", "[::1]:80"),
        ("http://[broken", ""),
    ],
)
def test_hosts_for_other_screens_are_the_same_publisher(url: str, host: str) -> None:
    """What is left says whose it is."""
    assert host == host_like(url)


def test_what_stands_in_a_cache_is_read_where_it_is_from() -> None:
    """The address of the page itself; another stays as it is."""
    cached = "https://a-example.cdn.ampproject.org/c/s/a.example/x?utm_source=y"
    assert ("https://a.example/x", HERE) == (direct(cached), direct(HERE))


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "everywhere = 1",
        "everywhere = ['Upper']",
        "everywhere = [1]",
        "hosts = 1",
        "everywhere = []\n[hosts]\n'a.example' = { drop = ['x'] }",
        "everywhere = []\n[hosts]\n'a.example' = { also = 'x' }",
    ],
)
def test_a_list_that_cannot_be_read_is_refused(text: str) -> None:
    """With a sentence that says what is wrong."""
    with pytest.raises(ValueError, match="tracking parameters refused"):
        parse_tracking(text)
