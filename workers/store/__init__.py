"""SQL, the truth: one port of verbs over SQLAlchemy Core, on SQLite.

A unit of work is a plain function of a connection and the present. One writer commits what is
queued together; readers stand apart. Nothing here decides what is news, what rings or who is told.
"""

from workers.store import backups, copying
from workers.store.check import examine
from workers.store.letters import DeadWhich
from workers.store.restored import mark_restored
from workers.store.schema import Unusable, migrate
from workers.store.store import SqlStore, open_store

__all__ = [
    "DeadWhich",
    "SqlStore",
    "Unusable",
    "backups",
    "copying",
    "examine",
    "mark_restored",
    "migrate",
    "open_store",
]
