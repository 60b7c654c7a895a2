"""``tocsin topics lint``: topics that cannot match, hold each other, or ring all day."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import (
    FOUND,
    config_option,
    json_option,
    load_settings,
    print_json,
    print_text,
    say,
)
from monitor.cli.lint_archive import Looked, ask_archive, nothing_known, script_hints
from monitor.cli.topics_inputs import TopicFile, read_topic_file
from monitor.cli.topics_shown import problem_object, say_query_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.settings import Loaded
    from workers.model.topic import Problem
    from workers.topics import TopicSet
    from workers.topics.lint import Finding

__all__ = ["lint"]

MOST_SHOWN = 200
"""Findings shown to people; --json has all."""
MOST_LEFT = 5
"""Topics named that were not compared with all others."""


@click.command()
@config_option
@json_option
@click.argument("file", metavar="[FILE]", required=False)
def lint(config: str | None, file: str | None, *, as_json: bool) -> None:
    """Look for topics that will not do what is meant: those of FILE, or all that are configured.

    Says which can never match, which are contained in another, which rest on a word so common
    that they ring all day, and which have no term in a script that many of their feeds write. For
    the last two the archive is looked at, if there is one. Exit 1 if anything is found.
    """
    from monitor import shipped
    from workers.topics import compile_topics

    loaded = load_settings(config, needed=file is None)
    given = read_topic_file(file, loaded) if file is not None else _of_config(loaded)
    languages = loaded.settings.matching.languages
    compiled = compile_topics(given.specs, given.aliases, languages, shipped.common_words())
    problems = given.wrong(compiled)
    looked = _look(loaded, compiled)
    order = {name: place for place, name in enumerate(compiled.specs)}
    left: list[str] = []
    made = _findings(compiled, looked, given.aliases, left)
    found = sorted(made, key=lambda one: order[one.topic])
    if as_json:
        told = _object(compiled, looked, found, problems, file or "")
        print_json({**told, "not_compared": left})
    elif given.readable:
        _print(compiled, looked, found, left)
    say_query_problems(given.specs, problems)
    if found or problems:
        raise SystemExit(FOUND)


def _of_config(loaded: "Loaded") -> TopicFile:
    from monitor.settings import topic_spec

    settings = loaded.settings
    specs = [topic_spec(topic) for topic in settings.topics if topic.enabled]
    return TopicFile(
        specs=specs,
        aliases=settings.aliases,
        problems=[],
        settings=settings.topics,
        readable=True,
        sets=loaded.aliases,
        own=frozenset(loaded.aliases),
    )


def _look(loaded: "Loaded", compiled: "TopicSet") -> Looked:
    """Return what the archive holds of late; nothing where there is none."""
    from monitor.daemon.build import read_store
    from workers.clock import SystemClock
    from workers.errors import TocsinError

    if loaded.path is None:
        return nothing_known()

    async def ask() -> Looked:
        store = await read_store(loaded.settings, SystemClock())
        try:
            return await ask_archive(loaded, compiled, store)
        finally:
            await store.close()

    try:
        return asyncio.run(ask())
    except (TocsinError, ValueError) as error:
        say(f"the archive is not looked at: {error}")
        return nothing_known()


def _findings(
    compiled: "TopicSet",
    looked: Looked,
    aliases: "Mapping[str, tuple[str, ...]]",
    left: "list[str]",
) -> "Iterator[Finding]":
    """Yield all findings, topic by topic and then those between topics.

    ``left`` gets topics that were not compared with all others.
    """
    from monitor import shipped
    from workers.topics.lint import (
        common_findings,
        held_findings,
        never_findings,
        script_findings,
    )

    common, hint = shipped.common_words(), script_hints(aliases)
    for name, spec in compiled.specs.items():
        tree = compiled.tree(name)
        never = never_findings(spec, tree)
        yield from never
        if not never:
            yield from common_findings(spec, tree, common, looked.archive)
            yield from script_findings(spec, tree, looked.writes, hint)
    yield from held_findings(compiled, left)


def _object(
    compiled: "TopicSet",
    looked: Looked,
    found: "list[Finding]",
    problems: "list[Problem]",
    file: str,
) -> dict[str, Any]:
    archive = looked.archive
    known = (
        {"per_day": round(archive.per_day, 1), "seen": archive.seen} if archive.per_day else None
    )
    return {
        "ok": not found and not problems,
        "topics": len(compiled.specs),
        "archive": known,
        "findings": [
            {
                **problem_object(one, file),
                "kind": one.kind,
                "span": list(one.span),
                "other": one.other,
                "word": one.word,
                "per_day": one.per_day,
                "script": one.script,
                "share": one.share,
            }
            for one in found
        ],
        "problems": [problem_object(problem, file) for problem in problems],
    }


def _print(
    compiled: "TopicSet", looked: Looked, found: "list[Finding]", left: "list[str]"
) -> None:
    from workers.topics import render_caret

    for one in found[:MOST_SHOWN]:
        shown = render_caret(one, compiled.specs[one.topic].query)
        print_text(f"{one.kind}: {one.topic}: {shown}")
    if len(found) > MOST_SHOWN:
        print_text(f"and {len(found) - MOST_SHOWN:,} more: --json has all")
    if left:
        names = ", ".join(left[:MOST_LEFT]) + (" …" if len(left) > MOST_LEFT else "")
        print_text(
            f"{len(left):,} of them were not compared with all topics that may hold them, because "
            f"too many are alike: {names}"
        )
    many = len(compiled.specs)
    print_text(
        f"{many:,} topic{'' if many == 1 else 's'}, {len(found) or 'no'} "
        f"finding{'' if len(found) == 1 else 's'}; {looked.basis()}"
    )
