"""What the documentation says exists, exists; and what exists is documented."""

from pathlib import Path

import pytest

from monitor.cli import COMMANDS
from monitor.cli.feeds import feeds
from monitor.metrics import METRICS
from workers.alerts.kinds import EVENTS
from workers.feeds import interval, schedule, websub
from workers.net import fetcher, session
from workers.options import HostRule, NetOptions, PageOptions, PollOptions

ROOT = Path(__file__).parents[2]
RUNNING = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
FEEDS = (ROOT / "docs" / "feeds.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_each_metric_has_its_row(metric):
    """Every metric stands in docs/running.md with its kind, its labels and its meaning."""
    labels = ", ".join(metric.labels) or "\N{EN DASH}"
    assert f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |" in RUNNING


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_documented(command):
    """Every command of the command line stands in docs/running.md."""
    assert f"`tocsin {command}" in RUNNING


@pytest.mark.parametrize("name", feeds.table)
def test_each_command_about_feeds_is_documented(name):
    """Every command of the group stands in docs/running.md by its whole name."""
    assert f"`tocsin feeds {name}" in RUNNING


@pytest.mark.parametrize("kind", EVENTS)
def test_each_event_is_documented(kind):
    """Every event stands in docs/running.md with its severity."""
    rule = EVENTS[kind]
    heavy = f", {rule.heavy} at weight 3" if rule.heavy else ""
    assert f"| `{kind}` | {rule.severity}{heavy} |" in RUNNING


@pytest.mark.parametrize("endpoint", ["/livez", "/readyz", "/healthz", "/metrics"])
def test_each_endpoint_is_documented(endpoint):
    """Every endpoint stands in docs/running.md."""
    assert f"| `{endpoint}` |" in RUNNING


def test_the_readme_is_short():
    """The README has at most 150 lines: the rest is in docs/."""
    assert len(README.splitlines()) <= 150


def test_each_page_that_the_readme_names_is_there():
    """No link of the README leads nowhere."""
    linked = {part.split(")")[0] for part in README.split("](")[1:]}
    assert set() == {page for page in linked if not (ROOT / page).is_file()}


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.0f} hours"


@pytest.mark.parametrize(
    "told",
    [
        f"a busy one every {_minutes(PollOptions().fastest_s)} at the fastest",
        f"a quiet one every {_hours(PollOptions().slowest_s)}",
        f"every {_minutes(interval.OFTEN_S)} unless one poll in {1 / interval.NEW_PER_POLL:.0f}",
        f"up to {_minutes(interval.FLOOR_MOST_S)}",
        f"({_hours(fetcher.RETRY_MOST_S)} at most)",
        f"leaves the feed alone for {_minutes(schedule.UNASKED_REST_S)}",
        f"polls once in {_minutes(websub.POLLED_S)}",
        f"more than {HostRule().at_once} requests under way",
        f"{HostRule().spacing_s:.0f} seconds lie between",
        f"closed after {session.KEEP_ALIVE_S:.0f} seconds",
        f"after {schedule.LONG_DEAD.days} days",
        f"after {schedule.TIMES} answers that agree over {_hours(schedule.FOR.total_seconds())}",
        f"looked at once a week{'' if schedule.PROBE_S == 7 * 86400 else '?'}",
        f"At most {NetOptions().hops} redirects",
        f"At most {PollOptions().wire_bytes >> 20} MiB of a feed",
        f"({PollOptions().body_bytes >> 20} MiB inflated, {PollOptions().max_entries:,} entries)",
        f"{PageOptions().wire_bytes >> 20} MiB of a page, in {NetOptions().total_s:.0f} seconds",
        f"{websub.LEASE_ASKED_S / 86400:.0f} days of lease",
    ],
)
def test_what_publishers_are_told_is_what_is_done(told):
    """Each figure of docs/feeds.md is the code's own."""
    words = " ".join(FEEDS.split()).replace("one poll in ten", "one poll in 10")
    assert told in words
