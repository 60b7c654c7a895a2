"""Where the text of a page is found, whatever its markup is like."""

import pytest

from workers.model.article import Extracted, FetchedPage
from workers.pages import PageRules, extract
from workers.pages.blocks import survey
from workers.pages.lean import join_parts, make_lean, move_lists_out
from workers.pages.parse import parse

SAID = (
    "The council met on Tuesday and decided to close the old bridge over the river.",
    "Ferries will carry people and goods until a new one is built, said the harbour master.",
    "Nobody knows what that will cost, and the ministry did not answer when it was asked.",
    "Shops on the other side fear for the summer, which is when they earn most of their money.",
)
PROSE = "".join(f"<p>{line}</p>" for line in SAID)


def _read(markup: str, mode: str = "precision") -> Extracted:
    page = FetchedPage(url="https://wire.example/news/bridge", body=markup.encode())
    return extract(page, PageRules(mode=mode))  # type: ignore[arg-type] - a word that is checked


@pytest.mark.parametrize("mode", ["precision", "throughput"])
@pytest.mark.parametrize(
    "frame",
    [
        "<article>{}</article>",
        "<div class='page'><div class='c12'>{}</div></div>",
        "<form id='aspnetForm' action='/x'><div>{}</div></form>",
        "<figure><table><tr><td>1</td></tr></table></figure><div>{}</div>",
    ],
)
def test_frames(frame: str, mode: str) -> None:
    """Text is found in every frame that pages are put into, and what is around it is not."""
    around = "<nav><a href='/'>Home</a></nav><aside><p>Advertisers sell boats here.</p></aside>"
    got = _read(f"<body>{around}{frame.format(PROSE)}<footer>All rights</footer></body>", mode)
    assert [*SAID] == [line for line in got.text.splitlines() if line in SAID]
    assert "boats" not in got.text


def test_text_between_line_breaks() -> None:
    """A page that has no paragraph is read too, though its first block is of the wrong sort."""
    teasers = "<ul><li><a href='/1'>Harbour opens</a></li><li><a href='/2'>Fair</a></li></ul>"
    body = "<br><br>".join(SAID)
    got = _read(
        f"<body><div class='article-body'>{teasers}<p>Photo</p><p>Desk</p></div>"
        f"<div class='x'>{body}</div></body>"
    )
    assert [*SAID] == [line for line in got.text.splitlines() if line in SAID]


def test_spans_between_line_breaks() -> None:
    """Paragraphs that are spans with breaks between them stay apart."""
    spans = "<br>".join(f"<span class='s'>{line}</span>" for line in SAID)
    got = _read(f"<body><div><h1>Bridge</h1><div>{spans}</div></div></body>")
    assert [*SAID] == [line for line in got.text.splitlines() if line in SAID]


def test_lists_inside_of_sentences() -> None:
    """Headlines that show when the mouse is over a name are no part of the sentence."""
    links = "".join(f"<a href='/{n}'>Ransomware stops port {n}</a> " for n in range(3))
    line = f"<p>The <a href='/x'>mayor</a><span><b>{links}</b></span> agreed.</p>"
    got = _read(f"<body><article>{PROSE}{line}{PROSE.replace('The', 'Our')}</article></body>")
    assert "The mayor agreed." in got.text.splitlines()
    assert "Ransomware" not in got.text


def test_sentences_with_many_links_stay() -> None:
    """A span with some links among its words stays where it is."""
    places = "in <a>Rome</a>, where it was hot, in <a>Oslo</a> and in <a>Bern</a>"
    root, _ = parse(f"<p>We met <span>{places}</span></p>")
    assert root is not None
    move_lists_out(root)
    assert 1 == len(root.findall(".//p"))


def test_lean_trees() -> None:
    """What cannot be text is gone, with what is in it; what stands behind it stays."""
    root, _ = parse(
        "<body><p>one</p><script>x</script> two<nav>no</nav><form><p>no</p></form> three "
        "<figure><table><tr><td>four</td></tr></table></figure><figure>no</figure></body>"
    )
    assert root is not None
    make_lean(root)
    assert "one two three four" == " ".join("".join(root.itertext()).split())


def test_forms() -> None:
    """A form around the page is no chrome, one in it is."""
    inner = "<form><p>Search here</p></form>"
    for frame, chrome in ((f"<form>{PROSE}</form>", []), (f"{PROSE}{inner}", ["Search here"])):
        root, _ = parse(f"<body>{frame}</body>")
        assert root is not None
        page = survey(root, "wire.example")
        assert chrome == [block.text for block in page.blocks if block.chrome]


