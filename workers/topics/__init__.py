"""Rules of topics: the language, its evaluation and its receipts."""

from workers.topics.compiled import TopicSet, compile_topics
from workers.topics.errors import QueryError, render_caret
from workers.topics.examples import (
    ExampleFailure,
    Labelled,
    Score,
    Scores,
    check_examples,
    read_as,
)
from workers.topics.forms import NotAtHand
from workers.topics.tried import try_query

__all__ = [
    "ExampleFailure",
    "Labelled",
    "NotAtHand",
    "QueryError",
    "Score",
    "Scores",
    "TopicSet",
    "check_examples",
    "compile_topics",
    "read_as",
    "render_caret",
    "try_query",
]
