"""Stories of feeds: documents one after another, and what each must ring, store and tell.

A story plays on the real parts of `conftest.World`. Its addresses lie under a path of its own and
its hours count from its own beginning, so that many stories can be played in one world.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from sqlalchemy import select

from workers.alerts import SinkRoute
from workers.errors import StoreDown
from workers.model.feed import FeedSource
from workers.model.message import OperatorEvent
from workers.model.topic import TopicSpec
from workers.options import AlertOptions, KeepOptions
from workers.pool.tasks import read_feed_again
from workers.steps.look import Look
from workers.steps.poll import Poll as PollStep
from workers.store.tables import alerts, entries, messages
from workers.topics import compile_topics

if TYPE_CHECKING:
    from steps.conftest import World

HOUR_S = 3600.0
TURN_S = 12.0
"""What passes after each poll, until an obvious hit rings."""
PAGES = ("pages:hot", "pages:warm", "pages:cold")
ROUNDS = 5
"""How often what is due is read after a poll, at most."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An item of RSS. ``HERE`` in any of its texts stands for the story's own address."""

    title: str
    guid: str | None = None
    url: str | None = None
    at: float | None = None
    """Hours after the story's beginning."""
    text: str = "Words."
    more: str = ""
    """Further elements, as they are."""


def e(name: str, title: str | None = None, **more: Any) -> Entry:
    """Return an entry: guid, link and title are of its name where nothing else is said."""
    usual = {"guid": name, "url": f"HERE/{name}"}
    return Entry(title=f"Quake {name}" if title is None else title, **usual | more)


def many(first: int, last: int, mark: str = "", **more: Any) -> list[Entry]:
    """Return the entries of these numbers, the newest first; ``mark`` makes their identity."""
    return [
        e(f"{number}", guid=f"{mark}{number}", **{"url": f"HERE/{mark}{number}"} | more)
        for number in range(last, first - 1, -1)
    ]


@dataclass(frozen=True)
class Poll:
    """The feed shows a document, and is polled."""

    listed: Sequence[Entry] | str
    """Entries, or a whole document as it is."""
    rings: str = ""
    """Titles, without "Quake ", of the alerts that this brings; each word one, in any order."""
    stored: str | None = None
    """Identities stored by this, ``*n`` those of a further edition; None: those that ring."""
    anew: bool = False
    """Whether the operator is told that the feed was made anew."""
    after: float = 0.25
    """Hours since what was before."""
    feed: str = "feed"
    status: int = 200
    cut: str = ""
    """Where the document breaks off."""
    link: str = "HERE/front"
    """The site's page."""
    lost: bool = False
    """The commit fails: the database is down."""
    fetched: str | None = None
    """Pages that are fetched after it; None: whatever."""
    to: str = ""
    """Where the feed is now: its address answers 301."""


@dataclass(frozen=True)
class Options:
    """The operator changes ``[alerts]``."""

    changed: dict[str, float]


@dataclass(frozen=True)
class Most:
    """The operator has so many entries of a document read."""

    entries: int


@dataclass(frozen=True)
class Topics:
    """The operator watches these topics."""

    queries: dict[str, str]


@dataclass(frozen=True)
class Page:
    """There is a page at this path."""

    path: str
    title: str
    text: str = "Words."


@dataclass(frozen=True)
class Feeds:
    """The operator's files name these feeds: path and further facts of each."""

    named: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Cleaned:
    """Retention runs, so many hours later; texts are kept for so many days."""

    after: float
    days: float = 10.0


Move = Poll | Options | Most | Topics | Page | Feeds | Cleaned


@dataclass(frozen=True)
class Story:
    """What happens, and in words what is shown by it."""

    fact: str
    moves: tuple[Move, ...]


def story(fact: str, *moves: Move) -> Story:
    """Return a story."""
    return Story(fact, moves)


def news(*listed: Entry, **more: Any) -> Poll:
    """Return a poll at which these entries are listed."""
    return Poll(listed, **more)


