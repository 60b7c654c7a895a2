"""One page of metrics out of several processes' pages."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import Metric as Family
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitor.metrics import METRICS

__all__ = ["Sums"]

Key = tuple[str, tuple[tuple[str, str], ...]]
Values = dict[Key, float]
GROWING = frozenset({"counter", "histogram"})
_ACROSS = {metric.name: metric.across for metric in METRICS}


class Sums:
    """Adds up what each process counts; what a process had counted when it ended stays counted.

    So a sum never falls, and Prometheus takes no end of a process for a new beginning of all.
    """

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}
        self._heard: dict[int, tuple[object, dict[str, Values]]] = {}
        self._gone: dict[str, Values] = {}

    def hear(self, number: int, life: object, page: bytes) -> None:
        """Take the page of process ``number``; ``life`` changes whenever it begins anew."""
        before = self._heard.get(number)
        if before is not None and before[0] != life:
            self._bury(before[1])
        told: dict[str, Values] = {}
        for family in text_string_to_metric_families(page.decode("utf-8", "replace")):
            self._families[family.name] = family
            told[family.name] = {
                (sample.name, tuple(sorted(sample.labels.items()))): sample.value
                for sample in family.samples
            }
        self._heard[number] = life, told

    def page(self, present: Iterable[int]) -> bytes:
        """Return the page of all; what only the moment knows comes from who is ``present``."""
        here = set(present)
        return generate_latest(_Collected(self._merged(here)))

    def _bury(self, told: Mapping[str, Values]) -> None:
        for name, values in told.items():
            if self._families[name].type in GROWING:
                _add(self._gone.setdefault(name, {}), values)

    def _merged(self, here: set[int]) -> Iterator[Family]:
        for name, like in self._families.items():
            grows = like.type in GROWING
            every = [
                told[name]
                for number, (_, told) in self._heard.items()
                if name in told and (grows or number in here)
            ]
            merged = Family(name, like.documentation, like.type)
            if grows:
                values: Values = dict(self._gone.get(name, {}))
                for one in every:
                    _add(values, one)
            else:
                values = _chosen(every, _rule(name))
            for (sample, labels), value in values.items():
                merged.add_sample(sample, dict(labels), value)
            yield merged


class _Collected:
    """What `generate_latest` asks for its families."""

    def __init__(self, families: Iterator[Family]) -> None:
        self._all = families

    def collect(self) -> Iterator[Family]:
        """Return all of them, once."""
        return self._all


def _rule(family: str) -> str:
    return "min" if family.endswith("_created") else _ACROSS.get(family, "max")


def _add(total: Values, values: Mapping[Key, float]) -> None:
    for key, value in values.items():
        total[key] = total.get(key, 0.0) + value


def _chosen(every: Iterable[Values], rule: str) -> Values:
    """Return for each sample the largest, the smallest, or the sum of what was told."""
    chosen: Values = {}
    how: Any = {"max": max, "min": min, "sum": lambda a, b: a + b}[rule]
    for values in every:
        for key, value in values.items():
            chosen[key] = how(chosen[key], value) if key in chosen else value
    return chosen
