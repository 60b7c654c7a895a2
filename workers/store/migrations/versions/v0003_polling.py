"""What polling keeps: to read only what is new, for pushes, for feeds that the operator manages.

Only adds; a version that knows only the second schema runs on.
"""

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns and tables, each kind in a function of its own."""
