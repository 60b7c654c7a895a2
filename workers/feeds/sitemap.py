"""Sitemaps, those of news above all: titles and publication dates of the last two days."""

from workers.feeds.document import Element, Tree
from workers.feeds.entries import Draft, Reading, finish_all, link_of
from workers.feeds.names import name_of
from workers.model.feed import ParsedFeed

__all__ = ["read_sitemap"]


def read_sitemap(tree: Tree, reading: Reading) -> ParsedFeed:
    """Read a tree whose root is ``urlset``."""
    drafts: list[Draft] = []
    languages: dict[str, int] = {}
    name = ""
    for element in tree.root:
        if name_of(element.tag) != "url":
            continue
        draft, said = _draft(element, reading.url)
        drafts.append(draft)
        name = name or said.get("name", "")
        language = said.get("language", "").strip().lower()[:35]
        if language:
            languages[language] = languages.get(language, 0) + 1
        if len(drafts) >= reading.most:
            break
    if tree.cut and drafts:
        drafts.pop()
    only = next(iter(languages)) if len(languages) == 1 else None
    return ParsedFeed(
        kind="sitemap",
        title=" ".join(name.split())[:500],
        link=link_of("/", reading.url),
        parser="fast",
        language=only,
        entries=finish_all(drafts, reading.now),
    )


def _draft(url: Element, base: str) -> tuple[Draft, dict[str, str]]:
    """Return the entry of a ``url`` element, and what it says of its publication."""
    draft = Draft(base=base)
    said: dict[str, str] = {}
    for element in url:
        name = name_of(element.tag)
        if name == "loc":
            draft.links[1] = element.text or ""
        elif name == "lastmod":
            draft.updated = element.text
        elif name == "news:news":
            said = _news(draft, element)
    return draft, said


def _news(draft: Draft, element: Element) -> dict[str, str]:
    said: dict[str, str] = {}
    for child in element:
        name, text = name_of(child.tag).rpartition(":")[2], child.text or ""
        if name == "title":
            draft.title = text
        elif name == "publication_date":
            draft.published = text
        elif name == "keywords":
            draft.categories.extend(text[:2000].split(","))
        elif name == "publication":
            said = {name_of(item.tag).rpartition(":")[2]: item.text or "" for item in child}
    return said
