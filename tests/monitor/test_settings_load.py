"""Which file is meant, what it includes, and what the environment adds."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.settings import (
    EmailSink,
    FileSink,
    Loaded,
    WebhookSink,
    default_data_dir,
    find_config,
    load,
    render,
)

BASE = """
[[feeds]]
url = "https://feeds.example.org/world.xml"
[[topics]]
name = "quakes"
query = "quake"
[sinks.screen]
type = "console"
"""
EXAMPLE = """
include = ["topics.toml", "topics.d/*.toml"]
data_dir = "/var/lib/tocsin"
contact = "desk@example.org"
[database]
url = "embedded"
[redis]
url = "embedded"
[web]
listen = "127.0.0.1:8080"
public_url = "https://tocsin.example.org"
token = { env = "TOCSIN_TOKEN" }
[net]
allow = []
hosts."slow.example.org" = { spacing = "30s", at_once = 1 }
[polling]
interval = "auto"
fastest = "2m"
slowest = "2h"
polls_per_minute = 60
[pages]
workers = 2
timeout = "10s"
mode = "precision"
[matching]
languages = ["en"]
[alerts]
backlog = "0s"
max_age = "3d"
burst = "20/1h"
[queue]
lease = "30s"
stop_within = "8s"
[keep]
text = "90d"
text_size = "10GiB"
alerts = "forever"
dead = "90d"
receipts = "1y"
disk_floor = "1GiB"
[heartbeat]
url = { file = "secrets/heartbeat" }
every = "1m"
[log]
format = "auto"
level = "info"
[opml]
files = ["feeds.opml"]
[[feeds]]
url = "https://feeds.example.org/world.xml"
name = "Example World"
tags = ["world", "wire"]
weight = 3
interval = "5m"
headers = { Authorization = { file = "secrets/feed" } }
[aliases]
kataib_hezbollah = ["Kataib Hezbollah", "Kata'ib Hizballah", "KH commander", "كتائب حزب الله"]
iran_backed_groups = ["@kataib_hezbollah", "Harakat al-Nujaba", "Houthi*", "Iran-backed"]
[[topics]]
name = "militia strikes"
query = '''(militia OR @iran_backed_groups) NEAR/30 (strike OR airstrike OR "drone ~attack")'''
sinks = ["ops", "desk"]
feeds = ["tag:wire", "Example World"]
severity = "high"
ring = "article"
examples.match = ["Drone strike kills militia commander in Baghdad"]
examples.no_match = ["Dock workers strike over militia parade route"]
[sinks.ops]
type = "webhook"
url = "https://hooks.example.org/tocsin"
secret = { env = "TOCSIN_OPS_SECRET" }
allow = ["10.1.2.3/32"]
events = true
[sinks.desk]
type = "email"
smtp = "smtps://tocsin@mail.example.org:465"
password = { file = "secrets/smtp" }
from = "Tocsin <tocsin@example.org>"
to = ["desk@example.org", "night@example.org"]
min_severity = "normal"
rate = "30/m"
timezone = "Europe/Vienna"
[sinks.screen]
type = "console"
[sinks.journal]
type = "file"
path = "alerts.jsonl"
"""
OPML = """<opml version="2.0"><head/><body>
<outline text="Wire"><outline title="Asia, Pacific">
<outline text="One" xmlUrl="feed://one.example.org/rss" category="/markets/oil,wire"/>
</outline></outline>
<outline text="One" xmlUrl="https://two.example.org/rss"/>
<outline text="Again" xmlURL="HTTPS://FEEDS.example.org/world.xml"/>
</body></opml>
"""


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files and return the path of the main one."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "tocsin.toml"


def said(loaded: Loaded) -> list[str]:
    """Return the problems in words."""
    return [render(problem) for problem in loaded.problems]


@pytest.fixture
def example(tmp_path: Path) -> Loaded:
    """Everything that a user may write, as the documentation shows it."""
    secrets = {f"secrets/{name}": "hunter2\n" for name in ("heartbeat", "feed", "smtp")}
    files = {"tocsin.toml": EXAMPLE, "topics.toml": "", "feeds.opml": OPML, **secrets}
    environ = {"TOCSIN_TOKEN": "hunter2", "TOCSIN_OPS_SECRET": "hunter2"}
    return load(write(tmp_path, files), environ)


def test_every_documented_name_is_understood(example: Loaded) -> None:
    """The documented example has no problem."""
    assert [] == said(example)


def test_values_become_numbers_and_paths(example: Loaded) -> None:
    """Durations are seconds, sizes bytes, written paths absolute."""
    settings = example.settings

    assert (120.0, 7200.0, None) == (
        settings.polling.fastest,
        settings.polling.slowest,
        settings.polling.interval,
    )
    assert (10 << 30, None, 31536000.0) == (
        settings.keep.text_size,
        settings.keep.alerts,
        settings.keep.receipts,
    )
    assert 30.0 == settings.net.hosts["slow.example.org"].spacing
    journal = settings.sinks["journal"]
    assert isinstance(journal, FileSink)
    assert "/var/lib/tocsin/alerts.jsonl" == journal.path


def test_sinks_know_their_names_and_types(example: Loaded) -> None:
    """A sink carries the name of its table."""
    ops, desk = example.settings.sinks["ops"], example.settings.sinks["desk"]

    assert isinstance(ops, WebhookSink)
    assert isinstance(desk, EmailSink)
    assert ("ops", "desk") == (ops.name, desk.name)
    assert ("Tocsin <tocsin@example.org>", 2) == (desk.sender, len(desk.to))


def test_examples_are_read_from_dotted_keys(example: Loaded) -> None:
    """``examples.match`` is a list of a topic."""
    topic = example.settings.topics[0]

    assert ("Drone strike kills militia commander in Baghdad",) == topic.examples.match
    assert ("tag:wire", "Example World") == topic.feeds


def test_opml_folders_become_tags(example: Loaded) -> None:
    """Folders and categories are tags in lower case; an address that is there is no feed."""
    feeds = {str(feed.name): feed for feed in example.settings.feeds}

    assert ["Example World", "One", "One (two.example.org)"] == list(feeds)
    assert ("wire", "asia, pacific", "markets", "oil") == feeds["One"].tags
    assert "http://one.example.org/rss" == feeds["One"].url
    assert any("is listed already" in problem.message for problem in example.warnings)


def test_of_what_is_documented_everything_is_acted_on(example: Loaded) -> None:
    """No option of the documented example is a mere name."""
    assert [] == [one.key for one in example.warnings if "does not act on it" in one.message]


def test_without_a_file_there_are_defaults() -> None:
    """No config is no problem: whoever needs one says so."""
    loaded = load(None, {})

    assert (None, (), ()) == (loaded.path, loaded.problems, loaded.warnings)
    assert default_data_dir() == loaded.settings.data_dir
    assert "tocsin" == default_data_dir().name


def test_a_missing_main_file_is_a_problem(tmp_path: Path) -> None:
    """A file that was named and is not there forbids a start."""
    loaded = load(tmp_path / "none.toml", {})

    assert [f"{tmp_path}/none.toml: cannot be read: No such file or directory"] == said(loaded)
    assert 1 == len(loaded.fatal)


def test_the_config_is_found_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is named wins over the environment, that over the current folder."""
    monkeypatch.chdir(tmp_path)
    assert find_config(None, {}) in {None, Path("/etc/tocsin/tocsin.toml")}
    (tmp_path / "tocsin.toml").touch()

    assert tmp_path / "tocsin.toml" == find_config(None, {})
    assert Path("/else.toml") == find_config(None, {"TOCSIN_CONFIG": "/else.toml"})
    assert Path("/named.toml") == find_config("/named.toml", {"TOCSIN_CONFIG": "/else.toml"})


