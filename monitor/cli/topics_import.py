"""``tocsin topics import``: a query of another tool as a topic of ours."""

import json
from typing import TYPE_CHECKING

import click

from monitor.cli.common import FOUND, fail, json_option, print_json, print_text, say
from monitor.cli.inputs import read_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.model.topic import Problem
    from workers.topics.foreign import Translation

__all__ = ["import_", "one_line", "topic_toml"]

TOOLS = ("meltwater", "brandwatch", "talkwalker", "google")
MOST_CITED = 2_000
"""Characters of the original that stand in a comment."""


@click.command("import")
@json_option
@click.option("--from", "tool", required=True, type=click.Choice(TOOLS), help="Whose query it is.")
@click.option("--name", help="What alerts call the topic.")
@click.option("--query", "-q", help="The query, in place of a file.")
@click.option("--forms", is_flag=True, help="Let words without quotes stand for all their forms.")
@click.argument("file", metavar="[FILE|-]", required=False)
def import_(
    tool: str, name: str | None, query: str | None, file: str | None, **switches: bool
) -> None:
    """Translate a query of another tool, and say what has no equal.

    Prints TOML to add to a file of topics; `tocsin topics check` accepts it. Exit 2 if the query
    cannot be read, or if nothing is left of it.
    """
    from workers.topics import QueryError, render_caret
    from workers.topics.foreign import TOOLS as KNOWN
    from workers.topics.foreign import translate

    text = _query(query, file)
    try:
        found = translate(text, KNOWN[tool], forms=switches["forms"])
    except QueryError as error:
        say(render_caret(error.problem, text))
        raise SystemExit(2) from error
    called = one_line(name) or f"imported from {tool}"
    if switches["as_json"]:
        print_json(
            {
                "name": called,
                "query": found.query,
                "from": tool,
                "original": text,
                "notes": [note_object(note) for note in found.notes],
            }
        )
        return
    for note in found.notes:
        say(render_caret(note, text))
    print_text(_toml(called, tool, text, found))


def _query(query: str | None, file: str | None) -> str:
    """Return what is to be translated; exit 1 if it cannot be had."""
    if (query is None) == (file is None):
        raise click.UsageError("give a FILE (- for standard input) or --query")
    if query is not None:
        return query
    raw = read_input(str(file))
    try:
        return raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        fail(f"cannot read: {file}: no UTF-8 at byte {error.start} (save it as UTF-8)", FOUND)


def one_line(text: str | None) -> str:
    """Return ``text`` as one line of what can be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text or "").split())


def note_object(note: "Problem") -> dict[str, object]:
    """Return what has no equal as ``--json`` prints it."""
    return {
        "line": note.line,
        "column": note.column,
        "length": note.length,
        "message": note.message,
        "hint": note.hint,
    }


def _toml(name: str, tool: str, original: str, found: "Translation") -> str:
    cited = original[:MOST_CITED] + ("…" if len(original) > MOST_CITED else "")
    comments = [f"{tool}:", *(f"  {line}" for line in cited.splitlines())]
    comments += [
        f"line {note.line}, column {note.column}: {note.message} ({note.hint})"
        for note in found.notes
    ]
    return topic_toml(name, found.query, comments)


def topic_toml(name: str, query: str, comments: "Sequence[str]" = ()) -> str:
    """Return a topic as TOML, below comments."""
    lines = [f"# {comment}".rstrip() for comment in comments]
    quotable = "'''" not in query and not query.endswith("'") and query.isprintable()
    shown = f"'''{query}'''" if quotable else json.dumps(query, ensure_ascii=False)
    return "\n".join(
        [
            *lines,
            "[[topics]]",
            f"name = {json.dumps(name, ensure_ascii=False)}",
            f"query = {shown}",
        ]
    )
