"""What several processes, dead entries and traces that cross processes need. Only adds."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add columns and tables; a version that knows only the first schema runs on."""
    _columns()


def _columns() -> None:
    op.add_column("work", sa.Column("traceparent", sa.Text(), nullable=True))
    op.add_column("dead", sa.Column("content", sa.Text(), nullable=True))
