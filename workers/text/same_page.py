"""One key for each page: what two addresses of it share, as far as addresses alone can say.

Only what is safe by itself: parameters that track, the caches of AMP, the mark by which a page's
own site serves it for AMP. Whether two hosts (``m.``, ``www.``) have one page only the pages say.
"""

import re
import tomllib
from typing import cast
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from workers.model.base import Record
from workers.text.urls import canonical, identity_key

__all__ = ["HostParameters", "Tracking", "article_key", "direct", "host_like", "parse_tracking"]

_CACHED = re.compile(
    r"https?://(?:[^/]+\.cdn\.ampproject\.org/(?:c|v|wp)|(?:www\.)?google\.[a-z.]{2,6}/amp"
    r"|(?:www\.)?bing-amp\.com/c|[^/]+\.bing-amp\.com/c)/(s/)?([^/?#]+\.[^/?#]+)(/.*|\?.*)?",
    re.IGNORECASE,
)
_AMP = frozenset({"amp", "outputtype", "output"})
_AMP_VALUES = frozenset({"", "1", "true", "yes", "amp"})
_AMP_PATH = re.compile(r"(/[^/]*[-\d][^/]*?)(?:/amp|\.amp)(\.html?)?/?\Z", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^/?]*", re.IGNORECASE)
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_VIEWS = re.compile(r"\A(?:(?:www\d?|m|mobile|amp|touch|wap)\.)+(?=[^.]+\.)")


class HostParameters(Record, frozen=True, kw_only=True):
    """What is otherwise at a host, and at all below it."""

    also: tuple[str, ...] = ()
    """Parameters that say nothing there."""
    keep: tuple[str, ...] = ()
    """Parameters that mean something there, though they do nowhere else."""


class Tracking(Record, frozen=True, kw_only=True):
    """Query parameters that say nothing about which page it is, read from ``seeds/``."""

    everywhere: frozenset[str] = frozenset()
    hosts: dict[str, HostParameters] = {}  # noqa: RUF012 - msgspec copies it

    def at(self, host: str) -> frozenset[str]:
        """Return the parameters that are dropped at ``host``."""
        dropped = self.everywhere
        labels = host.partition(":")[0].split(".")
        for start in range(len(labels)):
            found = self.hosts.get(".".join(labels[start:]))
            if found is not None:
                dropped = (dropped | frozenset(found.also)) - frozenset(found.keep)
        return dropped


def article_key(url: str, tracking: Tracking) -> str:
    """Return the key of the article at ``url``. What is no address of the web is its own key."""
    whole = canonical(url, tracking=frozenset())
    if whole is None:
        return identity_key(url)
    parts = urlsplit(direct(whole))
    path = _AMP_PATH.sub(r"\1\2", _SESSION.sub("", _unescaped(parts.path)))
    query = sorted(filter(_says_which, _unescaped(parts.query).split("&")), key=_name)
    bare = urlunsplit(SplitResult(parts.scheme, parts.netloc, path, "&".join(query), ""))
    kept = canonical(bare, tracking=tracking.at(parts.hostname or ""))
    return _without_view(kept or whole)


def _without_view(whole: str) -> str:
    bare = whole.partition("://")[2].removeprefix("www.")
    path, mark, query = bare.partition("?")
    return path.rstrip("/") + mark + query


def direct(url: str) -> str:
    """Return the address that an address in a cache for AMP stands for; any other as it is."""
    found = _CACHED.fullmatch(url)
    if found is None:
        return url
    secure, host, rest = found.groups()
    return canonical(f"{'https' if secure else 'http'}://{host}{rest or '/'}") or url


def host_like(url: str) -> str:
    """Return the host of an address, without what only says for which screens it is."""
    try:
        parts = urlsplit(url)
        return _VIEWS.sub("", parts.netloc.rpartition("@")[2].lower())
    except ValueError:
        return ""


def _name(parameter: str) -> str:
    return parameter.partition("=")[0]


def _says_which(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return bool(name) and not (name.lower() in _AMP and value.lower() in _AMP_VALUES)


def _unescaped(text: str) -> str:
    """Write every escape that need not be one as what it is, and the others in one way."""
    return _ESCAPE.sub(_one, text) if "%" in text else text


def _one(found: re.Match[str]) -> str:
    said = unquote(found[0], errors="replace")
    return said if said in _UNRESERVED else found[0].upper()


def parse_tracking(text: str) -> Tracking:
    """Return the parameters that track, from the text of their TOML file.

    Raises:
        ValueError: the text is no TOML, or does not have that shape; says where.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"tracking parameters refused: not TOML: {error}") from error
    hosts = data.get("hosts", {})
    if not isinstance(hosts, dict):
        raise ValueError("tracking parameters refused: hosts: must be a table")  # noqa: TRY004
    return Tracking(
        everywhere=frozenset(_names(data.get("everywhere"), "everywhere")),
        hosts={host: _host(host, said) for host, said in cast("dict[str, object]", hosts).items()},
    )


def _host(host: str, said: object) -> HostParameters:
    if not isinstance(said, dict) or said.keys() - {"also", "keep"}:
        raise ValueError(f'tracking parameters refused: hosts."{host}": has also and keep alone')
    table = cast("dict[str, object]", said)
    return HostParameters(
        also=_names(table.get("also", []), f'hosts."{host}".also'),
        keep=_names(table.get("keep", []), f'hosts."{host}".keep'),
    )


def _names(said: object, where: str) -> tuple[str, ...]:
    names = cast("list[object]", said) if isinstance(said, list) else [None]
    if not all(isinstance(name, str) and name and name == name.lower() for name in names):
        raise ValueError(f"tracking parameters refused: {where}: must list names in lower case")
    return tuple(str(name) for name in names)
