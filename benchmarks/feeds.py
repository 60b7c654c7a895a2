"""What reading a feed costs, beside feedparser: `python -m benchmarks.feeds [FOLDER]`.

CPU time of one process, each document read by one after the other, so that every ratio is of one
moment. FOLDER holds feeds as they were sent, plain or ``.gz``; without one, feeds are made up.

* full: all entries told apart (identity, link, title, dates), the texts left until somebody asks;
* full, with texts: all texts of all entries made too, which only the first poll of a feed needs;
* 1 new of 30: the entries known but one, whose text is made, which is what polls do all day.
"""

import argparse
import gzip
import io
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from random import Random
from statistics import median

import feedparser

from benchmarks.articles import WORDS
from benchmarks.peers.environments import NotInstalled, python_of
from workers.feeds import made, read_again, read_feed
from workers.feeds.marks import pack, unpack
from workers.model.ids import entry_id

__all__ = ["main"]

NOW = datetime(2026, 11, 1, tzinfo=UTC)
URL = "https://wire.example/feed"
MADE_UP, ITEMS = 40, 30
LEAST_S, LEAST_TIMES = 0.02, 3
"""A reading is repeated for so long, and so often, and the quickest counts."""
ENOUGH = 20
"""Entries of a document that says something about reading one new of many."""
REACH = {"full": 40, "1 new of 30": 100}


@dataclass(frozen=True)
class Costs:
    """CPU seconds of reading one document in each way; ways that did not work are missing."""

    name: str
    entries: int
    ways: dict[str, float]


