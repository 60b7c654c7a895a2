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
    print_text,
    say,
)
from monitor.cli.inputs import is_address, read_input
from monitor.cli.topics_inputs import articles_of
from monitor.cli.topics_shown import try_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.settings import Settings
    from workers.model.topic import Document, TopicTry

__all__ = ["try_"]


@click.command("try")
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
        for _, document in articles_of(raw.decode("utf-8", "replace").split("\n"), source, bad):
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