def test_included_files_add_up(tmp_path: Path) -> None:
    """Patterns are sorted, each file is read once, paths are relative to the main file."""
    topic = '[[topics]]\nname = "{0}"\nquery = "{0}"\n'
    files = {
        "tocsin.toml": 'include = ["more/*.toml", "more/a.toml"]\n' + BASE,
        "more/b.toml": topic.format("floods"),
        "more/a.toml": topic.format("fires") + '[aliases]\nfire = ["blaze"]\n',
    }

    loaded = load(write(tmp_path, files), {})

    assert [] == said(loaded)
    assert ["quakes", "fires", "floods"] == [topic.name for topic in loaded.settings.topics]
    assert [tmp_path / name for name in ("tocsin.toml", "more/a.toml", "more/b.toml")] == list(
        loaded.files
    )
    assert {"fire": ("blaze",)} == loaded.settings.aliases


def test_names_of_two_files_name_both(tmp_path: Path) -> None:
    """Aliases, topics and sinks that two files give are told with both places."""
    twice = '[aliases]\na = ["b"]\n[sinks.screen]\ntype = "console"\n'
    files = {
        "tocsin.toml": 'include = "more.toml"\n' + BASE + '[aliases]\na = ["c"]\n',
        "more.toml": twice,
    }

    loaded = load(write(tmp_path, files), {})

    main = tmp_path / "tocsin.toml"
    assert [
        (
            f"{tmp_path}/more.toml:2: aliases.a: is there already: {main}:11 "
            "(names are unique over all files: rename or remove one)"
        ),
        (
            f"{tmp_path}/more.toml:3: sinks.screen: is there already: {main}:8 "
            "(names are unique over all files: rename or remove one)"
        ),
    ] == said(loaded)
    assert {"a": ("c",)} == loaded.settings.aliases


