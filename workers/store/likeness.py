"""Articles that may be one, though no address proves it: decided with both texts at hand.

* The same text under the same title, at the same publisher: one article.
* A page that names another as its own, or is named by it, at the same publisher, and has half of
  its lines in common with it: one article.
* The same text at other publishers (an agency's): articles of their own, each with its own edits,
  but a topic that has rung for the text itself does not ring for it once more.

Anything less joins nothing: a careless template would silence all of a publisher's news.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import structs
from sqlalchemy import Connection, bindparam, select

from workers.model.alert import RingUnit, RungTopic, TraceLine
from workers.model.commit import Likeness
from workers.model.ids import make_id
from workers.store import merge, rings, traces
from workers.store.columns import bounded
from workers.store.sql import put_new
from workers.store.tables import articles, keys
from workers.text.lines import same_by_half

__all__ = ["recognise", "told_elsewhere"]

MOST = 8
"""Articles that are looked at because they name the same address."""
MOST_LETTERS = 200_000
"""Characters of a text that is compared: a transaction must not take long."""
_READ = ("page", "articleBody")
_FULL = ("article", "doubtful")

_OWNER = select(keys.c.article_id).where(keys.c.key == bindparam("the_key"))
_TEXT = select(articles.c.title, articles.c.text, articles.c.text_from, articles.c.verdict).where(
    articles.c.id == bindparam("the_id")
)
_HINTING = (
    select(articles.c.id)
    .where(articles.c.hint.in_(bindparam("some", expanding=True)))
    .order_by(articles.c.first_seen.desc(), articles.c.id)
    .limit(MOST)
)


def recognise(conn: Connection, now: datetime, article: str, like: Likeness) -> str:
    """Join ``article``, which is held and whose text is stored, with what is the same one.

    Returns:
        The article that it is now.
    """
    if like.content is not None:
        article = _same_text(conn, now, article, like)
    for owner, url in _named(conn, article, like):
        other = merge.hold(conn, owner)
        if other != article and _agrees(conn, other, like):
            article = merge.join(conn, now, article, other, url)
    return article


def _same_text(conn: Connection, now: datetime, article: str, like: Likeness) -> str:
    """Join with the publisher's article of the same text and title."""
    if not like.title.strip() or not like.site:
        return article
    key = make_id("text", like.site, like.title, like.content or "")
    return merge.claim(conn, now, article, key)


def _named(conn: Connection, article: str, like: Likeness) -> Iterator[tuple[str, str]]:
    """Yield articles that may be the same one, with where the page of both would be."""
    for name in like.names:
        owner = conn.execute(_OWNER, {"the_key": bounded(name.key)}).scalar()
        if owner is not None:
            yield owner, name.url
    names = [like.own, *like.names[:1]]
    hinting = conn.execute(_HINTING, {"some": [bounded(name.key) for name in names]}).scalars()
    for other in sorted(hinting.all()):
        if other != article:
            yield other, like.own.url


def _agrees(conn: Connection, other: str, like: Likeness) -> bool:
    row = conn.execute(_TEXT, {"the_id": other}).one_or_none()
    if row is None or row.text_from not in _READ or row.verdict not in _FULL:
        return False
    return same_by_half(row.text[:MOST_LETTERS], like.text[:MOST_LETTERS])


def told_elsewhere(
    conn: Connection, now: datetime, article: str, like: Likeness, unit: RingUnit
) -> RingUnit | None:
    """Return what is left to ring where another publisher's article of the same text has rung.

    Only topics that matched in the text itself: what matched in a headline is that article's own.
    """
    if like.content is None:
        return unit
    key = make_id("text", like.content)
    if put_new(conn, keys, [{"key": key, "article_id": article}]):
        return unit
    other = merge.root(conn, conn.execute(_OWNER, {"the_key": key}).scalar_one())
    if other == article:
        return unit
    told = rings.of_event(conn, other)
    size = len(like.text)
    same = [topic.name for topic in unit.topics if topic.name in told and _in_text(topic, size)]
    if not same:
        return unit
    rings.copy(conn, other, article, same)
    because = f"the same text rang for {_url(conn, other)}"
    line = TraceLine(
        stage="ring",
        decision=f"told before: {', '.join(same)}",
        because=because,
        article=article,
        at=now,
    )
    traces.write(conn, [line])
    left = tuple(topic for topic in unit.topics if topic.name not in same)
    return structs.replace(unit, topics=left) if left else None


def _in_text(topic: RungTopic, size: int) -> bool:
    """Say whether it was found in the page's own text, behind which the feeds' headlines stand."""
    hits = (hit for clause in topic.clauses for hit in clause.hits)
    return any(hit.zone == "body" and hit.end <= size for hit in hits)


def _url(conn: Connection, article: str) -> str:
    found = select(articles.c.url).where(articles.c.id == article)
    return conn.execute(found).scalar() or article
