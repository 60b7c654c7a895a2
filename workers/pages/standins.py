"""Pages that stand where an article was wanted: consent, challenge, not found."""

import re

from workers.pages.metadata import Metadata
from workers.pages.titles import without_site

__all__ = ["stand_in"]

LONGEST = 2_500
"""Characters above which a page is not taken for a notice, whatever its title."""

_STAND_INS = {
    "consent": (
        r"before you continue.*",
        r"we value your privacy",
        r"your privacy choices",
        r"privacy settings",
        r"cookie (?:consent|settings|preferences|wall)",
        r"consent(?: page)?",
        r"(?:manage|your) (?:cookie )?consent.*",
        r"bevor sie (?:zu .* )?(?:weitergehen|fortfahren)",
        r"datenschutz-?einstellungen",
        r"gestion des cookies",
        r"votre vie privée",
    ),
    "challenge": (
        r"just a moment",
        r"attention required!?.*",
        r"access (?:to this page has been )?denied.*",
        r"are you (?:a )?(?:robot|human)",
        r"verify(?:ing)? (?:that )?you(?:'re| are) (?:a )?human.*",
        r"checking your browser.*",
        r"security (?:check|verification)",
        r"one more step",
        r"pardon our interruption",
        r"(?:robot check|human verification|bot verification|captcha.*)",
        r"please (?:wait|verify).{0,40}",
        r"ddos.guard",
        r"(?:error )?(?:40[13]|429|503)(?: .{0,40})?",
        r"(?:request )?(?:forbidden|blocked)",
        r"too many requests",
        r"(?:please )?enable (?:javascript|cookies).*",
        r"un instant.*",
    ),
    "not found": (
        r"(?:oops!? )?(?:error )?404.*",
        r"(?:the |this )?page (?:could |was |can ?)?not (?:be )?found.*",
        r"not found",
        r"page (?:is )?(?:unavailable|missing|no longer (?:available|exists))",
        r"(?:this |the )?page (?:doesn\W?t|does not) exist.*",
        r"we can\W?t find .{0,40}page.*",
        r"oops.{0,30}",
        r"seite (?:wurde )?nicht gefunden.*",
        r"page (?:introuvable|non trouvée)",
        r"página no encontrada",
        r"pagina non trovata",
        r"página não encontrada",
        r"pagina niet gevonden",
        r"страница не найдена",
        r"الصفحة غير موجودة",
        r"页面不存在",
        r"ページが見つかりません.*",
    ),
}
"""Titles of pages that stand where an article was wanted; the whole title, site name taken off."""
_TITLES = {
    kind: re.compile(rf"\W*(?:{'|'.join(titles)})\W*", re.IGNORECASE)
    for kind, titles in _STAND_INS.items()
}


def stand_in(metadata: Metadata, size: int) -> str:
    """Return "consent", "challenge" or "not found" for such a page, "" for any other."""
    if metadata.jsonld_article or metadata.says_published or size > LONGEST:
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
