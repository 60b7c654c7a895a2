"""The outside world as the steps and lanes know it: a short list of verbs for each edge."""

from workers.steps.ports.around import Fetcher, Meter, Pool, Poster, Sink
from workers.steps.ports.broker import Broker
from workers.steps.ports.store import Store

__all__ = ["Broker", "Fetcher", "Meter", "Pool", "Poster", "Sink", "Store"]
