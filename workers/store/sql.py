"""The few places where dialects differ, and statements that are compiled once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    BindParameter,
    Boolean,
    Connection,
    Dialect,
    Row,
    Select,
    Table,
    UpdateBase,
    bindparam,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from workers.store.columns import Moment, Packed, Words, moment

__all__ = [
    "CHUNK",
    "Fixed",
    "Insert",
    "Several",
    "Values",
    "chunks",
    "insert_for",
    "lock",
    "put_new",
    "put_over",
]

T = TypeVar("T")
Values = Mapping[str, Any]
CHUNK = 500
"""Most values of one IN list: far below every dialect's limit of parameters."""

Insert = sqlite.Insert | postgresql.Insert
_INSERTS: dict[str, Callable[[Table], Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


class _Plan(NamedTuple):
    """A statement as one dialect's driver takes it."""

    sql: str
    constants: dict[str, Any]
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    """Returns the parameters in the order of the statement."""
    names: tuple[str, ...] | None
    """What the parameters are called, None where the driver takes them by their places."""
    processes: list[tuple[int, Callable[[Any], Any]]]
    """What makes the value at a place storable, unless it is None."""

    def bind(self, row: Values) -> Any:  # noqa: ANN401 - a list or a dict, as its driver has it
        """Return what the driver is given for ``row``."""
        values = list(self.pick({**self.constants, **row} if self.constants else row))
        for place, process in self.processes:
            if (value := values[place]) is not None:
                values[place] = process(value)
        return values if self.names is None else dict(zip(self.names, values, strict=True))


class Fixed:
    """A statement that is compiled once for a dialect and then run by the driver alone.

    A commit is ten small statements: with SQLAlchemy's own execution they take twice as long as
    SQLite does. ``columns`` are those that an INSERT is given.
    """

    def __init__(
        self,
        make: Callable[[str], UpdateBase] | UpdateBase | Select[Any],
        columns: Iterable[str] = (),
    ) -> None:
        self._make = make
        self._columns = list(columns)
        self._plans: dict[str, _Plan] = {}
        selected = make.selected_columns if isinstance(make, Select) else ()
        reads = [_reader(column.type) for column in selected]
        self._reads = [(place, read) for place, read in enumerate(reads) if read]
        """What makes of the value at a place what its type says."""

    def run(self, conn: Connection, *rows: Values) -> int:
        """Run it for each row of parameters; return how many rows of the table it concerned."""
        if not rows:
            return 0
        plan = self._plans.get(conn.dialect.name) or self._plan(conn.dialect)
        cursor = conn.connection.cursor()
        try:
            if len(rows) == 1:
                cursor.execute(plan.sql, plan.bind(rows[0]))
            else:
                cursor.executemany(plan.sql, [plan.bind(row) for row in rows])
            return cursor.rowcount
        finally:
            cursor.close()

    def fetch(self, conn: Connection, row: Values) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT as the driver has them: for columns of plain text."""
        plan = self._plans.get(conn.dialect.name) or self._plan(conn.dialect)
        cursor = conn.connection.cursor()
        try:
            cursor.execute(plan.sql, plan.bind(row))
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def typed(self, conn: Connection, row: Values) -> Sequence[Sequence[Any]]:
        """Return the rows of a SELECT, each value as its column's type has it."""
        found = self.fetch(conn, row)
        if not self._reads:
            return found
        rows = [list(values) for values in found]
        for values in rows:
            for place, read in self._reads:
                if values[place] is not None:
                    values[place] = read(values[place])
        return rows

    def _plan(self, dialect: Dialect) -> _Plan:
        make = self._make
        statement = make if isinstance(make, UpdateBase | Select) else make(dialect.name)
        compiled = statement.compile(dialect=dialect, column_keys=self._columns or None)
        named = None if compiled.positional else tuple(compiled.binds)
        places = compiled.positiontup or [] if named is None else list(named)
        binds = [compiled.binds[name] for name in places]
        found = [_processor(bind.type, dialect) for bind in binds]
        plan = self._plans[dialect.name] = _Plan(
            sql=compiled.string,
            constants={
                name: bind.effective_value
                for name, bind in zip(places, binds, strict=True)
                if not bind.required
            },
            pick=_picker(places),
            names=named,
            processes=[(place, process) for place, process in enumerate(found) if process],
        )
        return plan


Places = Callable[[str, TypeEngine[Any]], list[BindParameter[Any]]]
"""Gives a list of parameters by its name."""


class Several:
    """A statement with lists of values, compiled once for each of a few lengths.

    SQLAlchemy writes such a statement anew each time, which takes longer than SQLite does. Places
    that are not needed repeat the last value.
    """

    LENGTHS = (1, 4, 16, 32, 64, 128, 256, CHUNK)

    def __init__(self, make: Callable[[Places], Select[Any] | UpdateBase]) -> None:
        self._make = make
        self._made: dict[int, Fixed] = {}

    def rows(
        self, conn: Connection, row: Values, **lists: Sequence[Any]
    ) -> Sequence[Sequence[Any]]:
        """Return the rows of a SELECT, by equally long lists that are not empty."""
        fixed, values = self._bound(lists)
        return fixed.typed(conn, {**row, **values})

    def run(self, conn: Connection, row: Values, **lists: Sequence[Any]) -> int:
        """Run what writes; return how many rows it concerned."""
        fixed, values = self._bound(lists)
        return fixed.run(conn, {**row, **values})

    def _bound(self, lists: Mapping[str, Sequence[Any]]) -> tuple[Fixed, dict[str, Any]]:
        wanted = max(map(len, lists.values()))
        length = next(length for length in self.LENGTHS if length >= wanted)
        values = {
            f"{name}{place}": some[min(place, len(some) - 1)]
            for name, some in lists.items()
            for place in range(length)
        }
        return self._made.get(length) or self._of(length), values

    def _of(self, length: int) -> Fixed:
        def places(name: str, kind: TypeEngine[Any]) -> list[BindParameter[Any]]:
            return [bindparam(f"{name}{place}", type_=kind) for place in range(length)]

        made = self._made[length] = Fixed(self._make(places))
        return made


def _processor(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return what makes a value storable: of our own types without SQLAlchemy's layers around."""
    if isinstance(kind, Words | Moment | Packed):
        return kind.lay
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """Return what turns a stored value that is not None into what its type says."""
    if isinstance(kind, Moment):
        return moment
    if isinstance(kind, Packed):
        return kind.decode
    return bool if isinstance(kind, Boolean) else None


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: tuple(row[name] for name in names)


def insert_for(dialect: str, table: Table) -> Insert:
    """Return the INSERT of ``dialect`` that can say what happens on a conflict."""
    return _INSERTS[dialect](table)


def put_new(conn: Connection, table: Table, rows: Sequence[Values]) -> int:
    """Insert the rows that are not there yet, by any unique key; return how many were not."""
    return _insert_new(table, tuple(rows[0])).run(conn, *rows) if rows else 0


@cache
def _insert_new(table: Table, columns: tuple[str, ...]) -> Fixed:
    return Fixed(lambda dialect: insert_for(dialect, table).on_conflict_do_nothing(), columns)


def put_over(conn: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert whole rows, or replace those with the same primary key."""
    if rows:
        _insert_over(table).run(conn, *rows)


@cache
def _insert_over(table: Table) -> Fixed:
    def make(dialect: str) -> Insert:
        insert = insert_for(dialect, table)
        own = [column.name for column in table.primary_key.columns]
        changed = {
            column.name: insert.excluded[column.name]
            for column in table.columns
            if column.name not in own
        }
        return insert.on_conflict_do_update(index_elements=own, set_=changed)

    return Fixed(make, [column.name for column in table.columns])


def lock(conn: Connection, statement: Select[Any], row: Values) -> Sequence[Row[Any]]:
    """Hold the rows of a ``SELECT … FOR UPDATE`` until the transaction ends; return them.

    SQLite has one writer, so there is nothing to hold, and nothing is returned.
    """
    return conn.execute(statement, row).all() if conn.dialect.name == "postgresql" else ()


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Yield the distinct values in lists that one statement can take."""
    rest = iter(dict.fromkeys(values))
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
