"""The rules and the board that are shipped ask for metrics and labels that exist."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache

import pytest
import yaml

from monitor import shipped
from monitor.metrics import METRICS

RULES, BOARD = "prometheus-rules.yml", "grafana.json"
SCRAPED = {"job", "instance"}
LABELS = {
    name: set(metric.labels) | SCRAPED | ({"le"} if name.endswith("_bucket") else set())
    for metric in METRICS
    for name in (
        [f"{metric.name}_{part}" for part in ("bucket", "count", "sum")]
        if metric.kind == "histogram"
        else [metric.name]
    )
}
ANY = set().union(*LABELS.values())
METRIC = re.compile(r"(?<![\w:])(tocsin_\w+)(?:\{([^}]*)\})?")
RECORDED = re.compile(r"(?<![\w:])tocsin:[\w:]+")
GROUPED = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")


@cache
def _groups() -> list[dict]:
    return yaml.safe_load(shipped.read("config", RULES))["groups"]


def _rules() -> list[dict]:
    return [rule for group in _groups() for rule in group["rules"]]


def _panels() -> list[dict]:
    return json.loads(shipped.read("config", BOARD))["panels"]


def _asked() -> Iterator[tuple[str, str]]:
    for rule in _rules():
        yield rule.get("record") or rule["alert"], rule["expr"]
    for panel in _panels():
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target["expr"]


ASKED = list(_asked())


@pytest.mark.parametrize(("where", "expr"), ASKED, ids=[where for where, _ in ASKED])
def test_metrics_and_labels_exist(where: str, expr: str) -> None:
    """Each metric is one of ours (a histogram by its parts), each label one that it has."""
    recorded = {rule["record"] for rule in _rules() if "record" in rule}
    assert METRIC.search(expr) or RECORDED.search(expr), where
    assert set() == set(RECORDED.findall(expr)) - recorded
    for name, selector in METRIC.findall(expr):
        assert name in LABELS, f"{where}: there is no metric {name}"
        asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
        assert set() == asked - LABELS[name], f"{where}: {name}"
    for labels in GROUPED.findall(expr):
        assert set() == {one.strip() for one in labels.split(",")} - ANY, where
    assert expr.count("(") == expr.count(")")


def test_every_alert_says_what_to_do() -> None:
    """Names are unique, severities are two, and each alert has a summary and a description."""
    alerts = [rule for rule in _rules() if "alert" in rule]
    assert len(alerts) == len({rule["alert"] for rule in alerts})
    for rule in alerts:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert {"summary", "description"} == set(rule["annotations"])
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))
    for rule in _rules():
        assert ("alert" in rule) != ("record" in rule)


def test_labels_in_sentences_are_left_by_their_expression() -> None:
    """What an alert's text names is not summed away by its expression."""
    for rule in _rules():
        named = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule.get("annotations", {}))))
        gone = {
            one.strip()
            for labels in re.findall(r"without\s*\(([^)]*)\)", rule["expr"])
            for one in labels.split(",")
        }
        assert set() == named & gone, rule
        assert not (named and re.search(r"\b(sum|count|max|min)\s*\(", rule["expr"])), rule


def test_the_board_can_be_imported() -> None:
    """Its data source is a variable, panels have ids of their own and do not overlap."""
    board = json.loads(shipped.read("config", BOARD))
    variables = {one["name"]: one for one in board["templating"]["list"]}
    assert "datasource" == variables["datasource"]["type"]
    panels = board["panels"]
    assert len(panels) == len({panel["id"] for panel in panels})
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert set() == taken & cells
        assert place["x"] + place["w"] <= 24
        taken |= cells
        for target in panel.get("targets", ()):
            assert "${datasource}" == target["datasource"]["uid"]


def test_promtool_takes_the_rules() -> None:
    """Prometheus' own checker accepts the file, where it is installed."""
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not on the PATH")
    path = str(shipped.path("config", RULES))
    done = subprocess.run([tool, "check", "rules", path], capture_output=True, check=False)  # noqa: S603
    assert 0 == done.returncode, done.stdout + done.stderr
