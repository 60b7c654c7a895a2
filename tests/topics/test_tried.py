"""Why a topic matched an article or did not, clause by clause."""

import pickle
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topics.made import ALIASES, document
from tests.topics.oracle import Reading, holds
from tests.topics.test_matcher import FORMS, compiled, trees
from workers.model.article import ZoneLine
from workers.model.topic import Document, Part, TopicSpec
from workers.topics import QueryError, compile_topics, try_query
from workers.topics.parts import TREE_BYTES

GROUPS = {"group": ["Kataib Hezbollah", "Houthi*", "حزب الله"]}
ARTICLE = Document(
    title="U.S. drone kills commander in Baghdad",
    body=(
        "BAGHDAD — An American drone struck two cars in the east of the city.\n"
        "The dead man had led the militia for years, officials said."
    ),
    zones=(
        ZoneLine(zone="related", text="Read More: Murder trial opens in Washington", rule="R6"),
        ZoneLine(zone="boilerplate", text="All rights reserved, Example Militia Press", rule="B"),
        ZoneLine(zone="caption", text="Soldiers at the bridge", rule="C"),
    ),
    language="en",
    sources=("Example World", "example.org"),
    tags=("world",),
)
seeds = st.integers(0, 2**32).map(Random)


def parts(tree: Part) -> list[Part]:
    """Return a tree's clauses, each before those that it is made of."""
    return [tree, *(inner for part in tree.parts for inner in parts(part))]


WHY_NOT = [
    ("murder AND drone", "murder", "not in title or body, but in related"),
    ("title:militia drone", "title:militia", "not in the title, but in body and boilerplate"),
    ("lead:militia", "lead:militia", "not in the first line of the body, but in body and"),
    ("body:commander", "body:commander", "not in the body, but in title"),
    ("soldier drone", "soldier", "not in title or body, but in caption"),
    ("caption:drone", "caption:drone", "not in a caption, but in title and body"),
    ("any:coup", "any:coup", "not anywhere"),
    ("drone -militia", "NOT militia", "`militia` is there"),
    ("drone -(militia OR coup)", "NOT (militia OR coup)", "`militia OR coup` is there"),
    ("drone NEAR/2 city", "drone NEAR/2 city", "are 9 apart at the nearest, wanted at most 2"),
    ("drone NEAR/9 city NEAR/3 year", None, "`city` and `year` are 9 apart at the nearest"),
    ("struck ONEAR/5 drone", "struck ONEAR/5 drone", "only in the other order, 1 apart"),
    ("drone ONEAR/3 city", None, "9 apart at the nearest in this order, wanted at most 3"),
    ("commander NEAR/20 city", None, "the one in title, the other in body"),
    ("militia NEAR/9 militia", None, "are the same words there"),
    ("coup NEAR/9 militia", None, "`coup` not there"),
    ("coup NEAR/9 putsch", None, "`coup` and `putsch` not there"),
    ("COUNT/3(drone)", "COUNT/3(drone)", "found 2 times, wanted 3 times"),
    ("COUNT/2(militia)", "COUNT/2(militia)", "found once, wanted 2 times"),
    ("COUNT/4(drone OR car)", None, "found 3 times, wanted 4 times"),
    ("lang:de drone", "lang:de", "the article's language is en"),
    ("source:reuters drone", "source:reuters", "comes from Example World, example.org"),
    ("tag:sport drone", "tag:sport", "the article's tags are world"),
    ("author:smith drone", "author:smith", "the article's author is not known"),
    ("drone AND (coup OR putsch)", "coup OR putsch", "none of these"),
    ("drone @group", "@group", "none of its 3 spellings in title or body"),
    ("(drone (city (coup)))", "coup", "not in title or body"),
]


@pytest.mark.parametrize(("query", "failed", "because"), WHY_NOT)
def test_why_not(query, failed, because):
    """The first clause that failed is named, at its place in the query, and why it did."""
    tried = try_query(query, GROUPS, ["en"], ARTICLE)
    assert tried.matched is False is tried.tree.held
    assert because in tried.because
    assert failed in {None, tried.failed.query}
    blamed = [part for part in parts(tried.tree) if part.span == tried.failed.span]
    assert blamed[0].held is False
    assert blamed[0].because == tried.because


def test_what_held_is_told_beside_what_did_not():
    """Clauses that held of a query that did not have their hits, as in the receipt of a match."""
    query = "drone AND murder AND (commander OR coup) AND lang:en"
    tried = try_query(query, {}, ["en"], ARTICLE)
    assert ["drone", "commander", "lang:en"] == [clause.query for clause in tried.clauses]
    held, failed, group, fact = tried.tree.parts
    assert [True, False, True, True] == [part.held for part in (held, failed, group, fact)]
    assert [("title", "drone"), ("body", "drone")] == [(hit.zone, hit.text) for hit in held.hits]
    assert [True, False] == [part.held for part in group.parts]
    assert [("related", "Murder")] == [(hit.zone, hit.text) for hit in tried.elsewhere]


def test_a_not_that_failed_shows_what_is_there():
    """Of a NOT that failed the hits are those of what must not be there."""
    tried = try_query("commander -drone", {}, ["en"], ARTICLE)
    assert ["drone", "drone"] == [hit.text for hit in tried.failed.hits]
    assert ["drone", "drone"] == [hit.text for hit in tried.tree.parts[1].hits]
    near = try_query("commander -(drone NEAR/1 struck)", {}, ["en"], ARTICLE)
    assert ["drone", "struck"] == [hit.text for hit in near.failed.hits]
    group = try_query("commander -((drone NOT militia) OR city)", {}, ["en"], ARTICLE)
    assert ["city"] == [hit.text for hit in group.failed.hits]
    held = try_query("commander -coup", {}, ["en"], ARTICLE)
    assert () == held.tree.parts[1].hits


