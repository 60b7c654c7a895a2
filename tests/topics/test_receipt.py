"""Receipts of matches, and the reasons of what did not match."""

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topics import made
from workers.model.article import ZoneLine
from workers.model.topic import Document, TopicSpec
from workers.text.tokens import tokenize
from workers.topics import compile_topics, try_query
from workers.topics.aliases import read_aliases
from workers.topics.parser import parse

GROUPS = {
    "kataib": ["Kataib Hezbollah", "كتائب حزب الله"],
    "iran_backed_groups": ["@kataib", "Iran-backed"],
}
MILITIA = '(militia OR @iran_backed_groups) NEAR/30 (strike OR airstrike OR "drone ~attack")'
ARTICLE = Document(
    title="U.S. drone kills commander in Baghdad",
    body=(
        "BAGHDAD — An American drone struck two cars in the east of the city.\n"
        "The dead man had led the militia for years, officials said."
    ),
    zones=(
        ZoneLine(zone="related", text="Read More: Murder trial opens in Washington", rule="R6"),
        ZoneLine(zone="related", text="Read More: U.S. steel tariffs rise", rule="R6"),
    ),
    language="en",
)


def zone_text(document: Document, zone: str) -> list[str]:
    """Return the texts of a zone."""
    own = {"title": [document.title], "body": [document.body]}
    return own.get(zone) or [line.text for line in document.zones if line.zone == zone]


def test_the_words_need_not_stand_together():
    """A strike that killed a militia leader rings; words in related lines ring nothing."""
    queries = [MILITIA, "murder* AND Washington", "{US} NEAR/3 steel"]
    specs = [TopicSpec(name=query, query=query) for query in queries]
    (match,) = compile_topics(specs, GROUPS, ["en"]).match(ARTICLE)
    (clause,) = match.clauses
    assert (MILITIA, "near", (0, len(MILITIA))) == (match.topic, clause.op, clause.span)
    assert ["militia", "struck"] == [hit.text for hit in clause.hits]
    for hit in clause.hits:
        assert hit.text == ARTICLE.body[hit.start : hit.end]
        assert hit.text in hit.sentence
    assert "An American drone struck two cars" in clause.hits[1].sentence


def test_why_not():
    """What failed is named, with where it stands in zones that are not searched."""
    tried = try_query("commander AND murder* AND Washington", {}, ["en"], ARTICLE)
    assert tried.matched is False
    assert ("prefix", "murder*", (14, 21)) == (
        tried.failed.op,
        tried.failed.query,
        tried.failed.span,
    )
    assert [("related", "Murder")] == [(hit.zone, hit.text) for hit in tried.elsewhere]


def test_why_not_near():
    """A NEAR that failed shows its parts where they were searched, and itself elsewhere."""
    tried = try_query("{US} NEAR/3 steel", {}, ["en"], ARTICLE)
    assert ["U.S."] == [hit.text for hit in tried.failed.hits]
    assert ["U.S.", "steel"] == [hit.text for hit in tried.elsewhere]


def test_why_not_not():
    """A NOT that failed shows what should not have been there."""
    tried = try_query("commander -drone", {}, ["en"], ARTICLE)
    assert "not" == tried.failed.op
    assert ["drone", "drone"] == [hit.text for hit in tried.failed.hits]
    assert () == tried.elsewhere


def test_why_not_lead():
    """What stands in the body only is elsewhere for a query of the lead."""
    tried = try_query("lead:militia", {}, ["en"], ARTICLE)
    assert [("body", "militia")] == [(hit.zone, hit.text) for hit in tried.elsewhere]


CLAUSES = [
    ("drone commander", ["word", "word"]),
    ('"Baghdad" OR coup', ["exact"]),
    ("bag* {Baghdad}", ["prefix", "exact"]),
    ("drone -coup", ["word", "not"]),
    ("COUNT/2(drone)", ["count"]),
    ("drone ONEAR/3 commander", ["onear"]),
    ("drone lang:en", ["word", "lang"]),
    ("two-cars", ["phrase"]),
]


@pytest.mark.parametrize(("query", "operators"), CLAUSES)
def test_clauses(query, operators):
    """A receipt has one clause for each part of the query that held, in its order."""
    tried = try_query(query, GROUPS, ["en"], ARTICLE)
    assert operators == [clause.op for clause in tried.clauses]
    for clause in tried.clauses:
        assert 0 <= clause.span[0] < clause.span[1] <= len(query)


