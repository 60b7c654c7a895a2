"""What rang: ``tocsin alerts list`` and ``show``."""

import asyncio
from typing import TYPE_CHECKING

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import FOUND, config_option, fail, json_option, print_json, print_text
from monitor.cli.inputs import iso

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from workers.model.alert import Alert, AlertLine
    from workers.model.report import DeliveryLine

__all__ = ["alerts"]


@click.group()
def alerts() -> None:
    """List and show what rang."""


@alerts.command("list")
@config_option
@json_option
@click.option("-n", "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--topic", help="Only alerts of this topic.")
def list_(config: str | None, topic: str | None, *, limit: int, as_json: bool) -> None:
    """List alerts, the newest first, with the state of each sink's delivery."""

    async def lines(store: "SqlStore") -> "list[AlertLine]":
        return await store.alert_lines(limit=limit, topic=topic)

    for line in asyncio.run(ask_store(config, lines)):
        if as_json:
            print_json(line)
        else:
            states = ", ".join(f"{sink} {state}" for sink, state in line.deliveries.items())
            print_text(f"{iso(line.at)}  {line.severity}  {', '.join(line.topics)}")
            print_text(f"    {line.title}")
            print_text(f"    {line.url or 'no address'}")
            print_text(f"    {line.alert}: {states or 'told nobody'}")


@alerts.command()
@config_option
@json_option
@click.argument("alert")
def show(config: str | None, alert: str, *, as_json: bool) -> None:
    """Show one alert whole, by its id or the beginning of it."""

    async def load(store: "SqlStore") -> "tuple[Alert | None, list[DeliveryLine]]":
        found = await store.load_alert(alert)
        return found, await store.alert_deliveries(found.id) if found else []

    found, deliveries = asyncio.run(ask_store(config, load))
    if found is None:
        fail(f"no such alert: {alert} (`tocsin alerts list` shows their ids)", FOUND)
    if as_json:
        from workers.alerts import alert_json

        print_json({**alert_json(found), "deliveries": deliveries})
    else:
        _print(found, deliveries)


def _print(alert: "Alert", deliveries: "list[DeliveryLine]") -> None:
    from workers.alerts.words import evidence

    article = alert.article
    print_text(f"{alert.id}  {alert.severity}  {iso(alert.at)}  on the {alert.evidence}'s text")
    print_text(f"{article.title}\n{article.url or 'no address'}")
    if told := evidence(alert):
        print_text(told)
    guessed = " (guessed)" if article.published_from == "guessed" else ""
    print_text(
        f"published {iso(article.published)}{guessed}, by {article.author or 'nobody named'}"
    )
    for topic in alert.topics:
        print_text(f"\n{topic.name}: {topic.query}")
        for clause in topic.clauses:
            for hit in clause.hits:
                print_text(f"  {clause.query} in {hit.zone} at {hit.start}: {hit.sentence}")
    print_text("")
    for entry in alert.entries:
        print_text(f"listed by {entry.feed}, seen {iso(entry.seen)}")
    for line in deliveries:
        whom = f"{line.sink} {line.recipient}".strip()
        print_text(f"{whom}: {line.state}, {line.attempts} attempts, {line.last_answer or '-'}")
