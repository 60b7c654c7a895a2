"""Pages as publishers write them, written by us."""

from collections.abc import Callable
from pathlib import Path

import pytest

from workers.model.article import Cues, Extracted, FetchedPage
from workers.pages import PageRules, extract, parse_cues

SEEDS = Path(__file__).parents[2] / "seeds" / "cues"
URL = "https://www.gazette.example/2026/11/23/ferry-line-to-close-for-winter"
PARAGRAPHS = tuple(
    """
The ferry between Upper and Lower Tolva will stop running on the first of December and will not \
return before Easter, the harbour office announced on Monday after a vote of nine to two.
Islanders who work on the mainland will have to drive round by the long bridge, which takes an \
hour and ten minutes in dry weather and is closed to lorries whenever the wind is high.
“We were told of it by a notice nailed to the ticket booth,” said Ansgar Holm, who has kept the \
kiosk on the pier since his father retired. “The nail was still warm when I got there.”
The company that owns the boat said that winter crossings had lost it forty thousand crowns a \
month, and that a cracked propeller shaft could not be repaired before the spring.
""".strip().splitlines()
)
JSON_LD = """{"@context": "https://schema.org", "@graph": [
 {"@type": "WebSite", "@id": "#site", "name": "The Gazette"},
 {"@type": "Person", "@id": "#ines", "name": "Ines Aldana"},
 {"@type": "NewsArticle", "headline": "Ferry line to close for the winter",
  "datePublished": "2026-11-23T09:30:00+01:00", "author": [{"@id": "#ines"}],
  "inLanguage": "en-GB", "isAccessibleForFree": false,},]}"""


def page(
    body: str | None = None,
    head: str = "",
    title: str = "Ferry line to close for the winter | The Gazette",
    language: str = "en",
) -> str:
    """Return a whole page: navigation, article, newsletter box, related stories, comments."""
    if body is None:
        body = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    return f"""<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">
<title>{title}</title><meta property="og:site_name" content="The Gazette">{head}</head><body>
<header><a href="/">The Gazette</a><nav><ul><li><a href="/city">City</a></li>
<li><a href="/sea">Sea</a></li><li><a href="/courts">Courts</a></li></ul></nav></header>
<main><article><h1>Ferry line to close for the winter</h1>
<p class="byline">By <a rel="author" href="/staff">Ines Aldana</a></p>
<div class="article-body">{body}</div></article>
<section class="newsletter"><h3>Morning briefing</h3><p>Sign up for our newsletter and get the
headlines before breakfast.</p><form action="/nl"><input name="m"></form></section>
<section class="related"><h3>More on this story</h3><ul>
<li><a href="/a">Murder trial of harbour master opens in the old courthouse</a></li>
<li><a href="/b">Goat elected honorary porter of the railway station again</a></li></ul></section>
<section id="comments" class="comments"><h3>Comments</h3><ol><li>They said murder.</li></ol>
</section></main><footer><p>© 2026 The Gazette. All rights reserved.</p></footer></body></html>"""


@pytest.fixture(scope="session")
def english() -> Cues:
    """Return the cue list that is shipped."""
    return parse_cues((SEEDS / "en.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def rules(english: Cues) -> PageRules:
    """Return the rules that pages are read by."""
    return PageRules(cues=(english,))


@pytest.fixture(scope="session")
def build() -> Callable[..., str]:
    """Return what writes a whole page around an article's body."""
    return page


@pytest.fixture(scope="session")
def paragraphs() -> tuple[str, ...]:
    """Return the prose of the article that the pages tell."""
    return PARAGRAPHS


@pytest.fixture(scope="session")
def json_ld() -> str:
    """Return JSON-LD with a trailing comma, a reference and a graph, as plugins write it."""
    return f'<script type="application/ld+json">{JSON_LD}</script>'


@pytest.fixture(scope="session")
def read(rules: PageRules) -> Callable[..., Extracted]:
    """Return what reads markup as a page at the usual address."""

    def reading(markup: str | bytes, url: str = URL, content_type: str = "text/html") -> Extracted:
        body = markup if isinstance(markup, bytes) else markup.encode()
        return extract(FetchedPage(url=url, body=body, content_type=content_type), rules)

    return reading
