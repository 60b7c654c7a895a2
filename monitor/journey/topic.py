"""One topic in a journey: how it stands, whether it matches, and why it rang or did not."""

from collections.abc import Iterator

from monitor.journey.read import text_is_gone
from monitor.journey.rung import rung_how
from monitor.journey.steps import Step, clock
from workers.model.base import Record
from workers.model.journey import Journey
from workers.model.mute import MuteLine
from workers.model.topic import TopicSpec, TopicTry

__all__ = ["Asked", "asked_about", "spec_of"]

SHOWN = 300
"""Characters of a sentence that are told in a step."""


class Asked(Record, frozen=True, kw_only=True):
    """A topic that somebody asks about."""

    name: str
    written: TopicSpec | None
    """As the files have it; None if they do not."""
    in_force: TopicSpec | None
    """As it was accepted last; None if it was not, or is there no more."""
    number: int | None
    """Of the accepted topics; None if none ever were."""
    refused: str = ""
    """Why what is written is refused; empty if it is not."""
    mute: MuteLine | None = None
    """While it is muted; it may be over, and about to be told."""
    before: TopicSpec | None = None
    """As it was when the article was matched last."""
    before_known: bool = False
    """Whether the topics of then are still kept."""
    aliases_differ: bool = False
    """Whether an alias set that it uses was another then."""
    outcome: TopicTry
    elsewhere_fed: bool = False
    """Whether it listens to other feeds than those that listed the article."""
    fed_by: tuple[str, ...] = ()
    """Names of the feeds that did."""
    doubted: bool = False
    """Whether it matches only in lines that the page's own copy of the text lacks."""


def spec_of(topic: Asked) -> TopicSpec:
    """Return the topic as it is tried: as it is in force, else as it is written."""
    found = topic.in_force or topic.written
    assert found is not None, "a topic is asked about only if there is one"  # noqa: S101
    return found


def asked_about(facts: Journey, topic: Asked) -> Iterator[Step]:
    """Yield the steps of the topic: its standing, its match now, what has changed, its ringing."""
    for stage_steps in (_standing, _changed, _match, _ring):
        for decision, because in stage_steps(facts, topic):
            stage = "ring" if stage_steps is _ring else "match"
            yield Step(
                at=facts.now,
                stage=stage,  # type: ignore[arg-type]
                decision=f"{topic.name}: {decision}",
                because=because,
            )


Told = Iterator[tuple[str, str]]
"""Decisions with their reasons."""


def _standing(facts: Journey, topic: Asked) -> Told:
    """Say what is unusual about the topic itself."""
    mute = topic.mute
    if mute is not None and mute.until > facts.now:
        words = f": {mute.because}" if mute.because else ""
        until = f"since {clock(mute.since)}, until {clock(mute.until)}"
        yield "muted", f"nobody is told of it {until}{words}; `tocsin topics unmute` ends it now"
    written, in_force = topic.written, topic.in_force
    where = f"in {written.file}" if written is not None and written.file else "in the config"
    if written is not None and not written.enabled:
        yield "disabled", f"it has enabled = false {where}: nothing is matched with it"
    elif in_force is None and topic.refused:
        yield "left out", f"its text {where} is refused: {topic.refused}; none was accepted before"
    elif in_force is None:
        yield "not in force", _not_accepted(topic)
    elif topic.refused:
        yield (
            "in its last accepted version",
            f"its text {where} is refused: {topic.refused}; in force is: {in_force.query}",
        )
    elif written is None:
        yield (
            "in force, but in no file",
            "the database's topics are followed: `tocsin topics publish` makes the files' newest",
        )
    elif _says(written) != _says(in_force):
        yield (
            f"in force otherwise than {where}",
            f"`tocsin reload` takes over what is written; in force is: {in_force.query}",
        )


def _not_accepted(topic: Asked) -> str:
    if topic.number is None:
        return "no daemon has accepted any topics yet: `tocsin run` does"
    return f"the topics accepted last (number {topic.number}) lack it: `tocsin reload` adds it"


