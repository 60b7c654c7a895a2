"""What several processes, dead entries and traces that cross processes need.

Only adds, and shortens keys that PostgreSQL could not index.
"""

import sqlalchemy as sa
from alembic import op

from workers.store.columns import KEY_BYTES, bounded

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add columns and tables; a version that knows only the first schema runs on."""
    _columns()
    _stamps()
    _quiet()
    _messages()
    _bursts()
    _sinks()
    _leavers()
    _closed_work()
    _receipts()
    _keys()


def _closed_work() -> None:
    """So that retention finds old closed work without looking at all of it."""
    closed = sa.text("next_at IS NULL")
    op.create_index(
        "ix_work_closed", "work", ["asked_at"], sqlite_where=closed, postgresql_where=closed
    )


def _receipts() -> None:
    """So that retention finds old receipts, and not each time those that it has removed."""
    there = sa.text("receipt IS NOT NULL")
    op.create_index("ix_rung_receipts", "rung", ["at"], sqlite_where=there, postgresql_where=there)


def _columns() -> None:
    op.add_column("work", sa.Column("traceparent", sa.Text(), nullable=True))
    op.add_column("dead", sa.Column("content", sa.Text(), nullable=True))


def _stamps() -> None:
    """With which accepted topics an article was matched last."""
    op.add_column("articles", sa.Column("topics_version", sa.Integer(), nullable=True))


def _quiet() -> None:
    """In what a feed is quieter than ever; counted as a state of feeds."""
    op.add_column("feeds", sa.Column("quiet", sa.Text(), nullable=True))


def _messages() -> None:
    """What is sent that is no alert: a delivery is of an alert or of a message."""
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_at", "messages", ["at"])
    undone = sa.text("state IN ('open', 'retry', 'held')")
    # SQLite copies the table: what it cannot read back of an index is made again by hand.
    op.drop_index("ix_deliveries_undone", "deliveries")
    with op.batch_alter_table("deliveries") as batch:
        batch.alter_column("alert_id", existing_type=sa.Text(), nullable=True)
        batch.add_column(sa.Column("message_id", sa.Text(), nullable=True))
        batch.create_foreign_key("fk_deliveries_message_id", "messages", ["message_id"], ["id"])
        batch.create_index("ix_deliveries_message_id", ["message_id"])
    op.create_index(
        "ix_deliveries_undone",
        "deliveries",
        ["sink", "state", "made_at"],
        sqlite_where=undone,
        postgresql_where=undone,
    )
    op.create_table(
        "events",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("raised_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_events"),
    )


def _bursts() -> None:
    """What a burst has let through, and what it holds for the next list."""
    op.create_table(
        "bursts",
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sink", "topic", name="pk_bursts"),
    )
    op.create_table(
        "told",
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sink", "topic", "at", "alert_id", name="pk_told"),
    )
    op.create_table(
        "held",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_held_alert_id"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_held_message_id"),
        sa.PrimaryKeyConstraint("alert_id", "sink", "recipient", "topic", name="pk_held"),
    )
    op.create_index("ix_held_message_id", "held", ["message_id"])
    waiting = sa.text("message_id IS NULL")
    op.create_index(
        "ix_held_waiting",
        "held",
        ["sink", "recipient", "topic", "at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def _sinks() -> None:
    """How each sink stands, for all processes and over restarts."""
    op.create_table(
        "sinks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("failing_since", sa.Double(), nullable=True),
        sa.Column("refused_since", sa.Double(), nullable=True),
        sa.Column("gone_since", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_sinks"),
    )


def _leavers() -> None:
    """Recipients of mail who want no more of it."""
    op.create_table(
        "left_recipients",
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("sink", "recipient", name="pk_left_recipients"),
    )


def _keys() -> None:
    """Keys of over 2,000 bytes become their beginning and their hash, as they are looked up.

    A version that knows only the first schema makes the same article of such a link again: an
    article's id is a hash of the whole link.
    """
    conn = op.get_bind()
    for name in ("article_keys", "feed_addresses"):
        table = sa.table(name, sa.column("key", sa.Text()))
        long = sa.select(table.c.key).where(sa.func.length(table.c.key) > KEY_BYTES // 4)
        for key in conn.execute(long).scalars().all():
            if (short := bounded(key)) != key:
                conn.execute(sa.update(table).where(table.c.key == key).values(key=short))
