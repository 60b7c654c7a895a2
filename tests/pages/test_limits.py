"""Hostile markup is bounded before a parser sees it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.model.article import FetchedPage
from workers.pages import PageRules, extract
from workers.pages.limit import bound
from workers.pages.parse import parse

RULES = PageRules()
ATTRIBUTES = " ".join(f"a{n}=1" for n in range(9_000))
BARE = " ".join(f"a{n}" for n in range(9_000))
QUOTED = " ".join(f"a{n}='>'" for n in range(9_000))
OPENED = " ".join(f"a{n}='<'" for n in range(9_000))


@pytest.mark.parametrize("attributes", [ATTRIBUTES, BARE, QUOTED, OPENED])
def test_giant_tags(attributes: str) -> None:
    """A tag with thousands of attributes is dropped, however they are written."""
    got, notes = bound(f"<p>a</p><p {attributes}>b</p>", RULES)
    assert "<p>a</p>b</p>" == got
    assert ("dropped a tag with over 8000 attributes",) == notes


def test_scripts_are_no_tags() -> None:
    """Comparisons and assignments in a script are not taken for a tag."""
    script = "<script>if(a<b){" + "x=1;" * 9_000 + "}</script>"
    assert (f"<p>a</p>{script}<p>b</p>", ()) == bound(f"<p>a</p>{script}<p>b</p>", RULES)


def test_attributes_of_a_page() -> None:
    """Behind its 100,000th attribute a page's tags are bare; its text is whole."""
    giant = " ".join(f"a{n}" for n in range(7_900))
    got, notes = bound(f"<p {giant}>text</p>" * 50, RULES)
    assert 12 == got.count("a7899")
    assert 50 == got.count("text</p>")
    assert got.endswith("<p>text</p>")
    assert ("dropped what goes beyond 100000 attributes",) == notes


def test_words_are_no_attributes() -> None:
    """A long text without attributes, and many tags with few, stay as they are."""
    text = "<p>a b c</p>" + "word / word = word " * 60_000 + '<a class="x" href="/y">z</a>' * 9_000
    assert (text, ()) == bound(text, RULES)


DEEP = "The council met on Tuesday and decided to close the old bridge over the river. " * 6


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td"])
@pytest.mark.parametrize("levels", [200, 300, 650, 10_000])
def test_deep_nesting(tag: str, levels: int) -> None:
    """Text at any depth that the parser reaches is read; else a reason says that it is lost."""
    page = f"<title>Bridge</title>{f'<{tag}>' * levels}<p>{DEEP}</p>" + "<i>x</i>" * 500
    got = extract(FetchedPage(url="https://a.example/x", body=page.encode()), RULES)
    lost = "nested too deeply: what comes after 2048 levels is left out"
    assert (DEEP.strip() in got.text) != (lost in got.reasons)
    assert (levels == 10_000) == (lost in got.reasons)


def test_flattening_keeps_words_and_their_order() -> None:
    """What is taken out of the middle of a tree leaves its texts behind, apart, in order."""
    inside = "".join(f"<div>a{n}" for n in range(1_000))
    root, notes = parse(f"<html><body>{inside}{''.join(f'</div>b{n}' for n in range(1_000))}")
    assert root is not None
    words = [f"a{n}" for n in range(1_000)] + [f"b{n}" for n in range(1_000)]
    assert words == " ".join(root.itertext()).split()
    assert ("nested too deeply: 1002 levels, flattened",) == notes
    deepest = max(len(list(leaf.iterancestors())) for leaf in root.iter())
    assert 125 > deepest


def test_most_tags() -> None:
    """After 40,000 brackets the page is cut off."""
    got, notes = bound("</b>" * 50_000, RULES)
    assert "</b>" * 40_000 == got
    assert ("cut off after 40000 tags",) == notes


def test_most_elements() -> None:
    """After 20,000 elements the page is cut off, whether they are closed or not."""
    got, notes = bound("<br>" * 30_000, RULES)
    assert "<br>" * 20_000 == got
    assert ("cut off after 20000 elements",) == notes
    assert ("<p>a < b</p>" * 9_000, ()) == bound("<p>a < b</p>" * 9_000, RULES)


def test_most_children() -> None:
    """Of an element's children 4,000 are read, with what stands behind each of them."""
    root, notes = parse("<p>" + "".join(f"<b>a{n}</b> b{n} " for n in range(9_000)))
    assert root is not None
    words = " ".join(root.itertext()).split()
    assert ["a0", "b0", "a3999", "b3999"] == [*words[:2], *words[-2:]]
    assert ("left out what comes after 4000 children of an element",) == notes


def test_what_no_tree_may_hold() -> None:
    """NULs, lone surrogates and non-characters are left out."""
    assert "<p>ab</p>" == bound("<p>a\x00\ud800\uffff\x1fb</p>", RULES)[0]


TAGS = st.sampled_from(
    ["<p>", "</p>", "<div>", "</div>", "<a href='/x'>", "</a>", "<ul>", "<li>", "</ul>", "<h1>",
     "<table>", "<tr>", "<td>", "</table>", "<br>", "<script type='application/ld+json'>",
     "</script>", "<title>", "<figcaption>", "<form>", "<time datetime='2026-11-23'>", "<!--",
     '{"@type":"Article",', '"author":[{', "Read more: ", "&#0;", "&#x110000;", "<p ", "='",
     "\x00"]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.lists(TAGS | st.text(max_size=30), max_size=60).map("".join))
def test_soup_never_raises(markup: str) -> None:
    """Whatever the markup, the page gets a verdict."""
    got = extract(
        FetchedPage(url="https://a.example/x", body=markup.encode("utf-8", "replace")), RULES
    )
    assert got.verdict in {"article", "doubtful", "not_article", "thin", "unreadable"}
    assert "\x00" not in got.text
    assert not got.reasons or "Error" not in got.reasons[0], got.reasons


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=20), st.text(max_size=40))
def test_bytes_never_raise(body: bytes, content_type: str, url: str) -> None:
    """Whatever the bytes, the header and the address, the page gets a verdict."""
    got = extract(FetchedPage(url=url, body=body, content_type=content_type), RULES)
    assert not got.reasons or "Error" not in got.reasons[0], got.reasons


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutations_of_a_page(build: object, data: st.DataObject) -> None:
    """A page with pieces cut out, doubled and overwritten still gets a verdict."""
    body = bytearray(build().encode())  # type: ignore[operator]
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(body)))
        size = data.draw(st.integers(0, 80))
        body[start : start + size] = data.draw(st.binary(max_size=40))
    got = extract(FetchedPage(url="https://a.example/x", body=bytes(body)), RULES)
    picture = bool(got.reasons) and got.reasons[0].startswith("not a page")
    assert picture == (got.verdict == "unreadable"), got.reasons


def test_noise_is_no_page() -> None:
    """Bytes that never were text are refused: words are found in them that nobody wrote."""
    noise = bytes(range(256)) * 400
    got = extract(FetchedPage(url="https://a.example/x", body=noise), PageRules())
    assert ("unreadable", "") == (got.verdict, got.text)
    assert ("not a page: its bytes are no text",) == got.reasons
