"""What a reading means for the next one: when that is, and whether the page is still the same."""

from datetime import datetime

from msgspec.structs import replace

from workers.model.article import ArticleRow, PageJob
from workers.steps.again import PAGES, keeps_earlier, live_after, next_reading
from workers.steps.edges import Rules
from workers.steps.fetching import Got
from workers.steps.identity import hinted
from workers.text.lines import same_by_half
from workers.text.same_page import Tracking, article_key

__all__ = ["ahead", "elsewhere"]


def elsewhere(job: PageJob, got: Got, tracking: Tracking) -> Got:
    """Return what was got; where the address has come to lead to another page, that it is gone.

    Publishers send old addresses to the front page, or to another article: what was read there
    first stays, and nothing is taken for the article that it leads to now.
    """
    page, article = got.page, job.article
    if page is None or got.same or not got.fetched or article.url is None:
        return got
    if article.text_from not in PAGES or not article.text or page.live is not None:
        return got
    if article_key(page.url, tracking) == article_key(article.url, tracking):
        return got
    if same_by_half(article.text, page.text):
        return got
    return Got(reason="gone", detail=f"its address leads to another page now: {page.url}"[:500])


def ahead(  # noqa: PLR0913 - a reading, and what it found
    job: PageJob, rules: Rules, got: Got, article: ArticleRow, now: datetime, *, changed: bool
) -> ArticleRow:
    """Return the article with what says whether and when its page is read again.

    Args:
        job: the article as it was.
        rules: when pages are read again.
        got: what came of fetching its page.
        article: as this reading leaves it.
        now: the present.
        changed: whether its text has.
    """
    page = got.page
    if got.fetched and not got.same and page is not None:
        fits = article.text_from in PAGES and not keeps_earlier(job.article, page)
        article = replace(article, validators=got.validators if fits else None)
        if fits:
            article = hinted(job, article, page, rules.tracking)
    if changed or (got.fetched and article.changed_at is None):
        article = replace(article, changed_at=now)
    if got.fetched and page is not None:
        article = replace(article, live=live_after(article, page.live, now, rules.pages))
    at = next_reading(article, job.entries, now, rules.pages)
    closed = got.reason is not None and not got.passing
    if closed or (page is not None and page.standin):
        at = None
    return replace(article, reread_at=at, live=article.live if at else None)
