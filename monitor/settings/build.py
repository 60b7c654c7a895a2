"""From the parts of the files to one `Settings`, with every problem met on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from monitor.settings.files import Piece
from monitor.settings.gather import Gathered, place
from monitor.settings.items import (
    SINKS,
    ExecSink,
    FeedSetting,
    FileSink,
    SinkSetting,
    TopicSetting,
)
from monitor.settings.model import General, Settings
from monitor.settings.opml import OpmlFile, feed_key, read_opml
from monitor.settings.packs import packed, shadowing
from monitor.settings.problems import Problem, dotted, nearest, shown
from monitor.settings.sections import SECTIONS, Matching, Opml
from monitor.settings.validate import validate
from monitor.settings.values import NAME_LIMIT
from workers.text.urls import without_user

__all__ = ["ADDED", "Built", "build", "section_of"]

ADDED = Path("feeds.d", "added.opml")
"""Where `tocsin feeds add` writes to, beside the main file; read without being listed."""
_LONGEST_ALIAS = 20_000


@dataclass
class Built:
    """Settings as good as they could be had, and where each part of them stands."""

    settings: Settings
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    sections: dict[str, Piece] = field(default_factory=dict)
    feeds: dict[str, Piece] = field(default_factory=dict)
    """By the feed's name."""
    topics: dict[str, Piece] = field(default_factory=dict)
    sinks: dict[str, Piece] = field(default_factory=dict)
    aliases: dict[str, Piece] = field(default_factory=dict)


def build(found: Gathered, environ: Mapping[str, str]) -> Built:
    """Validate each part by itself, so that one bad part costs only itself."""
    context = {"base": found.base, "environ": environ}
    built = Built(settings=Settings(), problems=list(found.problems), files=list(found.files))
    built.sections = {"": found.general, **found.sections}
    parts = _general(found, context, built)
    packs = packed(parts.get("matching", Matching()).packs)
    parts["aliases"] = _aliases({**packs, **found.aliases}, built)
    built.warnings += shadowing(found.aliases, packs)
    parts["topics"] = _topics(found, context, built)
    parts["sinks"] = _sinks(found, context, parts["data_dir"], built)
    parts["feeds"] = _feeds(found, context, parts.get("opml", Opml()), built)
    built.settings = Settings.model_construct(**{**dict(Settings()), **parts})
    return built


def _general(found: Gathered, context: Mapping[str, Any], built: Built) -> dict[str, Any]:
    general, problems = validate(General, found.general, (), context)
    built.problems.extend(problems)
    parts: dict[str, Any] = dict(general or General())
    for name, piece in found.sections.items():
        section, problems = validate(SECTIONS[name], piece, (name,), context)
        built.problems.extend(problems)
        parts[name] = section if section is not None else SECTIONS[name]()
    return parts


def _aliases(pieces: Mapping[str, Piece], built: Built) -> dict[str, tuple[str, ...]]:
    aliases: dict[str, tuple[str, ...]] = {}
    for name, piece in pieces.items():
        entries = [piece.data] if isinstance(piece.data, str) else piece.data
        if _is_alias(entries):
            aliases[name] = tuple(entries)
            built.aliases[name] = piece
            continue
        hint = 'write a list of spellings: ["Kataib Hezbollah", "KH commander"]'
        key = ("aliases", name)
        built.problems.append(
            piece.problem(
                key=dotted(key),
                value=shown(piece.data, key),
                message="is no alias",
                hint=hint,
                fatal=False,
            )
        )
    return aliases


def _is_alias(entries: object) -> bool:
    return (
        isinstance(entries, list)
        and bool(entries)
        and all(isinstance(entry, str) and 0 < len(entry) <= _LONGEST_ALIAS for entry in entries)
    )


def _called(kind: str, piece: Piece, by: str = "name") -> tuple[str | int, ...]:
    """Return how people know an item of a list: by its name, else by its position."""
    name = piece.data.get(by) if isinstance(piece.data, dict) else None
    if isinstance(name, str) and name:
        return (kind, name[:100])
    return (kind, *piece.path[1:2])


def _topics(found: Gathered, context: Mapping[str, Any], built: Built) -> tuple[TopicSetting, ...]:
    topics: list[TopicSetting] = []
    for piece in found.topics:
        called = _called("topics", piece)
        topic, problems = validate(TopicSetting, piece, called, context, fatal=False)
        built.problems.extend(problems)
        if topic is None or problems:
            continue  # half a topic is another topic: it would ring for what nobody asked
        first = built.topics.setdefault(topic.name, piece)
        if first is piece:
            topics.append(topic.model_copy(update={"file": _file(piece)}))
        else:
            built.problems.append(_twice(piece, called, first, fatal=False))
    return tuple(topics)


def _file(piece: Piece) -> str:
    return str(piece.file.path) if piece.file is not None else ""


def _twice(piece: Piece, called: tuple[str | int, ...], first: Piece, *, fatal: bool) -> Problem:
    return piece.problem(
        ("name",),
        key=dotted(called),
        message=f"is there already: {place(first)}",
        hint="names are unique over all files: rename or remove one",
        fatal=fatal,
    )


def _sinks(
    found: Gathered, context: Mapping[str, Any], data_dir: Path, built: Built
) -> dict[str, SinkSetting]:
    sinks: dict[str, SinkSetting] = {}
    for name, piece in found.sinks.items():
        sink, problems = _sink(name, piece, context)
        built.problems.extend(problems)
        if sink is None:
            continue
        update: dict[str, object] = {"name": name}
        if isinstance(sink, FileSink):
            update["path"] = str(data_dir / sink.path)
        if isinstance(sink, ExecSink):
            update["folder"] = str(data_dir)
            if "/" in sink.command[0]:
                update["command"] = (str(found.base / sink.command[0]), *sink.command[1:])
        sinks[name] = sink.model_copy(update=update)
        built.sinks[name] = piece
    return sinks


