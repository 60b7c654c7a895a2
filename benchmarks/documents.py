"""Feeds on a local server: nginx where it is on the PATH, else aiohttp in a process of its own."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from aiohttp import web

__all__ = ["ALWAYS", "ASKED", "Documents", "documents"]

ITEMS = 30
ASKED, ALWAYS = "/asked/", "/always/"
"""Beginnings of paths: a conditional GET is answered 304 under the first alone."""
START_S = 10.0
_WORDS = (
    "harbour", "council", "valley", "bridge", "school", "ferry", "tunnel", "border", "grain",
    "price", "strike", "vote", "storm", "river",
)  # fmt: skip
_BORN = datetime(2026, 3, 1, tzinfo=UTC)
_NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  types {{ application/rss+xml xml; }}
  default_type application/rss+xml;
  keepalive_requests 1000000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port};
    location /asked/ {{ alias {folder}/feeds/; }}
    location /always/ {{ alias {folder}/feeds/; etag off; if_modified_since off; }}
  }}
}}
"""


class Documents:
    """Feeds of 30 items, about 30 kB each, and where they can be fetched."""

    def __init__(self, folder: Path, port: int, server: str) -> None:
        self.folder = folder
        self.server = server
        self._base = f"http://127.0.0.1:{port}"
        self._newest = ITEMS

    def urls(self, how: str, count: int) -> list[str]:
        """Return the addresses of the feeds."""
        return [f"{self._base}{how}{number}.xml" for number in range(count)]

    def write(self, count: int, *, newer: bool = False) -> None:
        """Write the feeds; ``newer`` ones list one new item, and the oldest no more."""
        self._newest += newer
        for number in range(count):
            path = self.folder / "feeds" / f"{number}.xml"
            made = path.with_suffix(".new")
            made.write_text(_feed(number, self._newest))
            os.utime(made, (1772500000 + self._newest,) * 2)  # another second for each edition
            made.replace(path)


def _feed(number: int, newest: int) -> str:
    items = "".join(_item(number, place) for place in range(newest, newest - ITEMS, -1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Wire {number}</title><link>https://wire{number}.example/</link>"
        f"<description>What happened</description><language>en</language>{items}</channel></rss>\n"
    )


def _item(number: int, place: int) -> str:
    said = " ".join(_WORDS[(number + place * 7 + at * at) % len(_WORDS)] for at in range(90))
    url = f"https://wire{number}.example/news/{place}"
    published = format_datetime(_BORN + timedelta(hours=place))
    return (
        f"<item><title>{said[:60]} {place}</title><link>{url}</link>"
        f'<guid isPermaLink="false">{number}-{place}</guid><pubDate>{published}</pubDate>'
        f"<dc:creator>Desk {number}</dc:creator><category>news</category>"
        f"<description><![CDATA[<p>{said[:200]}</p>]]></description>"
        f"<content:encoded><![CDATA[<p>{said[:300]}</p><p>{said[300:]}</p>]]></content:encoded></item>"
    )


@contextlib.contextmanager
def documents(folder: Path) -> Iterator[Documents]:
    """Serve what is written below ``folder``; the server ends with the block.

    Raises:
        RuntimeError: it does not answer.
    """
    (folder / "feeds").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if nginx is not None:
        config = folder / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, port=port))
        words = [nginx, "-c", str(config), "-e", str(folder / "error.log")]
    else:
        words = [sys.executable, "-P", "-m", "benchmarks.documents", str(folder), str(port)]
    process = subprocess.Popen(words)  # noqa: S603 - our own words
    try:
        _wait_for(port)
        yield Documents(folder, port, "nginx" if nginx else "aiohttp")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.02)
    raise RuntimeError("the server of the feeds does not answer")


def _serve(folder: Path, port: int) -> None:
    async def asked(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(folder / "feeds" / request.match_info["name"])

    async def always(request: web.Request) -> web.StreamResponse:
        body = (folder / "feeds" / request.match_info["name"]).read_bytes()
        return web.Response(body=body, content_type="application/rss+xml")

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/asked/{name:[0-9]+[.]xml}", asked)
        app.router.add_get("/always/{name:[0-9]+[.]xml}", always)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()

    asyncio.run(run())


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
