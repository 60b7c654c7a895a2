"""Listening: a TCP address, a unix socket, or nothing."""

import errno
import os
from pathlib import Path

import structlog
from aiohttp import web

from workers.errors import TocsinError

__all__ = ["CannotListen", "Served", "serve"]

SHUTDOWN_S = 1.0
"""For requests that are under way at the end: asking takes milliseconds."""
_log = structlog.get_logger()


class CannotListen(TocsinError):
    """The address is taken or not ours: another must be given in ``[web] listen``."""


class Served:
    """An application that is being served at ``address`` (a base URL or ``unix:`` path)."""

    def __init__(self, runner: web.AppRunner, address: str) -> None:
        self._runner = runner
        self.address = address

    async def close(self) -> None:
        """Serve no more."""
        await self._runner.cleanup()


async def serve(app: web.Application, listen: str, *, next_free: bool = False) -> Served:
    """Serve ``app`` at ``host:port`` or ``unix:/path``.

    With ``next_free`` the next hundred ports are tried where the first is taken.

    Raises:
        CannotListen: it is taken, or not an address of this machine.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=SHUTDOWN_S,
        auto_decompress=False,  # what hubs send is signed as sent, and inflated within limits
    )
    await runner.setup()
    try:
        if listen.startswith("unix:"):
            await _serve_unix(runner, Path(listen.removeprefix("unix:")))
            return Served(runner, listen)
        host, _, port = listen.rpartition(":")
        return await _serve_tcp(runner, host.strip("[]"), int(port), 100 if next_free else 1)
    except OSError as error:
        await runner.cleanup()
        raise CannotListen(
            f"cannot listen: {listen}: {_reason(error)}; set another address in [web] listen "
            "(each `tocsin run` on a machine needs one of its own; --processes share one)"
        ) from error


def _reason(error: OSError) -> str:
    """Return the cause without the address, which asyncio repeats in its own words."""
    return os.strerror(error.errno) if error.errno else str(error)


async def _serve_unix(runner: web.AppRunner, path: Path) -> None:
    """Serve on a socket that only this user can open, from its first moment on."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # noqa: ASYNC240 - once, at the start
    before = os.umask(0o177)
    try:
        await web.UnixSite(runner, str(path)).start()
    finally:
        os.umask(before)


async def _serve_tcp(runner: web.AppRunner, host: str, port: int, tries: int) -> Served:
    for candidate in range(port, port + tries):
        site = web.TCPSite(runner, host, candidate)
        try:
            await site.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or candidate == port + tries - 1:
                raise
            continue
        real = runner.addresses[-1][1]
        shown = f"[{host}]" if ":" in host else host
        if candidate != port:
            _log.info("port_taken", wanted=port, serving=real)
        return Served(runner, f"http://{shown}:{real}")
    raise OSError(errno.EADDRINUSE, "address in use")
