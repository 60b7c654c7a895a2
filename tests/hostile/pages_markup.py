"""Pages whose markup means harm: its depth, its numbers, its breaks."""

from hostile.pages_talk import END, MIB, PROSE, START, inside, page, whole

__all__ = ["ATTRIBUTES", "BROKEN", "COUNTS", "NESTS"]


def _closed(tag: str, depth: int) -> str:
    return f"<{tag}>" * depth + "deep" + f"</{tag}>" * depth


NESTS = [
    *(
        inside(f"{tag} in {tag}, 20,000 deep", lambda tag=tag: _closed(tag, 19_000))
        for tag in ("div", "span", "b", "font", "em", "blockquote", "section", "noscript")
    ),
    *(
        inside(f"{tag} never closed", lambda tag=tag: f"<{tag}>some words " * 39_000)
        for tag in ("div", "p", "b", "a", "li", "q", "h2", "i", "form", "button", "option")
    ),
    inside("b and i, each unclosed", lambda: "<b><i>" * 19_000 + "x"),
    inside("b and p crossed", lambda: "<b><p>word</b>" * 13_000),
    inside("a in a", lambda: '<a href="/x">word ' * 39_000),
    inside("lists in lists", lambda: "<ul><li>" * 19_000 + "x"),
    inside("lists in lists with prose", lambda: f"<ul><li>{PROSE}" * 9_000),
    inside("definition lists in each other", lambda: "<dl><dt>a<dd>" * 13_000),
    inside("tables in tables", lambda: "<table><tr><td>" * 13_000),
    inside("tables in tables with prose", lambda: f"<table><tr><td>{PROSE}" * 7_000),
    inside(
        "200 tables in each other, closed",
        lambda: (f"<table><tr><td>{PROSE}" * 200 + "</td></tr></table>" * 200) * 20,
    ),
    inside("quotes in quotes with prose", lambda: f"<blockquote>{PROSE}" * 12_000),
    inside("div soup of a binary tree", lambda: _tree(14)),
    inside("svg in svg", lambda: "<svg><g>" * 19_000),
    inside("math in math", lambda: "<math><mrow>" * 19_000),
    inside("svg, foreign object and html in turn", lambda: "<svg><foreignObject><div>" * 13_000),
    inside("templates in templates", lambda: f"<template>{PROSE}" * 9_000),
    inside("noscript in noscript with prose", lambda: f"<noscript>{PROSE}" * 9_000),
    inside("iframes in iframes", lambda: "<iframe>" * 39_000),
    page("framesets in framesets", lambda: "<frameset>" * 39_000),
    inside("select and option", lambda: "<select><option>a" * 19_000),
    page("html and body again and again", lambda: "<html><body><p>word" * 13_000),
    page("heads in bodies", lambda: "<body><head><title>x</title>" * 9_000 + START),
]
ATTRIBUTES = [
    inside(
        "200,000 attributes in one tag",
        lambda: "<p " + " ".join(f"a{n}=1" for n in range(200_000)) + ">x</p>",
    ),
    inside(
        "200,000 attributes without a value",
        lambda: "<p " + " ".join(f"a{n}" for n in range(200_000)) + ">x</p>",
    ),
    inside(
        "200,000 attributes over 40 tags",
        lambda: "".join(f"<p {_attributes(5_000)}>word</p>" for _ in range(40)),
    ),
    inside(
        "7,900 attributes in each of 30 tags",
        lambda: "".join(f"<i {_attributes(7_900)}>word</i>" for _ in range(30)),
    ),
    inside("30 attributes in each of 30,000 tags", lambda: f"<i {_attributes(30)}>w</i>" * 15_000),
    inside(
        "attributes parted by slashes", lambda: "<p " + "/".join(f"a{n}" for n in range(200_000))
    ),
    inside("the same attribute 300,000 times", lambda: "<p " + "class=a " * 300_000 + ">x</p>"),
    inside("one class of 5 MB", lambda: f'<p class="{"byline author " * 380_000}">x</p>'),
    inside("one id of 5 MB", lambda: f'<div id="{"comment-" * 700_000}">x</div>'),
    inside(
        "a class of 100 KB on 50 elements", lambda: f'<p class="{"date-" * 20_000}">x</p>' * 50
    ),
    inside("quotes that never close", lambda: '<a href="' + "x " * 2_800_000),
    inside("quotes that never close, in turn", lambda: "<a href='\"" * 600_000),
    inside("a quote that closes 6 MB later", lambda: f'<a href="{"<p>x" * 1_400_000}">y</a>'),
    inside("equals signs", lambda: "<p " + "=" * 5_000_000 + ">"),
    inside("equals signs and spaces", lambda: "<p " + "= " * 2_500_000 + ">"),
    inside("wide spans", lambda: "<table>" + "<tr><td colspan=999999 rowspan=999999>a" * 9_000),
    inside(
        "styles of 1 MB on 5 elements", lambda: f'<p style="{"display:none;" * 80_000}">x</p>' * 5
    ),
    inside(
        "data addresses of 5 MB", lambda: f'<img src="data:image/png;base64,{"iVBO" * 1_300_000}">'
    ),
    inside(
        "20,000 pictures in data addresses",
        lambda: f'<img src="data:image/png;base64,{"iVBO" * 40}">' * 20_000,
    ),
    inside("source sets of 3 MB", lambda: f'<img srcset="{"/a.png 1x, " * 280_000}">'),
]
COUNTS = [
    inside("10,000 forms", lambda: "<form><p>some words in it</p></form>" * 10_000),
    inside("10,000 forms with prose", lambda: f"<form>{PROSE}</form>" * 9_900),
    inside("a million line breaks", lambda: "<br>" * 1_000_000),
    inside("39,000 line breaks in one paragraph", lambda: "<p>" + "word<br>" * 39_000 + "</p>"),
    inside(
        "100,000 links",
        lambda: "".join(
            f'<a href="/news/{n}">A headline of a story, number {n}</a>' for n in range(60_000)
        ),
    ),
    inside(
        "20,000 links in paragraphs",
        lambda: "".join(
            f'<p><a href="/n/{n}">Read more: a headline, number {n}</a></p>' for n in range(10_000)
        ),
    ),
    inside("links to broken hosts", lambda: '<a href="http://[::1:::/x">broken</a>' * 19_000),
    inside(
        "20,000 comments of readers",
        lambda: "".join(
            f'<div class="comment" id="comment-{n}"><p>I think {n} of it</p></div>'
            for n in range(9_000)
        ),
    ),
    inside("20,000 list items", lambda: "<ul>" + "<li>An item of the list" * 39_000 + "</ul>"),
    inside("20,000 rows", lambda: "<table>" + "<tr><td>a<td>b<td>c" * 9_900 + "</table>"),
    inside("one row of 39,000 cells", lambda: "<table><tr>" + "<td>word" * 39_000),
    inside("9,000 small tables", lambda: "<table><tr><td>word</td></tr></table>" * 6_000),
    inside("headings alone", lambda: "<h2>A heading that stands alone</h2>" * 19_000),
    inside("35,000 short paragraphs", lambda: "<p>word</p>" * 19_000),
    inside("12,000 long paragraphs", lambda: PROSE * 12_000),
    inside(
        "paragraphs that differ",
        lambda: "".join(
            f"<p>The ferry will stop running in {n} days, then in {n * 7} weeks, it was said.</p>"
            for n in range(19_000)
        ),
    ),
    inside("spans in one paragraph", lambda: "<p>" + "<span>a word</span> " * 19_000 + "</p>"),
    inside("marks of every kind", lambda: "<p>" + "<b>a</b><i>b</i><u>c</u><q>d</q>" * 4_900),
    inside("time elements", lambda: '<time datetime="2026-11-23">x</time>' * 19_000),
    inside("authors", lambda: '<span class="author" rel="author">By Nobody</span>' * 19_000),
    inside("articles in articles", lambda: f"<article>{PROSE}" * 12_000),
    inside("article elements side by side", lambda: f"<article>{PROSE}</article>" * 12_000),
    page("meta elements", lambda: whole('<meta name="date" content="x">' * 39_000, PROSE)),
    page("links to icons", lambda: whole('<link rel="canonical" href="/x">' * 39_000, PROSE)),
    page("titles", lambda: whole("<title>Ferry</title>" * 19_000, PROSE)),
    page("h1s", lambda: whole("<title>Ferry</title>", "<h1>Ferry stops</h1>" * 19_000 + PROSE)),
    page(
        "base addresses",
        lambda: whole(
            '<base href="http://[/"><base href="//evil.example/"><base href="javascript:x">'
            * 9_000,
            f'<link rel="canonical" href="x">{PROSE}',
        ),
    ),
    page(
        "a page that leads to itself",
        lambda: whole('<meta http-equiv="refresh" content="0; url=">' * 9_000, ""),
    ),
    inside(
        "figures",
        lambda: "<figure><img src=x><figcaption>Photo: A/AP</figcaption></figure>" * 5_900,
    ),
    inside("details", lambda: f"<details><summary>x</summary>{PROSE}" * 9_000),
]
BROKEN = [
    page("brackets alone", lambda: "<" * 6_000_000),
    inside("40,000 brackets", lambda: "<" * 39_900),
    inside("opening and closing brackets", lambda: "<>" * 3_000_000),
    inside("closing tags alone", lambda: "</div>" * 39_000),
    inside("tags that never close", lambda: "<p " * 1_500_000),
    inside("tags cut by tags", lambda: "<a <b <c " * 600_000),
    inside("comments that never close", lambda: "<!--" * 1_400_000),
    inside("comments in comments", lambda: "<!-- <!-- --> " * 400_000),
    inside("comments of conditions", lambda: "<!--[if IE]><p>x</p><![endif]-->" * 9_000),
    inside("one comment of 5 MB", lambda: "<!--" + "-" * 5_000_000 + "-->"),
    inside("dashes of comments", lambda: "<!--" + "--!" * 1_800_000),
    inside("CDATA that never closes", lambda: "<![CDATA[" * 600_000),
    inside("CDATA of 5 MB", lambda: "<![CDATA[" + "]] " * 1_700_000 + "]]>"),
    inside("instructions", lambda: "<?php echo 1 ?>" * 39_000),
    inside("instructions that never close", lambda: "<?" * 2_800_000),
    page("doctypes", lambda: "<!DOCTYPE html>" * 39_000 + START),
    page("a doctype that never closes", lambda: "<!DOCTYPE html [" + "<!ENTITY a 'b'>" * 39_000),
    page("entities that grow", lambda: _laughs() + START.replace("ferry", "&lol9;") + END),
    page(
        "an entity that reads a file",
        lambda: (
            '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            + START.replace("ferry", "&x;")
            + END
        ),
    ),
    page(
        "an entity from the network",
        lambda: (
            '<?xml version="1.0"?><!DOCTYPE html SYSTEM "http://127.0.0.1:9/x.dtd" '
            '[<!ENTITY % p SYSTEM "http://127.0.0.1:9/y"> %p;]>' + START + END
        ),
    ),
    page(
        "XInclude",
        lambda: (
            '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml" '
            'xmlns:xi="http://www.w3.org/2001/XInclude"><body>'
            f'<xi:include href="file:///etc/passwd" parse="text"/>{PROSE}</body></html>'
        ),
        content_type="application/xhtml+xml",
    ),
    inside("plain text from here", lambda: "<plaintext>" + "<p>word</p>" * 9_000),
    inside("a script that never closes", lambda: "<script>" + "a<b;" * 9_000),
    inside("scripts that hold scripts", lambda: "<script><!--<script>" * 19_000),
    inside("a style that never closes", lambda: "<style>" + "p{}" * 1_500_000),
    inside("a text area that never closes", lambda: "<textarea>" + "<p>x" * 19_000),
    page("a title that never closes", lambda: "<title>" + "<p>x" * 19_000),
    inside("one tag name of 5 MB", lambda: "<" + "a" * 5_000_000 + ">"),
    inside("tags of 19,000 names", lambda: "".join(f"<x{n}>word</x{n}>" for n in range(19_000))),
    inside("names with colons", lambda: "".join(f"<a{n}:b c:d{n}=1>w" for n in range(19_000))),
    page("nothing closed at all", lambda: START + "<table><form><select><b><ul>" * 7_000),
    page("40,000 tags, then prose", lambda: "<i></i>" * 20_000 + START + END),
    page("one line of 10 MB", lambda: START + "<p>" + "word " * (2 * MIB) + END),
    page("6 MB to the byte", lambda: (START + "<p>" + "word " * (2 * MIB))[: 6 * MIB]),
]


def _attributes(number: int) -> str:
    return " ".join(f"a{n}=1" for n in range(number))


def _tree(depth: int) -> str:
    text = "word "
    for _ in range(depth):
        text = f"<div>{text}{text}</div>"
    return text


def _laughs() -> str:
    lines = ["<!ENTITY lol0 'lol'>"]
    lines += [f"<!ENTITY lol{n} '{f'&lol{n - 1};' * 10}'>" for n in range(1, 10)]
    return f"<!DOCTYPE html [{''.join(lines)}]>"
