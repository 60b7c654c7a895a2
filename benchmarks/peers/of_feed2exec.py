"""feed2exec: its own fetch, with a plugin that does nothing."""

from pathlib import Path

from feed2exec.controller import FeedManager
from polls import addresses, rounds

FOLDER, URLS = addresses()
manager = FeedManager(str(FOLDER / "feed2exec.ini"), str(FOLDER / "feed2exec.sqlite"))
for number, url in enumerate(URLS):
    manager.conf_storage.add(f"feed{number}", url, output="feed2exec.plugins.null")


def poll_all():
    """Fetch all, one after the other."""
    manager.fetch()
    return 0


Path(FOLDER).mkdir(exist_ok=True)
rounds(poll_all)
