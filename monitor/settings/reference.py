"""The reference of all options, written from the models: ``docs/configuration.md``.

``python -m monitor.settings.reference`` prints it; a test keeps the page in step.
"""

import json
import sys
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from monitor.settings.hidden import SecretUrl
from monitor.settings.items import SINKS, FeedSetting, SinkSetting, TopicSetting
from monitor.settings.model import General
from monitor.settings.notyet import NOT_YET
from monitor.settings.sections import SECTIONS, Host, Section
from monitor.settings.values import Kind, Rate, duration_text, size_text

__all__ = ["main", "options", "reference"]

_NONE = ('"auto"', '"forever"')
"""Words for what the program knows as None."""
_INTRODUCTION = """\
# Configuration

This page is written from the code by `make docs`; do not edit it.

Tocsin reads one TOML file: the one named by `-c`, else by `$TOCSIN_CONFIG`, else `./tocsin.toml`,
else `/etc/tocsin/tocsin.toml`. Every command says on stderr which file and which data folder it
uses. Every section is optional, and `tocsin init` writes a file with every option in it.
`tocsin check` says everything that is wrong at once, each with file, line, key and what to do.

**Values.** Durations are `"30s"`, `"15m"`, `"2h"`, `"90d"`, `"2w"`, `"1y"`; sizes `"4MiB"`,
`"10GiB"`; rates `"30/m"`, `"20/1h"`. A plain number has no unit and is refused. Paths that are
read (`include`, OPML, secrets) are relative to the config file, paths that are written to
`data_dir`.

**Secrets** are `{ env = "NAME" }`, `{ file = "path" }`, `{ credential = "name" }` (systemd's
`LoadCredential=`) or a plain text, which `tocsin check` warns of. Where a secret may be rotated, a
list of these is accepted. They are read again whenever they are needed, and print as `<secret>`;
addresses that may hold one print as scheme and host.

**Environment.** `TOCSIN_SECTION__KEY` sets an option: `TOCSIN_WEB__LISTEN=off`,
`TOCSIN_NET__ALLOW='["10.0.0.0/8"]'`, `TOCSIN_SINKS__OPS__URL=…`, and `TOCSIN__DATA_DIR=…` for what
stands before the first section. Names without `__` are left alone.

**Topics survive a typo.** A topic that is refused costs only itself, as does an included file or
an OPML file that cannot be read; everything else that is wrong keeps `tocsin run` from starting
(exit 78) and `tocsin reload` from taking over.
"""


def reference() -> str:
    """Return the whole page."""
    parts = [_INTRODUCTION, _chapter("Before the first section", "", General, ())]
    for name, model in SECTIONS.items():
        parts.append(_chapter(f"[{name}]", model.__doc__ or "", model, (name,)))
        if name == "net":
            title = '[net.hosts."example.org"]'
            parts.append(_chapter(title, Host.__doc__ or "", Host, ("net", "hosts")))
    parts.append(_chapter("[[feeds]]", FeedSetting.__doc__ or "", FeedSetting, ("feeds",)))
    parts.append(_aliases())
    parts.append(_chapter("[[topics]]", TopicSetting.__doc__ or "", TopicSetting, ("topics",)))
    common = "What every sink has, whatever its type. The table's name is the sink's name."
    parts.append(_chapter("[sinks.NAME]", common, SinkSetting, ("sinks",)))
    for kind, sink in SINKS.items():
        own = set(sink.model_fields) - set(SinkSetting.model_fields)
        title = f'[sinks.NAME] with type = "{kind}"'
        parts.append(_chapter(title, sink.__doc__ or "", sink, ("sinks", kind), own))
    return "\n".join(parts)


def options(model: type[Section]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield name and description of each option of a table, as it is written in the file."""
    for name, info in model.model_fields.items():
        if info.exclude is not True:
            yield info.alias or name, info


def main() -> None:
    """Print the page."""
    sys.stdout.write(reference())


def _aliases() -> str:
    return (
        "## [aliases]\n\n"
        "Spellings and scripts of one name, written once and used in queries as `@name`. Each is "
        "a list of\nphrases; an alias may hold others, up to 5 deep.\n"
    )


def _chapter(
    title: str, text: str, model: type[Section], path: tuple[str, ...], own: set[str] | None = None
) -> str:
    lines = [f"## {title}\n"]
    if text:
        lines.append(_wrapped(" ".join(text.split())) + "\n")
    for name, info in options(model):
        if own is None or name in own or (name == "from" and "sender" in own):
            lines.append(_option(name, info, path))
    return "\n".join(lines)


def _option(name: str, info: FieldInfo, path: tuple[str, ...]) -> str:
    heading = ".".join((*path, name))
    facts = f"{_kind(info)}; {_default(info)}."
    text = f"### {heading}\n\n{_wrapped(facts)}\n\n{_wrapped(info.description or '')}\n"
    instead = NOT_YET.get(".".join((*path[:1], name)))
    if instead:
        text += f"\n{_wrapped(f'Read, but not acted on by this version: {instead}.')}\n"
    return text


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    if info.default_factory is not None or info.default is None or info.default == ():
        word = next((word for word in _NONE if word in _kind(info)), None)
        return f"default: `{word}`" if word else "default: unset"
    told = _written(info.default, info)
    return f"default: `{told}`" if told else "default: unset"


def _written(value: object, info: FieldInfo) -> str:
    """Return a default as it would be written in the file; "" for an empty table."""
    kinds = [item.name for item in info.metadata if isinstance(item, Kind)]
    told: object = str(value) if isinstance(value, Rate | SecretUrl) else value
    if kinds and "duration" in kinds[0] and isinstance(value, float):
        told = duration_text(value)
    if isinstance(value, tuple) and "duration" in _kind(info):
        told = [duration_text(one) for one in value]
    if kinds == ["size"] and isinstance(value, int):
        told = size_text(value)
    if isinstance(told, float) and told.is_integer():
        told = int(told)
    return "" if isinstance(told, Section) else json.dumps(told)


def _kind(info: FieldInfo) -> str:
    """Return what an option takes, in words."""
    for item in info.metadata:
        if isinstance(item, Kind):
            return _named(item)
    return _told(info.annotation)


def _named(kind: Kind) -> str:
    name = kind.name[:1].upper() + kind.name[1:]
    return f"{name}, like `{kind.like}`" if kind.like else name


def _told(annotation: Any) -> str:  # noqa: ANN401 - an annotation may be anything
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        kinds = [item for item in arguments if isinstance(item, Kind)]
        return _named(kinds[0]) if kinds else _told(arguments[0])
    if origin is Literal:
        return "One of " + ", ".join(f"`{json.dumps(value)}`" for value in arguments)
    if origin in {Union, UnionType}:
        return _told(next(item for item in arguments if item is not type(None)))
    if origin is tuple:
        inner = _told(arguments[0])
        return f"List, each {inner[:1].lower()}{inner[1:]}"
    if origin is dict or (isinstance(annotation, type) and issubclass(annotation, Section)):
        return "Table"
    return "Text" if annotation is str else str(annotation)


def _wrapped(text: str, width: int = 100) -> str:
    """Return ``text`` in lines; words in backquotes are not torn apart."""
    lines, line = list[str](), ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


if __name__ == "__main__":
    main()
