"""The file sink."""

import asyncio
import errno
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from workers.alerts import body
from workers.errors import Permanent, Transient
from workers.model.alert import Notice
from workers.sinks.file import sink as file_sink
from workers.sinks.file.options import FileOptions
from workers.sinks.file.sink import FileSink

Attempt: TypeAlias = Callable[..., Awaitable[str | Transient | Permanent]]


def _lines(path: Path) -> list[str]:
    text = path.read_text()
    assert text.endswith("\n")
    return text.splitlines()


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_line_is_what_a_webhook_gets(
    notice: Callable[..., Notice], tmp_path: Path
) -> None:
    """One line of JSON a notice, in a folder that is made."""
    path = tmp_path / "new" / "folder" / "alerts.jsonl"
    sink = FileSink("journal", FileOptions(path=str(path)))
    said = notice(title="two\nlines\u2028and \x00")
    assert "written" == await sink.send(said)
    await sink.send(notice(id="del_2"))
    await sink.close()
    first, second = path.read_bytes().splitlines()
    assert body(said) == first
    assert "del_2" == json.loads(second)["id"]
    assert ("", "journal") == (sink.endpoint, sink.name)


async def test_what_a_crash_cut_off_does_not_spoil_the_next_line(
    notice: Callable[..., Notice], tmp_path: Path
) -> None:
    """A file that ends in half a line gets its next one on a fresh line."""
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"whole": 1}\n{"hal')
    sink = FileSink("journal", FileOptions(path=str(path)))
    await sink.send(notice(id="del_2"))
    await sink.close()
    assert ['{"whole": 1}', '{"hal'] == _lines(path)[:2]
    assert "del_2" == json.loads(_lines(path)[2])["id"]


async def test_rotation_keeps_the_newest(notice: Callable[..., Notice], tmp_path: Path) -> None:
    """Files are numbered from the newest, and the oldest goes."""
    path = tmp_path / "alerts.jsonl"
    sink = FileSink("journal", FileOptions(path=str(path), rotate_bytes=100, keep=2))
    for number in range(5):
        await sink.send(notice(id=f"del_{number}"))
    await sink.close()
    found = {one.name: json.loads(_lines(one)[0])["id"] for one in _files(tmp_path)}
    expected = {"alerts.jsonl": "del_4", "alerts.jsonl.1": "del_3", "alerts.jsonl.2": "del_2"}
    assert expected == found


async def test_a_file_that_was_moved_away_is_begun_anew(
    notice: Callable[..., Notice], tmp_path: Path
) -> None:
    """Whoever rotates from outside needs to tell nobody; reopen does it too."""
    path, moved = tmp_path / "alerts.jsonl", tmp_path / "moved"
    sink = FileSink("journal", FileOptions(path=str(path)))
    await sink.send(notice(id="del_1"))
    path.rename(moved)
    await sink.send(notice(id="del_2"))
    await sink.reopen()
    await sink.send(notice(id="del_3"))
    await sink.close()
    assert ["del_2", "del_3"] == [json.loads(line)["id"] for line in _lines(path)]
    assert ["del_1"] == [json.loads(line)["id"] for line in _lines(moved)]


async def test_many_at_once_write_whole_lines(
    notice: Callable[..., Notice], tmp_path: Path
) -> None:
    """Two sinks on one file (two processes have the same) rotate it without losing a line."""
    path = tmp_path / "alerts.jsonl"
    options = FileOptions(path=str(path), rotate_bytes=10_000, keep=50)
    sinks = [FileSink("a", options), FileSink("b", options)]
    sent = [f"del_{number}" for number in range(40)]
    await asyncio.gather(*(sinks[at % 2].send(notice(id=id_)) for at, id_ in enumerate(sent)))
    for sink in sinks:
        await sink.close()
    found = [json.loads(line)["id"] for one in _files(tmp_path) for line in _lines(one)]
    assert sorted(sent) == sorted(found)


async def test_a_killed_writer_leaves_whole_lines(tmp_path: Path) -> None:
    """SIGKILL in the middle of writing: the next process goes on with clean lines."""
    path = tmp_path / "alerts.jsonl"
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from workers.sinks.file.lines import Lines\n"
        "lines = Lines(Path(sys.argv[1]), None, 1)\n"
        "while True:\n"
        "    lines.append(b'{\"a\": \"' + b'x' * 200000 + b'\"}\\n')\n"
    )
    child = subprocess.Popen(  # noqa: ASYNC220, S603
        [sys.executable, "-c", code, str(path)], cwd=Path(__file__).parents[2]
    )
    try:
        async with asyncio.timeout(20):
            while not path.exists() or path.stat().st_size < 1_000_000:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    kept = FileSink("journal", FileOptions(path=str(path), rotate_bytes=None))
    await kept.reopen()
    await asyncio.to_thread(kept._lines.append, b'{"last": true}\n')
    await kept.close()
    assert {"last": True} == json.loads(_lines(path)[-1])
    assert all(json.loads(line) for line in _lines(path)[:-2])


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let no file of this process grow beyond 3,000 bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


