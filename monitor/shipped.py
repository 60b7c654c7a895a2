"""The data folders ``config/`` and ``seeds/``: found once, read once.

In a wheel they lie beside this module, in ``monitor/shipped/``; in a checkout, an sdist and an
editable install at the root of the tree, two folders up.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Literal

from workers.errors import TocsinError
from workers.model.article import Cues, LiveCues
from workers.text.common import parse_common
from workers.text.same_page import Tracking, parse_tracking

__all__ = [
    "Missing",
    "common_words",
    "cues",
    "live_cues",
    "names",
    "path",
    "read",
    "tracking",
    "version",
]

Kind = Literal["config", "seeds"]

_HERE = Path(__file__).resolve().parent


class Missing(TocsinError):
    """A file that belongs to Tocsin is not there: the installation is incomplete."""


@cache
def folder(kind: Kind) -> Path:
    """Return the folder of a kind.

    Raises:
        Missing: it is in neither place.
    """
    in_wheel = _HERE / "shipped" / kind
    if in_wheel.is_dir():
        return in_wheel
    root = _HERE.parent
    if (root / "pyproject.toml").is_file() and (root / kind).is_dir():
        return root / kind
    raise Missing(f"the installation is incomplete: {kind}/: not found beside {_HERE}")


def path(kind: Kind, name: str = "") -> Path:
    """Return the path of a file or folder that Tocsin brings, ``name`` relative to its kind.

    Raises:
        Missing: it is not there.
    """
    found = folder(kind) / name
    if not found.exists():
        raise Missing(f"the installation is incomplete: {kind}/{name}: not found")
    return found


@cache
def read(kind: Kind, name: str) -> str:
    """Return the text of a file that Tocsin brings; each file is read once.

    Raises:
        Missing: it is not there.
    """
    return path(kind, name).read_text(encoding="utf-8")


def names(kind: Kind, pattern: str) -> tuple[str, ...]:
    """Return the names of the files that match a pattern, sorted, relative to their kind."""
    root = folder(kind)
    return tuple(sorted(found.relative_to(root).as_posix() for found in root.glob(pattern)))


@cache
def version() -> str:
    """Return the version of this Tocsin: that of the distribution, else that of the checkout."""
    try:
        return metadata.version("tocsin")
    except metadata.PackageNotFoundError:
        project = tomllib.loads((_HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])


@cache
def cues() -> tuple[Cues, ...]:
    """Return the cue lists of all languages, in the order of their files' names.

    Raises:
        Missing: a file is not there.
        ValueError: a cue list is not well formed.
    """
    # Imported here, because the rules of pages come with an HTML parser that `--version` and
    # `init` can do without.
    from workers.pages.cues import parse_cues  # noqa: PLC0415

    return tuple(parse_cues(read("seeds", name)) for name in names("seeds", "cues/*.toml"))


@cache
def live_cues() -> LiveCues:
    """Return by what a page looks live.

    Raises:
        Missing: the file is not there.
        ValueError: it is not well formed.
    """
    from workers.pages.live import parse_live  # noqa: PLC0415 - as above

    return parse_live(read("seeds", "live.toml"))


@cache
def tracking() -> Tracking:
    """Return the query parameters that say nothing about which page it is.

    Raises:
        Missing: the file is not there.
        ValueError: it is not well formed.
    """
    return parse_tracking(read("seeds", "tracking.toml"))


@cache
def common_words() -> Mapping[str, float]:
    """Return common words, folded, with the share of news articles in which each stands.

    Raises:
        Missing: the file is not there.
        ValueError: it is not well formed.
    """
    return parse_common(read("seeds", "words/common.toml"))
