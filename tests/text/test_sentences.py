"""The sentence around a place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.text.sentences import sentence_around

TEXT = "First one. Gen. Smith of the U.S. Army spoke! “It burned.” Next\nline。空爆が。あった"
FOUND = [
    ("Smith", "Gen. Smith of the U.S. Army spoke!"),
    ("Army", "Gen. Smith of the U.S. Army spoke!"),
    ("burned", "“It burned.”"),
    ("Next", "Next"),
    ("空爆", "空爆が。"),
]


@pytest.mark.parametrize(("word", "sentence"), FOUND)
def test_sentences(word, sentence):
    """A sentence ends with its mark or its line, not at an abbreviation."""
    start = TEXT.index(word)
    assert sentence == sentence_around(TEXT, start, start + len(word))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400), st.data())
def test_a_sentence_is_short_and_printable(text, data):
    """Whatever the text, the sentence keeps its limit and nothing moves a terminal."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    sentence = sentence_around(text, start, end, 60)
    assert len(sentence) <= 60
    assert sentence.isprintable() or "\ufffd" in sentence


def test_a_long_sentence_keeps_the_place():
    """What is too long is cut on both sides, around the place."""
    text = "word " * 200 + "HERE " + "word " * 200
    sentence = sentence_around(text, 1000, 1004, 100)
    assert "HERE" in sentence
    assert sentence[0] == sentence[-1] == "…"
    assert len(sentence) <= 100
