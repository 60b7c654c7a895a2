"""Hits that an article has only in zones that are not searched."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topics.made import document
from tests.topics.oracle import Reading, holds
from tests.topics.test_matcher import FORMS, compiled, trees
from workers.model.article import ZoneLine
from workers.model.topic import Document
from workers.topics import NotAtHand

seeds = st.integers(0, 2**32).map(Random)


class WideReading(Reading):
    """A document whose body has the lines of some zones too, each a text of its own."""

    def __init__(self, article, zones):
        super().__init__(article, FORMS)
        self.others = len(self.with_others())
        self.added = [p for p in self.passages[2:] if p.zone in zones]
        self.passages += self.added

    def _search(self, scope):
        added = range(self.others, len(self.passages))
        if scope in {"", "body"}:
            found = super()._search(scope)
            return found + [(n, len(self.passages[n].tokens)) for n in added]
        return [(n, size) for n, size in super()._search(scope) if n not in added]


def missed(found, article, matched):
    """Return what the plain evaluator says of topics that did not match."""
    zones = list(dict.fromkeys(line.zone for line in article.zones))
    everything = WideReading(article, zones)
    alone = [(zone, WideReading(article, [zone])) for zone in zones]
    return [
        (name, zone)
        for name, tree in found.items()
        if name not in matched and holds(tree, everything)
        for zone in [zone for zone, one in alone if holds(tree, one)] or ["several"]
    ]


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_what_is_missed_is_what_the_oracle_says(chance):
    """Of made-up topics and articles: which would match with which zone, over all operators."""
    found = trees(chance, 40)
    topics = compiled(found)
    for _ in range(10):
        article = document(chance)
        matched = topics.names(article)
        assert missed(found, article, matched) == topics.elsewhere(article, matched), article


def lines(**zones):
    """Return lines of zones, those of one apart by `` / ``."""
    return tuple(
        ZoneLine(zone=zone, text=text, rule="test")
        for zone, told in zones.items()
        for text in told.split(" / ")
    )


WHERE = [
    ("murder", lines(related="Murder trial opens"), ["related"]),
    ("murder", lines(related="Murder", boilerplate="A bridge"), ["related"]),
    ("murder", lines(related="Murder", caption="Murder"), ["related", "caption"]),
    ("murder AND washington", lines(related="Murder", boilerplate="Washington"), ["several"]),
    ("murder AND drone", lines(related="Murder"), ["related"]),
    ("body:murder", lines(related="Murder"), ["related"]),
    ("title:murder", lines(related="Murder"), []),
    ("lead:murder", lines(related="Murder"), []),
    ("any:murder -any:trial", lines(related="Murder trial"), []),
    ("COUNT/2(any:murder)", lines(related="Murder"), []),
    ("murder NEAR/50 trial", lines(related="Murder / Trial opens"), []),
    ('"murder trial"', lines(related="Murder / Trial opens"), []),
    ("drone NEAR/50 murder", lines(related="Murder"), []),
    ("murder NEAR/2 trial", lines(related="Murder trial opens"), ["related"]),
    ("COUNT/2(drone)", lines(related="Drone"), ["related"]),
    ("murder -trial", lines(related="Murder trial"), []),
    ("drone", lines(related="Drone"), []),
    ("murder lang:de", lines(related="Murder"), []),
    ("murder", (), []),
]  # fmt: skip


@pytest.mark.parametrize(("query", "zones", "told"), WHERE)
def test_zones_that_would_do(query, zones, told):
    """A topic that did not match is told with each zone whose lines would have made it match."""
    topics = compiled([query])
    article = Document(title="News", body="A drone", zones=zones, language="en")
    matched = topics.names(article)
    assert [(query, zone) for zone in told] == topics.elsewhere(article, matched)


def test_what_takes_long_is_not_looked_at():
    """Zones full of words that were never seen before are left to somebody with time."""
    topics = compiled(["murder"])
    zones = lines(related=" / ".join(f"Murder{n} trial{n} of{n}" * 20 for n in range(200)))
    article = Document(title="News", body="A drone", zones=zones, language="en")
    topics.names(article)
    with pytest.raises(NotAtHand):
        topics.elsewhere(article, (), load=False)
    assert [] == topics.elsewhere(article, ())


def test_looking_there_teaches_the_matcher_nothing():
    """Only what articles say counts for how likely a word is."""
    topics = compiled(["murder"])
    article = Document(title="News", body="A drone", zones=lines(related="Murder"), language="en")
    for _ in range(100):
        topics.elsewhere(article, ())
    assert 0 == topics._made.likelihood._articles


def test_many_short_lines_of_other_zones_are_weighed_together():
    """New words in them take as long as in one long line: not while others wait."""
    topics = compiled(["any:quake"])
    topics.names(Document(title="A quake", body="", language="en"))  # loads the dictionary
    lines = [" ".join(f"w{line}x{word}" for word in range(60)) for line in range(200)]
    few, many = (
        Document(
            title="",
            body="",
            zones=tuple(ZoneLine(zone="related", text=text, rule="made up") for text in texts),
            language="en",
        )
        for texts in (lines[:2], lines)
    )
    assert () == topics.names(few, load=False)
    with pytest.raises(NotAtHand):
        topics.names(many, load=False)
    assert () == topics.names(many)
    assert () == topics.names(many, load=False)
