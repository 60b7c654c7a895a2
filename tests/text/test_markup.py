"""Plain text out of markup."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.text.markup import LONGEST, clean, one_line, plain

PLAIN = {
    "": "",
    "plain text": "plain text",
    "two\nlines  here": "two\nlines here",
    "a &amp; b &lt;c&gt; &eacute;&#8217;&#x41;": "a & b <c> é\u2019A",
    "&amp;amp;": "&amp;",
    "<p>One <b>bold</b> word</p><p>Two</p>": "One bold word\nTwo",
    "one<br>two<BR/>three<br />four": "one\ntwo\nthree\nfour",
    "<ul><li>a</li>\n<li>b</li></ul>": "a\nb",
    "a < b and c > d": "a < b and c > d",
    "5 <6": "5 <6",
    "<script>alert('<b>')</script>x": "x",
    "a<style>p{}</style >b": "ab",
    "a<SCRIPT src='x'>y</SCRIPT>b": "ab",
    "a<script>never closed": "a",
    "a<!-- hidden <b> -->b": "ab",
    "a<!-- never closed": "a<!-- never closed",
    "a<!doctype html>b": "ab",
    "<![CDATA[inside]]>": "inside",
    '<a title="x > y" href=z>link</a>': "link",
    "<a title='x > y'>link</a>": "link",
    "<p it's>odd</p>": "odd",
    "wrapped\n<b>in</b>\nlines": "wrapped in lines",
    "a\u00a0b\tc": "a b c",
    "a\u2003b \u3000 c\u2028d": "a b c d",
    "one  two\n three\u202f \x85\nfour": "one two\nthree\nfour",
    "a\x00\x07b\ud800c": "abc",
    "&#99999999999999999999;x": "x",
    "<div><div>\n\n  <p>deep</p></div></div>": "deep",
    "strasse<b>İ</b><script>x</script>y": "strasseİy",
}


@pytest.mark.parametrize("written", PLAIN)
def test_plain(written: str) -> None:
    """What a reader sees."""
    assert PLAIN[written] == plain(written)


@pytest.mark.parametrize(
    "piece",
    ["<", "<a ", "<a '", '<a "', "<!--", "<!", "<script>", "<script", "&", "&#1", "&#", " \n",
     "<a ='\">", "</", "<p><", "<![CDATA[", "]]>", "-->", "&lt;", "\n", "<style></script>"],
)  # fmt: skip
def test_a_million_of_anything(piece: str) -> None:
    """No repetition makes it slow: every one of these would take hours if any were quadratic."""
    assert len(plain(piece * (LONGEST // len(piece)))) <= LONGEST


def test_number_of_a_million_digits() -> None:
    """A character reference that is no character does not raise."""
    assert "x" == plain("&#" + "9" * 1_000_000 + ";x")


def test_one_line() -> None:
    """A line is cut with an ellipsis, inside its limit."""
    assert "One two" == one_line("<p>One</p><p>two</p>", 20)
    assert "One…" == one_line("One two", 5)
    assert 5 >= len(one_line("abcdefgh", 5))


def test_clean_keeps_good_text() -> None:
    """A text without refused characters is itself."""
    text = "A naïve\ttext\nover lines, 北京"
    assert text is clean(text)
    assert "ab" == clean("a\x0b\ufffe\x7fb")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>/!-&;#'\"= \nabpx[]\ud800é"), max_size=200))
def test_any_text(written: str) -> None:
    """No text raises; no text grows; lines say something."""
    text = plain(written)
    assert len(text) <= len(written)
    assert all(line and line == line.strip() for line in text.split("\n") if text)


@pytest.mark.parametrize("around", ["", "x" * 300, "é\n" * 300])
def test_what_no_text_may_hold_is_dropped_from_short_and_long_ones(around: str) -> None:
    """Controls, lone surrogates and non-characters go; every other character stays."""
    refused = {*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF}
    for code in (*range(0x3000), *range(0xD700, 0x10010), 0x1F600, 0x10FFFF):
        kept = "" if code in refused else chr(code)
        assert f"a{kept}b{around}" == clean(f"a{chr(code)}b{around}"), hex(code)
