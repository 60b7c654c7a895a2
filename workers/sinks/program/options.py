"""Which program is told, and for how long it may run."""

from workers.model.base import Record

__all__ = ["ProgramOptions"]


class ProgramOptions(Record, frozen=True, kw_only=True):
    """Which program is told, and for how long it may run."""

    command: tuple[str, ...]
    """The program and its arguments, as they are: no shell reads them."""
    folder: str
    """Where it runs."""
    timeout_s: float = 20.0
    """Seconds, after which it and all it started are killed: as long as a webhook may take."""
    answer_bytes: int = 20_000
    """What is kept of what it writes; the rest is read and thrown away."""
