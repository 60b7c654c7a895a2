"""The hostile servers, in a process of their own: what they burn is not counted against us.

It prints where it listens as one line of JSON, and then how many came to the forbidden address
whenever a line is written to it; it ends with its standard input.
"""

import asyncio
import contextlib
import ipaddress
import json
import socket
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hostile.cases import CASES
from hostile.talk import FORBIDDEN, GOOD, Case, Ports, Reply, Talk, document, resets, says, stalls

Start = asyncio.Server
RAW: dict[str, Reply] = {
    "garbage": says(b"\x16\x03\x03\x00\x05hello" * 9),
    "plain": says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "old": says(b"\x15\x03\x01\x00\x02\x02\x46"),  # an alert: protocol version
    "slammed": says(b""),
    "broken": resets(b""),
    "silent": stalls(b""),
}
"""Servers that never come to speak HTTP, by kind of port."""


def certificate(folder: Path, name: str, signer=None, **more) -> tuple[object, object, Path]:
    """Make a key and a certificate; return both, and the file that holds them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    ends = more.get("ends", now + timedelta(days=1))
    address = x509.IPAddress(ipaddress.ip_address(more.get("address", "127.0.0.1")))
    authority = more.get("authority", False)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer[1].subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(signer[0] if signer else key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    place = folder / f"{name}.pem"
    place.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key, made, place


def contexts(folder: Path) -> dict[str, ssl.SSLContext]:
    """Return what each kind of TLS server shows."""
    authority = certificate(folder, "authority", authority=True)[:2]
    past = datetime.now(UTC) - timedelta(days=2)
    shown = {
        "tls": certificate(folder, "tls", authority),
        "expired": certificate(folder, "expired", authority, ends=past),
        "wrong": certificate(folder, "wrong", authority, address="127.0.0.77"),
        "selfsigned": certificate(folder, "selfsigned"),
    }
    made = {}
    for kind, (_, _, place) in shown.items():
        made[kind] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made[kind].load_cert_chain(place)
    return made


def _full() -> list[socket.socket]:
    """Return a socket that listens and takes nobody any more, and those that wait there."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)  # noqa: FBT003
        one.connect_ex(listening.getsockname())
        waiting.append(one)
    return [listening, *waiting]


class Servers:
    """All of them."""

    def __init__(self) -> None:
        self.ports = Ports({})
        self.came = 0
        """How many connected to the forbidden address."""
        self._all: list[Start] = []
        self._full: list[socket.socket] = []

    async def start(self, folder: Path) -> None:
        """Listen everywhere."""
        await self._listen("http", self._by_path)
        for kind, context in contexts(folder).items():
            await self._listen(kind, self._by_path, tls=context)
        for kind, reply in RAW.items():
            await self._listen(kind, self._raw(reply))
        await self._listen("secret", self._count, host=FORBIDDEN)
        await self._listen("closed", self._count)
        closed = self._all.pop()
        closed.close()
        await closed.wait_closed()
        self._full = _full()
        self.ports.by["full"] = self._full[0].getsockname()[1]
        # the forbidden address listens where the others do, too: names may lead to either
        await self._listen("http, forbidden", self._count, FORBIDDEN, self.ports["http"])

    async def _listen(self, kind, talk, host="127.0.0.1", port=0, tls=None) -> None:
        server = await asyncio.start_server(talk, host, port, ssl=tls, limit=1 << 20)
        self._all.append(server)
        self.ports.by[kind] = server.sockets[0].getsockname()[1]

    async def _count(self, _reader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        writer.close()

    def _raw(self, reply: Reply):
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await reader.read(1)
                await reply(Talk(b"", "", writer, self.ports))

        return talk

    async def _by_path(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode("latin-1")
                await self._reply(path)(Talk(head, path, writer, self.ports))
                await writer.drain()

    def _reply(self, path: str) -> Reply:
        number = path.strip("/").split("/")[0].split("?")[0]
        if number.isdigit() and int(number) < len(CASES):
            case: Case = CASES[int(number)]
            return case.reply
        return document(GOOD)


async def main(folder: Path) -> None:
    """Serve until nobody asks any more."""
    servers = Servers()
    await servers.start(folder)
    print(json.dumps(servers.ports.by), flush=True)  # noqa: T201
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(servers.came, flush=True)  # noqa: T201


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1])))
