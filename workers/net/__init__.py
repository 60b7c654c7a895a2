"""The only outgoing HTTP of feeds and pages."""

from workers.net.fetcher import HttpFetcher
from workers.net.inflate import inflated
from workers.net.poster import HttpPoster
from workers.net.session import guarded_session

__all__ = ["HttpFetcher", "HttpPoster", "guarded_session", "inflated"]
