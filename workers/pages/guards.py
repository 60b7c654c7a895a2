"""What guards a page, as its markup shows: challenges, consent, or nothing without scripts."""

import re
from itertools import islice

from lxml import html

__all__ = ["guard_of"]

MOST_ELEMENTS = 2_000
LOOKED_INTO = 1_000
"""Characters of an address or a script that are looked into."""

_GUARDS = {
    "challenge": re.compile(
        r"cdn-cgi/challenge-platform/h/|cf[-_]chl|cf-browser-verification|captcha-delivery\.com|"
        r"px-captcha|hcaptcha\.com|h-captcha|g-recaptcha|recaptcha/(?:api|enterprise)|"
        r"challenges\.cloudflare\.com|_incapsula_resource|awswaf\.com|sec-if-cpt|_sec/cp_challenge|"
        r"ddos-guard|sucuri_cloudproxy|arkoselabs|geetest|smartcaptcha",
        re.IGNORECASE,
    ),
    "consent": re.compile(
        r"consent\.(?:google|yahoo|youtube)|guce\.|privacy-mgmt\.com|sp_message_container|"
        r"cmpv2|consentmanager\.net|/(?:cookie-?)?consent(?:[/?.]|\Z)|cookiewall",
        re.IGNORECASE,
    ),
}
"""What guards a page: addresses, names and beginnings of its scripts, frames, forms, redirects."""
_SCRIPTS = re.compile(r"java\s?script", re.IGNORECASE)


def guard_of(root: html.HtmlElement) -> str:
    """Return the kind of guard that a page has in its markup, "" for none.

    "script" is a page that asks for JavaScript. Much of this stands on good pages too, so it
    counts only for those that have nothing to read.
    """
    asks = ""
    for element in islice(
        root.iter("script", "iframe", "form", "div", "meta", "noscript"), MOST_ELEMENTS
    ):
        if element.tag == "noscript":
            told = "".join(islice(element.itertext(), 20))[:2_000]
            asks = "script" if _SCRIPTS.search(told) else asks
            continue
        named = [element.get(key) or "" for key in ("src", "action", "id", "class")]
        if element.tag == "meta" and (element.get("http-equiv") or "").lower() == "refresh":
            named.append(element.get("content") or "")
        elif element.tag == "script":
            named.append((element.text or "")[:LOOKED_INTO])
        whole = " ".join(name[:LOOKED_INTO] for name in named)
        for kind, pattern in _GUARDS.items():
            if pattern.search(whole):
                return kind
    return asks
