"""The data folders are found wherever Tocsin is installed."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from monitor import shipped

ROOT = Path(__file__).parent.parent.parent
ASK = (
    "import monitor.shipped as s, sys; "
    'sys.stdout.write(f\'{s.__file__}\\n{s.path("config", "tocsin.toml")}\\n{len(s.cues())}\\n'
    '{len(s.common_words())}\\n{len(s.names("seeds", "aliases/*.toml"))}\')'
)


def ask(folder: Path, **more: str) -> list[str]:
    """Return where another Python, with ``folder`` first on its path, finds module and data."""
    environ = {**os.environ, "PYTHONPATH": str(folder), **more}
    found = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", ASK],
        env=environ,
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.split("\n")


def test_a_bare_checkout_is_enough(tmp_path: Path) -> None:
    """Without any installation the folders at the root of the tree are used."""
    for name in ("monitor", "workers", "config", "seeds", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)

    module, config, cues, words, packs = ask(tmp_path)

    assert f"{tmp_path}/monitor/shipped.py" == module
    assert str(ROOT / "config" / "tocsin.toml") == config
    assert int(cues) >= 1
    assert int(words) >= 1
    assert int(packs) >= 1


def test_a_built_wheel_brings_its_data(tmp_path: Path) -> None:
    """In a wheel the module wins over the folder of its name, and finds the data inside it."""
    subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")

    module, config, cues, words, packs = ask(tmp_path / "site")

    assert str(tmp_path / "site" / "monitor" / "shipped.py") == module
    assert str(tmp_path / "site" / "monitor" / "shipped" / "config" / "tocsin.toml") == config
    assert len(shipped.cues()) == int(cues)
    assert len(shipped.common_words()) == int(words)
    assert len(shipped.names("seeds", "aliases/*.toml")) == int(packs)


def test_what_is_missing_says_so() -> None:
    """An incomplete installation is told by the name of the file."""
    with pytest.raises(shipped.Missing, match=r"incomplete: seeds/none\.toml"):
        shipped.read("seeds", "none.toml")


def test_files_are_read_once() -> None:
    """The same text is handed out again."""
    assert shipped.read("config", "tocsin.toml") is shipped.read("config", "tocsin.toml")


def test_names_are_relative_and_sorted() -> None:
    """Cue lists are found by pattern."""
    names = shipped.names("seeds", "cues/*.toml")

    assert sorted(names) == list(names)
    assert all(name.startswith("cues/") for name in names)


def test_the_version_is_a_version() -> None:
    """Installed or not, there is a number."""
    assert shipped.version()[0].isdecimal()
