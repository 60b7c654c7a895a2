"""reader: all feeds in one SQLite file, updated as by its own command, without workers."""

from polls import addresses, rounds
from reader import make_reader

FOLDER, URLS = addresses()
reader = make_reader(str(FOLDER / "reader.sqlite"))
for url in URLS:
    reader.add_feed(url)


def poll_all():
    """Update all, also those that were updated just now."""
    return sum(
        one.value.new if one.value else 0 for one in reader.update_feeds_iter(scheduled=False)
    )


rounds(poll_all)
