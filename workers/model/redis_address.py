"""Which Redis: an address that was checked before anything connects, and how to show it to people.

::

    redis://[user:password@]host[:6379][/db]        rediss:// with TLS
    unix:///path/to.sock[?db=1]
    redis+sentinel://[user:password@]host[:26379],host…/service[/db]
    redis+cluster://[user:password@]host[:6379],host…
    …?ssl_ca_certs=/ca.pem&ssl_certfile=/me.pem&ssl_keyfile=/me.key    rediss+sentinel://, …
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from workers.errors import TocsinError

__all__ = ["BadRedisAddress", "RedisAddress"]

Kind = Literal["server", "socket", "sentinel", "cluster"]
Node = tuple[str, int]

SUPPORTED = (
    'write "embedded", redis://, rediss:// (TLS), unix:///path/to.sock, '
    "redis+sentinel://host,host/service or redis+cluster://host,host"
)
SCHEMES: dict[str, tuple[Kind, bool]] = {
    "redis": ("server", False),
    "rediss": ("server", True),
    "unix": ("socket", False),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
"""Each with its kind, and whether it speaks TLS."""
PORT, SENTINEL_PORT = 6379, 26379
LOGIN = frozenset({"username", "password"})
FILES = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
TLS = FILES | {"ssl_cert_reqs", "ssl_check_hostname"}
SENTINEL = frozenset({"sentinel_username", "sentinel_password"})
YES, NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
MOST_DB = 1 << 20
MOST_NODES = 100


class BadRedisAddress(TocsinError):
    """An address that cannot work: ``problem`` says what is wrong with it, ``hint`` what to do."""

    def __init__(self, problem: str, hint: str = SUPPORTED) -> None:
        super().__init__(f"bad Redis address: {problem} ({hint})")
        self.problem = problem
        self.hint = hint


@dataclass(frozen=True, kw_only=True)
class RedisAddress:
    """Where Redis is, and how to log in there."""

    kind: Kind
    nodes: tuple[Node, ...] = ()
    """Host and port: of the server, the sentinels, or some nodes of the cluster."""
    path: str = ""
    """Of the socket."""
    service: str = ""
    """What the sentinels call the set of servers."""
    db: int = 0
    tls: Mapping[str, str | bool] | None = None
    """Options of TLS as redis-py names them, None without TLS."""
    login: Mapping[str, str] = field(default_factory=dict, repr=False)
    """``username`` and ``password``, as far as there are any."""
    sentinel_login: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The same, for the sentinels."""
    shown: str
    """The address without secrets."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it names, each an absolute path."""
        return tuple(str(path) for name, path in (self.tls or {}).items() if name in FILES)

    @classmethod
    def parse(cls, url: str) -> "RedisAddress":
        """Return the address that ``url`` means.

        Raises:
            BadRedisAddress: it is of no kind that is known, or a part of it cannot be.
        """
        parts = _split(url)
        if parts.scheme not in SCHEMES:
            raise BadRedisAddress(f"{parts.scheme[:50] or 'no scheme'} is not supported")
        kind, encrypted = SCHEMES[parts.scheme]
        options = _options(parts, kind, encrypted=encrypted)
        user, _, hosts = parts.netloc.rpartition("@")
        login = _login(user, options)
        tls = _tls(options) if encrypted else None
        if kind == "socket":
            return cls(
                kind=kind, path=_path(parts), db=_db(options.get("db", "")), login=login,
                shown=f"unix://{parts.path}",
            )  # fmt: skip
        nodes = _nodes(hosts, kind)
        service, db = _below(parts.path, kind)
        return cls(
            kind=kind,
            nodes=nodes,
            service=service,
            db=_db(options.get("db", db)),
            tls=tls,
            login=login,
            sentinel_login={
                name.removeprefix("sentinel_"): options[name] for name in SENTINEL & set(options)
            },
            shown=_shown(parts.scheme, nodes, service),
        )


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise BadRedisAddress(str(error)) from error


