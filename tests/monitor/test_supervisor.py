"""The supervisor, with processes that do nothing but begin and end."""

import asyncio
import sys
from pathlib import Path

import pytest

from monitor.daemon.roles import ALL_ROLES
from monitor.daemon.supervisor import MemberEnded, Supervisor
from monitor.settings import load
from workers.clock import SystemClock

CHILD = """
import os, sys, time
number, _, channel, _ = sys.argv[-1].split("/")
if number == "1":
    os.write(int(channel), b"+")
    time.sleep(0.2)
    sys.exit(3)
time.sleep(60)
"""


async def test_a_process_that_ends_while_others_start_ends_the_start(tmp_path: Path) -> None:
    """The first was at work already: nobody would start it again, and nobody would say so."""
    config = tmp_path / "tocsin.toml"
    config.write_text(
        'data_dir = "data"\n[redis]\nurl = "redis://127.0.0.1:1"\n[web]\nlisten = "off"\n'
    )
    (tmp_path / "data").mkdir()
    command = (sys.executable, "-c", CHILD)
    supervisor = Supervisor(
        load(config, {}), SystemClock(), frozenset(ALL_ROLES), processes=2, command=command
    )
    with pytest.raises(MemberEnded) as ended:
        async with asyncio.timeout(30):
            await supervisor.start()
    assert 3 == ended.value.code