def test_an_include_cannot_run_in_circles(tmp_path: Path) -> None:
    """A file that includes itself by a pattern is read once."""
    loaded = load(write(tmp_path, {"tocsin.toml": 'include = ["*.toml"]\n' + BASE}), {})

    assert [] == said(loaded)
    assert 1 == len(loaded.files)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TOCSIN_WEB__LISTEN": "off"}, "off"),
        ({"TOCSIN_PAGES__WORKERS": "4"}, 4),
        ({"TOCSIN_POLLING__FASTEST": "90s"}, 90.0),
        ({"TOCSIN_POLLING__POLLS_PER_MINUTE": "7.5"}, 7.5),
        ({"TOCSIN_NET__ALLOW": '["10.0.0.0/8"]'}, ("10.0.0.0/8",)),
        ({"TOCSIN_SINKS__SCREEN__DEFAULT": "true"}, True),
        ({"TOCSIN__CONTACT": "me@example.org"}, "me@example.org"),
        ({"TOCSIN_LOG__LEVEL": "debug"}, "debug"),
    ],
)
def test_the_environment_overrides(
    tmp_path: Path, environ: dict[str, str], expected: object
) -> None:
    """``TOCSIN_SECTION__KEY`` sets an option, whatever its type."""
    loaded = load(write(tmp_path, {"tocsin.toml": BASE}), environ)
    settings = loaded.settings

    found: dict[str, object] = {
        "TOCSIN_WEB__LISTEN": settings.web.listen,
        "TOCSIN_PAGES__WORKERS": settings.pages.workers,
        "TOCSIN_POLLING__FASTEST": settings.polling.fastest,
        "TOCSIN_POLLING__POLLS_PER_MINUTE": settings.polling.polls_per_minute,
        "TOCSIN_NET__ALLOW": settings.net.allow,
        "TOCSIN_SINKS__SCREEN__DEFAULT": settings.sinks["screen"].default,
        "TOCSIN__CONTACT": settings.contact,
        "TOCSIN_LOG__LEVEL": settings.log.level,
    }
    assert [] == said(loaded)
    assert expected == found[next(iter(environ))]


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("TOCSIN_WBE__LISTEN", "off", 'sets an unknown section (did you mean "web"?)'),
        ("TOCSIN_WEB__LISTN", "off", 'web.listn: is unknown (did you mean "listen"?)'),
        ("TOCSIN_FEEDS__URL", "x", "[[feeds]] is a list and cannot be set here (use a file)"),
        (
            "TOCSIN_NET__HOSTS__X",
            "x",
            "does not name one option (write it like TOCSIN_WEB__LISTEN)",
        ),
        (
            "TOCSIN_PAGES__WORKERS",
            "many",
            'pages.workers = "many": must be a whole number (write it like 4)',
        ),
        (
            "TOCSIN_NET__ALLOW",
            "[10.0",
            'is no TOML list or table (write it like ["a", "b"])',
        ),
    ],
)
def test_mistakes_of_the_environment_name_the_variable(
    tmp_path: Path, variable: str, value: str, expected: str
) -> None:
    """A bad override is told by the name of its variable."""
    loaded = load(write(tmp_path, {"tocsin.toml": BASE}), {variable: value})

    assert [f"environment variable {variable}: {expected}"] == said(loaded)


def test_names_without_two_underscores_are_left_alone(tmp_path: Path) -> None:
    """``TOCSIN_TOKEN`` is somebody's secret, not an option."""
    environ = {"TOCSIN_TOKEN": "x", "TOCSIN_": "y", "OTHER__THING": "z"}

    assert [] == said(load(write(tmp_path, {"tocsin.toml": BASE}), environ))


