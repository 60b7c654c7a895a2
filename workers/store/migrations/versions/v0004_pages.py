"""What reading pages keeps.

Only adds; a version that knows only the third schema runs on.
"""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add columns and tables, each kind in a function of its own."""
    _host_lines()


def _host_lines() -> None:
    """Which lines the pages of a host have in common."""
    op.create_table(
        "host_lines",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.Column("noted_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_host_lines"),
    )
    op.create_index("ix_host_lines_noted_at", "host_lines", ["noted_at"])
