"""From settings to feeds, topics and sinks, and to what changed."""

from pathlib import Path

import pytest

from monitor.registry import Change, Difference, config_hash, difference, registry
from monitor.settings import Settings, load

BASE = """
[polling]
interval = "10m"
[[feeds]]
url = "https://one.example.org/rss"
name = "One"
tags = ["Wire"]
weight = 2
was = "http://one.example.org/rss"
headers = { Authorization = { env = "FEED_KEY" } }
[[feeds]]
url = "https://two.example.org/rss"
enabled = false
headers = { Authorization = { env = "NOT_SET" } }
interval = "1m"
[[topics]]
name = "quakes"
query = "quake"
severity = "high"
ring = "story"
feeds = ["tag:WIRE"]
examples.match = "A quake"
[[topics]]
name = "fires"
query = "fire"
enabled = false
[aliases]
quake = ["earthquake"]
[sinks.screen]
type = "console"
[sinks.ops]
type = "webhook"
enabled = false
url = "https://hooks.example.org/"
secret = "hunter2"
"""
ENVIRON = {"FEED_KEY": "hunter2"}


def settings(folder: Path, text: str = BASE) -> Settings:
    """Return what a file says."""
    (folder / "tocsin.toml").write_text(text)
    loaded = load(folder / "tocsin.toml", ENVIRON)
    assert () == loaded.problems
    return loaded.settings


def test_feeds_carry_all_that_polling_needs(tmp_path: Path) -> None:
    """Secrets of headers are read, the interval is filled in, disabled feeds stay listed."""
    one, two = registry(settings(tmp_path)).feeds

    assert ("One", ("wire",), 2.0, 600.0) == (one.name, one.tags, one.weight, one.interval_s)
    assert (("Authorization", "hunter2"),) == one.headers
    assert ("http://one.example.org/rss",) == one.former
    assert ("two.example.org", False, 60.0, ()) == (
        two.name,
        two.enabled,
        two.interval_s,
        two.headers,
    )


def test_only_enabled_topics_and_sinks_count(tmp_path: Path) -> None:
    """What is disabled is left out; a topic that asks for stories rings for articles."""
    found = registry(settings(tmp_path))

    (topic,) = found.topics
    assert ("quakes", "quake", "high", "article") == (
        topic.name,
        topic.query,
        topic.severity,
        topic.ring,
    )
    assert (("tag:wire",), ("A quake",), str(tmp_path / "tocsin.toml")) == (
        topic.feeds,
        topic.match,
        topic.file,
    )
    assert ["screen"] == [sink.name for sink in found.sinks]
    assert frozenset({"ops"}) == found.disabled_sinks
    assert {"quake": ("earthquake",)} == found.aliases


def test_equal_settings_differ_in_nothing(tmp_path: Path) -> None:
    """Reading the same file twice is no change, and the same hash."""
    old, new = settings(tmp_path), settings(tmp_path)

    assert Difference() == difference(old, new)
    assert not difference(old, new)
    assert "no changes" == str(difference(old, new))
    assert config_hash(old) == config_hash(new)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('name = "fires"', 'name = "floods"', "+1 \N{MINUS SIGN}1 topics"),
        ("enabled = false\n[aliases]", "enabled = true\n[aliases]", "~1 topic"),
        ('type = "console"', 'type = "console"\n[sinks.b]\ntype = "console"', "+1 sink"),
        ('"hunter2"', '"hunter3"', "~1 sink"),
        ("weight = 2", "weight = 3", "~1 feed"),
        ('url = "https://two', 'url = "https://three', "+1 \N{MINUS SIGN}1 feeds"),
        ('["earthquake"]', '["tremor"]', "~1 alias"),
        ('interval = "10m"', 'interval = "20m"', "~[polling]"),
        ("[polling]", 'contact = "a@b.example"\n[polling]', "~[contact]"),
    ],
)
def test_a_change_is_told_in_one_line(tmp_path: Path, before: str, after: str, told: str) -> None:
    """Added, removed and changed are counted by kind."""
    old = settings(tmp_path)
    new = settings(tmp_path, BASE.replace(before, after, 1))

    assert told == str(difference(old, new))


def test_all_kinds_are_told_together() -> None:
    """Kinds are joined by commas, plural where there are several."""
    change = Difference(
        topics=Change(added=("a", "b"), removed=("c",)), sinks=Change(changed=("ops",))
    )

    assert "+2 \N{MINUS SIGN}1 topics, ~1 sink" == str(change)


def test_moving_a_topic_to_another_file_changes_nothing(tmp_path: Path) -> None:
    """Where a topic is written is not what it is."""
    old = settings(tmp_path)
    start, end = BASE.index('[[topics]]\nname = "fires"'), BASE.index("[aliases]")
    (tmp_path / "more.toml").write_text(BASE[start:end])
    moved = 'include = "more.toml"\n' + BASE[:start] + BASE[end:]

    assert "~[include]" == str(difference(old, settings(tmp_path, moved)))


def test_the_hash_holds_no_secret(tmp_path: Path) -> None:
    """Another secret is another setting, but not another hash: a hash can be guessed against."""
    old = settings(tmp_path)
    new = settings(tmp_path, BASE.replace("hunter2", "hunter3"))

    assert config_hash(old) == config_hash(new)
    assert config_hash(old) != config_hash(Settings())
