"""Rules of feeds: reading a document, what is new in it, when to look again."""

from workers.feeds.again import read_again
from workers.feeds.entries import made
from workers.feeds.hints import http_hints, merge_hints
from workers.feeds.read import read_feed
from workers.feeds.second import second_opinion

__all__ = ["http_hints", "made", "merge_hints", "read_again", "read_feed", "second_opinion"]
