"""What reading pages keeps.

Only adds; a version that knows only the third schema runs on.
"""

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add columns and tables, each kind in a function of its own."""
