"""What is asked: feeds, their addresses, and what hubs push of them."""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    text,
)

from workers.model.feed import Activity, FeedHints, StandIn, Validators
from workers.store.columns import Moment, Packed, Words
from workers.store.tables.base import Strings, metadata

__all__ = ["addresses", "feeds", "subscriptions"]

feeds = Table(
    "feeds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Words, nullable=False),
    Column("configured", Words, nullable=False),  # the address that the operator wrote last
    Column("name", Words, nullable=False),
    Column("tags", Strings, nullable=False),
    Column("weight", Double, nullable=False),
    Column("interval_fixed_s", Double),
    Column("parked", Boolean, nullable=False, server_default=false()),
    Column("title", Words, nullable=False),
    Column("kind", Text),
    Column("validators", Packed(Validators), nullable=False),
    Column("marks", LargeBinary),  # of the entries that the last document listed, packed
    Column("hints", Packed(FeedHints), nullable=False),
    Column("activity", Packed(Activity), nullable=False),
    Column("baselined_at", Moment),
    Column("next_poll_at", Moment),
    Column("last_poll_at", Moment),
    Column("last_good_at", Moment),
    Column("last_new_at", Moment),
    Column("interval_s", Double),
    Column("why", Strings, nullable=False),
    Column("score", Double, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("last_error", Words),
    Column("failing_since", Moment),
    Column("moved_to", Words),
    Column("moved_count", Integer, nullable=False),
    Column("moved_since", Moment),
    Column("gone_count", Integer, nullable=False),
    Column("gone_since", Moment),
    Column("pages_got", Integer, nullable=False, server_default=text("0")),
    Column("pages_tried", Integer, nullable=False, server_default=text("0")),
    Column("quiet", Words),  # in what it is quieter than ever
    Column("gone_at", Moment),  # when it was given up for its 410s
    Column("excused_at", Moment),  # when a poll failed last for our own network
    Column("disabled_at", Moment),  # by `tocsin feeds disable`
    Column("stand_in", Packed(StandIn)),  # what is read in the place of the page at url
)

addresses = Table(
    "feed_addresses",
    metadata,
    Column("key", Words, primary_key=True),  # the address without its scheme
    Column("feed_id", Text, ForeignKey("feeds.id"), nullable=False, index=True),
    Column("url", Words, nullable=False),
    Column("how", Text, nullable=False),  # configured, former, moved
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("feed_id", Text, ForeignKey("feeds.id"), nullable=False, index=True),
    Column("hub", Words, nullable=False),
    Column("topic", Words, nullable=False),
    Column("callback", Words, nullable=False),  # our address that the hub was given
    Column("secret", Text),  # what its pushes are signed with
    Column("state", Text, nullable=False),  # wanted, asked, live, refused, leaving
    Column("tries", Integer, nullable=False),
    Column("next_at", Moment, nullable=False, index=True),  # when its hub is to be asked again
    Column("asked_at", Moment),
    Column("verified_at", Moment),
    Column("expires_at", Moment),
    Column("pushed_at", Moment),
    Column("missed_at", Moment),  # when a poll found what was not pushed
    Column("said", Words),
)
Index(
    "uq_subscriptions_of_feed",
    subscriptions.c.feed_id,
    unique=True,
    sqlite_where=subscriptions.c.state != "leaving",
    postgresql_where=subscriptions.c.state != "leaving",
)
