"""The sink that runs a program."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from workers.alerts import body
from workers.errors import Permanent, Transient
from workers.model.alert import Notice
from workers.sinks.program.options import ProgramOptions
from workers.sinks.program.sink import ProgramSink

Make: TypeAlias = Callable[..., Notice]
Attempt: TypeAlias = Callable[..., Awaitable[str | Transient | Permanent]]


def _sink(tmp_path: Path, *command: str, timeout_s: float = 10.0) -> ProgramSink:
    options = ProgramOptions(command=command, folder=str(tmp_path), timeout_s=timeout_s)
    return ProgramSink("pager", options)


def _shell(tmp_path: Path, script: str, timeout_s: float = 10.0) -> ProgramSink:
    return _sink(tmp_path, "/bin/sh", "-c", script, timeout_s=timeout_s)


def _gone(pid: int) -> bool:
    """Say whether a process is no more, or only waits to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def _is_ours(pid: int) -> bool:
    """Say whether a child of ours runs still, or was not yet waited for."""
    return Path(f"/proc/{pid}").exists()


def _text(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


async def _written(path: Path) -> int:
    """Wait for a pid to be written there."""
    async with asyncio.timeout(30):
        while not (told := _text(path)):  # noqa: ASYNC110 - a program writes it
            await asyncio.sleep(0.01)
    return int(told)


async def _end_of(path: Path) -> None:
    """Wait for the process whose pid is there to be gone."""
    pid = await _written(path)
    async with asyncio.timeout(30):
        while not _gone(pid):  # noqa: ASYNC110 - the kernel does not tell us
            await asyncio.sleep(0.01)


async def test_it_reads_what_a_webhook_gets(notice: Make, attempt: Attempt, tmp_path) -> None:
    """The JSON comes on standard input, ended, in the data folder; what it says is the answer."""
    said = notice(title="it's $HOME `date`")
    sink = _shell(tmp_path, "cat > told; echo paged the night desk")
    assert "paged the night desk" == await attempt(sink, said)
    assert body(said) + b"\n" == (tmp_path / "told").read_bytes()
    assert ("pager", "exec:sh") == (sink.name, sink.endpoint)


@pytest.mark.parametrize(
    ("script", "kind", "reason"),
    [
        ("exit 75", Transient, "serverError"),
        ("exit 1", Permanent, "payload"),
        ("exit 2", Permanent, "payload"),
        ("exit 127", Permanent, "payload"),
        ("kill -SEGV $$", Transient, "crash"),
        ("kill -TERM $$", Transient, "crash"),
    ],
)
async def test_how_it_ends_decides(
    notice: Make, attempt: Attempt, tmp_path, script, kind, reason
) -> None:
    """75 asks for another try, a signal is an accident, all else refuses the message."""
    outcome = await attempt(
        _shell(tmp_path, f"cat >/dev/null; echo because >&2; {script}"), notice()
    )
    assert (kind, reason) == (type(outcome), outcome.reason)
    assert "because" in outcome.detail


async def test_arguments_are_not_read_by_a_shell(notice: Make, attempt: Attempt, tmp_path) -> None:
    """What stands in an argument reaches the program as it is."""
    show = "import sys; print(len(sys.argv), sys.argv[1:] == ['$(id)', '; rm x', '*'])"
    sink = _sink(tmp_path, sys.executable, "-c", show, "$(id)", "; rm x", "*")
    assert "4 True" == await attempt(sink, notice())


async def test_a_program_that_is_not_there_is_tried_again(
    notice: Make, attempt: Attempt, tmp_path
) -> None:
    """It is the endpoint that is wrong, not the message: the operator will put it there."""
    outcome = await attempt(_sink(tmp_path, str(tmp_path / "missing")), notice())
    assert (Transient, "clientError") == (type(outcome), outcome.reason)
    script = tmp_path / "not executable"
    script.write_text("echo")
    outcome = await attempt(_sink(tmp_path, str(script)), notice())
    assert (Transient, "clientError") == (type(outcome), outcome.reason)


async def test_one_that_does_not_end_is_killed_with_its_children(
    notice: Make, attempt: Attempt, tmp_path
) -> None:
    """Nothing that it started in its session is left."""
    sink = _shell(tmp_path, "sleep 300 & echo $! > pid; wait", timeout_s=0.5)
    outcome = await attempt(sink, notice())
    assert (Transient, "timeout") == (type(outcome), outcome.reason)
    await _end_of(tmp_path / "pid")


async def test_one_that_leaves_a_child_behind_is_not_waited_for(
    notice: Make, attempt: Attempt, tmp_path
) -> None:
    """Its own end counts; a child in a session of its own may keep the pipes."""
    script = "setsid sleep 300 & echo $! > pid; echo done; exit 0"
    sink = _shell(tmp_path, script, timeout_s=0.7)
    outcome = await attempt(sink, notice())
    assert isinstance(outcome, str)
    os.kill(int((tmp_path / "pid").read_text()), 9)


async def test_endless_output_is_bounded(notice: Make, attempt: Attempt, tmp_path) -> None:
    """It is read and thrown away, and its beginning is told in a few words."""
    outcome = await attempt(_shell(tmp_path, "yes spam | head -c 20000000; exit 0"), notice())
    assert isinstance(outcome, str)
    assert len(outcome) <= 300


async def test_one_that_reads_nothing_may_end_well(
    notice: Make, attempt: Attempt, tmp_path
) -> None:
    """A large message that nobody reads does not hold up its end."""
    assert "exit 0" == await attempt(_shell(tmp_path, "exit 0"), notice(summary="x" * 200_000))


async def test_secrets_of_our_environment_stay_here(
    notice: Make, attempt: Attempt, tmp_path, monkeypatch
) -> None:
    """It gets the usual variables, and which message this is."""
    monkeypatch.setenv("TOCSIN_OPS_SECRET", "whsec_hidden")
    show = "import json, os; json.dump(dict(os.environ), open('env', 'w'))"
    await attempt(_sink(tmp_path, sys.executable, "-c", show), notice(id="del_7"))
    given = json.loads((tmp_path / "env").read_text())
    assert "TOCSIN_OPS_SECRET" not in given
    assert ("del_7", "alert.created") == (given["TOCSIN_ID"], given["TOCSIN_TYPE"])


async def test_an_attempt_that_is_cancelled_leaves_no_process(notice: Make, tmp_path) -> None:
    """A drain that runs out of time ends what it started."""
    task = asyncio.create_task(_shell(tmp_path, "echo $$ > pid; sleep 300").send(notice()))
    await _written(tmp_path / "pid")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _end_of(tmp_path / "pid")
    await asyncio.sleep(0.5)  # a thread that waited for it tells the loop, which ends here


async def test_an_attempt_that_is_cancelled_at_its_start_ends(notice: Make, tmp_path) -> None:
    """Whenever the drain comes: nothing is waited for, and nothing is left."""
    for turns in range(12):
        pid = tmp_path / f"pid{turns}"
        task = asyncio.create_task(
            _shell(tmp_path, f"echo $$ > {pid.name}; sleep 300").send(notice())
        )
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(30):
            with pytest.raises(asyncio.CancelledError):
                await task
    starting = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*starting, return_exceptions=True)
    async with asyncio.timeout(30):
        while any(_is_ours(int(_text(one))) for one in tmp_path.glob("pid*") if _text(one)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)  # a thread that waited for them tells the loop, which ends here
