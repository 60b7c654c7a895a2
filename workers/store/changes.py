"""What later readings of an article changed, and what was news by itself on a live page."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec import structs
from sqlalchemy import Connection, bindparam, delete, func, select

from workers.model.alert import TraceLine
from workers.model.article import Edition
from workers.model.commit import AddedLine
from workers.model.ids import paragraph_id
from workers.store import rings, traces
from workers.store.sql import Fixed, put_new
from workers.store.tables import articles, editions, paragraphs

__all__ = ["copy_paragraphs", "keep", "note_removed", "of_article", "ring_added"]

MOST = 50
"""Editions that are kept of one article, the latest: a live page has 144 a day."""
MOST_A_DAY = 6
"""Paragraphs of one live page that ring by themselves; the rest comes as a list."""
DAY = timedelta(days=1)

_of_article = editions.c.article_id == bindparam("the_id")
_newest = select(editions.c.since).where(_of_article).order_by(editions.c.since.desc()).limit(MOST)
_PRUNE = Fixed(delete(editions).where(_of_article, editions.c.since.not_in(_newest)))


def keep(conn: Connection, article: str, one: Edition) -> None:
    """Keep what a reading changed; a text is replaced once, whoever else has read meanwhile."""
    row = {
        "article_id": article,
        "since": one.since,
        "at": one.at,
        "because": one.because,
        "title": one.title,
        "added": one.added,
        "removed": one.removed,
        "left_out": one.left_out,
    }
    if put_new(conn, editions, [row]):
        _PRUNE.run(conn, {"the_id": article})


_same = select(articles.c.id).where(
    (articles.c.id == bindparam("article")) | (articles.c.merged_into == bindparam("article"))
)
_ALL = select(editions).where(editions.c.article_id.in_(_same)).order_by(editions.c.at)


def of_article(conn: Connection, _now: datetime, article: str) -> list[Edition]:
    """Return what readings of an article changed, and of what was merged into it; by time."""
    return [
        Edition(
            since=row.since,
            at=row.at,
            because=row.because,
            title=row.title,
            added=row.added,
            removed=row.removed,
            left_out=row.left_out,
        )
        for row in conn.execute(_ALL, {"article": article})
    ]


_RANG = Fixed(
    select(func.count())
    .select_from(paragraphs)
    .where(
        paragraphs.c.article_id == bindparam("the_id"),
        paragraphs.c.rang.is_(True),
        paragraphs.c.at > bindparam("since", type_=paragraphs.c.at.type),
    )
)


def ring_added(
    conn: Connection,
    now: datetime,
    article: str,
    added: Sequence[AddedLine],
    told: Collection[str],
) -> None:
    """Ring for paragraphs of a live page, which is held: each is an event of its own, once.

    Args:
        conn: The transaction in which the page's text is stored.
        now: The present.
        article: The page.
        added: Paragraphs in which something matched.
        told: Topics that ring for the page itself in this transaction: who is told of the page
            for the first time is not told of its paragraphs besides.
    """
    for one in added:
        topics = tuple(topic for topic in one.unit.topics if topic.name not in told)
        count = _RANG.fetch(conn, {"the_id": article, "since": now - DAY})[0][0]
        alone = bool(topics) and count < MOST_A_DAY
        row = {"article_id": article, "key": one.key, "at": now, "rang": alone}
        if not put_new(conn, paragraphs, [row]) or not topics:
            continue
        facts = structs.replace(one.unit.article, id=article)
        event = paragraph_id(article, one.key)
        unit = structs.replace(one.unit, event=event, topics=topics, article=facts)
        if rings.ring(conn, now, unit, hold=None if alone else _BEYOND) is not None:
            names = ", ".join(topic.name for topic in topics)
            traces.write(conn, [_line(article, now, names, facts.summary, alone=alone)])


_BEYOND = f"over {MOST_A_DAY} paragraphs of this live page rang within a day"


def _line(article: str, now: datetime, names: str, said: str, *, alone: bool) -> TraceLine:
    how = "rings by itself" if alone else "is held for a list"
    return TraceLine(
        stage="ring",
        decision=f"a paragraph {how}: {names}",
        because=said[:500],
        article=article,
        at=now,
    )


def note_removed(conn: Connection, now: datetime, article: str, removed: Sequence[str]) -> None:
    """Note paragraphs that a live page has lost, by their hashes."""
    rows = [{"article_id": article, "key": key, "at": now, "rang": False} for key in removed]
    put_new(conn, paragraphs, rows)


_PARAGRAPHS = select(paragraphs).where(paragraphs.c.article_id == bindparam("the_id"))


def copy_paragraphs(conn: Connection, source: str, target: str) -> None:
    """Let what was news on one article's page have been news on another's too."""
    rows = conn.execute(_PARAGRAPHS, {"the_id": source}).mappings()
    put_new(conn, paragraphs, [{**row, "article_id": target} for row in rows])
