"""Values that nobody may see: written plain, or kept in the environment or in a file.

A secret is read again each time it is asked for, so that a rotated file needs no restart.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema
from typing_extensions import override

from monitor.settings.values import EnvText, Kind, refuse
from workers.errors import Transient

__all__ = [
    "Secret",
    "SecretAddress",
    "SecretText",
    "SecretUnreadable",
    "SecretUrl",
    "Source",
]

SourceKind = Literal["plain", "environment", "env", "file", "credential"]
_LIMIT = 64 * 1024
_HINT = 'write "…", { env = "NAME" }, { file = "path" } or { credential = "name" }'


class SecretUnreadable(Transient):
    """A secret cannot be read now: its file or its environment variable is missing or empty."""

    def __init__(self, detail: str) -> None:
        super().__init__("authError", detail)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one secret is kept. ``where`` is the secret itself only if it is written plain."""

    kind: SourceKind
    where: str = field(repr=False)
    environ: Mapping[str, str] = field(repr=False, compare=False, hash=False)

    def read(self) -> str:
        """Return the secret.

        Raises:
            SecretUnreadable: it is not there.
        """
        value = self._raw()
        if not value:
            raise SecretUnreadable(f"{self.told()} is empty")
        return value

    def told(self) -> str:
        """Return where it is kept, in words that anybody may read."""
        if self.kind in {"plain", "environment"}:
            return "the plain text"
        if self.kind == "env":
            return f"environment variable {self.where}"
        return f"{self.kind} {self.where}"

    def _raw(self) -> str:
        if self.kind in {"plain", "environment"}:
            return self.where
        if self.kind == "env":
            if self.where not in self.environ:
                raise SecretUnreadable(f"{self.told()} is not set")
            return self.environ[self.where]
        return self._from_file(self._path())

    def _path(self) -> Path:
        if self.kind == "file":
            return Path(self.where)
        folder = self.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise SecretUnreadable(f"{self.told()}: CREDENTIALS_DIRECTORY is not set (by systemd)")
        return Path(folder) / self.where

    def _from_file(self, path: Path) -> str:
        try:
            with path.open("rb") as stream:
                raw = stream.read(_LIMIT + 1)
            text = raw.decode()
        except OSError as error:
            raise SecretUnreadable(f"{self.told()}: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise SecretUnreadable(f"{self.told()} is not UTF-8") from error
        if len(raw) > _LIMIT:
            raise SecretUnreadable(f"{self.told()} is larger than {_LIMIT} bytes")
        return text.strip()


class Secret:
    """One secret, or several while it is rotated. Prints as ``<secret>``.

    No dataclass, because pydantic would print one field by field when asked to serialize as any.
    """

    __slots__ = ("_sources",)

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self._sources = sources

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the secrets are kept."""
        return self._sources

    @override
    def __eq__(self, other: object) -> bool:
        """Say whether both are kept in the same places."""
        return isinstance(other, Secret) and self._sources == other._sources

    @override
    def __hash__(self) -> int:
        """Return a hash over the places."""
        return hash(self._sources)

    def reveal(self) -> tuple[str, ...]:
        """Return the secrets as they are now, the first one first; files are read again.

        Raises:
            SecretUnreadable: one of them is not there.
        """
        return tuple(source.read() for source in self.sources)

    def first(self) -> str:
        """Return the first secret, for what takes only one.

        Raises:
            SecretUnreadable: it is not there.
        """
        return self.sources[0].read()

    @property
    def plain(self) -> bool:
        """Whether any of it is written into the config file."""
        return any(source.kind == "plain" for source in self.sources)

    def missing(self) -> tuple[str, ...]:
        """Return what cannot be read now, a sentence each."""
        found: list[str] = []
        for source in self.sources:
            try:
                source.read()
            except SecretUnreadable as error:
                found.append(error.detail)
        return tuple(found)

    @override
    def __repr__(self) -> str:
        """Return a mask."""
        return "<secret>"

    @override
    def __str__(self) -> str:
        """Return a mask."""
        return "<secret>"

    @classmethod
    def plainly(cls, value: str) -> Self:
        """Return a secret that is this text."""
        return cls((Source(kind="plain", where=value, environ={}),))

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Tell pydantic to take what is made by `_read` and to print it masked."""
        return core_schema.with_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )

    @classmethod
    def _validate(cls, value: object, info: ValidationInfo) -> Self:
        return value if isinstance(value, cls) else cls(_sources(value, info))


class SecretUrl(Secret):
    """A URL that may hold a secret. Prints as scheme and host."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        """Return scheme and host."""
        return str(self)

    @override
    def __str__(self) -> str:
        """Return scheme and host, or hosts."""
        try:
            text = self.first()
            parts = urlsplit(text)
            hosts = parts.netloc.rpartition("@")[2]
            several = hosts.split(",") if "+" in parts.scheme else [hosts]
            told = ",".join(map(_host_of, several))
        except (SecretUnreadable, ValueError):
            return "<secret>"
        if not parts.scheme:
            return text if text == "embedded" else "<secret>"
        if not parts.netloc:
            return f"{parts.scheme}:…"
        return f"{parts.scheme}://{told}"


def _host_of(text: str) -> str:
    """Return host and port.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(f"//{text}")
    return f"{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")


def _sources(value: object, info: ValidationInfo) -> tuple[Source, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    if not items:
        raise refuse("is an empty list", _HINT)
    return tuple(_source(item, info.context or {}) for item in items)


def _source(item: object, context: Mapping[str, Any]) -> Source:
    environ = context.get("environ", os.environ)
    if isinstance(item, str):
        if not item:
            raise refuse("is empty", _HINT)
        kind: SourceKind = "environment" if isinstance(item, EnvText) else "plain"
        return Source(kind=kind, where=str(item), environ=environ)
    if isinstance(item, dict) and len(item) == 1:
        (name, where), *_ = item.items()
        if isinstance(where, str) and where:
            return _kept(name, where, environ, context)
    raise refuse("is no secret", _HINT)


def _kept(name: str, where: str, environ: Mapping[str, str], context: Mapping[str, Any]) -> Source:
    if name == "env":
        return Source(kind="env", where=where, environ=environ)
    if name == "file":
        path = Path(context.get("base", Path.cwd())) / where
        return Source(kind="file", where=str(path), environ=environ)
    if name == "credential" and Path(where).name == where:
        return Source(kind="credential", where=where, environ=environ)
    raise refuse("is no secret", _HINT)


SecretText = Annotated[Secret, Kind(name="secret", like='{ env = "NAME" }')]
SecretAddress = Annotated[SecretUrl, Kind(name="address, may be kept as a secret")]
