"""``tocsin topics try``: where a query holds in a page, a text or many articles, or why not."""

import asyncio
import codecs
from typing import TYPE_CHECKING

import click

from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    say,
)
from monitor.cli.inputs import is_address, read_input
from monitor.cli.topics_inputs import articles_of
from monitor.cli.topics_shown import show_try, try_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.settings import Settings
    from workers.model.article import Extracted, FetchedPage
    from workers.model.topic import Document
    from workers.topics import TopicSet

__all__ = ["try_"]

NAME = "query"
"""Of the one topic that is made of what is tried."""


@click.command("try")
@config_option
@json_option
@click.option("--query", "-q", required=True, help="The query, as a topic would have it.")
@click.argument("source", metavar="FILE|URL|-")
def try_(config: str | None, query: str, source: str, *, as_json: bool) -> None:
    """Try a query on a page, a text, or a file of JSON lines; say where it holds, or why not.

    Exit 1 if nothing matched, 2 if the query is wrong.
    """
    settings = load_settings(config, needed=False).settings
    topics = _compiled(settings, query)
    matched = False
    for document in _documents(settings, source):
        outcome = topics.tried(NAME, document)
        matched = matched or outcome.matched
        if as_json:
            print_json(try_object(outcome))
        else:
            show_try(document.title, outcome)
    raise SystemExit(0 if matched else FOUND)


def _compiled(settings: "Settings", query: str) -> "TopicSet":
    """Return the query as a topic; exit 2 if it is refused. Warnings are said."""
    from monitor.settings.packs import hinted
    from workers.model.topic import TopicSpec
    from workers.topics import compile_topics, render_caret

    spec = TopicSpec(name=NAME, query=query)
    topics = compile_topics([spec], dict(settings.aliases), settings.matching.languages)
    refused = [problem for problem in topics.problems if problem.topic == NAME]
    for problem in refused:
        say(render_caret(hinted(problem), query))
    if refused:
        raise SystemExit(2)
    for warning in topics.warnings:
        say(f"warning: {render_caret(warning, query)}")
    return topics


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
        for _, document in articles_of(raw.decode("utf-8", "replace").split("\n"), source, bad):
            yield document
        if bad:
            raise SystemExit(FOUND)
    elif head[:1] == b"<":
        yield _page(settings, source, raw)
    else:
        yield Document(title="", body=raw.decode("utf-8", "replace"))


def _page(settings: "Settings", source: str, raw: bytes | None) -> "Document":
    """Return the page at an address, or in ``raw``, as it is searched; exit 1 if it is none."""
    from workers.model.topic import Document
    from workers.text.urls import host_of

    read = asyncio.run(_read(settings, source, raw))
    if read.verdict == "unreadable":
        fail(f"cannot read the page: {source}: {'; '.join(read.reasons) or 'unreadable'}", FOUND)
    return Document(
        title=read.title,
        body=read.text,
        zones=read.zones,
        language=read.language,
        sources=(host_of(read.url),) if raw is None else (),
        author=read.author,
    )


async def _read(settings: "Settings", source: str, raw: bytes | None) -> "Extracted":
    """Read a page by the processes that the daemon reads by: a hostile one costs its time only."""
    from monitor.cli.page_inputs import NoPage, read_in, unread
    from monitor.daemon.build import build_pool
    from monitor.settings import page_options

    try:
        page = await _fetched(settings, source, raw)
    except NoPage as error:
        return unread(error.url, str(error))
    pool = build_pool(settings)
    try:
        return await read_in(pool, page_options(settings).timeout_s, page)
    finally:
        await pool.close()


async def _fetched(settings: "Settings", source: str, raw: bytes | None) -> "FetchedPage":
    from monitor.cli.page_inputs import page_of
    from workers.clock import SystemClock
    from workers.model.article import FetchedPage

    if raw is None:
        return await page_of(settings, source, None, {})
    # What links lead elsewhere is told by the host; of a file none is known.
    url = "https://localhost/page"
    return FetchedPage(url=url, body=raw, content_type="", fetched_at=SystemClock().now())
