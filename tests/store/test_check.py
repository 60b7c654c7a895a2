"""The checks of a database: nothing wrong is found where nothing is, and each wrong is found."""

import sqlite3

import pytest
from sqlalchemy import text

from workers.model.commit import DeliveryCommit
from workers.options import KeepOptions
from workers.store import examine


async def _wrong(world, *statements: str) -> dict[str, int]:
    """Do what no unit does; return the checks that notice."""

    def harm(conn, _now) -> None:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for statement in statements:
            conn.execute(text(statement))

    await world.store._write(harm)
    found = examine(world.store.address, world.clock.now())
    return {one.check: one.found for one in found.checks if one.found}


async def _busy(world) -> None:
    """Let there be something of everything, some of it merged, sent, held and dead."""
    for name in ("one", "two", "three", "four"):
        await world.settle(await world.article(name), "fire")
    ids = await world.due("sink:ops")
    for id_, state in zip(ids, ("sent", "held", "retry"), strict=False):
        job = await world.store.load_delivery(id_)
        await world.store.commit_delivery(DeliveryCommit(work=job.work, state=state, attempts=1))
    await world.store.bury_id("delivery", ids[3], "crash", "")
    assert await world.store.begin_beat()
    await world.store.mute("flood", 60.0)
    await world.settle(await world.article("five"), "flood")
    entry = world.entry(await world.feed("other"), "young", url="https://other.example/young")
    world.clock.advance(60)
    await world.poll(entry)
    job = await world.page(await world.store.find_article("https://other.example/young"))
    await world.settle(job.article.id, "fire", keys=("https://site.example/one",))


async def test_a_whole_database_is_whole(world) -> None:
    """All checks are named, and none finds anything."""
    await _busy(world)
    found = examine(world.store.address, world.clock.now())
    assert found.ok
    assert {0} == {one.found for one in found.checks}
    assert len(found.checks) > 10


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        ("DELETE FROM work WHERE kind = 'delivery'", "open delivery without work"),
        ("UPDATE work SET next_at = NULL", "open delivery without work"),
        ("UPDATE work SET next_at = 1 WHERE kind = 'delivery'",
         "work for a delivery that is done or held"),
        ("UPDATE work SET id = 'del_x' WHERE id = (SELECT id FROM work WHERE next_at > 0 LIMIT 1)",
         "work without its delivery"),
        (("INSERT INTO work (kind, id, stream, next_at, turn, attempts, deaths, asked_at) "
          "SELECT 'page', 'art_x', stream, 1, 1, 0, 0, 1 FROM work LIMIT 1"),
         "work without its article"),
        ("UPDATE deliveries SET alert_id = NULL", "delivery that tells nothing"),
        ("UPDATE deliveries SET state = 'lost'", "unknown kind or state"),
        ("UPDATE deliveries SET held_reason = NULL", "unknown kind or state"),
        ("UPDATE work SET kind = 'party' WHERE kind = 'page'", "unknown kind or state"),
        ("UPDATE entries SET article_id = (SELECT id FROM articles WHERE merged_into <> '')",
         "entry of an article that was merged away"),
        ("UPDATE articles SET merged_into = (SELECT id FROM articles WHERE merged_into <> '')",
         "merged into an article that was merged itself"),
        ("DELETE FROM article_keys", "article that no address leads to"),
        ("UPDATE rung SET alert_id = 'alt_x'", "rung without its alert"),
        ("DELETE FROM rung", "alert without what rang"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_found(world, harm, check) -> None:
    """Each invariant is looked at by a check of its own."""
    await _busy(world)
    assert check in await _wrong(world, harm)


async def test_references_to_nothing_are_found(lite, clock, make_world) -> None:
    """What foreign keys forbid may be there all the same: they are off in other programs."""
    world = make_world(lite, clock)
    await _busy(world)
    await world.store.close()
    raw = sqlite3.connect(world.store.address)
    raw.execute("DELETE FROM articles WHERE merged_into IS NULL")
    raw.execute("DELETE FROM feeds")
    raw.commit()
    raw.close()
    found = examine(world.store.address, world.clock.now())
    wrong = {one.check for one in found.checks if one.found}
    assert {"references", "entry without article or feed"} <= wrong
    assert not found.ok


async def test_alerts_that_were_pruned_are_no_fault(world) -> None:
    """That a topic has rung stays known when its alert is no longer kept."""
    await world.settle(await world.article(), "fire")
    for id_ in await world.due("sink:ops", "sink:desk"):
        job = await world.store.load_delivery(id_)
        await world.store.commit_delivery(DeliveryCommit(work=job.work, state="sent", attempts=1))
    world.clock.advance(100)
    gone = await world.store.prune(KeepOptions(alerts_s=50), world.clock.now())
    assert 1 == gone["alerts"]
    assert examine(world.store.address, world.clock.now()).ok


async def test_a_damaged_file_is_a_finding(lite, clock, make_world) -> None:
    """What cannot be read is told, not raised."""
    world = make_world(lite, clock)
    await _busy(world)
    await world.store._write(
        lambda conn, _now: [
            conn.execute(
                text("INSERT INTO meta VALUES (:key, :value)"),
                {"key": f"k{n}", "value": "x" * 900},
            )
            for n in range(1500)  # so that the schema, at the beginning, stays whole
        ]
    )
    await world.store.close()
    size = world.store.address.stat().st_size
    with world.store.address.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * (size // 2))
    found = examine(world.store.address, world.clock.now())
    assert not found.ok
    assert {"file", "readable"} & {one.check for one in found.checks if one.found}
