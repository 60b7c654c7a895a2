"""The benchmarks of topics run, from articles made up or given to rows that can be."""

import json
import re

import pytest

from benchmarks import stalls, topics
from benchmarks.newspapers import SCRIPTS, UNSPACED, News
from benchmarks.topics_made import articles, clauses, makes

ROW = re.compile(r"^\| ([\d,]+) (plain|full) \| (.+) \|$", re.MULTILINE)
NUMBER = re.compile(r"-?[\d.]+")


@pytest.fixture(scope="module")
def news():
    """The articles that are made up where none are given."""
    return articles(None)


@pytest.fixture
def file(tmp_path, news):
    """Thirty articles as JSON lines."""
    path = tmp_path / "articles.jsonl"
    some = [one for one in news if one.language == "en"][:30]
    path.write_text("".join(json.dumps({"title": a.title, "text": a.body}) + "\n" for a in some))
    return path


@pytest.mark.parametrize("kinds", ["full", pytest.param("plain", marks=pytest.mark.thorough)])
def test_rows_goals_and_peers(file, capsys, kinds):
    """Each kind has a row without a hole, and a peer finds what the matcher finds."""
    words = ["--articles", str(file), "--sizes", "40", "--kinds", kinds, "--peers", "in"]
    assert 0 == topics.main(words)
    told = capsys.readouterr().out
    ((_, kind, rest),) = ROW.findall(told)
    units, unit, matches, *others = NUMBER.findall(rest)
    assert kinds == kind
    assert 0 < float(units) < 1_000
    assert float(unit) > 0
    assert 0 < float(matches) < 40
    assert 6 == len(others)
    assert "in, 40 plain topics" in told
    assert told.rstrip().endswith("the same found")


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_a_quick_run_of_all(capsys):
    """The command without articles ends, with goals and both peers that need not be installed."""
    assert 0 == topics.main(["--quick"])
    told = capsys.readouterr().out
    assert ["plain", "full"] == [kind for _, kind, _ in ROW.findall(told)]
    assert "| 1,000 plain: units | 2.5 |" in told
    assert "without spaces (zh)" in told
    assert 2 == told.count("the same found")


def test_memory_that_grows_is_told(capsys):
    """A trail that goes up in its last third ends with 1."""
    flat = [(place, 50.0) for place in range(1, 31)]
    assert 0 == topics._told_of_many(flat)
    growing = [(place, 50.0 + max(0, place - 20) * 2) for place in range(1, 31)]
    assert 1 == topics._told_of_many(growing)
    assert "IT GROWS" in capsys.readouterr().out


def test_what_may_keep_others_waiting(capsys, monkeypatch):
    """What decides that an article is matched in a thread is measured, each number in some row."""
    monkeypatch.setattr(stalls, "AT_ONCE", 20_000)
    stalls.main(["--quick"])
    told = capsys.readouterr().out
    assert {"WORK", "RECEIPTS"} == set(re.findall(r"^\| ([A-Z_]+) \|", told, re.MULTILINE))
    assert 12 == told.count(" ms |")


def test_made_up_news(news):
    """They are the same each time, in all languages, of the lengths that news have."""
    again = News()
    assert news[:20] == [again.article(number) for number in range(20)]
    assert set(SCRIPTS) == {one.language for one in news}
    assert {"zh"} == set(UNSPACED)
    words = [len(one.body.split()) for one in news if one.language not in UNSPACED]
    assert 250 < min(words) < 650 < max(words) < 3_500
    assert any(one.zones for one in news)


def test_made_up_topics(news):
    """Names that they ask for occur in articles, or in none; terms of a plain one can be told."""
    made = makes(None)
    texts = "\n".join(f"{one.title}\n{one.body}\n{one.zones}" for one in news)
    found = sum(name in texts for name in made._names)
    assert found > 0.97 * len(made._names)  # of a long title the end is cut off
    assert not any(name in texts for name in made._elsewhere[:200])
    specs = made.topics("plain", 50)
    assert all(3 <= sum(map(len, clauses(spec.query))) <= 8 for spec in specs)
