"""Each rule: the lines that it marks, and those that look alike and stay in the body."""

from collections.abc import Callable

import pytest

from monitor import shipped
from workers.pages.blocks import survey
from workers.pages.body import Line
from workers.pages.cues import book_for
from workers.pages.parse import parse
from workers.pages.zones import Divided, divide, divide_text

PROSE = (
    "The harbour office announced on Monday that the boat would not return before the spring, and "
    "that the islanders would have to drive round by the long bridge until then, which takes long."
)
Divide = Callable[..., Divided]


@pytest.fixture
def divided() -> Divide:
    """Return what tells the zones of lines apart, each given with its markup."""

    def dividing(markup: str, *lines: Line, title: str = "") -> Divided:
        prose = "".join(f"<p>{PROSE} {number}</p>" for number in range(3))
        root, _ = parse(f"<body><main>{prose}{markup}</main></body>")
        assert root is not None
        told = [Line(tag="p", text=f"{PROSE} {number}") for number in range(3)]
        return divide(
            [*told, *lines], survey(root, "a.example"), [title], book_for(shipped.cues(), "en")
        )

    return dividing


@pytest.mark.parametrize(
    ("markup", "line", "rule"),
    [
        ("<p><a href='/x'>{}</a></p>", "Goat elected porter of the station", "R1"),
        ("<p><a href='https://b.a.example/x'>{}</a></p>", "Goat elected porter again", "R1"),
        ("<p><a href='/x'>{}</a></p>", "山羊再次当选火车站的名誉搬运工人", "R1"),
        ("<p><a href='https://other.example/x'>{}</a></p>", "Goat elected porter again", None),
        ("<p><a href='/x'>{}</a></p>", "Ines Aldana", None),
        ("<p><a href='#note'>{}</a></p>", "Goat elected porter of the station", None),
        ("<h3><a href='/x'>{}</a></h3>", "Goat elected porter of the station", None),
        ("<p>Courts: <a href='/x'>Goat elected porter of the station</a></p>", "", "R2"),
        ("<p>Courts: a goat was porter of the <a href='/x'>station</a></p>", "", None),
        ("<p>See <a href='/x'>the pictures of the flood</a></p>", "", "R4"),
        ("<p>See <a href='/x'>also</a> how the river rose and the people fled it</p>", "", None),
        ("<p>{}</p>", "Related stories", "R5"),
        ("<h3>{}</h3>", "More on this story:", "R5"),
        ("<p>{}</p>", "Related industries lost four hundred jobs", None),
        ("<p>{}</p>", "READ MORE: Goat elected porter", "R6"),
        ("<p>{}</p>", "Also read \u2013 Goat elected porter", "R6"),
        ("<p>{}</p>", "» Read more » Goat elected porter", "R6"),
        ("<p>{}</p>", "Read more books, the teacher said: write fewer", None),
        ("<p>{}</p>", "Advertisement", "B1"),
        ("<p>{}</p>", "Advertisement revenue fell by a third", None),
        ("<p>{}</p>", "Leave a Comment", "B2"),
        ("<p>{}</p>", "Follow us on every network there is.", "B2"),
        ("<p>{}</p>", "Share prices fell", None),
        ("<figure><figcaption>{}</figcaption></figure>", "The pier at dusk", "C1"),
        ("<p>{}</p>", "Photo: Ines Aldana", "C1"),
        ("<p>{}</p>", "Photo: she took it in May. Then she left the town for good.", None),
    ],
)
def test_rules(divided: Divide, markup: str, line: str, rule: str | None) -> None:
    """A line is marked by its rule, or stays in the body."""
    text = line or parse(markup)[0].text_content()  # type: ignore[union-attr]
    got = divided(markup.format(line), Line(tag="p", text=text))
    marked = [zone.rule for zone in got.zones if zone.text == text]
    assert ([rule] if rule else []) == marked
    assert (rule is None) == (text in [kept.text for kept in got.body])


def test_list_that_leads_elsewhere(divided: Divide) -> None:
    """R3: a list whose items are all headlines with links is related, in any tag."""
    items = ["Goat elected porter of the station", "Last furnace of the works goes cold"]
    markup = "".join(f"<li><a href='/x'>{text}</a></li>" for text in items)
    got = divided(f"<ul>{markup}</ul>", *(Line(tag="item", text=text) for text in items))
    assert [("related", "R3")] * 2 == [(zone.zone, zone.rule) for zone in got.zones]


def test_list_after_a_label(divided: Divide) -> None:
    """R3: a list right after a cue label is related, with links or without."""
    items = ["Goat elected", "Furnace cold"]
    markup = "<h3>Related</h3><ul>" + "".join(f"<li>{text}</li>" for text in items) + "</ul>"
    got = divided(markup, *(Line(tag="item", text=text) for text in items))
    assert {"Goat elected", "Furnace cold", "Related"} == {zone.text for zone in got.zones}


