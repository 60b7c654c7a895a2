"""What the daemon says about itself: one line for each event, on stderr, without secrets."""

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from typing_extensions import override

__all__ = ["configure"]

Format = Literal["auto", "console", "json"]
Level = Literal["debug", "info", "warning", "error"]

_LEVELS: dict[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_HIDDEN = re.compile(r"secret|password|passwd|token|authorization|cookie|api_?key", re.IGNORECASE)
_USERINFO = re.compile(r"//[^/@\s\"']*@")
_LINES = frozenset({"exception", "stack"})
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def configure(form: Format, level: Level, stream: TextIO | None = None) -> None:
    """Set up logging for this process; calling it again replaces what was set up.

    Args:
        form: ``auto`` is console on a terminal and json otherwise.
        level: the least that Tocsin itself writes; libraries are heard from warning up.
        stream: where to, stderr if None.
    """
    target = stream if stream is not None else sys.stderr
    console = form == "console" or (form == "auto" and target.isatty())
    structlog.configure(
        processors=_processors(console=console, colors=console and target.isatty()),
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )
    _hear_libraries()


def _processors(*, console: bool, colors: bool) -> list[Processor]:
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if console:
        plainly = structlog.dev.ConsoleRenderer(
            colors=colors, exception_formatter=structlog.dev.plain_traceback
        )
        return [*shared, structlog.processors.format_exc_info, masked, harmless, plainly]
    rendered = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return [*shared, structlog.processors.format_exc_info, masked, rendered]


def masked(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask what a key or the form of a URL says is a secret."""
    for key, value in event.items():
        event[key] = _masked(key, value)
    return event


def _masked(key: str, value: object) -> object:
    if _HIDDEN.search(key):
        return "<secret>"
    if isinstance(value, str):
        return _USERINFO.sub("//…@", value)
    if isinstance(value, Mapping):
        return {inner: _masked(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", item) for item in value]
    return value


def harmless(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take out of texts what could take over a terminal."""
    for key, value in event.items():
        if isinstance(value, str):
            clean = _CONTROLS.sub("�", value)
            event[key] = clean if key in _LINES else clean.replace("\n", " ")
    return event


class _Libraries(logging.Handler):
    """Hands what libraries say to structlog, so that there is one form and one place."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a record that cannot be formatted is written as it is."""
        try:
            told = record.getMessage()
        except (TypeError, ValueError):
            told = str(record.msg)
        logger = structlog.get_logger()
        write: Callable[..., object] = (
            logger.error if record.levelno >= logging.ERROR else logger.warning
        )
        more: MutableMapping[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        write("library_says", library=record.name, text=told, **more)


def _hear_libraries() -> None:
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, _Libraries):
            root.removeHandler(handler)
    root.addHandler(_Libraries(logging.WARNING))
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
