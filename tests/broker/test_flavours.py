"""Sentinel, Cluster, TLS and users: the same verbs, on real servers."""

import asyncio
import datetime as dt
import ipaddress
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis.crc import key_slot

from workers.broker import RedisBroker, clients, whereabouts
from workers.clock import SystemClock
from workers.errors import TocsinError, Transient
from workers.model.leases import Push

Until = Callable[..., Awaitable[None]]
Ports = Callable[[int], list[int]]
SLOT = key_slot(b"{tocsin}:epoch")
LOCAL = "127.0.0.1"


def pushes(*ids: str) -> list[Push]:
    """Return pushes of these ids."""
    return [Push(stream="ring", kind="page", id=id_) for id_ in ids]


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[str], RedisBroker]]:
    """Makes brokers by their address, not opened yet; they are closed at the end."""
    made: list[RedisBroker] = []

    def one(url: str) -> RedisBroker:
        made.append(RedisBroker(url, lease_s=0.5, clock=SystemClock(), consumer=f"c{len(made)}"))
        return made[-1]

    yield one
    for broker in made:
        await broker.close()


async def works(broker: RedisBroker, id_: str) -> bool:
    """Say whether an id goes all the way now: pushed, waited for, held and acknowledged."""
    try:
        await broker.push(pushes(id_))
        waiting = await broker.take(["ring"], 9, 0.05)
        await broker.renew(waiting)
        if not all([await broker.lease_ok(message) for message in waiting]):
            return False  # the server changed since
        await broker.acknowledge(waiting)
        await broker.outstanding(["ring", "pages:hot"])
        await broker.ping()
    except Transient:
        return False
    return id_ in {message.id for message in waiting}


# --- Sentinel


@pytest.fixture
async def watched(servers: Any, watcher: Any, free_ports: Ports, until: Until) -> Any:
    """A master, its replica, and a sentinel that asks for a password; all on TCP."""
    master, replica = servers(), servers()
    watcher.password = "spw"
    for server, port in zip((master, replica, watcher), free_ports(3), strict=True):
        server.port = port
        server.password = server.password or "pw"
    for server in (master, replica):
        server.start("--masterauth", "pw", "--repl-diskless-sync-delay", "0")
    watcher.start()
    with replica.client() as client, watcher.client() as sentinel:
        client.replicaof(LOCAL, str(master.port))
        sentinel.sentinel_monitor("main", LOCAL, master.port, 1)
        sentinel.sentinel_set("main", "auth-pass", "pw")
        sentinel.sentinel_set("main", "down-after-milliseconds", "500")
        sentinel.sentinel_set("main", "failover-timeout", "1000")

        async def ready() -> bool:
            linked = client.info("replication").get("master_link_status") == "up"
            seen = sentinel.sentinel_master("main")
            return linked and seen["num-slaves"] > 0 and seen["flags"] == "master"

        await until(ready)
    return master, replica, watcher


async def test_a_failover_is_followed(
    watched: Any, connect: Any, until: Until, free_port: int
) -> None:
    """The master dies: the broker goes on with the new one by itself, and nothing is lost."""
    master, replica, sentinel = watched
    broker = connect(
        f"redis+sentinel://:pw@{LOCAL}:{free_port},{LOCAL}:{sentinel.port}/main"
        "?sentinel_password=spw"
    )
    await broker.open()
    assert await works(broker, "a")
    await broker.push(pushes("kept"))
    with master.client() as client:
        client.wait(1, 1000)
    master.kill()

    async def back() -> bool:
        return await works(broker, "b")

    await until(back)
    assert replica.port == broker._link._clients.node[1]  # type: ignore[union-attr, index]
    assert {"ring": 0} == await broker.outstanding(["ring"])


async def test_a_master_that_was_made_a_replica_is_left(
    watched: Any, connect: Any, until: Until
) -> None:
    """A failover by hand leaves the old master up, read-only: the broker goes to the new one."""
    _, replica, sentinel = watched
    broker = connect(f"redis+sentinel://:pw@{LOCAL}:{sentinel.port}/main?sentinel_password=spw")
    await broker.open()
    assert await works(broker, "a")
    with sentinel.client() as client:
        failing = True
        while failing:
            try:
                client.execute_command("SENTINEL", "FAILOVER", "main")
                failing = False
            except redis.ResponseError:
                await asyncio.sleep(0.05)

        async def moved() -> bool:
            return client.sentinel_master("main")["port"] == replica.port  # type: ignore[no-any-return]

        await until(moved)

    async def back() -> bool:
        at = broker._link._clients.node[1]  # type: ignore[union-attr, index]
        return await works(broker, "b") and at == replica.port  # type: ignore[no-any-return]

    await until(back)


