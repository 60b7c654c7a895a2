"""Link headers (RFC 8288): what an answer says is related to it."""

import re
from collections.abc import Iterator

from workers.text.urls import absolute

__all__ = ["web_links"]

MOST = 16_384
"""Characters of all Link headers together that are read."""
MOST_LINKS = 100

_TARGET = re.compile(r"[\s,]*<([^<>]{0,2048})>")
_PARAMETER = re.compile(
    r"""\s*;\s*([^\s;,="<>]{0,40})\s*"""
    r"""(?:=\s*(?:"((?:[^"\\]|\\.){0,2000})"|'([^'<>]{0,200})'|([^\s;,"]{0,2000})))?"""
)
_BESIDE = re.compile(r"[^,<]*")
"""What makes no sense is passed over, up to the next link."""


def web_links(header: str, base: str | None = None) -> dict[str, str]:
    """Return the first address of each relation, the relation in lower case.

    Header lines are joined by commas. A link with ``anchor`` speaks of another document, and is
    left out; relative addresses are resolved against ``base``, and left out without one.
    """
    found: dict[str, str] = {}
    for target, parameters in _links(header[:MOST]):
        url = absolute(target.strip(), base)
        if url is not None and "anchor" not in parameters:
            for name in parameters.get("rel", "").lower().split():
                found.setdefault(name, url)
    return found


def _links(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    at = 0
    for _ in range(MOST_LINKS):
        target = _TARGET.match(header, at)
        if target is None:
            beside = _BESIDE.match(header, at)
            at = max(at + 1, beside.end() if beside else at)
            if at >= len(header):
                return
            continue
        at = target.end()
        parameters: dict[str, str] = {}
        while (one := _PARAMETER.match(header, at)) is not None:
            at = one.end()
            quoted = re.sub(r"\\(.)", r"\1", one[2] or "")
            parameters.setdefault(one[1].lower(), quoted or one[3] or one[4] or "")
        yield target[1], parameters