def _options(parts: SplitResult, kind: Kind, *, encrypted: bool) -> dict[str, str]:
    """Return the query. Timeouts and decoding are ours, else reads would break."""
    known = (
        LOGIN | (TLS if encrypted else frozenset()) | (SENTINEL if kind == "sentinel" else set())
    )
    if kind != "cluster":
        known |= {"db"}
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    names = [name for name, _ in pairs]
    unknown = sorted(set(names) - known)
    if unknown:
        what = f"unknown option {', '.join(unknown)[:100]}"
        if not encrypted and set(unknown) & TLS:
            raise BadRedisAddress(what, "options of TLS go with rediss://")
        raise BadRedisAddress(what, f"known are {', '.join(sorted(known))}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadRedisAddress(f"option {twice[0]} stands there twice", "write it once")
    return dict(pairs)


def _login(user: str, options: Mapping[str, str]) -> dict[str, str]:
    name, _, password = user.partition(":")
    told = {"username": unquote(name), "password": unquote(password)}
    login = {key: value for key, value in told.items() if value}
    login |= {key: options[key] for key in LOGIN if options.get(key)}
    if "username" in login and "password" not in login:
        raise BadRedisAddress("a user without a password", "write redis://user:password@host")
    return login


def _tls(options: Mapping[str, str]) -> dict[str, str | bool]:
    tls: dict[str, str | bool] = {}
    for name in sorted(FILES & set(options)):
        if not options[name].startswith("/"):
            raise BadRedisAddress(f"{name} is no absolute path", f"write {name}=/etc/…")
        tls[name] = options[name]
    if "ssl_keyfile" in tls and "ssl_certfile" not in tls:
        raise BadRedisAddress("ssl_keyfile without ssl_certfile", "add ssl_certfile=/etc/…")
    asked = options.get("ssl_cert_reqs", "required")
    if asked not in {"required", "optional", "none"}:
        raise BadRedisAddress(f"ssl_cert_reqs={asked[:30]}", "write required, optional or none")
    tls["ssl_cert_reqs"] = asked
    check = options.get("ssl_check_hostname", "true").lower()
    if check not in YES | NO:
        raise BadRedisAddress(f"ssl_check_hostname={check[:30]}", "write true or false")
    tls["ssl_check_hostname"] = check in YES and asked == "required"
    return tls


def _path(parts: SplitResult) -> str:
    if not parts.path or parts.netloc.rpartition("@")[2]:
        raise BadRedisAddress("no path of a socket", "write unix:///path/to.sock")
    return unquote(parts.path)


def _nodes(hosts: str, kind: Kind) -> tuple[Node, ...]:
    texts = hosts.split(",")
    if kind == "server" and len(texts) > 1:
        raise BadRedisAddress(
            "several hosts", "write redis+sentinel://a,b/service or redis+cluster://a,b"
        )
    if len(texts) > MOST_NODES:
        raise BadRedisAddress(f"{len(texts)} hosts", f"name {MOST_NODES} at most")
    return tuple(
        _node(text.strip(), SENTINEL_PORT if kind == "sentinel" else PORT) for text in texts
    )


def _node(text: str, usual: int) -> Node:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadRedisAddress(f"bad port or host {text[:100]!r}", "write host:port") from error
    if not host or parts.path or port == 0:
        raise BadRedisAddress(f"bad port or host {text[:100]!r}", "write host:port")
    return host, usual if port is None else port


def _below(path: str, kind: Kind) -> tuple[str, str]:
    """Return the service and the database that the path names, "" where it names none."""
    words = [unquote(word) for word in path.strip("/").split("/")]
    if kind == "sentinel":
        if not words[0] or len(words) > 2:  # noqa: PLR2004 - service and database
            raise BadRedisAddress(
                "no service", "write redis+sentinel://host,host/service, as the sentinels call it"
            )
        return words[0], words[1] if len(words) > 1 else ""
    if len(words) > 1 or (kind == "cluster" and words[0] not in {"", "0"}):
        hint = "a cluster has database 0 only" if kind == "cluster" else "write redis://host/0"
        raise BadRedisAddress(f"path {path[:50]!r}", hint)
    return "", words[0]


def _db(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 7 or int(text) > MOST_DB:  # noqa: PLR2004 - MOST_DB has seven
        raise BadRedisAddress(f"database {text[:30]!r}", "write a number, like redis://host/0")
    return int(text)


def _shown(scheme: str, nodes: tuple[Node, ...], service: str) -> str:
    hosts = ",".join(
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in nodes
    )
    return f"{scheme}://{hosts}" + (f"/{service}" if service else "")