async def test_a_service_that_the_sentinels_do_not_know(watched: Any, connect: Any) -> None:
    """The error names those that they watch; one who is no sentinel is told as such."""
    master, _, sentinel = watched
    with pytest.raises(TocsinError, match=r"does not know the service: .*it watches main"):
        await connect(
            f"redis+sentinel://{LOCAL}:{sentinel.port}/other?sentinel_password=spw"
        ).open()
    with pytest.raises(TocsinError, match="not a Sentinel"):
        await connect(f"redis+sentinel://{LOCAL}:{master.port}/m?sentinel_password=pw").open()


async def test_no_sentinel_answers(connect: Any, free_ports: Ports) -> None:
    """Sentinels that are all away are an outage, not a mistake."""
    one, two = free_ports(2)
    with pytest.raises(Transient, match="No master found"):
        await connect(f"redis+sentinel://{LOCAL}:{one},{LOCAL}:{two}/main").open()


# --- Cluster


class Cluster:
    """Three masters, and one more that copies the one with our keys."""

    def __init__(self, nodes: list[Any]) -> None:
        self.nodes = nodes
        self.owner, self.second, self.third, self.copy = nodes
        self.address = "redis+cluster://" + ",".join(f"{LOCAL}:{n.port}" for n in nodes[:3])

    def each(self, *words: Any) -> list[Any]:
        """Tell all that live."""
        answers = []
        for node in self.nodes:
            if node.process.poll() is None:
                with node.client() as client:
                    answers.append(client.execute_command(*words))
        return answers


@pytest.fixture
async def cluster(servers: Any, free_ports: Ports, until: Until) -> Cluster:
    """A cluster on loopback, in good order."""
    nodes = [servers() for _ in range(4)]
    for node, port in zip(nodes, free_ports(4), strict=True):
        node.port = port
        node.start(
            "--cluster-enabled", "yes", "--cluster-node-timeout", "500",
            "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0",
            "--appendfsync", "everysec",
        )  # fmt: skip
    one = Cluster(nodes)
    spans = [(SLOT, SLOT), (0, SLOT - 1), (SLOT + 1, 16383)]
    for node, (first, last) in zip(nodes, spans, strict=False):
        with node.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            client.execute_command("CLUSTER", "MEET", LOCAL, nodes[0].port)

    async def knows_all() -> bool:
        return all(f"cluster_known_nodes:{len(nodes)}" in str(told) for told in _infos(one))

    with one.copy.client() as client:
        client.execute_command("CLUSTER", "MEET", LOCAL, nodes[0].port)
        await until(knows_all)
        with one.owner.client() as owner:
            id_ = owner.execute_command("CLUSTER", "MYID")
        client.execute_command("CLUSTER", "REPLICATE", id_)

        async def ready() -> bool:
            linked = client.info("replication").get("master_link_status") == "up"
            good = all("cluster_state:ok" in told for told in _infos(one))
            return linked and good

        await until(ready)
    return one


def _infos(cluster: Cluster) -> list[str]:
    infos = []
    for node in cluster.nodes:
        with node.client() as client:
            infos.append(client.connection_pool and _raw_info(client))
    return infos


def _raw_info(client: redis.Redis) -> str:
    client.set_response_callback("CLUSTER INFO", lambda told, **_: told)
    return str(client.execute_command("CLUSTER INFO"))


