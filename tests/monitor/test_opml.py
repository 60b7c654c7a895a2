"""OPML in and out: files of many readers, broken and hostile ones, and the way there and back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from monitor.settings import FeedSetting, Loaded, Problem, load, render
from monitor.settings.opml import OpmlFile, feed_key, read_opml, web_address
from monitor.settings.opml_write import attributes_of, has_secrets, write_opml

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
A, B = "https://a.example.org/feed", "https://b.example.org/feed"


def opml(body: str, head: str = "") -> str:
    """Return a document around outlines."""
    return f'{head}<opml version="2.0"><head/><body>\n{body}\n</body></opml>'


@pytest.fixture
def read(tmp_path: Path):
    """Reads a text, or bytes, as a file."""

    def one(written: str | bytes) -> OpmlFile:
        path = tmp_path / "feeds.opml"
        path.write_bytes(written if isinstance(written, bytes) else written.encode())
        return read_opml(path)

    return one


def told(file: OpmlFile) -> list[tuple[object, ...]]:
    """Return what an alert would call the feeds, and what topics choose them by."""
    return [(o.data["url"], o.data.get("name"), o.data["tags"]) for o in file.outlines]


READERS = {
    "feedly": (
        ('<outline text="News" title="News"><outline type="rss" text="A" title="A" '
        f'xmlUrl="{A}" htmlUrl="https://a.example.org"/></outline>'),
        [(A, "A", ["news"])],
    ),
    "google_reader": (
        (f'<outline title="x" text="x"><outline text="A" title="A" type="rss" xmlUrl="{A}"/>'
        f'</outline><outline title="y" text="y"><outline text="A" title="A" xmlUrl="{A}"/>'
        "</outline>"),
        [(A, "A", ["x", "y"])],
    ),
    "newsboat": (f'<outline type="rss" xmlurl="{A}" title="A" />', [(A, "A", [])]),
    "thunderbird": (
        ('<outline title="Feeds"><outline type="rss" title="A" text="A" version="RSS" '
        'xmlns:fz="urn:forumzilla:" fz:quickMode="false" '
        f'fz:options="{{&quot;v&quot;:2}}" xmlUrl="{A}"/></outline>'),
        [(A, "A", ["feeds"])],
    ),
    "thunderbird_without_its_namespace": (
        f'<outline type="rss" title="A" fz:quickMode="false" xmlUrl="{A}"/>',
        [(A, "A", [])],
    ),
    "tiny_tiny_rss": (
        (f'<outline type="rss" text="A" xmlUrl="{A}"/><outline text="tt-rss-prefs">'
        '<outline text="FRESH_ARTICLE_MAX_AGE" value="24"/></outline>'),
        [(A, "A", [])],
    ),
    "liferea": (
        ('<outline title="Wire" text="Wire" type="folder"><outline title="A" type="rss" '
        f'xmlUrl="{A}" updateInterval="-1" id="x"/></outline>'
        '<outline type="vfolder" title="Unread"><outline rule="unread"/></outline>'),
        [(A, "A", ["wire"])],
    ),
    "freshrss": (
        ('<outline text="Wire"><outline xmlns:frss="https://freshrss.org/opml" type="rss" '
        f'xmlUrl="{A}" text="A" frss:priority="main"/><outline type="HTML+XPath" text="B" '
        f'xmlUrl="{B}"/></outline>'),
        [(A, "A", ["wire"])],
    ),
    "nested": (
        ('<outline text="World"><outline title="Middle East"><outline text="A" '
        f'xmlUrl="{A}" category="/markets/oil,wire"/></outline></outline>'),
        [(A, "A", ["world", "middle east", "markets", "oil", "wire"])],
    ),
    "url_attribute": (f'<outline type="rss" text="A" url="{A}"/>', [(A, "A", [])]),
    "no_type": (f'<outline TEXT="A" XMLURL=" {A}\n"/>', [(A, "A", [])]),
    "type_link": (f'<outline type="link" text="A" xmlUrl="{A}"/>', [(A, "A", [])]),
    "double_escaped": (f'<outline text="A &amp;#8211; B" xmlUrl="{A}"/>', [(A, "A \u2013 B", [])]),
    "both_schemes": (
        f'<outline text="A" xmlUrl="{A}"/><outline xmlUrl="HTTP://A.example.org:80/feed"/>',
        [(A, "A", [])],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_files_of_readers(read, name):
    """What readers export is read: addresses, names, and the tags of all folders, each once."""
    written, expected = READERS[name]
    assert expected == told(read(opml(written)))


ENCODED = [
    opml(f'<outline text="Café" xmlUrl="{A}"/>').encode("utf-8-sig"),
    opml(f'<outline text="Café" xmlUrl="{A}"/>', '<?xml version="1.0"?>').encode("utf-16"),
    opml(
        f'<outline text="Café" xmlUrl="{A}"/>', '<?xml version="1.0" encoding="windows-1252"?>'
    ).encode("cp1252"),
    opml(f'<outline text="Café" xmlUrl="{A}"/>').encode("cp1252"),
    opml(f'<outline text="Caf&eacute;" xmlUrl="{A}"/>').encode(),
    opml(
        f'<outline text="Café" xmlUrl="{A}"/>',
        '<?xml version="1.0"?>\n<!DOCTYPE opml SYSTEM "http://127.0.0.1:9/opml.dtd">\n',
    ).encode(),
]


@pytest.mark.parametrize("raw", ENCODED)
def test_charsets_and_document_types(read, raw):
    """BOMs, declared and undeclared charsets, HTML's entities and a DOCTYPE harm nothing."""
    assert [(A, "Café", [])] == told(read(raw))


