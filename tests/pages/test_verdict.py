"""Is it an article? The verdict, with its reasons."""

from collections.abc import Callable

import pytest

from workers.model.article import Extracted

Read = Callable[..., Extracted]


def test_listing(read: Read) -> None:
    """A page of teasers that calls itself a collection is no article."""
    teasers = "".join(
        f"<article><h2><a href='/{n}'>Goat number {n} elected porter</a></h2></article>"
        for n in range(12)
    )
    head = '<script type="application/ld+json">{"@type": "CollectionPage"}</script>'
    markup = f"<html><head>{head}</head><body><main>{teasers}</main></body></html>"
    got = read(markup, url="https://gazette.example/")
    assert "not_article" == got.verdict
    assert "jsonld of a list or product -3" in got.reasons
    assert not got.standin


def test_teaser(read: Read, build: Callable[..., str], json_ld: str) -> None:
    """An article of which only the first lines are shown is thin."""
    got = read(build("<p>The ferry will stop running, the harbour said.</p>", head=json_ld))
    assert "thin" == got.verdict
    assert not got.standin


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Page not found | The Gazette", "not found"),
        ("404 - Not Found", "not found"),
        ("Seite nicht gefunden - Blatt", "not found"),
        ("Before you continue | The Gazette", "consent"),
        ("We value your privacy", "consent"),
        ("Just a moment...", "challenge"),
        ("Attention Required! | Shield", "challenge"),
        ("403 Forbidden", "challenge"),
    ],
)
def test_stand_ins(read: Read, title: str, kind: str) -> None:
    """Consent, challenge and not-found pages are known by their titles."""
    words = "We and our partners would like to know more of you before we let you read. " * 5
    got = read(f"<html><head><title>{title}</title></head><body><p>{words}</p></body></html>")
    assert ("thin", True) == (got.verdict, got.standin)
    assert f"stand-in: {kind} page" == got.reasons[0]


def test_article_with_such_a_title(read: Read, build: Callable[..., str], json_ld: str) -> None:
    """An article may be called "Just a moment": what it says of itself counts for more."""
    got = read(build(title="Just a moment", head=json_ld).replace("<h1>Ferry", "<h1>Just Ferry"))
    assert ("article", False) == (got.verdict, got.standin)


def test_reasons_add_up(read: Read, build: Callable[..., str], json_ld: str) -> None:
    """Each reason says what it added."""
    got = read(build(head=json_ld))
    assert (
        "jsonld article +3",
        "four long lines +1",
        "mostly long lines +1",
        "headline in the address +1",
        "number in the address +1",
    ) == got.reasons
