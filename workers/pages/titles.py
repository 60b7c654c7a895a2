"""The title of a page: the headline as its readers see it, without the site's name."""

import re

from workers.pages.sites import split

__all__ = ["choose_title", "names_of", "without_site"]

LONGEST = 300
LEAST = 3
"""Letters and digits of the shortest title that can agree with another."""

_NOT_KEY = re.compile(r"[\W_]+")
_SEPARATOR = re.compile(r"\s+(?:[-|–—―·•»«:~]|::|\|\|)\s+|\s*[|｜]\s*")  # noqa: RUF001


def choose_title(
    h1s: list[str], headline: str, og: str, title: str, names: tuple[str, ...]
) -> str:
    """Return the h1 that agrees with headline, og:title or title; else the best of the others.

    Args:
        h1s: texts of the page's h1 elements, in order.
        headline: the JSON-LD headline, "" if there is none.
        og: og:title, or its like.
        title: the text of ``<title>``.
        names: names of the site, to be taken off the ends.
    """
    said = [text for text in (headline, og, title) if text]
    for h1 in h1s:
        if any(_agree(h1, other) for other in said):
            return h1[:LONGEST]
    if headline:
        return without_site(headline, names)[:LONGEST]
    if len(h1s) == 1 and not _is_name(h1s[0], names):
        return h1s[0][:LONGEST]
    return without_site(og or title, names)[:LONGEST]


def without_site(title: str, names: tuple[str, ...]) -> str:
    """Return a title without the parts at its ends that name the site."""
    parts = _SEPARATOR.split(title)
    marks = _SEPARATOR.findall(title)
    first, last = 0, len(parts)
    while last - first > 1 and _is_name(parts[last - 1], names):
        last -= 1
    while last - first > 1 and _is_name(parts[first], names):
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


def _is_name(part: str, names: tuple[str, ...]) -> bool:
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
