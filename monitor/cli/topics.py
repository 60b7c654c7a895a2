"""``tocsin topics``: try a query, match many articles, check a file of topics."""

import asyncio
import codecs
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    print_text,
    say,
)
from monitor.cli.inputs import is_address, read_input, read_lines
from monitor.cli.packs import packs
from monitor.cli.publish import publish
from monitor.cli.topics_import import import_
from monitor.cli.topics_new import new

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.settings import Settings
    from workers.model.article import ZoneLine
    from workers.model.topic import Clause, Document, Problem, TopicSpec, TopicTry

__all__ = ["topics", "try_object"]


@click.group()
def topics() -> None:
    """Try, match and check queries."""


topics.add_command(packs)
topics.add_command(publish)
topics.add_command(import_)
topics.add_command(new)


@topics.command("try")
@config_option
@json_option
@click.option("--query", "-q", required=True, help="The query, as a topic would have it.")
@click.argument("source", metavar="FILE|URL|-")
def try_(config: str | None, query: str, source: str, *, as_json: bool) -> None:
    """Try a query on a page, a text, or a file of JSON lines; say where it holds, or why not.

    Exit 1 if nothing matched, 2 if the query is wrong.
    """
    from workers.topics import QueryError, render_caret, try_query

    settings = load_settings(config, needed=False).settings
    matched = False
    for document in _documents(settings, source):
        try:
            outcome = try_query(
                query, dict(settings.aliases), settings.matching.languages, document
            )
        except QueryError as error:
            say(render_caret(error.problem, query))
            raise SystemExit(2) from error
        matched = matched or outcome.matched
        if as_json:
            print_json(try_object(outcome))
        else:
            _print_try(document, outcome)
    raise SystemExit(0 if matched else FOUND)


def try_object(outcome: "TopicTry") -> dict[str, Any]:
    """Return the outcome of a try as the object that ``--json`` prints."""
    return {
        "matched": outcome.matched,
        "clauses": clause_objects(outcome.clauses),
        "failed": clause_objects((outcome.failed,))[0] if outcome.failed else None,
        "elsewhere": [
            {
                "zone": hit.zone,
                "start": hit.start,
                "end": hit.end,
                "text": hit.text,
                "sentence": hit.sentence,
            }
            for hit in outcome.elsewhere
        ],
    }


def clause_objects(clauses: "tuple[Clause, ...]") -> list[dict[str, Any]]:
    """Return clauses of a receipt as ``--json`` prints them."""
    return [
        {
            "op": clause.op,
            "query": clause.query,
            "span": list(clause.span),
            "hits": [
                {
                    "zone": hit.zone,
                    "start": hit.start,
                    "end": hit.end,
                    "text": hit.text,
                    "sentence": hit.sentence,
                }
                for hit in clause.hits
            ],
        }
        for clause in clauses
    ]


def _print_try(document: "Document", outcome: "TopicTry") -> None:
    print_text(f"{'matches' if outcome.matched else 'does not match'}: {document.title or '-'}")
    for clause in outcome.clauses:
        for hit in clause.hits:
            print_text(f"  {clause.query} in {hit.zone} at {hit.start}: {hit.sentence}")
    if outcome.failed is not None:
        print_text(f"  did not hold: {outcome.failed.query}")
    for hit in outcome.elsewhere:
        print_text(f"  but stands in {hit.zone}, which is not searched: {hit.sentence}")


def _documents(settings: "Settings", source: str) -> "Iterator[Document]":
    """Return what is searched: articles of JSON lines, a page, or plain text."""
    from workers.model.topic import Document

    if is_address(source):
        yield _page(settings, source, None)
        return
    raw = read_input(source).removeprefix(codecs.BOM_UTF8)
    head = raw[:2048].lstrip()
    if head.startswith(b"{"):
        bad: list[int] = []
        for _, document in _articles(raw.decode("utf-8", "replace").split("\n"), source, bad):
            yield document
        if bad:
            raise SystemExit(FOUND)
    elif head[:1] == b"<":
        yield _page(settings, source, raw)
    else:
        yield Document(title="", body=raw.decode("utf-8", "replace"))


def _page(settings: "Settings", source: str, raw: bytes | None) -> "Document":
    from monitor.daemon.build import page_rules
    from monitor.settings import page_options
    from workers.errors import Permanent, Transient
    from workers.model.article import FetchedPage
    from workers.model.topic import Document
    from workers.pages import extract

    kind, url, body = "", source, raw or b""
    if raw is None:
        from monitor.cli.inputs import fetch_answer

        try:
            answer = asyncio.run(fetch_answer(settings, source, page_options(settings).wire_bytes))
        except (Transient, Permanent) as error:
            fail(f"cannot fetch: {source}: {error}", FOUND)
        if answer.status >= 400:  # noqa: PLR2004
            fail(f"cannot fetch: {source}: HTTP {answer.status}", FOUND)
        kind, url, body = answer.headers.get("content-type", ""), answer.url, answer.body
    read = extract(FetchedPage(url=url, body=body, content_type=kind), page_rules(settings))
    return Document(
        title=read.title,
        body=read.text,
        zones=read.zones,
        language=read.language,
        author=read.author,
    )


