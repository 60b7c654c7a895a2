"""The title of a page: the headline as its readers see it, without the site's name."""

import re
from collections.abc import Sequence
from html import unescape

import msgspec

from workers.pages.sites import split

__all__ = ["Heading", "choose_title", "is_name", "names_of", "without_site"]

LONGEST = 300
LEAST = 3
"""Letters and digits of the shortest title that can agree with another."""
FEW = 3
"""Words below which an h1 that nothing agrees with is no headline."""
SHORTEST_HEADLINE = 10
"""Letters and digits of the shortest headline that a kicker may stand before."""
LONGEST_KICKER = 40
LONGEST_NAME = 60

_NOT_KEY = re.compile(r"[\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_COLONS = ":|–—-»：｜/"  # noqa: RUF001
_SEPARATOR = re.compile(
    r"\s+(?:[-|–—―·•»«:~]|::|\|\|)\s+|\s*[|｜：－＿]\s*"  # noqa: RUF001
    r"|(?<=[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef])_|_(?=[\u3040-\u9fff\uac00-\ud7af])"
)
"""Between a title and a name; in Chinese, Japanese and Korean it needs no space."""
_OPENING = re.compile(r"(?:\s+(?:[-–—―·•»«~]|::|\|\|)\s+|\s*[|｜:]\s*)\Z")  # noqa: RUF001
"""A separator after a name that stands first; there a colon needs no space before it."""


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """An h1 of the page: its text, and the texts of the elements in it."""

    text: str
    parts: tuple[str, ...] = ()


def choose_title(
    h1s: Sequence[Heading], headline: str, og: str, title: str, names: tuple[str, ...]
) -> str:
    """Return the h1 that agrees with headline, og:title or title; else the best of the others.

    A kicker before the headline is left out where the page itself leaves it out somewhere. An h1
    that stands alone is believed even if nothing agrees with it, unless it is a word or two:
    that is a section, or a box of the page.

    Args:
        h1s: the page's h1 elements, in order.
        headline: the JSON-LD headline, "" if there is none.
        og: og:title, or its like.
        title: the text of ``<title>``.
        names: names of the site, to be taken off the ends.
    """
    headline, og = unescape(headline), unescape(og)
    names = (*names, *(_beyond(title, one, names) for one in (og, headline)))
    headline, og, title = (without_site(one, names) for one in (headline, og, title))
    said = [text for text in (headline, og, title) if text and not is_name(text, names)]
    own = [one for one in h1s if not is_name(one.text, names)]
    keys = {_key(text) for text in said}
    best = next((one for one in own if _key(one.text) in keys), None)
    best = best or next((one for one in own if any(_agree(one.text, its) for its in said)), None)
    if best is not None:
        return (_bare(best, said) or without_site(best.text, names))[:LONGEST]
    if len(own) == 1:
        return (_alone(own[0].text, said) or headline or og or title or own[0].text)[:LONGEST]
    return (headline or og or title)[:LONGEST]


def _bare(h1: Heading, said: list[str]) -> str:
    """Return the title that is an h1 without its kicker, or with its parts set apart; else ""."""
    whole = _key(h1.text)
    parts = {_key(part) for part in h1.parts}
    for text in said:
        key = _key(text)
        if key == whole and parts - {whole} and len(text) > len(h1.text):
            return text  # "Kicker: headline", which the elements of an h1 run together
        if len(key) < SHORTEST_HEADLINE or key == whole or not whole.endswith(key):
            continue
        kicker = h1.text[: max(len(h1.text) - len(text), 0)].rstrip()
        if key in parts or (kicker and len(kicker) <= LONGEST_KICKER and kicker[-1] in _COLONS):
            return text
    return ""


def _alone(h1: str, said: list[str]) -> str:
    """Return the only h1, or what extends it at its front; "" if it may be anything."""
    key = _key(h1)
    for text in said:
        if len(key) > LEAST and _key(text).startswith(key):
            return h1
        if len(key) > LEAST and _key(text).endswith(key):
            return text
    return h1 if len(h1.split()) >= FEW or len(_CJK.findall(h1)) >= 2 * FEW else ""


def _beyond(title: str, said: str, names: tuple[str, ...]) -> str:
    """Return what ``<title>`` has besides the title said elsewhere: the name of the site."""
    title, said = " ".join(title.split()), " ".join(said.split())
    if len(said) <= LEAST or len(title) <= len(said) or is_name(said, names):
        return ""
    if title.startswith(said):
        rest = title[len(said) :]
        mark = _SEPARATOR.match(rest)
        rest = rest[mark.end() :] if mark else ""
    elif title.endswith(said):
        rest = title[: -len(said)]
        mark = _OPENING.search(rest)
        rest = rest[: mark.start()] if mark else ""
    else:
        return ""
    return "" if _SEPARATOR.search(rest) or len(rest) > LONGEST_NAME else rest


def without_site(title: str, names: tuple[str, ...]) -> str:
    """Return a title without the parts at its ends that name the site."""
    parts = _SEPARATOR.split(title)
    marks = _SEPARATOR.findall(title)
    first, last = 0, len(parts)
    while last - first > 1 and is_name(parts[last - 1], names):
        last -= 1
    while last - first > 1 and is_name(parts[first], names):
        first += 1
    kept = parts[first]
    for mark, part in zip(marks[first:], parts[first + 1 : last], strict=False):
        kept += mark + part
    return kept.strip() or title.strip()


def names_of(site_name: str, url: str) -> tuple[str, ...]:
    """Return the names that a page's site goes by: its own, and its host's longest label."""
    host = split(url).hostname or ""
    labels = [label for label in host.split(".") if label != "www"]
    longest = max(labels[:-1] or labels, key=len, default="")
    return tuple(name for name in (site_name, longest, host.removeprefix("www.")) if name)


def _key(text: str) -> str:
    return _NOT_KEY.sub("", text).casefold()


def is_name(part: str, names: tuple[str, ...]) -> bool:
    """Say whether a text is a name of the site, or nearly."""
    key = _key(part)
    return bool(key) and any(
        key == (name := _key(one))
        or (len(key) > LEAST and name.startswith(key))
        or (len(name) > LEAST and key.startswith(name) and len(key) < 2 * len(name) + 4)
        for one in names
    )


def _agree(h1: str, other: str) -> bool:
    """Say whether one holds the other, or they share four fifths of their words."""
    mine, its = _key(h1), _key(other)
    if len(mine) < LEAST or not its:
        return False
    if mine in its and len(mine) * 2 > len(its):
        return True
    if its in mine and len(its) * 2 > len(mine):
        return True
    words, theirs = set(h1.casefold().split()), set(other.casefold().split())
    return len(words & theirs) >= 0.8 * max(len(words), min(len(theirs), len(words) + 3))
