"""Rates: how many messages a sink takes in how long, whoever sends them."""

import secrets

from workers.broker.keys import line_key, rate_key
from workers.broker.link import Part
from workers.model.rate import Rate

__all__ = ["Rates"]

LONGEST_WINDOW_S = 30 * 86_400.0
MOST_TURNS = 100_000
"""Turns remembered for one sink: more in a window are as good as no rate."""
LONGEST_LINE = 1000
"""Who waits behind so many asks again sooner than its time would come: a line may have gone."""


class Rates(Part):
    """The verbs of rates. Turns that are lost were never taken."""

    async def rate_turn(self, sink: str, rate: Rate) -> float:
        """Take a turn to send to ``sink``: 0 is go, else the seconds to wait before asking again.

        Whoever must wait is given a time of its own, one after the other.
        """
        window_ms = round(min(max(rate.per_s, 0.001), LONGEST_WINDOW_S) * 1000)
        wait = await self._link.run(
            "rate_turn",
            [rate_key(sink), line_key(sink)],
            [
                f"{self._link.consumer}:{secrets.token_hex(6)}",
                min(max(1, rate.count), MOST_TURNS),
                window_ms,
                LONGEST_LINE,
            ],
        )
        return int(wait) / 1000
