"""What reads the pages: ours in both modes, trafilatura alone, and peers as processes.

All read the same page in turn, then the next, so that ratios of CPU time are of one moment. Ours
gets bytes, headers unknown; all others get the decoded text, which costs them nothing.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import html
from trafilatura import extract as extract_by_trafilatura
from trafilatura.metadata import extract_metadata
from trafilatura.settings import Document

from benchmarks.pages_data import Sample
from benchmarks.peers.environments import python_of
from monitor import shipped
from workers.model.article import Extracted, FetchedPage
from workers.pages import PageRules, extract
from workers.pages.decode import decode

__all__ = [
    "MODES",
    "TRAFILATURA",
    "YARDSTICK",
    "Answer",
    "Peer",
    "Reader",
    "metadata_of",
    "readers",
]

MODES = {"precision": "tocsin", "throughput": "tocsin, throughput"}
YARDSTICK = "trafilatura, with metadata"
"""``extract(with_metadata=True)``, against which CPU time is compared."""
TRAFILATURA: dict[str, dict[str, bool]] = {
    YARDSTICK: {"with_metadata": True},
    "trafilatura": {"include_comments": False},
    "trafilatura, precision": {"include_comments": False, "favor_precision": True},
    "trafilatura, recall": {"include_comments": False, "favor_recall": True},
    "trafilatura, fast": {"include_comments": False, "fast": True},
}
"""Options of ``trafilatura.extract``."""


@dataclass(frozen=True)
class Answer:
    """What one of them made of a page."""

    text: str
    cpu_s: float
    extracted: Extracted | None = None
    """All that ours says."""


Reader = Callable[[Sample], Answer]


class Peer:
    """A peer's process, which answers a line with a line."""

    def __init__(self, name: str) -> None:
        """Start it.

        Raises:
            NotInstalled: its environment cannot be made.
        """
        self._name = name
        script = Path(__file__).parent / "peers" / f"of_{name}.py"
        self._process = subprocess.Popen(  # noqa: S603 - a script of ours
            [python_of(name), script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, sample: Sample) -> Answer:
        """Have a page read.

        Raises:
            RuntimeError: the process has ended.
        """
        page = json.dumps({"html": _decoded(sample), "url": sample.url})
        assert self._process.stdin  # noqa: S101 - both are pipes
        assert self._process.stdout  # noqa: S101
        with suppress(BrokenPipeError):
            self._process.stdin.write(page + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended while it read {sample.file}")
        told = json.loads(line)
        return Answer(text=told["text"], cpu_s=told["cpu_s"])


def readers(
    modes: Iterable[str], others: Iterable[str], peers: Iterable[str]
) -> dict[str, Reader]:
    """Return those that are asked for, by name, in the order of the table."""
    found: dict[str, Reader] = {MODES[mode]: _ours(mode) for mode in modes}
    found |= {name: _trafilatura(TRAFILATURA[name]) for name in others}
    return found | {peer: Peer(peer) for peer in peers}


def _decoded(sample: Sample) -> str:
    return decode(sample.body)[0].replace("\x00", "")


def _ours(mode: Any) -> Reader:  # noqa: ANN401 - a word that the rules check
    rules = PageRules(cues=shipped.cues(), mode=mode)

    def read(sample: Sample) -> Answer:
        page = FetchedPage(url=sample.url, body=sample.body)
        began = time.process_time()
        found = extract(page, rules, time.process_time)
        return Answer(text=found.text, cpu_s=time.process_time() - began, extracted=found)

    return read


def _trafilatura(options: dict[str, bool]) -> Reader:
    def read(sample: Sample) -> Answer:
        markup = _decoded(sample)
        began = time.process_time()
        try:
            text = extract_by_trafilatura(markup, url=sample.url, **options)
        except Exception:  # noqa: BLE001 - what it makes nothing of has no text
            text = None
        return Answer(text=text or "", cpu_s=time.process_time() - began)

    return read


def metadata_of(sample: Sample) -> tuple[Document | None, float]:
    """Return what trafilatura's reader of metadata says, and its CPU seconds on a parsed page."""
    try:
        tree = html.document_fromstring(_decoded(sample).encode())
    except (ValueError, TypeError, AssertionError):
        return None, 0.0
    began = time.process_time()
    try:
        found = extract_metadata(tree, default_url=sample.url)
    except Exception:  # noqa: BLE001 - what it makes nothing of says nothing
        found = None
    return found, time.process_time() - began
