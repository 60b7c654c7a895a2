"""Reading all settings: never an exception for what stands in a file, all problems at once."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import field

from monitor.settings.build import build
from monitor.settings.checks import check_all
from monitor.settings.doubts import doubt_all
from monitor.settings.files import Piece, read_config
from monitor.settings.gather import gather
from monitor.settings.model import Settings
from monitor.settings.problems import Problem
from workers.model.base import Record

__all__ = ["Loaded", "load"]


class Loaded(Record, frozen=True, kw_only=True):
    """What was read, and everything that is wrong with it."""

    path: Path | None
    """The main file, None if there is none."""
    settings: Settings
    """As good as they could be had: whoever wants to run looks at ``fatal`` first."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()
    """Every file that was read, the main one first: what a reload watches."""

    topics: dict[str, Piece] = field(default_factory=dict)
    """Where each topic stands, by name."""
    aliases: dict[str, Piece] = field(default_factory=dict)
    """Where each alias stands, by name."""
    feeds: dict[str, Piece] = field(default_factory=dict)
    """Where each feed stands, by name."""
    readable: bool = True
    """False if the main file cannot be read, so that nothing is known of what is in it."""

    @property
    def fatal(self) -> tuple[Problem, ...]:
        """The problems that forbid a start; the others cost one topic or one file."""
        return tuple(problem for problem in self.problems if problem.fatal)


def load(path: Path | None, environ: Mapping[str, str], *, part: bool = False) -> Loaded:
    """Return the settings of a file and the environment, with all problems.

    Without a file there are the default settings (and those of the environment), and nothing is
    said about feeds, topics and sinks that are not there; nor with ``part``, for a file that holds
    topics alone. Queries are not compiled here; see `monitor.settings.queries`.
    """
    main = read_config(path) if path is not None else None
    if isinstance(main, Problem):
        return Loaded(
            path=path,
            settings=Settings(),
            problems=(main,),
            files=(Path(main.file),),
            readable=False,
        )
    base = path.parent if path is not None else Path.cwd()
    built = build(gather(main, base, environ), environ)
    if main is not None and not part:
        built.problems.extend(check_all(built))
        built.warnings.extend(doubt_all(built))
    return Loaded(
        path=path,
        settings=built.settings,
        problems=tuple(built.problems),
        warnings=tuple(built.warnings),
        files=tuple(built.files),
        topics=built.topics,
        aliases=built.aliases,
        feeds=built.feeds,
    )
