"""Rules of WebSub: whom to ask for pushes, what to believe of what comes, how to poll beside it.

Pure: subscriptions, feeds and ``now`` in, decisions out. The steps carry them out::

    poll ─ names hub and topic ─► wanted ─ asked ─► the hub verifies ─► live ─ 80 % of the lease ─┐
                                              ▲                                                   │
                                              └───────────────────────────────────────────────────┘
"""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec.structs import replace

from workers.feeds.weblinks import web_links
from workers.model.commit import EntryIntent
from workers.model.feed import FeedRow, FeedSource, ParsedFeed
from workers.model.net import Form
from workers.model.websub import Subscription, Wanted
from workers.options import PollOptions
from workers.text.urls import absolute

__all__ = [
    "LATE",
    "PATH",
    "again_s",
    "differs",
    "form_of",
    "is_live",
    "lease_of",
    "missed",
    "paced",
    "renewal_s",
    "signed",
    "speaks_of",
    "standing",
    "subscription_of_token",
    "takes_secret",
    "token_of",
    "wanted_of",
]

PATH = "websub"
"""Under ``[web] public_url``, before the token."""
HOUR_S, DAY_S = 3600.0, 86_400.0
POLLED_S = HOUR_S
"""A feed that is pushed is still polled so often: what a hub loses is found."""
LEASE_ASKED_S = 10 * DAY_S
LEASE_MOST_S = 30 * DAY_S
"""A longer lease is renewed as if it were this one: a hub that forgets us is asked again."""
RENEW_AT = 0.8
RENEW_LEAST_S = 8.0
"""Leases under ten seconds lapse between two requests: a hub is not asked oftener than that."""
FIRST_AGAIN_S = 600.0
LATE = timedelta(minutes=5)
"""So much later than the publisher's own date, or than a poll, a push may come."""
_SPARING = re.compile(r"^slowed:|polls_per_minute")
"""Phrases of ``why`` by which a feed is polled less often than it would be: that stands."""
LONGEST_ADDRESS = 2048
PROOF_BYTES = 16
SIGNATURES = {"sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
"""Methods of signing that the recommendation names, with the digits of each. SHA-1 too, because
the largest hubs use nothing else and HMAC does not rest on what is broken in it."""


# Whom to ask.


def wanted_of(feed: FeedRow, source: FeedSource | None) -> Wanted | None:
    """Return the hub and topic to subscribe to, None where there is none to.

    Only after the first full poll. A feed that is asked for with headers of its own, or with user
    and password, is private: no hub is told that we read it.
    """
    hub, topic = feed.hints.hub, feed.hints.self
    private = source is None or bool(source.headers) or "@" in urlsplit(feed.url).netloc
    ended = feed.parked or feed.gone_at is not None
    if not hub or not topic or private or ended or feed.baselined_at is None:
        return None
    usable = all(absolute(url) and len(url) <= LONGEST_ADDRESS for url in (hub, topic))
    return Wanted(hub=hub, topic=topic) if usable else None


def differs(present: Subscription | None, wanted: Wanted | None, base: str) -> bool:
    """Say whether what is there is not what is wanted, under our present address."""
    if present is None or wanted is None:
        return (present is None) != (wanted is None)
    same = (present.hub, present.topic) == (wanted.hub, wanted.topic)
    return not same or not present.callback.startswith(f"{base}/{PATH}/")


def takes_secret(hub: str) -> bool:
    """Say whether a hub can be given a secret: over TLS, or if it is on this machine."""
    parts = urlsplit(hub)
    host = parts.hostname or ""
    if parts.scheme == "https" or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def form_of(one: Subscription) -> Form:
    """Return what the hub is asked."""
    fields = [
        ("hub.mode", "unsubscribe" if one.state == "leaving" else "subscribe"),
        ("hub.topic", one.topic),
        ("hub.callback", one.callback),
    ]
    if one.state != "leaving":
        fields.append(("hub.lease_seconds", f"{LEASE_ASKED_S:.0f}"))
        if one.secret is not None:
            fields.append(("hub.secret", one.secret))
    return Form(url=one.hub, fields=tuple(fields))


def again_s(tries: int) -> float:
    """Return after how many seconds a hub that did not do what it was asked is asked again."""
    return min(FIRST_AGAIN_S * 2.0 ** min(max(tries, 1) - 1, 16), DAY_S)


# Tokens, leases, signatures.


def token_of(key: bytes, id_: str) -> str:
    """Return the last part of a subscription's path: its id, and the proof that it is ours."""
    return id_ + hmac.digest(key, id_.encode(), "sha256")[:PROOF_BYTES].hex()


def subscription_of_token(key: bytes, token: str) -> str | None:
    """Return the id of the subscription that a token is of, None if we did not make it."""
    id_ = token[: 2 * PROOF_BYTES]
    known = hmac.compare_digest(token.encode(), token_of(key, id_).encode())
    return id_ if known else None


def lease_of(written: str | None) -> float | None:
    """Return a lease in seconds, within bounds; None if there is no sense in it."""
    if written is None:
        return LEASE_ASKED_S
    text = written.strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):  # noqa: PLR2004
        return None
    return min(float(text), LEASE_MOST_S) or None


