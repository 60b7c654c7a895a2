"""How values are written in the file: durations, sizes, rates, addresses, networks.

Each type is a plain one (``float`` seconds, ``int`` bytes) with a reader before it, so that the
rest of the project computes with numbers and only this module knows how people write them.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError
from typing_extensions import override

__all__ = [
    "NAME_LIMIT",
    "Burst",
    "BurstOrOff",
    "Bytes",
    "Count",
    "EnvText",
    "Flag",
    "Keep",
    "Kind",
    "Listen",
    "Name",
    "Network",
    "Number",
    "Rate",
    "Seconds",
    "SecondsOrAuto",
    "Share",
    "Text",
    "TimeZone",
    "WebUrl",
    "duration",
    "duration_text",
    "host_is_loopback",
    "refuse",
    "size_text",
    "url_parts",
]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 365 * 86400.0}
_BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_DURATION = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s?([smhdwy])")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s?(B|KiB|MiB|GiB|TiB)")
_RATE = re.compile(r"(\d{1,9})/(\d{0,6})([smhd])")
_SPACE = re.compile(r"[\s\x00-\x1f]")
_TEXT_LIMIT = 20_000
_URL_LIMIT = 2048
NAME_LIMIT = 200


class EnvText(str):
    """A text from the environment, where numbers cannot be told from text."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a value is, for the reference of all options."""

    name: str
    like: str = ""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """At most ``count`` in each ``per_s`` seconds."""

    count: int
    per_s: float

    @override
    def __str__(self) -> str:
        """Return it as it is written in the file."""
        return f"{self.count}/{duration_text(self.per_s)}"


def refuse(message: str, hint: str = "") -> PydanticCustomError:
    """Return the error that says what is wrong with a value and what to write instead."""
    safe = message.replace("{", "(").replace("}", ")")
    return PydanticCustomError("refused", safe, {"hint": hint})


def _duration(value: object) -> float:
    hint = 'write a number and a unit: "30s", "15m", "2h", "90d"'
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = f"{value:g}"
        raise refuse(
            "a plain number has no unit", f'write "{number}s", "{number}m" or "{number}h"'
        )
    if not isinstance(value, str):
        raise refuse("is no duration", hint)
    try:
        return duration(value)
    except ValueError as error:
        raise refuse("is no duration", hint) from error


