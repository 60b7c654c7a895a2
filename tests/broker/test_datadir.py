"""The data folder: ours alone, one daemon at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workers.broker import DataDirLock
from workers.broker.datadir import MARKER, FileLock, claim_folder
from workers.errors import TocsinError

HOLD = """
import sys
from pathlib import Path
from workers.broker import DataDirLock
DataDirLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_new_folder_is_made_and_marked(tmp_path: Path) -> None:
    """A folder that is missing is made for nobody but us, and known again."""
    folder = tmp_path / "a" / "b"
    lock = DataDirLock(folder)
    lock.acquire()
    lock.release()
    assert (folder / MARKER).exists()
    assert 0o700 == folder.stat().st_mode & 0o777
    (folder / "tocsin.db").touch()
    DataDirLock(folder).acquire()


def test_a_second_one_is_refused_with_the_pid(tmp_path: Path) -> None:
    """The error names the process that runs; when it is gone, however it went, we may."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as holder:
        assert holder.stdout is not None
        assert b"held\n" == holder.stdout.readline()
        with pytest.raises(TocsinError, match=f"in use: .*: by process {holder.pid} "):
            DataDirLock(tmp_path).acquire()
        holder.kill()
    DataDirLock(tmp_path).acquire()


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    """Somebody else's files and no mark: the error says what to do, and nothing is touched."""
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(TocsinError, match=r"holds 'thesis.doc' and no tocsin.dir \(name an empty"):
        DataDirLock(tmp_path).acquire()
    assert ["thesis.doc"] == [path.name for path in tmp_path.iterdir()]
    (tmp_path / MARKER).touch()
    DataDirLock(tmp_path).acquire()


def test_a_fresh_disk_is_empty_enough(tmp_path: Path) -> None:
    """What a fresh file system brings along is nobody's."""
    (tmp_path / "lost+found").mkdir()
    claim_folder(tmp_path)
    assert (tmp_path / MARKER).exists()


@pytest.mark.parametrize("make", [claim_folder, lambda path: DataDirLock(path).acquire()])
def test_a_path_that_cannot_be(tmp_path: Path, make: object) -> None:
    """A file where the folder should be is told as such."""
    (tmp_path / "file").touch()
    with pytest.raises(TocsinError, match="data folder cannot be used"):
        make(tmp_path / "file" / "folder")  # type: ignore[operator]


def test_a_lock_is_taken_once_and_can_be_taken_again(tmp_path: Path) -> None:
    """Taking twice is no error, releasing lets the next one in, two objects exclude each other."""
    one, two = FileLock(tmp_path / "l"), FileLock(tmp_path / "l")
    assert [True, True, False] == [one.acquire(), one.acquire(), two.acquire()]
    assert os.getpid() == two.holder()
    one.release()
    one.release()
    assert two.acquire()
    assert (False, True) == (one.held, two.held)


def test_a_lock_file_that_cannot_be_made(tmp_path: Path) -> None:
    """A lock without a folder is an error of ours, and names nobody."""
    lock = FileLock(tmp_path / "none" / "l")
    assert lock.holder() is None
    with pytest.raises(TocsinError, match="cannot lock"):
        lock.acquire()
