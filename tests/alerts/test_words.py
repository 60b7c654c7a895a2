"""Alerts in words."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.alerts import headline, lateness, marked, passage, safe_line, when, where, who
from workers.alerts.words import evidence, safe_link, shorten, topic_names
from workers.model.alert import Alert
from workers.model.article import PublishedFrom
from workers.model.topic import Clause, Hit

VIENNA = ZoneInfo("Europe/Vienna")
AT = datetime(2026, 11, 23, 2, 8, tzinfo=UTC)
EVIL = "a\x1b[31mb\r\nc\u202ed\u2066e\u200bf\x9bg\x00h\ufeffi\u2028j"


def test_a_line_keeps_what_is_read_and_loses_what_acts() -> None:
    """Escape codes, line ends, overrides and invisible characters go; words stay."""
    assert "a[31mb cdefghi j" == safe_line(EVIL)


def test_joiners_stay() -> None:
    """Persian and emoji are spelled with zero-width joiners."""
    assert "نمی\u200cدید 👩\u200d🚒" == safe_line("نمی\u200cدید 👩\u200d🚒")


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_a_safe_line_is_one_line_without_controls(text: str) -> None:
    """Whatever comes in, nothing that a terminal or a header would obey comes out."""
    line = safe_line(text)
    kinds = {unicodedata.category(letter) for letter in line}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b")
    assert len(line.splitlines()) <= 1
    assert line == safe_line(line)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, None),
        ("javascript:alert(1)", None),
        ("HTTPS://a.example/x?y=1&z=%20#f", "HTTPS://a.example/x?y=1&z=%20#f"),
        ('https://a.example/"><b>\r\nX: y', "https://a.example/%22%3E%3Cb%3E%0D%0AX:%20y"),
        ("https://a.example/\u202etxt", "https://a.example/%E2%80%AEtxt"),
        ("https://a.example/\ud800", "https://a.example/?"),
    ],
)
def test_a_link_is_ascii_and_http(url: str | None, expected: str | None) -> None:
    """Other schemes are no links, and what could be misread is escaped."""
    assert expected == safe_link(url)


@pytest.mark.parametrize(
    ("title", "url", "expected"),
    [
        ("Commander\nkilled", None, "Commander killed"),
        ("\u200b ", "https://a.example/1", "https://a.example/1"),
        ("", None, "(no title)"),
        ("x" * 300, None, "x" * 199 + "…"),
    ],
)
def test_a_headline_is_never_empty(
    alert: Callable[..., Alert], title: str, url: str | None, expected: str
) -> None:
    """The title, else the address, else words."""
    assert expected == headline(alert(title=title, url=url))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("feed", "23 Nov 2026, 03:08 CET"),
        ("guessed", "about 23 Nov 2026, 03:08 CET (guessed)"),
        ("url", "23 Nov 2026 (a day, read from the address)"),
    ],
)
def test_when_says_how_sure_it_is(
    alert: Callable[..., Alert], source: PublishedFrom, expected: str
) -> None:
    """Times are local; guesses and mere days say so."""
    assert expected == when(alert(published=AT, published_from=source), VIENNA)


def test_an_unknown_time_is_said_in_words(alert: Callable[..., Alert]) -> None:
    """Without a date, the moment it was seen is what there is."""
    said = when(alert(published=None, published_from=None), VIENNA)
    assert "at an unknown time (seen 23 Nov 2026, 03:09 CET)" == said


def test_a_time_at_the_end_of_the_calendar_is_told(alert: Callable[..., Alert]) -> None:
    """A date that no zone can be applied to is told as it was given."""
    odd = datetime(9999, 12, 31, 23, 0, tzinfo=timezone(timedelta(hours=-9)))
    assert "31 Dec 9999, 23:00 UTC-09:00" == when(alert(published=odd), VIENNA)


@pytest.mark.parametrize(
    ("late_s", "expected"),
    [
        (0, ""),
        (3599.9, ""),
        (3600, "1 h late: "),
        (3 * 3600 + 5, "3 h late: "),
        (86400, "1 d late: "),
        (2 * 86400 + 4 * 3600, "2 d 4 h late: "),
    ],
)
def test_lateness(late_s: float, expected: str) -> None:
    """Only messages older than an hour begin with how late they are."""
    assert expected == lateness(late_s)


def test_who_names_feeds_and_author(alert: Callable[..., Alert]) -> None:
    """A feed that lists an article twice is named once, and a long list is counted."""
    entry = alert().entries[0]
    feeds = [msgspec.structs.replace(entry, feed=f"F{number % 7}") for number in range(9)]
    made = msgspec.structs.replace(alert(author="A.\nWriter"), entries=tuple(feeds))
    assert "F0, F1, F2, F3, F4 and 2 more, by A. Writer" == who(made)
    assert "an unknown source" == who(msgspec.structs.replace(alert(), entries=()))


@pytest.mark.parametrize(
    ("rests_on", "verdict", "expected"),
    [
        ("page", "article", ""),
        ("page", None, ""),
        ("page", "doubtful", "not certain"),
        ("page", "not_article", "not like an article"),
        ("page", "thin", "little text"),
        ("feed", None, "was not read"),
        ("feed", "unreadable", "was not read"),
        ("feed", "thin", "little or none"),
        ("feed", "not_article", "looks like no article"),
        ("feed", "article", "says more than the page"),
    ],
)
def test_what_an_alert_rests_on(
    alert: Callable[..., Alert], rests_on: str, verdict: str | None, expected: str
) -> None:
    """An alert says what it rests on wherever that is less than the page of an article."""
    made = alert(evidence=rests_on)
    article = msgspec.structs.replace(made.article, verdict=verdict)
    said = evidence(msgspec.structs.replace(made, article=article))
    assert expected in said
    assert bool(expected) == bool(said)


def test_small_words(alert: Callable[..., Alert]) -> None:
    """Zones, names and cuts read as words."""
    assert ("in the title", "in somewhere") == (where("title"), where("somewhere"))
    assert "strikes" == topic_names(alert())
    assert ("abc", "ab…") == (shorten("abc", 3), shorten("abcd", 3))


def _clause(*hits: tuple[str, int, str, str]) -> Clause:
    made = (
        Hit(zone=zone, start=start, end=start + len(text), text=text, sentence=sentence)
        for zone, start, text, sentence in hits
    )
    return Clause(op="word", query="q", span=(0, 1), hits=tuple(made))


def test_the_sentence_with_most_different_hits_is_shown() -> None:
    """Two words of the query in one sentence beat one word in another."""
    both = "The strike killed a militia leader."
    clauses = [
        _clause(("title", 4, "strike", "One strike")),
        _clause(("body", 104, "strike", both)),
        _clause(("body", 120, "militia", both)),
    ]
    assert "The *strike* killed a *militia* leader." == marked(clauses)


def test_a_hit_is_marked_where_it_was_found() -> None:
    """Of a word that stands there twice, the place that fits all hits is marked."""
    said = "A strike, a second strike by militia"
    clauses = [_clause(("body", 519, "strike", said), ("body", 529, "militia", said))]
    assert "A strike, a second [strike] by [militia]" == marked(clauses, ("[", "]"))


def test_a_sentence_that_was_tidied_is_marked_by_its_words() -> None:
    """Where no shift fits, each hit is marked where its text first occurs."""
    said = "Militia … and strike"
    clauses = [_clause(("body", 0, "Militia", said), ("body", 90, "strike", said))]
    assert "*Militia* … and *strike*" == marked(clauses)


def test_overlapping_hits_are_one() -> None:
    """A phrase and a word inside it are marked together."""
    said = "a drone strike"
    clauses = [_clause(("body", 2, "drone strike", said), ("body", 8, "strike", said))]
    assert "a *drone strike*" == marked(clauses)


def test_a_long_sentence_is_shown_around_its_hit() -> None:
    """The hit is in what is shown, and both ends say that something is missing."""
    said = f"{'before ' * 200}strike {'after ' * 200}"
    shown = marked([_clause(("body", 1400, "strike", said))])
    assert "*strike*" in shown
    assert (True, True) == (shown.startswith("…"), shown.endswith("…"))
    assert len(shown) < 420


def test_nothing_to_show_is_nothing() -> None:
    """Facts (source:, lang:) match without a sentence."""
    assert "" == marked([_clause(("source", 0, "BBC", ""))])
    assert passage([]) is None


@settings(max_examples=100, deadline=None)
@given(
    sentence=st.text("ab \x1b\u202e\n", max_size=900),
    hits=st.lists(st.tuples(st.integers(0, 900), st.text("ab ", max_size=5)), max_size=8),
)
def test_any_receipt_is_marked_safely(sentence: str, hits: list[tuple[int, str]]) -> None:
    """Hits that lie do no harm: the line stays one line, and the sentence's letters stay."""
    clause = _clause(*[("body", start, text, sentence) for start, text in hits])
    shown = marked([clause], ("", ""))
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    if hits and len(sentence) <= 400:
        assert safe_line(sentence) == safe_line(shown)


def test_what_may_not_belong_to_the_article(alert):
    """An alert says which of its topics rest on paragraphs that are doubted."""
    made = alert()
    sure = msgspec.structs.replace(made.topics[0], name="sure")
    unsure = msgspec.structs.replace(made.topics[0], name="flood", doubted=True)
    alone = evidence(msgspec.structs.replace(made, topics=(unsure,)))
    one_of = evidence(msgspec.structs.replace(made, topics=(sure, unsure)))
    assert "What was found stands only in paragraphs" in alone
    assert "What flood found stands only in paragraphs" in one_of
    assert "may not belong" not in evidence(msgspec.structs.replace(made, topics=(sure,)))
