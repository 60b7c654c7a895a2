"""What all tables are made with."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Index, MetaData

from workers.model.topic import Clause
from workers.store.columns import Packed

__all__ = ["Clauses", "Strings", "metadata", "partial"]

Strings = Packed(tuple[str, ...])
Clauses = Packed(tuple[Clause, ...])

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def partial(name: str, *columns: Column[Any], where: ColumnElement[bool]) -> None:
    """Add an index over the rows that ``where`` says, in every dialect."""
    Index(name, *columns, sqlite_where=where, postgresql_where=where)
