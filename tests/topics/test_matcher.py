"""The matcher says what the plain evaluator says, however many topics there are."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topics.test_brute import ALIASES, as_record, documents, trees, written
from workers.model.topic import TopicSpec
from workers.topics import compile_topics
from workers.topics.aliases import read_aliases
from workers.topics.errors import QueryError
from workers.topics.forms import Forms
from workers.topics.parser import parse
from workers.topics.plain import holds
from workers.topics.reading import Reading


def oracle(queries, document):
    """Return which queries hold, by the plain evaluator; refused ones do not."""
    reading = Reading(document, Forms(["en"]))
    sets = read_aliases(ALIASES)
    found = []
    for query in queries:
        try:
            tree = parse(query, sets.phrases).tree
        except QueryError:
            continue
        if holds(tree, reading):
            found.append(query)
    return found


@settings(max_examples=400, deadline=None)
@given(
    st.lists(trees, min_size=1, max_size=12, unique_by=written),
    st.lists(documents, min_size=1, max_size=6),
)
def test_the_matcher_is_the_oracle(found, texts):
    """On made-up topics and articles, over all operators and scopes."""
    queries = [written(tree) for tree in found]
    topics = compile_topics([TopicSpec(name=q, query=q) for q in queries], ALIASES, ["en"])
    for text in texts:
        document = as_record(text)
        assert oracle(queries, document) == list(topics.names(document))