SCHEMES = [
    ("feed://a.example.org/x", "http://a.example.org/x"),
    ("feed:https://a.example.org/x", "https://a.example.org/x"),
    ("feed:a.example.org/x", "http://a.example.org/x"),
    ("feed+https://a.example.org/x", "https://a.example.org/x"),
    ("feed://https://a.example.org/x", "https://a.example.org/x"),
    ("feed:http//a.example.org/x", "http://a.example.org/x"),
    ("//a.example.org/x", "https://a.example.org/x"),
    (" https://a.example.org/a b\n", "https://a.example.org/a%20b"),
    ("file:///etc/passwd", "file:///etc/passwd"),
]


@pytest.mark.parametrize(("written", "expected"), SCHEMES)
def test_schemes_of_readers(written, expected):
    """What readers write instead of http and https becomes what is fetched, and nothing else."""
    assert expected == web_address(written)


BROKEN = [
    (f'<outline xmlUrl="{A}"/>\n<outline text="x xmlUrl="{B}"/>\n<outline xmlUrl="{B}"/>', 3),
    (f'<outline text="A" xmlUrl="{A}">\n<outline xmlUrl="{B}"/>', 4),
    (f'<outline xmlUrl="{A}"/>\n<outline text="a" text="b" xmlUrl="{B}"/>', 3),
]


@pytest.mark.parametrize(("body", "line"), BROKEN)
def test_broken_xml_is_recovered_and_told(read, body, line):
    """What can be saved is used, the first error is told with its line, and nothing is parked."""
    file = read(opml(body))
    assert ({A, B}, line, False) == (
        {one.data["url"] for one in file.outlines}, file.problems[0].line, file.whole,
    )  # fmt: skip


def test_what_could_not_be_mended_is_told(read):
    """Of several errors the one is named that costs something."""
    file = read(opml(f'<outline text="a & b" xmlUrl="{A}"/>\n<outline text="cut').split("\n</")[0])
    assert (3, False) == (file.problems[0].line, file.whole)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_anywhere(read, share):
    """Of a file that was cut off all whole outlines are read, and it counts as broken."""
    text = opml("\n".join(f'<outline xmlUrl="https://h{n}.example/"/>' for n in range(200)))
    cut = text[: int(len(text) * share)]
    file = read(cut)
    assert cut.count("/>", len(opml("").partition("\n")[0])) <= len(file.outlines)
    assert (False, 1) == (file.whole, len(file.problems))


LAUGHS = (
    "<!DOCTYPE opml [\n<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 20}'>" for n in range(9))
    + "<!ENTITY x SYSTEM 'file:///etc/hostname'><!ENTITY % p SYSTEM 'http://127.0.0.1:9/'>]>\n"
)


def test_entities_are_not_expanded(read):
    """Billion laughs and external entities stay words; the other feeds are read."""
    body = f'<outline text="&a9;&x;" xmlUrl="{A}"/><outline text="B" xmlUrl="{B}"/>'
    file = read(opml(body, LAUGHS))
    assert [(A, "&a9;&x;", []), (B, "B", [])] == told(file)
    assert "declares XML entities" in file.problems[0].message


def test_nothing_is_included(read, tmp_path):
    """XInclude and outlines of type include are not followed; the latter are told of."""
    (tmp_path / "other.opml").write_text(opml(f'<outline xmlUrl="{B}"/>'))
    file = read(
        opml(
            '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="other.opml"/>'
            f'<outline type="include" url="other.opml"/><outline xmlUrl="{A}"/>'
        )
    )
    assert [A] == [one.data["url"] for one in file.outlines]
    assert ["includes another file, which is not followed"] == [
        one.message for one in file.warnings
    ]


