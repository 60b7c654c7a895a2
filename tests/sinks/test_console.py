"""The console sink."""

import asyncio
import io
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from msgspec import structs

from workers.errors import Permanent, Transient
from workers.model.alert import Notice, Summary
from workers.model.message import Muted, OperatorEvent
from workers.sinks.console.options import ConsoleOptions
from workers.sinks.console.sink import ConsoleSink

Attempt: TypeAlias = Callable[..., Awaitable[str | Transient | Permanent]]
UTC_PLAIN = ConsoleOptions(timezone="UTC")


async def test_an_alert_is_read_at_a_glance(notice: Callable[..., Notice]) -> None:
    """Severity, title, source, time, topic, the sentence with its hit, link; a blank line."""
    stream = io.StringIO()
    assert "printed" == await ConsoleSink("screen", UTC_PLAIN, stream).send(
        notice(severity="high", title="Commander killed", late_s=7300.0)
    )
    lines = stream.getvalue().split("\n")
    assert "2 h late: HIGH Commander killed" == lines[0]
    assert lines[1].startswith("  Test feed, ")
    assert "  test: *Tocsin* sends this to show that messages arrive." == lines[2]
    assert "  https://news.example.org/test" == lines[3]
    assert ["", ""] == lines[-2:]


async def test_an_event_is_read_at_a_glance(
    notice: Callable[..., Notice], operator_event: OperatorEvent
) -> None:
    """Severity, what and whom, the sentence, the topics that may not ring, since when."""
    stream = io.StringIO()
    said = notice(type="event.raised", content=operator_event, late_s=3 * 86400.0)
    assert "printed" == await ConsoleSink("screen", UTC_PLAIN, stream).send(said)
    assert [
        "3 d late: EVENT CRITICAL Feed cannot be read: Example World",
        "  No good poll for 31 minutes: HTTP 500.",
        "  May keep from ringing: militia strikes",
        "  feed_failing, since 23 Nov 2026, 02:10 UTC",
        "",
        "",
    ] == stream.getvalue().split("\n")


async def test_a_summary_is_a_list(notice: Callable[..., Notice], summary: Summary) -> None:
    """How many on what, of when and from where; the newest titles; and how many are not shown."""
    stream = io.StringIO()
    await ConsoleSink("screen", UTC_PLAIN, stream).send(
        notice(type="summary.created", content=summary)
    )
    lines = stream.getvalue().split("\n")
    assert "SUMMARY HIGH 30 more on militia strikes" == lines[0]
    assert lines[1].endswith("23 Nov 2026, 02:10 UTC to 23 Nov 2026, 02:20 UTC, from Test feed")
    assert "  Title 24 https://news.example.org/24" == lines[2]
    assert ["  and 10 more: tocsin alerts list", "", ""] == lines[22:]


@pytest.mark.parametrize(
    ("count", "said"),
    [(30, "30 hits were not rung"), (1, "1 hit was not rung"), (0, "nothing matched")],
)
async def test_the_end_of_a_mute_is_told(
    notice: Callable[..., Notice], summary: Summary, count: int, said: str
) -> None:
    """From when to when, because of what, and what it kept back; operators' words are harmless."""
    stream = io.StringIO()
    facts = summary.facts
    muted = Muted(id="mut_1", since=facts.first, until=facts.last, because="an\x1b[2J exercise\n")
    sources = facts.sources if count else ()
    told = Summary(
        facts=structs.replace(facts, count=count, sources=sources, muted=muted),
        items=summary.items[:count],
    )
    await ConsoleSink("screen", UTC_PLAIN, stream).send(
        notice(type="summary.created", content=told)
    )
    first, second, *_ = stream.getvalue().split("\n")
    assert f"SUMMARY HIGH militia strikes was muted: {said}" == first
    source = "; from Test feed" if count else ""
    span = "23 Nov 2026, 02:10 UTC to 23 Nov 2026, 02:20 UTC"
    assert f"  Muted from {span}, an[2J exercise{source}" == second


