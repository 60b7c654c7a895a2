"""The synthetic entry behind the heartbeat."""

__all__ = ["BEAT", "BEAT_KIND", "BEAT_STREAM"]

BEAT = "heartbeat"
"""Its id: in the due-queue, in streams, and of its row of work."""
BEAT_KIND = "beat"
BEAT_STREAM = "beat"
"""The last stream that it waits in, for whoever sends."""
