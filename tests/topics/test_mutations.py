"""Good queries that were damaged: whatever comes of them, nothing but a refusal is raised."""
# ruff: noqa: RUF001 -- signs that look like others are what people type

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.model.topic import Document, TopicSpec
from workers.topics import compile_topics, render_caret

ALIASES = {"group": ("Kataib Hezbollah", "Houthi*", "armed ~drone", "حزب الله")}
GOOD = [
    '(militia OR @group) NEAR/30 (strike OR airstrike OR "drone ~attack")',
    "title:(murder OR trial) -title:opinion {US}",
    "COUNT/3(militia) AND (source:reuters OR lang:en) NOT author:smith",
    "a ONEAR/3 b* NEAR/2 «c d» # comment\nAND NOT (e f)",
    "l'ambassade air-strike كتائب 北京 צה\"ל “x y” any:caption:z",
    "NOT NOT militia AND -(-strike) OR (raid)",
]
PIECES = st.sampled_from([
    *"()\"{}@~*-#:/|&'!?,.\n\t\\^=<>[] ", "AND", "OR", "NOT", "NEAR/3", "NEAR/", "ONEAR/51",
    "near",
    "COUNT/2(", "title:", "lang:", "tag:", "@group", "@", "NOT NOT ", "\u200b", "\u202e", "\x00",
    "\ud800", "»", "”", "（", "＊", "ｘ", "٣",
])  # fmt: skip
DOCUMENT = Document(title="Militia strike", body="US drones and كتائب", language="en")


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Return a good query of which parts were cut, doubled, moved or overwritten."""
    query = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(query)))
        end = draw(st.integers(start, min(len(query), start + 12)))
        put = draw(st.one_of(st.just(""), PIECES, st.just(query[start:end] * 2)))
        query = query[:start] + put + query[end:]
    return query


@settings(max_examples=250, deadline=None)
@given(damaged())
def test_a_damaged_query_is_refused_inside_or_runs(query):
    """A damaged query is a problem with a place inside and a hint, or a topic that runs."""
    made = compile_topics([TopicSpec(name="t", query=query)], ALIASES, ["en"])
    assert len(made.specs) == 1 - len(made.problems)
    made.match(DOCUMENT)
    for problem in (*made.problems, *made.warnings):
        lines = query.split("\n")
        assert 1 <= problem.line <= len(lines)
        line = lines[problem.line - 1]
        assert 1 <= problem.column <= max(1, len(line))
        assert problem.length >= 1
        assert problem.column - 1 + problem.length <= max(1, len(line))
        assert render_caret(problem, query).replace("\n", "").isprintable()
    assert all(problem.hint for problem in made.problems)


@pytest.mark.parametrize("query", ["NOT NOT militia", "-(-militia)", "NOT (NOT (militia strike))"])
def test_what_is_twice_denied_must_be_there(query):
    """A query that is only a double NOT runs like the query without it."""
    made = compile_topics([TopicSpec(name="t", query=query)], {}, ["en"])
    assert made.problems == ()
    assert made.match(DOCUMENT)
    assert not made.match(Document(title="Nothing", body="", language="en"))
