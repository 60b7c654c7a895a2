"""``tocsin why``: the journey of one address through Tocsin, a line a stage."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    print_text,
)
from monitor.cli.inputs import iso

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from workers.model.alert import TraceLine
    from workers.model.article import ArticleRow, Edition
    from workers.model.feed import EntryRow

__all__ = ["why"]


@click.command()
@config_option
@json_option
@click.argument("url")
@click.argument("topic", required=False)
def why(config: str | None, url: str, topic: str | None, *, as_json: bool) -> None:
    """Tell what became of the page at URL, and with TOPIC why that rang, or did not.

    Exit 1 if no feed ever listed it.
    """
    from monitor import shipped
    from workers.text.same_page import article_key
    from workers.text.urls import identity_key

    async def find(store: "SqlStore") -> "_Found | None":
        article = await store.find_article(article_key(url, shipped.tracking()))
        if article is None:  # found by a version that knew fewer parameters
            article = await store.find_article(identity_key(url))
        if article is None:
            return None
        row = await store.article_by_id(article)
        if row is None:
            return None
        entries, trace = await store.entries_of(article), await store.trace_of(article)
        return row, entries, trace, await store.editions_of(article)

    found = asyncio.run(ask_store(config, find))
    told: dict[str, Any] = {"url": url, "found": found is not None, "steps": []}
    if found is not None:
        told["steps"] = [
            {
                "at": step.at,
                "stage": step.stage,
                "decision": step.decision,
                "because": step.because,
            }
            for step in found[2]
        ]
        told["editions"] = found[3]
        if topic is not None:
            told["topic"] = _tried(config, topic, found)
    if as_json:
        print_json(told)
    else:
        _print(told)
    if found is None:
        raise SystemExit(FOUND)


_Found = tuple["ArticleRow", "tuple[EntryRow, ...]", "list[TraceLine]", "list[Edition]"]


def _tried(config: str | None, topic: str, found: "_Found") -> dict[str, Any]:
    """Return the topic tried against what is stored of the article."""
    from monitor import shipped
    from monitor.cli.topics_shown import try_object
    from monitor.registry import registry
    from workers.pages import settle
    from workers.steps.again import as_stored
    from workers.steps.documents import document_of_page
    from workers.topics import QueryError, try_query

    settings = load_settings(config).settings
    wanted = registry(settings)
    spec = next((spec for spec in wanted.topics if spec.name == topic), None)
    if spec is None:
        fail(f"no such topic: {topic} (or it is disabled)", FOUND)
    article, entries = found[:2]
    read = settle(as_stored(article), entries, "", shipped.cues())
    sources = {
        entry.feed_id: feed
        for entry in entries
        for feed in wanted.feeds
        if feed.name == entry.feed
    }
    document = document_of_page(read, entries, sources)
    try:
        outcome = try_query(spec.query, wanted.aliases, settings.matching.languages, document)
    except QueryError as error:
        fail(f"topic cannot be tried: {topic}: {error}", FOUND)
    told = try_object(outcome)
    if spec.feeds and not {name.casefold() for name in spec.feeds} & {
        name.casefold() for name in document.feeds
    }:
        limit = f"feeds = {list(spec.feeds)}"
        told["matched"] = False
        told["failed"] = {"op": "feeds", "query": limit, "span": [0, 0], "hits": []}
    return told


def _print(told: dict[str, Any]) -> None:
    if not told["found"]:
        print_text(f"never listed: no feed has shown {told['url']}")
        return
    for step in told["steps"]:
        print_text(f"{iso(step['at'])}  {step['stage']:8} {step['decision']}")
        if step["because"]:
            print_text(f"{'':31}{step['because']}")
    _print_editions(told.get("editions", []))
    topic = told.get("topic")
    if topic is not None:
        _print_topic(topic)


def _print_editions(editions: "list[Edition]") -> None:
    """Print what later readings of the page changed."""
    for one in editions:
        print_text(f"\n{iso(one.at)}  changed; read before that {iso(one.since)}: {one.title}")
        for mark, lines in (("+", one.added), ("-", one.removed)):
            for line in lines:
                print_text(f"  {mark} {line}")
        if one.left_out:
            print_text(f"  … and {one.left_out} lines more")


def _print_topic(topic: dict[str, Any]) -> None:
    print_text("\nthe topic matches" if topic["matched"] else "\nthe topic does not match")
    for clause in topic["clauses"]:
        for hit in clause["hits"]:
            print_text(f"  {clause['query']} in {hit['zone']}: {hit['sentence']}")
    if topic["failed"]:
        print_text(f"  did not hold: {topic['failed']['query']}")
    elsewhere = dict.fromkeys((hit["zone"], hit["sentence"]) for hit in topic["elsewhere"])
    for zone, sentence in elsewhere:
        print_text(f"  but stands in {zone}, which is not searched: {sentence}")