def test_distances_and_numbers_are_numbers_too():
    """What a reason says of a NEAR or a COUNT can be read by scripts."""
    tried = try_query("drone NEAR/2 city OR COUNT/3(drone)", {}, ["en"], ARTICLE)
    assert [(9, None), (None, 2)] == [(part.apart, part.found) for part in tried.tree.parts]
    assert [part.query for part in tried.tree.parts[0].parts] == ["drone", "city"]


ELSEWHERE = [
    ("(coup army) OR (title:militia coup)", [("body", "militia"), ("boilerplate", "Militia")]),
    ("murder NEAR/2 trial", [("related", "Murder"), ("related", "trial")]),
    ("murder NEAR/2 drone", [("related", "Murder")]),
    ("COUNT/2(murder OR trial)", [("related", "Murder"), ("related", "trial")]),
    ("coup OR (drone NOT (militia OR murder)) OR trial", [("related", "trial")]),
    ("title:drone NEAR/3 body:militia", []),
    ("drone -commander", []),
    ("lang:de", []),
]  # fmt: skip


@pytest.mark.parametrize(("query", "places"), ELSEWHERE)
def test_elsewhere(query, places):
    """What failed is looked for in the zones that it does not search, each term in its own."""
    tried = try_query(query, {}, ["en"], ARTICLE)
    assert places == [(hit.zone, hit.text) for hit in tried.elsewhere]


def test_feeds_that_a_topic_keeps_to():
    """A topic that holds of the text but keeps to other feeds says so, and whose article it is."""
    spec = TopicSpec(name="a", query="drone", feeds=("Wire", "tag:asia"))
    topics = compile_topics([spec], {}, ["en"])
    article = msgspec.structs.replace(ARTICLE, feeds=("Example World", "tag:world"))
    tried = topics.tried("a", article)
    assert ("feeds", 'feeds = ["Wire", "tag:asia"]') == (tried.failed.op, tried.failed.query)
    assert "listed by Example World, tag:world" == tried.because
    assert ["drone"] == [clause.query for clause in tried.clauses]
    assert topics.tried("a", ARTICLE).matched is True
    assert topics.tried("a", msgspec.structs.replace(article, feeds=("WIRE",))).matched is True


def test_only_accepted_topics_can_be_tried():
    """A topic that is refused, disabled or unknown has no outcome."""
    specs = [
        TopicSpec(name="bad", query="("),
        TopicSpec(name="off", query="drone", enabled=False),
    ]
    topics = compile_topics(specs, {}, ["en"])
    for name in ("bad", "off", "nobody"):
        with pytest.raises(KeyError):
            topics.tried(name, ARTICLE)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_an_outcome_is_what_the_oracle_says(chance):
    """Of made-up topics and articles: matched or not, every clause, and what is told of it."""
    found = trees(chance, 30)
    topics = compiled(found)
    for _ in range(4):
        article = document(chance)
        reading = Reading(article, FORMS)
        for name, tree in found.items():
            tried = topics.tried(name, article)
            assert tried.matched is holds(tree, reading) is tried.tree.held, name
            assert tried.matched is (tried.failed is None)
            assert tried.matched or tried.because
            _check(tried.tree)
        assert tried == try_query(name, ALIASES, ["en"], article)


def _check(tree: Part) -> None:
    """Check that a clause is what its parts say."""
    for part in parts(tree):
        inner = [one.held for one in part.parts]
        if part.op in {"and", "or"} and not part.left_out:
            assert part.held is (all(inner) if part.op == "and" else any(inner))
        elif part.op == "not" and inner:
            assert part.held is not inner[0]
        assert part.held or part.because or part.parts


WIDE = [
    " ".join(f"word{n}" for n in range(900)),
    "militia AND " + " AND ".join(f"(word{n} OR militia)" for n in range(350)),
    " OR ".join(f"(militia AND {'攻撃' * 20}{n})" for n in range(150)),
    "(" * 45 + "militia" + " militia)" * 45,
    " OR ".join(f"(militia NEAR/{n % 49 + 1} n{n})" for n in range(330)),
]


@pytest.mark.parametrize("query", WIDE)
def test_a_tree_is_at_most_32_kib(query):
    """However wide or deep a query is, its tree stays small, and tells what decided."""
    text = "攻撃 militia " * 400
    tried = try_query(query, {}, ["en"], Document(title="", body=text))
    assert len(msgspec.json.encode(tried.tree)) <= TREE_BYTES
    assert tried.tree.parts
    assert all(part.held is tried.tree.held for part in tried.tree.parts[:1])


def test_the_deciding_branch_is_among_those_told():
    """Of an OR of hundreds the one branch that holds is told, of an AND the one that fails."""
    many = [f"word{n}" for n in range(400)]
    article = Document(title="word399", body=" ".join(many[:398]))
    (held,) = [
        part
        for part in try_query(
            " OR ".join(f"title:{w}" for w in many), {}, ["en"], article
        ).tree.parts
        if part.held
    ]
    assert "title:word399" == held.query
    tree = try_query(" ".join(many), {}, ["en"], article).tree
    assert ["word398"] == [part.query for part in tree.parts if not part.held]
    assert 400 == len(tree.parts) + tree.left_out


def test_an_error_goes_through_a_pool():
    """The error of a query can be sent from process to process, with its place."""
    with pytest.raises(QueryError) as caught:
        try_query("militia AND", {}, ["en"], ARTICLE)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert (caught.value.problem, str(caught.value)) == (again.problem, str(again))
