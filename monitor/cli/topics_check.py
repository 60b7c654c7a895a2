"""``tocsin topics check``: a file of topics, with their examples and how well they do on them."""

from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import (
    FOUND,
    MOST_SAID,
    config_option,
    json_option,
    load_settings,
    print_json,
    print_text,
    say,
)
from monitor.cli.examples_run import Tried, run_examples
from monitor.cli.topics_inputs import read_topic_file
from monitor.cli.topics_shown import problem_object, say_query_problems

if TYPE_CHECKING:
    from workers.topics import Score

__all__ = ["check"]


@click.command()
@json_option
@config_option
@click.argument("file")
def check(config: str | None, file: str, *, as_json: bool) -> None:
    """Check a TOML file of topics: queries, aliases, examples. Exit 1 if something is wrong.

    Files of labelled articles (`examples.files`) are run as well, and give precision and recall.
    """
    from monitor import shipped
    from workers.topics import compile_topics

    loaded = load_settings(config, needed=False)
    read = read_topic_file(file, loaded)
    specs, languages = read.specs, loaded.settings.matching.languages
    compiled = compile_topics(specs, read.aliases, languages, shipped.common_words())
    tried = run_examples(specs, read.settings, compiled)
    problems = [*read.wrong(compiled), *tried.problems]
    ok = not problems and not tried.inline
    if as_json:
        print_json(
            {
                "ok": ok,
                "problems": [problem_object(problem, file) for problem in problems],
                "warnings": [
                    problem_object(problem, file)
                    for problem in (*compiled.warnings, *tried.warnings)
                ],
                "examples": _examples_object(tried),
            }
        )
    elif read.readable:
        print_text(f"{file}: {len(compiled.specs)} topics, {tried.passed} examples as expected")
        for topic, score in tried.scores.items():
            print_text(f"  {topic}: {_in_words(score)}")
    say_query_problems(specs, problems[:MOST_SAID])
    if len(problems) > MOST_SAID:
        say(f"and {len(problems) - MOST_SAID:,} problems more")
    say_query_problems(specs, [*compiled.warnings, *tried.warnings][:MOST_SAID], label="warning: ")
    _say_failed(tried)
    if not ok:
        raise SystemExit(FOUND)


def _examples_object(tried: Tried) -> dict[str, Any]:
    return {
        "passed": tried.passed,
        "failed": [miss.told() for miss in (*tried.inline, *tried.missed)],
        "left_out": tried.left_out,
        "topics": [
            {
                "topic": topic,
                "tp": score.tp,
                "fp": score.fp,
                "fn": score.fn,
                "tn": score.tn,
                "precision": score.precision,
                "recall": score.recall,
            }
            for topic, score in tried.scores.items()
        ],
    }


def _in_words(score: "Score") -> str:
    def share(value: float | None) -> str:
        return "-" if value is None else f"{value:.2f}"

    counts = f"{score.tp} tp, {score.fp} fp, {score.fn} fn, {score.tn} tn"
    return f"precision {share(score.precision)}, recall {share(score.recall)} ({counts})"


def _say_failed(tried: Tried) -> None:
    for miss in (*tried.inline, *tried.missed)[:MOST_SAID]:
        where = f" ({miss.file}:{miss.line})" if miss.line else ""
        because = f"; {miss.why}" if miss.why else ""
        shown = miss.example[:200]
        say(f"example fails: {miss.topic}: expected {miss.expected}: {shown}{where}{because}")
    more = len(tried.inline) + len(tried.missed) - MOST_SAID
    if more > 0 or tried.left_out:
        say(f"and {max(more, 0) + tried.left_out:,} examples more that fail")