@pytest.mark.parametrize("clause", ["title:drone", "source:x", "lead:@kataib"])
def test_the_field_of_a_term_is_part_of_its_clause(clause):
    """Where a clause stands in the query begins with its field, if it has one of its own."""
    query = f"coup -({clause} NOT Baghdad)"
    tree = parse(query, read_aliases(GROUPS).phrases).tree
    both = tree.children[1].child
    assert clause == query[slice(*both.children[0].span)]


WIDE = Document(
    title="خ" * 3_000 + " militia",
    body=("攻撃 " * 90 + "militia " + "\x01" * 40 + " ") * 60,
    zones=tuple(ZoneLine(zone="caption", text="militia " * 50, rule="t") for _ in range(50)),
)


@pytest.mark.parametrize(
    "query",
    [
        "militia",
        "any:militia",
        " ".join(["militia", "攻撃", "any:militia", 'any:"militia militia"'] * 20),
        "militia OR " + " OR ".join(f"word{n}" for n in range(800)),
        '"' + "攻撃 " * 200 + '"',
        "(militia OR " + " OR ".join(f"word{n}" for n in range(700)) + ") NEAR/9 攻撃",
    ],
)
def test_a_receipt_is_at_most_4_kib(query):
    """However long text, query and sentences are, a receipt stays small, and offsets hold."""
    document = WIDE
    if query.startswith('"'):
        document = Document(title="", body="攻撃 " * 300)
    tried = try_query(query, {}, ["en"], document)
    assert tried.matched is True
    assert len(msgspec.json.encode({"clauses": tried.clauses})) <= 4096
    assert tried.clauses
    for hit in (hit for clause in tried.clauses for hit in clause.hits):
        texts = zone_text(document, hit.zone)
        assert any(text[hit.start : hit.end].startswith(hit.text[:2]) for text in texts)


def test_half_characters_in_a_text_can_be_written():
    """A lone surrogate in an article does not stop its receipt from being written."""
    tried = try_query("militia", {}, ["en"], Document(title="a \ud800 militia", body=""))
    assert b"militia" in msgspec.json.encode(tried)


ANY_SCRIPT = (
    "aS'\u2019.-\"\u05d4\u05dc\u0648\u0627\u0644\u5317\u30ab\ufdfa\u2167\u00bd\u0301\u200b\n "
)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=60), st.text(alphabet=ANY_SCRIPT, max_size=40)), st.data())
def test_every_text_is_searched(text, data):
    """No text makes matching raise, and a word taken out of a text is found there."""
    language = data.draw(st.sampled_from(["en", "he", "ar", "fa", "xx", None]))
    document = Document(title=text, body="", language=language)
    tokens = [token.folded for token in tokenize(text)]
    for word in {*tokens[:3], "strike"}:
        tried = try_query(
            f'"{word}" OR {{{word}}} OR abc*', {}, ["en", "he", "ar", "fa"], document
        )
        assert (word in tokens) <= tried.matched
        bare = f"~{word}"
        assert (word in tokens) <= try_query(bare, {}, ["en", "he", "ar"], document).matched


HOSTILE = [
    "a " * 50_000,
    "a" * 200_000,
    "\u0301" * 50_000,
    "'" * 50_000,
    "a'" * 50_000,
    "l'a" * 25_000,
    "a." * 50_000,
    "攻" * 50_000,
    'ל"' * 25_000,
    "\u200b" * 50_000,
    "\n" * 50_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_articles(text):
    """An article of any shape is searched in bounded time."""
    document = Document(title=text[:1000], body=f"{text} militia", language=None)
    query = "(a OR 攻) NEAR/50 (a OR 攻 OR militia) OR militia OR COUNT/5(a)"
    assert try_query(query, {}, ["en"], document).clauses is not None


def seen(text: str) -> str:
    """Return what people see of a text."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)


def test_offsets_cut_whole_words_out_of_the_text():
    """Over all scripts and operators: a hit begins and ends with words, and says what it cuts."""
    chance = Random(11)
    queries = [made.query(chance) for _ in range(120)]
    topics = compile_topics(
        [TopicSpec(name=q, query=q) for q in set(queries)], made.ALIASES, ["en"]
    )
    told = 0
    for article in (made.document(chance) for _ in range(60)):
        for match in topics.match(article):
            for hit in (hit for clause in match.clauses for hit in clause.hits):
                told += 1
                [text, *_] = [
                    text
                    for text in zone_text(article, hit.zone)
                    if seen(text[hit.start : hit.end]) == hit.text
                ]
                words = tokenize(text)
                assert hit.start in {word.start for word in words}
                assert hit.end in {word.end for word in words}
                assert hit.text in hit.sentence
    assert told > 1_000
