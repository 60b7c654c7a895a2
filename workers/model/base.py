"""What every type of the model shares."""

import msgspec

__all__ = ["Record"]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen record whose fields are named when it is made."""
