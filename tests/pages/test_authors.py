# ruff: noqa: RUF001 - letters of other alphabets are meant
"""Who wrote it: names in all the places and words where pages put them."""

import pytest

from workers.pages.metadata import read_metadata
from workers.pages.parse import parse


def author_of(body: str, head: str = "") -> str | None:
    """Return the author of a small page of the Gazette."""
    site = '<meta property="og:site_name" content="The Gazette">'
    root, _ = parse(f"<html><head>{site}{head}</head><body><h1>Ferry</h1>{body}</body></html>")
    assert root is not None
    return read_metadata(root, "https://gazette.example/x").author


def json_ld(author: str) -> str:
    """Return the JSON-LD of an article by that author."""
    return (
        '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "author": '
        + author
        + ', "publisher": {"name": "Gazette Media Group"}}, '
        '{"@type": "Person", "@id": "#ines", "name": "Ines Aldana"}]}</script>'
    )


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ('"Ines Aldana"', "Ines Aldana"),
        ('"By Ines Aldana and Ole Berg"', "Ines Aldana, Ole Berg"),
        ('{"@type": "Person", "name": "Ines Aldana"}', "Ines Aldana"),
        ('{"@type": "Person", "name": "Di Maria"}', "Di Maria"),
        ('{"@type": "Person", "name": "By Ole Berg"}', "Ole Berg"),
        ('{"@id": "#ines"}', "Ines Aldana"),
        ('[{"@type": "Person", "name": "Ines Aldana"}, "Ole Berg"]', "Ines Aldana, Ole Berg"),
        ('{"@type": "Person", "name": ["Ines Aldana", "Ole Berg"]}', "Ines Aldana, Ole Berg"),
        ('[{"name": "Gazette Media Group"}, {"name": "Ole Berg"}]', "Ole Berg"),
        ('{"name": "Gazette Media Group"}', "Gazette Media Group"),
        ('{"@type": "Person", "name": "The Gazette"}', "The Gazette"),
        ('"admin"', None),
        ('"https://gazette.example/staff/ines"', None),
        ('"23 November 2026"', None),
        ('"{{ author.name }}"', None),
        ("7", None),
        ("null", None),
        ('{"name": {"name": "x"}}', None),
    ],
)
def test_json_ld(author: str, expected: str | None) -> None:
    """JSON-LD names persons in any shape; the house is named only if nobody else is."""
    assert expected == author_of("", json_ld(author))


@pytest.mark.parametrize(
    "line",
    [
        "By Ines Aldana", "Written by Ines Aldana", "Von Ines Aldana", "Par Ines Aldana",
        "Por Ines Aldana", "Di Ines Aldana", "Door Ines Aldana", "Av Ines Aldana",
        "Af Ines Aldana", "Przez Ines Aldana", "Autor: Ines Aldana", "Auteur : Ines Aldana",
        "Szerző: Ines Aldana", "Yazan: Ines Aldana", "Oleh Ines Aldana", "Tác giả: Ines Aldana",
        "Kirjoittaja: Ines Aldana", "От Ines Aldana", "Автор: Ines Aldana", "Автори: Ines Aldana",
        "Συντάκτης: Ines Aldana", "מאת Ines Aldana", "بقلم Ines Aldana",
        "作者：Ines Aldana", "記者 Ines Aldana", "글 Ines Aldana", "โดย Ines Aldana",
        "लेखक: Ines Aldana", "By Ines Aldana | 23 November 2026", "By Ines Aldana (London)",
    ],
)  # fmt: skip
def test_bylines(line: str) -> None:
    """The word before the name is told in the languages of the press, in or out of an element."""
    assert "Ines Aldana" == author_of(f'<div class="byline">{line}</div>')
    assert "Ines Aldana" == author_of("", f'<meta name="author" content="{line}">')


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>By Ines Aldana</p>", "Ines Aldana"),
        ("<p>By <b>Ines Aldana</b> and <b>Ole Berg</b></p>", "Ines Aldana"),
        ("<p>Текст: Инес Альдана</p>", "Инес Альдана"),
        ("<p>By the harbour stood a boat.</p>", None),
        ("<p>By Monday</p>", None),
        ('<div class="byline">By <a>Ines Aldana</a>, <a>Ole Berg</a> <i>Nov 23</i></div>',
         "Ines Aldana, Ole Berg"),
        ('<span class="author">Ines Aldana</span><span class="comment-author">Troll</span>',
         "Ines Aldana"),
        ('<a rel="author">ines.aldana</a><p class="byline">By Ines Aldana</p>', "Ines Aldana"),
        ('<a rel="author">ines.aldana</a>', "ines.aldana"),
        ('<div class="author-name">About the author</div>', None),
    ],
)  # fmt: skip
def test_marks_and_words(body: str, expected: str | None) -> None:
    """Names are told from dates, labels, log-in names and sentences that stand beside them."""
    assert expected == author_of(body)
