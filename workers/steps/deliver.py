"""DELIVER: render, send, record. Sent is recorded after it was sent.

An outcome that the database refuses to store is offered to it until it takes it. The lane keeps
the lease meanwhile, so that nobody else sends the message once more, and the slot, so that little
is sent that could not be recorded.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from msgspec.structs import replace

from workers.alerts import notice, outcome_of, title_of, told_of_events
from workers.alerts.retry import Dead, Retry, after, proves_alive
from workers.errors import Permanent, StoreDown, Transient
from workers.model.alert import Alert, DeadLine, DeliveryJob, TraceLine
from workers.model.commit import DeliveryCommit
from workers.model.message import Raised
from workers.model.sink import SinkNote
from workers.steps.edges import Edges, RulesNow
from workers.steps.events import note
from workers.steps.ports import Sink
from workers.steps.tracing import Fact, delivery_within, trace_id

__all__ = ["Deliver"]

ANSWER_CHARACTERS = 500
ENDING_S = 1.0
"""How long a lane that ends waits for what is being stored."""
FIRST_S, LONGEST_S = 0.1, 2.0
"""Between two offers of an outcome to a database that refuses it, doubling."""
_log = structlog.get_logger()


class Deliver:
    """Makes one attempt for the lane of one sink.

    ``rules`` tell how often it may be sent to, and who else is told if this one refuses; without
    any nobody is, and it is sent to as fast as it answers.
    """

    def __init__(  # noqa: PLR0913 - one sink, and what bounds an attempt
        self,
        edges: Edges,
        sink: Sink,
        endpoint: str,
        lease_s: float,
        public_url: str | None,
        *,
        rules: RulesNow | None = None,
    ) -> None:
        self._edges = edges
        self._sink = sink
        self._endpoint = endpoint
        self._lease_s = lease_s
        self._public_url = public_url
        self._rules = rules

    async def __call__(self, delivery: str, still_ours: Callable[[], Awaitable[bool]]) -> None:
        """Attempt the delivery with this id; returning means that its id may be acknowledged.

        ``still_ours`` is asked right before the effect: a worker that was frozen past its lease
        must not send what another has taken over.

        Raises:
            StoreDown: the delivery could not be loaded, so the id must come again.
        """
        job = await self._edges.store.load_delivery(delivery)
        if job is None:
            return
        if not job.work.due:
            await self._edges.store.skip(job.work)
            return
        wait = await self._wait()
        if wait > 0:
            await self._edges.store.postpone(job.work, wait)
            return
        if not await still_ours():
            return
        facts: dict[str, Fact] = {
            "tocsin.delivery": delivery,
            "tocsin.sink": self._sink.name,
            "tocsin.attempt": job.work.attempts + 1,
        }
        with self._edges.tracer.span("deliver", job.work.traceparent, facts=facts) as span:
            outcome = await self._attempt(delivery_within(job, span))
            span.fact("tocsin.outcome", outcome)
            if outcome != "sent":
                span.failed(outcome)

    async def _wait(self) -> float:
        """Return the seconds until the sink may be tried; 0 takes its turn.

        The turn of a probe is taken last: unused it would keep the breaker shut for a lease. An
        open breaker takes none of the rate's turns: unused they would keep the probe waiting.
        """
        broker, endpoint = self._edges.broker, self._endpoint
        rate = self._rules().rates.get(self._sink.name) if self._rules else None
        if rate is not None:
            shut = (await broker.breaker_states([endpoint]))[endpoint] if endpoint else 0.0
            if shut <= 0 and (wait := await broker.rate_turn(self._sink.name, rate)) > 0:
                return wait
        wait = await broker.breaker_wait(endpoint, self._lease_s) if endpoint else 0.0
        return wait * self._edges.dice.uniform(1.0, 1.2)

    async def _attempt(self, job: DeliveryJob) -> str:
        """Send and record; return the outcome: sent, or the reason why not."""
        outcome = "sent"
        alive: bool | None = True
        began = self._edges.clock.monotonic()
        try:
            answer = await self._sink.send(notice(job, self._edges.clock.now(), self._public_url))
        except (Transient, Permanent) as failure:
            await self._record_failure(job, failure)
            outcome, alive = failure.reason, proves_alive(failure.reason)
        except StoreDown:
            raise
        except Exception as error:  # noqa: BLE001 - one bad message must not end the lane
            _log.error("send_failed", delivery=job.delivery.id, exc_info=error)
            detail = f"{type(error).__name__}: {error}"[:ANSWER_CHARACTERS]
            await self._record_failure(job, Permanent("payload", detail), ours=True)
            outcome, alive = "crash", None  # ours, not theirs: the endpoint was proved neither way
        else:
            await self._commit(
                job,
                DeliveryCommit(
                    work=job.work,
                    state="sent",
                    attempts=job.work.attempts + 1,
                    answer=answer[:ANSWER_CHARACTERS],
                    trace=(self._line(job, "sent", answer),),
                    sink=SinkNote(sink=self._sink.name, outcome="alive"),
                ),
            )
        if self._endpoint and alive is not None:
            await self._edges.broker.breaker_note(self._endpoint, good=alive)
        took = self._edges.clock.monotonic() - began
        self._edges.meter.observe("tocsin_delivery_seconds", took, sink=self._sink.name)
        self._edges.meter.count("tocsin_deliveries_total", sink=self._sink.name, outcome=outcome)
        return outcome

    async def _record_failure(
        self, job: DeliveryJob, failure: Transient | Permanent, *, ours: bool = False
    ) -> None:
        """Store what becomes of the delivery, and of the sink unless the failure is ``ours``."""
        attempts = job.work.attempts + 1
        first_at = job.work.first_at or job.now
        verdict = after(failure, attempts, first_at, job.now, self._edges.dice.random())
        said = str(failure)[:ANSWER_CHARACTERS]
        commit = DeliveryCommit(
            work=job.work,
            state="retry",
            attempts=attempts,
            answer=said,
            sink=None if ours else self._noted(failure, said),
        )
        match verdict:
            case Retry(delay_s=delay):
                line = self._line(job, f"again in {delay:.0f} s", said)
                commit = replace(commit, again_s=delay, trace=(line,))
            case Dead(reason=reason):
                dead = self._dead(job, reason, attempts, said)
                line = self._line(job, "dead letter", said)
                commit = replace(commit, state="dead", dead=dead, trace=(line,))
        await self._commit(job, commit)

    def _noted(self, failure: Transient | Permanent, said: str) -> SinkNote:
        others = self._rules().sinks if self._rules else ()
        told = told_of_events("sink_refused", self._sink.name, "critical", others)
        outcome = outcome_of(failure)
        return SinkNote(sink=self._sink.name, outcome=outcome, said=said, told=told)

    async def _commit(self, job: DeliveryJob, commit: DeliveryCommit) -> None:
        await self._record(job, commit)
        _log.info(
            "delivery",
            delivery=job.delivery.id,
            sink=self._sink.name,
            state=commit.state,
            attempts=commit.attempts,
            answer=commit.answer,
            trace=trace_id(job.work.traceparent),
        )

    async def _record(self, job: DeliveryJob, commit: DeliveryCommit) -> None:
        """Offer the outcome until it is stored. Only the end of the lane ends this otherwise."""
        wait_s = FIRST_S
        while True:
            try:
                raised = await self._offered(commit)
            except StoreDown as error:
                if wait_s == FIRST_S:
                    _log.warning("not_recorded_yet", delivery=job.delivery.id, error=str(error))
                await self._edges.clock.sleep(wait_s)
                wait_s = min(LONGEST_S, 2 * wait_s)
            else:
                note(self._edges, raised)
                return

    async def _offered(self, commit: DeliveryCommit) -> tuple[Raised, ...]:
        """Offer it once. It is stored though the lane ends meanwhile, and that is waited for.

        Else the id is handed back before, and whoever has it next sends the message again.
        """
        offer = asyncio.ensure_future(self._edges.store.commit_delivery(commit))
        try:
            return await asyncio.shield(offer)
        except asyncio.CancelledError:
            await asyncio.wait([offer], timeout=ENDING_S)
            if offer.done() and not offer.cancelled():
                offer.exception()  # nobody else asks for it
            raise

    def _dead(self, job: DeliveryJob, reason: str, attempts: int, said: str) -> DeadLine:
        return DeadLine(
            id=job.delivery.id,
            kind="delivery",
            sink=self._sink.name,
            reason=reason,
            at=self._edges.clock.now(),
            attempts=attempts,
            title=title_of(job.content),
            last_answer=said,
        )

    def _line(self, job: DeliveryJob, decision: str, because: str) -> TraceLine:
        return TraceLine(
            stage="deliver",
            decision=f"{self._sink.name}: {decision}",
            because=because[:ANSWER_CHARACTERS],
            article=job.content.article.id if isinstance(job.content, Alert) else None,
            at=self._edges.clock.now(),
        )
