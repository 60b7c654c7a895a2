"""Is this page an article? A score of what it says of itself, how its text and address look."""

import re
from collections.abc import Sequence

import msgspec

from workers.model.article import Verdict
from workers.pages.blocks import Page
from workers.pages.body import THIN, Line
from workers.pages.metadata import Metadata
from workers.pages.sites import split
from workers.pages.titles import without_site

__all__ = ["Judged", "judge", "stand_in"]

LONG = 100
LONG_CJK = 40
"""Characters of a line that is prose; Chinese, Japanese and Korean need fewer."""
STAND_IN_LONGEST = 2_500
"""Characters above which a page is not taken for a notice, whatever its title."""

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_NUMBER = re.compile(r"\d{4}")

_STAND_INS = {
    "consent": (
        r"before you continue.*", r"we value your privacy", r"your privacy choices",
        r"privacy settings", r"cookie (?:consent|settings|preferences|wall)", r"consent(?: page)?",
        r"(?:manage|your) (?:cookie )?consent.*", r"bevor sie (?:zu .* )?(?:weitergehen|fortfahren)",
        r"datenschutz-?einstellungen", r"gestion des cookies", r"votre vie privée",
    ),
    "challenge": (
        r"just a moment", r"attention required!?.*", r"access (?:to this page has been )?denied.*",
        r"are you (?:a )?(?:robot|human)", r"verify(?:ing)? (?:that )?you(?:'re| are) (?:a )?human.*",
        r"checking your browser.*", r"security (?:check|verification)", r"one more step",
        r"pardon our interruption", r"robot check", r"human verification", r"captcha.*",
        r"please (?:wait|verify).{0,40}", r"ddos.guard", r"(?:error )?40[13](?: .{0,40})?",
        r"(?:request )?(?:forbidden|blocked)", r"too many requests", r"(?:429|503)(?: .{0,40})?",
        r"(?:please )?enable (?:javascript|cookies).*", r"un instant.*", r"bot verification",
    ),
    "not found": (
        r"(?:oops!? )?(?:error )?404.*", r"(?:the |this )?page (?:could |was |can ?)?not (?:be )?found.*",
        r"not found", r"page (?:is )?(?:unavailable|no longer (?:available|exists))",
        r"(?:this |the )?page (?:doesn['’]t|does not) exist.*", r"we can['’]t find .{0,40}page.*",
        r"page missing", r"oops.{0,30}", r"seite (?:wurde )?nicht gefunden.*",
        r"page (?:introuvable|non trouvée)", r"página no encontrada", r"pagina non trovata",
        r"página não encontrada", r"pagina niet gevonden", r"страница не найдена",
        r"الصفحة غير موجودة", r"页面不存在", r"ページが見つかりません.*",
    ),
}  # fmt: skip
"""Titles of pages that stand where an article was wanted; the whole title, site name taken off."""
_TITLES = {
    kind: re.compile(rf"\W*(?:{'|'.join(titles)})\W*", re.IGNORECASE)
    for kind, titles in _STAND_INS.items()
}


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
    kind = stand_in(metadata, size)
    if kind:
        return Judged(verdict="thin", reasons=(f"stand-in: {kind} page", *reasons), standin=True)
    if score < 0:
        return Judged(verdict="not_article", reasons=tuple(reasons))
    thin = f"{size} characters of text" if size < THIN else ""
    thin = thin or ("no long line" if not _long_lines(body) else "")
    if thin:
        return Judged(verdict="thin", reasons=(thin, *reasons))
    return Judged(verdict="article" if score > 1 else "doubtful", reasons=tuple(reasons))


def stand_in(metadata: Metadata, size: int) -> str:
    """Return "consent", "challenge" or "not found" for such a page, "" for any other."""
    if metadata.jsonld_article or metadata.says_published or size > STAND_IN_LONGEST:
        return ""
    for title in (metadata.page_title, metadata.h1):
        bare = without_site(title, _names(title))
        for kind, pattern in _TITLES.items():
            if title and (pattern.fullmatch(title[:300]) or pattern.fullmatch(bare[:300])):
                return kind
    return ""


def _names(title: str) -> tuple[str, ...]:
    """Return the last part of a title, which on such pages is the site's name."""
    return (re.split(r"\s+[-|–—·:]\s+", title)[-1],)  # noqa: RUF001


def _said(metadata: Metadata) -> list[tuple[int, str]]:
    found = []
    if metadata.jsonld_article:
        found.append((3, "jsonld article"))
    if metadata.says_published:
        found.append((2, "date or section in meta"))
    if metadata.og_article:
        found.append((1, "og:type article"))
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
    if page.articles >= 8:  # noqa: PLR2004
        found.append((-1, "eight article elements"))
    return found
