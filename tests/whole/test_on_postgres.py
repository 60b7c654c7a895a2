"""The daemon on PostgreSQL: from an empty database to alerts, through deaths of the server."""

import json
import signal

import pytest

from monitor.demo.expect import compare

pytestmark = [pytest.mark.whole, pytest.mark.timeout(120)]


async def test_postgresql_dies_twice_and_nothing_is_lost_or_repeated(
    tocsin, wire, receiver, until, secret, own_postgres
) -> None:
    """Every alert arrives once, the daemon stays up, and the commands ask the same database."""
    own_postgres.ask("CREATE DATABASE desk", database="postgres")
    tocsin.write(
        list(wire.feed_sources()),
        f'[sinks.ops]\ntype = "webhook"\nurl = "{receiver.url}"\nsecret = "{secret}"\n'
        'allow = ["127.0.0.0/8"]\n',
        f'[database]\nurl = "{own_postgres.url("desk")}"\n',
    )
    code, _, err = await tocsin.ask("alerts", "list")
    assert 1 == code
    assert "tocsin db migrate" in err
    assert 0 == (await tocsin.ask("db", "migrate"))[0]
    await tocsin.start()
    wire.play_once_seen(8)
    expected = wire.expected()
    for share, how in ((0.2, signal.SIGQUIT), (0.6, signal.SIGINT)):
        wanted = int(len(expected) * share)
        await until(lambda wanted=wanted: len(receiver.rung) >= wanted, f"{wanted} alerts")
        own_postgres.stop(how)
        await until(lambda: tocsin.log.count("database_down") > 0, "the daemon notices")
        own_postgres.start()
    await until(lambda: len(receiver.rung) >= len(expected), "all alerts arrive")
    await until(lambda: wire.position >= wire.newswire.end, "the newswire has ended")

    comparison = compare(expected, receiver.rung)
    assert comparison.good, comparison
    assert tocsin.process.returncode is None
    _, url = receiver.rung[0]
    for words in (("alerts", "list"), ("why", url), ("dead", "list"), ("feeds", "list")):
        code, out, err = await tocsin.ask(*words, "--json")
        assert (words, 0) == (words, code), err
        assert all(json.loads(line) for line in out.splitlines())
    assert 0 == await tocsin.kill(signal.SIGTERM), tocsin.log[-2000:]