def test_list_of_facts(divided: Divide) -> None:
    """A list without links belongs to the article."""
    items = ["Nine members voted for the closure", "Two members voted against the closure"]
    markup = "<ul>" + "".join(f"<li>{text}</li>" for text in items) + "</ul>"
    got = divided(markup, *(Line(tag="item", text=text) for text in items))
    assert () == got.zones


def test_title_lines_are_exempt(divided: Divide) -> None:
    """A line that repeats the title is a title, however it is worded."""
    title = "Watch: crane topples at the container port"
    got = divided(f"<p>{title}</p>", Line(tag="p", text=title), title=title)
    assert [("title", "title")] == [(zone.zone, zone.rule) for zone in got.zones]
    assert title not in [line.text for line in got.body]


def test_a_zone_line_knows_where_it_stood(divided: Divide) -> None:
    """Lines kept aside, and those that the extraction left out, are told between which lines."""
    last = Line(tag="p", text="The ferry stays in the harbour until the ice has gone again.")
    markup = (
        "<p>Related stories</p><figure><figcaption>The pier at dusk</figcaption></figure>"
        f"<p>{last.text}</p><p>Advertisement</p>"
    )
    got = divided(markup, Line(tag="p", text="Related stories"), last)
    told = [("Related stories", 3), ("The pier at dusk", 3), ("Advertisement", 4)]
    assert told == [(line.text, line.at) for line in got.zones]
    assert last == got.body[3]


HEADLINES = ("Goat elected porter of the station", "Last furnace of the works goes cold")


@pytest.mark.parametrize("tag", ["p", "div", "h3", "h4"])
def test_links_in_a_row(divided: Divide, tag: str) -> None:
    """R3: headlines in a row that are links are a list, whatever they are marked up as."""
    markup = "".join(f"<{tag}><a href='/x'>{text}</a> (AB)</{tag}>" for text in HEADLINES)
    kind = "head" if tag.startswith("h") else "p"
    got = divided(markup, *(Line(tag=kind, text=f"{text} (AB)") for text in HEADLINES))
    assert {f"{text} (AB)" for text in HEADLINES} == {zone.text for zone in got.zones}
    assert {"R3"} == {zone.rule for zone in got.zones}


def test_cards(divided: Divide) -> None:
    """R3: a card is a link around a headline and a teaser, and both lead elsewhere."""
    cards = "".join(f"<a href='/x'><h3>{text}</h3><p>{text} today</p></a>" for text in HEADLINES)
    lines = [
        line
        for text in HEADLINES
        for line in (Line(tag="head", text=text), Line(tag="p", text=f"{text} today"))
    ]
    got = divided(f"<div>{cards}</div>", *lines)
    assert {line.text for line in lines} == {zone.text for zone in got.zones}


@pytest.mark.parametrize(
    "label", ["<h3>Read More</h3>", "<p>Related</p>", "<h4>More on goats</h4>"]
)
def test_links_under_a_label(divided: Divide, label: str) -> None:
    """R3: lines that are mostly link are related under a label, with a date or name between."""
    text = parse(label)[0].text_content()  # type: ignore[union-attr]
    markup = label + (
        "<p><a href='/x'>Porter again</a></p><p>3 March</p><p><a href='/y'>Furnace cold</a></p>"
        "<p>The mayor did not answer a letter that was sent to him twice in the spring.</p>"
        "<p><a href='/z'>Aldana</a></p>"
    )
    said = ("Porter again", "3 March", "Furnace cold")
    prose = "The mayor did not answer a letter that was sent to him twice in the spring."
    heading = Line(tag="head" if label.startswith("<h") else "p", text=text)
    rest = [Line(tag="p", text=line) for line in (*said, prose, "Aldana")]
    got = divided(markup, heading, *rest)
    assert [(text, "R5"), *((one, "R3") for one in said)] == [
        (zone.text, zone.rule) for zone in got.zones
    ]


@pytest.mark.parametrize(
    "markup",
    ["<p><b>Read more:</b></p><p>{}</p><p>{}</p>", "<p>Read more:<br>{}<br>• {}</p>"],
)
def test_headlines_without_link_under_a_label(divided: Divide, markup: str) -> None:
    """R3: short lines that end like headlines are related right under a label, and no prose is."""
    said = ("Goat elected porter", "Furnace cold for a week?")
    prose = ("Nobody had asked the goat.", "He waited “until the spring”.", "Why did he wait")
    lines = [Line(tag="p", text=text) for text in ("Read more:", *said, *prose)]
    got = divided(markup.format(*said) + "".join(f"<p>{one}</p>" for one in prose), *lines)
    assert [*said] == [zone.text for zone in got.zones if zone.rule == "R3"]
    assert [*prose] == [line.text for line in got.body][3:]


