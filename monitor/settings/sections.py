"""The sections of ``tocsin.toml``: each option with its default, and a sentence that says why."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from monitor.settings.hidden import SecretAddress, SecretText, SecretUrl
from monitor.settings.packs import Pack
from monitor.settings.values import (
    BurstOrOff,
    Bytes,
    Count,
    Flag,
    Keep,
    Kind,
    Listen,
    Network,
    Number,
    Rate,
    Seconds,
    SecondsOrAuto,
    Text,
    WebUrl,
    refuse,
)

__all__ = [
    "SECTIONS",
    "Alerts",
    "Database",
    "Heartbeat",
    "Host",
    "Keeping",
    "Log",
    "Matching",
    "Net",
    "Opml",
    "Pages",
    "Polling",
    "Queue",
    "Redis",
    "Section",
    "Web",
]

_LANGUAGE_LETTERS = (2, 3)


class Section(BaseModel):
    """A table of the file: frozen, and strict about its keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        populate_by_name=False,
    )


def _language(value: object) -> str:
    text = value.strip().lower() if isinstance(value, str) else ""
    if not (text.isascii() and text.isalpha() and len(text) in _LANGUAGE_LETTERS):
        raise refuse("is no language code", 'write two or three letters: "en", "ar"')
    return text


Language = Annotated[str, BeforeValidator(_language), Kind(name="language code", like='"en"')]


class Database(Section):
    """Where the truth is kept: feeds, entries, articles, alerts, deliveries, receipts."""

    url: SecretAddress = Field(
        default=SecretUrl.plainly("embedded"),
        description=(
            '`"embedded"` is SQLite in `data_dir`, which serves one machine; '
            '`"sqlite:///path"` is the same in another place (a relative path is inside '
            '`data_dir`). `"postgresql://user:password@host:5432/name"` is a PostgreSQL database, '
            "for several machines; `?host=/run/postgresql` after the name is a socket, "
            "`?sslmode=verify-full&sslrootcert=/path/ca.pem` asks for TLS; its tables are made "
            "by `tocsin db migrate`."
        ),
    )


class Redis(Section):
    """Where the work queue is kept. It holds ids only and may be lost without losing an alert."""

    url: SecretAddress = Field(
        default=SecretUrl.plainly("embedded"),
        description=(
            '`"embedded"` starts Valkey as our own child, reached by a socket in `data_dir`; '
            "otherwise the address of Redis 7.0, Valkey or later: `redis://`, `rediss://` (TLS), "
            "`unix:///path`, `redis+sentinel://host,host/service` or `redis+cluster://host,host`; "
            "see [running.md](running.md) for each form."
        ),
    )


class Web(Section):
    """Health and metrics: `/livez`, `/readyz`, `/healthz`, `/metrics`."""

    listen: Listen = Field(
        default="127.0.0.1:8080",
        description=(
            'Address and port, `"unix:/path"` for a socket, or `"off"`. The default is reached '
            "from this machine only, so that nothing is published by accident."
        ),
    )
    public_url: WebUrl | None = Field(
        default=None,
        description=(
            "Under which address people reach this server; alerts then carry a link that explains "
            "them, and hubs are asked to push. Unset: neither."
        ),
    )
    websub: Flag = Field(
        default=True,
        description=(
            "Ask the WebSub hubs that feeds name to push new entries to `public_url`, where they "
            "must reach `listen`. `false`: feeds are only polled, and no hub learns our address."
        ),
    )
    token: SecretText | None = Field(
        default=None,
        description=(
            "Asked for as `Authorization: Bearer …` by everything but the health endpoints. "
            "Required when `listen` is not on loopback, several are accepted while rotating. "
            "Unset: nothing is asked for."
        ),
    )


class Host(Section):
    """How politely one host is asked."""

    spacing: Seconds = Field(
        default=5.0,
        description=(
            "Least time between the starts of two requests: what a publisher's log takes for a "
            'patient reader. `"0s"` is allowed, for a host of your own.'
        ),
    )
    at_once: Count = Field(
        default=2, description="Requests under way at the same time: what a browser tab would use."
    )