async def test_a_cluster_moves_and_fails_over(
    cluster: Cluster, connect: Any, until: Until
) -> None:
    """Every verb works; a slot that moves is followed, and so is a failover of its owner."""
    broker = connect(cluster.address)
    await broker.open()
    assert await works(broker, "a")
    await broker.schedule_feeds({"f": 0})
    assert ["f"] == [lease.feed for lease in await broker.claim_feeds(1, 30)]
    await broker.beat({"roles": ["poll"]})
    assert ["c0"] == [process["name"] for process in await broker.processes()]
    waiting = asyncio.create_task(broker.take(["pages:hot", "ring"], 5))
    await asyncio.sleep(0.05)
    await connect(cluster.address).push(pushes("woken"))
    assert ["woken"] == [message.id for message in await waiting]

    async def back() -> bool:
        return await works(broker, "b")

    cluster.owner.kill()
    await until(back)
    assert cluster.copy.port == broker._link._clients.node[1]  # type: ignore[union-attr, index]

    with cluster.second.client() as second, cluster.copy.client() as copy:

        async def told() -> bool:
            nodes = [node.split() for node in _nodes(second)]
            return any(_id_of(copy) == id_ and "master" in flags for id_, _, flags, *_ in nodes)

        await until(told)  # the others learn of a new master a little later than its clients
        copy.flushall()  # the slot moves without its keys, as if they had been moved one by one
        to = second.execute_command("CLUSTER", "MYID")
        second.execute_command("CLUSTER", "SETSLOT", SLOT, "IMPORTING", _id_of(copy))
        copy.execute_command("CLUSTER", "SETSLOT", SLOT, "MIGRATING", to)
        assert not await works(broker, "c")  # what asks elsewhere in mid-move is an outage
        for node in (copy, second):
            node.execute_command("CLUSTER", "SETSLOT", SLOT, "NODE", to)

    async def moved() -> bool:
        return await works(broker, "d")

    await until(moved)
    assert cluster.second.port == broker._link._clients.node[1]  # type: ignore[union-attr, index]


def _nodes(client: redis.Redis) -> list[str]:
    client.set_response_callback("CLUSTER NODES", lambda told, **_: told)
    told = client.execute_command("CLUSTER NODES")
    return (told.decode() if isinstance(told, bytes) else str(told)).splitlines()


def _id_of(client: redis.Redis) -> str:
    return str(client.execute_command("CLUSTER", "MYID"))


async def test_single_servers_and_clusters_are_told_apart(
    connect: Any, servers: Any, free_ports: Ports
) -> None:
    """Each taken for the other is refused at the start, with what to write."""
    single, part = servers(), servers()
    single.port, part.port = free_ports(2)
    single.start()
    part.start("--cluster-enabled", "yes")
    with pytest.raises(TocsinError, match=r"not a Redis Cluster: .*\(write redis:// for"):
        await connect(f"redis+cluster://{LOCAL}:{single.port}").open()
    with part.client() as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    with pytest.raises(TocsinError, match=r"part of a cluster: .*write redis\+cluster://"):
        await connect(f"redis://{LOCAL}:{part.port}").open()


async def test_no_node_of_the_cluster_answers(connect: Any, free_port: int) -> None:
    """Nodes that are all away are an outage."""
    with pytest.raises(Transient, match="no node knows who has our slot"):
        await connect(f"redis+cluster://{LOCAL}:{free_port}").open()


# --- TLS


class Papers:
    """An authority, and what it signed: a certificate for the server, one for us."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        self._authority = name
        ca = self._builder("authority", self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.ca = self._write("ca", ca)
        self.server = self._pair("server")
        self.client = self._pair("client")

    def _builder(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._authority)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
        )

    def _write(self, name: str, builder: x509.CertificateBuilder) -> Path:
        path = self.folder / f"{name}.pem"
        signed = builder.sign(self._key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return path

    def _pair(self, name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOCAL))])
        cert = self._write(name, self._builder(name, key).add_extension(address, critical=False))
        path = self.folder / f"{name}.key"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return cert, path

    def flags(self, port: int) -> list[str]:
        """Return how a server is told."""
        cert, key = self.server
        return [
            "--tls-port", str(port), "--tls-cert-file", str(cert), "--tls-key-file", str(key),
            "--tls-ca-cert-file", str(self.ca), "--tls-auth-clients", "yes",
        ]  # fmt: skip

    @property
    def query(self) -> str:
        """Our side of an address."""
        cert, key = self.client
        return f"ssl_ca_certs={self.ca}&ssl_certfile={cert}&ssl_keyfile={key}"


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    """Certificates of this test's own authority."""
    return Papers(tmp_path)


def start_with_tls(server: Any, *flags: str) -> None:
    """Start it; a server without TLS skips the test."""
    try:
        server.start(*flags)
    except AssertionError:
        pytest.skip(f"{server.program.name} was built without TLS")


