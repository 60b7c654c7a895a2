"""The matcher says what the plain evaluator says, however many topics there are."""

# ruff: noqa: RUF001 -- letters that look like others are meant

import sys
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Thread
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topics.made import ALIASES, document, query
from tests.topics.oracle import Reading, holds
from workers.model.topic import Document, Match, TopicSpec
from workers.text.tokens import tokenize
from workers.topics import NotAtHand, compile_topics
from workers.topics.aliases import read_aliases
from workers.topics.errors import QueryError
from workers.topics.forms import Forms
from workers.topics.parser import parse
from workers.topics.receipt import receipt
from workers.topics.vocabulary import spans

FORMS = Forms(["en"])
SETS = read_aliases(ALIASES).phrases
TOPICS, ARTICLES = 50, 25

ONE_LETTER = compile_topics(
    [
        TopicSpec(name=query, query=query, severity="normal")
        for query in ("真主党", "{US}", '"が"', '"か"', "abc*", '"a.b"', '"は"', "ハキ*")
    ],
    {},
    ["en"],
)
seeds = st.integers(0, 2**32).map(Random)


def trees(chance, number=TOPICS):
    """Return so many queries that are accepted, each with its tree."""
    found = {}
    while len(found) < number:
        made = query(chance)
        try:
            found[made] = parse(made, SETS).tree
        except QueryError:
            continue
    return found


def oracle(found, article):
    """Return what the plain evaluator tells of trees and an article."""
    reading = Reading(article, FORMS)
    return tuple(
        Match(topic=name, clauses=receipt(tree, reading))
        for name, tree in found.items()
        if holds(tree, reading)
    )


def compiled(queries, before=None):
    """Return topics that have their queries as names."""
    return compile_topics(
        [TopicSpec(name=q, query=q) for q in queries], ALIASES, ["en"], {}, before
    )


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_the_matcher_is_the_oracle(chance):
    """Over all operators, scopes, facts and scripts, 25,000 pairs: names and receipts."""
    found = trees(chance)
    topics = compiled(found)
    for _ in range(ARTICLES):
        article = document(chance)
        assert oracle(found, article) == topics.match(article), article


def test_made_up_topics_match_now_and_then():
    """What the matcher is compared by is neither always true nor never."""
    chance = Random(1)
    topics, articles = compiled(trees(chance, 200)), [document(chance) for _ in range(50)]
    hits = [name for article in articles for name in topics.names(article)]
    assert 500 < len(hits) < 5_000
    assert 100 < len(set(hits)) <= 200


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_topics_that_come_and_go(chance):
    """After any row of changes a set says what one that is compiled whole says."""
    found = trees(chance)
    now = chance.sample(list(found), 20)
    topics = compiled(now)
    for _ in range(12):
        gone = set(chance.sample(now, chance.randint(0, min(5, len(now)))))
        now = [name for name in now if name not in gone]
        others = [name for name in found if name not in now]
        now += chance.sample(others, min(4, len(others)))
        chance.shuffle(now)
        topics = compiled(now, topics)
        article = document(chance)
        assert oracle({name: found[name] for name in now}, article) == topics.match(article)


def test_after_many_changes_all_are_compiled_anew():
    """Words of topics that are gone are forgotten; what was seen of the others is not."""
    article = Document(title="Word stays", body="", language="en")
    topics = compiled(["stays AND word"])
    for number in range(1_200):
        topics = compiled(["stays AND word", f"w{number}x"], topics)
        topics.names(article)
    made = topics._made
    assert 2_000 > len(made.vocabulary)
    likely = made.likelihood
    shares = {key: likely.share(number) for number, key in made.vocabulary.keys().items()}
    assert 0.3 < shares["forms stays stays"]
    assert 0.1 > shares["exact w1199x"]


NEEDS = [
    "mali AND chad AND niger AND togo",
    "mali AND (chad OR kongo) AND (niger OR benin) AND (togo OR ghana)",
    "(mali OR ghana) AND (chad OR togo) AND (niger OR kongo) AND benin",
    "any:mali AND the AND with",
    "any:mali AND the",
    "(any:mali OR any:chad) AND (the OR with) AND from",
]


