"""``tocsin why``: the journey of one address through Tocsin, a line a stage."""

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import FOUND, config_option, fail, json_option, load_settings, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.cli.why_near import Near
    from monitor.cli.why_topic import Standing
    from monitor.daemon.build import SqlStore
    from monitor.journey import By, Step
    from monitor.journey.topic import Asked
    from monitor.settings import Loaded, Settings
    from workers.model.journey import Journey

__all__ = ["why"]

MOST_OTHERS = 20
"""Spellings of an address that are looked for in entries."""


class _Found(NamedTuple):
    """What was found of an address or an id."""

    facts: "Journey | None"
    topic: "Asked | None" = None
    left_out: "Standing | None" = None
    """The topic, if no text of it can be tried."""
    near: "Near | None" = None
    shared: "Sequence[str]" = ()
    """Articles of entries that all have this address, newest first."""


@click.command()
@config_option
@json_option
@click.argument("url")
@click.argument("topic", required=False)
def why(config: str | None, url: str, topic: str | None, *, as_json: bool) -> None:
    """Tell what became of the page at URL, and with TOPIC why that rang, or did not.

    URL may also be the id of an article, alert or delivery (art_…, alt_…, del_…).

    Exit 1 if no feed ever listed it, or the topic is refused and was never accepted.
    """
    from monitor.cli.why_asked import ID, the_address
    from monitor.cli.why_shown import print_journey

    asked = url.strip() if ID.fullmatch(url.strip()) else the_address(url)
    loaded = load_settings(config)
    found = asyncio.run(
        ask_store(None, lambda store: _find(store, loaded, asked, topic), settings=loaded.settings)
    )
    told = asyncio.run(_told(loaded.settings, asked, found))
    if as_json:
        print_json(told)
    else:
        print_journey(told, topic, found.topic.outcome if found.topic else None)
    if found.left_out is not None:
        fail(f"topic cannot be tried: {found.left_out.name}: {found.left_out.refused}", FOUND)
    if found.facts is None:
        raise SystemExit(FOUND)


async def _find(store: "SqlStore", loaded: "Loaded", asked: str, topic: str | None) -> _Found:
    """Return the article's journey, with the topic tried on it; else what is known near it."""
    from monitor.cli.why_asked import ID
    from monitor.cli.why_topic import standing_of

    standing = await standing_of(store, loaded, topic) if topic is not None else None
    if ID.fullmatch(asked):
        article = await _of_id(store, asked)
        if article is None:
            fail(f"no such article, alert or delivery: {asked} (or it is no longer kept)", FOUND)
        return await _journey(store, loaded, article, standing)
    article = await _of_address(store, asked)
    if article is not None:
        return await _journey(store, loaded, article, standing)
    led = await store.led_to(_spellings(asked))
    if led is not None:
        return await _journey(store, loaded, led, standing)
    shared, near = await _near(store, loaded.settings, asked)
    if shared:
        found = await _journey(store, loaded, shared[0], standing)
        if found.facts is not None:
            return found._replace(shared=shared)
    return _Found(facts=None, near=near)


async def _of_id(store: "SqlStore", id_: str) -> str | None:
    if id_.startswith("alt_"):
        alert = await store.load_alert(id_)
        return alert.article.id if alert is not None else None
    return await store.article_of(id_)


async def _of_address(store: "SqlStore", url: str) -> str | None:
    """Return the article that an address leads to, in whatever spelling."""
    from monitor import shipped
    from monitor.cli.why_asked import id_in_link
    from workers.text.same_page import article_key
    from workers.text.urls import identity_key

    # the second as by a version that knew fewer parameters that only track
    for key in dict.fromkeys((article_key(url, shipped.tracking()), identity_key(url))):
        article = await store.find_article(key)
        if article is not None:
            return article
    linked = id_in_link(url)  # of an alert
    known = linked is not None and await store.article_by_id(linked) is not None
    return linked if known else None


async def _journey(
    store: "SqlStore", loaded: "Loaded", article: str, standing: "Standing | None"
) -> _Found:
    from monitor.cli.why_topic import tried

    facts = await store.journey(article)
    if facts is None or standing is None:
        return _Found(facts=facts)
    if standing.untried:
        return _Found(facts=facts, left_out=standing)
    return _Found(facts=facts, topic=await tried(store, loaded, facts, standing))


