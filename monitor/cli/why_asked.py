"""What ``tocsin why`` is asked about: an address, or an id that an alert names."""

import re
import unicodedata

import click

from workers.text.urls import LONGEST, canonical

__all__ = ["ID", "id_in_link", "the_address"]

ID = re.compile(r"(?:art|alt|del|ent|sum)_[0-9a-f]{24}|alt_[0-9a-f]{4,24}")
"""Of an article, alert, delivery, entry or list; an alert's may be cut."""
_LINK = re.compile(r"/why/(art_[0-9a-f]{24})/?\Z")
SHOWN = 80
"""Characters of what is no address that are repeated."""
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]|\Z)")


def the_address(given: str) -> str:
    """Return what was given as an address, stripped.

    Raises:
        click.BadParameter: it can be none; says why, and what to write.
    """
    url = given.strip()
    if len(url) > LONGEST:
        raise click.BadParameter(
            f"no address: {len(url)} characters; {LONGEST} at most: {_shown(url)}"
        )
    for place, letter in enumerate(url):
        if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            raise click.BadParameter(
                f"no address: character {place + 1} is U+{ord(letter):04X}, which none holds: "
                f"{_shown(url)}"
            )
    if canonical(url) is None:
        hint = f"write https://{url}" if _HOST.match(url) else "write https://…, or an id (art_…)"
        raise click.BadParameter(f"no address of the web: {_shown(url)}: {hint}")
    return url


def id_in_link(url: str) -> str | None:
    """Return the article of a link that alerts have, such as ``https://…/why/art_…``."""
    found = _LINK.search(url)
    return found[1] if found else None


def _shown(text: str) -> str:
    short = text[:SHOWN] + ("…" if len(text) > SHOWN else "")
    return ascii(short) if not short.isprintable() else short
