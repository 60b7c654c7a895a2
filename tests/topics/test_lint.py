"""Rules about topics themselves: what is proven of queries is so, and what is plain is proven."""

from random import Random

import pytest

from tests.topics.made import ALIASES, document, query
from workers.model.topic import TopicSpec
from workers.topics import QueryError, compile_topics
from workers.topics.aliases import read_aliases
from workers.topics.lint import (
    Archive,
    Writes,
    common_findings,
    held,
    held_findings,
    never_findings,
    script_findings,
    script_of,
)
from workers.topics.lint.prove import contradicts, implies
from workers.topics.lint.witness import witnesses
from workers.topics.parser import parse

GROUP = {"group": ["Kataib Hezbollah", "Houthi*", "armed ~drone"], "more": ["@group", "ISIS"]}
PHRASES = read_aliases(GROUP).phrases
COMMON = {"government": 0.4, "people": 0.5, "strike": 0.12, "militia": 0.08, "war": 0.6}


def tree(written):
    """Return a query, read."""
    return parse(written, PHRASES).tree


def compiled(**queries):
    """Return topics by their names."""
    specs = [TopicSpec(name=name, query=written) for name, written in queries.items()]
    return compile_topics(specs, GROUP, ["en"])


NEVER = [
    "a -a", '"strike" -stri*', "{US} NOT us", '"militia" NOT militia', "title:a NEAR/5 body:b",
    "caption:a NEAR/5 b", "lead:a NEAR/5 (title:b OR title:c)", "lang:en lang:de strike",
    "source:reuters -source:reuters strike", 'source:"reuters world" -source:reuters strike',
    "lang:en-GB strike -lang:en", 'tag:"world cup" -tag:"world cup*"', "(a OR b) -a -b",
    "a NEAR/5 b -b", "a NEAR/5 b -(b NEAR/6 a)", "COUNT/3(a) -a", "COUNT/3(a) -COUNT/2(a)",
    "(a NEAR/2 a) -COUNT/2(a)", '"drone strike" -("drone" NEAR/1 strike)', "@group -@more",
    '@group NOT ("kataib" OR houth* OR "armed")', "title:a -a", "a NOT any:a", "lead:a -body:a",
    '"a b c" -"b c"', '"كتائب" NOT كتا*', "真主党 NOT 主", "(a b OR a c) NOT a",
    '("a b" NEAR/5 d) -("b" NEAR/6 d)',
]  # fmt: skip
SOMETIMES = [
    "a -b", "strike -stri*", "us NOT {US}", 'militia NOT "militia"', "title:a NEAR/5 b",
    "lang:en lang:en-GB strike", "lang:en -lang:en-GB strike", "source:reuters source:ap strike",
    'source:reuters -source:"reuters world" strike', "tag:world -tag:war strike",
    "a NEAR/6 b -(a NEAR/5 b)", "a NEAR/5 b -(a ONEAR/5 b)", "COUNT/2(a) -COUNT/3(a)",
    "drone strike -(drone NEAR/50 strike)", "@more -@group", "a -title:a", "body:a -lead:a",
    '"b c" -"a b c"', "كتا* NOT كتائب", 'كتائب NOT "كتائب"', "(a OR b) -a",
    '("a b c" NEAR/2 d) -("b" NEAR/2 d)', "title:a NEAR/5 (body:b OR title:c)",
]  # fmt: skip


@pytest.mark.parametrize("written", NEVER)
def test_what_can_never_match_is_proven(written):
    """A contradiction is told, with a place in the query."""
    (found,) = never_findings(TopicSpec(name="t", query=written), tree(written))
    assert found.kind == "never"
    start, end = found.span
    assert 0 <= start < end <= len(written)
    assert found.hint


@pytest.mark.parametrize("written", SOMETIMES)
def test_what_can_match_is_not_told(written):
    """What some article matches is no contradiction."""
    assert never_findings(TopicSpec(name="t", query=written), tree(written)) == []


def test_which_clauses_exclude_each_other_is_told():
    """The clause that excludes what is needed is underlined; both are named."""
    written = "raid {US} NOT us"
    (found,) = never_findings(TopicSpec(name="t", query=written), tree(written))
    assert "`{US}` is needed, and `us` excludes it" in found.message
    assert written[slice(*found.span)] == "NOT us"


