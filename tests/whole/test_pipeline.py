"""From a feed's new entry to a delivered alert, by the daemon as a process."""

import json
import signal
from email import message_from_bytes
from email.policy import default

import pytest

from monitor.demo.expect import compare

pytestmark = [pytest.mark.whole, pytest.mark.timeout(120)]


def _webhook(url: str, secret: str) -> str:
    return (
        f'[sinks.ops]\ntype = "webhook"\nurl = "{url}"\nsecret = "{secret}"\n'
        'allow = ["127.0.0.0/8"]\n'
    )


def _rung_in_file(path) -> list[tuple[str, str]]:
    bodies = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        (topic["name"], body["data"]["article"]["url"])
        for body in bodies
        if body["type"] == "alert.created"
        for topic in body["data"]["topics"]
    ]


async def test_exactly_the_expected_alerts_arrive(tocsin, wire, receiver, smtp, until, secret):
    """Each topic rings once for each story that concerns it, at each sink; nothing else does."""
    address, box = smtp
    tocsin.write(
        list(wire.feed_sources()),
        _webhook(receiver.url, secret) + f'[sinks.desk]\ntype = "email"\nsmtp = "{address}"\n'
        'from = "Tocsin <tocsin@example.org>"\nto = ["desk@example.org"]\n'
        '[sinks.journal]\ntype = "file"\npath = "alerts.jsonl"\n',
    )
    await tocsin.start()
    wire.play_once_seen(6)
    expected = wire.expected()
    journal = tocsin.folder / "data" / "alerts.jsonl"
    await until(lambda: len(receiver.rung) >= len(expected), "all alerts arrive by webhook")
    await until(lambda: len(box.mails) >= len(receiver.messages), "all arrive by mail")
    await until(lambda: len(_rung_in_file(journal)) >= len(expected), "all arrive in the file")

    assert compare(expected, receiver.rung).good, compare(expected, receiver.rung)
    assert compare(expected, _rung_in_file(journal)).good
    assert len(receiver.messages) == len(receiver.requests)
    subjects = [message_from_bytes(raw, policy=default)["Subject"] for raw in box.mails]
    assert len(receiver.messages) == len(subjects)
    assert 0 == await tocsin.kill(signal.SIGTERM), tocsin.log[-2000:]


async def test_kill_9_loses_and_repeats_nothing(tocsin, wire, receiver, until, secret):
    """A daemon that is killed twice in mid-run still tells everything, each under one id."""
    tocsin.write(list(wire.feed_sources()), _webhook(receiver.url, secret))
    await tocsin.start()
    wire.play_once_seen(8)
    expected = wire.expected()
    for share in (0.25, 0.6):
        wanted = int(len(expected) * share)
        await until(lambda wanted=wanted: len(receiver.rung) >= wanted, f"{wanted} alerts")
        await tocsin.kill()
        await tocsin.start()
    await until(lambda: len(receiver.rung) >= len(expected), "all alerts arrive")
    await until(lambda: wire.position >= wire.newswire.end, "the newswire has ended")

    comparison = compare(expected, receiver.rung)
    assert comparison.good, comparison


@pytest.mark.thorough
async def test_losing_valkey_loses_nothing(tocsin, wire, receiver, until, secret):
    """A Valkey that is killed in mid-run comes back, and every alert arrives once."""
    tocsin.write(list(wire.feed_sources()), _webhook(receiver.url, secret))
    await tocsin.start()
    wire.play_once_seen(8)
    expected = wire.expected()
    for share in (0.2, 0.6):
        wanted = int(len(expected) * share)
        await until(lambda wanted=wanted: len(receiver.rung) >= wanted, f"{wanted} alerts")
        tocsin.kill_valkey()
    await until(lambda: len(receiver.rung) >= len(expected), "all alerts arrive")

    comparison = compare(expected, receiver.rung)
    assert comparison.good, comparison
    assert tocsin.process is not None
    assert tocsin.process.returncode is None
