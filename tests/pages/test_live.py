"""Live pages: told by JSON-LD, by title, by address, in many languages."""

import tomllib

import pytest
from lxml import html

from monitor import shipped
from workers.model.article import FetchedPage, Live, LiveCues
from workers.pages import PageRules, extract, parse_live
from workers.pages.live import live_of

CUES = shipped.live_cues()
ENTRIES = [
    pytest.param(kind, entry, id=f"{kind}: {entry['cue']}")
    for kind, entries in tomllib.loads(shipped.read("seeds", "live.toml")).items()
    for entry in entries
]
BARE = html.fromstring("<html><body></body></html>")
LINKED = """<html><head><script type="application/ld+json">
{"@graph": [{"@type": "NewsArticle", "headline": "Storm"},
 {"@type": ["LiveBlogPosting"], "headline": "Storm", "coverageEndTime": %s}]}
</script></head><body></body></html>"""


def looks(title: str = "", url: str = "https://news.example/x", cues: LiveCues = CUES) -> bool:
    """Say whether a page without JSON-LD looks live."""
    return live_of(BARE, title, url, cues) is not None


@pytest.mark.parametrize(("kind", "entry"), ENTRIES)
def test_each_cue_fires_where_it_should_and_nowhere_else(kind: str, entry: dict[str, str]) -> None:
    """By itself, so that no other cue speaks for it."""
    cue = LiveCues(**{kind: (entry["cue"].lower(),)})
    if kind == "slugs":
        assert (True, False) == (
            looks(url=entry["fires"], cues=cue),
            looks(url=entry["silent"], cues=cue),
        )
    elif kind == "ended":
        both = LiveCues(ended=cue.ended, phrases=("the", "der", "la", "temporal", "as", "zum"))
        assert not looks(entry["fires"], cues=both)
    else:
        assert (True, False) == (
            looks(entry["fires"], cues=cue),
            looks(entry["silent"], cues=cue),
        )


@pytest.mark.parametrize("kind", ["silent", "fires"])
def test_all_cues_together_stay_silent_on_plain_headlines(kind: str) -> None:
    """What one cue is tested to stay silent on, no other takes for live; and the reverse."""
    wrong = [
        entry["cue"]
        for param in ENTRIES
        for group, entry in [param.values]
        if group in {"titles", "phrases"} and looks(entry[kind]) is (kind == "silent")
    ]
    assert [] == wrong


@pytest.mark.parametrize(
    ("end", "until"),
    [
        ('"2026-03-01T18:00:00+02:00"', "2026-03-01T16:00:00+00:00"),
        ('"soon"', None),
        ("null", None),
        ("[]", None),
        ('{"a": 1}', None),
    ],
)
def test_json_ld_is_sure_and_may_say_when_it_ends(end: str, until: str | None) -> None:
    """Whatever the title says; an end that is no date is none."""
    found = live_of(html.fromstring(LINKED % end), "Storm", "https://news.example/x", LiveCues())
    assert found is not None
    assert (True, until) == (found.sure, found.until.isoformat() if found.until else None)


def test_a_live_page_is_never_taken_for_no_article() -> None:
    """A live list of links is doubtful; the same without the word is no article."""
    links = "".join(f'<article><a href="/{n}">Item {n}</a></article>' for n in range(30))
    body = f"<html><head><title>Storm %s</title></head><body>{links}</body></html>"
    verdicts = {}
    for mark in ("live updates", "harbour"):
        page = FetchedPage(url="https://news.example/", body=(body % mark).encode())
        read = extract(page, PageRules(live=CUES))
        verdicts[mark] = (read.verdict, read.live)
    assert {
        "live updates": ("doubtful", Live(sure=False)),
        "harbour": ("not_article", None),
    } == verdicts


@pytest.mark.parametrize("text", ["[", "titles = 1", "titles = [1]", 'slugs = [{ cue = " " }]'])
def test_cues_that_cannot_be_read_are_refused(text: str) -> None:
    """With a sentence that says what is wrong."""
    with pytest.raises(ValueError, match="live cues refused"):
        parse_live(text)
