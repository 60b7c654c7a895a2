"""What compares the matcher with the plain evaluator: it finds a matcher that is wrong."""

import pytest

from benchmarks.agreement import PAIRS, compared, main
from tests.figures.broken import crowded, deaf, terse

SEED = 3
"""A seed without word forms: no dictionary is loaded for it."""


def test_a_matcher_that_is_right():
    """All pairs of a seed are compared, many of them match, and none differs."""
    one = compared(SEED)
    assert one.different is None
    assert PAIRS / 20 < one.hits < PAIRS


def test_a_lost_match_is_told_as_small_as_it_gets():
    """Of a matcher that loses some topics the pair is told, without what does not matter."""
    found = compared(SEED, deaf).different
    assert found is not None
    assert found.alone
    assert () == found.pair.matcher
    assert [found.pair.topic] == [match.topic for match in found.pair.oracle]
    assert "NEAR" in found.pair.topic
    assert len(found.pair.topic) < 100
    assert len(found.pair.article.title) + len(found.pair.article.body) < 30


def test_a_wrong_receipt_is_told():
    """The same topics with other receipts are a difference too."""
    found = compared(SEED, terse).different
    assert found is not None
    (ours,), (theirs,) = found.pair.matcher, found.pair.oracle
    assert ours.topic == theirs.topic
    assert ours.clauses == theirs.clauses[:-1]


def test_what_is_wrong_only_among_others_is_told_as_such():
    """A pair that is right alone is told as it came."""
    found = compared(SEED, crowded).different
    assert found is not None
    assert not found.alone
    assert "only among the 50 topics of its seed" in str(found)
    assert found.pair.matcher != found.pair.oracle


@pytest.mark.parametrize("match", [None, deaf])
def test_the_command(capsys, match):
    """It ends with 1 at a pair that differs, and says which; with 0 where there is none."""
    words = ["--pairs", str(PAIRS), "--seed", str(SEED), "--processes", "1"]
    code = main(words, match) if match else main(words)
    told = capsys.readouterr().out
    assert (1 if match else 0) == code
    if match:
        assert f"seed {SEED}: they differ, alone" in told
        assert "topic " in told
        assert "NEAR" in told
        assert "say the same" not in told
    else:
        assert "1,250 pairs of topic and article" in told
        assert "say the same of all" in told.replace("\n", " ")
