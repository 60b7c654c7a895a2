"""Lines of texts: what changed, what was only edited, and which texts are the same by half."""

import pytest

from workers.text.lines import Change, added_lines, change, content_key, same_by_half

STORM = [
    f"In village {n} of the valley the storm of that night in March was very strong."
    for n in range(8)
]


def text(*lines: str) -> str:
    """Return lines as a text."""
    return "\n".join(lines)


def test_what_changed_is_told_line_by_line() -> None:
    """Added, removed and kept; white space, case, marks and places make no difference."""
    before = text("One line here.", "Another one.", "A third.")
    after = text("a THIRD", "  One, line here!", "A new one.")
    assert Change(added=("A new one.",), removed=("Another one.",), kept=2) == change(
        before, after
    )
    assert not change(before, before)
    assert content_key(before) == content_key(before.upper() + "\n\n")
    assert content_key(before) != content_key(after)


@pytest.mark.parametrize(
    ("old", "new", "added"),
    [
        ("The quake was measured at five point one.", "The quake was measured at 5.2.", False),
        (
            "Ten people are missing in the valley.",
            "Ten people are missing in the valley now.",
            False,
        ),
        ("Ten people are missing.", "Ten people are missing. A second quake hit the town.", True),
        ("The ferry is late.", "The harbour is closed until Monday.", True),
        ("地震は谷を襲った。被害は不明。", "地震は谷を襲った。被害は不明だ。", False),
        ("ab", "abc", True),
    ],
)
def test_an_edit_is_no_new_line(old: str, new: str, *, added: bool) -> None:
    """Unless most of it is new."""
    assert ((new,) if added else ()) == added_lines(change(old, new))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (STORM, STORM, True),
        (STORM, STORM[:4], True),
        (STORM, STORM[:3], False),
        (
            STORM[:4],
            [*STORM[:4], *(f"Another line, number {n}, of them." for n in range(5))],
            False,
        ),
        (STORM[:1], STORM[:1], False),
        (["Share", "Menu"] * 90, ["Share", "Menu"] * 90, False),
        ([], [], False),
        (STORM, [line.upper() for line in STORM], True),
    ],
)
def test_two_texts_are_one_if_half_the_lines_of_the_longer_agree(one, other, *, same) -> None:
    """And these say enough: short lines stand on every page, one line proves nothing."""
    assert same == same_by_half(text(*one), text(*other)) == same_by_half(text(*other), text(*one))


def test_comparing_is_bounded() -> None:
    """A line is compared by its first thousand letters, and with the first removed ones only."""
    first = "".join(f"word{n} " for n in range(400))
    assert () == added_lines(change(first + "old " * 9000, first + "new " * 9000))
    many = [f"{(n + 3) ** 40}" for n in range(100)]
    assert () == added_lines(change(text(*many), f"{many[0]} and more"))
    assert (f"{many[-1]} and more",) == added_lines(change(text(*many), f"{many[-1]} and more"))