def test_another_article_body() -> None:
    """A long articleBody that shares nothing with what was found is the text; else it is not."""
    told = " ".join(SAID) * 3
    other = "".join(
        f"<p>Boat number {n} is for sale at a price of {n} crowns.</p>" for n in range(20)
    )
    linked = f'{{"@type":"NewsArticle","articleBody":"{told}"}}'
    head = f'<script type="application/ld+json">{linked}</script>'
    assert "articleBody" == _read(f"<head>{head}</head><article>{other}</article>").text_from
    assert "page" == _read(f"<head>{head}</head><article>{PROSE}</article>").text_from


def test_texts_in_parts() -> None:
    """A text that is cut into parts, with other things between them, is found whole."""
    slot = "<div class='slot'><p>Sold here: boats, new and used, at any price that you like.</p>"
    parts = "".join(
        f"<div class='grid'><div class='article-body'><p>{line} {line}</p><p>{line}</p></div>"
        f"</div>{slot}</div>"
        for line in SAID
    )
    got = _read(f"<body><main><h1>Bridge</h1><div class='chunks'>{parts}</div></main></body>")
    assert [*SAID] == [line for line in got.text.splitlines() if line in SAID]
    assert "boats" not in got.text


def test_headings_of_updates() -> None:
    """The headings of a live page's updates are text, each an element with the same name."""
    updates = "".join(
        f"<div class='post'><h3>1{number}:05 Gate {number}</h3><p>{line} {line} {line}</p></div>"
        for number, line in enumerate(SAID)
    )
    got = _read(f"<body><main><article><h1>Bridge</h1>{updates}</article></main></body>")
    assert [f"1{number}:05 Gate {number}" for number in range(4)] == [
        line for line in got.text.splitlines() if "Gate" in line
    ]


def test_teasers_are_no_parts() -> None:
    """Short teasers of the same kind, and whole articles one after the other, stay apart."""
    teaser = "<div class='t'><p>The harbour opens again after a year, and all may come.</p></div>"
    whole = f"<div class='t'><h1>Other</h1>{PROSE}</div>"
    for inner in (teaser * 5, whole * 3):
        root, _ = parse(f"<body><div>{inner}</div></body>")
        assert root is not None
        assert not join_parts(root)


def test_nothing_extracted() -> None:
    """An article whose container has a name that misleads is read by its paragraphs."""
    head = '<meta property="article:published_time" content="2026-11-01T10:00:00Z">'
    page = f"<div id='comments-first'>{PROSE}</div>"
    assert [*SAID] == _read(f"<head>{head}</head><body>{page}</body>").text.splitlines()


@pytest.mark.parametrize("mode", ["precision", "throughput"])
@pytest.mark.parametrize("name", ["nav", "aside", "button"])
def test_left_open(name: str, mode: str) -> None:
    """A text is found in a navigation, aside or button that is never closed before it."""
    menu = f"<{name} class='menu'><a href='/'>Home</a>"
    got = _read(f"<body><div>{menu}<article><h1>Bridge</h1>{PROSE}</article></div></body>", mode)
    assert [*SAID] == [line for line in got.text.splitlines() if line in SAID]


def test_much_in_an_aside() -> None:
    """An aside with many paragraphs beside a text in none stays what it is."""
    beside = "".join(
        f"<p>Advertiser {n} sells boats here at any price you like.</p>" for n in "ab"
    )
    body = "<br><br>".join(SAID)
    got = _read(f"<body><aside>{beside}</aside><div class='article-body'>{body}</div></body>")
    assert [*SAID] == [line for line in got.text.splitlines() if line in SAID]
    assert "boats" not in got.text


def test_holes() -> None:
    """Sections that are left out for the names of their containers are taken, links are not."""
    steps = "".join(f"<li>Step {n}: tell the harbour master in writing.</li>" for n in range(20))
    kept = f"<div style='border: 1px solid'><h2>What to do</h2><ul>{steps}</ul></div>"
    links = "".join(f"<li><a href='/{n}'>Boats sell well in {n}</a></li>" for n in range(40))
    more = PROSE.replace("<p>", "<p>Later it was said again: ")
    page = f"<body><article>{PROSE}{{}}{more}</article></body>"
    assert "Step 7: tell the harbour master in writing." in _read(page.format(kept)).text
    away = f"<div style='border: 1px solid'><ul>{links}</ul></div>"
    assert "Boats sell" not in _read(page.format(away)).text