@pytest.mark.usefixtures("full_disk")
async def test_a_full_disk_leaves_no_half_line(
    notice: Callable[..., Notice], attempt: Attempt, tmp_path: Path
) -> None:
    """What did not fit is taken back and tried again; what was there stays."""
    path = tmp_path / "alerts.jsonl"
    sink = FileSink("journal", FileOptions(path=str(path), rotate_bytes=None))
    outcomes = [await attempt(sink, notice(summary="x" * 900)) for _ in range(3)]
    await sink.close()
    assert "written" == outcomes[0]
    assert isinstance(outcomes[-1], Transient)
    assert ("serverError", errno.EFBIG) == (outcomes[-1].reason, _errno(outcomes[-1]))
    assert all(json.loads(line) for line in _lines(path))


def _errno(failure: Transient) -> int | None:
    return failure.__cause__.errno if isinstance(failure.__cause__, OSError) else None


async def test_a_path_that_cannot_be_written_is_the_endpoints_fault(
    notice: Callable[..., Notice], attempt: Attempt, tmp_path: Path
) -> None:
    """A folder, a pipe, or a file where a folder should be: tried until somebody mends it."""
    pipe, plain = tmp_path / "pipe", tmp_path / "plain"
    os.mkfifo(pipe)
    plain.write_text("")
    for path in (tmp_path, pipe, plain / "alerts.jsonl"):
        sink = FileSink("journal", FileOptions(path=str(path)))
        outcome = await attempt(sink, notice())
        await sink.close()
        assert isinstance(outcome, Transient)
        assert "clientError" == outcome.reason


async def test_a_disk_that_does_not_answer_holds_up_nobody(
    notice: Callable[..., Notice], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others have their threads, closing ends, and what was given up is not written later."""
    monkeypatch.setattr(file_sink, "CLOSE_S", 0.01)
    path = tmp_path / "alerts.jsonl"
    sink = FileSink("journal", FileOptions(path=str(path)))
    await sink.send(notice(id="del_1"))
    stuck = os.open(path, os.O_RDWR)
    fcntl.flock(stuck, fcntl.LOCK_EX)
    sends = [asyncio.create_task(sink.send(notice(id=f"del_{n}"))) for n in range(2, 42)]
    await asyncio.wait(sends, timeout=0.05)
    assert "others work" == await asyncio.to_thread(lambda: "others work")
    for send in sends[1:]:
        send.cancel()
    await sink.close()
    os.close(stuck)
    assert "written" == await sends[0]
    kept = FileSink("journal", FileOptions(path=str(path)))
    await kept.send(notice(id="del_last"))
    await kept.close()
    assert ["del_1", "del_2", "del_last"] == [json.loads(line)["id"] for line in _lines(path)]
