"""Appends alerts to a file, and says sent once they are on the disk."""

import asyncio
import errno
from pathlib import Path

from workers.errors import Transient
from workers.model.alert import Notice
from workers.sinks.file.lines import Lines, NotAFile
from workers.sinks.file.options import FileOptions
from workers.sinks.file.render import render
from workers.sinks.own_thread import OwnThread

__all__ = ["FileSink"]

CLOSE_S = 1.0
"""How long closing waits for a disk that does not answer."""
_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EMFILE})


class FileSink:
    """Appends one line of JSON for each notice. Satisfies the port ``Sink``."""

    endpoint = ""
    """No breaker: a disk has no other side that could be spared."""

    def __init__(self, name: str, options: FileOptions) -> None:
        self._name = name
        self._lines = Lines(Path(options.path), options.rotate_bytes, options.keep)
        self._thread = OwnThread(f"tocsin-sink-{name}")

    @property
    def name(self) -> str:
        """Return the name it is configured by."""
        return self._name

    async def send(self, notice: Notice) -> str:
        """Write the notice, off the event loop, and return once it is stored for good.

        Raises:
            Transient: serverError for a full or failing disk, clientError for a path that cannot
                be written to.
        """
        try:
            await self._thread.submit(self._lines.append, render(notice))
        except OSError as error:
            raise _failure(error) from error
        return "written"

    async def reopen(self) -> None:
        """Let go of the file, so that the next line goes to whatever the path means then."""
        await self._thread.submit(self._lines.close)

    async def close(self) -> None:
        """Let go of the file; a disk that does not answer is not waited for."""
        closing = self._thread.submit(self._lines.close)
        self._thread.end()
        done, _ = await asyncio.wait((closing,), timeout=CLOSE_S)
        if done:
            await closing


def _failure(error: OSError) -> Transient:
    told = error.strerror or str(error)
    if error.errno in _PASSING:
        return Transient("serverError", f"cannot write: {told}")
    if isinstance(error, NotAFile):
        return Transient("clientError", f"cannot write: {told}")
    return Transient("clientError", f"cannot write: {told} (look at the path and its rights)")
