"""``tocsin topics``: work on topics."""

import click

from monitor.cli.packs import packs
from monitor.cli.publish import publish
from monitor.cli.topics_backtest import backtest
from monitor.cli.topics_check import check
from monitor.cli.topics_import import import_
from monitor.cli.topics_lint import lint
from monitor.cli.topics_match import match
from monitor.cli.topics_mute import mute, unmute
from monitor.cli.topics_new import new
from monitor.cli.topics_top import top
from monitor.cli.topics_try import try_

__all__ = ["topics"]


@click.group()
def topics() -> None:
    """Try, match and check queries."""


topics.add_command(try_)
topics.add_command(match)
topics.add_command(check)
topics.add_command(lint)
topics.add_command(packs)
topics.add_command(publish)
topics.add_command(import_)
topics.add_command(new)
topics.add_command(backtest)
topics.add_command(mute)
topics.add_command(unmute)
topics.add_command(top)
