"""Row 13: a database that is full, locked, killed or cut off. What is not stored is not done."""

import asyncio
import resource
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chaos.ground import Ground, Tally, until
from chaos.servers import RedisServer
from chaos.setups import Setup, over

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
DISK_BYTES = 24 << 20
LINGER_S = 0.02


async def _unstored(ground: Ground) -> set[str]:
    """Return what had its effect, is not stored as sent, and lies in no stream any more."""
    effects = set(ground.runs())
    entries = set(ground.entries())
    jobs = {id_: await ground.store.load_delivery(id_) for id_ in effects - entries}
    return {id_ for id_, job in jobs.items() if job is not None and job.state != "sent"}


async def _outage(ground: Ground, lasts_s: float) -> int:
    """Let an outage last, looking all the while; return the effects at its end."""
    loop = asyncio.get_running_loop()
    until_ = loop.time() + lasts_s
    while loop.time() < until_:
        assert not await _unstored(ground), "acknowledged, but not stored"
        await asyncio.sleep(0.1)
    return ground.done()


@pytest.fixture
def disk(folder: Path) -> Iterator[Path]:
    """A small disk of the database's own."""
    place = folder / "disk"
    place.mkdir()
    size = f"size={DISK_BYTES}"
    mount = ["mount", "-t", "tmpfs", "-o", size, "none", str(place)]
    made = subprocess.run(mount, capture_output=True, check=False)  # noqa: S603 - the row's own
    if made.returncode:
        pytest.skip(f"no small disk can be mounted: {made.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S603, S607 - the same


@pytest.fixture
async def small_ground(
    setup: Setup, folder: Path, server: RedisServer, disk: Path
) -> AsyncIterator[Ground]:
    """A ground whose database is on the small disk."""
    one = await Ground.made(setup, folder, str(disk / "tocsin.db"), server)
    yield one
    await one.close()


@pytest.mark.thorough
@over(database="sqlite")
async def test_row_13_the_disk_is_full(small_ground: Ground, tally: Tally, disk: Path) -> None:
    """With not a byte left nothing is acknowledged that is not stored; then work goes on."""
    ground = small_ground
    await ground.accept(300)
    crew = await ground.staff(linger_s=LINGER_S)
    await until(lambda: ground.done() >= 60, "effects")
    filler = disk / "filler"
    _fill(filler)
    at_the_end = await _outage(ground, 2 * ground.lease_s)
    open_then = await ground.open()
    filler.unlink()
    await ground.all_done()
    tally.line(
        "disk full",
        ground.ids,
        ground.runs(),
        bound=f"nothing acknowledged that is not stored; {at_the_end} effects then",
    )
    assert open_then > 0, "the disk was never full"
    assert all(one.alive for one in crew)


def _fill(filler: Path) -> None:
    piece = 1 << 20
    with filler.open("wb", buffering=0) as file:
        while piece:
            try:
                file.write(b"x" * piece)
            except OSError:
                piece //= 2


@pytest.mark.thorough
@over(database="sqlite")
async def test_row_13_writes_are_refused(ground: Ground, tally: Tally) -> None:
    """The same where the system refuses to let files grow."""
    await ground.accept(300)
    crew = await ground.staff(linger_s=LINGER_S)
    await until(lambda: ground.done() >= 60, "effects")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    least = (ground.folder / "ledger").stat().st_size + (64 << 10)  # effects must go on
    for one in crew:
        resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (least, hard))
    at_the_end = await _outage(ground, 2 * ground.lease_s)
    open_then = await ground.open()
    for one in crew:
        resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (hard, hard))
    await ground.all_done()
    tally.line(
        "the system refuses writes",
        ground.ids,
        ground.runs(),
        bound=f"nothing acknowledged that is not stored; {at_the_end} effects then",
    )
    assert open_then > 0, "no write was ever refused"
    assert all(one.alive for one in crew)


@over(database="sqlite")
@pytest.mark.parametrize(
    ("lasts_s", "busy_s"),
    [(3.0, 0.5), pytest.param(20.0, 5.0, marks=pytest.mark.thorough)],
    ids=["3 s", "20 s"],
)
async def test_row_13_the_database_is_locked(
    ground: Ground, tally: Tally, lasts_s: float, busy_s: float
) -> None:
    """Somebody else holds the lock for longer than anybody waits for it."""
    ground.busy_s = busy_s
    await ground.accept(300)
    crew = await ground.staff(linger_s=LINGER_S)
    await until(lambda: ground.done() >= 60, "effects")
    with sqlite3.connect(ground.database, timeout=30, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        at_the_end = await _outage(ground, lasts_s)
        open_then = await ground.open()
        holder.execute("ROLLBACK")
    holder.close()
    await ground.all_done()
    tally.line(
        f"database locked for {lasts_s:.0f} s",
        ground.ids,
        ground.runs(),
        bound=f"nothing acknowledged that is not stored; {at_the_end} effects then",
    )
    assert open_then > 0, "nothing was waiting"
    assert all(one.alive for one in crew)


@over(database="postgresql")
@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT], ids=["killed", "restarted"])
async def test_row_13_the_server_ends(
    ground: Ground, tally: Tally, postgres, how: signal.Signals
) -> None:
    """PostgreSQL ends at once or in good order, three times, and comes back."""
    await ground.accept(300)
    crew = await ground.staff(linger_s=LINGER_S)
    for round_ in range(1, 4):
        await until(lambda least=round_ * 50: ground.done() >= least, "effects")
        await asyncio.to_thread(postgres.stop, how)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(postgres.start)
    await ground.all_done()
    tally.line(
        f"PostgreSQL {how.name}, 3 times",
        ground.ids,
        ground.runs(),
        bound="nothing acknowledged that is not stored",
    )
    assert all(one.alive for one in crew)


@over(database="postgresql")
async def test_row_13_connections_are_terminated(ground: Ground, tally: Tally, postgres) -> None:
    """Every connection is cut, again and again, wherever its transaction was."""
    await ground.accept(300)
    crew = await ground.staff(linger_s=LINGER_S)
    for round_ in range(1, 11):
        await until(lambda least=round_ * 20: ground.done() >= least, "effects")
        await asyncio.to_thread(
            postgres.ask,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = 'tocsin'",
        )
    await ground.all_done()
    assert not await _unstored(ground)
    tally.line(
        "connections terminated, 10 times",
        ground.ids,
        ground.runs(),
        bound="nothing acknowledged that is not stored",
    )
    assert all(one.alive for one in crew)
