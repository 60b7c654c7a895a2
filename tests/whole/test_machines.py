"""Several machines over one PostgreSQL and one Redis: each does its part, none leads."""

import asyncio
import signal

import pytest

from monitor.demo.expect import compare

pytestmark = [pytest.mark.whole, pytest.mark.timeout(120)]


@pytest.fixture
def join(machines, wire, receiver, secret, postgres, valkey):
    """Makes a machine that shares database and Redis with the others, and starts it."""
    sinks = (
        f'[sinks.ops]\ntype = "webhook"\nurl = "{receiver.url}"\nsecret = "{secret}"\n'
        'allow = ["127.0.0.0/8"]\n'
    )
    more = f'[database]\nurl = "{postgres.url()}"\n[redis]\nurl = "{valkey.url}"\n'

    async def one(name: str, roles: str):
        machine = machines(name)
        machine.write(list(wire.feed_sources()), sinks, more)
        await machine.start("--roles", roles)
        return machine

    return one


@pytest.mark.thorough
async def test_roles_on_three_machines_and_a_rolling_restart(join, wire, receiver, until):
    """Each alert arrives once though every process is replaced while the newswire plays.

    What is stopped hands back at once what it did not finish, and says goodbye: nobody is missing
    afterwards, nothing waits for a lease.
    """
    roles = ("poll", "read", "deliver,web")
    old = await asyncio.gather(*(join(f"old{n}", role) for n, role in enumerate(roles)))
    new = await asyncio.gather(*(join(f"new{n}", role) for n, role in enumerate(roles)))
    told = await new[0].report()
    assert sorted(2 * [role.split(",") for role in roles]) == sorted(
        one["roles"] for one in told["processes"]
    )
    wire.play_once_seen(8)
    expected = wire.expected()
    for number, machine in enumerate(old, start=1):
        wanted = number * len(expected) // 5
        await until(lambda wanted=wanted: len(receiver.rung) >= wanted, f"{wanted} alerts")
        assert number > 1 or len(receiver.rung) < len(expected)
        assert 0 == await machine.kill(signal.SIGTERM), machine.log[-2000:]
    await until(lambda: len(receiver.rung) >= len(expected), "all alerts arrive")
    await until(lambda: wire.position >= wire.newswire.end, "the newswire has ended")
    comparison = compare(expected, receiver.rung)
    assert comparison.good, comparison
    assert len(receiver.messages) == len(receiver.requests)
    told = await new[1].report()
    assert sorted(role.split(",") for role in roles) == sorted(
        one["roles"] for one in told["processes"]
    )
    assert [] == told["vanished"]
    assert "lease_lost" not in "".join(machine.log for machine in (*old, *new))
