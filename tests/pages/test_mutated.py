"""Pages as publishers write them, broken in every way: always a verdict, never an exception."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import shipped
from workers.model.article import FetchedPage
from workers.pages import PageRules, extract

RULES = PageRules(cues=shipped.cues())
FOLDER = Path(__file__).parents[2] / "seeds" / "newswire" / "templates"
SOURCES = [path.read_bytes() for path in sorted(FOLDER.glob("*.html"))]
PIECES = st.sampled_from(
    [b"<", b">", b"</", b"<!--", b"-->", b"<script>", b"</script>", b"<![CDATA[", b"&#xd800;",
     b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\x1b$B", b'="', b"'", b"<table><tr><td>", b"<p>",
     b"</body>", b"<base href='//['>", b'{"@type":[{}]}', b"<svg>", b"<noscript>", b"<br>" * 99,
     b"<h1>" * 60, b"<a href='/x'>Read more: ", b"9" * 400, "\u202e\u0301\u200d".encode() * 20]
)  # fmt: skip
PLACE = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), PLACE, PIECES),
        st.tuples(st.just("bytes"), PLACE, st.binary(max_size=20)),
        st.tuples(st.just("cut"), PLACE, st.integers(1, 4_000)),
        st.tuples(st.just("again"), PLACE, st.integers(1, 4_000)),
        st.tuples(st.just("end"), PLACE, st.just(0)),
    ),
    max_size=12,
)


def changed(page: bytes, changes: list[tuple[str, float, object]]) -> bytes:
    """Return a page after these changes, each at its place from 0 to 1."""
    for kind, place, what in changes:
        at = int(place * len(page))
        if isinstance(what, bytes):
            page = page[:at] + what + page[at:]
        elif kind == "cut":
            page = page[:at] + page[at + what :]
        elif kind == "again":
            page = page[: at + what] + page[at:]
        else:
            page = page[:at]
    return page


def test_there_is_something_to_change() -> None:
    """The pages of the demo are where they were."""
    assert len(SOURCES) >= 5


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(SOURCES),
    CHANGES,
    st.sampled_from(["", "text/html", "text/html; charset=utf-16", "text/html; charset=gbk"]),
)
def test_always_a_verdict(page: bytes, changes: list, content_type: str) -> None:
    """Whatever is done to a page, it gets a verdict, and what is read of it can be written."""
    body = changed(page, changes)
    got = extract(
        FetchedPage(url="https://a.example/n/1", body=body, content_type=content_type), RULES
    )
    assert got.verdict in {"article", "doubtful", "not_article", "thin", "unreadable"}
    assert not any("Error" in reason for reason in got.reasons), got.reasons
    for text in (got.text, got.title, got.author or "", *(line.text for line in got.zones)):
        text.encode()
