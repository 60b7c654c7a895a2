"""What counts as the same letter."""
# ruff: noqa: RUF001 -- letters that look like others are what this is about

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.text.fold import fold, plain_letters

SAME = [
    ("Café", "cafe"),
    ("cafe\u0301", "cafe"),
    ("Łódź", "lodz"),
    ("Ærø", "aero"),
    ("Œuvre", "oeuvre"),
    ("Đorđe", "dorde"),
    ("Straße", "strasse"),
    ("İstanbul", "istanbul"),
    ("ısı", "isi"),
    ("ΑΘΉΝΑ", "αθηνα"),
    ("Ёлка", "елка"),
    ("Украи\u0301на", "украина"),
    ("КИЇВ", "київ"),
    ("йод", "йод"),
    ("كَتائِب", "كتائب"),
    ("أسلحة", "اسلحه"),
    ("کتاب", "كتاب"),
    ("مـيليشيا", "ميليشيا"),
    ("שָׁלוֹם", "שלום"),
    ("می\u200cخواهد", "ميخواهد"),
    ("٣٠", "30"),
    ("ﾊﾞｸﾞ", "バグ"),
    ("ｆｕｌｌ", "full"),
    ("co\u00adop", "coop"),
    ("हिंदी", "हिंदी"),
    ("Kata’ib", "kata'ib"),
]


@pytest.mark.parametrize(("written", "folded"), SAME)
def test_folding(written, folded):
    """Spellings of the same letters fold to one."""
    assert folded == fold(written)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_every_plain_character_comes_from_somewhere(text):
    """Offsets of plain characters are ordered and lie inside the text."""
    plain, starts, ends = plain_letters(text)
    assert len(plain) == len(starts) == len(ends)
    assert sorted(starts) == starts
    assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))


def test_a_tower_of_marks_costs_little():
    """A letter under a hundred thousand marks is folded, its marks bounded."""
    assert fold("a" + "\u0301\u0323" * 50_000 + "b") == "ab"
