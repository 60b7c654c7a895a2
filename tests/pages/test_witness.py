"""What a page's own copy of its text does not have: marked, not hidden."""

import json

import pytest

from workers.pages.body import Line
from workers.pages.witness import doubted

TEASER = "Nine goats were elected to the council of a town in the north, and the mayor wept twice."


def lines(*texts: str) -> list[Line]:
    """Return paragraphs."""
    return [Line(tag="p", text=text) for text in texts]


@pytest.mark.parametrize("place", [2, 3, 4])
def test_a_paragraph_that_the_copy_lacks(paragraphs: tuple[str, ...], place: int) -> None:
    """A paragraph after the second that the copy knows nothing of is doubted."""
    text = [*paragraphs[:place], TEASER, *paragraphs[place:]]
    assert (TEASER,) == doubted(lines(*text), "\n".join(paragraphs))


@pytest.mark.parametrize("place", [0, 1])
def test_a_standfirst_is_never_doubted(paragraphs: tuple[str, ...], place: int) -> None:
    """The first two paragraphs are not: copies often lack the standfirst."""
    text = [*paragraphs[:place], TEASER, *paragraphs[place:]]
    assert () == doubted(lines(*text), "\n".join(paragraphs))


@pytest.mark.parametrize(
    "copy", ["", "...", "Of another article altogether. " * 50, "{paragraphs[0]}"]
)
def test_what_is_no_witness(paragraphs: tuple[str, ...], copy: str) -> None:
    """A copy that is missing, another article's, or less than half of the text says nothing."""
    told = copy.format(paragraphs=paragraphs)
    assert () == doubted(lines(*paragraphs, TEASER, TEASER + " Again."), told)


@pytest.mark.parametrize("end", ["", "…", "..."])
def test_a_copy_that_is_cut_short(paragraphs: tuple[str, ...], end: str) -> None:
    """What comes after the end of a copy that is cut short is not doubted."""
    others = [f"{TEASER} It was the {n} time. {PADDING}" for n in ("first", "second")]
    text = lines(*paragraphs, *(others if not end else others[:1]))
    assert () == doubted(text, "\n".join(paragraphs) + end)


PADDING = "The council of the valley then spoke at length about the harbour and about the bridge."


def test_headings_and_short_lines(paragraphs: tuple[str, ...]) -> None:
    """A heading, and a line of which nothing can be said, is not doubted."""
    text = lines(*paragraphs, "Nine goats.")
    text.insert(3, Line(tag="head", text=TEASER))
    assert () == doubted(text, "\n".join(paragraphs))


def test_no_spaces() -> None:
    """Where words are not spaced, characters stand for them."""
    told = [
        "轮渡公司星期一宣布冬季停航直到复活节",
        "岛上的居民必须绕行长桥大约一个小时",
        "市长拒绝回答记者的任何问题",
    ]
    teaser = "山羊再次当选火车站的名誉搬运工人"
    assert (teaser,) == doubted(lines(*told[:2], teaser, told[2]), "".join(told))


def test_a_page_with_a_copy(read, build, paragraphs: tuple[str, ...]) -> None:
    """The lines are searched all the same, and named."""
    told = {"@type": "NewsArticle", "headline": "-", "articleBody": "\n".join(paragraphs)}
    head = f'<script type="application/ld+json">{json.dumps(told)}</script>'
    text = [*paragraphs[:3], TEASER, *paragraphs[3:]]
    found = read(build("".join(f"<p>{one}</p>" for one in text), head))
    assert (TEASER,) == found.doubted
    assert TEASER in found.text
    assert () == read(build(head=head)).doubted