def test_a_branch_that_can_never_hold_is_told():
    """The topic can match, one of its branches cannot."""
    written = "harbour OR (strike NOT strike)"
    (found,) = never_findings(TopicSpec(name="t", query=written), tree(written))
    assert found.kind == "branch"
    assert written[slice(*found.span)] in {"strike NOT strike", "(strike NOT strike)"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('"militia"', "militia"), ("{Militia}", '"militia"'), ('"militia"', "mili*"),
        ("a b", "a"), ("a", "a OR b"), ("a NEAR/5 b", "a NEAR/30 b"), ("a NEAR/30 b", "a b"),
        ("a ONEAR/5 b", "b NEAR/5 a"), ('"drone strike"', '"drone" "strike"'), ("title:a", "a"),
        ("a", "any:a"), ("(a OR b) NEAR/3 c", "(a OR b OR d) c"), ("a (b OR c)", "a b OR a c"),
        ("@group", "@more"), ("houthi*", "@group"), ("a -b", "a"), ("a -(b OR c)", "a -b"),
        ("a NEAR/2 b NEAR/2 c", "b NEAR/3 c"), ("lang:en-GB a", "lang:en a"),
        ('"a b c" NEAR/2 d', '"b" NEAR/3 d'),
    ],
)  # fmt: skip
def test_what_holds_another_is_proven(one, other):
    """Every article of the narrower query is one of the wider, and not the other way round."""
    assert implies(tree(one), tree(other))


def test_nothing_is_proven_that_is_not_so():
    """Over made-up queries and articles: what is proven of two queries holds in each article."""
    chance = Random(20_261_129)
    phrases = read_aliases(ALIASES).phrases
    queries: dict[str, object] = {}
    while len(queries) < 70:
        written = query(chance, 2)
        try:
            queries[written] = parse(written, phrases).tree
        except QueryError:
            continue
    specs = [TopicSpec(name=written, query=written) for written in queries]
    topics = compile_topics(specs, ALIASES, ["en"])
    articles = [document(chance) for _ in range(300)]
    articles += [made for read in queries.values() for made in witnesses(read)]
    matched = [set(topics.names(article)) for article in articles]
    proven = 0
    for one, read in queries.items():
        mine = [found for found in matched if one in found]
        if contradicts((read,)):
            assert mine == [], one
            continue
        for other, wider in queries.items():
            if one != other and implies(read, wider):
                proven += 1
                assert all(other in found for found in mine), (one, other)
    assert proven > 30


def test_each_query_has_an_article_that_it_matches():
    """For most made-up queries an article is made up that they match: the rest is not compared."""
    chance = Random(7)
    phrases = read_aliases(ALIASES).phrases
    found = asked = 0
    while asked < 60:
        try:
            read = parse(written := query(chance, 2), phrases).tree
        except QueryError:
            continue
        if contradicts((read,)):
            continue
        asked += 1
        topics = compile_topics([TopicSpec(name="t", query=written)], ALIASES, ["en"])
        found += any(topics.names(made) for made in witnesses(read))
    assert found > 55


def test_topics_that_hold_each_other():
    """Equal topics are told once each, and the nearest topic that holds one; not what follows."""
    topics = compiled(
        wide="quake OR flood", same="flood OR quake", again="flood OR quake", mid="title:quake",
        narrow='title:"quake" -drill', apart="harbour",
    )  # fmt: skip
    found = [(one.topic, one.kind, one.other) for one in held_findings(topics)]
    assert sorted(found) == [
        ("again", "equal", "same"),
        ("mid", "contained", "wide"),
        ("narrow", "contained", "mid"),
        ("same", "equal", "wide"),
    ]


def test_a_topic_that_hears_fewer_feeds_holds_none_that_hears_more():
    """What a topic is told of depends on its feeds, too."""
    specs = [
        TopicSpec(name="all", query='"quake"'),
        TopicSpec(name="wire", query="quake", feeds=("tag:wire",)),
        TopicSpec(name="one", query='"quake"', feeds=("Tag:Wire",)),
    ]
    found = held_findings(compile_topics(specs, {}, ["en"]))
    assert {(one.topic, one.other) for one in found} == {("one", "wire"), ("one", "all")}


def test_many_topics_are_compared_by_what_an_article_finds():
    """Hundreds of topics that have little in common are not compared pair by pair."""
    queries = {f"t{n}": f"(harbour{n} OR pier{n}) NEAR/9 ship" for n in range(300)}
    found = list(held_findings(compiled(**queries, ships="ship")))
    assert {(one.kind, one.other) for one in found} == {("contained", "ships")}
    assert len(found) == 300


def test_what_is_not_compared_is_named(monkeypatch):
    """Of topics of which each may hold each, few are compared, and the others are told."""
    alike = {f"t{n}": f'"war" -"pause{n}"' for n in range(8)}
    left: list[str] = []
    assert [] == list(held_findings(compiled(**alike), left))
    assert [] == left
    monkeypatch.setattr(held, "LOOKED", 2)
    assert [] == list(held_findings(compiled(**alike, other="rain"), left))
    assert list(alike) == left
    left.clear()
    monkeypatch.setattr(held, "WORK", 2 * (held.A_TOPIC + 2 * held.A_PROOF))
    assert [] == list(held_findings(compiled(one="rain", **alike, two="rain snow"), left))
    assert [*alike, "two"] == left


