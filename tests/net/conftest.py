"""Servers on loopback that behave as they are told, and a fetcher that may reach them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from workers.model.net import Fetch
from workers.net import HttpFetcher
from workers.options import NetOptions

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], Awaitable[str]]
Get = Callable[[str], Fetch]

LIMIT = 256 * 1024


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start raw servers: the handler gets the request's head and writes what it likes."""
    servers: list[asyncio.Server] = []
    tasks: set[asyncio.Task[None]] = set()

    async def start(handler: Handler) -> str:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                while head := await reader.readuntil(b"\r\n\r\n"):
                    await handler(head, writer)
                    await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            except asyncio.CancelledError:
                pass
            finally:
                tasks.discard(task)
                writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def fetcher() -> AsyncIterator[HttpFetcher]:
    """A fetcher whose limits are short, with our own loopback opened."""
    made = HttpFetcher(
        NetOptions(
            allow=("127.0.0.0/8",),
            connect_s=2.0,
            read_s=0.4,
            total_s=0.8,
            user_agent="Tocsin/test",
        )
    )
    yield made
    await made.close()


@pytest.fixture
def get() -> Get:
    """Make a fetch with small limits."""

    def make(url: str) -> Fetch:
        return Fetch(url=url, wire_bytes=LIMIT, body_bytes=LIMIT)

    return make