def main() -> None:
    """Read all, and print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", nargs="?", type=Path, help="feeds, plain or .gz")
    asked.add_argument("--peers", default="fastfeedparser", help='by name, "" for none')
    told = asked.parse_args()
    feeds = _in(told.folder) if told.folder else made_up(MADE_UP)
    found = [costs(name, body) for name, body in feeds]
    for peer in filter(None, told.peers.split(",")):
        try:
            _add(found, peer, feeds)
        except (NotInstalled, subprocess.SubprocessError) as error:
            print(f"{peer}: not measured: {error}")
    size = sum(len(body) for _, body in feeds) / 1e6
    print(f"{len(found)} feeds, {size:.1f} MB, {sum(one.entries for one in found)} entries\n")
    print(render(found))


def _in(folder: Path) -> list[tuple[str, bytes]]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    read = ((path.name, path.read_bytes()) for path in files)
    return [(name, gzip.decompress(raw) if name.endswith(".gz") else raw) for name, raw in read]


def costs(name: str, body: bytes) -> Costs:
    """Read one document in every way."""
    ways = {
        "feedparser": _cpu(lambda: feedparser.parse(io.BytesIO(body)), once=True),
        "feedparser, nothing cleaned": _cpu(
            lambda: feedparser.parse(
                io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False
            ),
            once=True,
        ),
        "full": _cpu(lambda: read_feed(body, URL, "", NOW)),
        "full, with texts": _cpu(lambda: _whole(body)),
    }
    first = read_again(body, URL, "", NOW)
    if len(first.marks) >= ENOUGH:
        ids = [entry_id("fee_1", entry.identity) for entry in first.entries]
        known = pack(first.frame, list(zip(first.marks, ids, strict=True))[1:])
        assert len(read_again(body, URL, "", NOW, seen=unpack(known)).entries) == 1  # noqa: S101
        ways["1 new of 30"] = _cpu(lambda: _news(body, known))
    return Costs(name=name, entries=len(first.entries), ways=ways)


def _whole(body: bytes) -> None:
    for entry in read_feed(body, URL, "", NOW).entries:
        made(entry)


def _news(body: bytes, known: bytes) -> None:
    for entry in read_again(body, URL, "", NOW, seen=unpack(known)).entries:
        made(entry)


def _cpu(work: Callable[[], object], *, once: bool = False) -> float:
    """Return the CPU seconds of the quickest of some runs; one says enough of what takes long."""
    best = total = 0.0
    times = 0
    while total < LEAST_S or (times < LEAST_TIMES and not once):
        began = time.process_time()
        work()
        took = time.process_time() - began
        best = min(best or took, took)
        total, times = total + took, times + 1
    return best


def _add(found: list[Costs], peer: str, feeds: Sequence[tuple[str, bytes]]) -> None:
    """Have a peer read the same documents in its own environment."""
    script = Path(__file__).parent / "peers" / f"of_{peer}.py"
    with tempfile.TemporaryDirectory() as folder:
        for number, (_, body) in enumerate(feeds):
            (Path(folder) / str(number)).write_bytes(body)
        done = subprocess.run(  # noqa: S603 - a script of ours
            [python_of(peer), script, folder], capture_output=True, text=True, check=True
        )
    for one, took in zip(found, json.loads(done.stdout), strict=True):
        if took is not None:
            one.ways[peer] = took


def render(found: Sequence[Costs]) -> str:
    """Return the table."""
    lines = [
        "| | feeds | ms a feed | times faster than feedparser, in sum | median of feeds | reach |",
        "|---|---|---|---|---|---|",
    ]
    for way in dict.fromkeys(way for one in found for way in one.ways):
        some = [one.ways for one in found if way in one.ways]
        mine = sum(ways[way] for ways in some)
        sums = sum(ways["feedparser"] for ways in some) / mine
        middle = median(ways["feedparser"] / ways[way] for ways in some)
        reach = f"≥ {REACH[way]}" if way in REACH else ""
        shown = f"{sums:.1f} | {middle:.1f}"
        lines.append(
            f"| {way} | {len(some)} | {1000 * mine / len(some):.3f} | {shown} | {reach} |"
        )
    return "\n".join(lines)


# ── feeds made up ───────────────────────────────────────────────────────────────────────────────


def made_up(count: int) -> list[tuple[str, bytes]]:
    """Return feeds of 30 entries; the same ones each time.

    Half of them have whole articles, as blogs do, the others a paragraph, as news agencies.
    """
    kinds = (_rss, _rss, _rss, _atom, _xhtml)
    return [
        (f"{number}", kinds[number % len(kinds)](Random(number), 12 if number % 2 else 1))
        for number in range(count)
    ]


def _sentence(dice: Random) -> str:
    return f"{' '.join(dice.choices(WORDS, k=dice.randint(8, 24))).capitalize()}."


def _markup(dice: Random, paragraphs: int) -> str:
    parts = []
    for number in range(paragraphs):
        said = " ".join(_sentence(dice) for _ in range(4))
        link = (
            f'<a href="https://wire.example/{dice.random()}" rel="nofollow">{_sentence(dice)}</a>'
        )
        parts.append(f'<p class="text">{said} {link} <em>{_sentence(dice)}</em> &amp; more</p>\n')
        if number % 3 == 2:  # noqa: PLR2004
            picture = f'<img src="https://wire.example/{number}.jpg" alt="{_sentence(dice)}"/>'
            parts.append(f"<figure>{picture}<figcaption>{said}</figcaption></figure>\n")
        if number % 4 == 3:  # noqa: PLR2004
            parts.append(f"<ul><li>{_sentence(dice)}</li><li>{_sentence(dice)}</li></ul>\n")
    return "".join(parts)


def _rss(dice: Random, paragraphs: int) -> bytes:
    items = []
    for place in range(ITEMS):
        url = f"https://wire.example/2026/{dice.randint(1, 10_000_000)}/{place}/"
        at = format_datetime(NOW - timedelta(hours=3 * place))
        text = _markup(dice, paragraphs)
        items.append(
            f"<item><title>{_sentence(dice)}</title>\n<link>{url}</link>\n"
            f"<dc:creator><![CDATA[{_sentence(dice)[:20]}]]></dc:creator>\n<pubDate>{at}</pubDate>"
            f"<category><![CDATA[news]]></category><guid isPermaLink='false'>{url}?p</guid>\n"
            f"<description><![CDATA[<p>{_sentence(dice)}</p>]]></description>\n"
            f"<content:encoded><![CDATA[{text}]]></content:encoded></item>\n"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Wire</title>'
        f"<link>https://wire.example/</link><language>en</language>{''.join(items)}</channel></rss>"
    ).encode()


def _atom(dice: Random, paragraphs: int) -> bytes:
    return _entries(
        dice, lambda: f'<content type="html">{escape(_markup(dice, paragraphs))}</content>'
    )


def _xhtml(dice: Random, paragraphs: int) -> bytes:
    return _entries(
        dice,
        lambda: (
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
            f"{_markup(dice, paragraphs)}</div></content>"
        ),
    )


def _entries(dice: Random, content: Callable[[], str]) -> bytes:
    entries = []
    for place in range(ITEMS):
        at = (NOW - timedelta(hours=3 * place)).isoformat()
        entries.append(
            f'<entry><title type="html">{_sentence(dice)}</title><author><name>A</name></author>'
            f'<link rel="alternate" type="text/html" href="https://wire.example/{place}"/>'
            f"<id>tag:wire.example,2026:{place}</id><published>{at}</published>"
            f'<updated>{at}</updated><category term="news"/>{content()}</entry>\n'
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>Wire</title><id>urn:wire</id>{''.join(entries)}</feed>"
    ).encode()


if __name__ == "__main__":
    main()