def test_a_disabled_part_needs_no_secrets(tmp_path: Path) -> None:
    """What is switched off is not asked for its secrets."""
    off = """
[sinks.ops]
type = "webhook"
enabled = false
url = "https://hooks.example.org/"
secret = { env = "NOT_SET" }
"""

    assert [] == said(load(write(tmp_path, {"tocsin.toml": BASE + off}), {}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[sinks.ops]\ntype = "webhook"\nurl = "http://hooks.example.org/"\n',
            (
                "sinks.ops.url = http://hooks.example.org: sends alerts in the clear "
                "(use https, if the receiver can)"
            ),
        ),
        (
            '[sinks.ops]\ntype = "webhook"\nurl = "https://10.1.2.3/x"\n',
            (
                "sinks.ops.url = https://10.1.2.3: 10.1.2.3 is a private address "
                '(add allow = ["10.1.2.3/32"] to the sink)'
            ),
        ),
        (
            '[sinks.ops]\ntype = "webhook"\nurl = "https://a.example.org/"\nsecret = "hunter2"\n',
            (
                "sinks.ops.secret: a secret is written into the file "
                '(write secret = { file = "secrets/…" } or { env = "…" })'
            ),
        ),
        (
            '[[feeds]]\nurl = "http://192.168.1.5/feed"\nname = "Home"\n',
            (
                'feeds.Home.url = "http://192.168.1.5/feed": 192.168.1.5 is a private address '
                '(add allow = ["192.168.1.5/32"] to [net])'
            ),
        ),
        (
            '[sinks.spare]\ntype = "console"\ndefault = false\n',
            "sinks.spare: no topic uses it (name it in `sinks` of a topic, or remove it)",
        ),
        (
            '[[topics]]\nname = "fires"\nquery = "fire"\nfeeds = ["tag:wires"]\n',
            'topics.fires.feeds = "tag:wires": there is no such tag (known: feeds.example.org)',
        ),
        (
            '[[topics]]\nname = "fires"\nquery = "fire"\nring = "story"\n',
            (
                "topics.fires.ring: this version does not act on it: "
                '"story" rings for each article, as "article" does'
            ),
        ),
        (
            (
                '[sinks.grave]\ntype = "console"\nmin_severity = "critical"\n'
                '[[topics]]\nname = "fires"\nquery = "fire"\nsinks = ["grave"]\n'
            ),
            (
                'topics.fires.severity = "normal": no sink takes what is so mild '
                "(raise its severity, or lower min_severity of a sink)"
            ),
        ),
    ],
)
def test_doubts_are_warnings(tmp_path: Path, text: str, expected: str) -> None:
    """What may well be meant is a warning, with its place."""
    loaded = load(write(tmp_path, {"tocsin.toml": BASE + text}), {})

    assert [] == said(loaded)
    warnings = [render(warning).split(": ", 1)[1] for warning in loaded.warnings]
    assert expected in warnings


@pytest.mark.parametrize(
    "text",
    [
        '[sinks.ops]\ntype = "webhook"\nurl = "http://127.0.0.1:9/"\nallow = ["127.0.0.1/32"]\n',
        '[[feeds]]\nurl = "http://10.0.0.5/feed"\n[net]\nallow = ["10.0.0.0/8"]\n',
    ],
)
def test_what_was_allowed_is_no_doubt(tmp_path: Path, text: str) -> None:
    """A private address that is allowed, and loopback in the clear, need no word."""
    loaded = load(write(tmp_path, {"tocsin.toml": BASE + text}), {})

    assert ((), ()) == (loaded.problems, loaded.warnings)


def test_hostile_files_end_in_a_problem(tmp_path: Path) -> None:
    """Depth, size and binary junk are problems like any other."""
    for text in ("a = " + "[" * 20_000, "\x00", "[" * 5000, '"' * 3, "a." * 2_000 + "b = 1"):
        loaded = load(write(tmp_path, {"tocsin.toml": text}), {})
        assert 1 <= len(loaded.problems)


@pytest.mark.parametrize(
    "text",
    [
        '[database]\nurl = "sqlite://[x/y"\n',
        '[database]\nurl = "[x"\n',
        '[redis]\nurl = "redis+x://[x"\n',
        '[net]\nproxy = "http://[x"\n',
        '[sinks.ops]\ntype = "webhook"\nurl = "https://[x"\n',
        '[sinks.ops]\ntype = "email"\nsmtp = "smtp://[x"\nfrom = "a@b.c"\nto = "a@b.c"\n',
        '[[feeds]]\nurl = "http://[x/"\n',
        '[[feeds]]\nurl = "http://a.example.org:99999/"\n',
    ],
)
def test_addresses_that_cannot_be_read_are_problems(tmp_path: Path, text: str) -> None:
    """An address that breaks a parser of addresses is one problem, no crash."""
    assert 1 == len(load(write(tmp_path, {"tocsin.toml": BASE + text}), {}).problems)


@pytest.mark.parametrize("host", ["[fe80::1%25eth0]", "[::1]", "[::ffff:10.0.0.1]", "x.localhost"])
def test_private_hosts_of_every_writing_are_doubted(tmp_path: Path, host: str) -> None:
    """Scopes, mapped addresses and names of loopback are private too."""
    feed = f'[[feeds]]\nurl = "http://{host}/feed"\n'

    (warning,) = load(write(tmp_path, {"tocsin.toml": BASE + feed}), {}).warnings

    assert "is a private address" in warning.message
