"""The only outgoing HTTP of feeds and pages."""

from workers.net.fetcher import HttpFetcher
from workers.net.session import guarded_session

__all__ = ["HttpFetcher", "guarded_session"]
