"""The list of common words is what anchors are chosen by: it is checked word by word."""

import pytest

from monitor import shipped
from workers.text.common import parse_common
from workers.text.fold import fold
from workers.text.tokens import tokenize


def test_every_word_is_folded_and_one_token() -> None:
    """A key that no token can equal would be dead weight."""
    words = shipped.common_words()

    assert [] == [word for word in words if fold(word) != word]
    assert [] == [word for word in words if [t.folded for t in tokenize(word)] != [word]]


def test_shares_are_shares() -> None:
    """Each is above nothing and at most all."""
    assert [] == [word for word, share in shipped.common_words().items() if not 0 < share <= 1]


def test_the_list_is_large_enough_and_not_too_large() -> None:
    """It is read at every start: some thousand words, not a dictionary."""
    assert 2000 <= len(shipped.common_words()) <= 4000


@pytest.mark.parametrize(
    ("common", "rarer"),
    [
        ("the", "government"),
        ("government", "militia"),
        ("die", "regierung"),
        ("les", "président"),
        ("и", "войны"),
        ("та", "перемирря"),
        ("في", "صواريخ"),
        ("של", "נתניהו"),
        ("ve", "ordusu"),
        ("się", "wojny"),
        ("از", "موشک"),
        ("的", "战"),
        ("の", "ぐ"),
    ],
)
def test_every_language_is_in_it_and_in_order(common: str, rarer: str) -> None:
    """Function words stand in more articles than words of the news, in each language."""
    words = shipped.common_words()

    assert words[fold(common)] > words[fold(rarer)] > 0


def test_names_that_topics_are_made_of_are_not_in_it() -> None:
    """What it does not hold is taken for rare."""
    assert not {"kataib", "nujaba", "bakhmut", "recep"} & shipped.common_words().keys()


def test_it_is_read_once_and_cannot_be_changed() -> None:
    """All topics are filed by the same list."""
    words = shipped.common_words()

    assert words is shipped.common_words()
    with pytest.raises(TypeError):
        words["the"] = 0.1  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[words", "not TOML"),
        ("words = 3", r"one table, \[words\]"),
        ("the = 0.9", r"one table, \[words\]"),
        ("[words]\nthe = 0.9\n[more]\n", r"one table, \[words\]"),
        ("[words]\nthe = 0.0", "'the': its share"),
        ("[words]\nthe = 1.01", "'the': its share"),
        ("[words]\nthe = nan", "'the': its share"),
        ("[words]\nthe = true", "'the': its share"),
        ('[words]\nthe = "0.9"', "'the': its share"),
        ("[words]\nThe = 0.9", "'The': not one word as folded"),
        ('[words]\n"of the" = 0.9', "'of the': not one word"),
        ('[words]\n"président" = 0.9', r"not one word as folded \('president'\)"),
        ('[words]\n"" = 0.9', "'': not one word"),
        ("[words]\nthe = 0.9\nthe = 0.8", "not TOML"),
    ],
)
def test_a_list_that_is_not_well_formed_is_refused(text: str, told: str) -> None:
    """The word is named."""
    with pytest.raises(ValueError, match=told):
        parse_common(text)
