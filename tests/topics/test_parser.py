"""Reading a query: precedence, accepted variants, limits, and that nothing else is raised."""
# ruff: noqa: RUF001 -- signs that look like others are what people type

import string
from random import Random

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.topics import made
from workers.topics import QueryError, render_caret
from workers.topics.aliases import read_aliases
from workers.topics.canonical import canonical
from workers.topics.parser import parse

ALIASES = read_aliases({"group": ["Kataib Hezbollah", "Houthi*"]}).phrases

READINGS = [
    ("a b", "a AND b"),
    ("a b OR c", "(a AND b) OR c"),
    ("a OR b c OR d", "a OR (b AND c) OR d"),
    ("a NEAR/3 b c", "a NEAR/3 b AND c"),
    ("NOT a b", "NOT a AND b"),
    ("a -b -c", "a AND NOT b AND NOT c"),
    ("a AND NOT b", "a AND NOT b"),
    ("a && b || c", "(a AND b) OR c"),
    ("a –b", "a AND NOT b"),
    ("a NOT NOT b", "a AND NOT NOT b"),
    ("((a))", "a"),
    ("title:(a OR -title:b c)", "title:a OR (NOT title:b AND title:c)"),
    ("body:(a lead:b)", "body:a AND lead:b"),
    ("any:(a OR title:(title:b OR c))", "any:a OR (title:b OR title:c)"),
    ("source:(https://x.org/a?b=c OR BBC)", 'source:"https x org a b c" OR source:BBC'),
    ("source:(a OR (b -c:d))", 'source:a OR (source:b AND NOT source:"c d")'),
    ("Title: a", "title:a"),
    ("“a b” «c» „d“", '"a b" AND "c" AND "d"'),
    ("（a OR b） c", "(a OR b) AND c"),
    ("a # comment\nOR b", "a OR b"),
    ("a\n#OR b\nc", "a AND c"),
    ("#hashtag", "hashtag"),
    ("a, b.", "a AND b"),
    ("air-strike AT&T", '"air strike" AND "AT T"'),
    ("l'attaque L'Aquila", 'attaque AND "L Aquila"'),
    ("{New York}", "{New York}"),
    ("@group NEAR/3 a", "@group NEAR/3 a"),
    ("@GROUP", "@group"),
    ("COUNT/2(a OR @group)", "COUNT/2(a OR @group)"),
    ("source:https://x.org/a?b=c", 'source:"https x org a b c"'),
    ("a ONEAR/2 b NEAR/3 c", "a ONEAR/2 b NEAR/3 c"),
    ('צה"ל', 'צה"ל'),
    ("a\u200b \u200fb", "a AND b"),
    ("U.S. steel", "U.S. AND steel"),
    ('"U.S" {U.S} "the U.S. said"', '"U.S." AND {U.S.} AND "the U.S. said"'),
    ("or", "or"),
    ('"AND" a', '"AND" AND a'),
]


@pytest.mark.parametrize(("query", "reading"), READINGS)
def test_readings(query, reading):
    """A query has one reading, which reads back as itself."""
    tree = parse(query, ALIASES).tree
    assert reading == canonical(tree)
    assert reading == canonical(parse(reading, ALIASES).tree)


WARNED = [
    ("a b OR c", "(a AND b) OR c"),
    ("a OR b NOT c", "a OR (b AND NOT c)"),
    ("US steel", "US also finds the word us"),
    ("militia Or strike", "`Or` is read as a word"),
    ("militia|strike", "words in a row"),
    ("militia,strike", "words in a row"),
    ("militia Near strike", "`Near` is read as a word"),
    ("'drone strike' OR raid", "apostrophes are no quotes: `'drone strike'`"),
    ("‘drone strike’", "apostrophes are no quotes"),
    ("title:a NEAR/3 body:b", "`title:a NEAR/3 body:b`"),
    ("title:a NEAR/3 b NEAR/3 lead:c", "never goes from one zone to another"),
    ("title:a NEAR/3 (b OR body:c)", "cannot hold: `body:c`"),
    ("caption:a ONEAR/3 b", "cannot hold"),
]


