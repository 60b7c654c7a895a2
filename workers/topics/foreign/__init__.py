"""Queries of other tools, translated into ours."""

from workers.topics.foreign.parser import Translation, translate
from workers.topics.foreign.tools import TOOLS

__all__ = ["TOOLS", "Translation", "translate"]
