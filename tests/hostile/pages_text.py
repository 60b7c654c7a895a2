"""Pages whose words mean harm: linked data, floods of letters, what expressions run away on."""

import json

from hostile.pages_talk import END, LD, PROSE, START, inside, page, script, whole

__all__ = ["FLOODS", "LINKED", "SLOW_WORDS"]

LINKED = [
    script("depth of lists", lambda: "[" * 500_000),
    script("depth of objects", lambda: '{"a":' * 300_000),
    script("depth of graphs", lambda: '{"@graph":[' * 90_000),
    script("depth that closes", lambda: '{"a":' * 900 + "1" + "}" * 900),
    script("breadth", lambda: json.dumps([{"@type": "Article", "n": n} for n in range(30_000)])),
    script(
        "breadth in breadth", lambda: json.dumps([{"@graph": [{"@type": "Person"}] * 300}] * 100)
    ),
    script("lists in lists in lists", lambda: json.dumps([[[[["a"] * 9] * 9] * 9] * 9] * 9)),
    script(
        "circles",
        lambda: json.dumps(
            {
                "@graph": [
                    {"@id": "a", "@type": "Article", "author": {"@id": "b"}},
                    {"@id": "b", "name": {"@id": "b"}, "author": {"@id": "a"}},
                ]
            }
        ),
    ),
    script(
        "an author of authors",
        lambda: json.dumps({"@type": "Article", "author": [{"name": ["x"] * 9_000}] * 900}),
    ),
    script("commas", lambda: "[" + "," * 900_000),
    script("commas and spaces", lambda: "[1," + " " * 900_000),
    script("commas that trail", lambda: "[1,]" + ", " * 400_000 + "]"),
    script(
        "a number of a million digits", lambda: '{"@type":"Article","a":' + "9" * 900_000 + "}"
    ),
    script("an exponent", lambda: '{"@type":"Article","a":1e' + "9" * 900_000 + "}"),
    script("numbers", lambda: "[" + "1e309," * 150_000 + "1]"),
    script(
        "a string of 10 MB",
        lambda: json.dumps({"@type": "Article", "articleBody": "word " * 2_000_000}),
    ),
    script(
        "a body of a million letters",
        lambda: json.dumps(
            {"@type": "Article", "articleBody": "wo rd " * 170_000, "headline": "x " * 9_000}
        ),
    ),
    script(
        "a body of markup",
        lambda: json.dumps({"@type": "Article", "articleBody": "<b>" * 300_000}),
    ),
    script(
        "a body of entities",
        lambda: json.dumps({"@type": "Article", "articleBody": "&amp;amp;" * 100_000}),
    ),
    script("escapes", lambda: '{"@type":"Article","headline":"' + "\\ud800" * 150_000 + '"}'),
    script("backslashes", lambda: '{"a":"' + "\\" * 900_001 + '"}'),
    script("types", lambda: json.dumps({"@type": ["Article"] * 90_000, "@id": "x" * 90_000})),
    script(
        "everything of the wrong kind",
        lambda: json.dumps(
            {"@type": {"a": 1}, "headline": {"b": []}, "author": [[[]]], "datePublished": [{}]}
        ),
    ),
    script("names that repeat", lambda: '{"@type":"Article",' + '"a":1,' * 150_000 + '"b":2}'),
    script("the beginning of a comment", lambda: "/* <![CDATA[ */" * 60_000),
    script(
        "brackets of markup", lambda: '{"@type":"Article","headline":"' + "<!--" * 9_000 + '"}'
    ),
    page("50,000 scripts", lambda: f'{LD}{{"@type":"Article"}}</script>' * 19_000 + START + END),
    page("scripts of other kinds", lambda: '<script type="x">1</script>' * 19_000 + START + END),
    page(
        "state of an app of 5 MB",
        lambda: (
            "<script>window.__STATE__=" + '{"a":[1,2,3]},' * 350_000 + "</script>" + START + END
        ),
    ),
]
FLOODS = [
    page("no space in 6 MB", lambda: "x" * 6_000_000),
    inside("a word of a million letters", lambda: f"<p>{'x' * 1_000_000}</p>"),
    inside("ten paragraphs of 500 KB", lambda: f"<p>{'some words ' * 45_000}</p>" * 10),
    inside("a sentence that never ends", lambda: f"<p>{'and so on, ' * 450_000}</p>"),
    inside("full stops", lambda: f"<p>{'. ' * 2_500_000}</p>"),
    inside("commas", lambda: f"<p>{',' * 5_000_000}</p>"),
    inside("a million entities", lambda: f"<p>{'&amp;' * 1_000_000}</p>"),
    inside("entities without an end", lambda: f"<p>{'&' * 5_000_000}</p>"),
    inside("entities of half a name", lambda: f"<p>{'&notit' * 900_000}</p>"),
    inside("entities twice", lambda: f"<p>{'&amp;lt;' * 700_000}</p>"),
    inside("spaces that do not break", lambda: f"<p>{'&nbsp;' * 900_000}</p>"),
    inside("line ends in a paragraph", lambda: "<p>" + "a\n" * 2_500_000 + "</p>"),
    inside("separators of Unicode", lambda: "<p>" + "a\u2028b\u2029\x85c\x1c" * 400_000 + "</p>"),
    inside("marks of direction", lambda: "<p>" + "\u202ea\u202b\u2066" * 500_000 + "</p>"),
    inside("letters without width", lambda: "<p>" + "a\u200b\u200d\ufeff" * 500_000 + "</p>"),
    inside("marks on one letter", lambda: "<p>a" + "\u0301\u0323" * 1_200_000 + "</p>"),
    inside("marks on each letter", lambda: "<p>" + ("a" + "\u0301" * 30) * 80_000 + "</p>"),
    inside("from right to left", lambda: "<p>" + "קול קורא ואין עונה במדבר " * 120_000 + "</p>"),
    inside("emoji", lambda: "<p>" + "👩‍👩‍👧‍👦🏳️‍🌈" * 110_000 + "</p>"),
    inside("flags", lambda: "<p>" + "🇩🇪" * 600_000 + "</p>"),
    inside("Chinese without an end", lambda: "<p>" + "渡轮停运" * 450_000 + "</p>"),
    inside("Hangul in pieces", lambda: "<p>" + "\u1112\u1161\u11ab" * 550_000 + "</p>"),
    inside("a ligature that grows", lambda: "<p>" + "\ufdfa" * 1_500_000 + "</p>"),
    inside("capitals that grow", lambda: "<p>" + "İßŉ" * 900_000 + "</p>"),
    inside("soft hyphens", lambda: "<p>" + "a\u00ad" * 1_500_000 + "</p>"),
    inside("base64 in a paragraph", lambda: f"<p>{'QmFzZTY0' * 700_000}</p>"),
    inside("text between tags", lambda: "word " * 50_000 + "<br>" + "word " * 900_000),
    page("a title of 5 MB", lambda: whole(f"<title>{'a - ' * 1_300_000}</title>", PROSE)),
    page(
        "an h1 of 5 MB", lambda: whole("<title>x</title>", f"<h1>{'a | ' * 1_300_000}</h1>{PROSE}")
    ),
    page(
        "a meta of 5 MB",
        lambda: whole(f'<meta property="og:title" content="{"a - " * 1_300_000}">', PROSE),
    ),
    page(
        "each title of 1 MB",
        lambda: whole(
            f"<title>{'a - ' * 200_000}</title>"
            f'<meta property="og:title" content="{"a · " * 200_000}">',
            f"<h1>{'a » ' * 200_000}</h1>{PROSE}",
        ),
    ),
]
_MANY = 6_000
SLOW_WORDS = [
    inside(
        "lines that open like credits",
        lambda: "<p>Photo credit by from of credit courtesy of photo by from of by of</p>" * _MANY,
    ),
    inside(
        "lines that nearly are credits",
        lambda: "<p>" + "photo by " * 22 + "</p>\n<p>x</p>" * _MANY,
    ),
    inside("lines of slashes", lambda: f"<p>{'a/AP/' * 39}</p>" * _MANY),
    inside("lines of kickers", lambda: f'<p><a href="/x">{"a : b " * 38}</a> c</p>' * _MANY),
    inside(
        "lines that open like cues", lambda: f"<p>Read more{' ' * 90}: Read more -</p>" * _MANY
    ),
    inside(
        "last sentences that nearly lead on",
        lambda: ("<p>" + "Read more. Read also! Read more? " * 6 + "</p>") * _MANY,
    ),
    inside("cues and their marks", lambda: f"<p>{'...!!!???' * 900}</p>" * 600),
    inside("sentence ends", lambda: f"<p>{'.”)»” ' * 50_000}</p>" * 10),
    inside("bylines", lambda: f'<p class="byline">{"By by by " * 90} 2:</p>' * _MANY),
    inside("bylines of spaces", lambda: f'<p class="byline">By{" " * 790}x</p>' * _MANY),
    inside(
        "classes that nearly are bylines", lambda: f'<p class="{"author-" * 300}x">x</p>' * 2_000
    ),
    inside(
        "classes that nearly are dates", lambda: f'<time class="{"publ" * 500}">x</time>' * 2_000
    ),
    inside("dates of digits", lambda: f"<time>{'1' * 90}</time><p>{'2026-' * 90}</p>" * 3_000),
    inside(
        "times that nearly are dates", lambda: "<time>2026-13-45T99:99:99+99:99</time>" * 9_000
    ),
    inside("digits", lambda: f"<p>{'2026/11/23 ' * 450_000}</p>"),
    inside("digits without an end", lambda: f"<p>{'20261123' * 700_000}</p>"),
    inside("dates in words", lambda: f"<p>{'published on 23 November 2026, ' * 160_000}</p>"),
    inside(
        "dates everywhere",
        lambda: "".join(
            f'<div class="date published">{n % 28 + 1}.11.20{n % 30:02}</div>'
            for n in range(9_000)
        ),
    ),
    inside("comments with dates", lambda: "<!-- 2026-11-23 -->" * 39_000),
    page(
        "dates in meta",
        lambda: whole(
            "".join(
                f'<meta property="article:published_time" content="{"1" * 1_900}{n}">'
                for n in range(900)
            ),
            PROSE,
        ),
    ),
    page(
        "dates in addresses of links",
        lambda: (
            START
            + "".join(
                f'<a href="/2026/{n % 12:02}/{n % 31:02}/{"2026-" * 90}">x</a>'
                for n in range(9_000)
            )
            + END
        ),
    ),
    page("copyright years", lambda: START + "<p>© 2026 Copyright 2025 (c) 2024</p>" * 19_000),
    page(
        "a canonical link of 5 MB",
        lambda: whole(f'<link rel="canonical" href="{"/../" * 1_300_000}">', PROSE),
    ),
    page(
        "canonical links that lie",
        lambda: whole('<link rel="canonical" href="http://[">' * 9_000, PROSE),
    ),
    page("a language of 5 MB", lambda: f'<html lang="{"en-" * 1_700_000}"><body>{PROSE}</body>'),
    page("separators in a title", lambda: whole(f"<title>{'- | · ' * 900}</title>", PROSE)),
    page(
        "titles that nearly stand in",
        lambda: whole(
            f"<title>{'before you continue zu zu ' * 70}</title><h1>{'page not ' * 200}</h1>",
            "<p>x",
        ),
    ),
    page("charsets that nearly are declared", lambda: "<meta " * 700 + "charset" + " " * 3_000),
    page("declarations of XML", lambda: "<?xml " + "encoding " * 60_000 + START),
    inside("rels", lambda: f'<a rel="{"author " * 90}" href="/x">x</a>' * 6_000),
    inside("addresses with spaces", lambda: f'<a href="{" " * 900}/x">word</a>' * 5_000),
    inside(
        "paragraphs of links and commas",
        lambda: '<p><a href="/a">A, b, c</a>, d, <a href="/b">e, f</a></p>' * 6_000,
    ),
    inside(
        "classes of what is read",
        lambda: (
            f'<div class="article-body entry-content post story comment-body">{PROSE}</div>'
            * 9_000
        ),
    ),
    inside(
        "classes of what is left out",
        lambda: (
            f'<div class="related sidebar promo newsletter share comment">{PROSE}</div>' * 9_000
        ),
    ),
]