def _sink(
    name: str, piece: Piece, context: Mapping[str, Any]
) -> tuple[SinkSetting | None, list[Problem]]:
    key = ("sinks", name)
    kind = piece.data.get("type") if isinstance(piece.data, dict) else None
    model = SINKS.get(kind) if isinstance(kind, str) else None
    if len(name) > NAME_LIMIT:
        told = dotted(("sinks", f"{name[:30]}…"))
        message = f"has a name of over {NAME_LIMIT} characters"
        return None, [piece.problem((), key=told, value=None, message=message)]
    if model is not None:
        return validate(model, piece, key, context)
    if not isinstance(piece.data, dict):
        return validate(SinkSetting, piece, key, context)
    listed = ", ".join(f'"{known}"' for known in SINKS)
    message = "is missing" if kind is None else "is unknown"
    hint = nearest(kind, SINKS) if isinstance(kind, str) else ""
    hint = hint if hint.startswith("did") else f"write one of {listed}"
    told = dotted((*key, "type"))
    problem = piece.problem(("type",), key=told, value=shown(kind), message=message, hint=hint)
    return None, [problem]


def _feeds(
    found: Gathered, context: Mapping[str, Any], opml: Opml, built: Built
) -> tuple[FeedSetting, ...]:
    feeds = _Feeds(built)
    for piece in found.feeds:
        feed, problems = validate(FeedSetting, piece, _called("feeds", piece), context)
        built.problems.extend(problems)
        if feed is not None:
            feeds.add(feed, piece, named=feed.name is not None)
    for position, name in enumerate(opml.files):
        file = read_opml(found.base / name)
        if isinstance(file, Problem):
            built.problems.append(_bad_opml(file, built.sections["opml"], position, name))
        else:
            _outlines(file, context, feeds, built)
    _added(found, context, feeds, opml)
    return tuple(feeds.found)


def _added(found: Gathered, context: Mapping[str, Any], feeds: "_Feeds", opml: Opml) -> None:
    """Read what `tocsin feeds add` wrote beside the main file, unless it is listed anyway."""
    path = found.base / ADDED
    listed = {(found.base / name).resolve() for name in opml.files}
    if found.general.file is None or path.resolve() in listed or not path.exists():
        return
    file = read_opml(path)
    if isinstance(file, Problem):
        feeds.built.problems.append(file)
    else:
        _outlines(file, context, feeds, feeds.built)


def _bad_opml(problem: Problem, piece: Piece, position: int, name: str) -> Problem:
    if problem.line is not None or Path(problem.file).exists():
        return problem
    return piece.problem(
        ("files", position),
        key="opml.files",
        value=shown(name),
        message=problem.message,
        hint=f"there is no {problem.file}",
        fatal=False,
    )


def _outlines(file: OpmlFile, context: Mapping[str, Any], feeds: "_Feeds", built: Built) -> None:
    built.problems.extend(file.problems)
    built.warnings.extend(file.warnings)
    if file.whole:
        built.files.append(file.path)  # else it counts as broken: what it lacks stays accepted
    for position, outline in enumerate(file.outlines):
        piece = Piece(file=file, path=(position,), data=outline.data)
        called = _called("outline", piece)
        feed, problems = validate(FeedSetting, piece, called, context, fatal=False)
        built.problems.extend(problems)
        if feed is not None:
            feeds.add(feed, piece, named=False)


class _Feeds:
    """Feeds as they are listed, each address once and each with a name of its own."""

    def __init__(self, built: Built) -> None:
        self.found: list[FeedSetting] = []
        self.built = built
        self._addresses: dict[str, Piece] = {}
        self._tried: dict[str, int] = {}
        """The last number given behind each name that several feeds have."""

    def add(self, feed: FeedSetting, piece: Piece, *, named: bool) -> None:
        """Add a feed, unless its address is there already."""
        first = self._addresses.setdefault(feed_key(feed.url), piece)
        if first is not piece:
            self._warn_twice(feed, piece, first)
            return
        name = feed.name or urlsplit(feed.url).hostname or feed.url
        other = self.built.feeds.get(name)
        if other is not None and named:
            problem = _twice(piece, ("feeds", name), other, fatal=True)
            self.built.problems.append(problem)
        name = self._free(name, feed.url)
        self.built.feeds[name] = piece
        self.found.append(feed.model_copy(update={"name": name}))

    def _free(self, name: str, url: str) -> str:
        if name not in self.built.feeds:
            return name
        longer = tries = f"{name} ({urlsplit(url).hostname})"
        while tries in self.built.feeds:
            number = self._tried[longer] = self._tried.get(longer, 1) + 1
            tries = f"{longer} {number}"
        return tries

    def _warn_twice(self, feed: FeedSetting, piece: Piece, first: Piece) -> None:
        self.built.warnings.append(
            piece.problem(
                ("url",),
                key=dotted(("feeds", feed.name or without_user(feed.url), "url")),
                value=shown(feed.url),
                message=f"is listed already: {place(first)}",
                hint="the first one counts",
                fatal=False,
            )
        )


def section_of(built: Built, name: str) -> Piece:
    """Return where a section stands; one that is not written stands nowhere."""
    return built.sections.get(name, Piece(file=None, path=(name,), data={}))
