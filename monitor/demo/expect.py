"""What must ring when the newswire is played, and how what rang compares with it."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal
from urllib.parse import urlsplit

from workers.model.base import Record

__all__ = ["Comparison", "ExpectedAlert", "compare", "plain_address"]

Evidence = Literal["page", "feed"]


class ExpectedAlert(Record, frozen=True, kw_only=True):
    """One topic that rings once for one page."""

    topic: str
    url: str
    """Address of the page, without the tracking parameters that feeds append."""
    evidence: Evidence | None = None
    """What it rings on, where that is certain."""


class Comparison(Record, frozen=True, kw_only=True):
    """How what rang differs from what was expected; each a tuple of (topic, address)."""

    missing: tuple[tuple[str, str], ...] = ()
    """Expected, did not ring."""
    surplus: tuple[tuple[str, str], ...] = ()
    """Rang, was not expected."""
    repeated: tuple[tuple[str, str], ...] = ()
    """Rang more than once."""

    @property
    def good(self) -> bool:
        """Whether exactly what was expected rang, each once."""
        return not (self.missing or self.surplus or self.repeated)


def plain_address(url: str) -> str:
    """Return ``url`` without query and fragment: what pages of the newswire are told apart by."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def compare(expected: Iterable[ExpectedAlert], rung: Iterable[tuple[str, str]]) -> Comparison:
    """Compare (topic, address) pairs that ``rung`` with those that were expected."""
    wanted = {(alert.topic, plain_address(alert.url)) for alert in expected}
    heard = Counter((topic, plain_address(url)) for topic, url in rung)
    return Comparison(
        missing=tuple(sorted(wanted - heard.keys())),
        surplus=tuple(sorted(heard.keys() - wanted)),
        repeated=tuple(sorted(pair for pair, times in heard.items() if times > 1)),
    )
