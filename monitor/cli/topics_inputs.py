"""What the commands of topics are given: articles as JSON lines, and files of topics."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.cli.common import say, say_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.settings import Settings, TopicSetting
    from workers.model.article import ZoneLine
    from workers.model.topic import Document, Problem, TopicSpec

__all__ = ["TopicFile", "articles_of", "document_of", "read_topic_file", "read_topics"]


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
    problems: "list[Problem]"
    """What is wrong with the file itself."""
    settings: "tuple[TopicSetting, ...]"
    """The same topics, and the others, as they were written."""


def read_topics(
    file: str, settings: "Settings"
) -> "tuple[list[TopicSpec], dict[str, tuple[str, ...]], list[Problem]]":
    """Return the topics and aliases of one TOML file, and what is wrong with the file itself.

    The sets of the alias packs that ``settings`` name are known to it; which of those the file
    has its own instead of is said.
    """
    return read_topic_file(file, settings)[:3]


def read_topic_file(file: str, settings: "Settings") -> TopicFile:
    """Return all that `read_topics` does, and the topics as they were written."""
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
    specs = [topic_spec(topic) for topic in written if topic.enabled]
    packs = packed(settings.matching.packs)
    say_problems(list(shadowing(loaded.aliases, packs)), label="warning: ")
    aliases = {name: tuple(piece.data) for name, piece in packs.items()}
    return TopicFile(specs, {**aliases, **loaded.settings.aliases}, problems, written)
