"""A mail relay that refuses, and that hangs up wherever it hurts."""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from chaos.ledger import Ledger, read_ledger

__all__ = ["MailRelay"]

NAME = re.compile(r"\bn\d+\b")


class MailRelay:
    """Treats each recipient by the part of the address before the @.

    ``busy`` gets a 451 at RCPT once a mail, ``full`` a 452 after the text once a mail, ``unknown``
    a 550 at RCPT and ``spam`` a 554 after the text always; ``cut-before`` and ``cut-after`` lose
    the connection before and after the final dot, once a mail. Everybody else gets what is sent.
    """

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        """Each command, of all connections."""
        self.message_ids: dict[str, set[str]] = {}
        """By recipient and entry."""
        self._path = folder / "mails"
        self._ledger = Ledger(self._path)
        self._seen: Counter[tuple[str, str]] = Counter()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1") -> str:
        """Begin to listen; return the address."""
        self._server = await asyncio.start_server(self._serve, host, 0)
        return f"smtp://{host}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Hang up."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self._ledger.close()

    def runs(self) -> dict[str, int]:
        """Return how often each recipient got the mail of each entry."""
        return dict(Counter(id_ for id_, _ in read_ledger(self._path)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            await self._talk(reader, lambda line: writer.write(line.encode() + b"\r\n"))
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()
        self._open.discard(task)

    async def _talk(self, reader: asyncio.StreamReader, say: Callable[[str], None]) -> None:
        say("220 relay")
        who = ""
        while line := (await reader.readline()).decode().strip():
            self.said.append(line)
            verb = line[:4].upper()
            if verb == "RCPT":
                who = line.partition("<")[2].partition("@")[0]
                say("550 unknown" if who == "unknown" else self._at_rcpt(who))
            elif verb == "DATA":
                say("354 go on")
                if not await self._text(reader, who, say):
                    return
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 relay")

    def _at_rcpt(self, who: str) -> str:
        """Refuse every second envelope of ``busy``: so each mail is refused about once."""
        if who != "busy":
            return "250 known"
        self._seen[who, ""] += 1
        return "451 later" if self._seen[who, ""] % 2 else "250 known"

    async def _text(
        self, reader: asyncio.StreamReader, who: str, say: Callable[[str], None]
    ) -> bool:
        """Take the text; return whether the connection stays open."""
        lines = []
        while (line := await reader.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        mail = message_from_bytes(b"".join(lines), policy=default)
        named = NAME.search(str(mail["Subject"]))
        name = named.group() if named else str(mail["Subject"])
        self._seen[who, name] += 1
        first = self._seen[who, name] == 1
        if who == "cut-before" and first:
            return False  # as if the dot had never come: nothing was taken
        if who == "spam":
            say("554 spam")
            return True
        if who == "full" and first:
            say("452 full")
            return True
        self._ledger.write(f"{who}:{name}")
        self.message_ids.setdefault(f"{who}:{name}", set()).add(str(mail["Message-ID"]))
        if who == "cut-after" and first:
            return False
        say("250 taken")
        return True
