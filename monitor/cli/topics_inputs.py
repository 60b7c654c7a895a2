"""What the commands of topics are given: articles as JSON lines, and files of topics."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.cli.common import say, say_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.settings import Loaded, TopicSetting
    from monitor.settings.files import Piece
    from workers.model.article import ZoneLine
    from workers.model.topic import Document, Problem, TopicSpec
    from workers.topics import TopicSet

__all__ = ["TopicFile", "articles_of", "document_of", "read_topic_file"]


def articles_of(
    lines: "Iterable[str]", name: str, bad: list[int]
) -> "Iterator[tuple[str, Document]]":
    """Return (id, document) of each JSON line; bad ones are said, and their numbers kept."""
    import msgspec

    decoder = msgspec.json.Decoder(dict[str, Any])
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            data = decoder.decode(line)
            document = document_of(data)
        except (msgspec.MsgspecError, TypeError, ValueError, LookupError) as error:
            say(f"not an article: {name}:{number}: {error}")
            bad.append(number)
            continue
        yield str(data.get("id", number)), document


def document_of(data: dict[str, Any]) -> "Document":
    """Return an article of a JSON line as what topics are matched against.

    Raises:
        ValueError: a field has another shape than ``docs/topics.md`` says.
    """
    from workers.model.topic import Document

    return Document(
        title=_text(data, "title") or "",
        body=_text(data, "text") or "",
        zones=tuple(_zone_line(item) for item in _list(data, "zones")),
        language=_text(data, "lang"),
        sources=_texts(data, "source"),
        tags=_texts(data, "tags"),
        author=_text(data, "author"),
    )


def _text(data: dict[str, Any], field: str) -> str | None:
    value = data.get(field)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{field} is no text")
    return value


def _list(data: dict[str, Any], field: str) -> list[Any]:
    value = data.get(field) or []
    if not isinstance(value, list):
        raise ValueError(f"{field} is no list")  # noqa: TRY004 - it is about the data
    return value


def _texts(data: dict[str, Any], field: str) -> tuple[str, ...]:
    """Return a field that is one text, a list of them, or missing."""
    one = data.get(field)
    return (one,) if isinstance(one, str) else tuple(map(str, _list(data, field)))


def _zone_line(item: object) -> "ZoneLine":
    """Return a line of ``[zone, text]`` or ``[zone, text, rule]``."""
    import msgspec

    from workers.model.article import ZoneLine

    if not isinstance(item, list) or not 2 <= len(item) <= 3:  # noqa: PLR2004 - as above
        raise ValueError("zones holds what is not [zone, text] or [zone, text, rule]")
    zone, text, rule = (*item, "")[:3]
    return msgspec.convert({"zone": zone, "text": text, "rule": rule}, ZoneLine)


class TopicFile(NamedTuple):
    """A TOML file of topics, as far as it could be read."""

    specs: "list[TopicSpec]"
    """The topics that are enabled."""
    aliases: dict[str, tuple[str, ...]]
    """Its own, those of the configuration, and those of the packs that are asked for."""
    problems: "list[Problem]"
    """What is wrong with the file itself."""
    settings: "tuple[TopicSetting, ...]"
    """The same topics, and the others, as they were written."""
    readable: bool
    """False if nothing is known of what is in it."""
    sets: "Mapping[str, Piece]"
    """Where each alias set stands."""
    own: frozenset[str]
    """The alias sets that stand in the file, or in what it includes."""

    def wrong(self, compiled: "TopicSet") -> "list[Problem]":
        """Return all that is wrong with the file and its topics, each with the file it is in.

        Of the alias sets of other files only those are told that are named here.
        """
        return [*self.problems, *map(self._placed, filter(self._concerns, compiled.problems))]

    def _concerns(self, problem: "Problem") -> bool:
        name = problem.topic
        if not name.startswith("@") or name[1:] not in self.sets or name[1:] in self.own:
            return True
        said = [*(spec.query for spec in self.specs), *self._entries()]
        return any(name.casefold() in text.casefold() for text in said)

    def _entries(self) -> "Iterator[str]":
        for name in self.own:
            yield from self.aliases.get(name, ())

    def _placed(self, problem: "Problem") -> "Problem":
        import msgspec

        piece = self.sets.get(problem.topic.removeprefix("@"))
        if not problem.topic.startswith("@") or piece is None or piece.file is None:
            return problem
        return msgspec.structs.replace(problem, file=str(piece.file.path))


def read_topic_file(file: str, config: "Loaded") -> TopicFile:
    """Return the topics and aliases of one TOML file, and what is wrong with the file itself.

    The alias sets of the configuration and of its packs are known to it; which sets of
    packs the file has its own instead of is said.
    """
    from monitor.settings import load, topic_spec
    from monitor.settings.packs import packed, shadowing
    from workers.model.topic import Problem

    loaded = load(Path(file).absolute(), {}, part=True)
    problems = [
        Problem(
            topic=problem.key,
            line=problem.line or 0,
            column=1,
            length=1,
            message=problem.message,
            hint=problem.hint,
            file=problem.file,
        )
        for problem in loaded.problems
    ]
    written = loaded.settings.topics
    packs = packed(config.settings.matching.packs)
    say_problems(list(shadowing(loaded.aliases, packs)), label="warning: ")
    return TopicFile(
        specs=[topic_spec(topic) for topic in written if topic.enabled],
        aliases={**config.settings.aliases, **loaded.settings.aliases},
        problems=problems,
        settings=written,
        readable=loaded.readable,
        sets={**config.aliases, **loaded.aliases},
        own=frozenset(loaded.aliases),
    )
