"""What is known of the whole: the topics that were accepted, and single values by name."""

from sqlalchemy import Column, Integer, Table, Text

from workers.store.columns import Moment, Words
from workers.store.tables.base import metadata

__all__ = ["accepted", "meta"]

accepted = Table(
    "accepted",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("content", Words, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Words, nullable=False),
)
