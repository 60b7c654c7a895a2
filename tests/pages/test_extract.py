"""A whole page in, an article out."""

from collections.abc import Callable
from datetime import UTC, datetime

from workers.model.article import Extracted, FetchedPage
from workers.pages import PageRules, extract

Read = Callable[..., Extracted]


def zones_of(extracted: Extracted, zone: str) -> list[str]:
    """Return the lines of a zone."""
    return [line.text for line in extracted.zones if line.zone == zone]


def test_article_page(
    read: Read, build: Callable[..., str], paragraphs: tuple[str, ...], json_ld: str
) -> None:
    """An article page gives its prose as text, and its metadata."""
    got = read(build(head=json_ld))
    assert "article" == got.verdict
    assert all(text in got.text for text in paragraphs)
    assert "murder" not in got.text.lower()
    assert "Ferry line to close for the winter" == got.title
    assert datetime(2026, 11, 23, 8, 30, tzinfo=UTC) == got.published
    assert ("jsonld", "Ines Aldana", "en", "page") == (
        got.published_from,
        got.author,
        got.language,
        got.text_from,
    )


def test_read_more_lines_and_comment_invitation(
    read: Read, build: Callable[..., str], paragraphs: tuple[str, ...]
) -> None:
    """Both "Read More" lines, linked and not, are related; the invitation is boilerplate."""
    one, two, three, four = paragraphs
    body = (
        f"<p>{one}</p><p>Read More: <a href='/x'>Militia strike kills murder suspect</a></p>"
        f"<p>{two}</p><p><strong>Read More: Murder on the night train</strong></p>"
        f"<p>{three}</p><p>{four}</p><p>Leave a Comment</p>"
    )
    got = read(build(body))
    assert "murder" not in got.text.lower()
    related = zones_of(got, "related")
    assert {
        "Read More: Militia strike kills murder suspect",
        "Read More: Murder on the night train",
    } <= set(related)
    assert "Leave a Comment" in zones_of(got, "boilerplate")
    assert all(text in got.text for text in paragraphs)


def test_cue_lines_that_the_extractor_drops(
    read: Read, build: Callable[..., str], paragraphs: tuple[str, ...]
) -> None:
    """Cue lines in boxes that the extractor leaves out are found all the same."""
    one, two, three, four = paragraphs
    body = (
        f"<p>{one}</p>"
        "<div class='related-box'><p><a href='/x'>Read More: Murder at sea</a></p></div>"
        f"<p>{two}</p><p>{three}</p><p>{four}</p>"
        "<div class='social-share'><a href='#c'>Leave a Comment</a></div>"
    )
    got = read(build(body))
    assert "Read More: Murder at sea" in zones_of(got, "related")
    assert "Leave a Comment" in zones_of(got, "boilerplate")


def test_cue_as_last_sentence(
    read: Read, build: Callable[..., str], paragraphs: tuple[str, ...]
) -> None:
    """A last sentence that leads elsewhere is cut off its paragraph."""
    first, *rest = paragraphs
    body = f"<p>{first} Read more: Murder on the night train</p>" + "".join(
        f"<p>{text}</p>" for text in rest
    )
    got = read(build(body))
    assert first in got.text
    assert "Murder" not in got.text
    assert "Read more: Murder on the night train" in zones_of(got, "related")


def test_captions(read: Read, build: Callable[..., str], paragraphs: tuple[str, ...]) -> None:
    """What stands under a picture is a caption, kept and not searched as body."""
    figure = (
        "<figure><img src='a'><figcaption>The pier at dusk. Photo: I. Aldana</figcaption></figure>"
    )
    body = figure.join(f"<p>{text}</p>" for text in paragraphs)
    got = read(build(body))
    assert "The pier at dusk." not in got.text
    assert ["The pier at dusk. Photo: I. Aldana"] == zones_of(got, "caption")


def test_article_body_where_the_wrong_block_was_taken(
    read: Read, build: Callable[..., str], paragraphs: tuple[str, ...]
) -> None:
    """A long articleBody that the text does not share is the article."""
    words = " ".join(paragraphs).replace("ferry", "tram").replace('"', "").split()
    other = " ".join(reversed(words))
    head = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Tram", '
        f'"articleBody": "{other}"}}</script>'
    )
    got = read(build(head=head))
    assert "articleBody" == got.text_from
    assert "between tram" in got.text


def test_timer_is_asked_for_each_stage(rules: PageRules, build: Callable[..., str]) -> None:
    """With a timer each stage has its milliseconds, without one there are none."""
    seconds = iter(range(100))
    fetched = FetchedPage(url="https://a.example/x", body=build().encode())
    timed = extract(fetched, rules, lambda: float(next(seconds)))
    stages = {"decode", "limit", "parse", "metadata", "text", "zones", "verdict", "witness"}
    assert dict.fromkeys(stages, 1000.0) == timed.ms
    assert {} == extract(fetched, rules).ms


def test_throughput_mode(
    rules: PageRules, build: Callable[..., str], paragraphs: tuple[str, ...]
) -> None:
    """The faster mode finds the same prose."""
    fast = PageRules(cues=rules.cues, mode="throughput")
    got = extract(FetchedPage(url="https://a.example/x", body=build().encode()), fast)
    assert all(text in got.text for text in paragraphs)


def test_what_cannot_be_read(read: Read, rules: PageRules) -> None:
    """Bytes that are no page are unreadable, with a reason."""
    for body in (b"", b"   ", b"<!-- nothing -->"):
        assert ("unreadable", ("no markup in it",)) == (
            read(body).verdict,
            read(body).reasons,
        )
    small = PageRules(cues=rules.cues, body_bytes=10)
    got = extract(FetchedPage(url="https://a.example/", body=b"<p>" + b"x" * 20), small)
    assert "unreadable" == got.verdict
    assert ("too large: 23 bytes, the limit is 10",) == got.reasons
