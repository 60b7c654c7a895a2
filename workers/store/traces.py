"""Trace lines: what each stage decided, written in the stage's own transaction."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, or_, select

from workers.model.alert import TraceLine
from workers.store.sql import Fixed
from workers.store.tables import articles, entries, trace

__all__ = ["newest", "of_article", "write"]

MOST = 2000
"""Lines shown of one article; a live page may have a line a minute."""
_INSERT = Fixed(
    insert(trace).inline(), ("stage", "decision", "because", "article", "entry", "topic", "at")
)


def write(conn: Connection, lines: Iterable[TraceLine]) -> None:
    """Write the lines."""
    rows = [
        {
            "stage": line.stage,
            "decision": line.decision,
            "because": line.because,
            "article": line.article,
            "entry": line.entry,
            "topic": line.topic,
            "at": line.at,
        }
        for line in lines
    ]
    _INSERT.run(conn, *rows)


_same = select(articles.c.id).where(
    (articles.c.id == bindparam("article")) | (articles.c.merged_into == bindparam("article"))
)
_its = or_(
    trace.c.article.in_(_same),
    trace.c.entry.in_(select(entries.c.id).where(entries.c.article_id == bindparam("article"))),
)
_OF_ARTICLE = select(trace).where(_its).order_by(trace.c.id.desc()).limit(bindparam("most"))
_COUNT = select(func.count()).select_from(trace).where(_its)


def of_article(conn: Connection, _now: datetime, article: str) -> list[TraceLine]:
    """Return what was decided about an article, its entries, and what was merged into it."""
    return _newest(conn, article, MOST)


def newest(conn: Connection, article: str, most: int) -> tuple[tuple[TraceLine, ...], int]:
    """Return the newest of these lines, oldest first, and how many there are in all."""
    lines = tuple(_newest(conn, article, most))
    if len(lines) < most:
        return lines, len(lines)
    return lines, conn.execute(_COUNT, {"article": article}).scalar_one()


def _newest(conn: Connection, article: str, most: int) -> list[TraceLine]:
    rows = conn.execute(_OF_ARTICLE, {"article": article, "most": most}).all()
    return [
        TraceLine(
            stage=row.stage,
            decision=row.decision,
            because=row.because,
            article=row.article,
            entry=row.entry,
            topic=row.topic,
            at=row.at,
        )
        for row in reversed(rows)
    ]
