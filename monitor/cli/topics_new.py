"""``tocsin topics new``: a query proposed for a few words, to edit."""

import shlex

import click

from monitor.cli.common import (
    config_option,
    json_option,
    load_settings,
    print_json,
    print_text,
    say,
)
from monitor.cli.topics_import import one_line, topic_toml

__all__ = ["new"]


@click.command()
@config_option
@json_option
@click.option("--name", help="What alerts call the topic; else the words themselves.")
@click.argument("text", nargs=-1, required=True)
def new(config: str | None, name: str | None, text: tuple[str, ...], *, as_json: bool) -> None:
    """Propose a topic for a few words, such as "militia strikes", in any language.

    Prints TOML to edit and to add to a file of topics. Exit 2 if there is no word in it.
    """
    from workers.topics import QueryError, render_caret
    from workers.topics.proposed import propose

    said = " ".join(text)
    settings = load_settings(config, needed=False).settings
    try:
        found = propose(said, dict(settings.aliases), settings.matching.languages)
    except QueryError as error:
        say(render_caret(error.problem, said))
        raise SystemExit(2) from error
    called = one_line(name) or found.name
    command = f"tocsin topics try --query {shlex.quote(found.query)} FILE|URL"
    if as_json:
        print_json(
            {
                "name": called,
                "query": found.query,
                "text": said,
                "aliases": found.aliases,
                "similar": found.similar,
                "dropped": found.dropped,
                "try": command,
            }
        )
        return
    comments = [f"proposed for: {one_line(said)}", f"try it: {command}"]
    if found.dropped:
        comments.append(f"left out: {', '.join(found.dropped)}")
    if found.similar:
        names = ", ".join(f"@{one}" for one in found.similar)
        comments.append(f"alias sets that hold one of these words: {names}")
    print_text(topic_toml(called, found.query, comments))
