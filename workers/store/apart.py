"""A part of a unit that may fail alone, so that one bad item does not cost the others."""

from collections.abc import Callable

from sqlalchemy import Connection

__all__ = ["Fatal", "apart", "judged_by"]

Fatal = Callable[[Connection, Exception], bool]
"""Says whether an error has cost the whole transaction, not just the statement."""
_FATAL = "tocsin_fatal"


def judged_by(conn: Connection, fatal: Fatal) -> None:
    """Let ``fatal`` judge what goes wrong on this connection."""
    conn.info[_FATAL] = fatal


def apart(conn: Connection, part: Callable[[], None]) -> Exception | None:
    """Do ``part`` in a savepoint of its own; if it fails, undo it and return why.

    Raises:
        Exception: what ``part`` raised, where that has cost the whole transaction (a full disk, a
            lost connection): then it is not the part's own fault.
    """
    _tell(conn, "SAVEPOINT part")
    try:
        part()
    except Exception as error:
        fatal: Fatal | None = conn.info.get(_FATAL)
        if fatal is None or fatal(conn, error):
            raise
        _tell(conn, "ROLLBACK TO SAVEPOINT part")
        _tell(conn, "RELEASE SAVEPOINT part")
        return error
    _tell(conn, "RELEASE SAVEPOINT part")
    return None


def _tell(conn: Connection, words: str) -> None:
    """Let the driver alone run it, as `Fixed` does: a poll with news has two of these."""
    cursor = conn.connection.cursor()
    try:
        cursor.execute(words)
    finally:
        cursor.close()
