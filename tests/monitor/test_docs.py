"""What the documentation says exists, exists; and what exists is documented."""

from pathlib import Path

import pytest

from monitor.cli import COMMANDS
from monitor.metrics import METRICS

ROOT = Path(__file__).parents[2]
RUNNING = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
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