@pytest.mark.parametrize(("query", "part"), WARNED)
def test_warnings(query, part):
    """What is accepted but probably not meant is said."""
    messages = [warning.message for warning in parse(query, ALIASES).warnings]
    assert any(part in message for message in messages)


@pytest.mark.parametrize(
    "query",
    ["(a b) OR c", "a OR b", "a b -c", "{US} steel", "title:a NEAR/3 b", "lead:a NEAR/3 body:b",
     "any:a NEAR/3 caption:b", "body:(a NEAR/3 b)", "workers' strike", "'em", "1,000 dead",
     "rock 'n' roll", "'a' OR b"],
)  # fmt: skip
def test_no_warnings(query):
    """What is clear is not warned about."""
    assert parse(query, ALIASES).warnings == ()


NESTED = [
    ("title:source:x", "source:", "a fact stands in no zone"),
    ("title:body:x", "body:", "has no meaning inside title:"),
    ("title:(a OR source:x)", "source:", "a fact stands in no zone"),
    ("any:(a tag:x)", "tag:", "a fact stands in no zone"),
    ("lead:(a body:x)", "body:", "has no meaning inside lead:"),
    ("body:any:x", "any:", "has no meaning inside body:"),
    ("title:caption:x", "caption:", "has no meaning inside title:"),
    ("any:(title:(a OR body:b))", "body:", "has no meaning inside title:"),
    ("source:title:x", "title:", "has no meaning inside source:"),
    ("source:(a OR title:x)", "title:", "has no meaning inside source:"),
    ("tag:(a (b OR lang:x))", "lang:", "has no meaning inside tag:"),
    ("title:-x", "title:", "a field without a term"),
]


@pytest.mark.parametrize(("query", "place", "because"), NESTED)
def test_a_field_inside_another_is_refused(query, place, because):
    """What can only be asked beside a field is refused inside it, at the inner one."""
    with pytest.raises(QueryError) as caught:
        parse(query, ALIASES)
    problem = caught.value.problem
    start = problem.column - 1
    assert place == query[start : start + problem.length]
    assert because in problem.message
    assert problem.hint


FIELDS_ELSEWHERE = [
    ("headline:coup", "title:"), ("site:example.org", "source:"), ("language:en coup", "lang:"),
    ("content:coup", "body:"), ("titel:coup", "title:"), ("byline:smith", "author:"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "field"), FIELDS_ELSEWHERE)
def test_a_field_of_another_tool_is_told_by_ours(query, field):
    """Who writes a field as another tool calls it is told how it is called here."""
    with pytest.raises(QueryError) as caught:
        parse(query, ALIASES)
    assert f"did you mean {field}" in caught.value.problem.hint


def test_a_place_in_a_query_of_many_lines():
    """Line and column count from 1, in the line of the place."""
    with pytest.raises(QueryError) as caught:
        parse("militia OR\n  @nobody\nOR strike", ALIASES)
    problem = caught.value.problem
    assert (2, 3, 7) == (problem.line, problem.column, problem.length)
    shown = render_caret(problem, "militia OR\n  @nobody\nOR strike").splitlines()
    assert ["    @nobody", "    ^^^^^^^"] == shown[1:3]


def test_a_caret_under_wide_letters():
    """The caret is moved by the columns that a terminal takes for wide letters."""
    query = "北京 AND"
    with pytest.raises(QueryError) as caught:
        parse(query, ALIASES)
    assert "       ^^^" == render_caret(caught.value.problem, query).splitlines()[2]


HOSTILE = [
    "",
    " \n\t ",
    "# only a comment",
    "\u200b",
    "x" * 10_000_000,
    " " * 10_000_000,
    "(" * 10_000,
    ")" * 10_000,
    "(" * 5_000 + "a" + ")" * 5_000,
    "NOT " * 2_000 + "a",
    "-" * 9_000 + "a",
    "title:" * 1_500 + "a",
    "a " * 4_000,
    '"' * 9_999,
    "{" * 9_999,
    "@" * 9_999,
    "a OR " * 1_900 + "a",
    "a NEAR/3 " * 1_000 + "-",
    "\ud800",
    "a\udfffb",
    "a\x00b",
    "a\u202eb",
    "\u2066a\u2069",
    "a\x1b[2J",
    "COUNT/999999999999(a)",
    "a NEAR/" + "9" * 5_000 + " b",
]


