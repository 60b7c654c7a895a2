"""DELIVER in a journey: who was told, who waits, and who was not chosen by which rule."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from monitor.journey.steps import By, Step, clock, counted
from workers.alerts import SinkRoute, declined
from workers.model.alert import DeadLine, TraceLine
from workers.model.journey import HeldAlert, Journey, MutedHit, Sent
from workers.model.topic import TopicSpec

__all__ = ["declining", "sent", "unsaid"]

MOST_TOPICS, MOST_SINKS = 20, 50
_DONE = {"sent": "sent", "dead": "dead letter", "retry": "again in "}
"""How the line of trace of the last attempt begins, by the delivery's state."""


def unsaid(facts: Journey) -> list[TraceLine]:
    """Return the lines of trace without those whose delivery tells the same itself."""
    said: list[tuple[str, str]] = [
        (one.sink, _DONE[one.state]) for one in facts.deliveries if one.state in _DONE
    ]
    kept = []
    for line in reversed(facts.trace):
        sink, _, how = line.decision.rpartition(": ")
        mine = next((one for one in said if one[0] == sink and how.startswith(one[1])), None)
        if line.stage == "deliver" and mine is not None:
            said.remove(mine)
        else:
            kept.append(line)
    return kept[::-1]


def sent(facts: Journey, by: By) -> Iterator[Step]:
    """Yield how each delivery stands, and what waits for a list."""
    letters = {letter.id: letter for letter in facts.dead}
    routes = {route.name: route for route in by.routes}
    for one in facts.deliveries:
        yield _delivery(facts, by, one, routes.get(one.sink), letters.get(one.id))
    yield from (_in_list(facts, by, one, letters) for one in facts.held)
    yield from (_muted(facts, one) for one in facts.muted)


def _delivery(
    facts: Journey, by: By, one: Sent, route: SinkRoute | None, letter: DeadLine | None
) -> Step:
    about = f"{one.id}, {', '.join(one.topics)}"
    at = one.last_at or one.made_at
    match one.state:
        case "sent":
            decision = "sent"
            because = f"{one.last_answer or 'taken'}; {_attempts(one)}"
        case "held":
            decision, because = "held", _why_held(facts, one, route)
        case "dead":
            decision, because = "dead letter", _why_dead(one, letter)
        case _:
            at = facts.now
            decision, because = _open(facts, one)
    return Step(
        at=at,
        stage="deliver",
        decision=f"{_whom(by, one)}: {decision}",
        because=f"{because}; {about}",
    )


def _whom(by: By, one: Sent | HeldAlert) -> str:
    return f"{one.sink} {one.recipient}".strip() if by.recipients else one.sink


def _attempts(one: Sent) -> str:
    return counted(one.attempts, "attempt")


def _why_held(facts: Journey, one: Sent, route: SinkRoute | None) -> str:
    if one.held_reason == "restore":
        return (
            "the database was restored from a backup: `tocsin held release --reason restore` "
            "sends it"
        )
    health = facts.sinks.get(one.sink)
    if health is not None and health.state == "disabled":
        return (
            f"the sink is disabled since {clock(health.since)}: {health.reason or 'by hand'}; "
            f"`tocsin sinks enable {one.sink}` sends it"
        )
    if route is not None and not route.enabled:
        return "the sink has enabled = false in the config: it is sent once that is true"
    return f"its reason is {one.held_reason or 'unknown'}"


def _why_dead(one: Sent, letter: DeadLine | None) -> str:
    answer = one.last_answer or "no answer"
    if letter is None:
        return f"given up for good: {answer}"
    return (
        f"{letter.reason}: {answer}; {counted(letter.attempts, 'attempt')}; "
        f"`tocsin dead replay {one.id}` tries it again"
    )


def _open(facts: Journey, one: Sent) -> tuple[str, str]:
    """Return how a delivery waits for its first attempt, or its next."""
    health = facts.sinks.get(one.sink)
    since = health.failing_since if health is not None else None
    failing = f"; the sink fails since {clock(since)}" if since is not None else ""
    last = f"; last answer: {one.last_answer}" if one.last_answer else ""
    if one.queued is None:
        return "waits", f"nothing asks for it: the relay finds it within a lease{last}{failing}"
    due = f"due at {clock(one.queued.at)}"
    if one.state == "retry" or one.attempts:
        return f"tried again at {clock(one.queued.at)}", f"{_attempts(one)} so far{last}{failing}"
    how = "handed to its lane" if one.queued.taken else "waits for its turn"
    return how, f"{due}; {_attempts(one)} so far{last}{failing}"