async def test_what_comes_from_outside_cannot_move_the_cursor(
    notice: Callable[..., Notice],
) -> None:
    """Escape codes, overrides and line ends in any text are gone."""
    evil = "\x1b]0;x\x07\x9b2J\r\n\u202eevil"
    said = notice(
        title=evil, author=evil, url=f"https://a.example/{evil}", public_url=f"https://{evil}"
    )
    topic = msgspec.structs.replace(said.content.topics[0], name=evil)
    entry = msgspec.structs.replace(said.content.entries[0], feed=evil)
    alert = msgspec.structs.replace(said.content, topics=(topic,), entries=(entry,))
    stream = io.StringIO()
    options = ConsoleOptions(timezone="UTC", color="never")
    await ConsoleSink("screen", options, stream).send(msgspec.structs.replace(said, content=alert))
    assert not set(stream.getvalue()) & set("\x1b\x9b\x07\r\u202e")
    assert 6 == stream.getvalue().count("\n")


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("color", "terminal", "no_color", "colored"),
    [
        ("auto", True, False, True),
        ("auto", True, True, False),
        ("auto", False, False, False),
        ("always", False, True, True),
        ("never", True, False, False),
    ],
)
async def test_color_is_for_terminals(
    notice: Callable[..., Notice],
    monkeypatch: pytest.MonkeyPatch,
    color: str,
    *,
    terminal: bool,
    no_color: bool,
    colored: bool,
) -> None:
    """A pipe gets plain text, and so does whoever asks for it."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setitem(os.environ, "NO_COLOR", "1")
    stream = _Terminal() if terminal else io.StringIO()
    options = ConsoleOptions(timezone="UTC", color=color)  # type: ignore[arg-type]
    await ConsoleSink("screen", options, stream).send(notice())
    assert colored == ("\x1b[" in stream.getvalue())


async def test_a_stream_of_few_letters_takes_what_it_can(notice: Callable[..., Notice]) -> None:
    """A console without Unicode shows question marks, not an error."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    await ConsoleSink("screen", UTC_PLAIN, stream).send(notice(title="Überfall"))
    assert b"NORMAL ?berfall" in raw.getvalue()


async def test_standard_output_is_the_default(
    notice: Callable[..., Notice], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a stream it prints to wherever standard output leads at that moment."""
    sink = ConsoleSink("screen")
    await sink.send(notice(type="test", title="Hello"))
    await sink.close()
    assert "TEST NORMAL Hello" in capsys.readouterr().out
    assert ("", "screen") == (sink.endpoint, sink.name)


class _Broken(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, f"Broken pipe ({len(text)})")


async def test_a_stream_that_is_gone_is_tried_again(
    notice: Callable[..., Notice], attempt: Attempt
) -> None:
    """A closed stream and a broken pipe are passing trouble, not a crash."""
    closed = io.StringIO()
    closed.close()
    for stream in (closed, _Broken()):
        outcome = await attempt(ConsoleSink("screen", UTC_PLAIN, stream), notice())
        assert isinstance(outcome, Transient)
        assert "connect" == outcome.reason


async def test_many_topics_are_counted(notice: Callable[..., Notice]) -> None:
    """An alert of fifty topics stays readable."""
    stream = io.StringIO()
    topics = notice().content.topics * 50
    await ConsoleSink("screen", UTC_PLAIN, stream).send(notice(topics=topics))
    assert "  and 30 more topics" in stream.getvalue().split("\n")


def test_an_unknown_zone_is_refused_at_once() -> None:
    """A time zone that nobody knows is told when the sink is made."""
    with pytest.raises(ValueError, match="not a time zone: Mars/Base"):
        ConsoleSink("screen", ConsoleOptions(timezone="Mars/Base"))


PAUSED = """
import asyncio, fcntl, os, sys
from datetime import UTC, datetime
from workers.alerts import sample
from workers.sinks.console.sink import ConsoleSink

async def main():
    sink = ConsoleSink("screen")
    os.set_blocking(1, False)
    try:
        while os.write(1, b"." * 65536):
            pass
    except BlockingIOError:
        os.set_blocking(1, True)
    sends = [
        asyncio.create_task(sink.send(sample(datetime.now(UTC), "", None))) for _ in range(40)
    ]
    await asyncio.wait(sends, timeout=0.1)
    print(await asyncio.to_thread(lambda: "others work"), file=sys.stderr)
    for send in sends:
        send.cancel()
    await asyncio.gather(*sends, return_exceptions=True)
    await sink.close()

asyncio.run(main())
print("ended", file=sys.stderr)
"""


async def test_a_paused_terminal_holds_up_nobody() -> None:
    """While nobody reads standard output others have their threads, and the process can end."""
    reader, writer = os.pipe()
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PAUSED,
        stdout=writer,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        async with asyncio.timeout(20):
            _, told = await child.communicate()
        assert (b"others work\nended\n", 0) == (told, child.returncode)
    finally:
        os.close(reader)
        os.close(writer)
        if child.returncode is None:
            child.kill()
            await child.wait()
