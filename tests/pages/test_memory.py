"""The memory of a host: which lines its pages have in common, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.model.article import Extracted, FetchedPage, HostLines, ZoneLine
from workers.pages import PageRules, extract, hash_of, known_lines, lines_of, noted

TODAY = 20_800
SLOGAN = "The Gazette is printed on paper that was trees once."
FILLER = [
    "The council met and spoke at length about the harbour and the bridge of number",
    "A clerk of the ministry read the figures aloud until the lamps were lit at number",
    "Nobody in the valley remembers a winter as long as that one, said neighbour number",
]


def told(story: str, *lines: str, host: str = "gazette.example") -> HostLines:
    """Return what a page of these lines adds."""
    read = Extracted(url="", verdict="article", text="\n".join(lines), text_from="page")
    found = lines_of(read, host, story)
    assert found is not None
    return found


def article(number: int, *more: str) -> HostLines:
    """Return the page of a story of its own, with ``more`` lines."""
    return told(f"art_{number}", *(f"{text} {number}" for text in FILLER), *more)


def memory(*pages: HostLines, today: int = TODAY) -> bytes | None:
    """Return the memory after these pages."""
    found = None
    for page in pages:
        found = noted(found, page, today)
    return found


def test_line_of_three_stories() -> None:
    """A line is boilerplate once it stood in three stories, and no other line is."""
    pages = [article(number, SLOGAN) for number in range(3)]
    assert frozenset() == known_lines(memory(*pages[:2]), TODAY)
    assert {hash_of(SLOGAN)} == known_lines(memory(*pages), TODAY)


def test_one_article_counts_once() -> None:
    """A page that is read again adds nothing, with the same text or another."""
    same = [article(1, SLOGAN)] * 5
    assert memory(same[0]) == memory(*same)
    edited = [told("art_1", f"{FILLER[0]} {number}", SLOGAN) for number in range(5)]
    assert frozenset() == known_lines(memory(*edited), TODAY)


def test_one_story_at_many_addresses() -> None:
    """Pages that share more than three tenths of their text are one story."""
    text = [f"{text} 7" for text in FILLER]
    twins = [told(f"art_{n}", *text, f"{FILLER[1]} {n}", SLOGAN) for n in range(6)]
    assert frozenset() == known_lines(memory(*twins), TODAY)


def test_little_text_of_their_own() -> None:
    """Pages of which most lines are the same notices are stories of their own by their letters."""
    notices = ["Photographs by the desk", "Edited by the night desk", "The desk can be visited"]
    pages = [article(number, *notices) for number in range(3)]
    assert {hash_of(text) for text in notices} == known_lines(memory(*pages), TODAY)


def test_short_lines_are_not_known() -> None:
    """A line of fewer than twelve letters says too little, and so do digits."""
    pages = [
        article(number, "By the desk", "2026-11-23 09:30 +01:00 12345") for number in range(4)
    ]
    assert frozenset() == known_lines(memory(*pages), TODAY)
    assert None is hash_of("By the desk")


def test_a_month() -> None:
    """What was not read for thirty days is forgotten; what is read again stays."""
    old = memory(*(article(number, SLOGAN) for number in range(3)))
    assert {hash_of(SLOGAN)} == known_lines(old, TODAY + 30)
    assert frozenset() == known_lines(old, TODAY + 31)
    again = noted(old, article(9, SLOGAN), TODAY + 20)
    assert {hash_of(SLOGAN)} == known_lines(again, TODAY + 50)
    assert frozenset() == known_lines(again, TODAY + 51)
    two = memory(*(article(number, SLOGAN) for number in range(2)))
    assert frozenset() == known_lines(noted(two, article(3, SLOGAN), TODAY + 31), TODAY + 31)


def test_bounds() -> None:
    """However many pages a host has and however long they are: 2,000 lines, and 9 kB."""
    common = memory(*(article(number, SLOGAN) for number in range(3)))
    for page in range(30):
        lines = [
            f"Line {number} of page {page} is not to be found on any other"
            for number in range(999)
        ]
        common = noted(common, told(f"art_{page}", *lines), TODAY)
        assert len(common) < 9_000
    assert {hash_of(SLOGAN)} == known_lines(common, TODAY)


def test_a_page_adds_its_ends() -> None:
    """Of a very long page the first and the last lines are noted."""
    lines = [f"Line number {number} of a page without an end" for number in range(1_000)]
    page = told("art_1", *lines)
    assert [hash_of(lines[0]), hash_of(lines[-1]), 200] == [
        page.lines[0][0],
        page.lines[-1][0],
        len(page.lines),
    ]


@pytest.mark.parametrize(
    "read",
    [
        Extracted(url="", verdict="unreadable", text=SLOGAN, text_from="page"),
        Extracted(url="", verdict="thin", text=SLOGAN, text_from="page", standin=True),
        Extracted(url="", verdict="article", text=SLOGAN, text_from="articleBody"),
        Extracted(url="", verdict="article", text="Ad", text_from="page"),
    ],
)
def test_what_adds_nothing(read: Extracted) -> None:
    """Pages that cannot be read or stand in for one, and text that is no page's, add nothing."""
    assert None is lines_of(read, "gazette.example", "art_1")


def test_what_is_set_aside_stays_known() -> None:
    """A line that was set aside for standing in many stories is noted again, others are not."""
    aside = ZoneLine(zone="boilerplate", text=SLOGAN, rule="B3")
    linked = ZoneLine(zone="related", text="Read more: goats are elected", rule="R6")
    read = Extracted(url="", verdict="article", zones=(aside, linked), text_from="page")
    found = lines_of(read, "gazette.example", "art_1")
    assert found is not None
    assert [hash_of(SLOGAN)] == [hashed for hashed, _ in found.lines]


@given(st.binary(max_size=300))
def test_what_is_no_memory(stored: bytes) -> None:
    """Whatever lies in the database, a page can be added to it."""
    after = noted(stored, article(1, SLOGAN), TODAY)
    assert known_lines(after, TODAY) <= known_lines(stored, TODAY) | {hash_of(SLOGAN)}


_PAGES = st.lists(
    st.tuples(st.integers(0, 9), st.lists(st.integers(0, 40), min_size=1, max_size=12)),
    max_size=40,
)


@given(_PAGES)
def test_never_more_than_was_read(pages: list[tuple[int, list[int]]]) -> None:
    """No line is boilerplate that fewer than three articles had; reading twice changes nothing."""
    stood: dict[int | None, set[int]] = {}
    found = None
    for story, numbers in pages:
        lines = [f"A sentence about the matter of number {number}" for number in numbers]
        for line in lines:
            stood.setdefault(hash_of(line), set()).add(story)
        found = noted(found, told(f"art_{story}", *lines), TODAY)
        assert found == noted(found, told(f"art_{story}", *lines), TODAY)
    assert all(len(stood[hashed]) >= 3 for hashed in known_lines(found, TODAY))


def test_reading_with_a_memory(build, paragraphs, rules: PageRules) -> None:
    """What stands in several stories is set aside as B3, after the verdict was found."""
    url = "https://www.gazette.example/2026/11/23/ferry-line-to-close-for-winter"
    known = frozenset({hash_of(line) for line in paragraphs[1:]})
    bare = FetchedPage(url=url, body=build().encode())
    first = extract(bare, rules)
    second = extract(FetchedPage(url=url, body=bare.body, known=known), rules)
    assert [("boilerplate", "B3")] * 3 == [
        (line.zone, line.rule) for line in second.zones if line.text in paragraphs
    ]
    assert paragraphs[0] == second.text
    assert (first.verdict, first.reasons) == (second.verdict, second.reasons)