def assert_inside(problem, query: str) -> None:
    """Check that a problem's place lies inside its query, on one line."""
    line = query.split("\n")[problem.line - 1]
    assert 1 <= problem.column <= max(1, len(line))
    assert problem.length >= 1
    assert problem.column - 1 + problem.length <= max(1, len(line))


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_queries_are_refused_inside(query):
    """Whatever is written, the refusal is ours, its place lies inside, and it can be shown."""
    with pytest.raises(QueryError) as caught:
        parse(query, ALIASES)
    problem = caught.value.problem
    assert_inside(problem, query)
    shown = render_caret(problem, query)
    assert len(shown) < 1_500
    assert shown.replace("\n", "").isprintable()


def test_what_is_within_the_limits_is_accepted():
    """Fifty levels, a thousand terms and long lists of words are no problem."""
    parse("(" * 50 + "a" + ")" * 50, ALIASES)
    parse(" OR ".join(["a"] * 1_000), ALIASES)
    parse("a AND " + "b" * 9_000, ALIASES)


PIECES = [
    *"()\"{}@~*-#:/|&'!?,.\n\u200b«»“”",
    " ", " ", " ", "AND", "OR", "NOT", "NEAR/3", "ONEAR/2", "COUNT/2", "near", "title:", "source:",
    "lang:", "@group", "militia", "US", "U.S.",
    "北京", "כתב", "الحوثي", "l'État", "e\u0301", "\ud800",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
        st.text(
            alphabet=st.one_of(st.sampled_from(string.printable), st.characters()), max_size=40
        ),
    )
)
@example("a:")
@example("~~a")
@example("'*")
def test_parsing_raises_nothing_else(query):
    """A query is read, and then reads back as itself; or refused with a place inside."""
    try:
        tree = parse(query, ALIASES).tree
    except QueryError as error:
        assert_inside(error.problem, query)
        return
    text = canonical(tree)
    assert text == canonical(parse(text, ALIASES).tree)


def meaning(part):
    """Return what a tree asks, without places and writing."""
    if isinstance(part, tuple):
        return tuple(map(meaning, part))
    if not isinstance(part, msgspec.Struct):
        return part
    fields = msgspec.structs.asdict(part)
    dropped = {"span", "raw", "written", "op"}
    dropped |= set() if fields.get("kind") == "case" else {"cased"}
    kept = [(key, meaning(value)) for key, value in fields.items() if key not in dropped]
    return type(part).__name__, *kept


SPELLINGS = (
    "U.S", "U.S.", "us", "US", "u.s.", "Ann's", "l'US", '"or"', '"NOT"', "And", "AT&T", "a.b",
    "10:30", "ﬁ", "ẞ", "İ", "ё", 'צה"ל', "ﻻ", "｢x｣", "ｶﾀｶﾅ", "か\u3099", "ไทย", "～strike",
    "strik＊", "x'", "'em", "so\u00adft", "\u200fكتائب", "1,000", "rock'n'roll", "Ⅷ",
)  # fmt: skip
SHAPES = (
    "{}", '"{}"', "{{{}}}", "~{}", '"~{} b"', '"{} strik*"', "title:{}", "source:{}", 'tag:"{}"',
    "{} NEAR/3 b", "COUNT/2({})", "a OR (b NOT {})",
)  # fmt: skip


def test_queries_of_one_canonical_writing_ask_the_same():
    """A canonical writing asks what its query asks, and no two queries that differ share one."""
    chance = Random(5)
    queries = [made.query(chance, 2) for _ in range(1_500)]
    queries += [shape.format(word) for shape in SHAPES for word in SPELLINGS]
    known = {}
    sets = read_aliases(made.ALIASES).phrases
    for query in queries:
        try:
            tree = parse(query, sets).tree
        except QueryError:
            continue
        text = canonical(tree)
        assert meaning(tree) == meaning(parse(text, sets).tree), query
        assert known.setdefault(text, meaning(tree)) == meaning(tree), query
    assert len(known) > 1_000
