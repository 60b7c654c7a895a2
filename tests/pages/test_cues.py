"""The cue lists that are shipped: each entry fires where it must, and only there."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.model.article import Cues
from workers.pages import parse_cues
from workers.pages.cues import CueBook, Fires, book_for

FILES = sorted((Path(__file__).parents[2] / "seeds" / "cues").glob("*.toml"))


KINDS = {
    "strong": Fires.LABEL | Fires.COLON | Fires.TOPIC,
    "weak": Fires.OPENS,
    "ads": Fires.AD,
    "service": Fires.SERVICE,
}
ALL = tuple(parse_cues(file.read_text(encoding="utf-8")) for file in FILES)


def alone(language: str, kind: str, cue: str) -> CueBook:
    """Return the book of a single cue."""
    lists = {name: (cue.lower(),) if name == kind else () for name in KINDS}
    return CueBook((Cues(language=language, **lists),))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_entry(file: Path, kind: str) -> None:
    """Each entry fires by itself on the line that it must, and no cue does on the other.

    The other line is prose that begins alike: it does not fire for another kind either, of those
    that need no link.
    """
    entries = tomllib.loads(file.read_text(encoding="utf-8"))[kind]
    whole = book_for(ALL, file.stem)
    loud = Fires.LABEL | Fires.COLON | Fires.AD | Fires.SERVICE
    wrong = [
        entry
        for entry in entries
        if not alone(file.stem, kind, entry["cue"]).fires(entry["fires"]) & KINDS[kind]
        or whole.fires(entry["silent"]) & (KINDS[kind] if kind == "weak" else loud)
        or (entry["cue"].endswith("…") and whole.fires(entry["silent"]) & Fires.TOPIC)
    ]
    assert [] == wrong
    assert entries


def test_languages() -> None:
    """There are cues of more than thirty languages, each once."""
    names = [one.language for one in ALL]
    assert len(names) == len(set(names)) > 30


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
        ('language = "en"\nads = [{cue = "©"}]', "ads, entry 1: a cue begins with two letters"),
    ],
)
def test_broken_lists(text: str, message: str) -> None:
    """A list that cannot be used is refused, with the place."""
    with pytest.raises(ValueError, match=message):
        parse_cues(text)


def test_without_cues() -> None:
    """Without any list no line is taken for anything."""
    book = book_for((), "en")
    assert not book.fires("Read more: Ferry line to close")
    assert None is book.aside("It is late. Read more: Ferry line to close", 200)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "READ MORE: Ferry line to close"),
        ("en", "\U0001f449 Read\u00a0more \u2026 Ferry line to close"),
        ("en", "Don\u2019t miss \uff1a Ferry line to close"),
        ("fr", "A LIRE AUSSI : Le bac s\u2019arr\u00eate"),
        ("de", "Related: Fährlinie wird eingestellt"),
        ("en", "Читайте также: Паром больше не ходит"),
        ("ru", "ЧИТАЙТЕ ЕЩЁ: Паром больше не ходит"),
        ("ar", "إقرأ أيضًا: توقف العبّارة في الشتاء"),
        ("ar", "اقرا ايضا.. توقف العبّارة في الشتاء"),
        ("tr", "İLGİLİ HABER: Feribot kışın çalışmayacak"),  # noqa: RUF001 - as pages write it
        ("it", "LEGGI ANCHE -> Il traghetto si ferma"),
        ("hi", "ये भी पढ़ें- नाव सर्दियों में बंद"),
        ("hu", "Olvasta már?: Nem jár a komp"),
        ("ja", "【関連記事】フェリーが冬に運休"),
        ("ja", "■関連記事 フェリーが冬に運休"),
        ("nb", "Les også: Ferga stanses"),
        ("eo", "Lesen Sie auch: Fährlinie wird eingestellt"),
        (None, "相关阅读：轮渡冬季停航"),  # noqa: RUF001 - as pages write it
    ],
)
def test_one_spelling_stands_for_all(language: str | None, line: str) -> None:
    """Case, accents, points, widths and apostrophes make no difference, nor a wrong language."""
    assert book_for(ALL, language).fires(line) & Fires.COLON


def test_a_cue_in_two_parts() -> None:
    """A few words may stand where a cue has an ellipsis, of one sentence and no more."""
    book = book_for(ALL, "en")
    assert book.fires("Follow the Harbour Post channel on WhatsApp today") & Fires.SERVICE
    assert not book.fires("Follow the path. On WhatsApp nobody answers") & Fires.SERVICE
    assert not book.fires("Follow the path on Whatsapped walls") & Fires.SERVICE
    assert book.fires("Read more about the ferry here.") & Fires.COLON
    assert not book.fires("Read more about the ferry here and write less") & Fires.COLON
    text = "It is late. Read more about the ferry here"
    assert (12, len(text)) == book.aside(text, 200)


def test_years() -> None:
    """The number that a cue begins may go on."""
    assert book_for(ALL, "en").fires("Copyright 2026 Harbour Post") & Fires.SERVICE


def test_a_word_that_goes_on() -> None:
    """A cue that is the beginning of a longer word is none, in scripts with marks too."""
    book = book_for(ALL, "hi")
    assert book.fires("विज्ञापन") & Fires.AD
    assert not book.fires("विज्ञापनों")
    assert not book.fires("Watchmen: the night shift")


@given(st.text(max_size=300))
def test_any_line(line: str) -> None:
    """Any text can be asked about, and is cut where it says."""
    book = book_for(ALL, None)
    book.fires(line)
    span = book.aside(line, 200)
    assert span is None or 0 <= span[0] < span[1] <= len(line)