def renewal_s(lease_s: float) -> float:
    """Return after how many seconds of a lease the hub is asked to renew it."""
    return max(RENEW_AT * lease_s, RENEW_LEAST_S)


def signed(secret: str, header: str, body: bytes) -> bool:
    """Say whether ``header`` (``method=hex``) signs ``body`` as it was sent."""
    method, _, given = header.strip().partition("=")
    method, given = method.strip().lower(), given.strip().lower()
    if SIGNATURES.get(method) != len(given) or not given.isascii():
        return False
    return hmac.compare_digest(hmac.digest(secret.encode(), body, method).hex(), given)


def speaks_of(one: Subscription, feed: FeedRow, link: str, parsed: ParsedFeed) -> bool:
    """Say whether a push is about the topic.

    Its Link header says so; without one the document names itself, or is called what the feed was
    called when it was polled.
    """
    said = web_links(link, one.topic).get("self")
    if said is not None:
        return _plain(said) == _plain(one.topic)
    own = parsed.hints.self
    if own is not None and _plain(own) in {_plain(one.topic), _plain(feed.url)}:
        return True
    return bool(parsed.title) and parsed.title == feed.title


def _plain(url: str) -> str:
    return (absolute(url) or url).partition("#")[0].partition("://")[2].rstrip("/")


# Polling beside it.


def is_live(one: Subscription | None, now: datetime) -> bool:
    """Say whether the hub has promised to push now."""
    return (
        one is not None
        and one.state == "live"
        and one.expires_at is not None
        and one.expires_at > now
    )


def missed(
    one: Subscription, feed: FeedRow, intents: Sequence[EntryIntent], now: datetime
) -> bool:
    """Say whether a poll found news that the hub should have pushed by now.

    An entry counts if it was published since the hub promised, and over five minutes ago. Where
    it has no date, since the poll before this one.
    """
    if not is_live(one, now) or one.verified_at is None:
        return False
    new = [each.entry for each in intents if each.stream is not None and each.entry.edition == 1]
    times = [entry.published or feed.last_poll_at for entry in new]
    since = one.verified_at
    return any(at is not None and since <= at <= now - LATE for at in times)


def paced(
    row: FeedRow, one: Subscription | None, now: datetime, options: PollOptions, *, jitter: float
) -> FeedRow:
    """Return the row after a good poll, polled hourly if the feed is pushed; ``why`` says so.

    A fixed interval stands. ``jitter`` is 0 to 1: not all of a hub's feeds come at once.
    """
    if one is None or row.interval_s is None:
        return row
    told = f"websub: {standing(one, now)}"
    fixed = row.interval_fixed_s is not None or options.interval_s is not None
    if fixed or not is_live(one, now) or one.missed_at is not None or one.expires_at is None:
        return replace(row, why=(*row.why, told))
    hourly = min(POLLED_S, options.slowest_s) * (1.0 - 0.03 * jitter)
    left_s = (one.expires_at - now).total_seconds()
    interval = max(row.interval_s, min(hourly, left_s))
    if interval > hourly and not any(_SPARING.search(phrase) for phrase in row.why):
        interval = hourly
    due = now + timedelta(seconds=interval)
    if row.next_poll_at is not None and row.next_poll_at > now + timedelta(seconds=row.interval_s):
        due = max(due, row.next_poll_at)  # hours that the publisher asks to be skipped
    told = f"{told}: every {interval / 60:.0f} min"
    return replace(row, interval_s=interval, next_poll_at=due, why=(*row.why, told))


def standing(one: Subscription, now: datetime) -> str:
    """Return how a subscription stands, in words."""
    if is_live(one, now) and one.expires_at is not None:
        until = f"live until {one.expires_at:%Y-%m-%d %H:%M} UTC"
        late = "; not relied on, a poll found what was not pushed"
        return until + (late if one.missed_at is not None else "")
    match one.state:
        case "live":
            return "lapsed"
        case "refused":
            return f"refused: {one.said or 'no reason given'}"[:200]
        case "asked":
            return "asked, not verified yet"
        case "wanted" | "leaving":
            return "not asked yet"
