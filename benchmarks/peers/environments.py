"""An environment of its own for each peer, made once and kept in the user's cache folder."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["PEERS", "NotInstalled", "python_of"]

PEERS = {
    "dramatiq": ("dramatiq[redis]>=2,<3",),
    "taskiq": ("taskiq>=0.13,<1", "taskiq-redis>=1.2,<2"),
    "arq": ("arq>=0.28,<1",),
    "saq": ("saq[redis,hiredis]>=0.26,<1", "typing-extensions>=4.12"),
    "faststream": ("faststream[redis]>=0.7,<1",),
    "reader": ("reader>=3.26,<3.27", "sgmllib3k>=1,<2"),
    "rss2email": ("rss2email>=3.14,<4",),
    "feed2exec": ("feed2exec>=0.21,<1",),
    "feedparser": ("feedparser>=6.0.11,<7",),
    "fastfeedparser": ("fastfeedparser>=0.4,<1",),
    "resiliparse": ("resiliparse>=0.14,<2",),
    "readability": ("readability-lxml>=0.8.1,<1", "lxml_html_clean>=0.4"),
    "newspaper4k": ("newspaper4k>=0.9.3,<1", "lxml_html_clean>=0.4"),
    "ahocorasick_rs": ("ahocorasick_rs>=0.22,<2",),
    "re2": ("google-re2>=1.1,<2",),
    "hyperscan": ("hyperscan>=0.7,<1",),
    "perq": ("perq>=0.2,<1",),
    "naive": ("aiohttp>=3.14,<4", "brotli>=1.2", "feedparser>=6.0.11,<7"),
}
"""What is installed for each."""


class NotInstalled(Exception):
    """A peer cannot be installed here: the message says what the installer said."""


def python_of(peer: str) -> Path:
    """Return the interpreter of the peer's environment, which is made if it is not there.

    Raises:
        NotInstalled: the index cannot be reached, or has no such version.
    """
    wanted = PEERS[peer]
    key = hashlib.sha256(repr((wanted, sys.version)).encode()).hexdigest()[:12]
    folder = _cache() / f"{peer}-{key}"
    python = folder / "bin" / "python"
    if not (folder / "made").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        for words in _commands(folder, python, wanted):
            done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode:
                shutil.rmtree(folder, ignore_errors=True)
                raise NotInstalled(f"{peer}: {done.stderr.strip().splitlines()[-1:]}")
        (folder / "made").touch()
    return python


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tocsin-benchmarks"


def _commands(folder: Path, python: Path, wanted: tuple[str, ...]) -> list[list[str]]:
    uv = shutil.which("uv")
    if uv is not None:
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", str(python), *wanted],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
    ]
