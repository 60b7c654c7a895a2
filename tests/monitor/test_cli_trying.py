"""Commands that try things: feeds, pages and topics, by the daemon's own code."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import tocsin

pytestmark = pytest.mark.usefixtures("folder")

FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Wire</title><link>https://w.example/</link><ttl>30</ttl>
<description>-</description>
<item><guid>a1</guid><title>A quake</title><link>/news/a1</link>
<description>It shook.</description>
<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate><category>world</category></item>
</channel></rss>"""
PAGE = (
    "<!doctype html><html lang='en'><head><title>A quake at night</title></head><body><article>"
    "<h1>A quake at night</h1>"
    + "".join(
        f"<p>The quake of the {day} shook the houses along the harbour for half a minute, and "
        "many people spent what was left of the night in the open, wrapped in blankets.</p>"
        for day in ("second", "third", "fourth", "fifth")
    )
    + "</article></body></html>"
)
TOPICS = """
[aliases]
tremor = ["quake", "tremor"]
[[topics]]
name = "quakes"
query = "@tremor"
examples.match = ["A quake"]
examples.no_match = ["A cake"]
[[topics]]
name = "floods"
query = "flood"
"""


def call(*words: str | Path, text: str | bytes | None = None) -> Result:
    """Run a command."""
    return CliRunner().invoke(tocsin, [str(word) for word in words], input=text)


def told(result: Result) -> list[dict]:
    """Return the objects that were printed, one a line, and nothing else."""
    return [json.loads(line) for line in result.stdout_bytes.split(b"\n") if line]


