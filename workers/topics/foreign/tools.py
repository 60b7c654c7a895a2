"""What differs between the query languages of other tools.

All of them count the words *between* two words; here neighbours are 1 apart, so a distance of
theirs is one more here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from workers.model.base import Record

__all__ = ["TOOLS", "Tool", "language_code", "reason"]


class Tool(Record, frozen=True, kw_only=True):
    """One language."""

    name: str
    fields: Mapping[str, str]
    """Its fields that have an equal here, in lower case."""
    lower: Literal["operators", "doubtful", "words"] = "doubtful"
    """What ``and`` and ``or`` in lower case are; ``doubtful``: operators, and a note says so."""
    space: Literal["and", "doubtful", "near"] = "doubtful"
    """What stands for no operator between two words."""
    near: int | None = None
    """Words between, where NEAR has no number; None refuses it."""
    forms: bool = False
    """A bare word stands for its forms; else it is exactly that word."""
    stars: bool = True
    """``*`` and ``?`` stand for letters; else a star stands for words."""
    gap: int = 1
    """Words that a star on its own stands for inside quotes, at most."""
    or_first: bool = False
    """OR binds tighter than AND."""
    braces: bool = False
    """``{…}`` is exactly this case."""
    pluses: bool = False
    """``+"…"`` is exactly this, ``++"…"`` in exactly this case."""
    comments: bool = False
    """``<<<`` to ``>>>`` is a comment."""


_COMMON = {
    "title": "title", "headline": "title", "author": "author", "lang": "lang",
    "language": "lang", "content": "body", "body": "body",
}  # fmt: skip

_ALL = (
    Tool(
        name="meltwater",
        fields=MappingProxyType({
            **_COMMON, "ingress": "lead", "lead": "lead", "source": "source",
            "sourcename": "source", "authorname": "author", "url": "source",
        }),
        lower="operators",
        near=4,
    ),
    Tool(
        name="brandwatch",
        fields=MappingProxyType({
            **_COMMON, "site": "source", "url": "source", "domain": "source", "raw": "raw",
            "hashtags": "word", "hashtag": "word",
        }),
        braces=True,
        comments=True,
    ),
    Tool(
        name="talkwalker",
        fields=MappingProxyType({
            **_COMMON, "domainurl": "source", "site": "source", "url": "source",
            "sourcetitle": "source", "source": "source", "authorname": "author",
            "author_name": "author",
        }),
        pluses=True,
        space="near",
    ),
    Tool(
        name="google",
        fields=MappingProxyType({
            "intitle": "title", "allintitle": "title", "intext": "body", "allintext": "body",
            "site": "source", "source": "source", "author": "author", "lang": "lang",
        }),
        lower="words",
        space="and",
        near=15,
        forms=True,
        stars=False,
        gap=5,
        or_first=True,
        pluses=True,
    ),
)  # fmt: skip
TOOLS: Mapping[str, Tool] = MappingProxyType({tool.name: tool for tool in _ALL})
"""By name."""

_REASONS = {
    "country": "articles have no country here; choose feeds of that country, with tags",
    "region": "articles have no region here; choose feeds of that region, with tags",
    "city": "articles have no city here; search for its name",
    "state": "articles have no state here; search for its name",
    "location": "articles have no location here; search for its name",
    "reach": "how many people a source reaches is not known here",
    "engagement": "how many people react to an article is not known here",
    "sentiment": "moods are not guessed here",
    "gender": "who an author is is not guessed here",
    "image": "pictures are not looked at, only their captions",
    "link": "links are not searched",
    "inurl": "addresses are not searched; source: finds words of a host",
    "before": "topics look at what is new; `tocsin topics backtest --since` looks back",
    "after": "topics look at what is new; `tocsin topics backtest --since` looks back",
    "date": "topics look at what is new; `tocsin topics backtest --since` looks back",
    "publish": "topics look at what is new; `tocsin topics backtest --since` looks back",
    "type": "all that is read are articles of feeds",
    "mention": "networks of people are not read here",
    "twitter": "networks of people are not read here",
}

_LANGUAGES = {
    "arabic": "ar", "chinese": "zh", "czech": "cs", "danish": "da", "dutch": "nl",
    "english": "en", "finnish": "fi", "french": "fr", "german": "de", "greek": "el",
    "hebrew": "he", "hindi": "hi", "hungarian": "hu", "indonesian": "id", "italian": "it",
    "japanese": "ja", "korean": "ko", "norwegian": "no", "persian": "fa", "farsi": "fa",
    "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru", "spanish": "es",
    "swedish": "sv", "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur",
    "vietnamese": "vi",
}  # fmt: skip


def reason(field: str) -> str:
    """Return why a field of another tool has no equal here."""
    lower = field.lower()
    return next(
        (why for part, why in _REASONS.items() if part in lower), "there is no such field here"
    )


def language_code(value: str) -> str | None:
    """Return the code of a language given by its code or its English name."""
    lower = value.strip().lower().replace("_", "-")
    code = _LANGUAGES.get(lower, lower)
    parts = code.split("-")
    sizes = (len(parts[0]) in {2, 3}, *(2 <= len(part) <= 8 for part in parts[1:]))  # noqa: PLR2004
    plain = code.isascii() and all(part.isalnum() for part in parts) and parts[0].isalpha()
    return code if plain and all(sizes) else None