def test_all_that_a_topic_needs_is_asked_for():
    """Of each set of ten words it holds what it says, however many needs a topic has."""
    words = ["mali", "chad", "niger", "togo", "kongo", "benin", "ghana", "the", "with", "from"]
    shares = {"the": 0.001, "with": 0.001, "from": 0.001}
    rare = [TopicSpec(name=query, query=query, severity="normal") for query in NEEDS]
    trees_of = {query: parse(query, {}).tree for query in NEEDS}
    for common in ({}, shares, dict.fromkeys(("the", "with", "from"), 0.9)):
        topics = compile_topics(rare, {}, ["en"], common)
        for number in range(2 ** len(words)):
            some = [word for place, word in enumerate(words) if number >> place & 1]
            article = Document(title=" ".join(some), body="", language="en")
            wanted = tuple(q for q in NEEDS if holds(trees_of[q], Reading(article, FORMS)))
            assert wanted == topics.names(article), article


def test_equal_topics_have_receipts_of_their_own():
    """Topics that ask the same share a program; each receipt tells where its own query says it."""
    one, other = "militia AND strike", "(militia)  AND (strike)"
    matches = compiled([one, other]).match(Document(title="Militia strike", body=""))
    spans = [[clause.span for clause in match.clauses] for match in matches]
    assert [[(0, 7), (12, 18)], [(1, 8), (16, 22)]] == spans


def test_threads_match_while_topics_change():
    """Articles that are read while topics are added are matched as by any of the two sets."""
    chance = Random(5)
    found = trees(chance, 80)
    articles = [document(chance) for _ in range(20)]
    wanted = {place: oracle(found, article) for place, article in enumerate(articles)}
    names = list(found)
    whole = [compiled(names[:40])]
    wrong = []

    def match():
        for _ in range(6):
            for place, article in enumerate(articles):
                topics = whole[-1]
                told = topics.match(article)
                if told != tuple(one for one in wanted[place] if one.topic in topics.specs):
                    wrong.append((article, told))

    threads = [Thread(target=match) for _ in range(3)]
    for thread in threads:
        thread.start()
    for size in range(41, 81):
        whole.append(compiled(names[:size], whole[-1]))
    for thread in threads:
        thread.join()
    assert [] == wrong
    assert list(found) == list(whole[-1].specs)


def test_threads_meet_words_of_one_beginning():
    """Whichever of two words is met first, a phrase with their beginning is found with both."""
    stems = [f"str{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(500)]
    rows = [f'"over {stem}*"' for stem in stems]
    topics = compiled([*rows, *(f"{stem}{end}" for stem in stems for end in "xy")])
    articles = [
        Document(title=f"over {stem}{end}", body="", language="en")
        for stem in stems
        for end in "xy"
    ]
    topics.names(Document(title="over", body="", language="en"))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(topics.names, articles))
    finally:
        sys.setswitchinterval(before)
    wanted = [(row, f"{stem}{end}") for row, stem in zip(rows, stems, strict=True) for end in "xy"]
    assert wanted == [topics.names(article) for article in articles]


LETTERS = (
    "真主党は中がカキﾊabcUS. .'’\"״、，「」0٣กา한국ー々〆゛ﾟ豈𠀀\u0301\u3099\ufe00\u200b\u200d"
)


@given(st.text(st.sampled_from(LETTERS), min_size=49, max_size=90))
def test_sentences_without_spaces_are_read_letter_by_letter(sentence):
    """They are the same tokens, and what is remembered of letters makes them cheap."""
    lexicon = ONE_LETTER._made.vocabulary.lexicon(())
    tokens = [lexicon.character(token) for token in tokenize(sentence)]
    assert "".join(tokens) == lexicon.characters(sentence)
    for chunk in sentence.split():
        assert [(token.start, token.end) for token in tokenize(chunk)] == spans(chunk)


