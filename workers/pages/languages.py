"""The language of a page: as it says, if that can be; else as the letters of its title tell."""

import re
from collections.abc import Iterable

__all__ = ["choose_language", "language_tag"]

_TAG = re.compile(
    r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?(?:[-_.@].*)?", re.IGNORECASE
)
_TWO = frozenset(
    re.findall(
        r"[a-z]+",
        "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs "
        "cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha "
        "he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn "
        "ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb "
        "nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd "
        "se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt "
        "tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ",
    )
)
"""ISO 639-1."""
_OTHER = {
    "iw": "he", "in": "id", "ji": "yi", "jp": "ja", "cn": "zh", "kr": "ko", "cz": "cs", "gr": "el",
    "ua": "uk", "dk": "da", "vn": "vi", "eng": "en", "ger": "de", "deu": "de", "fre": "fr",
    "fra": "fr", "spa": "es", "por": "pt", "ita": "it", "rus": "ru", "ukr": "uk", "ara": "ar",
    "heb": "he", "chi": "zh", "zho": "zh", "jpn": "ja", "kor": "ko", "tur": "tr", "pol": "pl",
    "dut": "nl", "nld": "nl", "swe": "sv", "nob": "nb", "dan": "da", "fin": "fi", "cze": "cs",
    "ces": "cs", "hun": "hu", "gre": "el", "ell": "el", "hin": "hi", "tha": "th", "vie": "vi",
    "ind": "id", "per": "fa", "fas": "fa",
}  # fmt: skip
"""Former codes, countries that are taken for languages, and the commonest of ISO 639-2."""
_COUNTRIES = frozenset({"cn", "jp", "kr", "cz", "gr", "ua", "dk", "vn"})
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis", "all", "lng", "xxx", "new", "web", "www"})

_SCRIPTS = {
    "ja": r"\u3040-\u30ff", "ko": r"\uac00-\ud7af", "zh": r"\u3400-\u9fff", "he": r"\u05d0-\u05ea",
    "th": r"\u0e00-\u0e7f", "el": r"\u0370-\u03ff", "ka": r"\u10a0-\u10ff", "hy": r"\u0530-\u058f",
    "ta": r"\u0b80-\u0bff", "te": r"\u0c00-\u0c7f", "ml": r"\u0d00-\u0d7f", "kn": r"\u0c80-\u0cff",
    "gu": r"\u0a80-\u0aff", "km": r"\u1780-\u17ff", "my": r"\u1000-\u109f", "si": r"\u0d80-\u0dff",
}  # fmt: skip
"""Letters that one language of the press is written in; Japanese first, whose words are mixed."""
_OWN = {language: re.compile(f"[{letters}]") for language, letters in _SCRIPTS.items()}
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_FOREIGN = re.compile(r"[\u0370-\u1fff\u3040-\ud7af]")
_LATIN_ONLY = frozenset({"de", "en", "es", "fr", "it", "nl", "pl", "pt", "sv"})
FEW = 4
"""Letters of a script that tell it."""


def choose_language(said: Iterable[str], title: str) -> str | None:
    """Return the first tag that can be that of the title, else what its letters tell."""
    for text in said:
        tag = language_tag(text)
        if tag and not _contradicts(tag, title):
            return tag
    return _by_letters(title)


def language_tag(text: str) -> str | None:
    """Return a language tag in its usual writing (pt-BR, zh-Hant-TW), None for what is none."""
    found = _TAG.fullmatch(text.strip()[:35])
    if found is None:
        return None
    primary = found[1].lower()
    if primary in _NO_LANGUAGE or (primary in _COUNTRIES and found[3]):
        return None
    primary = primary if primary in _TWO else _OTHER.get(primary, primary)
    if len(primary) == 2 and primary not in _TWO:  # noqa: PLR2004
        return None
    script = found[2].title() if found[2] else None
    region = found[3].upper() if found[3] else None
    return "-".join(part for part in (primary, script, region) if part)


def _contradicts(tag: str, title: str) -> bool:
    """Say whether a language of Latin letters is named for a title that has next to none."""
    if tag.partition("-")[0] not in _LATIN_ONLY:
        return False
    foreign = len(_FOREIGN.findall(title))
    return foreign >= 2 * FEW and foreign > 3 * len(_LATIN.findall(title))


def _by_letters(title: str) -> str | None:
    many = {language: len(own.findall(title)) for language, own in _OWN.items()}
    return next((language for language, number in many.items() if number >= FEW), None)
