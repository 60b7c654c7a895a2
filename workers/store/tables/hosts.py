"""What is known of hosts."""

from sqlalchemy import Column, LargeBinary, Table

from workers.store.columns import Moment, Words
from workers.store.tables.base import metadata

__all__ = ["host_lines"]

host_lines = Table(
    "host_lines",
    metadata,
    Column("host", Words, primary_key=True),
    Column("lines", LargeBinary, nullable=False),  # packed, see workers.pages.memory
    Column("noted_at", Moment, nullable=False, index=True),
)