@pytest.fixture
def file(tmp_path: Path):
    """Writes a file; returns its path."""

    def write(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


# ── feeds ───────────────────────────────────────────────────────────────────────────────────────


def test_a_feed_from_a_file(file):
    """A feed's reading has every field of the interface; links are those of its address."""
    result = call("feeds", "try", file("f.xml", FEED), "--url", "https://w.example/feed", "--json")
    (feed,) = told(result)
    assert 0 == result.exit_code
    assert {
        "url", "kind", "title", "link", "charset", "parser", "warnings", "language", "error",
        "hints", "next", "entries",
    } == set(feed)  # fmt: skip
    assert {
        "ttl", "update_period_s", "max_age_s", "expires", "hub", "self", "skip_hours",
        "skip_days",
    } == set(feed["hints"])  # fmt: skip
    assert ("rss", "Wire", 30, "fast") == (
        feed["kind"],
        feed["title"],
        feed["hints"]["ttl"],
        feed["parser"],
    )
    assert feed["next"]["interval_s"] >= 1800
    (entry,) = feed["entries"]
    assert {
        "identity", "url", "title", "summary", "content", "published", "updated", "authors",
        "categories", "enclosures",
    } == set(entry)  # fmt: skip
    assert ("a1", "https://w.example/news/a1", "2026-03-02T10:00:00Z") == (
        entry["identity"],
        entry["url"],
        entry["published"],
    )


def test_a_feed_by_its_headers(file):
    """Headers given by hand count as the server's."""
    result = call(
        "feeds", "try", file("f.xml", FEED), "--header", "Cache-Control: max-age=3000", "--json"
    )
    assert 3000 == told(result)[0]["hints"]["max_age_s"]
    assert 2 == call("feeds", "try", file("f.xml", FEED), "--header", "nonsense").exit_code


@pytest.mark.parametrize(("name", "text"), [("empty", ""), ("html", PAGE), ("noise", b"\x00\xff")])
def test_no_feed(file, name, text):
    """What is no feed has the kind none and says why; exit 1."""
    result = call("feeds", "try", file(name, text), "--json")
    (feed,) = told(result)
    assert (1, "none", None) == (result.exit_code, feed["kind"], feed["next"])
    assert feed["error"]


def test_a_feed_that_is_not_there(tmp_path: Path):
    """A file or a host that is not there: exit 1, with the reason."""
    result = call("feeds", "try", tmp_path / "none.xml")
    assert 1 == result.exit_code
    assert "No such file" in result.output
    host = call("feeds", "try", "example.org/feed", "--json")
    assert (1, True) == (host.exit_code, "begins with https://" in told(host)[0]["error"])
    refused = call("feeds", "try", "http://127.0.0.1:9/feed", "--json")
    assert (1, "none") == (refused.exit_code, told(refused)[0]["kind"])
    assert "blocked" in told(refused)[0]["error"]


def test_a_feed_in_words(file):
    """Without --json the same is told in words."""
    result = call("feeds", "try", file("f.xml", FEED))
    assert 0 == result.exit_code
    assert "A quake" in result.stdout
    assert "next poll after" in result.stdout


async def test_a_feed_from_its_address(installation, site):
    """A feed is fetched by the daemon's own fetcher; a refusal is told by its status."""
    site.put("/feed", FEED)
    result = await installation.call("feeds", "try", site.url + "/feed", "--json")
    assert ("rss", site.url + "/feed") == (told(result)[0]["kind"], told(result)[0]["url"])
    result = await installation.call("feeds", "try", site.url + "/none", "--json")
    assert (1, "HTTP 404") == (result.exit_code, told(result)[0]["error"])
    assert not installation.data.exists()


# ── pages ───────────────────────────────────────────────────────────────────────────────────────


def test_a_page_from_a_file(file):
    """A page's reading has every field of the interface."""
    result = call("pages", "try", file("p.html", PAGE), "--url", "https://w.example/a", "--json")
    (page,) = told(result)
    assert 0 == result.exit_code
    assert {
        "url", "title", "text", "zones", "published", "published_from", "author", "language",
        "canonical", "verdict", "reasons", "text_from", "doubted", "ms",
    } == set(page)  # fmt: skip
    assert ("https://w.example/a", "A quake at night", "en") == (
        page["url"],
        page["title"],
        page["language"],
    )
    assert "harbour" in page["text"]


def test_pages_in_a_batch(file):
    """One line a page, in the order asked for; a page that cannot be read ends nothing."""
    page, empty = file("p.html", PAGE), file("e.html", "")
    listed = [(page, "https://w.example/1"), ("none.html", "https://w.example/2")]
    listed += [(empty, "https://w.example/3"), (page, "https://w.example/4\u2028x")]
    text = "".join(f"{path}\t{url}\n" for path, url in listed)
    result = call("pages", "try", "--batch", file("list.tsv", text))
    pages = told(result)
    assert 0 == result.exit_code
    assert [f"https://w.example/{number}" for number in (1, 2, 3)] == [
        page["url"] for page in pages[:3]
    ]
    assert 4 == len(pages)
    assert ("unreadable", True) == (pages[1]["verdict"], "none.html" in pages[1]["reasons"][0])
    assert "unreadable" == pages[2]["verdict"]


def test_a_page_that_cannot_be_read(file, tmp_path: Path):
    """An unreadable page says why; exit 1, with --json as without."""
    for form in ((), ("--json",)):
        result = call("pages", "try", file("e.html", ""), *form)
        assert 1 == result.exit_code
        assert "unreadable" in result.stdout
        assert 1 == call("pages", "try", tmp_path / "none.html", *form).exit_code
    (page,) = told(call("pages", "try", tmp_path / "none.html", "--json"))
    assert (None, None, None, "") == (
        page["title"],
        page["published"],
        page["canonical"],
        page["text"],
    )


def test_an_address_that_is_refused_says_what_allows_it():
    """A private address is not asked, and the reason names the option that lets it be."""
    (page,) = told(call("pages", "try", "http://10.0.0.1/x", "--json"))
    assert "[net] allow" in page["reasons"][0]


@pytest.mark.parametrize("command", ["try", "compare"])
def test_the_address_of_a_file_is_an_address(file, command):
    """What is no address is refused as a wrong option, before anything is read."""
    result = call("pages", command, file("p.html", PAGE), "--url", "w.example/a")
    assert (2, True) == (result.exit_code, "not an address: 'w.example/a'" in result.stderr)


def test_a_file_without_an_address_is_no_front_page(file):
    """What is not known of a page's address counts neither for nor against it."""
    (page,) = told(call("pages", "try", file("p.html", PAGE), "--json"))
    assert not [reason for reason in page["reasons"] if "address" in reason]


CONTAMINATED = PAGE.replace(
    "</article>",
    "<p>Read More: Murder trial of the harbour master opens</p><p>Advertisement</p>"
    "<p>The mayor thanked the bakers, who had handed out bread until the sun was up again.</p>"
    "</article><div id='comments'><p>They said murder here, and wrote a long comment on it.</p>"
    "</div>",
)


def test_a_page_is_shown_with_its_zones_coloured(file):
    """People see each line where it stood; what is not searched has its zone, rule and colour."""
    words = ("pages", "try", str(file("p.html", CONTAMINATED)))
    coloured = CliRunner().invoke(tocsin, words, color=True).stdout
    assert "\x1b[31m[related R6] Read More: Murder trial of the harbour master opens\x1b[0m" in (
        coloured
    )
    shown = call(*words).stdout
    places = [shown.index(text) for text in ("The quake", "[related R6]", "thanked the bakers")]
    assert sorted(places) == places
    assert "verdict: article\n  four long lines +1\n" in shown
    assert "milliseconds: decode " in shown


def test_a_page_without_colours(file, monkeypatch: pytest.MonkeyPatch):
    """Who sets NO_COLOR gets none, in a terminal either."""
    monkeypatch.setenv("NO_COLOR", "1")
    for command in ("try", "compare"):
        words = ("pages", command, str(file("p.html", CONTAMINATED)))
        shown = CliRunner().invoke(tocsin, words, color=True).stdout
        assert "[related R6] Read More" in shown
        assert "\x1b" not in shown


def test_a_page_cannot_take_over_the_terminal(file):
    """What a page holds is never written as an escape sequence."""
    evil = PAGE.replace(
        "The quake of the second", "The \x1b]0;owned\x07quake\x9b31m of the second"
    )
    for command in ("try", "compare"):
        shown = CliRunner().invoke(tocsin, ["pages", command, str(file("p.html", evil))]).stdout
        assert "quake" in shown
        assert not set("\x1b\x07\x9b") & set(shown)


def test_a_page_is_compared_with_trafilatura_alone(file):
    """Each line says who searches it, and in which zone it is kept aside instead."""
    page = file("p.html", CONTAMINATED)
    (found,) = told(call("pages", "compare", page, "--url", "https://w.example/a", "--json"))
    lines = {line["text"]: line for line in found["lines"]}
    more = lines["Read More: Murder trial of the harbour master opens"]
    assert ("trafilatura", "related", "R6") == (more["who"], more["zone"], more["rule"])
    prose = [line for text, line in lines.items() if text.startswith("The quake of")]
    assert [("both", None)] * 4 == [(line["who"], line["zone"]) for line in prose]
    assert ("A quake at night", "A quake at night") == (
        found["tocsin"]["title"],
        found["trafilatura"]["title"],
    )
    assert "https://w.example/a" == found["url"]
    assert "- [related R6] Read More: Murder" in call("pages", "compare", page).stdout


def test_nothing_to_compare(file, tmp_path: Path):
    """A page that is missing, or none at all, ends with 1 and the reason."""
    missing = call("pages", "compare", tmp_path / "none.html")
    assert (1, True) == (missing.exit_code, "none.html" in missing.stderr)
    (found,) = told(empty := call("pages", "compare", file("e.html", ""), "--json"))
    assert (1, "unreadable", []) == (empty.exit_code, found["tocsin"]["verdict"], found["lines"])
    assert found["trafilatura"]["error"]


# ── topics ──────────────────────────────────────────────────────────────────────────────────────


def test_a_query_that_matches(file):
    """A try tells where each clause stands."""
    result = call(
        "topics", "try", "--query", "quake", file("t.txt", "A quake at night."), "--json"
    )
    (outcome,) = told(result)
    assert 0 == result.exit_code
    assert {"matched", "clauses", "failed", "elsewhere", "tree"} == set(outcome)
    assert (True, None, []) == (outcome["matched"], outcome["failed"], outcome["elsewhere"])
    (clause,) = outcome["clauses"]
    assert {"op", "query", "span", "hits"} == set(clause)
    assert {"zone", "start", "end", "text", "sentence"} == set(clause["hits"][0])
    assert ("body", 2, 7, "quake") == tuple(
        clause["hits"][0][name] for name in ("zone", "start", "end", "text")
    )


def test_a_query_that_does_not(file):
    """A try that fails tells which clause did not hold, and exits 1."""
    result = call("topics", "try", "-q", "quake AND flood", file("t.txt", "A quake."), "--json")
    (outcome,) = told(result)
    assert (1, False, "flood") == (
        result.exit_code,
        outcome["matched"],
        outcome["failed"]["query"],
    )
    assert "not in title or body" == outcome["failed"]["because"]
    assert ["quake"] == [clause["query"] for clause in outcome["clauses"]]
    assert [("quake", True), ("flood", False)] == [
        (part["query"], part["held"]) for part in outcome["tree"]["parts"]
    ]


def test_a_query_that_is_wrong(file):
    """A query that cannot be read exits 2, with a caret on stderr and nothing on stdout."""
    result = call("topics", "try", "-q", "(quake", file("t.txt", "A quake."), "--json")
    assert (2, "") == (result.exit_code, result.stdout)
    assert "^" in result.stderr


def test_a_query_on_a_page(file):
    """A page is extracted before it is searched."""
    assert 0 == call("topics", "try", "-q", "harbour", file("p.html", PAGE)).exit_code
    assert 1 == call("topics", "try", "-q", "doctype", file("p.html", PAGE)).exit_code


def test_a_query_is_shown_clause_by_clause(file):
    """People see what held, with hits marked, what did not and why, and where else that is."""
    article = {
        "title": "A quake at night",
        "text": "The harbour shook.",
        "zones": [["related", "Read More: Flood in the north"]],
    }
    path = file("a.jsonl", json.dumps(article))
    shown = call("topics", "try", "-q", "(quake OR tremor) flood -harbour", path).stdout
    assert shown.splitlines() == [
        "does not match: A quake at night",
        "  ✗ (quake OR tremor) AND flood AND NOT harbour",
        "    ✓ quake OR tremor",
        "      ✓ quake",
        "          title: A *quake* at night",
        "      ✗ tremor: not in title or body",
        "    ✗ flood: not in title or body, but in related",
        "    ✗ NOT harbour: `harbour` is there",
        "        body: The *harbour* shook.",
        "  did not hold: flood (not in title or body, but in related)",
        "  but stands in related, which is not searched: Read More: *Flood* in the north",
    ]


def test_a_page_that_never_ends_holds_no_try_up(file):
    """A page is read by a process that is killed when its time is up, and the reason is told."""
    config = file("t.toml", '[pages]\ntimeout = "0.05s"\n')
    long = PAGE.replace(
        "</p>", "</p>" + "<p>Nothing of note happened on this day.</p>" * 50_000, 1
    )
    result = call("topics", "try", "-q", "quake", file("p.html", long), "-c", config)
    assert (1, "") == (result.exit_code, result.stdout)
    assert "timeout: task killed: read_page" in result.stderr


def test_a_page_to_try_that_cannot_be_had():
    """What cannot be fetched ends with 1 and the reason."""
    result = call("topics", "try", "-q", "quake", "http://127.0.0.1:9/none")
    assert (1, "") == (result.exit_code, result.stdout)
    assert "cannot read the page: http://127.0.0.1:9/none: blocked" in result.stderr


def test_doubts_about_a_query_are_told(file):
    """A query that is accepted with a warning is tried, and the warning stands on stderr."""
    result = call("topics", "try", "-q", "quake US", file("t.txt", "A quake hit us."))
    assert 0 == result.exit_code
    assert "warning: line 1, column 7: US also finds the word us" in result.stderr


def test_articles_are_matched_in_order(file):
    """One line an article, with the topics that match; --explain adds where."""
    articles = [
        {"id": "1", "title": "A tremor", "text": ""},
        {"id": "2", "title": "Calm", "text": "Nothing."},
        {
            "id": "3",
            "title": "x",
            "text": "one\u2028two\x85flood",
            "zones": [["caption", "quake"]],
        },
        {"title": "without an id", "source": ["a"], "tags": "b", "lang": "en", "author": "c"},
    ]
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in articles) + "\n"
    topics = file("t.toml", TOPICS)
    result = call("topics", "match", "--topics", topics, "--articles", file("a", lines), "--json")
    assert 0 == result.exit_code, result.stderr
    assert [
        {"id": "1", "topics": ["quakes"]},
        {"id": "2", "topics": []},
        {"id": "3", "topics": ["floods"]},
        {"id": "4", "topics": []},
    ] == told(result)
    explained = call(
        "topics", "match", "--topics", topics, "--articles", "-", "--explain", "--json", text=lines
    )
    (match,) = told(explained)[0]["matches"]
    assert ({"topic", "clauses"}, "quakes") == (set(match), match["topic"])
    assert match["clauses"][0]["hits"]
    plain = call("topics", "match", "--topics", topics, "--articles", file("a", lines))
    assert "1: quakes" in plain.stdout


