"""What a file may list many of: feeds, topics and sinks."""

from email.utils import getaddresses
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from monitor.settings.hidden import Secret, SecretAddress, SecretText
from monitor.settings.sections import Section
from monitor.settings.values import (
    Burst,
    Flag,
    Kind,
    Name,
    Network,
    Number,
    Seconds,
    SecondsOrAuto,
    Share,
    Text,
    TimeZone,
    WebUrl,
    refuse,
)
from workers.model.topic import Severity

__all__ = [
    "SINKS",
    "ConsoleSink",
    "EmailSink",
    "Examples",
    "ExecSink",
    "FeedSetting",
    "FileSink",
    "SinkSetting",
    "TopicSetting",
    "WebhookSink",
]

_MOST_HEADERS = 50


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _tag(value: object) -> str:
    text = value.strip().lower() if isinstance(value, str) else ""
    if not text:
        raise refuse("is no tag", 'write a list of texts: ["world", "wire"]')
    return text


def _scope(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or text == "tag:":
        raise refuse("names no feed", 'write a feed\'s name, or "tag:wire"')
    return f"tag:{text[4:].strip().lower()}" if text.startswith("tag:") else text


def _mailbox(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    hint = 'write exactly one: "desk@example.org" or "Desk <desk@example.org>"'
    if any(ord(letter) < ord(" ") for letter in text):
        raise refuse("holds a control character", hint)
    found = getaddresses([text])
    local, at, domain = found[0][1].rpartition("@") if len(found) == 1 else ("", "", "")
    if not (at and local and domain) or " " in f"{local}{domain}":
        raise refuse("is no mail address", hint)
    return text


def _headers(value: object) -> object:
    if not isinstance(value, dict):
        raise refuse("must be a table", 'write { Authorization = { file = "secrets/feed" } }')
    if len(value) > _MOST_HEADERS:
        raise refuse(f"holds more than {_MOST_HEADERS} headers")
    for name in value:
        if not str(name).isascii() or not str(name).replace("-", "").isalnum():
            raise refuse("holds what is no name of a header", "use letters, digits and hyphens")
    return value


Tag = Annotated[str, BeforeValidator(_tag), Kind(name="text")]
Scope = Annotated[str, BeforeValidator(_scope), Kind(name='feed\'s name or "tag:…"')]
Mailbox = Annotated[str, BeforeValidator(_mailbox), Kind(name="mail address")]
Headers = Annotated[
    dict[str, Secret], BeforeValidator(_headers), Kind(name="table of texts or secrets")
]


class FeedSetting(Section):
    """A feed. `[[feeds]]` is repeated for each."""

    url: WebUrl = Field(
        description=(
            "Its address, http or https. A user and password in it are sent to that server alone, "
            "and not shown; `headers` can keep them out of the file."
        )
    )
    name: Name | None = Field(
        default=None,
        description=(
            "What alerts and topics call it. Unset: the host of its address. Names are unique."
        ),
    )
    tags: tuple[Tag, ...] = Field(
        default=(),
        description='Words that topics can choose feeds by (`"tag:wire"`), in lower case.',
    )
    weight: Number = Field(
        default=1.0,
        description=(
            'How much its delay matters to interval `"auto"`: 4 halves the wait of a feed, at the '
            "expense of the others."
        ),
    )
    interval: SecondsOrAuto = Field(
        default=None,
        description='A fixed interval, from `"1s"` up. Unset: that of `[polling]`.',
    )
    skip_hours: Flag | None = Field(
        default=None,
        description=(
            "Whether its `skipHours` and `skipDays` are obeyed. Unset: as `[polling]` says."
        ),
    )
    headers: Headers = Field(
        default_factory=dict,
        description=(
            "Sent with each request for this feed, to its first address only and never along a "
            "redirect to another."
        ),
    )
    was: Annotated[tuple[WebUrl, ...], BeforeValidator(_several)] = Field(
        default=(),
        description=(
            "Addresses that it had before: it then stays the same feed, and what it listed under "
            "them is not new."
        ),
    )
    enabled: Flag = Field(
        default=True, description="`false` parks it: it is not polled, its history is kept."
    )


class Examples(Section):
    """Texts that a topic must match, and texts that it must not.

    `tocsin check` and each start try the sentences; `tocsin topics check` the files as well.
    """

    match: Annotated[tuple[Text, ...], BeforeValidator(_several)] = Field(
        default=(), description="Headlines or sentences that the topic must match."
    )
    no_match: Annotated[tuple[Text, ...], BeforeValidator(_several)] = Field(
        default=(), description="Headlines or sentences that it must not match."
    )
    files: Annotated[tuple[Text, ...], BeforeValidator(_several)] = Field(
        default=(),
        description="Files of labelled articles, relative to the file that names them.",
    )
    least_precision: Share | None = Field(
        default=None, description="Of all its examples: with less `tocsin topics check` exits 1."
    )
    least_recall: Share | None = Field(default=None, description="The same for recall.")


class TopicSetting(Section):
    """What somebody wants to hear about. `[[topics]]` is repeated for each."""

    name: Name = Field(description="What alerts call it. Names are unique.")
    query: str = Field(
        description="What to look for, in the query language of `docs/topics.md`.", strict=True
    )
    sinks: tuple[Text, ...] | None = Field(
        default=None,
        description="Who is told, by name. Unset: every sink that has not `default = false`.",
    )
    feeds: tuple[Scope, ...] | None = Field(
        default=None,
        description='Where it listens: names of feeds and `"tag:…"`. Unset: all feeds.',
    )
    severity: Severity = Field(
        default="normal",
        description="How much it matters: sinks may take only what is severe enough.",
    )
    ring: Literal["article", "story"] = Field(
        default="article",
        description=(
            "`article` rings for each article; `story` once for all articles about one event."
        ),
    )
    examples: Examples = Field(
        default=Examples(),
        description=(
            "`examples.match` and `examples.no_match`: sentences that the topic must and must not "
            "match, tried by `tocsin check` and at each start. `examples.files`: files of "
            "labelled articles as JSON lines, relative to the file that names them, tried by "
            "`tocsin topics check` alone, which says precision and recall; "
            "`examples.least_precision` and `examples.least_recall` (numbers from 0 to 1) are "
            "what it then asks for (`docs/topics.md`)."
        ),
    )
    enabled: Flag = Field(default=True, description="`false` keeps it in the file, unheard.")
    file: str = Field(default="", exclude=True)
    """Where it was written; not an option."""


class SinkSetting(Section):
    """What every sink has, whatever its type."""

    name: str = Field(default="", exclude=True)
    """From the table's name; not an option."""
    type: str = Field(description="Which kind of receiver it is.")
    enabled: Flag = Field(
        default=True,
        description=(
            "`false` sends it nothing: what it would have been told waits until it is enabled."
        ),
    )
    min_severity: Severity = Field(
        default="low", description="It is told of nothing less severe than this."
    )
    default: Flag = Field(
        default=True,
        description="`false`: it is told only of topics that name it in their `sinks`.",
    )
    allow: tuple[Network, ...] = Field(
        default=(),
        description=(
            "Private addresses that this sink alone may reach, for a receiver inside your network."
        ),
    )
    timezone: TimeZone = Field(
        default="UTC", description="In which times are shown to people; JSON is always in UTC."
    )
    rate: Burst | None = Field(
        default=None,
        description="How many messages it takes in how long. Unset: as fast as it answers.",
    )
    events: Flag | None = Field(
        default=None,
        description=(
            "What it is told about Tocsin itself (a feed went quiet, another sink refuses). "
            "Unset: critical events; `true`: all; `false`: none."
        ),
    )


class WebhookSink(SinkSetting):
    """A signed POST of JSON (Standard Webhooks) to an address of yours."""

    type: Literal["webhook"] = Field(description='`"webhook"`.')
    url: SecretAddress = Field(
        description="Where to. `http://` is accepted, with a warning unless it is on loopback."
    )
    secret: SecretText | None = Field(
        default=None,
        description=(
            "Signs each message (`whsec_…`); a list while rotating, each signs. Unset: messages "
            "are not signed, and the receiver cannot tell who sent them."
        ),
    )


class EmailSink(SinkSetting):
    """A mail to each address, each a delivery of its own."""

    type: Literal["email"] = Field(description='`"email"`.')
    smtp: SecretAddress = Field(
        description=(
            "The relay: `smtps://user@host:465` (TLS from the start) or `smtp://user@host:587` "
            "(STARTTLS)."
        )
    )
    password: SecretText | None = Field(
        default=None, description="Of the user named in `smtp`. Unset: no login."
    )
    sender: Mailbox = Field(alias="from", description="Who the mail comes from.")
    to: Annotated[tuple[Mailbox, ...], BeforeValidator(_several)] = Field(
        min_length=1, description="Who gets it, one mailbox each."
    )
    tls: Literal["required", "none"] = Field(
        default="required",
        description=(
            '`"none"` sends in the clear, for a relay on your own network; loopback needs no TLS '
            "either way."
        ),
    )
    unsubscribe: Flag = Field(
        default=False,
        description=(
            "Puts a link into each mail by which its reader gets no more of them, after a page "
            "that asks. The other recipients are told, and `tocsin sinks enable NAME` takes it "
            "back. Needs `[web] public_url`. Off by default: whoever can read a mail can leave."
        ),
    )


class ConsoleSink(SinkSetting):
    """Lines on the daemon's standard output."""

    type: Literal["console"] = Field(description='`"console"`.')


class FileSink(SinkSetting):
    """A line of JSON for each alert."""

    type: Literal["file"] = Field(description='`"file"`.')
    path: Text = Field(description="Where to, relative to `data_dir`. Its folder is made.")


class ExecSink(SinkSetting):
    """A program of yours, run for each message with its JSON on standard input."""

    type: Literal["exec"] = Field(description='`"exec"`.')
    command: Annotated[tuple[Text, ...], BeforeValidator(_several)] = Field(
        min_length=1,
        description=(
            'The program and its arguments, `["notify.sh", "--night"]`; no shell reads them. A '
            "program with a slash in its path is relative to the config file. Exit status 0 is "
            "sent, 75 is tried again, anything else is a refusal of this message."
        ),
    )
    timeout: Seconds = Field(
        default=20.0, description="After so long it is killed, with all that it started."
    )
    folder: str = Field(default="", exclude=True)
    """Where it runs, the data folder; not an option."""


SINKS: dict[str, type[SinkSetting]] = {
    "console": ConsoleSink,
    "email": EmailSink,
    "exec": ExecSink,
    "file": FileSink,
    "webhook": WebhookSink,
}
"""The types of sinks, by name."""
