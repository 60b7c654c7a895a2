"""What the log says, in which form, and what it does not say."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from monitor.logs import configure
from monitor.settings import Secret


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


def test_a_pipe_gets_json() -> None:
    """One object a line, with level, UTC time and event."""
    stream = io.StringIO()
    configure("auto", "info", stream)

    structlog.get_logger().info("feed_polled", feed="Bügel", new=3)

    line = json.loads(stream.getvalue())
    assert ("feed_polled", "info", "Bügel", 3) == (
        line["event"],
        line["level"],
        line["feed"],
        line["new"],
    )
    assert line["timestamp"].endswith("Z")


def test_a_terminal_gets_words() -> None:
    """On a terminal lines are for people, and nothing in them moves the cursor."""
    stream = Terminal()
    configure("auto", "info", stream)

    structlog.get_logger().info("page_read", title="x\x1b[2J\u202ey\nz")

    assert "page_read" in stream.getvalue()
    assert "\x1b[2J" not in stream.getvalue()
    assert "\u202e" not in stream.getvalue()
    assert 1 == stream.getvalue().count("\n")


def test_below_the_level_nothing_is_said() -> None:
    """``warning`` hides what is less."""
    stream = io.StringIO()
    configure("json", "warning", stream)

    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")

    assert ["loud"] == [json.loads(line)["event"] for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("form", ["json", "console"])
def test_secrets_are_never_written(form: str) -> None:
    """By type, by the name of the key, and in addresses, however deep."""
    stream = io.StringIO()
    configure("json" if form == "json" else "console", "info", stream)

    structlog.get_logger().info(
        "sent",
        held=Secret.plainly("hunter2"),
        api_key="hunter2",
        url="https://user:hunter2@a.example.org/x",
        headers={"Authorization": "hunter2", "list": ["redis://:hunter2@db"]},
    )

    assert "hunter2" not in stream.getvalue()
    assert "a.example.org/x" in stream.getvalue()


def test_libraries_are_heard_from_warning_up() -> None:
    """What a library warns of is one of our lines."""
    stream = io.StringIO()
    configure("json", "info", stream)

    logging.getLogger("somebody.else").info("chatter")
    logging.getLogger("somebody.else").warning("late by %s s", 3)

    (line,) = [json.loads(text) for text in stream.getvalue().splitlines()]
    assert ("library_says", "somebody.else", "late by 3 s") == (
        line["event"],
        line["library"],
        line["text"],
    )


def test_setting_up_again_replaces() -> None:
    """After a reload each line is written once, in the new form."""
    stream = io.StringIO()
    configure("json", "info", io.StringIO())
    configure("json", "info", stream)

    logging.getLogger("somebody.else").warning("once")

    assert 1 == len(stream.getvalue().splitlines())


def test_an_error_shows_its_traceback_without_local_values() -> None:
    """Where it happened is told, what the variables held is not."""
    for stream in (io.StringIO(), Terminal()):
        configure("auto", "info", stream)
        hidden = "hunter2"
        try:
            assert not hidden
        except AssertionError:
            structlog.get_logger().exception("failed")
        text = stream.getvalue().replace('hidden = "hunter2"', "")
        assert "AssertionError" in text
        assert "Traceback" in text
