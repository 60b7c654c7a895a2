"""READ in a journey: whether its page was read, waits for that, or was given up."""

from collections.abc import Iterator

from monitor.journey.steps import Step, clock, counted
from workers.model.article import ArticleRow
from workers.model.journey import Journey, Queued

__all__ = ["read", "text_is_gone"]

_FEED = frozenset({"feed", "none"})


def read(facts: Journey) -> Iterator[Step]:
    """Yield what became of the page, as far as no line of trace says so."""
    article = facts.article
    lines = [line for line in facts.trace if line.stage == "read"]
    merged = {line.article for line in lines if line.decision.startswith("merged into ")}
    for one in facts.merged:
        if one.id not in merged:
            yield Step(
                at=one.first_seen,
                stage="read",
                decision=f"merged into {article.id}",
                because=f"{one.url or one.id} is the page of {article.url or article.id}",
            )
    if article.settled_at is not None and not lines:
        how = f"{article.verdict or 'unreadable'}, text from {article.text_from}"
        because = "; ".join(article.reasons)
        yield Step(at=article.settled_at, stage="read", decision=how, because=because)
    if text_is_gone(article):
        yield Step(
            at=facts.now,
            stage="read",
            decision="its text is gone",
            because="it is older than [keep] text, or made room: what it said is not known now",
        )
    yield from (_waits(facts, one) for one in facts.queued if one.kind == "page")
    for letter in facts.dead:
        if letter.id == article.id:
            yield Step(
                at=letter.at,
                stage="read",
                decision="dead letter",
                because=f"{letter.reason}: {letter.last_answer or 'no answer'}; "
                f"{counted(letter.attempts, 'attempt')}; "
                f"`tocsin dead replay {letter.id}` tries it again",
            )


def text_is_gone(article: ArticleRow) -> bool:
    """Say whether the page's text was read, but is not stored any more."""
    return article.settled_at is not None and article.text_from not in _FEED and not article.text


def _waits(facts: Journey, work: Queued) -> Step:
    """Return how the page waits: for a reader, for its time, or for its next reading."""
    again = facts.article.settled_at is not None
    failed = counted(work.attempts, "attempt")
    last = _last_answer(facts)
    if work.at > facts.now:
        if again and not work.attempts:
            decision, because = f"to be read again at {clock(work.at)}", "pages change"
        else:
            decision = f"not read yet: tried again at {clock(work.at)}"
            because = f"{failed} so far{last}" if work.attempts else "its host has to wait"
    elif work.taken:
        decision = "not read yet: handed to a reader" if not again else "being read again"
        because = f"due since {clock(work.at)}; {failed} before{last}"
    else:
        decision = "not read yet: waits in line" if not again else "waits to be read again"
        because = (
            f"{counted(work.ahead or 0, 'page goes', 'pages go')} before it in {work.stream}; "
            f"asked for at {clock(work.asked_at)}, due since {clock(work.at)}; "
            f"{failed} so far{last}"
        )
    return Step(at=facts.now, stage="read", decision=decision, because=because)


def _last_answer(facts: Journey) -> str:
    """Return what the last attempt was answered, by its line of trace."""
    for line in reversed(facts.trace):
        if line.stage == "read" and line.decision.startswith("again in "):
            return f"; last answer: {line.because}"
    return ""
