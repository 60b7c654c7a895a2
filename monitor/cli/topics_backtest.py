"""``tocsin topics backtest``: a topic against the archive, and what it would ring."""

import asyncio
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    say,
)
from monitor.cli.inputs import SINCE

if TYPE_CHECKING:
    from monitor.cli.backtest_shown import Asked, Told
    from monitor.daemon.build import SqlStore
    from monitor.daemon.topics import Accepted
    from monitor.settings import Loaded
    from workers.steps.backtest import Backtest, Tried

__all__ = ["backtest"]

USAGE = 2
SHOW_S = 0.2


@click.command()
@config_option
@json_option
@click.option(
    "--since",
    type=SINCE,
    default="30d",
    show_default=True,
    help="Look at what was published since: 30d, 6h, a date, or a time.",
)
@click.option("--query", "-q", help="Another wording, to compare the topic's own with.")
@click.option("--ring", is_flag=True, help="Ring for what the topic matches and did not ring for.")
@click.option(
    "--sample",
    type=click.IntRange(0, 1000),
    default=10,
    show_default=True,
    help="Show so many of the newest hits.",
)
@click.argument("topic")
def backtest(  # noqa: PLR0913 - one for each option
    config: str | None,
    topic: str,
    since: datetime,
    query: str | None,
    sample: int,
    *,
    ring: bool,
    as_json: bool,
) -> None:
    """Match TOPIC with the archive: titles and summaries of baselines, and the text of pages.

    Says how many hits a day there were, the newest of them, and which other topics they concern.
    With --query also what another wording gains and loses; then TOPIC need not exist yet. Exit 1
    if there is no such topic, 2 if the query is refused.
    """
    if ring and query is not None:
        raise click.UsageError(
            "--ring rings for a topic that is in force, not for a wording that is tried: write it "
            "into your file of topics, `tocsin reload`, and then --ring without --query"
        )
    from monitor.cli.backtest_shown import Asked, print_backtest, told_object
    from workers.clock import SystemClock

    loaded = load_settings(config)
    if since > SystemClock().now():
        raise click.BadParameter("lies in the future", param_hint="'--since'")
    asked = Asked(topic=topic, since=since, query=query, ring=ring, sample=sample)

    async def look(store: "SqlStore") -> "Told":
        return await _look(loaded, asked, store)

    told = asyncio.run(ask_store(config, look, writes=ring, settings=loaded.settings))
    if as_json:
        print_json(told_object(told))
    else:
        print_backtest(told)


async def _look(loaded: "Loaded", asked: "Asked", store: "SqlStore") -> "Told":
    from monitor.cli.backtest_shown import Told
    from monitor.daemon.rules import rules_in_force, wanted_topics
    from monitor.daemon.topics import in_force
    from monitor.registry import registry
    from monitor.settings import keep_options
    from workers.clock import SystemClock
    from workers.steps.archive import Span
    from workers.steps.backtest import Backtest

    clock, wanted = SystemClock(), registry(loaded.settings)
    files = not store.many and not asked.ring
    accepted = await in_force(wanted_topics(loaded, wanted), store, files=files)
    tried = _tried(loaded, asked, accepted)
    rules = await rules_in_force(loaded, wanted, accepted, store, frozenset())
    now = clock.now()
    span = Span(since=asked.since, until=now)
    extent = await store.archive_extent(span.since, span.until)
    test = Backtest(store, rules, tried, asked.sample)
    line = _Line(extent.articles)
    try:
        await test.run(span, now if asked.ring else None, line)
    finally:
        line.end()
    return Told(
        asked=asked,
        spec=tried.spec,
        span=span,
        extent=extent,
        test=test,
        kept_s=keep_options(loaded.settings).text_s,
    )


def _tried(loaded: "Loaded", asked: "Asked", accepted: "Accepted") -> "Tried":
    """Return the wordings to be tried; ends the command where there is none, or one is refused."""
    from msgspec.structs import replace

    from monitor import shipped
    from workers.model.topic import TopicSpec
    from workers.steps.backtest import NEW, OLD, Tried
    from workers.topics import compile_topics, render_caret

    spec = accepted.topics.specs.get(asked.topic)
    if spec is None and asked.query is None:
        fail(_missing(loaded, asked, accepted), FOUND)
    if spec is None:
        say(f"{_missing(loaded, asked, accepted)}: only the query that is given is counted")
    wordings = [] if spec is None else [replace(spec, name=OLD)]
    if asked.query is not None:
        base = spec or TopicSpec(name=NEW, query="")
        wordings.append(replace(base, name=NEW, query=asked.query))
    compiled = compile_topics(
        wordings,
        accepted.topics.aliases,
        loaded.settings.matching.languages,
        shipped.common_words(),
    )
    for problem in compiled.problems:
        if problem.topic == NEW:
            say(render_caret(problem, asked.query or ""))
            raise SystemExit(USAGE)
    for warning in compiled.warnings:
        if warning.topic == NEW:
            say(f"warning: {render_caret(warning, asked.query or '')}")
    return Tried(name=asked.topic, spec=spec, wordings=compiled)


def _missing(loaded: "Loaded", asked: "Asked", accepted: "Accepted") -> str:
    """Return why there is no such topic, and what may have been meant."""
    from monitor.cli.topics_known import shortened
    from monitor.settings.problems import nearest

    refused = next((one for one in accepted.refused if one.topic == asked.topic), None)
    if refused is not None:
        return f"the topic is refused: {asked.topic}: {refused.message} ({refused.hint})"
    written = {topic.name: topic.enabled for topic in loaded.settings.topics}
    if written.get(asked.topic):
        return (
            f"the topic is not in force yet: {asked.topic} (`tocsin reload`, or without a daemon "
            "`tocsin topics publish`, takes it over)"
        )
    if asked.topic in written:
        return f"the topic is disabled: {asked.topic} (set `enabled = true`)"
    name = shortened(asked.topic)
    hint = nearest(name, accepted.topics.specs)
    return f"no such topic: {name}" + (f" ({hint})" if hint else "")


class _Line:
    """A line on the terminal that tells how far it is; nothing where none looks on."""

    def __init__(self, articles: int) -> None:
        from workers.clock import SystemClock

        self._of = articles
        self._clock = SystemClock()
        self._next = self._clock.monotonic() + SHOW_S
        self._shown = sys.stderr.isatty()

    def __call__(self, test: "Backtest") -> None:
        """Tell it, a few times a second."""
        if not self._shown or (now := self._clock.monotonic()) < self._next:
            return
        self._next = now + SHOW_S
        hits = max(test.found.old.hits, test.found.new.hits)
        text = f"{test.articles} of {self._of} articles, {hits} hits"
        click.echo(f"\r\x1b[K{text}", nl=False, err=True)

    def end(self) -> None:
        """Remove it."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
