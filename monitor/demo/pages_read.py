"""What the demo tells of the pages that it read: what was kept aside, and what was no article."""

from collections import Counter
from collections.abc import Sequence

from monitor.daemon.build import SqlStore
from monitor.demo.newswire import NewswireServer
from workers.model.article import ArticleRow, Zone
from workers.text.urls import identity_key

__all__ = ["pages_read"]

SHOWN = 90
"""Characters of a line that are shown."""
_TOLD: dict[Zone, str] = {
    "related": "lead to other stories",
    "boilerplate": "are advertisements, requests or what stands on every page",
    "caption": "are captions and credits",
}


async def pages_read(store: SqlStore, wire: NewswireServer) -> str:
    """Return what was kept aside of the pages, and what each page was that is no article."""
    rows = []
    for feed, story in wire.newswire.stories:
        path = wire.newswire.publishers[feed].path_of(story)
        found = await store.find_article(identity_key(wire.base_url + path))
        row = await store.article_by_id(found) if found else None
        if row is not None:
            rows.append(row)
    head = "How pages were read (of your own: tocsin pages try URL):"
    return "\n".join(("", head, *_aside(rows), *_fullest(rows), *_others(rows), ""))


def _aside(rows: Sequence[ArticleRow]) -> list[str]:
    lines = [line for row in rows for line in row.zones]
    zones = Counter(line.zone for line in lines)
    rules = Counter((line.zone, line.rule) for line in lines)
    told = []
    for zone, words in _TOLD.items():
        if zones[zone]:
            by = ", ".join(
                f"{many} by {rule}" for (of, rule), many in rules.most_common() if of == zone
            )
            told.append(f"  {zones[zone]} lines {words}, and are not searched ({by})")
    return told


def _fullest(rows: Sequence[ArticleRow]) -> list[str]:
    """Show the article with most lines kept aside that look like news."""

    def luring(row: ArticleRow) -> int:
        return sum(line.zone in {"related", "boilerplate"} for line in row.zones)

    row = max((row for row in rows if row.verdict == "article"), key=luring, default=None)
    if row is None or not luring(row):
        return []
    lures = (line for line in row.zones if line.zone in {"related", "boilerplate"})
    return [
        f"  {row.title}",
        *(f"    [{line.zone} {line.rule}] {line.text[:SHOWN]}" for line in lures),
    ]


def _others(rows: Sequence[ArticleRow]) -> list[str]:
    """Tell of each page that is no article, or has its text elsewhere, why and what then."""
    told = []
    for row in rows:
        if row.verdict == "article" and row.text_from == "page":
            continue
        searched = {
            "page": "its own text was searched, and the feed's title",
            "articleBody": "the text in its JSON-LD was searched",
            "feed": "the feed's text was searched",
            "none": "there was nothing to search",
        }[row.text_from]
        because = next(iter(row.reasons), "")
        told.append(f"  {row.title[:SHOWN]}: {row.verdict} ({because}); {searched}")
    return told