def _in_list(facts: Journey, by: By, one: HeldAlert, letters: dict[str, DeadLine]) -> Step:
    whom = _whom(by, one)
    if one.message is None:
        at = one.first + timedelta(seconds=by.list_after_s)
        health = facts.sinks.get(one.sink)
        off = health is not None and health.state == "disabled"
        when = "once the sink is enabled" if off else f"about {clock(max(at, facts.now))}"
        return Step(
            at=one.at,
            stage="deliver",
            decision=f"{whom}: held for a list: {one.topic}",
            because=f"by [alerts] burst, or because it is one of many; the list is made {when}",
        )
    letter = letters.get(one.delivery or "")
    state = {"sent": "sent", "dead": "a dead letter", "held": "held"}.get(
        one.state or "", "to be sent"
    )
    retry = f"; `tocsin dead replay {one.delivery}` tries it again" if letter is not None else ""
    return Step(
        at=one.last_at or one.at,
        stage="deliver",
        decision=f"{whom}: told in a list: {one.topic}",
        because=f"held at {clock(one.at)}; the list {one.message} is {state}: "
        f"{one.last_answer or 'no answer yet'}{retry}",
    )


def _muted(facts: Journey, one: MutedHit) -> Step:
    words = f" ({one.because})" if one.because else ""
    if one.told_at is not None:
        then = f"its end was told at {clock(one.told_at)}, with a list of what it kept back"
    elif one.until is None:
        then = "the mute is no longer kept"
    elif one.until <= facts.now:
        then = f"it ended at {clock(one.until)}, and that is about to be told"
    else:
        then = f"it ends at {clock(one.until)}; `tocsin topics unmute` ends it now"
    return Step(
        at=one.at,
        stage="deliver",
        decision=f"nobody is told of {one.topic}",
        because=f"the topic was muted{words}: {then}",
    )


# ── who was not told ────────────────────────────────────────────────────────────────────────────


def declining(facts: Journey, by: By, names: Iterable[str]) -> Iterator[Step]:
    """Yield the sinks that were not told of topics that rang, with the rule that says so."""
    for name in list(names)[:MOST_TOPICS]:
        spec = _as_rung(facts, by, name)
        if spec is None or any(one.topic == name for one in facts.muted):
            continue
        told = {(one.sink, one.recipient) for one in facts.deliveries if name in one.topics}
        listed = {(one.sink, one.recipient) for one in facts.held if one.topic == name}
        for route in by.routes[:MOST_SINKS]:
            yield from _declined(facts, by, route, spec, told | listed)


def _as_rung(facts: Journey, by: By, name: str) -> TopicSpec | None:
    """Return a topic as it is written now, with the severity that it had when it rang."""
    spec = by.topics.get(name)
    if spec is None:
        return None
    rang = next(
        (topic for one in facts.alerts for topic in one.topics if topic.name == name), None
    )
    if rang is None or rang.severity == spec.severity:
        return spec
    return TopicSpec(name=name, query=spec.query, severity=rang.severity, sinks=spec.sinks)


def _declined(
    facts: Journey, by: By, route: SinkRoute, spec: TopicSpec, reached: set[tuple[str, str]]
) -> Iterator[Step]:
    missed = [whom for whom in route.recipients if (route.name, whom) not in reached]
    gone = ", ".join(whom for whom in missed if (route.name, whom) in facts.left)
    if not missed or (len(missed) < len(route.recipients) and not gone):
        return
    why = declined(route, spec)
    if why is None and gone:
        who = gone if by.recipients else "a recipient"
        why = f"unsubscribed: {who}; `tocsin sinks enable {route.name}` takes that back"
    if why is None:
        why = (
            "by the settings of now it would be: they were others when it rang, or the delivery "
            "is no longer kept"
        )
    yield Step(
        at=facts.now,
        stage="deliver",
        decision=f"{route.name}: not told of {spec.name}",
        because=why,
    )
