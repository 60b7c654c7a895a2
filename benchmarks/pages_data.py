"""Pages with the truth about them: from a folder, or made up."""

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.articles import article, page_of, publisher

__all__ = ["Sample", "in_folder", "made_up"]

MADE_UP, FEEDS = 400, 23
_BORN = datetime(2026, 3, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A page as it was stored, and what is true of it; "" for what nobody knows."""

    file: str
    url: str
    group: str
    """The collection that it is of."""
    kind: str
    """``article``, or what else the page is."""
    body: bytes
    text: str = ""
    title: str = ""
    author: str = ""
    date: str = ""
    language: str = ""

    @property
    def host(self) -> str:
        """Return the host of its address."""
        return urlsplit(self.url).hostname or ""


def in_folder(folder: Path, groups: tuple[str, ...] = ()) -> list[Sample]:
    """Return the pages of a folder: ``truth.jsonl``, a page a line, and the files that it names.

    Raises:
        SystemExit: a line is no such thing, or its file is not there; says which.
    """
    found = []
    with (folder / "truth.jsonl").open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                told = json.loads(line)
                if not groups or told["set"] in groups:
                    found.append(_sample(folder, told))
            except (ValueError, KeyError, OSError) as error:
                raise SystemExit(f"{folder}/truth.jsonl, line {number}: {error!r}") from error
    return found


def _sample(folder: Path, told: dict[str, str]) -> Sample:
    raw = (folder / told["file"]).read_bytes()
    return Sample(
        file=told["file"],
        url=told["url"],
        group=told["set"],
        kind=told.get("type") or "article",
        body=gzip.decompress(raw) if told["file"].endswith(".gz") else raw,
        text=told.get("text") or "",
        title=told.get("title") or "",
        author=told.get("author") or "",
        date=_day(told.get("date") or ""),
        language=told.get("lang") or "",
    )


def _day(date: str) -> str:
    """Return the day of a date in UTC; a bare day as it is."""
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        return ""
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date().isoformat()


def made_up(count: int = MADE_UP) -> list[Sample]:
    """Return pages in the newswire's templates; the same ones each time.

    Real pages have ten times as much markup, and publishers who do not read what they send: these
    show that all works and what it costs, not how well text is found.
    """
    found = []
    for number in range(count):
        one = article(number, FEEDS)
        house = publisher(one.feed)
        at = _BORN + timedelta(hours=number)
        url, body = page_of(one, house, f"https://wire{one.feed}.example", at)
        found.append(
            Sample(
                file=f"made-up-{number}",
                url=url,
                group="made up",
                kind="article",
                body=body,
                text=one.story.body,
                title=one.story.title,
                author=one.story.author,
                date=at.date().isoformat(),
                language=house.language,
            )
        )
    return found
