"""The only Redis: streams, leases, the due-queue, politeness, breakers, and our own Valkey."""

from workers.broker.broker import RedisBroker
from workers.broker.datadir import DataDirLock
from workers.broker.embedded import EmbeddedValkey

__all__ = ["DataDirLock", "EmbeddedValkey", "RedisBroker"]