class Net(Section):
    """How the outside world is asked for feeds and pages."""

    allow: tuple[Network, ...] = Field(
        default=(),
        description=(
            "Private networks that feeds and pages may reach. None by default, because an address "
            "in a feed is written by strangers. Sinks have an `allow` of their own."
        ),
    )
    proxy: SecretAddress | None = Field(
        default=None,
        description=(
            "The only proxy that is used, an http:// address; those of the environment are not. "
            "Unset: none. The proxy then decides which addresses can be reached."
        ),
    )
    hosts: dict[str, Host] = Field(
        default_factory=dict,
        description=(
            "Rules for single hosts, by name. Loopback has none unless it is named here; every "
            "other host has the usual ones."
        ),
    )


class Polling(Section):
    """When feeds are asked for news."""

    interval: SecondsOrAuto = Field(
        default=None,
        description=(
            '`"auto"` finds for each feed the interval that shortens the wait most for its share '
            'of the polls; or one for all feeds, from `"1s"` up. A feed may have its own.'
        ),
    )
    fastest: Seconds = Field(
        default=120.0,
        description='Floor of `"auto"`: publishers begin to block below two minutes.',
    )
    slowest: Seconds = Field(
        default=7200.0,
        description='Ceiling of `"auto"`: as long as a quiet feed\'s first post may wait.',
    )
    polls_per_minute: Number = Field(
        default=60.0,
        description=(
            'How many polls a minute all feeds together may cost. It is a ceiling for `"auto"`, '
            "which has what fixed intervals leave of it (a tenth at least): where it conflicts "
            "with `slowest`, it wins, and the event `budget_exhausted` names what is needed."
        ),
    )
    skip_hours: Flag = Field(
        default=False,
        description=(
            "Whether `skipHours` (GMT) and `skipDays` of RSS are obeyed, for a day at most. Most "
            "of them were written long ago and never changed. A feed may have its own word."
        ),
    )


class Pages(Section):
    """How pages are read."""

    workers: Count | None = Field(
        default=None,
        description=(
            "Processes that extract text. Unset: as many as the machine has cores, at least 2, so "
            "that one stuck page never stops all."
        ),
    )
    timeout: Seconds = Field(
        default=10.0,
        description=(
            "For one page in such a process, which is then killed: real pages need 0.3 seconds, "
            "hostile ones never end."
        ),
    )
    mode: Literal["precision", "throughput"] = Field(
        default="precision",
        description=(
            '`"precision"` keeps menus and teasers out of the text; `"throughput"` reads 1.2 '
            "times as many pages and rings wrongly more often."
        ),
    )
    reread: tuple[Seconds, ...] = Field(
        default=(3600.0, 21600.0),
        description=(
            "When a page is read again without its entry having changed, counted from when its "
            "article was first seen: publishers correct and complete. Only what was published "
            "within the day before that. `[]` reads again only what has changed in the feed."
        ),
    )
    live: Seconds = Field(
        default=600.0,
        description=(
            "How often a live page is read again, until it says that it ends or for 24 hours. "
            '`"0s"` treats it like any other page.'
        ),
    )
    robots: Flag = Field(
        default=False,
        description=(
            "Read a page only if the robots.txt of its site allows that to `Tocsin` (RFC 9309), "
            "and as slowly as its Crawl-delay asks for, up to a minute; else an article is "
            "matched by what its feed says. Feeds are never asked for by it: they are published "
            "to be polled."
        ),
    )


class Matching(Section):
    """How topics are matched."""

    languages: tuple[Language, ...] = Field(
        default=("en",),
        description=(
            "Languages whose word forms are known, so that strike finds struck. Each further one "
            "costs 40 to 150 MB; words of others are matched as written."
        ),
    )
    packs: tuple[Pack, ...] = Field(
        default=(),
        description=(
            "Alias packs that Tocsin brings: spellings of names in many scripts, used in queries "
            "like sets of your own, `@hezbollah`. [topics.md](topics.md#alias-packs) lists them. "
            "A set of your own wins over one of its name. None by default; all of them "
            "together cost a reload 0.2 seconds."
        ),
    )


