"""Rules about topics themselves: which can never match, which hold each other, which ring always.

Only what is proven is told of the first two: a proof is a walk over what a query asks, with what
its words say of each other.
"""

from workers.topics.lint.common import Archive, common_findings
from workers.topics.lint.findings import Finding
from workers.topics.lint.held import held_findings
from workers.topics.lint.never import never_findings
from workers.topics.lint.scripts import Writes, phrase_script, script_findings, script_of

__all__ = [
    "Archive",
    "Finding",
    "Writes",
    "common_findings",
    "held_findings",
    "never_findings",
    "phrase_script",
    "script_findings",
    "script_of",
]
