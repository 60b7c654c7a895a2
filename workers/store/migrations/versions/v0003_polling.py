"""What polling keeps: to read only what is new, for pushes, for feeds that the operator manages.

Only adds; a version that knows only the second schema runs on.
"""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns and tables, each kind in a function of its own."""
    _subscriptions()
    _hosts()
    _failing_feeds()
    _managed_feeds()
    _marks()


def _managed_feeds() -> None:
    """When a feed was disabled by a command, and what is read where its page names it."""
    op.add_column("feeds", sa.Column("disabled_at", sa.Double(), nullable=True))
    op.add_column("feeds", sa.Column("stand_in", sa.Text(), nullable=True))


def _failing_feeds() -> None:
    """When a feed was given up for its 410s, and when our own network failed it last."""
    for name in ("gone_at", "excused_at"):
        op.add_column("feeds", sa.Column(name, sa.Double(), nullable=True))


def _hosts() -> None:
    """Whom a page is asked for: the relay hands on no more of a host than it may be asked for."""
    op.add_column("work", sa.Column("host", sa.Text(), nullable=True))


def _marks() -> None:
    """What a feed listed last, so that only what is new to it is read."""
    op.add_column("feeds", sa.Column("marks", sa.LargeBinary(), nullable=True))


def _subscriptions() -> None:
    """Feeds that hubs are asked to push, and how that stands."""
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.Double(), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=True),
        sa.Column("verified_at", sa.Double(), nullable=True),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("pushed_at", sa.Double(), nullable=True),
        sa.Column("missed_at", sa.Double(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_subscriptions_feed_id"),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_feed_id", "subscriptions", ["feed_id"])
    op.create_index("ix_subscriptions_next_at", "subscriptions", ["next_at"])
    staying = sa.text("state != 'leaving'")
    op.create_index(
        "uq_subscriptions_of_feed",
        "subscriptions",
        ["feed_id"],
        unique=True,
        sqlite_where=staying,
        postgresql_where=staying,
    )