class Alerts(Section):
    """What may ring."""

    backlog: Seconds = Field(
        default=0.0,
        description=(
            "What a feed lists when it is first seen does not ring, unless it was published less "
            "than this long ago. None of it by default: a new feed is no news."
        ),
    )
    max_age: Seconds = Field(
        default=3 * 86400.0,
        description=(
            "A new entry that was published longer ago is stored, not rung: publishers put old "
            "articles into their feeds again."
        ),
    )
    burst: BurstOrOff = Field(
        default=Rate(count=20, per_s=3600.0),
        description=(
            "How many alerts of one topic a sink is sent in how long; what is beyond comes as one "
            "list every 10 minutes, critical alerts included, so that a flood stays readable. "
            '`"off"` sends each alert by itself.'
        ),
    )


class Queue(Section):
    """How work is held."""

    lease: Seconds = Field(
        default=30.0,
        description=(
            "A worker that has not been heard of for so long has lost its work to the next. "
            "Shorter finds a dead worker sooner, longer forgives a slow machine."
        ),
    )
    stop_within: Seconds = Field(
        default=8.0,
        description=(
            "How long SIGTERM lets running work finish: below the ten seconds after which Docker "
            "kills."
        ),
    )


class Keeping(Section):
    """What is kept, and for how long."""

    text: Keep = Field(
        default=90 * 86400.0,
        description='Text of articles, for searching back. `"forever"` never removes it.',
    )
    text_size: Bytes = Field(
        default=10 << 30, description="The oldest text goes first when there is more than this."
    )
    alerts: Keep = Field(
        default=None, description="Alerts themselves: small, and what an audit asks for."
    )
    dead: Keep = Field(
        default=90 * 86400.0,
        description="Dead letters: pages and deliveries that were given up, with the reason.",
    )
    receipts: Keep = Field(
        default=365 * 86400.0, description="Who was told what and when, and what was answered."
    )
    disk_floor: Bytes = Field(
        default=1 << 30,
        description=(
            "Free space below which the installation says that it is running out, while alerts go "
            "on."
        ),
    )


class Heartbeat(Section):
    """An address that is called as long as everything works: silence is the alarm."""

    url: SecretAddress | None = Field(
        default=None,
        description=(
            "Called (GET, to be answered 2xx) only while a synthetic entry passes from poll to "
            "deliver. It is yours and trusted as written: it may be inside your network, and "
            "redirects are not followed. Unset: none is called."
        ),
    )
    every: Seconds = Field(
        default=60.0, description="How often it is called, once by however many processes."
    )


class Log(Section):
    """What the daemon writes to stderr."""

    format: Literal["auto", "console", "json"] = Field(
        default="auto",
        description=(
            '`"console"` is for people, `"json"` is one object a line; `"auto"` is console on a '
            "terminal and json otherwise."
        ),
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The least that is written. Libraries are heard from warning up.",
    )


class Opml(Section):
    """Lists of feeds as other readers export them."""

    files: tuple[Text, ...] = Field(
        default=(),
        description=(
            "OPML files with feeds, relative to the config file. Folders become tags. "
            "`feeds.d/added.opml`, which `tocsin feeds add` writes, is read without being listed."
        ),
    )


SECTIONS: dict[str, type[Section]] = {
    "database": Database,
    "redis": Redis,
    "web": Web,
    "net": Net,
    "polling": Polling,
    "pages": Pages,
    "matching": Matching,
    "alerts": Alerts,
    "queue": Queue,
    "keep": Keeping,
    "heartbeat": Heartbeat,
    "log": Log,
    "opml": Opml,
}
"""The sections that only the main file may hold, by name."""
