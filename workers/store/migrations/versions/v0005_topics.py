"""What working on topics keeps.

Only adds; a version that knows only the fourth schema runs on.
"""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add tables, each kind in a function of its own."""
    _mutes()


def _mutes() -> None:
    """Topics that do not ring for a while, and what they would have rung."""
    op.create_table(
        "mutes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("told_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mutes"),
    )
    untold = sa.text("told_at IS NULL")
    op.create_index(
        "ix_mutes_untold",
        "mutes",
        ["topic"],
        unique=True,
        sqlite_where=untold,
        postgresql_where=untold,
    )
    op.create_table(
        "muted",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("mute", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name="fk_muted_alert_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", "topic", name="pk_muted"),
    )
    op.create_index("ix_muted_mute_at", "muted", ["mute", "at"])
