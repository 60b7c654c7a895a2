"""``tocsin topics lint``: a file of topics, the configured ones, and what the archive says."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

TOPICS = """
[aliases]
group = ["Kataib Hezbollah", "Houthi*"]
[[topics]]
name = "never"
query = '''raid {US}
  NOT us'''
[[topics]]
name = "wide"
query = "hezbollah OR @group"
[[topics]]
name = "narrow"
query = '''title:"Kataib Hezbollah" -drill'''
[[topics]]
name = "harbours"
query = "harbour OR ميناء"
"""


@pytest.fixture
def written(tmp_path):
    """Write a file of topics."""

    def write(text: str):
        file = tmp_path / "lint.toml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return write


async def test_a_file_of_topics(installation, written, lines):
    """Each finding has its topic, kind, place and what to do; exit 1; there is no archive yet."""
    file = written(TOPICS)
    result = await installation.call("topics", "lint", file, "--json")
    (told,) = lines(result)
    assert result.exit_code == 1
    assert (False, 4, None) == (told["ok"], told["topics"], told["archive"])
    never, narrow = told["findings"]
    assert ("never", "never", 2, 3, 6) == tuple(
        never[name] for name in ("topic", "kind", "line", "column", "length")
    )
    assert never["file"] == file
    assert [12, 18] == never["span"]
    assert ("narrow", "contained", "wide") == (narrow["topic"], narrow["kind"], narrow["other"])
    assert narrow["hint"]
    plain = await installation.call("topics", "lint", file)
    assert plain.exit_code == 1
    assert "never: never: line 2, column 3: can never match: " in plain.stdout
    assert "    NOT us\n    ^^^^^^\n" in plain.stdout
    assert "4 topics, 2 findings; no archive to look at" in plain.stdout


async def test_topics_that_are_good_or_refused(installation, written, lines):
    """Nothing found is exit 0; a query that is refused is told, and the others are looked at."""
    good = written('[[topics]]\nname = "a"\nquery = "harbour"\n')
    result = await installation.call("topics", "lint", good, "--json")
    assert (0, True, []) == (result.exit_code, *_facts(lines(result)))
    bad = written('[[topics]]\nname = "a"\nquery = "harbour ("\n[[topics]]\nname="b"\nquery="b"')
    result = await installation.call("topics", "lint", bad, "--json")
    (told,) = lines(result)
    assert (1, False, []) == (result.exit_code, told["ok"], told["findings"])
    assert [("a", 9)] == [(one["topic"], one["column"]) for one in told["problems"]]


def _facts(told: list[dict]) -> tuple[bool, list]:
    return told[0]["ok"], told[0]["findings"]


def _items(title: str, number: int) -> str:
    date = format_datetime(datetime.now(UTC) - timedelta(hours=2))
    return "".join(
        f"<item><guid>{title}{n}</guid><title>{title} {n}</title><pubDate>{date}</pubDate></item>"
        for n in range(number)
    )


async def test_the_archive_of_the_configured_topics(installation, site, eventually, lines):
    """Without a file the configured topics are looked at, and what feeds wrote of late."""
    items = f"{_items('Harbour news', 160)}{_items('ميناء بيروت', 80)}"
    site.put("/feed", f"<rss version='2.0'><channel><title>W</title>{items}</channel></rss>")
    installation.topics(
        "".join(
            f"[[topics]]\nname = '{name}'\nquery = '''{query}'''\n"
            for name, query in {
                "harbours": "harbour OR ميناء",
                "hezbollah": "Hezbollah",
                "rare": "coup OR انقلاب",
            }.items()
        )
    )
    installation.write(feeds=(site.url + "/feed",))
    daemon = await installation.start()

    async def polled() -> bool:
        return not (await daemon.state.parts.store.first_polls()).unpolled

    await eventually(polled)
    await installation.stop(daemon)
    result = await installation.call("topics", "lint", "--json")
    (told,) = lines(result)
    assert {"per_day": 240.0, "seen": 240} == told["archive"]
    common, script = told["findings"]
    assert ("harbours", "common", "harbour") == (common["topic"], common["kind"], common["word"])
    assert 100 < common["per_day"] < 240
    assert ("hezbollah", "script", "Arabic", 0.3333) == (
        script["topic"], script["kind"], script["script"], script["share"],
    )  # fmt: skip
    assert "@hezbollah of the alias pack middle-east-armed-groups" in script["hint"]
    plain = await installation.call("topics", "lint")
    assert "240 articles a day, 240 of them looked at" in plain.stdout
    assert json.loads(result.stdout)["topics"] == 3
