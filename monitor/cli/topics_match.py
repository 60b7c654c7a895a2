"""``tocsin topics match``: which topics hold of many articles, and where."""

from typing import Any

import click

from monitor.cli.common import (
    FOUND,
    config_option,
    json_option,
    load_settings,
    print_json,
    print_text,
)
from monitor.cli.inputs import read_lines
from monitor.cli.topics_inputs import articles_of, read_topic_file
from monitor.cli.topics_shown import clause_objects, say_query_problems

__all__ = ["match"]


@click.command()
@json_option
@click.option("--topics", "file", required=True, help="A TOML file of [aliases] and [[topics]].")
@click.option("--articles", required=True, help="A file of JSON lines, or - for standard input.")
@click.option("--explain", is_flag=True, help="Also say where each topic was found.")
@config_option
def match(config: str | None, file: str, articles: str, *, explain: bool, as_json: bool) -> None:
    """Match articles with topics, in order."""
    from monitor import shipped
    from workers.topics import compile_topics

    loaded = load_settings(config, needed=False)
    read = read_topic_file(file, loaded)
    specs, languages = read.specs, loaded.settings.matching.languages
    compiled = compile_topics(specs, read.aliases, languages, shipped.common_words())
    problems = read.wrong(compiled)
    say_query_problems(specs, problems)
    if read.problems and not specs:
        raise SystemExit(FOUND)
    bad: list[int] = []
    for name, document in articles_of(read_lines(articles), articles, bad):
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
    if problems or bad:
        raise SystemExit(FOUND)
