"""rss2email: fetch, parse and remember, without sending."""

import logging
import os

from polls import addresses, rounds

FOLDER, URLS = addresses()
os.environ.update(XDG_CONFIG_HOME=str(FOLDER), XDG_DATA_HOME=str(FOLDER))
from rss2email.config import CONFIG  # noqa: E402 - the folders first
from rss2email.feeds import Feeds  # noqa: E402

logging.getLogger("rss2email").setLevel(logging.ERROR)
CONFIG["DEFAULT"]["to"] = "someone@example.org"
feeds = Feeds(configfiles=[str(FOLDER / "r2e.cfg")], datafile_path=str(FOLDER / "r2e.json"))
for number, url in enumerate(URLS):
    feeds.new_feed(name=f"feed{number}", url=url)


def poll_all():
    """Run each feed, then save what is known, as `r2e run --no-send` does."""
    new = 0
    for feed in feeds:
        before = len(feed.seen)
        feed.run(send=False)
        new += len(feed.seen) - before
    feeds.save_feeds()
    return new


rounds(poll_all)
