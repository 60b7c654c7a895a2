"""Files that are being written: cut off, empty, away for a moment, renamed into place."""

from pathlib import Path

import pytest

from monitor.daemon.service import Daemon
from monitor.settings import load
from workers.clock import SystemClock

TOPICS = "".join(
    f'[[topics]]\nname = "topic {n}"\nquery = "word{n} OR other{n}"\n' for n in range(1, 5)
)
CUTS = 24


def in_force(daemon: Daemon) -> tuple[list[str], list[str], int]:
    """Return topics, sinks and how many feeds there are."""
    rules = daemon.state.rules
    return sorted(rules.topics.specs), sorted(daemon.state.lanes.endpoints()), len(rules.sources)


async def seen(daemon: Daemon) -> None:
    """Let the files be seen as they are, having stood still."""
    await daemon._reloader.reload(yes=False, watched=True)


def cuts(text: str) -> list[int]:
    """Return places to cut a text off at: all over it, and nothing of it."""
    return [len(text) * n // CUTS for n in range(CUTS)]


async def test_a_file_of_topics_that_is_cut_off(installation):
    """Wherever a file of topics is cut off, what cannot be read stays, and never do all go."""
    installation.topics(TOPICS)
    daemon = await installation.start()
    before = in_force(daemon)
    for cut in cuts(TOPICS):
        installation.topics(TOPICS[:cut])
        await seen(daemon)
        topics, sinks, feeds = in_force(daemon)
        assert topics, cut
        assert before[1:] == (sinks, feeds), cut
        whole = TOPICS[:cut].count('"\n[[topics]]')  # topics that are written to their end
        assert set(topics) >= {f"topic {n}" for n in range(1, whole + 1)}, cut
        installation.topics(TOPICS)
        await seen(daemon)
        assert before == in_force(daemon), cut


async def test_a_main_file_that_is_cut_off(installation):
    """Wherever the main file is cut off, all goes on: topics, sinks and feeds."""
    installation.topics(TOPICS)
    installation.write(feeds=tuple(f"http://127.0.0.1:9/{n}" for n in range(4)))
    daemon = await installation.start()
    before, text = in_force(daemon), installation.config.read_text()
    for cut in cuts(text):
        installation.config.write_text(text[:cut])
        await seen(daemon)
        topics, sinks, feeds = in_force(daemon)
        assert before[:2] == (topics, sinks), cut
        assert feeds, cut
        assert "failing" != (await installation.ask("GET", "/readyz"))["status"], cut
    installation.config.write_text(text)
    await seen(daemon)
    assert before == in_force(daemon)


async def test_a_file_that_is_renamed_into_place(installation, set_clock):
    """An editor that moves the file away, and a new one to its place, removes nothing."""
    installation.topics(TOPICS)
    daemon = await installation.start()
    daemon.state.clock = set_clock
    before, file = in_force(daemon), installation.folder / "topics.toml"

    async def pass_by(seconds: float) -> None:
        for _ in range(int(seconds)):
            set_clock.advance(1.0)
            await daemon._reloader.look()

    file.rename(file.with_suffix(".toml~"))
    await pass_by(1)
    file.with_suffix(".new").write_text(TOPICS.replace("word1", "fresh"))
    file.with_suffix(".new").rename(file)
    await pass_by(1)
    assert "word1" in daemon.state.rules.topics.specs["topic 1"].query
    await pass_by(4)
    assert before == in_force(daemon)
    assert "fresh" in daemon.state.rules.topics.specs["topic 1"].query
    file.unlink()
    await pass_by(5)
    assert before == in_force(daemon)


class Sharing:
    """Processes of several machines that mount the same file of topics."""

    def __init__(self, folder: Path, redis: str, database: str) -> None:
        self.file = folder / "topics.toml"
        self.folder = folder
        self.text = (
            f'data_dir = "data"\ninclude = ["{self.file}"]\n[database]\nurl = "{database}"\n'
            f'[redis]\nurl = "{redis}"\n[web]\nlisten = "off"\n'
            '[[feeds]]\nurl = "http://127.0.0.1:9/feed"\n[sinks.screen]\ntype = "console"\n'
        )

    async def start(self, name: str) -> Daemon:
        (self.folder / name).mkdir(exist_ok=True)
        config = self.folder / name / "tocsin.toml"
        config.write_text(self.text)
        daemon = Daemon(load(config, {}), SystemClock())
        await daemon.start()
        return daemon


@pytest.mark.parametrize(
    "half",
    ["", pytest.param(TOPICS[:70], marks=pytest.mark.thorough), None],
    ids=["empty", "cut", "gone"],
)
async def test_several_processes_see_half_a_file(folder, valkey, postgres, eventually, half):
    """While a file is half there no process drops its topics, nor one that starts meanwhile."""
    sharing = Sharing(folder, valkey.url, postgres.url())
    sharing.file.write_text(TOPICS)
    daemons = [await sharing.start("one"), await sharing.start("two")]
    before = in_force(daemons[0])
    if half is None:
        sharing.file.unlink()
    else:
        sharing.file.write_text(half)
    for daemon in daemons:
        await seen(daemon)
    daemons.append(await sharing.start("three"))
    assert [before] * 3 == [in_force(daemon) for daemon in daemons]
    assert 1 == await daemons[0].state.parts.store.accepted_number()
    sharing.file.write_text(TOPICS.replace("word1", "fresh"))
    for daemon in daemons:
        await seen(daemon)
    store = daemons[0].state.parts.store
    for daemon in daemons:
        await eventually(lambda daemon=daemon: daemon.state.accepted.number == 2)
        assert "fresh" in daemon.state.rules.topics.specs["topic 1"].query
        assert not daemon.state.accepted.differs
    assert 2 == await store.accepted_number()
    for daemon in daemons:
        await daemon.stop()
