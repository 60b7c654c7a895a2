"""The cue lists that are shipped: each entry fires where it must, and only there."""

import tomllib
from pathlib import Path

import pytest

from workers.pages import parse_cues
from workers.pages.cues import CueBook, book_for

FILES = sorted((Path(__file__).parents[2] / "seeds" / "cues").glob("*.toml"))


def fires(book: CueBook, kind: str, line: str) -> bool:
    """Say whether a line is taken for one of that kind."""
    patterns = {
        "strong": (book.label, book.colon),
        "weak": (book.opens,),
        "ads": (book.ads,),
        "service": (book.service,),
    }[kind]
    return any(pattern is not None and pattern.match(line) is not None for pattern in patterns)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("kind", ["strong", "weak", "ads", "service"])
def test_every_entry(file: Path, kind: str) -> None:
    """Each entry fires on the line that it must, and stays silent on the other."""
    text = file.read_text(encoding="utf-8")
    book = book_for((parse_cues(text),), file.stem)
    entries = tomllib.loads(text)[kind]
    wrong = [
        (entry["cue"], fires(book, kind, entry["fires"]), fires(book, kind, entry["silent"]))
        for entry in entries
        if not fires(book, kind, entry["fires"]) or fires(book, kind, entry["silent"])
    ]
    assert [] == wrong
    assert entries


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_file_is_named_by_its_language(file: Path) -> None:
    """A cue list is found under the name of its language."""
    assert file.stem == parse_cues(file.read_text(encoding="utf-8")).language


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("language = ", "cue list refused: not TOML"),
        ("", "cue list refused: language: text is missing"),
        ('language = "en"\nstrong = 3', "cue list refused: strong: must be a list of tables"),
        ('language = "en"\nads = ["x"]', "cue list refused: ads, entry 1: must be a table"),
        ('language = "en"\nads = [{}]', "cue list refused: ads, entry 1: text is missing"),
    ],
)
def test_broken_lists(text: str, message: str) -> None:
    """A list that cannot be used is refused, with the place."""
    with pytest.raises(ValueError, match=message):
        parse_cues(text)


def test_without_cues() -> None:
    """Without any list no line is taken for anything."""
    book = book_for((), "en")
    assert [None] * 6 == [book.opens, book.label, book.colon, book.tail, book.ads, book.service]
