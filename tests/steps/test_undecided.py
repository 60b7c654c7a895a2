"""Entries that cannot be decided about: the others of their feed go on."""

from datetime import UTC, datetime

from workers.model.commit import Knowledge
from workers.model.feed import FeedRow, ParsedEntry, ParsedFeed
from workers.options import AlertOptions
from workers.steps.undecided import decide_apart

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Stumbling:
    """Accepted topics whose matching fails on one title."""

    def __init__(self, topics) -> None:
        self.specs = topics.specs
        self._topics = topics

    def match(self, document, **how):
        if "poison" in document.title:
            raise RecursionError("too deep")
        return self._topics.match(document, **how)


async def test_an_entry_whose_matching_fails(world, site, write, with_rules):
    """It is a dead letter; the others ring, the validators go on, and a replay has it read."""
    item, rss, _ = write
    world.topics(quake="quake")
    feed = await world.baseline()
    rules = world.rules
    world.rules = with_rules(rules, topics=Stumbling(rules.topics))
    body = rss(
        item("p", "A quake of poison", url=site.url + "/p"),
        item("q", "A quake", url=site.url + "/q"),
    )
    site.put("/feed", body, ETag='"two"')
    row = await world.poll(feed)
    assert (0, '"two"') == (row.errors, row.validators.etag)
    assert [("pages:hot", await world.article("/q"))] == await world.due()
    (line,) = await world.store.dead_lines()
    assert ("entry", "crash", "RecursionError: too deep") == (
        line.kind,
        line.reason,
        line.last_answer,
    )
    world.rules = rules
    assert 1 == await world.store.replay_dead()
    assert ("pages:warm", await world.article("/p")) in await world.due()


def _parsed(*entries: ParsedEntry) -> ParsedFeed:
    return ParsedFeed(kind="rss", entries=entries)


def test_an_entry_that_the_rules_stumble_over():
    """A date that cannot be computed with costs its own entry, not the feed's."""
    odd = ParsedEntry(identity="odd", url=None, title="Odd", published=datetime(2026, 1, 1))  # noqa: DTZ001
    good = ParsedEntry(identity="good", url="https://a.example/x", title="Good", published=NOW)
    feed = FeedRow(id="fee_1", url="https://a.example/f", name="A", baselined_at=NOW)
    known = Knowledge(entries={}, twins={})
    news, dead = decide_apart(feed, _parsed(odd, good), known, NOW, AlertOptions())
    assert ["good"] == [fresh.entry.identity for fresh in news.fresh]
    (one,) = dead
    assert ("odd", True, "pages:warm") == (
        one.intent.entry.identity,
        one.intent.entry.rings,
        one.intent.stream,
    )
    assert one.detail.startswith("TypeError")
