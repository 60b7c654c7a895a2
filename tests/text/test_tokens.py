"""What a text is cut into, in every script, and where each token stands."""
# ruff: noqa: RUF001 -- letters that look like others are what this is about

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.text.tokens import TEXT_LIMIT, behind_particles, tokenize

CUT = [
    ("U.S. troops", "us troops"),
    ("The U.S.'s U.S.-led force", "the us us led force"),
    ("l’O.N.U. a dit", "l onu a dit"),
    ("J.R.R.Tolkien", "jrr tolkien"),
    ("It ended.Then", "it ended then"),
    ("3.5 of 1,000", "3 5 of 1 000"),
    ("Kata'ib Kata’ib Kataʿib Kata`ib", "kataib kataib kataib kataib"),
    ("Trump's OBAMA’S rebels'", "trump obama rebels"),
    ("l'attaque L’Iran dell'Utri qu'il", "l attaque l iran dell utri qu il"),
    ("D'Souza N'Djamena don't aujourd'hui", "dsouza ndjamena dont aujourdhui"),
    ("air-strike and/or AT&T foo_bar", "air strike and or at t foo bar"),
    ("#Baghdad @who $5bn ‘quoted’ “so”", "baghdad who 5bn quoted so"),
    ("Tocsin™ ® x²", "tocsin x2"),
    ('צה"ל צה״ל צה”ל', "צהל צהל צהל"),
    ("北京市で空爆", "北 京 市 で 空 爆"),
    ("バグダッド・イラク ドローン攻撃", "バグダッド イラク ドローン 攻 撃"),
    ("iPhone手机", "iphone 手 机"),
    ("ไทย", "ไ ท ย"),
    ("हिंदी में", "हिंदी में"),
    ("한국어 \u1112\u1161\u11ab", "한국어 한"),
    ("zero\u200bwidth \ufeffBOM \u202eabc\u202c", "zerowidth bom abc"),
    ("a\ud800b \x00c", "a b c"),
    ("ﷺ", "صلي الله عليه وسلم"),
    ("'' ' - … ...", ""),
]


@pytest.mark.parametrize(("text", "folded"), CUT)
def test_cutting(text, folded):
    """Text is cut and folded as the reference says."""
    assert folded == " ".join(token.folded for token in tokenize(text))


CASED = [("U.S. US us", "US US us"), ("Strike’s", "Strike"), ("KATA'IB", "KATAIB")]


@pytest.mark.parametrize(("text", "cased"), CASED)
def test_case_is_kept_beside(text, cased):
    """Each token knows its case, joined and cut like its folded form."""
    assert cased == " ".join(token.cased for token in tokenize(text))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=80))
def test_offsets_lie_inside_and_in_order(text):
    """Every token cites the text it was made of, and none begins before the one before."""
    tokens = tokenize(text)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert all(token.raw == text[token.start : token.end] for token in tokens)
    assert sorted(token.start for token in tokens) == [token.start for token in tokens]
    assert all(token.folded for token in tokens)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="aé'’.-SsUلוה北カ\u200b", min_size=1, max_size=8), max_size=6))
def test_chunks_are_cut_alike_wherever_they_stand(chunks):
    """A chunk gives the same tokens alone and among others, so remembering it is safe."""
    together = [token.folded for token in tokenize(" ".join(chunks))]
    assert together == [token.folded for chunk in chunks for token in tokenize(chunk)]


PARTICLES = [
    ("والحوثيين", "الحوثيين"),
    ("والحوثيين", "حوثيين"),
    ("للحوثي", "الحوثي"),
    ("بغداد", "غداد"),
    ("בצהל", "צהל"),
    ("והחיזבאללה", "חיזבאללה"),
]


@pytest.mark.parametrize(("word", "rest"), PARTICLES)
def test_particles(word, rest):
    """Words stand behind Arabic and Hebrew particles and the article."""
    assert rest in behind_particles(word)


@pytest.mark.parametrize("word", ["ولد", "strike", "והם", ""])
def test_no_particles(word):
    """What would leave fewer than three letters, and other scripts, are left whole."""
    assert behind_particles(word) == ()


def test_a_text_without_end_is_cut_off():
    """Of one text the first million characters are searched."""
    word = "a" * 999
    assert TEXT_LIMIT // 1000 == len(tokenize(f"{word} " * (TEXT_LIMIT // 1000 + 5)))
