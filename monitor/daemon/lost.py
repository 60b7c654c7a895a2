"""What the files hold but cannot be read of them: it stays as it was accepted.

A topic with a typo, a file that is being written, an include that is not there for a moment: none
of them means that something was removed.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from monitor.settings import Loaded, Settings, TopicSetting
from monitor.settings import Problem as FileProblem
from workers.model.base import Record
from workers.model.feed import FeedRow, FeedSource
from workers.model.topic import Problem, TopicSpec

__all__ = ["NOTHING_LOST", "Lost", "feeds_left", "lost", "with_lost"]

ABSENT = frozenset({"include", "opml.files"})
"""Keys of problems with files that are named and not there."""


class Lost(Record, frozen=True, kw_only=True):
    """Files and topics that could not be read, though they are meant to be there."""

    unread: bool = False
    """Whether any file is missing or broken."""
    files: frozenset[str] = frozenset()
    """Those that are broken."""
    read: frozenset[str] = frozenset()
    """Those that could be read."""
    topics: frozenset[str] = frozenset()
    """Names of topics that are written wrongly."""
    problems: tuple[Problem, ...] = ()
    """The same, as problems of topics: a file that cannot be read counts as all its topics."""

    def holds(self, topic: TopicSpec | TopicSetting) -> bool:
        """Say whether a topic that was there, and now is not, is missing only by mistake."""
        if topic.name in self.topics or topic.file in self.files:
            return True
        return self.unread and topic.file not in self.read


NOTHING_LOST = Lost()


def lost(loaded: Loaded) -> Lost:
    """Return what of the files could not be read without forbidding a start."""
    read = frozenset(map(str, loaded.files))
    costly = [problem for problem in loaded.problems if not problem.fatal]
    broken = [problem for problem in costly if _costs_a_file(problem, read)]
    absent = [problem for problem in costly if problem.key in ABSENT]
    topics = {
        name: problem
        for problem in costly
        if (name := _topic_of(problem.key)) is not None and name not in loaded.topics
    }
    files = frozenset(problem.file for problem in broken)
    return Lost(
        unread=bool(broken or absent),
        files=files,
        read=read - files,
        topics=frozenset(topics),
        problems=(
            *(_told(problem, Path(problem.file).name, of_file=True) for problem in broken),
            *(_told(problem, _file_named(problem), of_file=True) for problem in absent),
            *(_told(problem, name) for name, problem in topics.items()),
        ),
    )


def _costs_a_file(problem: FileProblem, read: frozenset[str]) -> bool:
    return problem.key == "topics" or (not problem.key and problem.file not in read)


def _topic_of(key: str) -> str | None:
    """Return the topic that a dotted key is about, None if it is about something else."""
    kind, _, rest = key.partition(".")
    if kind != "topics" or not rest:
        return None
    if not rest.startswith('"'):
        return rest.partition(".")[0]
    name: str = json.JSONDecoder().raw_decode(rest)[0]
    return name


def _file_named(problem: FileProblem) -> str:
    """Return the file that is not there; its name is shown as TOML writes it."""
    return (problem.value or "").strip('"') or problem.key


def _told(problem: FileProblem, topic: str, *, of_file: bool = False) -> Problem:
    return Problem(
        topic=topic,
        line=problem.line or 1,
        column=1,
        length=1,
        message=problem.message,
        hint=problem.hint,
        file=problem.file,
        of_file=of_file,
    )


def feeds_left(feeds: Sequence[FeedSource], rows: Iterable[FeedRow]) -> tuple[FeedSource, ...]:
    """Return the feeds of the database that no readable file lists: their file is broken.

    What only a file can say, a feed's headers, they are without until it is mended.
    """
    listed = {url for feed in feeds for url in (feed.url, *feed.former)}
    return tuple(
        FeedSource(
            url=row.url,
            name=row.name,
            tags=row.tags,
            weight=row.weight,
            interval_s=row.interval_fixed_s,
        )
        for row in rows
        if not row.parked and row.url not in listed
    )


def with_lost(old: Settings, loaded: Loaded) -> Loaded:
    """Return new settings in which what could not be read is as it was in the ``old`` ones."""
    missing, new = lost(loaded), loaded.settings
    here = {topic.name for topic in new.topics}
    topics = [topic for topic in old.topics if topic.name not in here and missing.holds(topic)]
    update: dict[str, object] = {"topics": (*new.topics, *topics)}
    if missing.unread:
        urls = {feed.url for feed in new.feeds}
        update["feeds"] = (*new.feeds, *(feed for feed in old.feeds if feed.url not in urls))
        update["sinks"] = {**old.sinks, **new.sinks}
        update["aliases"] = {**old.aliases, **new.aliases}
    return replace(loaded, settings=new.model_copy(update=update))
