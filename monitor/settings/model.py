"""All settings of an installation, as one frozen object."""

from pathlib import Path
from typing import Annotated

from platformdirs import user_data_dir
from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationInfo

from monitor.settings.items import FeedSetting, SinkSetting, TopicSetting
from monitor.settings.sections import (
    Alerts,
    Database,
    Heartbeat,
    Keeping,
    Log,
    Matching,
    Net,
    Opml,
    Pages,
    Polling,
    Queue,
    Redis,
    Section,
    Web,
)
from monitor.settings.values import Kind, Text, refuse

__all__ = ["General", "Settings", "default_data_dir"]


def default_data_dir() -> Path:
    """Return the platform's folder for the data of this user's programs."""
    return Path(user_data_dir("tocsin", appauthor=False))


def _folder(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value.strip():
        raise refuse("is no folder", 'write its path: "/var/lib/tocsin"')
    base = Path((info.context or {}).get("base", Path.cwd()))
    return (base / Path(value.strip()).expanduser()).absolute()


def _patterns(value: object) -> object:
    return [value] if isinstance(value, str) else value


class General(Section):
    """What stands before the first section."""

    include: Annotated[tuple[Text, ...], BeforeValidator(_patterns)] = Field(
        default=(),
        description=(
            "Further files, `*` allowed, relative to the config file. They may hold `[[topics]]`, "
            "`[aliases]`, `[[feeds]]` and `[sinks.*]`. A pattern that finds nothing is no error, "
            "a plain name that does not exist is one."
        ),
    )
    data_dir: Annotated[Path, BeforeValidator(_folder), Kind(name="folder")] = Field(
        default_factory=default_data_dir,
        description=(
            "Where everything is written. A relative path is relative to the config file. Unset: "
            "the platform's folder for data (`~/.local/share/tocsin` on Linux)."
        ),
    )
    contact: Text | None = Field(
        default=None,
        description=(
            "A mail address or a web page of yours. It goes into the User-Agent, so that "
            "publishers can reach you before they block you. Unset: they cannot."
        ),
    )


class Settings(General):
    """Everything that the files and the environment said; the rest has its default."""

    database: Database = Database()
    redis: Redis = Redis()
    web: Web = Web()
    net: Net = Net()
    polling: Polling = Polling()
    pages: Pages = Pages()
    matching: Matching = Matching()
    alerts: Alerts = Alerts()
    queue: Queue = Queue()
    keep: Keeping = Keeping()
    heartbeat: Heartbeat = Heartbeat()
    log: Log = Log()
    opml: Opml = Opml()
    feeds: tuple[FeedSetting, ...] = ()
    """Those of the files, then those of OPML; each has a name, no two the same."""
    aliases: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    topics: tuple[TopicSetting, ...] = ()
    sinks: dict[str, SerializeAsAny[SinkSetting]] = Field(default_factory=dict)
