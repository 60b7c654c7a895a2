"""What rows run over: with these, every pair of database, Redis and number of processes is met."""

from dataclasses import dataclass

import pytest

__all__ = ["ALL", "Setup", "named", "over"]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a row runs over."""

    database: str
    redis: str
    processes: int


FIRST = Setup(database="sqlite", redis="valkey", processes=1)
ALL = (
    FIRST,
    Setup(database="sqlite", redis="redis", processes=2),
    Setup(database="postgresql", redis="valkey", processes=2),
    Setup(database="postgresql", redis="redis", processes=1),
)


def named(setup: Setup) -> str:
    """Return the name of a setup."""
    return f"{setup.database}-{setup.redis}-{setup.processes}"


def parameters(setups: tuple[Setup, ...]) -> list[object]:
    """Return setups as parameters: all but the very first run only in `make chaos`."""
    return [
        pytest.param(setup, marks=() if setup == FIRST else pytest.mark.thorough)
        for setup in setups
    ]


def over(**wanted: object) -> pytest.MarkDecorator:
    """Let a row run only over the setups that are so."""
    chosen = tuple(
        setup
        for setup in ALL
        if all(getattr(setup, name) == value for name, value in wanted.items())
    )
    return pytest.mark.parametrize("setup", parameters(chosen), ids=named)