REFUSED = [
    ("", "no element"),
    ("words", "is no OPML"),
    ("<html><body/></html>", "its root is <html>"),
    ("<!DOCTYPE opml [", "has no end"),
    ("<opml " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>", "a tag of over"),
    ("<opml>" + " " * (65 << 20), "is larger than"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_no_opml(read, text, message):
    """What cannot be read at all is one problem in words."""
    assert message in read(text).message


def test_nested_too_deeply(read):
    """A depth bomb costs what is inside of it; what stood before is read."""
    file = read(opml(f'<outline xmlUrl="{A}"/>' + '<outline text="x">' * 100_000))
    assert ([A], False) == ([one.data["url"] for one in file.outlines], file.whole)


def test_a_hundred_thousand_feeds_on_one_host(tmp_path):
    """Many feeds without a name are read, each with a name of its own, in linear time."""
    lines = (f'<outline xmlUrl="https://a.example.org/{n}"/>' for n in range(20_000))
    loaded = _loaded(tmp_path, opml("\n".join(lines)))
    assert 20_000 == len({feed.name for feed in loaded.settings.feeds})


def _loaded(folder: Path, written: str, more: str = "", added: str = "") -> Loaded:
    (folder / "feeds.opml").write_text(written)
    (folder / "tocsin.toml").write_text(f'{more}\n[opml]\nfiles = ["feeds.opml"]\n')
    if added:
        (folder / "feeds.d").mkdir(exist_ok=True)
        (folder / "feeds.d" / "added.opml").write_text(added)
    return load(folder / "tocsin.toml", {})


def test_bad_addresses_cost_only_themselves(tmp_path):
    """Each bad address is told with file and line; everything else goes on."""
    loaded = _loaded(
        tmp_path,
        opml(f'<outline text="X" xmlUrl="gopher://x/"/>\n<outline text="A" xmlUrl="{A}"/>\n'
             '<outline text="Y" xmlUrl="| rm -rf"/>'),
    )  # fmt: skip
    assert [A] == [feed.url for feed in loaded.settings.feeds]
    said = [render(one) for one in loaded.problems if "outline" in one.key]
    assert [2, 4] == [int(line.split(":")[1]) for line in said]


def test_what_was_added_is_read_without_being_listed(tmp_path):
    """feeds.d/added.opml beside the config counts, once even if it is listed too."""
    added = opml(f'<outline text="B" xmlUrl="{B}"/>')
    loaded = _loaded(tmp_path, opml(f'<outline text="A" xmlUrl="{A}"/>'), added=added)
    assert ["A", "B"] == [feed.name for feed in loaded.settings.feeds]
    assert "added.opml" in {path.name for path in loaded.files}
    listing = (tmp_path / "tocsin.toml").read_text().replace('"]', '", "feeds.d/added.opml"]')
    (tmp_path / "tocsin.toml").write_text(listing)
    again = load(tmp_path / "tocsin.toml", {})
    assert ["A", "B"] == [feed.name for feed in again.settings.feeds]
    assert not [one for one in again.warnings if "listed already" in one.message]


def test_a_file_that_was_cut_off_parks_no_feed(tmp_path):
    """A broken file is not among those that were read: what it lacks stays accepted."""
    loaded = _loaded(tmp_path, opml(f'<outline xmlUrl="{A}"/>').replace("</body></opml>", ""))
    assert [A] == [feed.url for feed in loaded.settings.feeds]
    assert "feeds.opml" not in {path.name for path in loaded.files}


# ── out ─────────────────────────────────────────────────────────────────────────────────────────

words = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30
)
names = words.map(str.strip).filter(bool)
tags = st.lists(names.map(str.lower).map(str.strip).filter(bool), max_size=4)
paths = st.text("abcdefghijklmnopqrstuvwxyz0123456789/?&=%_.-~", max_size=20)
urls = st.builds(lambda host, path: f"https://{host}.example/{path}",
                 st.text("abcdefgh", min_size=1, max_size=6), paths)  # fmt: skip
feeds_of = st.builds(
    lambda **given: FeedSetting.model_validate(given),
    url=urls,
    name=names,
    tags=tags,
    weight=st.floats(min_value=1e-3, max_value=1e6),
    interval=st.sampled_from([None, "1s", "90s", "15m", "2h"]),
    enabled=st.booleans(),
    skip_hours=st.sampled_from([None, False, True]),
    was=st.lists(urls, max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(
    given_feeds=st.lists(feeds_of, max_size=6, unique_by=lambda feed: feed_key(feed.url)),
    flat=st.booleans(),
)
def test_there_and_back(tmp_path_factory, given_feeds, flat):
    """What is written is read again the same, with everything that a feed may have."""
    path = tmp_path_factory.mktemp("opml") / "out.opml"
    path.write_bytes(write_opml(given_feeds, NOW, flat=flat))
    file = read_opml(path)
    assert () == file.problems
    again = [FeedSetting.model_validate(one.data) for one in file.outlines]
    assert sorted(map(_all_of, given_feeds)) == sorted(map(_all_of, again))


def _all_of(feed: FeedSetting) -> str:
    told = feed.model_dump(exclude={"headers"})  # each option that there is, and will be
    return repr({**told, "tags": tuple(dict.fromkeys(feed.tags))})


def test_each_option_of_a_feed_is_written():
    """An export leaves out nothing that a feed may have, but what is secret."""
    feed = FeedSetting.model_validate(
        {
            "url": A, "name": "A", "tags": ["x"], "weight": 2, "interval": "1m",
            "skip_hours": False, "was": [B], "enabled": False,
        }
    )  # fmt: skip
    written = {key.removeprefix("tocsin:") for key in attributes_of(feed)}
    renamed = {"url": "xmlUrl", "name": "text", "tags": "category"}
    wanted = {renamed.get(key, key) for key in FeedSetting.model_fields} - {"headers"}
    assert wanted <= written


@pytest.mark.parametrize("name", READERS)
def test_files_of_readers_there_and_back(read, name, tmp_path):
    """Import, export and import again: the same feeds, with the same names and tags."""
    first = read(opml(READERS[name][0]))
    feeds = [FeedSetting.model_validate(one.data) for one in first.outlines]
    (tmp_path / "out.opml").write_bytes(write_opml(feeds, NOW))
    again = read_opml(tmp_path / "out.opml")
    assert [(url, label or url, tags) for url, label, tags in told(first)] == told(again)


def test_it_is_opml_2():
    """Version, head, body; each outline has text, each feed type and xmlUrl; folders keep tags."""
    feeds = [
        FeedSetting(url=A, name="A", tags=("wire", "world"), weight=3.0),
        FeedSetting(url=B, name="B"),
    ]
    root = etree.fromstring(write_opml(feeds, NOW))
    assert ("opml", "2.0", ["head", "body"]) == (
        root.tag,
        root.get("version"),
        [e.tag for e in root],
    )
    assert "Mon, 02 Mar 2026 12:00:00 GMT" == root.findtext("head/dateCreated")
    assert all(outline.get("text") for outline in root.iter("outline"))
    folder, single = root.find("body")
    assert ("wire", None) == (folder.get("text"), folder.get("xmlUrl"))
    assert ("rss", A, "wire,world") == tuple(map(folder[0].get, ("type", "xmlUrl", "category")))
    assert ("rss", B, None) == tuple(map(single.get, ("type", "xmlUrl", "category")))


def test_no_secret_is_written():
    """Headers, and users and passwords in addresses, are left out, and that is known."""
    feed = FeedSetting.model_validate(
        {
            "url": "https://me:hunter2@a.example.org/feed",
            "name": "A",
            "headers": {"Authorization": "hunter2"},
            "was": ["http://me:hunter2@old.example.org/"],
        }
    )
    raw = write_opml([feed], NOW)
    assert b"hunter2" not in raw
    assert b"https://a.example.org/feed" in raw
    assert has_secrets(feed)
    assert not has_secrets(FeedSetting(url=A))


def test_what_xml_cannot_hold():
    """A name with a control character is written with a sign instead."""
    assert "a\ufffdb" == attributes_of(FeedSetting(url=A, name="a\x01b"))["text"]


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(READERS)),
    at=st.integers(0, 400),
    cut=st.integers(0, 30),
    junk=st.binary(max_size=12),
)
def test_mutated_files(tmp_path_factory, name, at, cut, junk):
    """No change of bytes makes reading raise: there are feeds, or a problem, or both."""
    raw = opml(READERS[name][0], "<!DOCTYPE opml [<!ENTITY a 'b'>]>\n").encode()
    path = tmp_path_factory.getbasetemp() / "mutated.opml"
    path.write_bytes(raw[:at] + junk + raw[at + cut :])
    file = read_opml(path)
    assert isinstance(file, Problem) or file.problems or file.whole
