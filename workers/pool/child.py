"""What a worker process does before its first task, and around each."""

import ctypes
import importlib
import logging
import os
import pickle
import resource
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from workers.model.base import Record
from workers.pages import PageRules

__all__ = ["Outcome", "Setup", "begin", "guarded", "rules"]

OUT_OF_MEMORY: Final = 86
"""Exit status of a process that ran out of memory."""
_HEARD_S = 0.3
"""Seconds after which the pool has surely heard that the task was taken; a process that dies
sooner is taken for one that died idle, and that costs the pool."""
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Setup(Record, frozen=True, kw_only=True):
    """What a worker process is made with."""

    parent: int
    """Process id of the one that it must not outlive."""
    memory_bytes: int
    """Address space that it may use; 0 leaves it unbounded."""
    rules: PageRules


class Outcome(Record, frozen=True, kw_only=True):
    """What became of a task: what it returned, or what it raised."""

    value: Any = None
    error: Exception | None = None


_setup: list[Setup] = []
"""Set once, by `begin`; a process reads all its pages by the same rules."""


def begin(setup: Setup) -> None:
    """Prepare this process: it dies with its parent, has bounded memory, and is warm.

    SIGINT and SIGTERM of a terminal or a service manager go to the whole group; they are ignored
    here, so that pages under way are finished while the daemon drains. The pool kills by SIGKILL.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _die_with(setup.parent)
    logging.disable(logging.CRITICAL)  # the extractors log what is a verdict here
    for needed in ("workers.pool.tasks", "workers.pages.libraries"):
        importlib.import_module(needed)
    if setup.memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (setup.memory_bytes, setup.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _setup[:] = [setup]


def rules() -> PageRules:
    """Return the rules that this process was made with.

    Raises:
        RuntimeError: this is no process of the pool.
    """
    if not _setup:
        raise RuntimeError("page not read: this process was not begun by the pool")
    return _setup[0].rules


def guarded(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Outcome:
    """Run a task; what it raises is an outcome. Out of memory ends the process, which is replaced.

    The memory of a process that once ran out is in pieces, and later pages would fail for it.
    """
    try:
        return Outcome(value=function(*args, **kwargs))
    except MemoryError:
        time.sleep(_HEARD_S)
        os._exit(OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        return Outcome(error=_portable(error))


def _portable(error: Exception) -> Exception:
    """Return an error that another process can read; one that cannot would end the whole pool."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - what we wrote ourselves just now
    except Exception:  # noqa: BLE001 - an error's own constructor may raise anything
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent is gone, however it went."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it went before it could be asked
        os._exit(0)