async def _near(store: "SqlStore", settings: "Settings", url: str) -> "tuple[Sequence[str], Near]":
    """Return articles whose entries share this address, and what is known near it."""
    from monitor import shipped
    from monitor.cli.why_near import Near, alike, hosts_near, near_feeds
    from workers.clock import SystemClock
    from workers.text.same_page import article_key

    rows = await store.feed_rows()
    key = article_key(url, shipped.tracking())
    of = await store.nearby(key, hosts_near(url, rows))
    feeds = near_feeds(url, rows, of.at_site)
    shared = await store.sharing(_spellings(url), [row.id for row in feeds])
    found = alike(key, of.known)
    own = {feed.name: feed.skip_hours for feed in settings.feeds if feed.name}
    return shared, Near(
        url=url,
        now=SystemClock().now(),
        feeds=tuple(feeds),
        of=of,
        alike=tuple([(one, await store.article_by_id(one.known.article)) for one in found]),
        events=tuple(await store.open_events()),
        skipping=frozenset(
            row.id
            for row in feeds
            if (settings.polling.skip_hours if own.get(row.name) is None else own[row.name])
        ),
    )


def _spellings(url: str) -> list[str]:
    """Return the address as entries may write it."""
    from workers.text.urls import canonical

    found = [url]
    whole = canonical(url) or url
    for one in (whole, canonical(url, tracking=frozenset()) or url):
        rest = one.partition("://")[2]
        found += [one, f"https://{rest}", f"http://{rest}"]
    return list(dict.fromkeys(found))[:MOST_OTHERS]


# ── what is told ────────────────────────────────────────────────────────────────────────────────


async def _told(settings: "Settings", asked: str, found: _Found) -> dict[str, Any]:
    """Return the object that ``--json`` prints."""
    from monitor.cli.topics_shown import try_object
    from monitor.cli.why_near import near_object, near_steps
    from monitor.journey import in_order, left_out, steps_of
    from monitor.journey.topic import asked_about, spec_of

    facts, topic = found.facts, found.topic
    if facts is None:
        told: dict[str, Any] = {"url": asked, "found": False, "steps": []}
        if found.near is not None:
            told["steps"] = list(near_steps(found.near))
            told["nearest"] = near_object(found.near)
        return told
    steps = steps_of(facts, _by(settings), topic.name if topic is not None else None)
    if topic is not None:
        steps += asked_about(facts, topic)
    if found.left_out is not None:
        steps.append(found.left_out.left_out(facts))
    steps += [*_shared(facts, found.shared), *await _idle(settings, facts)]
    told = {
        "url": asked,
        "found": True,
        "steps": in_order(steps),
        "article": facts.article.id,
        "title": facts.article.title,
        "left_out": left_out(facts),
        "editions": facts.editions,
    }
    if topic is not None:
        spec = spec_of(topic)
        told["topic"] = {**try_object(topic.outcome), "name": topic.name, "query": spec.query}
    return told


def _by(settings: "Settings") -> "By":
    """Return what the settings say of who is told."""
    from monitor.daemon.sinks import sink_routes
    from monitor.journey import By
    from monitor.settings import alert_options, topic_spec

    options = alert_options(settings)
    return By(
        routes=sink_routes(settings),
        topics={topic.name: topic_spec(topic) for topic in settings.topics},
        max_age_s=options.max_age_s,
        list_after_s=options.list_after_s,
    )


def _shared(facts: "Journey", articles: "Sequence[str]") -> "list[Step]":
    from monitor.journey import Step

    if len(articles) < 2:  # noqa: PLR2004 - itself
        return []
    return [
        Step(
            at=facts.now,
            stage="poll",
            decision=f"the newest of {len(articles)} entries with this address",
            because=f"each is an article of its own: {', '.join(articles)}",
        )
    ]


async def _idle(settings: "Settings", facts: "Journey") -> "list[Step]":
    """Return a step that says that nothing works on what waits: no daemon answers here."""
    from monitor.daemon.control import control_socket
    from monitor.journey import Step, waits_for
    from monitor.web.client import ask

    stage = waits_for(facts)
    if stage is None:
        return []
    if await ask(control_socket(settings.data_dir), "GET", "/livez", within_s=5.0) is not None:
        return []
    return [
        Step(
            at=facts.now,
            stage=stage,
            decision="nothing works on it here",
            because=f"no daemon answers at {settings.data_dir}: `tocsin run` starts one",
        )
    ]
