"""Addresses: one writing for each page, and what of an address may be shown."""

import re
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

__all__ = [
    "LONGEST",
    "TRACKING",
    "absolute",
    "canonical",
    "host_of",
    "identity_key",
    "origin_of",
    "show",
    "without_user",
]

LONGEST = 2048
"""Characters of the longest address that is kept: what browsers and sitemaps agree on."""

TRACKING = frozenset(
    {
        "__s", "_branch_match_id", "_ga", "_gl", "_hsenc", "_hsmi", "_openstat", "at_campaign",
        "at_custom1", "at_custom2", "at_custom3", "at_custom4", "at_medium", "cmpid", "dclid",
        "echobox", "fbclid", "ga_campaign", "ga_content", "ga_medium", "ga_source", "ga_term",
        "gad_source", "gbraid", "gclid", "gclsrc", "hsctatracking", "icid", "igshid", "irclickid",
        "li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "msclkid", "ncid", "oly_anon_id",
        "oly_enc_id", "rb_clickid", "s_cid", "smid", "sms_click", "srsltid", "ttclid", "twclid",
        "utm_*", "vero_conv", "vero_id", "wbraid", "wickedid", "xtor", "yclid", "ysclid",
    }
)  # fmt: skip
"""Query parameters that say where a reader came from, never which page; ``*`` ends a prefix."""

_PORTS = {"http": 80, "https": 443}
_SPACES = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]+")
_CONTROLS = re.compile(r"[\t\r\n]")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?", re.ASCII)
_NEEDS_QUOTING = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]|%(?![0-9A-Fa-f]{2})")
_HOSTED = r"https?://[a-z0-9](?:[a-z0-9-]|\.(?!/)){0,250}+(?<!-)"
_PLAIN = re.compile(_HOSTED + r"/(?:[!$'()*,:;=@\w~+-]|(?<!/)\.|(?<!/)/)*+", re.ASCII)
"""Addresses that are canonical as they stand: most of those that feeds write."""
_WHOLE = re.compile(
    _HOSTED + r"/(?:[!$'()*,:;=@\w~+-]|%[0-9A-Fa-f]{2}|(?<!/)\.|(?<!/)/)*+(?<!;)"
    r"(?:\?(?:[!$'()*,:;=@\w~+./?&-]|%[0-9A-Fa-f]{2})++)?+"
    r"(?:#(?:[!$'()*,:;=@\w~+./?&-]|%[0-9A-Fa-f]{2})++)?+",
    re.ASCII,
)
"""Addresses that are absolute, and quoted as they should be, as they stand."""
_OWN_HOST = re.compile(r"https?://[^/?#;][^;]*+\Z")
"""Addresses that nothing needs to be joined to."""