@pytest.mark.parametrize(
    "line", ["[]", "{", "7", '{"zones": [5]}', '{"zones": [{}]}', '{"zones": [[]]}']
)
def test_what_is_no_article(file, line):
    """A line that is no article ends the command with its place."""
    articles = file("a", '{"id": "1", "title": "quake"}\n' + line + "\n")
    result = call("topics", "match", "--topics", file("t.toml", TOPICS), "--articles", articles)
    assert 1 == result.exit_code
    assert f"{articles}:2" in result.stderr


def test_a_file_of_topics_that_is_good(file):
    """A good file is 0, with its examples counted."""
    result = call("topics", "check", file("t.toml", TOPICS), "--json")
    (outcome,) = told(result)
    assert 0 == result.exit_code, result.stderr
    assert {"ok", "problems", "warnings", "examples"} == set(outcome)
    examples = outcome["examples"]
    assert (True, [], 2, []) == (
        outcome["ok"],
        outcome["problems"],
        examples["passed"],
        examples["failed"],
    )


def test_a_file_of_topics_that_is_not(file):
    """A wrong query is told with its place, a caret on stderr, and exit 1."""
    bad = '[[topics]]\nname = "bad"\nquery = "quake AND (flood"\n'
    result = call("topics", "check", file("t.toml", bad), "--json")
    (outcome,) = told(result)
    (problem,) = outcome["problems"]
    assert 1 == result.exit_code
    assert {
        "file", "topic", "line", "column", "length", "message", "hint",
    } == set(problem)  # fmt: skip
    assert ("bad", 1) == (problem["topic"], problem["line"])
    assert "^" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "none.toml: cannot be read: No such file or directory\n"),
        ("[[topics]\n", "t.toml: line 1: is no TOML: "),
    ],
)
def test_no_caret_under_nothing(file, tmp_path: Path, text, said):
    """Where there is no query to show, the file and what is wrong with it are enough."""
    path = file("t.toml", text) if text is not None else tmp_path / "none.toml"
    result = call("topics", "check", path)
    assert said in result.stderr
    assert "^" not in result.stderr