@dataclass
class Telling:
    """A story as it is played."""

    world: "World"
    story: Story
    path: str
    began: datetime = field(init=False)
    ids: dict[str, str] = field(default_factory=dict)
    """Feeds by path."""
    wrong: list[str] = field(default_factory=list)
    found: "_Found" = field(init=False)
    """What there was after the last poll."""

    async def play(self) -> list[str]:
        """Play it; return what came otherwise."""
        self.began = self.world.clock.now()
        self.world.topics(quake="quake")
        usual = replace(self.world.rules.poll, max_entries=2000)
        self._change(
            alerts=AlertOptions(), poll=usual, sinks=(SinkRoute(name="ops", events=True),)
        )
        await self._name({"feed": {}})
        self.found = await self._look()
        for number, move in enumerate(self.story.moves, 1):
            await self._move(move, f"{self.story.fact}: move {number}")
        return self.wrong

    def _change(self, **rules: object) -> None:
        present = self.world.rules
        self.world.rules = type(present)(**{**present.__dict__, **rules})

    async def _move(self, move: Move, where: str) -> None:
        if isinstance(move, Poll):
            await self._poll(move, where)
        elif isinstance(move, Options):
            changed = replace(self.world.rules.alerts, **move.changed)
            self._change(alerts=changed)
        elif isinstance(move, Most):
            self._change(poll=replace(self.world.rules.poll, max_entries=move.entries))
        elif isinstance(move, Topics):
            specs = [TopicSpec(name=name, query=query) for name, query in move.queries.items()]
            topics = compile_topics(specs, {}, ("en",))
            self._change(topics=topics)
        elif isinstance(move, Page):
            page = _page(move.title, move.text)
            self.world.site.put(self.path + move.path, page, Content_Type="text/html")
        elif isinstance(move, Feeds):
            await self._name(move.named)
        else:
            self.world.clock.advance(move.after * HOUR_S)
            keep = KeepOptions(text_s=move.days * 24 * HOUR_S)
            await self.world.store.prune(keep, self.world.clock.now())
            self.found = await self._look()

    async def _name(self, named: dict[str, dict[str, Any]]) -> None:
        sources = {}
        for path, facts in named.items():
            said = {name: self._filled(value) for name, value in facts.items()}
            address = self._filled(f"HERE/{path}")
            sources[path] = FeedSource(**{"url": address, "name": f"Feed {path}"} | said)
        ids = await self.world.store.sync_feeds(list(sources.values()))
        self._change(sources={ids[one.url]: one for one in sources.values()})
        self.ids |= {path: ids[one.url] for path, one in sources.items()}

    def _filled(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._filled(one) for one in value)
        if not isinstance(value, str):
            return value
        here = self.world.site.url + self.path
        return value.replace("SECURE", here.replace("http:", "https:")).replace("HERE", here)

    async def _poll(self, move: Poll, where: str) -> None:
        self.world.clock.advance(move.after * HOUR_S)
        document = move.listed if isinstance(move.listed, str) else self._rss(move)
        document = self._filled(document)
        if move.cut:
            document = document[: document.index(move.cut)]
        self.world.site.put(f"{self.path}/{move.to or move.feed}", document, move.status)
        if move.to:
            self.world.site.put(
                f"{self.path}/{move.feed}", "", 301, Location=f"{self.path}/{move.to}"
            )
        asked = len(self.world.site.asked)
        step = self._broken() if move.lost else self.world.poller
        with suppress(StoreDown):
            await step(self.ids[move.feed])
        await self._work()
        before, self.found = self.found, await self._look()
        self._compare(move, before, self.found, where)
        if move.fetched is not None:
            prefix = self.path + "/"
            seen = [path.removeprefix(prefix) for path, _ in self.world.site.asked[asked:]]
            pages = [path for path in seen if path not in self.ids]
            self._same("fetched", move.fetched.split(), pages, where)

    def _broken(self) -> PollStep:
        edges = self.world.edges
        down = type(edges)(**{**edges.__dict__, "store": _Down(self.world.store)})
        return PollStep(down, lambda: self.world.rules, Look(down, read_feed_again))

    async def _work(self) -> None:
        """Read and ring until nothing is due; the ten seconds of an obvious hit pass."""
        await self._pages()
        self.world.clock.advance(TURN_S)
        await self.world.work("ring")
        await self._pages()

    async def _pages(self) -> None:
        for _ in range(ROUNDS):
            if not (due := await self.world.due(*PAGES)):
                break
            for _, id_ in due:
                await self.world.read(id_)

    async def _look(self) -> "_Found":
        def look(conn: Any, _now: datetime) -> _Found:
            rows = conn.execute(
                select(entries.c.identity, entries.c.feed_id, entries.c.edition).where(
                    entries.c.feed_id.in_(self.ids.values())
                )
            )
            rung = conn.execute(select(alerts.c.id, alerts.c.title, alerts.c.topics))
            told = conn.execute(select(messages.c.id, messages.c.body))
            return _Found(
                stored={(row.feed_id, row.identity): row.edition for row in rows},
                rung={row.id: (row.title, row.topics) for row in rung},
                anew={
                    row.id
                    for row in told
                    if isinstance(row.body, OperatorEvent) and row.body.kind == "feed_rebaselined"
                },
            )

        return await self.world.store._read(look)

    def _compare(self, move: Poll, before: "_Found", after: "_Found", where: str) -> None:
        rung = [
            _called(title.removeprefix("Quake "), topics)
            for id_, (title, topics) in after.rung.items()
            if id_ not in before.rung
        ]
        stored = [
            self._short(key[1]) + (f"*{edition}" if edition > 1 else "")
            for key, edition in after.stored.items()
            if before.stored.get(key) != edition
        ]
        self._same("rings", move.rings.split(), rung, where)
        wanted = move.rings if move.stored is None else move.stored
        self._same("stored", wanted.split(), stored, where)
        if move.anew != bool(after.anew - before.anew):
            self.wrong.append(f"{where}: made anew: wanted {move.anew}")

    def _short(self, identity: str) -> str:
        short = identity.removeprefix(self.world.site.url + self.path + "/")
        if short.startswith(("text:", "long:")):
            return short[:4]
        return short

    def _same(self, what: str, wanted: Iterable[str], got: Iterable[str], where: str) -> None:
        if sorted(wanted) != sorted(got):
            self.wrong.append(f"{where}: {what}: wanted {sorted(wanted)}, got {sorted(got)}")

    def _rss(self, move: Poll) -> str:
        assert not isinstance(move.listed, str)
        items = "".join(self._item(entry) for entry in move.listed)
        head = f"<title>Wire</title><link>{move.link}</link><description>-</description>"
        return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'

    def _item(self, entry: Entry) -> str:
        at = None if entry.at is None else self.began + timedelta(hours=entry.at)
        guid = entry.guid
        parts = (
            f"<title>{escape(entry.title, quote=False)}</title>" if entry.title else "",
            "" if guid is None else f'<guid isPermaLink="false">{escape(guid)}</guid>',
            f"<link>{escape(entry.url)}</link>" if entry.url else "",
            f"<pubDate>{format_datetime(at)}</pubDate>" if at else "",
            f"<description>{escape(entry.text)}</description>" if entry.text else "",
            entry.more,
        )
        return f"<item>{''.join(parts)}</item>"


@dataclass
class _Found:
    """What there is at one moment."""

    stored: dict[tuple[str, str], int]
    rung: dict[str, tuple[str, tuple[str, ...]]]
    anew: set[str]


class _Down:
    """A store that cannot write."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit_poll(self, _commit: object) -> None:
        raise StoreDown("disk full")


def _called(title: str, topics: Sequence[str]) -> str:
    """Return a title as one word, with the topics that rang if they are not the usual one."""
    name = title.replace(" ", "_")
    return name if list(topics) == ["quake"] else f"{name}:{'+'.join(sorted(topics))}"


def _page(title: str, text: str) -> str:
    filler = "".join(
        f"<p>The council of the {place} met for the {count} time this year and spoke at length "
        "about the harbour, the bridge and the school that is to be built by the old mill.</p>"
        for place, count in (("valley", "third"), ("coast", "fifth"), ("island", "ninth"))
    )
    return (
        f'<!doctype html><html lang="en"><head><title>{escape(title)}</title></head><body>'
        f"<article><h1>{escape(title)}</h1><p>{escape(text)}</p>{filler}</article></body></html>"
    )
