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
    _reading_again()
    _identity()
    _witness()


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


def _witness() -> None:
    """Lines of a text that the page's own copy of it does not have."""
    op.add_column(
        "articles", sa.Column("doubted", sa.Text(), server_default=sa.text("'[]'"), nullable=False)
    )


def _reading_again() -> None:
    """When a page is read again, what that changed, and what was news on a live page."""
    for name in ("reread_at", "changed_at"):
        op.add_column("articles", sa.Column(name, sa.Double(), nullable=True))
    for name in ("validators", "live"):
        op.add_column("articles", sa.Column(name, sa.Text(), nullable=True))
    op.create_table(
        "editions",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("added", sa.Text(), nullable=False),
        sa.Column("removed", sa.Text(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_editions_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "since", name="pk_editions"),
    )
    op.create_index("ix_editions_at", "editions", ["at"])
    op.create_table(
        "paragraphs",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("rang", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_paragraphs_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "key", name="pk_paragraphs"),
    )
    op.create_index("ix_paragraphs_at", "paragraphs", ["at"])


def _identity() -> None:
    """Which address a page calls its own, so that the two can be told to be one."""
    op.add_column("articles", sa.Column("hint", sa.Text(), nullable=True))
    op.create_index(
        "ix_articles_hint",
        "articles",
        ["hint"],
        sqlite_where=sa.text("hint IS NOT NULL"),
        postgresql_where=sa.text("hint IS NOT NULL"),
    )