def test_what_is_new_of_a_sentence_without_spaces():
    """Its letters count once; a long word counts whole."""
    lexicon = compiled(["真主党"])._made.vocabulary.lexicon(())
    assert 3 == lexicon.unseen("真主党" * 100)
    assert 304 == lexicon.unseen("真主党" * 100 + "a" * 301)
    assert 301 == lexicon.unseen("a" * 301)


def test_what_is_new_is_found_without_a_look_at_all_that_is_known():
    """A daemon that has read for a year asks as fast as one that begins."""

    def took():
        began = thread_time()
        lexicon.unseen(text)
        return thread_time() - began

    lexicon = compiled(["strike"])._made.vocabulary.lexicon(())
    text = " ".join(f"w{number}" for number in range(1_000))
    lexicon.characters(text)
    young = min(took() for _ in range(5))
    lexicon._memo.update((f"old{number}", "\0") for number in range(300_000))
    assert min(took() for _ in range(5)) < 10 * young


def test_receipts_of_sentences_without_spaces():
    """Where words stand in one is told at once, but for a long one: that would take too long."""
    topics = compiled(["爆炸"])
    article = Document(title="", body="真主党" * 4_000 + "。爆炸。a", language="zh")
    assert topics.match(article) == topics.match(article, load=False)
    (hit,) = topics.match(article)[0].clauses[0].hits
    assert (12_001, 12_003) == (hit.start, hit.end)
    thai, long = ("กา" * 800, "真主党" * 13_000)
    for body in (f"爆炸{thai}", f"爆炸{long}"):
        sentence = Document(title="", body=body, language="zh")
        assert ("爆炸",) == topics.names(sentence, load=False)
        with pytest.raises(NotAtHand):
            topics.match(sentence, load=False)


HOSTILE = {
    "one word": "strike" * 800_000,
    "marks only": "\u0301" * 1_000_000,
    "one letter": "a" + "\u0301\u05b0\u064b" * 300_000,
    "scripts": "aяא真กهあ" * 30_000,
    "other words": " ".join(f"w{number}" for number in range(50_000)),
    "always the same": "militia strike " * 60_000,
    "particles": "وال" * 100_000,
    "surrogates": "\ud800 \udfff strike " * 50_000,
    "dots": "u.s." * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts(name):
    """They are read to an end, and whoever must not keep others waiting lets them be."""
    topics = compiled(["militia NEAR/3 strike", "COUNT/2(strike*)", '"真กه"', "كتائب", "{US}"])
    article = Document(title="", body=HOSTILE[name], language=None)
    expected = {
        "scripts": ['"真กه"'],
        "always the same": ["militia NEAR/3 strike", "COUNT/2(strike*)"],
        "surrogates": ["COUNT/2(strike*)"],
    }.get(name, [])
    assert expected == list(topics.names(article))
    with pytest.raises(NotAtHand):
        compiled(["militia NEAR/3 strike"]).match(article, load=False)


def test_what_takes_long_is_not_done_while_others_wait():
    """Many receipts, many new words, much to compare: not at once; else at once."""
    few, many = compiled(["strike"]), compiled([f"strike OR w{n}" for n in range(150)])
    usual = Document(title="A strike", body="Words of every day. " * 30, language="en")
    assert few.match(usual) == few.match(usual, load=False)
    assert 150 == len(many.match(usual))
    with pytest.raises(NotAtHand):
        many.match(usual, load=False)
    assert 150 == len(many.names(usual, load=False))
    new = Document(title="", body=" ".join(f"word{n}" for n in range(2_000)), language="en")
    with pytest.raises(NotAtHand):
        few.match(new, load=False)
    few.match(new)
    assert () == few.match(new, load=False)


def test_there_may_be_so_many_topics_and_no_more(monkeypatch):
    """Those beyond are refused, each with the reason; the others are in force."""
    monkeypatch.setattr("workers.topics.compiled.MOST_TOPICS", 3)
    topics = compiled(["a1", "a2", "a3", "a4", "a5"])
    assert ["a1", "a2", "a3"] == list(topics.specs)
    assert ["a4", "a5"] == [problem.topic for problem in topics.problems]
    assert {"more than 3 topics"} == {problem.message for problem in topics.problems}
