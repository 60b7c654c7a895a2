"""What the word forms of each language take: `python -m benchmarks.languages [CODE …]`.

For each language that has a dictionary a process of its own imports what matching needs, then
looks one word up: memory and CPU before and after are what the dictionary costs. The times are
said in seconds and as a multiple of what English took in the same minutes, which carries between
machines.
"""

import argparse
import gc
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import machine
from workers.topics.forms import Forms

__all__ = ["main"]

PAGE = 4096


class Cost(NamedTuple):
    """Of one dictionary."""

    code: str
    memory_mb: float
    seconds: float


def _memory() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def _cost(code: str) -> Cost:
    from simplemma.strategies.dictionaries.dictionary_factory import (  # noqa: PLC0415
        DefaultDictionaryFactory,
    )

    DefaultDictionaryFactory(cache_max_size=1)
    forms = Forms([code])
    forms.keys("12", "12", forms.codes_for(code))  # all but the dictionary
    before, began = _memory(), time.process_time()
    forms.keys("strike", "strike", forms.codes_for(code))
    took = time.process_time() - began
    return Cost(code, _memory() - before, took)


def _alone(code: str) -> Cost:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        return processes.submit(_cost, code).result()


def main() -> None:
    """Measure, and print the table."""
    from simplemma.strategies.dictionaries.dictionary_factory import (  # noqa: PLC0415
        SUPPORTED_LANGUAGES,
    )

    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("codes", nargs="*", help="of languages; default: all")
    codes = asked.parse_args().codes or sorted(SUPPORTED_LANGUAGES)
    print(machine())
    english = _alone("en")
    print("| language | MB | seconds to load | of English |\n|---|---|---|---|")
    for code in codes:
        cost = english if code == "en" else _alone(code)
        print(
            f"| {code} | {cost.memory_mb:.0f} | {cost.seconds:.2f} "
            f"| {cost.seconds / english.seconds:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
