"""``tocsin topics``: work on topics."""

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
from monitor.cli.packs import packs
from monitor.cli.publish import publish
from monitor.cli.topics_backtest import backtest
from monitor.cli.topics_import import import_
from monitor.cli.topics_inputs import read_topics
from monitor.cli.topics_match import match
from monitor.cli.topics_mute import mute, unmute
from monitor.cli.topics_new import new
from monitor.cli.topics_shown import problem_object, say_query_problems
from monitor.cli.topics_try import try_

__all__ = ["topics"]


@click.group()
def topics() -> None:
    """Try, match and check queries."""


topics.add_command(try_)
topics.add_command(match)
topics.add_command(packs)
topics.add_command(publish)
topics.add_command(import_)
topics.add_command(new)
topics.add_command(backtest)
topics.add_command(mute)
topics.add_command(unmute)


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
                "problems": [problem_object(problem, file) for problem in problems],
                "warnings": [problem_object(problem, file) for problem in compiled.warnings],
                "examples": {"passed": passed, "failed": list(failed)},
            }
        )
    else:
        print_text(f"{file}: {len(compiled.specs)} topics, {passed} examples as expected")
    say_query_problems(specs, problems)
    say_query_problems(specs, compiled.warnings, label="warning: ")
    for miss in failed:
        say(f"example fails: {miss.topic}: expected {miss.expected}: {miss.example}")
    if not ok:
        raise SystemExit(FOUND)