def common(written, archive=None, name="t"):
    """Return what is found of a query that rings all day."""
    spec = TopicSpec(name=name, query=written)
    return list(common_findings(spec, tree(written), COMMON, archive or Archive()))


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("war", "war"), ("people -militia", "people"), ("government people", "government"),
        ("harbour OR war", "war"), ("lang:en", "lang:en"),
    ],
)  # fmt: skip
def test_a_topic_on_a_common_word_is_told_with_its_hits_a_day(written, word):
    """A topic that rests on common words alone is told, with the word and how often it rings."""
    (found,) = common(written)
    assert found.word == word
    assert found.per_day is not None
    assert 300 <= found.per_day <= 1000
    assert written[slice(*found.span)] in word


@pytest.mark.parametrize(
    "written",
    ["harbour", "war harbour", "militia strike", "government NEAR/5 strike", "title:strike"],
)
def test_a_topic_with_a_rare_word_is_not(written):
    """A common word beside one that is rare does no harm."""
    assert common(written) == []


def test_the_archive_knows_better():
    """What was seen counts more than a table: both ways, and by the articles a day."""
    quiet = Archive(per_day=900.0, seen=2000, words={"war": 3}, hits={"t": 2})
    assert common("war", quiet) == []
    loud = Archive(per_day=900.0, seen=2000, words={"harbour": 400}, hits={"t": 400})
    (found,) = common("harbour", loud)
    assert 170 < found.per_day < 185
    assert "900 articles a day" in found.message
    few = Archive(per_day=30.0, seen=210, hits={"t": 20}, words={})
    assert common("harbour", few) == []


WRITES = [
    Writes(feed="Wire", tags=("wire",), scripts={"Latin": 60}),
    Writes(feed="Wakala", tags=("ar",), scripts={"Arabic": 30, "Latin": 10}),
]


def missed(written, writes=WRITES, **more):
    """Return the scripts in which a query has no term."""
    spec = TopicSpec(name="t", query=written, **more)
    found = script_findings(spec, tree(written), writes, lambda _phrases, script: f"see {script}")
    return [(one.script, one.hint) for one in found]


def test_a_topic_without_a_term_in_a_script_that_many_feeds_write():
    """Each script of a fifth of the entries that a topic hears is told if it has no term in it."""
    assert missed("militia strike") == [("Arabic", "see Arabic")]
    assert missed("ميليشيا") == [("Latin", "see Latin")]
    assert missed("militia OR ميليشيا") == []
    assert missed("militia NOT ميليشيا") == [("Arabic", "see Arabic")]
    assert missed("militia lang:en") == []
    assert missed("militia", feeds=("Wire",)) == []
    assert missed("militia", feeds=("tag:ar",)) == [("Arabic", "see Arabic")]
    assert missed("militia", [Writes(feed="W", tags=(), scripts={"Arabic": 19})]) == []
    assert missed("source:wire") == []


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("A quake of 6.1", "Latin"), ("زلزال في 2024 AP", "Arabic"), ("2024 — 6.1", None),
        ("", None),
        ("北京举行会议", "Han"), ("東京で地震がありました", "Japanese"), ("ドローン", "Japanese"),
        ("Землетрясение", "Cyrillic"), ("רעידת אדמה", "Hebrew"), ("지진 발생", "Hangul"),
    ],
)  # fmt: skip
def test_the_script_of_a_title(text, script):
    """A title is of the script that most of its letters are of; kana makes it Japanese."""
    assert script_of(text) == script


@pytest.mark.parametrize(
    "query", ["a NEAR/3 any:b", "(any:a OR b) NEAR/2 c", "any:a NEAR/3 lead:b"]
)
def test_a_near_of_a_wide_and_a_narrower_zone_has_an_article(query):
    """What may stand anywhere beside what may not is put where both may."""
    topics = compile_topics([TopicSpec(name="t", query=query)], {}, ["en"])
    assert any(topics.names(made) for made in witnesses(tree(query)))


@pytest.mark.parametrize("scope", ["", "title:", "lead:", "body:", "caption:", "any:"])
def test_words_of_each_zone_have_an_article(scope):
    """Words that are asked for in one zone stand in it as words, beside others and alone."""
    for written in (f'{scope}"militias"', f'{scope}"militias" {scope}"raid port"'):
        topics = compile_topics([TopicSpec(name="t", query=written)], {}, ["en"])
        assert any(topics.names(made) for made in witnesses(tree(written)))
