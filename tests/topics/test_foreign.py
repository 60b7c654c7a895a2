"""Queries of other tools: what each becomes, what is said to have no equal, and the bounds."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.topics import QueryError, render_caret
from workers.topics.canonical import canonical
from workers.topics.foreign import TOOLS, translate
from workers.topics.parser import parse

MELTWATER = [
    ("militia", '"militia"'),
    ("apple AND watch", '"apple" AND "watch"'),
    ("apple and (watch or iwatch)", '"apple" AND ("watch" OR "iwatch")'),
    ('apple NOT "apple juice"', '"apple" AND NOT "apple juice"'),
    ("apple NEAR watch", '"apple" NEAR/5 "watch"'),
    ("apple near/10 watch", '"apple" NEAR/11 "watch"'),
    ("apple ONEAR watch", '"apple" ONEAR/5 "watch"'),
    ("apple onear/3 watch", '"apple" ONEAR/4 "watch"'),
    ('(militia OR "armed group") NEAR/8 strike*', '("militia" OR "armed group") NEAR/9 strike*'),
    ('title:"drone strike" OR ingress:drone', 'title:"drone strike" OR lead:"drone"'),
    ("title:(drone OR missile)", 'title:"drone" OR title:"missile"'),
    ("atleast3(militia OR rebel)", 'COUNT/3("militia" OR "rebel")'),
    ("atleast2 militia", 'COUNT/2("militia")'),
    ('coup AND source:"New York Times"', '"coup" AND source:"New York Times"'),
    ("coup AND language:French", '"coup" AND lang:fr'),
    ('coup AND author:"Ann Smith"', '"coup" AND author:"Ann Smith"'),
    ('"apple orchard*"', '"apple orchard*"'),
    ("AT&T OR air-strike", '"AT T" OR "air strike"'),
    ("a OR b c", '"a" OR ("b" AND "c")'),
    ("a ANDNOT b", '"a" AND NOT "b"'),
    ("near5strik* AND NEAR5x", '"near5strik*" AND "NEAR5x"'),
    ("a andnot (b or c)", '"a" AND NOT ("b" OR "c")'),
    ("a AND-NOT b", '"a" AND NOT "b"'),
    ("“drone strike” -sport", '"drone strike" AND NOT "sport"'),
    ("كتائب AND 北京", '"كتائب" AND "北 京"'),
]
BRANDWATCH = [
    ("apple AND pear", '"apple" AND "pear"'),
    ("{Apple} AND pear", '{Apple} AND "pear"'),
    ("apple NEAR/0f pie", '"apple" ONEAR/1 "pie"'),
    ("logitech NEAR/2f keyboard", '"logitech" ONEAR/3 "keyboard"'),
    (
        "(apple OR orange) NEAR/5 (phone OR tablet)",
        '("apple" OR "orange") NEAR/6 ("phone" OR "tablet")',
    ),
    ('"apple juice"~5', '"apple" NEAR/6 "juice"'),
    ("((cake OR bun) AND birthday)~5", '("cake" OR "bun") NEAR/6 "birthday"'),
    ("apple <<< the fruit >>> NOT pie", '"apple" AND NOT "pie"'),
    ("raw:Apple", '"Apple"'),
    ("title:(coup AND army)", 'title:"coup" AND title:"army"'),
    ("coup AND site:bbc.co.uk", '"coup" AND source:bbc.co.uk'),
    ("coup AND NOT url:https://www.msn.com", '"coup" AND NOT source:msn.com'),
    ("coup AND author:smith", '"coup" AND author:smith'),
    ("coup AND language:de", '"coup" AND lang:de'),
    ("strik*", "strik*"),
    ("hashtags:brexit", '"brexit"'),
    ("(a AND b) OR (c NOT d)", '("a" AND "b") OR ("c" AND NOT "d")'),
    ("(x NEAR/1 y) NEAR/2 z", '"x" NEAR/2 "y" NEAR/3 "z"'),
]
TALKWALKER = [
    ("cat AND dog", '"cat" AND "dog"'),
    ("cat AND NOT dog", '"cat" AND NOT "dog"'),
    ("chocolate AND -swiss", '"chocolate" AND NOT "swiss"'),
    ("cat NEAR/4 dog", '"cat" NEAR/5 "dog"'),
    ("cat ONEAR/4 dog", '"cat" ONEAR/5 "dog"'),
    ('"cat dog"~4', '"cat" NEAR/5 "dog"'),
    ('++"Apple Inc"', "{Apple Inc}"),
    ("++Apple AND pear", '{Apple} AND "pear"'),
    ('+"apple pie"', '"apple pie"'),
    ("NATO", "{NATO}"),
    ("title:luxemb*", "title:luxemb*"),
    ("content:coup", 'body:"coup"'),
    ('coup AND domainurl:"http://www.wort.lu"', '"coup" AND source:wort.lu'),
    ("coup AND lang:en", '"coup" AND lang:en'),
    ('coup AND author:"ann smith"', '"coup" AND author:"ann smith"'),
]
GOOGLE = [
    ("militia strikes", "militia AND strikes"),
    ("militia AND strike", "militia AND strike"),
    ("coup OR putsch", "coup OR putsch"),
    ("coup | putsch", "coup OR putsch"),
    ("army coup OR putsch", "army AND (coup OR putsch)"),
    ("coup -army", "coup AND NOT army"),
    ('-"dock workers" strike', 'NOT "dock workers" AND strike'),
    ('"drone strike"', '"drone strike"'),
    ("coup site:bbc.co.uk", "coup AND source:bbc.co.uk"),
    ("coup -site:example.org", "coup AND NOT source:example.org"),
    ("site:.gov budget", "source:gov AND budget"),
    ("intitle:coup army", "title:coup AND army"),
    ('intitle:"drone strike"', 'title:"drone strike"'),
    ("allintitle: drone strike", "title:drone AND title:strike"),
    ("intext:coup", "body:coup"),
    ("allintitle: drone strike OR raid", "title:drone AND (title:strike OR title:raid)"),
    ("drone AROUND(5) strike", "drone NEAR/6 strike"),
    ("drone AROUND (5) strike", "drone NEAR/6 strike"),
    ("+us", '"us"'),
    ("war and peace", 'war AND "and" AND peace'),
    ("l'attaque", "attaque"),
    ("what is nato?", "what AND is AND nato"),
]  # fmt: skip
EQUAL = [
    (tool, query, ours)
    for tool, rows in (
        ("meltwater", MELTWATER), ("brandwatch", BRANDWATCH), ("talkwalker", TALKWALKER),
        ("google", GOOGLE),
    )
    for query, ours in rows
]  # fmt: skip


@pytest.mark.parametrize(("tool", "query", "ours"), EQUAL)
def test_what_has_an_equal(tool, query, ours):
    """A query of each tool becomes the query of ours that means the same."""
    assert ours == translate(query, TOOLS[tool]).query


NO_EQUAL = [
    ("meltwater", "coup AND country:us", '"coup"', "country:us", "no country"),
    ("meltwater", "coup^9 AND army", '"coup" AND "army"', "^9", "no weights"),
    ("meltwater", "organi?ation", "organi*", "organi?ation", "only at the end"),
    ("meltwater", "*militia AND coup", '"coup"', "*militia", "three letters"),
    ("meltwater", "x NEAR/100 y", '"x" NEAR/50 "y"', "NEAR/100", "up to 50"),
    ("meltwater", "coup army", '"coup" AND "army"', "army", "no operator"),
    ("meltwater", "coup OR NOT army", '"coup"', "NOT army", "only NOT"),
    ("meltwater", "coup AND lang:klingonish", '"coup"', "klingonish", "no language"),
    ("meltwater", '"the * coup"', '"the" ONEAR/2 "coup"', "*", "a star for words"),
    ("brandwatch", "coup AND authorGender:F", '"coup"', "authorGender:F", "not guessed"),
    ("brandwatch", "coup OR country:gbr", '"coup"', "country:gbr", "no country"),
    ("brandwatch", "raw:Google+", '"Google"', "Google+", "signs"),
    ("brandwatch", "(p AND q) NEAR/5 r", '"p" NEAR/6 "r" AND "q" NEAR/6 "r"', "NEAR/5", "groups"),
    ("brandwatch", "p NEAR/5 (q NOT r)", '"p" NEAR/6 "q" AND "p" AND NOT ("p" NEAR/6 "r")',
     "NEAR/5", "groups"),
    ("brandwatch", "coup and army", '"coup" AND "army"', "and", "operator or a word"),
    ("talkwalker", "cat dog mouse", '"cat" NEAR/21 "dog" NEAR/21 "mouse"', "cat dog mouse",
     "without operators"),
    ("talkwalker", "cat SENTENCE dog", '"cat" NEAR/20 "dog"', "SENTENCE", "sentences"),
    ("talkwalker", "cat NEAR/p dog", '"cat" NEAR/50 "dog"', "NEAR/p", "sentences"),
    ("talkwalker", "coup AND sourcecountry:(us OR uk)", '"coup"', "sourcecountry:(us OR uk)",
     "no country"),
    ("google", 'coup "\n "', "coup", '"', "empty quotes"),
    ("google", "coup after:2024-01-01", "coup", "after:2024-01-01", "backtest"),
    ("google", "coup filetype:pdf", "coup", "filetype:pdf", "articles of feeds"),
    ("google", '"three * mice"', '"three" ONEAR/6 "mice"', "*", "a star for words"),
    ("google", "airlin*", '"airlin"', "airlin*", "star in a word"),
    ("google", "coup site:bbc.com/news", "coup AND source:bbc.com", "bbc.com/news", "only hosts"),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "query", "ours", "place", "why"), NO_EQUAL)
def test_what_has_no_equal_is_said(tool, query, ours, place, why):
    """What has no equal is left out or read otherwise: a note says where, why, and as what."""
    found = translate(query, TOOLS[tool])
    assert ours == found.query
    [note] = found.notes
    start = note.column - 1
    assert place == query[start : start + note.length]
    assert why in note.message
    assert note.hint


REFUSED = [
    ("meltwater", "a NEAR/-1 b", 3), ("brandwatch", "a near/x b", 3),
    ("meltwater", "", 1), ("meltwater", "coup AND", 6), ("meltwater", "(coup", 1),
    ("meltwater", "coup)", 5), ("meltwater", '"coup', 1), ("meltwater", "NOT coup", 1),
    ("meltwater", "country:us", 1), ("brandwatch", "x NEAR y", 3), ("brandwatch", "{x", 1),
    ("brandwatch", "x <<< y", 3), ("talkwalker", "x AND OR y", 3), ("google", "-a -b", 1),
    ("google", "()", 1), ("google", "intitle:", 1), ("google", "a\u202eb", 2),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "query", "column"), REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place(tool, query, column):
    """No query of the tool, or one of which nothing is left, is refused with place and hint."""
    with pytest.raises(QueryError) as caught:
        translate(query, TOOLS[tool])
    assert column == caught.value.problem.column
    assert caught.value.problem.hint


def test_forms_on_request():
    """With `forms`, words without quotes stand for their forms; phrases stay as they are."""
    found = translate('strike AND "drone attack"', TOOLS["meltwater"], forms=True)
    assert 'strike AND "drone attack"' == found.query


def test_notes_are_bounded():
    """A query of which thousands of places have no equal gets a hundred notes, and one more."""
    notes = translate("coup " + "country:us " * 500, TOOLS["google"]).notes
    assert 101 == len(notes)
    assert "more than 100" in notes[-1].message


HOSTILE = [
    "x" * 10_000_000, "(" * 10_000, "-" * 9_999, "{" * 9_999, '"' * 9_999, "NOT " * 2_400 + "a",
    "a NEAR/3 " * 1_100 + "a", "title:" * 1_600 + "a", "<<<" * 3_000, "+" * 9_999, "~5" * 4_000,
    "(" + "a AND " * 400 + "a) NEAR/3 (" + "b AND " * 400 + "b)", "\ud800", "a\x00b", "*" * 9_999,
    "(" * 49 + "a NOT b" + ") NEAR/3 c" * 49, "a^9" * 3_000, "AROUND(" * 1_400, "a:" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_queries_are_translated_or_refused(tool, query):
    """What is too long, too deep or no text is refused or translated in bounds."""
    _translated(query, tool)


WORDS = st.sampled_from([
    "ANDNOT", "w/5", "NEAR5", "NEAR(5)", "PRE/3", "near/", "!", "!(", "[1 TO 5]", "rating:",
    "1..2",
    "militia", "a", "or", "and", "near", "US", "U.S.", "l'attaque", "AT&T", "strik*", "*x", "a?b",
    "كتائب", "北京", 'צה"ל', "~", "^9", "~5", "AND", "OR", "NOT", "NEAR/3", "NEAR/2f", "ONEAR/9",
    "NEAR/s", "NEAR", "AROUND(3)", "SENTENCE", "atleast3(", "atleast2", "(", ")", "((", "))", '"',
    "“", "”", "{", "}", "{Case}", "<<<", ">>>", "title:", "site:", "lang:", "author:", "raw:",
    "country:us", "allintitle:", "url:http://x.org/a?b", "-", "--", "+", "++", "|", "&", "#tag",
    "@name", "…", "\n", "\t", "\u200b", "'", "'''", "*", "?", "!", "\\", "=", "a:b", "10:30",
])  # fmt: skip
GLUED = st.lists(st.tuples(WORDS, st.sampled_from(["", " ", " "])), max_size=25).map(
    lambda parts: "".join(word + space for word, space in parts)
)
ANY = st.text(st.one_of(st.characters(), st.sampled_from(string.punctuation)), max_size=60)


@settings(max_examples=250, deadline=None)
@given(query=st.one_of(GLUED, ANY), tool=st.sampled_from(sorted(TOOLS)), forms=st.booleans())
def test_whatever_is_translated_is_accepted(query, tool, forms):
    """Any text is refused with a place inside, or becomes a query that reads as itself."""
    _translated(query, tool, forms=forms)


def _translated(query: str, tool: str, *, forms: bool = False) -> None:
    try:
        found = translate(query, TOOLS[tool], forms=forms)
    except QueryError as error:
        problems = [error.problem]
    else:
        problems = list(found.notes)
        assert translate_again(found.query) == found.query
    for problem in problems:
        lines = query.split("\n")
        assert 1 <= problem.line <= len(lines)
        line = lines[problem.line - 1]
        assert 1 <= problem.column <= max(1, len(line))
        assert problem.column - 1 + problem.length <= max(1, len(line))
        assert problem.message
        assert problem.hint
        assert render_caret(problem, query)


def translate_again(ours: str) -> str:
    """Return the canonical writing of a query of ours."""
    return canonical(parse(ours, {}).tree)


@pytest.mark.parametrize(
    ("tool", "query", "ours", "told"),
    [
        ("meltwater", "C++", '"C"', "signs are not searched: `C++`"),
        ("brandwatch", "#hash AND x", '"hash" AND "x"', "signs are not searched: `#hash`"),
        ("brandwatch", "@user", '"user"', "signs are not searched: `@user`"),
        ("talkwalker", "raid~", '"raid"', "words that are like it have no equal: `raid~`"),
        ("google", "~militia", "militia", "words that are like it have no equal: `~militia`"),
        ("google", "coup $10..$20", "coup", "a range of numbers has no equal: `$10..$20`"),
        (
            "meltwater",
            "coup w/5 army",
            '"coup" NEAR/6 "army"',
            "meltwater writes a distance other",
        ),
        ("brandwatch", "coup PRE/3 army", '"coup" ONEAR/4 "army"', "writes a distance otherwise"),
        ("brandwatch", "coup NEAR5 army", '"coup" NEAR/6 "army"', "writes a distance otherwise"),
        ("meltwater", "coup NEAR(5) army", '"coup" NEAR/6 "army"', "writes a distance otherwise"),
        ("google", "coup around(5) army", "coup NEAR/6 army", "writes a distance otherwise"),
        ("brandwatch", "coup !army", '"coup" AND NOT "army"', "`!` stands before a term"),
        ("brandwatch", "coup AND (army~5)", '"coup" AND "army"', "behind what is no phrase: `~5`"),
        ("brandwatch", "coup AND rating:[1 TO 5]", '"coup"', "`rating:[1 TO 5]` has no equal"),
        ("talkwalker", "(coup ADJ) army", None, "no operator of talkwalker: `ADJ`"),
        ("google", "coup or army", 'coup AND "or" AND army', "`or` is a word in small letters"),
        ("google", "army allinurl:coup putsch", "army", "`allinurl:coup putsch` has no equal"),
    ],
)
def test_signs_that_mean_something_there_are_told(tool, query, ours, told):
    """What another tool finds by a sign is not dropped without a word, in bare words too."""
    translation = translate(query, TOOLS[tool])
    assert ours in {None, translation.query}
    told_of = [note for note in translation.notes if "no operator before" not in note.message]
    assert [told in note.message for note in told_of] == [True]


def test_words_of_which_nothing_is_left_are_refused_as_such():
    """Of plain words that all have no beginning nothing is left; no operator is blamed."""
    with pytest.raises(QueryError) as caught:
        translate("a? ?b *c*", TOOLS["talkwalker"])
    assert caught.value.problem.message == "nothing is left of the query"