def _articles(
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


@topics.command()
@json_option
@click.option("--topics", "file", required=True, help="A TOML file of [aliases] and [[topics]].")
@click.option("--articles", required=True, help="A file of JSON lines, or - for standard input.")
@click.option("--explain", is_flag=True, help="Also say where each topic was found.")
@config_option
def match(config: str | None, file: str, articles: str, *, explain: bool, as_json: bool) -> None:
    """Match articles with topics, in order."""
    from monitor import shipped
    from workers.topics import compile_topics

    settings = load_settings(config, needed=False).settings
    specs, aliases, problems = read_topics(file, settings)
    compiled = compile_topics(specs, aliases, settings.matching.languages, shipped.common_words())
    _say_problems(specs, [*problems, *compiled.problems])
    if problems and not specs:
        raise SystemExit(FOUND)
    bad: list[int] = []
    for name, document in _articles(read_lines(articles), articles, bad):
        matches = compiled.match(document) if explain else ()
        names = [found.topic for found in matches] if explain else compiled.names(document)
        told: dict[str, Any] = {"id": name, "topics": names}
        if explain:
            told["matches"] = [
                {"topic": found.topic, "clauses": clause_objects(found.clauses)}
                for found in matches
            ]
        if as_json:
            print_json(told)
        else:
            print_text(f"{name}: {', '.join(told['topics']) or '-'}")
            for found in matches if explain else ():
                for clause in found.clauses:
                    for hit in clause.hits:
                        print_text(f"  {found.topic}: {clause.query}: {hit.sentence}")
    if problems or compiled.problems or bad:
        raise SystemExit(FOUND)


@topics.command()
@json_option
@config_option
@click.argument("file")
def check(config: str | None, file: str, *, as_json: bool) -> None:
    """Check a TOML file of topics: queries, aliases, examples. Exit 1 if something is wrong."""
    from monitor import shipped
    from workers.topics import check_examples, compile_topics

    settings = load_settings(config, needed=False).settings
    specs, aliases, problems = read_topics(file, settings)
    compiled = compile_topics(specs, aliases, settings.matching.languages, shipped.common_words())
    problems = [*problems, *compiled.problems]
    passed, failed = check_examples(specs, compiled)
    ok = not problems and not failed
    if as_json:
        print_json(
            {
                "ok": ok,
                "problems": [_problem_object(problem, file) for problem in problems],
                "warnings": [_problem_object(problem, file) for problem in compiled.warnings],
                "examples": {"passed": passed, "failed": list(failed)},
            }
        )
    else:
        print_text(f"{file}: {len(compiled.specs)} topics, {passed} examples as expected")
    _say_problems(specs, problems)
    _say_problems(specs, compiled.warnings, label="warning: ")
    for miss in failed:
        say(f"example fails: {miss.topic}: expected {miss.expected}: {miss.example}")
    if not ok:
        raise SystemExit(FOUND)


def _problem_object(problem: "Problem", file: str) -> dict[str, Any]:
    return {
        "file": problem.file or file,
        "topic": problem.topic,
        "line": problem.line or None,
        "column": problem.column,
        "length": problem.length,
        "message": problem.message,
        "hint": problem.hint,
    }


def _say_problems(
    specs: "list[TopicSpec]", problems: "Iterable[Problem]", label: str = ""
) -> None:
    """Say each problem with its topic, and with a caret where its query is known."""
    from workers.topics import render_caret

    queries = {spec.name: spec.query for spec in specs}
    for problem in problems:
        where = f"{problem.file}: " if problem.file else ""
        query = queries.get(problem.topic)
        if query is not None:
            say(f"{label}{where}{problem.topic}: {render_caret(problem, query)}")
        else:
            hint = f" ({problem.hint})" if problem.hint else ""
            what = f"{problem.topic}: " if problem.topic else ""
            line = f"line {problem.line}: " if problem.line else ""
            say(f"{label}{where}{line}{what}{problem.message}{hint}")


def read_topics(
    file: str, settings: "Settings"
) -> "tuple[list[TopicSpec], dict[str, tuple[str, ...]], list[Problem]]":
    """Return the topics and aliases of one TOML file, and what is wrong with the file itself.

    The sets of the alias packs that ``settings`` name are known to it.
    """
    from monitor.settings import load, topic_spec
    from monitor.settings.packs import packed
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
    specs = [topic_spec(topic) for topic in loaded.settings.topics if topic.enabled]
    aliases = {name: tuple(piece.data) for name, piece in packed(settings.matching.packs).items()}
    return specs, {**aliases, **loaded.settings.aliases}, problems