@pytest.mark.parametrize(
    ("last", "stays"), [("By our desk in the north", False), ("He died on Friday.", True)]
)
def test_the_last_line_under_a_label(divided: Divide, last: str, *, stays: bool) -> None:
    """What ends the text behind a link under a label is its teaser, unless it is a sentence."""
    markup = f"<h2>Related</h2><h3><a href='/x'>Goat elected porter</a></h3><p>{last}</p>"
    lines = [Line(tag="head", text=text) for text in ("Related", "Goat elected porter")]
    got = divided(markup, *lines, Line(tag="p", text=last))
    assert stays is (last in {line.text for line in got.body})


def test_lines_under_a_heading_that_is_a_label(divided: Divide) -> None:
    """A heading may be the text's own: a short line under it without a link stays."""
    lines = [Line(tag="head", text="Analysis"), Line(tag="p", text="The wall was old")]
    got = divided("<h2>Analysis</h2><p>The wall was old</p>", *lines)
    assert "The wall was old" in {line.text for line in got.body}


def test_prose_under_a_heading_that_begins_alike(divided: Divide) -> None:
    """A paragraph that begins as a heading would is prose, and so is a long heading."""
    said = "More from habit than from hope"
    got = divided(f"<p>{said}</p>", Line(tag="p", text=said))
    assert () == got.zones


@pytest.mark.parametrize("breaks", ["<br>", "<br><br>", "<br/>\n<br/>"])
def test_lines_between_breaks(divided: Divide, breaks: str) -> None:
    """R1, R6: what stands between line breaks is judged by its own words and links."""
    prose = "The council met on Monday and spoke at length about the harbour and the bridge."
    cue, linked = "Read also: Goat elected porter", "Last furnace of the works goes cold"
    markup = f"<p>{prose}{breaks}{cue}{breaks}<a href='/x'>{linked}</a>{breaks}{prose} Twice.</p>"
    got = divided(markup, *(Line(tag="p", text=text) for text in (prose, cue, linked)))
    assert [(cue, "R6"), (linked, "R1")] == [(zone.text, zone.rule) for zone in got.zones]
    assert prose in [line.text for line in got.body]


@pytest.mark.parametrize(
    ("text", "kept", "aside"),
    [
        ("He left. Read more: Goat elected", "He left.", ["Read more: Goat elected"]),
        (
            "He left (Read more: Goat). She stayed.",
            "He left. She stayed.",
            ["(Read more: Goat)"],
        ),
        ("他走了。相关阅读：山羊当选", "他走了。", ["相关阅读：山羊当选"]),  # noqa: RUF001 - as pages write it
        (
            "[Also read: Goat] He left. Watch: Crane",
            "He left.",
            ["[Also read: Goat]", "Watch: Crane"],
        ),
        ("He left (and read more: he said so).", "He left (and read more: he said so).", []),
        ("He asked her to read more. She did.", "He asked her to read more. She did.", []),
        (
            "Read more books: that was his rule. He kept it.",
            "Read more books: that was his rule. He kept it.",
            [],
        ),
    ],
)
def test_what_leads_elsewhere_inside_of_a_paragraph(
    divided: Divide, text: str, kept: str, aside: list[str]
) -> None:
    """R6: in brackets or as the last sentence, with a link or without; nothing of it is lost."""
    got = divided(f"<p>{text}</p>", Line(tag="p", text=text))
    assert kept in [line.text for line in got.body]
    assert aside == [zone.text for zone in got.zones]
    told, zones = divide_text(text, book_for(shipped.cues(), "en"))
    assert (kept, aside) == (told, [zone.text for zone in zones])


def test_what_the_extraction_left_out(divided: Divide) -> None:
    """Lines of the main content that lead elsewhere are kept, though the extraction had none."""
    got = divided(
        "<p><a href='/x'>Goat elected porter of the station</a></p>"
        "<h3>Related</h3><p><a href='/y'>Porter again</a></p><p>Ines Aldana</p>"
        "<nav><h3>Related</h3><p><a href='/z'>Nine men for a bridge</a></p></nav>"
    )
    assert [
        ("Goat elected porter of the station", "R1"),
        ("Related", "R5"),
        ("Porter again", "R3"),
    ] == [(zone.text, zone.rule) for zone in got.zones]
    assert 3 == len(got.body)


def test_many_breaks() -> None:
    """However many line breaks a page has, words on both sides of one stay apart."""
    root, _ = parse("<body><p>" + "word<br>" * 3_000 + "</p></body>")
    assert root is not None
    assert {"word"} == set(survey(root, "a.example").blocks[0].text.split())
