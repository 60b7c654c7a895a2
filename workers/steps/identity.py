"""Which article a page is: what a reading proves, and what it only hints at.

Joining two articles is where alerts get lost: whatever comes under the younger's name rings no
more for what the elder has rung. So nothing is joined for what a page merely says of itself.
"""

import re
from collections.abc import Sequence

from msgspec.structs import replace
from tld import get_fld

from workers.model.archive import Archived
from workers.model.article import ArticleRow, Extracted, PageJob
from workers.model.commit import Likeness, Name
from workers.model.feed import EntryRow
from workers.model.ids import article_id
from workers.steps.again import PAGES
from workers.text.lines import content_key, key_of_line
from workers.text.same_page import Tracking, article_key, host_like
from workers.text.urls import canonical, host_of

__all__ = ["hinted", "likeness_as_stored", "likeness_of", "proved_keys"]

OWN_TEXT_LETTERS = 500
"""A page with less text of its own proves nothing about which article it is."""
MOST_LETTERS = 200_000
"""Characters of a text in which the words of a headline are looked for."""
MOST_HEADLINE = 300
"""Characters of a headline that count."""
LEAST_SUMMARY = 40
"""Characters of an entry's text that say, where it has no title, what it is about."""
WORD = 4
"""Letters of a word that says what a headline is about."""
_WORD = re.compile(r"\w+")
_DENSE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)


def proved_keys(
    job: PageJob, read: Extracted, page: Extracted | None, tracking: Tracking
) -> tuple[str, ...]:
    """Return the addresses that this reading proves: where a real article was finally found.

    An article that was made of an entry, because its link is shared by others, claims none: the
    next entry with that link would be joined to it, and would ring no more.
    """
    if page is None or _is_of_an_entry(job) or page.standin or read.verdict != "article":
        return ()
    if page.text_from != "page" or len(page.text) < OWN_TEXT_LETTERS:
        return ()
    own = article_key(page.url, tracking)
    if _led_to(job, own, tracking) and not (_has_path(page.url) and _is_announced(job, page)):
        return ()
    return (own,)


def likeness_of(
    job: PageJob, read: Extracted, page: Extracted | None, tracking: Tracking
) -> Likeness | None:
    """Return what may show, beside what other articles are, that the page is one of theirs.

    Nothing of what stands in an article's place (consent, challenge, "click for more") does.
    """
    if page is None or _is_of_an_entry(job) or page.standin or page.text_from not in PAGES:
        return None
    if read.verdict not in {"article", "doubtful"} or not _is_announced(job, page):
        return None
    own = article_key(page.url, tracking)
    names = {
        key: Name(key=key, url=url)
        for url in filter(None, (page.canonical, *page.twins))
        if (key := hint_of(page.url, url, tracking)) is not None and key != own
    }
    proved = bool(proved_keys(job, read, page, tracking)) and page.live is None
    return Likeness(
        own=Name(key=own, url=canonical(page.url) or page.url),
        moved=_led_to(job, own, tracking),
        title=f"{key_of_line(page.title)} {key_of_line(_headline(job))}",
        text=page.text,
        content=content_key(page.text) if proved else None,
        site=host_like(page.url),
        names=tuple(names.values()),
    )


def likeness_as_stored(one: Archived, tracking: Tracking) -> Likeness | None:
    """Return by what a stored article may be another publisher's text, None if by nothing.

    The lines that its feeds added when it was read are left out, so that it is the page's own text
    again: by that alone is it known whether the same text has rung elsewhere.
    """
    article = one.article
    text = _without_headlines(article.text, one.entries)
    proves = article.verdict == "article" and article.text_from == "page" and article.live is None
    if not proves or len(text) < OWN_TEXT_LETTERS or article.url is None or _is_of_an_entry(one):
        return None
    own = Name(key=article_key(article.url, tracking), url=article.url)
    return Likeness(own=own, title="", text=text, content=content_key(text), site="")


def _without_headlines(text: str, entries: Sequence[EntryRow]) -> str:
    told = {
        key_of_line(line)
        for entry in entries
        for line in (entry.title, *entry.summary.splitlines())
    }
    lines = text.splitlines()
    while lines and key_of_line(lines[-1]) in told:
        lines.pop()
    return "\n".join(lines)


def hinted(job: PageJob, article: ArticleRow, page: Extracted, tracking: Tracking) -> ArticleRow:
    """Return the article with the key of what its page calls its own, or its twin's, address."""
    if not _is_announced(job, page):
        return replace(article, hint=None)
    own = article_key(page.url, tracking)
    named = (hint_of(page.url, url, tracking) for url in (page.canonical, *page.twins) if url)
    return replace(article, hint=next((key for key in named if key not in {None, own}), None))


def hint_of(url: str, named: str, tracking: Tracking) -> str | None:
    """Return the key of an address that a page names, None if it is no page of the same owner's.

    Whoever can write a page could else have any publisher's articles taken for it.
    """
    whole = canonical(named, url)
    if whole is None or not _has_path(whole):
        return None
    return article_key(whole, tracking) if _owner(whole) == _owner(url) else None


def _owner(url: str) -> str:
    """Return whose a page is: a registered domain, of shared ones (blogs) the name below it."""
    host = host_of(url)
    return get_fld(url, fail_silently=True, search_private=True) or host


def _has_path(url: str) -> bool:
    """Say whether an address is of a page, not of a whole site: the front page is no article."""
    return bool(url.partition("://")[2].partition("?")[0].partition("/")[2].strip("/"))


def _led_to(job: PageJob, own: str, tracking: Tracking) -> bool:
    """Say whether the page was found elsewhere than where its entry's link leads."""
    return job.article.url is not None and article_key(job.article.url, tracking) != own


def _is_announced(job: PageJob, page: Extracted) -> bool:
    """Say whether the page says what an entry that lists it announces.

    A wall that a site puts before its articles (of consent, of payment, of its weekly letter) may
    look like an article, and is the same for all of them: each entry's own words tell.
    """
    said = f"{page.title}\n{page.text[:MOST_LETTERS]}".casefold()
    lines = list(filter(None, map(_line_of, job.entries)))
    return not lines or any(_is_about(said, line) for line in lines)


def _line_of(entry: EntryRow) -> str:
    """Return what an entry announces: its title, without one the beginning of what it tells."""
    told = entry.summary if len(entry.summary) >= LEAST_SUMMARY else ""
    return entry.title.strip() or told


def _is_about(said: str, headline: str) -> bool:
    """Say whether half of a headline's words stand in what is said, in whatever form."""
    found = _WORD.findall(headline[:MOST_HEADLINE].casefold())
    words = {word[: max(4, len(word) - 2)] for word in found if len(word) >= WORD} or set(found)
    pairs = [line[at : at + 2] for line in found if _is_dense(line) for at in range(len(line) - 1)]
    pieces = set(pairs) or words
    return 2 * sum(piece in said for piece in pieces) >= len(pieces)


def _is_dense(word: str) -> bool:
    """Say whether it is in a script that is written without spaces."""
    return bool(_DENSE.search(word))


def _headline(job: PageJob) -> str:
    return next((entry.title for entry in job.entries), "")


def _is_of_an_entry(job: PageJob | Archived) -> bool:
    return any(article_id(f"entry:{entry.id}") == job.article.id for entry in job.entries)
