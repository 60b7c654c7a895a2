"""Word forms: which words find which."""
# ruff: noqa: RUF001 -- letters that look like others are meant

import pytest

from workers.text.fold import fold
from workers.text.tokens import tokenize
from workers.topics.forms import Forms, has_forms

FORMS = Forms(["en", "de", "ar"])

SAME = [
    ("en", "strike", "strikes struck striking Strike's STRIKES stricken"),
    ("en", "militia", "militias MILITIAS"),
    ("en", "kill", "kills killed killing killings"),
    ("en", "man", "men"),
    ("en", "woman", "women"),
    ("en", "shoot", "shot shoots shooting shootings"),
    ("en", "bomb", "bombed bombing bombings bombs"),
    ("en", "leave", "left leaving leaves"),
    ("en", "leaf", "leaves"),
    ("en", "crisis", "crises"),
    ("en", "axis", "axes"),
    ("en", "seize", "seized seizing seizes"),
    ("en", "kidnap", "kidnapped kidnapping kidnappings"),
    ("en", "find", "found"),
    ("en", "rise", "rose risen rising"),
    ("en", "withdraw", "withdrew withdrawn"),
    ("en", "Houthi", "Houthis"),
    ("en", "Iranian", "Iranians"),
    ("en", "negotiate", "negotiated negotiating"),
    ("de", "Angriff", "Angriffe Angriffen"),
    ("de", "Haus", "Häuser häuser"),
    ("ar", "هجمة", "هجمات والهجمات"),
]
OTHER = [
    ("en", "strike", "string striker stroke"),
    ("en", "man", "many woman"),
    ("en", "militia", "military"),
    ("en", "building", "build"),
    ("en", "war", "ward ware"),
    ("en", "port", "sport report"),
    ("de", "strike", "struck"),
]


def related(code: str, word: str, other: str) -> bool:
    """Say whether a query for ``word`` finds ``other``."""
    token = tokenize(other)[0]
    keys = FORMS.keys(word, fold(word), (code,))
    return bool(keys & FORMS.token_keys(token, (code,)))


@pytest.mark.parametrize(("code", "word", "others"), SAME)
def test_forms_of_one_word(code, word, others):
    """A word finds its forms, and its forms find it."""
    assert [] == [other for other in others.split() if not related(code, word, other)]


@pytest.mark.parametrize(("code", "word", "others"), OTHER)
def test_other_words(code, word, others):
    """A word finds no other words."""
    assert [] == [other for other in others.split() if related(code, word, other)]


@pytest.mark.parametrize("word", ["US", "IDF", "go", "MI6", "F16", "B52s"])
def test_words_without_forms(word):
    """Words in capitals, with digits, or under three letters are searched as written."""
    assert has_forms(word) is False


LANGUAGES = [
    ("en", ("en",)),
    ("en-GB", ("en",)),
    ("EN_us", ("en",)),
    ("fr", ()),
    ("xx", ()),
    (None, ("en", "de", "ar")),
    ("", ("en", "de", "ar")),
    ("und", ("en", "de", "ar")),
]


@pytest.mark.parametrize(("language", "codes"), LANGUAGES)
def test_languages(language, codes):
    """A configured language has its forms, another none, an unknown one all."""
    assert codes == FORMS.codes_for(language)


def test_a_language_without_dictionary_has_no_forms():
    """Naming a language that no dictionary knows is harmless."""
    assert Forms(["xx", "tlh", ""]).codes_for(None) == ()


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("İstanbul", "İstanbul'da İstanbul’un İSTANBUL'dan", True),
        ("Türkiye", "TÜRKİYE'nin Türkiye’ye", True),
        ("Irak", "IRAK'ta Irak'ın", True),
        ("saldırı", "saldırılar SALDIRI", True),
        ("Don", "don't", False),
        ("İran", "Irak'ta", False),
    ],
)
def test_turkish_names_and_capitals(word, text, found):
    """A name is found before an apostrophe and its endings, and in capitals by its own letters."""
    forms = Forms(["tr"])
    wanted = forms.keys(word, fold(word), ("tr",))
    keys = [forms.token_keys(token, ("tr",)) for token in tokenize(text)]
    assert [found] * len(keys) == [bool(wanted & each) for each in keys]
