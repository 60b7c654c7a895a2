"""Is the database whole? What it says of itself, and what must hold between our rows."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, text
from sqlalchemy.exc import DBAPIError

from workers.model.beat import BEAT_KIND
from workers.model.upkeep import Checked, Finding
from workers.store.driver import Address
from workers.store.postgres_driver import PostgresDriver
from workers.store.schema import prepare
from workers.store.sqlite_driver import SqliteDriver
from workers.store.tables import alerts, articles, deliveries, entries, feeds, keys, meta, rung
from workers.store.tables import work as works

__all__ = ["PRUNED", "examine"]

EXAMPLES = 5
PRUNED = "alerts_pruned_before"
"""Key in ``meta``: alerts made before this moment may have gone by ``[keep] alerts``."""
STATES = ("open", "retry", "sent", "held", "dead")
KINDS = ("page", "ring", "delivery", BEAT_KIND)


def _engine(conn: Connection) -> list[Finding]:
    """Return what the database itself says of its files and references."""
    found = _sqlite(conn) if conn.dialect.name == "sqlite" else _postgres(conn)
    return [
        Finding(check=name, found=len(said), means=means, examples=tuple(said[:EXAMPLES]))
        for name, means, said in found
    ]


def _sqlite(conn: Connection) -> list[tuple[str, str, list[str]]]:
    pages = [str(row[0]) for row in conn.execute(text("PRAGMA integrity_check(100)"))]
    references = [
        f"{row[0]} row {row[1]} refers to {row[2]}"
        for row in conn.execute(text("PRAGMA foreign_key_check"))
    ]
    return [
        ("file", "the file is damaged: restore a backup", [] if pages == ["ok"] else pages),
        ("references", "rows refer to rows that are not there", references),
    ]


_INVALID = """
SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
UNION ALL
SELECT conrelid::regclass::text || ' ' || conname FROM pg_constraint WHERE NOT convalidated
"""


def _postgres(conn: Connection) -> list[tuple[str, str, list[str]]]:
    said = [str(row[0]) for row in conn.execute(text(_INVALID))]
    means = "indexes or constraints that PostgreSQL does not vouch for: REINDEX or VALIDATE them"
    return [("file", means, said)]


def _invariants(conn: Connection, now: datetime) -> list[Finding]:
    """Return for each thing that must hold how many rows break it."""
    return [
        _finding(conn, name, means, rows(conn, now))
        for name, means, rows in (*_OF_WORK, *_OF_ARTICLES, *_OF_ALERTS)
    ]


def _finding(conn: Connection, name: str, means: str, rows: Select[Any]) -> Finding:
    number = conn.execute(select(func.count()).select_from(rows.subquery())).scalar_one()
    some = conn.execute(rows.limit(EXAMPLES)).all() if number else []
    examples = tuple(" ".join(map(str, row)) for row in some)
    return Finding(check=name, found=number, means=means, examples=examples)


Rows = Callable[[Connection, datetime], Select[Any]]
_Check = tuple[str, str, Rows]
_open = works.c.next_at.is_not(None)
_to_send = deliveries.c.state.in_(("open", "retry"))


def _of_delivery(*, is_open: bool) -> ColumnElement[bool]:
    same = and_(works.c.kind == "delivery", works.c.id == deliveries.c.id)
    return exists().where(and_(same, _open) if is_open else same)


_OF_WORK: tuple[_Check, ...] = (
    (
        "open delivery without work",
        "nobody would ever send it",
        lambda _conn, _now: select(deliveries.c.id).where(_to_send, ~_of_delivery(is_open=True)),
    ),
    (
        "work for a delivery that is done or held",
        "it is taken, and found to be nothing",
        lambda _conn, _now: select(deliveries.c.id).where(~_to_send, _of_delivery(is_open=True)),
    ),
    (
        "work without its delivery",
        "it is taken, and found to be nothing",
        lambda _conn, _now: select(works.c.id).where(
            works.c.kind == "delivery",
            _open,
            ~exists().where(deliveries.c.id == works.c.id),
        ),
    ),
    (
        "work without its article",
        "it is taken, and found to be nothing",
        lambda _conn, _now: select(works.c.kind, works.c.id).where(
            works.c.kind.in_(("page", "ring")),
            _open,
            ~exists().where(articles.c.id == works.c.id),
        ),
    ),
    (
        "delivery that tells nothing",
        "it is of no alert and no message, and can never be sent",
        lambda _conn, _now: select(deliveries.c.id).where(
            deliveries.c.alert_id.is_(None), deliveries.c.message_id.is_(None)
        ),
    ),
    (
        "unknown kind or state",
        "another program, or a newer version, wrote it",
        lambda _conn, _now: (
            select(works.c.kind.label("a"), works.c.id.label("b"))
            .where(works.c.kind.not_in(KINDS))
            .union_all(
                select(deliveries.c.state, deliveries.c.id).where(
                    or_(
                        deliveries.c.state.not_in(STATES),
                        and_(deliveries.c.state == "held", deliveries.c.held_reason.is_(None)),
                    )
                )
            )
            .subquery()
            .select()
        ),
    ),
)

_other = articles.alias("other")
_OF_ARTICLES: tuple[_Check, ...] = (
    (
        "entry without article or feed",
        "its page is never read",
        lambda _conn, _now: select(entries.c.id).where(
            or_(
                ~exists().where(articles.c.id == entries.c.article_id),
                ~exists().where(feeds.c.id == entries.c.feed_id),
            )
        ),
    ),
    (
        "entry of an article that was merged away",
        "its article is not the one that is read",
        lambda _conn, _now: (
            select(entries.c.id)
            .join(articles, articles.c.id == entries.c.article_id)
            .where(articles.c.merged_into.is_not(None))
        ),
    ),
    (
        "merged into an article that was merged itself",
        "following it takes several steps, or never ends",
        lambda _conn, _now: (
            select(articles.c.id)
            .join(_other, _other.c.id == articles.c.merged_into)
            .where(_other.c.merged_into.is_not(None))
        ),
    ),
    (
        "article that no address leads to",
        "the next entry that links to it makes another, which rings again",
        lambda _conn, _now: select(articles.c.id).where(
            articles.c.merged_into.is_(None), ~exists().where(keys.c.article_id == articles.c.id)
        ),
    ),
)


def _rung_without_alert(conn: Connection, _now: datetime) -> Select[Any]:
    """What rang before the oldest alert that is kept has lost its alert by ``[keep] alerts``."""
    oldest = conn.execute(select(func.min(alerts.c.at))).scalar()
    pruned = conn.execute(select(meta.c.value).where(meta.c.key == PRUNED)).scalar()
    lost = select(rung.c.event, rung.c.topic).where(
        ~exists().where(alerts.c.id == rung.c.alert_id)
    )
    if oldest is not None:
        lost = lost.where(rung.c.at >= oldest)
    if pruned is not None:
        lost = lost.where(rung.c.at >= datetime.fromisoformat(pruned))
    return lost


_OF_ALERTS: tuple[_Check, ...] = (
    (
        "rung without its alert",
        "the topic counts as told of, and nobody was told",
        _rung_without_alert,
    ),
    (
        "alert without what rang",
        "the topic would ring for the same event again",
        lambda _conn, _now: select(alerts.c.id).where(
            ~exists().where(rung.c.alert_id == alerts.c.id)
        ),
    ),
)


def examine(address: Address, now: datetime) -> Checked:
    """Check a database in one view of it; nothing is written.

    What is so damaged that it cannot be asked is one more finding.

    Raises:
        Unusable: it is missing, or not ours.
    """
    prepare(address, read_only=True)
    driver = (
        PostgresDriver(address, writes=False)
        if isinstance(address, str)
        else SqliteDriver(address, writes=False)
    )
    conn: Connection | None = None
    findings: list[Finding] = []
    schema = "unknown"
    try:
        conn = driver.connect()
        driver.begin(conn)
        if isinstance(driver, PostgresDriver):
            conn.execute(text("SET LOCAL statement_timeout = 0"))
        schema = str(conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
        findings += _engine(conn)
        findings += _invariants(conn, now)
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        means = "it cannot be read: restore a backup"
        findings.append(Finding(check="readable", found=1, means=means, examples=(said,)))
    finally:
        if conn is not None:
            driver.disconnect(conn)
    ok = not any(finding.found for finding in findings)
    return Checked(database=driver.name, schema=schema, ok=ok, checks=tuple(findings))
