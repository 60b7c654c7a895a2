"""One trace from the poll to the receipt, whoever does the steps."""

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from monitor.tracing.otel import OtelTracer
from workers.errors import StoreDown
from workers.steps.relay import sink_stream
from workers.steps.tracing import Carry, trace_id

EVIL = [
    None, "", "00", "x" * 55, "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
    "00-" + "1" * 32 + "-" + "0" * 16 + "-01", "ff-" + "1" * 32 + "-" + "1" * 16 + "-01",
    "00-" + "A" * 32 + "-" + "1" * 16 + "-01", "00-" + "1" * 32 + "-" + "1" * 16 + "-01\n",
]  # fmt: skip


class Recorded:
    """Processes, each with a tracer of its own; what all of them recorded."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.process = 0

    def next_process(self, world) -> None:
        """Let what follows be done by another process."""
        self.process += 1
        tracer = OtelTracer(SimpleSpanProcessor(self.exporter), "1", f"process-{self.process}")
        object.__setattr__(world.edges, "tracer", tracer)

    def spans(self, name: str) -> list:
        """Return the spans of this name, the first that ended first."""
        return [span for span in self.exporter.get_finished_spans() if span.name == name]


@pytest.fixture
def recorded() -> Recorded:
    """Nothing yet."""
    return Recorded()


def _context(span) -> str:
    told = span.context
    return f"00-{told.trace_id:032x}-{told.span_id:016x}-{int(told.trace_flags):02x}"


async def _rung(world, site, write, recorded) -> str:
    """Poll, read and ring in two processes; return the id of the delivery."""
    world.topics(quake="quake")
    recorded.next_process(world)
    await world.baseline()
    article = await world.news("A quake")
    site.put("/n1", write[2]("A quake hits the coast", "The quake was strong."))
    recorded.next_process(world)
    await world.read(article)
    ((_, delivery),) = await world.due(sink_stream("ops"))
    return delivery


async def test_one_trace_from_poll_to_receipt(world, site, write, deliver, recorded):
    """Spans of three processes are one trace, each the child of the one that asked for it."""
    delivery = await _rung(world, site, write, recorded)
    site.put("/hook", "thanks", 200)
    recorded.next_process(world)
    await deliver(delivery)
    (poll,), (read,), (sent,) = (recorded.spans(name) for name in ("poll", "read", "deliver"))
    assert 1 == len({span.context.trace_id for span in (poll, read, sent)})
    assert (None, poll.context.span_id) == (poll.parent, read.parent.span_id)
    assert read.context.span_id == sent.parent.span_id
    assert 3 == len(
        {span.resource.attributes["service.instance.id"] for span in (poll, read, sent)}
    )
    assert "ops" == sent.attributes["tocsin.sink"]
    assert _context(sent) == site.asked[-1][1]["traceparent"]


async def test_retries_belong_to_the_same_trace(world, site, write, deliver, recorded):
    """A failed attempt is a span that failed; the next is its sibling, not its child."""
    delivery = await _rung(world, site, write, recorded)
    for status in (500, 200):
        site.put("/hook", "said", status)
        await deliver(delivery)
        world.clock.advance(3600)
    first, second = recorded.spans("deliver")
    assert (StatusCode.ERROR, "serverError") == (
        first.status.status_code, first.attributes["error.type"],
    )  # fmt: skip
    assert StatusCode.UNSET == second.status.status_code
    assert first.parent.span_id == second.parent.span_id
    sent = [headers["traceparent"] for path, headers in site.asked if path == "/hook"]
    assert [_context(first), _context(second)] == sent


async def test_the_feeds_text_rings_in_the_same_trace(world, recorded):
    """RING goes on with the trace that the poll began."""
    world.topics(quake="quake")
    recorded.next_process(world)
    await world.baseline()
    article = await world.news("A quake hits the coast")
    world.clock.advance(10)
    await world.ring(article)
    (poll,), (ring,) = recorded.spans("poll"), recorded.spans("ring")
    assert poll.context.span_id == ring.parent.span_id
    ((_, delivery),) = await world.due(sink_stream("ops"))
    job = await world.store.load_delivery(delivery)
    assert _context(ring) == job.work.traceparent


async def test_what_asks_for_no_work_begins_no_trace(world, recorded):
    """A baseline, and a poll without news, leave no span."""
    recorded.next_process(world)
    feed = await world.baseline()
    await world.poll(feed)
    assert () == recorded.exporter.get_finished_spans()


async def test_who_asked_first_is_the_parent(world, recorded):
    """An edit before the page was read does not tear the trace apart."""
    await world.baseline()
    recorded.next_process(world)
    article = await world.news("First title")
    await world.news("Second title")
    first, _ = recorded.spans("poll")
    job = await world.store.load_page("page", article)
    assert _context(first) == job.work.traceparent


async def test_an_outage_fails_the_span(world, recorded, monkeypatch):
    """What is raised in a span makes it fail, with a reason in a word."""
    await world.baseline()
    article = await world.news("News")
    recorded.next_process(world)

    async def down(_commit) -> None:
        raise StoreDown("cannot commit: secret place")

    monkeypatch.setattr(world.store, "commit_article", down)
    with pytest.raises(StoreDown):
        await world.read(article)
    (read,) = recorded.spans("read")
    assert (StatusCode.ERROR, "database") == (read.status.status_code, read.status.description)
    assert () == read.events


async def test_without_a_recorder_the_context_is_handed_on(world, site, write, deliver):
    """The trace that the poll began is the one that the receiver is told."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake")
    begun = (await world.store.load_page("page", article)).work.traceparent
    site.put("/n1", write[2]("A quake hits the coast", "The quake was strong."))
    await world.read(article)
    ((_, delivery),) = await world.due(sink_stream("ops"))
    site.put("/hook", "thanks", 200)
    await deliver(delivery)
    told = site.asked[-1][1]["traceparent"]
    assert (trace_id(begun), False) == (trace_id(told), begun == told)


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize(
    "tracer", [Carry(), OtelTracer(SimpleSpanProcessor(InMemorySpanExporter()), "1", "p")]
)
def test_a_context_that_is_none_begins_a_trace(tracer, evil):
    """What the database holds may be anybody's: only a valid context is gone on with."""
    assert trace_id(evil) is None
    with tracer.span("read", evil) as span:
        assert trace_id(span.traceparent) is not None
