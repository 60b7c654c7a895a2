"""Pages that mean harm, through fetching and the pool.

Each ends with a verdict or a reason, in bounded time and memory. Meanwhile a page that means no
harm is read as always, and the event loop has its turns. The usual run takes every fourth page of
a group, of those that take long a few; the thorough one all.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing import active_children
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from hostile.pages import GROUPS, PAGES
from hostile.pages_talk import END, PROSE, START, Page
from hostile.watch import Watch
from monitor import shipped
from workers.errors import Permanent, Transient
from workers.model.article import Extracted, FetchedPage
from workers.model.net import Fetch
from workers.model.urgency import LATER, NOW
from workers.net import HttpFetcher
from workers.options import NetOptions, PageOptions
from workers.pages import PageRules
from workers.pool import ProcessPool, read_page

OPTIONS = PageOptions()
NET = NetOptions(allow=("127.0.0.1/32",), user_agent="Tocsin/test")
STALL_S = 0.25
PROCESS_MIB = 600
"""Of one process that reads, at its peak: two of them and the daemon have 1.5 GiB."""
SPARSE = {"floods": 16, "slow words": 24}
"""Groups whose pages take seconds each: of so many one is read in the usual run."""
USUAL = {group: pages[:: SPARSE.get(group, 4)] for group, pages in GROUPS.items()}
VERDICTS = {"article", "doubtful", "not_article", "thin", "unreadable"}
HEALTHY = FetchedPage(url="https://a.example/y", body=(START + PROSE * 3 + END).encode())
LEAKED = "root:x:0:0"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[ProcessPool]:
    """One pool for all: what a page leaves behind in a process, the next finds."""
    made = ProcessPool(2, OPTIONS.memory_bytes, 1000, PageRules(cues=shipped.cues()))
    await made.warm()
    yield made
    await made.close()


@asynccontextmanager
async def publisher(pages: list[Page], bodies: list[bytes]) -> AsyncIterator[str]:
    """Serve these pages by their number, each under the encoding that it claims."""

    async def answer(request: web.Request) -> web.Response:
        number = int(request.path.strip("/"))
        page = pages[number]
        headers = {"Content-Type": page.content_type}
        if page.encoding:
            headers["Content-Encoding"] = page.encoding
        return web.Response(body=bodies[number], headers=headers)

    app = web.Application()
    app.router.add_get("/{number}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def arrived(fetcher: HttpFetcher, url: str) -> bytes | str:
    """Return what arrives of a page that has an encoding, or why nothing does."""
    limits = {"wire_bytes": OPTIONS.wire_bytes, "body_bytes": OPTIONS.body_bytes}
    try:
        return (await fetcher.get(Fetch(url=url, **limits))).body
    except (Transient, Permanent) as error:
        return error.reason


async def wrong_with(pool: ProcessPool, page: Page, body: bytes) -> str:
    """Read a page; return what is wrong with how that ended, "" if nothing is."""
    fetched = FetchedPage(url=page.url, body=body, content_type=page.content_type)
    try:
        got: Extracted = await pool.call_at(LATER, OPTIONS.timeout_s, read_page, fetched)
    except Transient as error:
        return "" if error.reason in {"timeout", "crash"} else repr(error)
    if got.verdict not in VERDICTS or any("Error" in reason for reason in got.reasons):
        return f"{got.verdict}: {got.reasons}"
    got.text.encode()  # raises where a lone surrogate is left
    return "leaked a file" if LEAKED in got.text else ""


def peak_mib() -> float:
    """Return the most memory that any process of the pool has had."""
    peaks = [0.0]
    for child in active_children():
        lines = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii").splitlines()
        peaks += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return max(peaks)


async def run(pool: ProcessPool, pages: list[Page]) -> None:
    """Read all of these, two at a time, and between them what means no harm."""
    wrong, slots = [], asyncio.Semaphore(2)
    bodies = [page.make() for page in pages]  # before anything is watched
    watch, fetcher = Watch(), HttpFetcher(NET)
    asyncio.get_running_loop().set_debug(False)  # it would stall by itself
    ticking = asyncio.create_task(watch.tick())

    async def one(number: int, site: str) -> None:
        async with slots:
            page = pages[number]
            body = bodies[number]
            if page.encoding:
                body = await arrived(fetcher, f"{site}/{number}")
            if isinstance(body, bytes) and (told := await wrong_with(pool, page, body)):
                wrong.append(f"{page.name}: {told}")
            if isinstance(body, str) and body not in {"payload", "tooLarge"}:
                wrong.append(f"{page.name}: {body}")
            healthy = await pool.call_at(NOW, 60.0, read_page, HEALTHY)
            if "ferry will stop" not in healthy.text:
                wrong.append(f"a good page beside {page.name}: {healthy.reasons}")

    try:
        async with publisher(pages, bodies) as site:
            await asyncio.gather(*(one(number, site) for number in range(len(pages))))
    finally:
        ticking.cancel()
        await fetcher.close()
    assert not wrong, "\n".join(wrong)
    assert max(watch.stalls) < STALL_S
    assert peak_mib() < PROCESS_MIB


def test_there_are_enough_pages() -> None:
    """The table has at least 250 pages, each under a name of its own within its group."""
    assert len(PAGES) >= 250
    assert sum(map(len, USUAL.values())) >= 50
    for group in GROUPS.values():
        assert len({page.name for page in group}) == len(group)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("group", GROUPS)
async def test_some(pool: ProcessPool, group: str) -> None:
    """Some pages of the group are bounded in outcome, time and memory, and harm nobody."""
    await run(pool, USUAL[group])


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("group", GROUPS)
async def test_all(pool: ProcessPool, group: str) -> None:
    """Every page of the group is bounded in outcome, time and memory, and harms nobody."""
    await run(pool, GROUPS[group])


def test_by_hand(tmp_path: Path) -> None:
    """`tocsin pages try --batch` answers for each of them in one line, in order."""
    pages = [group[1] for group in GROUPS.values()]
    listed = []
    for number, page in enumerate(pages):
        (tmp_path / f"{number}.html").write_bytes(page.make())
        listed.append(f"{tmp_path / f'{number}.html'}\thttps://a.example/{number}\n")
    (tmp_path / "list").write_text("".join(listed))
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "monitor", "pages", "try", "--batch", str(tmp_path / "list")],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [f"https://a.example/{number}" for number in range(len(pages))] == [
        one["url"] for one in told
    ]
    assert all(one["verdict"] in VERDICTS for one in told)
