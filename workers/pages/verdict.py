"""Is this page an article? A score of what it says of itself, how its text and address look."""

import re
from collections.abc import Sequence

import msgspec

from workers.model.article import Verdict
from workers.pages.blocks import Page
from workers.pages.body import THIN, Line
from workers.pages.metadata import Metadata
from workers.pages.sites import split
from workers.pages.standins import stand_in

__all__ = ["Judged", "judge"]

LONG = 100
LONG_CJK = 40
"""Characters of a line that is prose; Chinese, Japanese and Korean need fewer."""

MANY_ARTICLES = 8
"""Article elements of a page that lists them."""
LED = 0.3
"""Share of a page's letters in links, above which a short text on it stands among lists."""

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_NUMBER = re.compile(r"\d{4}")


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict with its reasons, each with what it added to the score."""

    verdict: Verdict
    reasons: tuple[str, ...]
    standin: bool = False


def judge(metadata: Metadata, page: Page, body: Sequence[Line], url: str) -> Judged:
    """Return whether the page is an article, from its metadata, text, links and address."""
    size = sum(len(line.text) for line in body)
    reasons: list[str] = []
    score = 0
    for points, reason in (
        *_said(metadata),
        *_shape(body, size),
        *_address(url),
        *_links(page),
    ):
        score += points
        reasons.append(f"{reason} {points:+d}")
    kind = stand_in(metadata, page, size)
    if kind:
        return Judged(verdict="thin", reasons=(f"stand-in: {kind} page", *reasons), standin=True)
    thin = f"{size} characters of text" if size < THIN else ""
    if score < 0 and not (thin and _is_bare(metadata, page, url)):
        return Judged(verdict="not_article", reasons=tuple(reasons))
    thin = thin or ("no long line" if not _long_lines(body) else "")
    if thin:
        return Judged(verdict="thin", reasons=(thin, *reasons))
    return Judged(verdict="article" if score > 1 else "doubtful", reasons=tuple(reasons))


def _is_bare(metadata: Metadata, page: Page, url: str) -> bool:
    """Say whether a page has nothing of a list or a shop: what is short on it is only short."""
    listed = metadata.jsonld_list or metadata.og_other or page.articles >= MANY_ARTICLES
    led = page.linked > LED * page.letters or not split(url).path.strip("/")
    return not listed and not led


def _said(metadata: Metadata) -> list[tuple[int, str]]:
    found = []
    if metadata.jsonld_article:
        found.append((3, "jsonld article"))
    if metadata.says_published:
        found.append((2, "date or section in meta"))
    if metadata.og_article:
        found.append((1, "og:type article"))
    if not found and metadata.og_other == "site":
        found.append((-1, "og:type website"))
    elif not found and metadata.og_other == "product":
        found.append((-2, "og:type product"))
    if metadata.jsonld_list:
        found.append((-3, "jsonld of a list or product"))
    return found


def _long_lines(body: Sequence[Line]) -> list[int]:
    """Return the lengths of the lines that are prose."""
    return [
        len(line.text)
        for line in body
        if len(line.text) >= LONG or len(_CJK.findall(line.text)) >= LONG_CJK
    ]


def _shape(body: Sequence[Line], size: int) -> list[tuple[int, str]]:
    long = _long_lines(body)
    share = sum(long) / size if size else 0.0
    found = []
    if len(long) >= 4:  # noqa: PLR2004
        found.append((1, "four long lines"))
    if len(long) < 2:  # noqa: PLR2004
        found.append((-2, "under two long lines"))
    if share >= 0.6:  # noqa: PLR2004
        found.append((1, "mostly long lines"))
    elif share < 0.4:  # noqa: PLR2004
        found.append((-1, "mostly short lines"))
    return found


def _address(url: str) -> list[tuple[int, str]]:
    path = split(url).path.strip("/")
    found = []
    if path.rpartition("/")[2].count("-") >= 3:  # noqa: PLR2004
        found.append((1, "headline in the address"))
    if _NUMBER.search(path):
        found.append((1, "number in the address"))
    if not path:
        found.append((-2, "address of a front page"))
    return found


def _links(page: Page) -> list[tuple[int, str]]:
    found = []
    if page.linked > 0.6 * page.letters:
        found.append((-1, "mostly links"))
    if page.articles >= MANY_ARTICLES:
        found.append((-1, "eight article elements"))
    return found
