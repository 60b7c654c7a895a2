"""What a page that means harm is written down as, and what the tables of them are made with."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["END", "LD", "MIB", "PROSE", "START", "Page", "inside", "page", "script", "whole"]

MIB = 1 << 20
LD = '<script type="application/ld+json">'
PROSE = (
    "<p>The ferry will stop running on the first of December, the harbour office said on Monday, "
    "and will not return before the spring of next year, when its shaft has been repaired.</p>"
)
START = (
    '<!DOCTYPE html><html lang="en"><head><title>Ferry stops for the winter</title></head>'
    f"<body><article><h1>Ferry stops for the winter</h1>{PROSE}"
)
END = f"{PROSE}</article></body></html>"


@dataclass(frozen=True)
class Page:
    """A page that means harm. It is made when it is asked for: all of them are half a gigabyte."""

    name: str
    make: Callable[[], bytes]
    content_type: str = "text/html; charset=utf-8"
    encoding: str = ""
    """The header Content-Encoding under which ``make`` is sent."""
    url: str = "https://a.example/news/ferry-stops-for-the-winter"


def page(name: str, make: Callable[[], str | bytes], **more: object) -> Page:
    """A page whose whole text or bytes ``make`` returns."""

    def made() -> bytes:
        got = make()
        return got if isinstance(got, bytes) else got.encode("utf-8", "surrogatepass")

    return Page(name, made, **more)  # type: ignore[arg-type]


def inside(name: str, make: Callable[[], str], **more: object) -> Page:
    """An article in which ``make`` stands between two paragraphs."""
    return page(name, lambda: START + make() + END, **more)


def script(name: str, make: Callable[[], str], **more: object) -> Page:
    """An article whose linked data is ``make``."""
    return page(name, lambda: f"{LD}{make()}</script>{START}{END}", **more)


def whole(head: str, body: str) -> str:
    """A page of this head and this body."""
    return f"<html><head>{head}</head><body>{body}</body></html>"