@pytest.mark.parametrize(
    "text",
    [
        "[[topics]\n",
        '[[topics]]\nname = "a"\n',
        '[[topics]]\nname = "a"\nquery = "cake"\nexamples.match = ["A quake"]\n',
        None,
    ],
)
def test_other_faults_of_such_a_file(file, tmp_path: Path, text):
    """A file that is no TOML, lacks something, fails its examples, or is not there: exit 1."""
    path = file("t.toml", text) if text is not None else tmp_path / "none.toml"
    result = call("topics", "check", path, "--json")
    assert 1 == result.exit_code
    assert not told(result)[0]["ok"]


def test_a_config_of_few_options_is_enough_to_try(folder):
    """What has all it needs in its arguments works with a config that sets one option alone."""
    (folder / "tocsin.toml").write_text('[net]\nallow = ["127.0.0.0/8"]\n')
    (folder / "feed.xml").write_text(FEED)
    result = call("feeds", "try", "feed.xml", "--json")
    assert (0, "rss") == (result.exit_code, told(result)[0]["kind"])
    assert "tocsin.toml" in result.stderr


def test_a_bad_line_costs_only_itself(folder):
    """Articles after a line that is none are matched, and the exit code tells of it."""
    (folder / "t.toml").write_text(TOPICS)
    (folder / "a.jsonl").write_text('{"id": "1", "title": "A flood"}\nno\n{"id": "3"}\n')
    result = call("topics", "match", "--topics", "t.toml", "--articles", "a.jsonl", "--json")
    assert [("1", ["floods"]), ("3", [])] == [(one["id"], one["topics"]) for one in told(result)]
    assert (1, True) == (result.exit_code, "a.jsonl:2" in result.stderr)


def test_topics_that_cannot_be_read_match_nothing(folder):
    """Without topics no article is said to concern none."""
    (folder / "a.jsonl").write_text('{"id": "1", "title": "A flood"}\n')
    result = call("topics", "match", "--topics", "none.toml", "--articles", "a.jsonl", "--json")
    assert (1, "") == (result.exit_code, result.stdout)


def test_strict_refuses_a_bad_query(folder):
    """``run --strict`` does not start with a topic that would be left out."""
    sink = '[sinks.s]\ntype = "console"\n[[feeds]]\nurl = "http://127.0.0.1:9/"\n'
    topic = '[[topics]]\nname = "t"\nquery = "("\n'
    (folder / "tocsin.toml").write_text(f'data_dir = "d"\n{sink}{topic}')
    result = call("run", "--strict")
    assert 78 == result.exit_code
    assert not (folder / "d").exists()
