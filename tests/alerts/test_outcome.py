"""How a query came out, in words."""

from workers.alerts import outcome_lines
from workers.model.article import ZoneLine
from workers.model.topic import Document
from workers.topics import try_query

ARTICLE = Document(
    title="A drone over\x1b[31m the harbour",
    body="Militias met.",
    zones=(ZoneLine(zone="related", text="Murder trial opens", rule="t"),),
    language="en",
    sources=("Evil\x1b]0;owned\x07 \u202eWire",),
)


def lines(query):
    """Return how a query came out."""
    return [str(line) for line in outcome_lines(try_query(query, {}, ["en"], ARTICLE))]


def test_a_line_a_clause():
    """Each clause has a mark, its reason, and the sentences with its hits marked."""
    assert lines("(drone OR tank) NEAR/4 harbour AND murder") == [
        "✗ (drone OR tank) NEAR/4 harbour AND murder",
        "  ✓ (drone OR tank) NEAR/4 harbour",
        "      title: A *drone* over[31m the *harbour*",
        "  ✗ murder: not in title or body, but in related",
        "did not hold: murder (not in title or body, but in related)",
        "but stands in related, which is not searched: *Murder* trial opens",
    ]


def test_what_matched_says_nothing_of_failures():
    """Of a match there are only its clauses and hits; those of parts are told once."""
    assert lines("militia OR tank") == [
        "✓ militia OR tank",
        "  ✓ militia",
        "      body: *Militias* met.",
        "  ✗ tank: not in title or body",
    ]


def test_no_line_takes_over_a_terminal():
    """Neither texts nor facts of an article are written as an escape sequence."""
    told = "\n".join(lines("source:reuters drone") + lines("drone"))
    assert "comes from Evil]0;owned Wire" in told
    assert not set("\x1b\x07\u202e") & set(told)


def test_parts_that_are_left_out_are_counted():
    """Of an OR of hundreds the first few are told, and how many more there are."""
    assert "  … and 60 more" in lines(" OR ".join(f"word{n}" for n in range(100)))