def duration(text: str) -> float:
    """Return the seconds of a duration as it is written in the file: ``6h``.

    Raises:
        ValueError: it is none.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"no duration: {text!r}")
    return float(found[1]) * _UNITS[found[2]]


def _duration_or_forever(value: object) -> float | None:
    if value is None or value == "forever":
        return None
    return _duration(value)


def _duration_or_auto(value: object) -> float | None:
    if value is None or value == "auto":
        return None
    seconds = _duration(value)
    if seconds < 1:
        raise refuse("is shorter than a second", 'write "auto", or at least "1s"')
    return seconds


def _size(value: object) -> int:
    hint = 'write a number and a unit: "512KiB", "4MiB", "10GiB"'
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise refuse("a plain number has no unit", f'write "{value:g}MiB" or "{value:g}GiB"')
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise refuse("is no size", hint)
    return int(float(found[1]) * _BYTES[found[2]])


def _rate_or_off(value: object) -> Rate | None:
    return None if value is None or value == "off" else _rate(value)


def _rate(value: object) -> Rate:
    found = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise refuse("is no rate", 'write how many in how long: "30/m", "20/1h"')
    rate = Rate(count=int(found[1]), per_s=float(found[2] or 1) * _UNITS[found[3]])
    if rate.count < 1 or rate.per_s <= 0:
        raise refuse("is a rate of nothing", 'write how many in how long: "30/m", "20/1h"')
    return rate


def _whole(value: object) -> object:
    if isinstance(value, EnvText) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise refuse("must be a whole number", "write it without quotes: 4")


def _number(value: object) -> object:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, EnvText) or numeric:
        return value
    raise refuse("must be a number", "write it without quotes: 1.5")


def _flag(value: object) -> object:
    if isinstance(value, EnvText | bool):
        return value
    raise refuse("must be true or false", "write it without quotes")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise refuse("must be a text", 'put it in quotes: "…"')
    text = str(value).strip()
    if not text:
        raise refuse("is empty", "write something, or leave the key out")
    if len(text) > _TEXT_LIMIT:
        raise refuse(f"is longer than {_TEXT_LIMIT} characters")
    return text


def _name(value: object) -> str:
    text = _text(value)
    if len(text) > NAME_LIMIT:
        raise refuse(f"is longer than {NAME_LIMIT} characters", "it is a name: keep it short")
    return text


def url_parts(value: str) -> SplitResult:
    """Return the parts of a URL, or refuse it."""
    if len(value) > _URL_LIMIT:
        raise refuse(f"is longer than {_URL_LIMIT} characters")
    if _SPACE.search(value):
        raise refuse("holds a space or a control character", "write such characters as %20")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise refuse(f"is no URL: {error}") from error
    return parts


def _web_url(value: object) -> str:
    text = _text(value)
    parts = url_parts(text)
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise refuse("is no http or https address", 'write it in full: "https://example.org/…"')
    return text


def _network(value: object) -> str:
    hint = 'write a network or an address: "10.0.0.0/8", "10.1.2.3/32"'
    if not isinstance(value, str):
        raise refuse("is no network", hint)
    try:
        return str(ip_network(value.strip()))
    except ValueError as error:
        raise refuse(f"is no network: {error}", hint) from error


def _listen(value: object) -> str:
    hint = 'write "127.0.0.1:8080", "[::1]:8080", "unix:/run/tocsin/http.sock" or "off"'
    text = _text(value)
    if text == "off" or (text.startswith("unix:/") and len(text) > len("unix:/")):
        return text
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the largest port
        raise refuse("is no address to listen on", hint)
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise refuse(
            "is no address to listen on", 'write an IPv6 address in brackets: "[::1]:8080"'
        )
    return text


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:  # KeyError: ZoneInfoNotFoundError
        raise refuse("is no time zone", 'write one of the IANA list: "Europe/Vienna"') from error
    return value


def host_is_loopback(host: str) -> bool:
    """Say whether ``host`` (a name or an address) is this machine and nobody else."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def duration_text(seconds: float | None) -> str:
    """Return ``seconds`` as it is written in the file, in the largest unit that keeps it whole."""
    if seconds is None:
        return "forever"
    for unit, length in (("y", 31536000), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{_number_text(seconds / length)}{unit}"
    return f"{_number_text(seconds)}s"


def _number_text(number: float) -> str:
    return str(int(number)) if number.is_integer() else f"{number:.6f}".rstrip("0")


def size_text(size: int) -> str:
    """Return a number of bytes as it is written in the file."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if size >= _BYTES[unit] and size % _BYTES[unit] == 0:
            return f"{size // _BYTES[unit]}{unit}"
    return f"{size}B"


Text = Annotated[str, BeforeValidator(_text), Kind(name="text")]
Name = Annotated[str, BeforeValidator(_name), Kind(name="text")]
Flag = Annotated[bool, BeforeValidator(_flag), Kind(name="true or false")]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=1), Kind(name="whole number")]
Number = Annotated[float, BeforeValidator(_number), Field(gt=0), Kind(name="number")]
Share = Annotated[
    float, BeforeValidator(_number), Field(ge=0, le=1), Kind(name="number from 0 to 1", like="0.9")
]
Seconds = Annotated[float, BeforeValidator(_duration), Kind(name="duration", like='"15m"')]
SecondsOrAuto = Annotated[
    float | None, BeforeValidator(_duration_or_auto), Kind(name='"auto" or duration', like='"15m"')
]
Keep = Annotated[
    float | None,
    BeforeValidator(_duration_or_forever),
    Kind(name='duration or "forever"', like='"90d"'),
]
Bytes = Annotated[int, BeforeValidator(_size), Kind(name="size", like='"4MiB"')]
Burst = Annotated[Rate, BeforeValidator(_rate), Kind(name="rate", like='"20/1h"')]
BurstOrOff = Annotated[
    Rate | None, BeforeValidator(_rate_or_off), Kind(name='rate or "off"', like='"20/1h"')
]
Network = Annotated[str, BeforeValidator(_network), Kind(name="network", like='"10.0.0.0/8"')]
Listen = Annotated[str, BeforeValidator(_listen), Kind(name="address", like='"127.0.0.1:8080"')]
WebUrl = Annotated[str, BeforeValidator(_web_url), Kind(name="http(s) address")]
TimeZone = Annotated[
    str,
    BeforeValidator(_text),
    AfterValidator(_zone),
    Kind(name="time zone", like='"Europe/Vienna"'),
]