async def test_tls_with_both_certificates(
    servers: Any, papers: Papers, connect: Any, free_port: int
) -> None:
    """With authority and client certificate every verb works; without them nobody gets in."""
    server = servers()
    start_with_tls(server, *papers.flags(free_port))
    broker = connect(f"rediss://{LOCAL}:{free_port}?{papers.query}")
    await broker.open()
    assert await works(broker, "a")
    with pytest.raises(Transient, match="certificate verify failed"):
        await connect(f"rediss://{LOCAL}:{free_port}").open()
    with pytest.raises(Transient):
        await connect(f"rediss://{LOCAL}:{free_port}?ssl_ca_certs={papers.ca}").open()
    with pytest.raises(Transient):
        await connect(f"redis://{LOCAL}:{free_port}").open()


async def test_a_cluster_over_tls(
    servers: Any, papers: Papers, connect: Any, free_port: int, until: Until
) -> None:
    """Asking for the owner of our slot goes by TLS too."""
    server = servers()
    start_with_tls(
        server, *papers.flags(free_port), "--cluster-enabled", "yes", "--tls-cluster", "yes"
    )
    with server.client() as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    broker = connect(f"rediss+cluster://{LOCAL}:{free_port}?{papers.query}")

    async def good() -> bool:
        return await works(broker, "a")

    await until(good)
    await broker.open()


# --- connections that fail in odd ways


class Between:
    """A proxy that can stop forwarding, or swallow an answer and hang up."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self.silent = False
        self.cut_next = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOCAL, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(str(self._socket))
        both = (self._pump(reader, back, back=False), self._pump(there, writer, back=True))
        tasks = {asyncio.create_task(pump) for pump in both}
        self._tasks |= tasks
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, back):
            end.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool
    ) -> None:
        while piece := await reader.read(65536):
            if back and self.cut_next:
                self.cut_next = False
                return
            if not self.silent:
                writer.write(piece)

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def between(server: Any) -> AsyncIterator[Between]:
    """A proxy before the server."""
    one = Between(server.socket)
    await one.start()
    yield one
    await one.stop()


async def test_a_reply_that_is_cut_after_the_command_was_applied(
    between: Between, connect: Any, raw: redis.Redis
) -> None:
    """A push whose answer is lost is tried once more, and makes no second entry."""
    broker = connect(f"redis://{LOCAL}:{between.port}")
    await broker.open()
    await broker.push(pushes("first"))
    between.cut_next = True
    assert [False] == await broker.push(pushes("x"))
    assert 2 == raw.xlen("{tocsin}:s:ring")
    taken = await broker.take(["ring"], 5, 0)
    between.cut_next = True
    await broker.acknowledge(taken)
    assert 0 == raw.xlen("{tocsin}:s:ring")


async def test_a_connection_that_goes_silent(
    between: Between, connect: Any, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    """Nothing comes back any more, and nobody hangs up: the wait ends, new connections work."""
    monkeypatch.setattr(clients, "ANSWER_S", 0.2)
    broker = connect(f"redis://{LOCAL}:{between.port}")
    await broker.open()
    assert await works(broker, "a")
    between.silent = True
    with pytest.raises(Transient):
        await broker.take(["ring"], 1, 0.05)
    between.silent = False

    async def back() -> bool:
        return await works(broker, "b")

    await until(back)


def test_the_waits_add_up_to_less_than_fifteen_seconds() -> None:
    """The longest wait of a command on a dead connection, and a look for another server."""
    connecting = clients.CONNECT_S + clients.ANSWER_S
    assert clients.ANSWER_S + connecting < 15
    assert 2 * whereabouts.ASK_S + clients.ANSWER_S < 15


async def test_a_frozen_master_is_left(watched: Any, connect: Any, until: Until) -> None:
    """A master that is stopped in mid-run, so that connections stay open, is left as well."""
    master, replica, sentinel = watched
    broker = connect(f"redis+sentinel://:pw@{LOCAL}:{sentinel.port}/main?sentinel_password=spw")
    clients_before = clients.ANSWER_S
    clients.ANSWER_S = 0.5
    try:
        await broker.open()
        assert await works(broker, "a")
        master.process.send_signal(signal.SIGSTOP)

        async def back() -> bool:
            return await works(broker, "b")

        await until(back)
        assert replica.port == broker._link._clients.node[1]  # type: ignore[union-attr, index]
    finally:
        clients.ANSWER_S = clients_before