def _says(spec: TopicSpec) -> object:
    return spec.query, spec.feeds, spec.sinks, spec.severity, spec.enabled


def _changed(facts: Journey, topic: Asked) -> Told:
    """Say whether the article was matched with what the topic says now."""
    then = facts.article.topics_version
    if then is None or topic.number is None or then == topic.number or topic.in_force is None:
        return
    numbers = f"the article was matched with topics number {then}{_since(facts, then)}"
    now = f"in force is number {topic.number}{_since(facts, topic.number)}"
    if not topic.before_known:
        yield (
            "may have changed since",
            f"{numbers}, which are no longer kept; {now}",
        )
    elif topic.before is None:
        yield (
            "accepted after the article was matched",
            f"{numbers}, which lack it; {now}",
        )
    elif _matches_as(topic.before) != _matches_as(topic.in_force) or topic.aliases_differ:
        what = topic.before.query
        if topic.before.query == topic.in_force.query:
            what = f"{what} (with other alias sets or feeds)"
        yield (
            "changed after the article was matched",
            f"{numbers}, where it was: {what}; {now}",
        )


def _since(facts: Journey, number: int) -> str:
    found = next((one for one in facts.versions if one.number == number), None)
    return f", of {clock(found.at)}" if found is not None else ""


def _matches_as(spec: TopicSpec) -> object:
    return spec.query, spec.feeds


def _match(facts: Journey, topic: Asked) -> Told:
    searched = _searched(facts)
    spec, outcome = spec_of(topic), topic.outcome
    if topic.elsewhere_fed:
        fed = ", ".join(topic.fed_by) or "no feed that is known"
        limit = ", ".join(spec.feeds or ())
        yield "does not match", f"it listens to {limit} alone; the article is of {fed}"
    elif outcome.matched:
        hits = [hit for clause in outcome.clauses for hit in clause.hits]
        where = f": {hits[0].zone}: {hits[0].sentence[:SHOWN]}" if hits else ""
        doubted = (
            "; only in lines that the page's own copy of the text lacks" if topic.doubted else ""
        )
        yield "matches now", f"{searched}{where}{doubted}"
    else:
        failed = outcome.failed.query if outcome.failed is not None else spec.query
        why = f", {outcome.because}" if outcome.because else ""
        zones = dict.fromkeys((hit.zone, hit.sentence[:SHOWN]) for hit in outcome.elsewhere)
        aside = "".join(
            f"; stands in {zone}, which is not searched: {said}" for zone, said in zones
        )
        yield "does not match now", f"did not hold: {failed}{why}{aside}; searched: {searched}"


def _searched(facts: Journey) -> str:
    article = facts.article
    if text_is_gone(article):
        return "the title and the feed's text alone: the page's text is no longer kept"
    if article.settled_at is None:
        return "the title and the feed's text: the page was not read"
    return f"title and text, from the {article.text_from}"


def _ring(facts: Journey, topic: Asked) -> Told:
    rang = rung_how(facts, topic.name)
    if rang is not None:
        yield "rang", f"at {clock(rang.at)}, by alert {rang.alert}"
    elif topic.outcome.matched and not topic.elsewhere_fed:
        yield "did not ring", _why_silent(facts, topic)


def _why_silent(facts: Journey, topic: Asked) -> str:
    """Return why a topic that matches now has not rung."""
    if not any(entry.rings for entry in facts.entries):
        return "no entry of the article may ring: baseline, or older than [alerts] max_age"
    if topic.in_force is None or (topic.written is not None and not topic.written.enabled):
        return "it is not in force"
    if any(work.kind == "page" and work.at <= facts.now for work in facts.queued):
        return "the article waits to be read, and is matched then"
    if facts.article.settled_at is None:
        return "the article was not read yet, and is matched then"
    if any(True for _ in _changed(facts, topic)):
        return "the topic was not the same when the article was matched; nothing is matched again"
    return (
        f"it did not match when the article was matched last, at "
        f"{clock(facts.article.settled_at)}: what is searched has changed since"
    )
