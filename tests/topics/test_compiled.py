"""Sets of topics: what is accepted, what is told, whose feeds count, and the examples."""

import tomllib
from pathlib import Path

import pytest

from workers.model.topic import Document, TopicSpec
from workers.topics import check_examples, compile_topics

SEEDS = Path(__file__).parents[2] / "seeds" / "topics.toml"


def spec(name: str, query: str, **more) -> TopicSpec:
    """Return a topic."""
    return TopicSpec(name=name, query=query, file="topics.toml", **more)


def names(topics, document) -> list[str]:
    """Return the names of the topics that match."""
    return [match.topic for match in topics.match(document)]


def test_a_bad_topic_stops_no_other():
    """A topic that is refused is told with its place and file; the rest match, in order."""
    topics = compile_topics(
        [spec("b", "strike"), spec("bad", "strike OR"), spec("a", "militia")], {}, ["en"]
    )
    (problem,) = topics.problems
    assert ("bad", "topics.toml", 1, 8) == (
        problem.topic,
        problem.file,
        problem.line,
        problem.column,
    )
    assert ["b", "a"] == list(topics.specs)
    assert ["b", "a"] == names(topics, Document(title="Militias strike", body=""))


def test_a_disabled_topic_never_matches():
    """A disabled topic is not among the specs; what is wrong with it is only a warning."""
    topics = compile_topics(
        [spec("off", "strike", enabled=False), spec("bad", "(", enabled=False)], {}, ["en"]
    )
    assert {} == dict(topics.specs)
    assert () == topics.problems
    assert ["bad"] == [warning.topic for warning in topics.warnings]
    assert () == topics.match(Document(title="strike", body=""))


def test_two_topics_of_one_name():
    """The second topic of a name is refused, the first goes on."""
    topics = compile_topics([spec("a", "strike"), spec("a", "coup")], {}, ["en"])
    assert "strike" == topics.specs["a"].query
    assert ["a"] == [problem.topic for problem in topics.problems]


BAD_ALIASES = [
    ({"a": ["@b"], "b": ["@c"], "c": ["@a"]}, "cycle"),
    ({"a": ["@a"]}, "cycle"),
    ({"a": ["@nobody"]}, "there is no alias"),
    ({"a": []}, "without spellings"),
    ({"a": [""]}, "empty spelling"),
    ({"a": ["*"]}, "star"),
    ({"a": ["m*"]}, "too short"),
    ({"a": ["x" * 20_000]}, "too long"),
    ({"a": ["\ud800"]}, "half a character"),
    ({"a": ["---"]}, "nothing to search for"),
    ({"bad name": ["x"]}, "no name"),
    ({"a": ["@b"], "b": ["*"]}, "refused"),
]


@pytest.mark.parametrize(("aliases", "part"), BAD_ALIASES)
def test_a_bad_alias_stops_only_its_users(aliases, part):
    """An alias set that is refused is told; topics that use it are refused, others go on."""
    topics = compile_topics(
        [spec("uses", "@a"), spec("free", "strike"), spec("good", "@fine")],
        {**aliases, "fine": ["Kataib"]},
        ["en"],
    )
    assert any(part in problem.message for problem in topics.problems)
    assert all(problem.length >= 1 <= problem.column for problem in topics.problems)
    assert {"free", "good"} == {name for name in topics.specs if name != "uses"}


def test_aliases_nest_five_deep():
    """Five levels of nesting are accepted, six are refused, and the number costs no time."""
    chain = {f"a{n}": [f"@a{n + 1}"] for n in range(2_000)} | {"a2000": ["Kataib"]}
    topics = compile_topics([spec("in", "@a1995"), spec("out", "@a1994")], chain, ["en"])
    assert ["in"] == names(topics, Document(title="Kataib", body=""))
    assert 1_995 + 1 == len(topics.problems)


def test_wide_aliases_cost_no_time():
    """Sets that all name all sets below them are joined once each."""
    levels = {
        f"l{level}_{n}": [f"@l{level + 1}_{m}" for m in range(40)] if level < 4 else [f"name{n}"]
        for level in range(5)
        for n in range(40)
    }
    topics = compile_topics([spec("wide", "@l0_0")], levels, ["en"])
    assert ["wide"] == names(topics, Document(title="name39", body=""))


FEEDS = [
    (None, (), True),
    (None, ("Wire",), True),
    (("Wire",), (), True),
    (("Wire",), ("wire", "tag:world"), True),
    (("TAG:World",), ("Wire", "tag:world"), True),
    (("Other",), ("Wire", "tag:world"), False),
]


@pytest.mark.parametrize(("wanted", "listed", "matches"), FEEDS)
def test_feeds(wanted, listed, matches):
    """A topic keeps to its feeds, in any case; a document of unknown feeds leaves none out."""
    topics = compile_topics([spec("a", "strike", feeds=wanted)], {}, ["en"])
    assert matches is bool(topics.match(Document(title="strike", body="", feeds=listed)))


def test_examples():
    """Examples are read as a title and as a body; those that fail are told with their topic."""
    specs = [
        spec("a", "title:strike", match=("A strike", "Calm"), no_match=("Calm", "They struck")),
        spec("bad", "(", match=("x",)),
        spec("lead", "body:coup", match=("A coup",)),
    ]
    passed, failed = check_examples(specs, compile_topics(specs, {}, ["en"]))
    assert 3 == passed
    assert [("a", "Calm", "match"), ("a", "They struck", "no match")] == [
        (one.topic, one.example, one.expected) for one in failed
    ]


def starters() -> tuple[list[TopicSpec], dict[str, list[str]]]:
    """Return the topics and aliases that are shipped."""
    data = tomllib.loads(SEEDS.read_text(encoding="utf-8"))
    specs = [
        TopicSpec(
            name=one["name"],
            query=one["query"],
            match=tuple(one["examples"]["match"]),
            no_match=tuple(one["examples"]["no_match"]),
        )
        for one in data["topics"]
    ]
    return specs, data["aliases"]


def test_starter_topics():
    """The shipped topics are accepted without a warning, and all their examples pass."""
    specs, aliases = starters()
    topics = compile_topics(specs, aliases, ["en"])
    assert () == topics.problems + topics.warnings
    assert len(topics.specs) == len(specs)
    passed, failed = check_examples(specs, topics)
    assert () == failed
    assert passed >= 2 * len(specs)
