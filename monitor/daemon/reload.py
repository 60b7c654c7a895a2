"""Reload: validate all first, swap at once, keep the old on error, and say so."""

import asyncio
import os
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
import structlog

from monitor.daemon.lost import lost, with_lost
from monitor.daemon.notify import reloading
from monitor.daemon.state import State
from monitor.registry import Difference, Registry, difference, registry
from monitor.settings import ADDED, Loaded, Settings, load, render
from workers.errors import StoreDown, TocsinError, Transient
from workers.model.topic import Problem as TopicProblem

__all__ = ["Outcome", "Reloader", "needs_word"]

LOOK_S = 1.0
QUIET_S = 2.0
"""Files must have stood still for so long: editors and copies write in pieces."""
FEW = 5
SHARE = 0.2
NOT_LIVE = ("data_dir", "database", "redis", "web", "queue", "log")
"""What is read once, at the start."""
_log = structlog.get_logger()


class TakeOver(Protocol):
    """Puts accepted settings in force."""

    async def __call__(
        self, loaded: Loaded, wanted: Registry, remade: Sequence[str], *, word: bool
    ) -> None:
        """Do it; ``remade`` are names of sinks to be made anew."""
        ...


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a reload ended."""

    ok: bool
    difference: str = ""
    problems: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    """Sections that changed and take effect only at the next start."""


def needs_word(change: Difference, topics: int, feeds: int) -> str | None:
    """Return why a change that was only seen in the files waits for the operator's word.

    ``topics`` and ``feeds`` are how many there were. A half-saved file looks like a removal: that
    of a sink, of all topics, or of more than five and over a fifth of topics or feeds.
    """
    if change.sinks.removed:
        return f"it removes the sink {change.sinks.removed[0]}"
    gone = len(change.topics.removed)
    if topics and gone == topics and not change.topics.added:
        return "it removes all topics"
    if gone > FEW and gone > SHARE * topics:
        return f"it removes {gone} of {topics} topics"
    lost = len(change.feeds.removed)
    if lost > FEW and lost > SHARE * feeds:
        return f"it removes {lost} of {feeds} feeds"
    return None


class Reloader:
    """Reads the settings again: asked by signal, by command, or by the files changing."""

    def __init__(self, state: State, take_over: TakeOver) -> None:
        self._state = state
        self._take_over = take_over
        self._started = state.settings
        self._seen = _stamps(state.loaded)
        self._changed_at: float | None = None
        self._looked_at = float("-inf")
        self._later = False
        """Whether the last reload failed because SQL or Redis was away."""
        self._asked = False
        """Whether one that was asked for waits for its turn."""
        self.alone = asyncio.Lock()
        """Held while what is in force is being replaced."""

    async def look(self) -> None:
        """Reload once the files have changed and then stood still; looks once a second at most.

        What could not be taken over because SQL or Redis was away is tried again.
        """
        now = self._state.clock.monotonic()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        stamps = _stamps(self._state.loaded)
        if stamps != self._seen:
            self._seen, self._changed_at = stamps, now
        elif self._changed_at is not None and now - self._changed_at >= QUIET_S:
            self._changed_at = None
            await self.reload(yes=False, watched=True)
            if self._later and self._changed_at is None:
                self._changed_at = self._state.clock.monotonic()

    async def reload(self, *, yes: bool, watched: bool = False) -> Outcome:
        """Take the files over, if they are good."""
        async with self.alone:
            return await self._whole(yes=yes, watched=watched)

    async def reload_soon(self) -> None:
        """Reload by the operator's word: once for all who ask before it begins."""
        if self._asked:
            return
        self._asked = True
        async with self.alone:
            self._asked = False  # who asks from now on may have written something meanwhile
            await self._whole(yes=True)

    async def _whole(self, *, yes: bool, watched: bool = False) -> Outcome:
        with reloading(self._state.clock):
            outcome = await self._try(yes=yes, watched=watched)
        self._state.parts.meter.count(
            "tocsin_reloads_total", outcome="ok" if outcome.ok else "refused"
        )
        if outcome.ok:
            _log.info("reloaded", difference=outcome.difference, restart=outcome.restart)
        else:
            _log.error("reload_refused", problems=outcome.problems)
        return outcome

    async def _try(self, *, yes: bool, watched: bool) -> Outcome:
        state, self._later = self._state, False
        read = await asyncio.to_thread(_read, state.loaded)
        loaded, change = read.loaded, read.change
        if loaded.fatal:
            return Outcome(ok=False, problems=tuple(render(one) for one in loaded.fatal))
        why = needs_word(change, len(state.settings.topics), len(state.settings.feeds))
        if why is not None and watched and not yes:
            said = f"the files changed and {why}: run `tocsin reload --yes` if that is meant"
            return Outcome(ok=False, difference=str(change), problems=(said,))
        try:
            remade = (*change.sinks.changed, *change.sinks.added)
            wanted = await asyncio.to_thread(registry, loaded.settings)
            await self._take_over(loaded, wanted, remade, word=not watched)
        except TocsinError as error:
            self._later = isinstance(error, (StoreDown, Transient))
            return Outcome(ok=False, difference=str(change), problems=(str(error),))
        self._seen, self._changed_at = _stamps(loaded), None
        return Outcome(
            ok=True,
            difference=str(change),
            problems=_refused(loaded, state.accepted.refused),
            restart=self._not_live(loaded),
        )

    def _not_live(self, loaded: Loaded) -> tuple[str, ...]:
        before, after = self._started, loaded.settings
        names = [name for name in NOT_LIVE if getattr(before, name) != getattr(after, name)]
        if _fetching(before) != _fetching(after):
            names.append("net")
        if _reading(before) != _reading(after):
            names.append("pages")
        return tuple(names)


class _Read(NamedTuple):
    """What the files say now."""

    loaded: Loaded
    change: Difference


def _read(present: Loaded) -> _Read:
    """Read the files again: with thousands of topics it takes seconds, and so is done aside."""
    loaded = load(present.path, os.environ)
    if not loaded.fatal:
        loaded = with_lost(present.settings, loaded)
    return _Read(loaded, difference(present.settings, loaded.settings))


def _fetching(settings: Settings) -> object:
    """Return what the fetcher is made of; how politely it asks is live."""
    return settings.net.allow, settings.net.proxy, settings.contact


def _reading(settings: Settings) -> object:
    """Return what the reading processes are made of; how long a page may take is live."""
    return settings.pages.workers, settings.pages.mode


def _refused(loaded: Loaded, topics: Sequence[TopicProblem]) -> tuple[str, ...]:
    """Return what was not taken over, or not as it is written, a sentence each."""
    said = {problem.message for problem in loaded.problems}
    return (
        *(render(problem) for problem in loaded.problems),
        *(
            f"{problem.file}: topic {problem.topic}, line {problem.line}, column "
            f"{problem.column}: {problem.message} ({problem.hint})"
            for problem in topics
            if problem.message not in said
        ),
    )


def _stamps(loaded: Loaded) -> dict[str, tuple[int, int] | None]:
    """Return what changes when a file does, or when one comes that an ``include`` fits."""
    base = loaded.path.parent if loaded.path is not None else Path.cwd()
    files = {*map(str, loaded.files), *lost(loaded).files}
    for pattern in (*loaded.settings.include, *loaded.settings.opml.files, str(ADDED)):
        files.update(glob(str(base / pattern), recursive=True))  # noqa: PTH207 - also absolute ones
    return {path: _stamp(Path(path)) for path in sorted(files)}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
