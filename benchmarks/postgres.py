"""A PostgreSQL of a benchmark's own, with its usual care for the disk."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

__all__ = ["Postgres", "postgres"]

START_S = 30.0


class Postgres:
    """A running server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def pid(self) -> int:
        """Return the process id of the server."""
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://tocsin@/{database}?host={self._folder}"

    def ask(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement by itself; return its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as conn:
            cursor = conn.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def postgres() -> Iterator[Postgres | None]:
    """Run a server on a socket; None if there is none on the PATH."""
    initdb, server = shutil.which("initdb"), shutil.which("postgres")
    if initdb is None or server is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="tpg"))
    usual = _user(folder)
    data = str(folder / "data")
    subprocess.run(  # noqa: S603 - the server of the PATH, our own arguments
        [initdb, "-D", data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--locale=C"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        **usual,
    )
    process = subprocess.Popen(  # noqa: S603 - as above
        [server, "-D", data, "-k", str(folder), "-h", ""],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        **usual,
    )
    one = Postgres(folder)
    try:
        _wait(one)
        yield one
    finally:
        process.send_signal(signal.SIGINT)  # cuts connections that were left open
        process.wait(START_S)
        shutil.rmtree(folder)


def _user(folder: Path) -> dict[str, Any]:
    """Return whom the server runs as: it refuses to be root."""
    if os.getuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _wait(one: Postgres) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            one.ask("SELECT 1")
        except psycopg.Error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
