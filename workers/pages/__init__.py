"""Pages: from bytes to an article. Pure: a bad page is a verdict, never an exception."""

from workers.pages.alone import Alone, read_alone
from workers.pages.blocked import PageHosts, blocked_text, turned_away
from workers.pages.blocks import key_of
from workers.pages.cues import parse_cues
from workers.pages.fallback import settle
from workers.pages.live import parse_live
from workers.pages.memory import hash_of, known_lines, lines_of, noted
from workers.pages.reading import extract
from workers.pages.rules import PageRules

__all__ = [
    "Alone",
    "PageHosts",
    "PageRules",
    "blocked_text",
    "extract",
    "hash_of",
    "key_of",
    "known_lines",
    "lines_of",
    "noted",
    "parse_cues",
    "parse_live",
    "read_alone",
    "settle",
    "turned_away",
]
