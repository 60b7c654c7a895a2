"""How well and how fast pages are read: `python -m benchmarks.pages [--data DIR]`.

DIR holds ``truth.jsonl`` (a page a line: file, url, set, type, and where known text, title,
author, date, lang) and the files that it names, plain or ``.gz``. Without it, pages are made up,
which shows what they cost, not how well real ones are read.

* Text, by set: F1, word F1, pages with a false topic word (``pages_scores`` says what these are),
  and pages per CPU second as a multiple of ``trafilatura.extract(with_metadata=True)``.
* Related lines: of the lines set aside as related or boilerplate, the share that the truth lacks;
  of the lines taken from the page that it lacks and that are mostly link or set aside by their
  wording, the share set aside. Lines that are not prose of the true text, that is.
* Verdicts by kind of page, metadata beside trafilatura's, and CPU by stage.

``--misses FILE`` writes a JSON line a page, the worst first, to work on.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from benchmarks.pages_data import Sample, in_folder, made_up
from benchmarks.pages_results import Asked, Result, read
from benchmarks.pages_systems import MODES, TRAFILATURA, Reader, readers
from benchmarks.pages_tables import (
    metadata_table,
    related_table,
    stage_table,
    text_table,
    verdict_table,
)
from benchmarks.peers.environments import NotInstalled, python_of

__all__ = ["main"]

PEERS = "resiliparse readability newspaper4k"
CHUNK = 20
"""Pages that a process of several reads before it asks for more."""


def main() -> None:
    """Read all pages, and print the tables."""
    told = _told()
    groups = tuple(told.set.split(",")) if told.set else ()
    samples = in_folder(told.data, groups) if told.data else made_up()
    if told.limit:
        samples = samples[:: max(1, -(-len(samples) // told.limit))]
    if told.hosts:
        samples = [one for one in samples if _half(one) == told.hosts]
    asked = _asked(told)
    results = _all(samples, asked, told.jobs)
    print(f"{len(results)} pages of {len({one.host for one in samples})} hosts\n")
    for table in _tables(told.only, results, asked):
        print(f"{table}\n")
    if told.misses:
        _write_misses(told.misses, results)


def _told() -> argparse.Namespace:
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--data", type=Path, help="folder with truth.jsonl; default: made up")
    asked.add_argument("--set", help="only these sets, with commas between them")
    asked.add_argument("--limit", type=int, default=0, help="about so many pages, every k-th")
    asked.add_argument("--hosts", choices=("one", "other"), help="one half of the hosts only")
    asked.add_argument("--mode", choices=(*MODES, "both"), default="both")
    asked.add_argument("--peers", default=PEERS, help=f'default "{PEERS}", "" for none')
    asked.add_argument("--only", choices=("text", "metadata", "verdict"))
    asked.add_argument("--alone", action="store_true", help="ours only, nothing beside it")
    asked.add_argument("--misses", type=Path, help="write the pages here, the worst first")
    asked.add_argument("--jobs", type=int, default=1, help="processes; times are less sure")
    return asked.parse_args()


def _asked(told: argparse.Namespace) -> Asked:
    """Return whom to ask; peers that cannot be installed are named and left out."""
    text = told.only in {None, "text"}
    modes = tuple(MODES) if told.mode == "both" and text else (told.mode,)
    if modes == ("both",):
        modes = ("precision",)
    if told.alone:
        return Asked(modes=modes, others=(), peers=(), metadata=False)
    peers = []
    for peer in told.peers.replace(",", " ").split() if text else ():
        try:
            python_of(peer)
            peers.append(peer)
        except NotInstalled as error:
            print(f"{peer}: not measured: {error}")
    return Asked(
        modes=modes,
        others=tuple(TRAFILATURA) if text else (),
        peers=tuple(peers),
        metadata=told.only in {None, "metadata"},
    )


def _half(sample: Sample) -> str:
    """Tell hosts apart, half and half, in a way that stays the same."""
    return "one" if sum(sample.host.removeprefix("www.").encode()) % 2 else "other"


@cache
def _readers(asked: Asked) -> dict[str, Reader]:
    """Return this process's readers: each process has its own peers beside it."""
    return readers(asked.modes, asked.others, asked.peers)


def _some(samples: Sequence[Sample], asked: Asked) -> list[Result]:
    return [read(one, _readers(asked), asked, turn) for turn, one in enumerate(samples)]


def _all(samples: Sequence[Sample], asked: Asked, jobs: int) -> list[Result]:
    if samples and jobs == 1:
        _some(samples[:3], asked)  # what is loaded and compiled at first use is nobody's cost
        return _some(samples, asked)
    chunks = [samples[at : at + CHUNK] for at in range(0, len(samples), CHUNK)]
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as pool:
        found = pool.map(_some, chunks, [asked] * len(chunks))
        return [one for some in found for one in some]


def _tables(only: str | None, results: Sequence[Result], asked: Asked) -> Iterator[str]:
    """Yield the tables that are asked for and that there is something to say in."""
    if not results:
        return
    if only in {None, "text"} and any(one.texts for one in results):
        yield text_table(results)
        yield related_table(results)
    if only in {None, "verdict"}:
        yield verdict_table(results)
    if only in {None, "metadata"}:
        yield metadata_table(results)
    if "precision" in asked.modes:
        yield stage_table(results)


def _write_misses(path: Path, results: Sequence[Result]) -> None:
    """Write what is wrong with each page, the worst text first."""
    name = next((name for one in results for name in one.texts), "")
    worst = sorted(results, key=lambda one: one.texts[name].overlap.f1 if one.texts else 1.0)
    with path.open("w", encoding="utf-8") as out:
        for one in worst:
            texts = {reader: round(text.overlap.f1, 3) for reader, text in one.texts.items()}
            told = {
                "file": one.file,
                "url": one.url,
                "set": one.group,
                "type": one.kind,
                "verdict": one.ours.verdict,
                "f1": texts,
                "precision": round(one.texts[name].overlap.precision, 3) if texts else None,
                "recall": round(one.texts[name].overlap.recall, 3) if texts else None,
                "false": one.texts[name].false if texts else (),
                "reasons": one.ours.reasons,
                "text_from": one.ours.text_from,
                "wrong": one.said,
                "extra": one.extra,
                "missed": one.missed,
            }
            print(json.dumps(told, ensure_ascii=False), file=out)


if __name__ == "__main__":
    main()