@lru_cache(maxsize=8)
def _tests(tracking: frozenset[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the whole names and the prefixes of a list of tracking parameters."""
    prefixes = tuple(name[:-1] for name in tracking if name.endswith("*"))
    return frozenset(name for name in tracking if not name.endswith("*")), prefixes


def canonical(
    url: str, base: str | None = None, tracking: frozenset[str] = TRACKING
) -> str | None:
    """Return the one writing of an address of the web, None if it is none.

    Scheme and host in lower case, the host in its ASCII form; no default port, no fragment, no dot
    segments, none of the ``tracking`` parameters; the order of the others is kept, because it may
    mean something. Relative addresses are resolved against ``base``.
    """
    if len(url) <= LONGEST and _PLAIN.fullmatch(url):
        return url
    parts = _split(url, base)
    if parts is None:
        return None
    whole = urlunsplit(parts._replace(query=_untracked(parts.query, tracking), fragment=""))
    return whole if len(whole) <= LONGEST else None


@lru_cache(maxsize=4096)
def absolute(url: str, base: str | None = None) -> str | None:
    """Return an address as `canonical` does, but with its fragment and every parameter."""
    if len(url) <= LONGEST and (_PLAIN.fullmatch(url) or _WHOLE.fullmatch(url)):
        return url
    parts = _split(url, base)
    if parts is None:
        return None
    whole = urlunsplit(parts)
    return whole if len(whole) <= LONGEST else None


@lru_cache(maxsize=8192)  # a poll asks some times for each of its entries
def identity_key(url: str) -> str:
    """Return what two writings of one page's address share, whatever its scheme.

    An address that is none of the web's is its own key.
    """
    whole = canonical(url)
    if whole is None:
        return url.strip()[:LONGEST]
    bare = whole.partition("://")[2].removeprefix("www.")
    path, mark, query = bare.partition("?")
    return path.rstrip("/") + mark + query


@lru_cache(maxsize=4096)
def host_of(url: str) -> str:
    """Return host, and port if it is not the usual one: what politeness is counted by.

    An empty string for what is no address of the web.
    """
    parts = _split(url, None)
    return parts.netloc.rpartition("@")[2] if parts else ""


@lru_cache(maxsize=4096)
def origin_of(url: str) -> str:
    """Return scheme, host and port, an empty string for what is no address of the web."""
    parts = _split(url, None)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts else ""


def show(url: str) -> str:
    """Return what of an address that may hold a secret can be shown: scheme and host."""
    return origin_of(url) or "<address>"


def without_user(url: str) -> str:
    """Return an address without user and password; what is no address as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    _, mark, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)) if mark else url


def _split(url: str, base: str | None) -> SplitResult | None:
    """Return the parts of an absolute http(s) address, each in its one writing."""
    if len(url) > 4 * LONGEST:
        return None
    text = _CONTROLS.sub("", url.strip(" \t\r\n\f\v\xa0\ufeff\x00"))
    try:
        joined = urljoin(base, text) if base and not _OWN_HOST.match(text) else text
        parts = urlsplit(joined)
        scheme = parts.scheme.lower()
        if scheme not in _PORTS:
            return None
        netloc = _netloc(parts, scheme)
    except (ValueError, UnicodeError):
        return None
    if netloc is None:
        return None
    return SplitResult(
        scheme,
        netloc,
        _quoted(_undotted(parts.path)) or "/",
        _quoted(parts.query),
        _quoted(parts.fragment),
    )


def _netloc(parts: SplitResult, scheme: str) -> str | None:
    """Return user, host and port, None for a host that cannot be."""
    host = _host(parts.hostname or "")
    if host is None:
        return None
    port = parts.port
    user, mark, _ = parts.netloc.rpartition("@")
    number = f":{port}" if port is not None and port != _PORTS[scheme] else ""
    return f"{user}{mark}{host}{number}"


def _host(host: str) -> str | None:
    """Return a host in lower case and ASCII, None if it cannot be one (RFC 3490, RFC 5952)."""
    if not host or len(host) > 253:  # noqa: PLR2004 - RFC 1035, 2.3.4
        return None
    if ":" in host:
        address, mark, zone = host.partition("%")
        return f"[{IPv6Address(address).compressed}{mark}{zone}]"
    lower = host.lower()
    if not lower.isascii():
        lower = lower.encode("idna").decode("ascii").lower()
    return lower.rstrip(".") or None if _HOST.fullmatch(lower) else None


def _quoted(text: str) -> str:
    """Escape what may not stand in an address, and leave every escape that is there."""
    if not _NEEDS_QUOTING.search(text):
        return text
    return _NEEDS_QUOTING.sub(lambda found: quote(found.group(), errors="replace"), text)


def _undotted(path: str) -> str:
    """Remove dot segments (RFC 3986, 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)


def _untracked(query: str, tracking: frozenset[str]) -> str:
    """Drop tracking parameters and empty ones."""
    if not query:
        return query
    names, prefixes = _tests(tracking)
    kept = []
    for part in query.split("&"):
        name = part.partition("=")[0].lower()
        if name and name not in names and not name.startswith(prefixes):
            kept.append(part)
    return "&".join(kept)
