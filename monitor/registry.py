"""From settings to what the data plane works with, and what changed between two settings."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from typing_extensions import override

from monitor.settings import FeedSetting, Settings, SinkSetting, TopicSetting, topic_spec
from workers.model.base import Record
from workers.model.feed import FeedSource
from workers.model.topic import TopicSpec

__all__ = ["Change", "Difference", "Registry", "config_hash", "difference", "registry"]

T = TypeVar("T")

_LISTS = frozenset({"feeds", "topics", "aliases", "sinks"})


class Registry(Record, frozen=True, kw_only=True):
    """What the operator wants watched, and who is told."""

    feeds: tuple[FeedSource, ...]
    """Disabled ones too: the store parks them."""
    topics: tuple[TopicSpec, ...]
    """Enabled ones only."""
    aliases: dict[str, tuple[str, ...]]
    sinks: tuple[SinkSetting, ...]
    """Enabled ones only."""
    disabled_sinks: frozenset[str]
    """Names of sinks that are configured, but told nothing: their deliveries wait."""
    config_hash: str
    """Twelve hexadecimal digits over all settings, secrets left out."""


class Change(Record, frozen=True, kw_only=True):
    """What changed in one list: names."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Say whether anything changed."""
        return bool(self.added or self.removed or self.changed)


class Difference(Record, frozen=True, kw_only=True):
    """What changed from one settings to the next."""

    feeds: Change = Change()
    topics: Change = Change()
    aliases: Change = Change()
    sinks: Change = Change()
    sections: tuple[str, ...] = ()
    """Names of sections, and of what stands before them, whose options changed."""

    def __bool__(self) -> bool:
        """Say whether anything changed."""
        return any((self.feeds, self.topics, self.aliases, self.sinks, self.sections))

    @override
    def __str__(self) -> str:
        """Return it in one line: as ``tocsin reload`` prints it."""
        kinds = (
            ("feed", "feeds", self.feeds),
            ("topic", "topics", self.topics),
            ("alias", "aliases", self.aliases),
            ("sink", "sinks", self.sinks),
        )
        parts = [_counted(one, many, change) for one, many, change in kinds if change]
        parts.extend(f"~[{name}]" for name in self.sections)
        return ", ".join(parts) or "no changes"


def registry(settings: Settings) -> Registry:
    """Return what `settings` ask for.

    Raises:
        SecretUnreadable: a header of an enabled feed is kept where it cannot be read.
    """
    return Registry(
        feeds=tuple(_feed(feed, settings) for feed in settings.feeds),
        topics=tuple(topic_spec(topic) for topic in settings.topics if topic.enabled),
        aliases=dict(settings.aliases),
        sinks=tuple(sink for sink in settings.sinks.values() if sink.enabled),
        disabled_sinks=frozenset(
            name for name, sink in settings.sinks.items() if not sink.enabled
        ),
        config_hash=config_hash(settings),
    )


def config_hash(settings: Settings) -> str:
    """Return a short hash over all settings; secrets count as present or absent only."""
    digest = hashlib.blake2b(settings.model_dump_json(exclude={"topics"}).encode(), digest_size=6)
    for topic in settings.topics:  # one at a time: other threads wait for each call to end
        digest.update(topic.model_dump_json().encode())
    return digest.hexdigest()


def difference(old: Settings, new: Settings) -> Difference:
    """Return what changed. Feeds are told apart by their address, all else by its name."""
    sections = tuple(
        name
        for name in Settings.model_fields
        if name not in _LISTS and getattr(old, name) != getattr(new, name)
    )
    return Difference(
        feeds=_feeds_changed(old.feeds, new.feeds),
        topics=_changed(_topics(old), _topics(new)),
        aliases=_changed(old.aliases, new.aliases),
        sinks=_changed(old.sinks, new.sinks),
        sections=sections,
    )


def _feed(feed: FeedSetting, settings: Settings) -> FeedSource:
    headers = feed.headers.items() if feed.enabled else ()
    return FeedSource(
        url=feed.url,
        name=feed.name or feed.url,
        tags=feed.tags,
        weight=feed.weight,
        interval_s=feed.interval if feed.interval is not None else settings.polling.interval,
        headers=tuple((name, secret.first()) for name, secret in headers),
        enabled=feed.enabled,
        former=feed.was,
        skip_hours=feed.skip_hours,
    )


def _feeds_changed(old: Iterable[FeedSetting], new: Iterable[FeedSetting]) -> Change:
    before, after = _by(old, _url), _by(new, _url)
    change = _changed(before, after)
    return Change(
        added=_names(after, change.added),
        removed=_names(before, change.removed),
        changed=_names(after, change.changed),
    )


def _names(feeds: Mapping[str, FeedSetting], urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(feeds[url].name or url for url in urls)


def _url(feed: FeedSetting) -> str:
    return feed.url


def _topics(settings: Settings) -> dict[str, TopicSetting]:
    """Return the topics by name, without the file: moving a topic changes nothing."""
    return {topic.name: topic.model_copy(update={"file": ""}) for topic in settings.topics}


def _by(items: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    return {key(item): item for item in items}


def _changed(old: Mapping[str, object], new: Mapping[str, object]) -> Change:
    return Change(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(name for name in new if name in old and new[name] != old[name]),
    )


def _counted(one: str, many: str, change: Change) -> str:
    counts = (("+", change.added), ("\N{MINUS SIGN}", change.removed), ("~", change.changed))
    told = " ".join(f"{sign}{len(names)}" for sign, names in counts if names)
    total = sum(len(names) for _, names in counts)
    return f"{told} {one if total == 1 else many}"
