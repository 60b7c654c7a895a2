"""JSON-LD as pages write it: with raw line ends, trailing commas, comments, and any depth."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from html import unescape
from itertools import islice
from typing import cast

import msgspec
from lxml import html

from workers.pages.sites import split

__all__ = ["ARTICLES", "LISTS", "LinkedData", "linked_data", "of_type", "strings"]

Node = dict[str, object]

ARTICLES = frozenset(
    {
        "advertisercontentarticle", "analysisnewsarticle", "article", "askpublicnewsarticle",
        "backgroundnewsarticle", "blogposting", "liveblogposting", "newsarticle",
        "opinionnewsarticle", "report", "reportagenewsarticle", "reviewnewsarticle",
        "satiricalarticle", "scholarlyarticle", "socialmediaposting", "techarticle",
    }
)  # fmt: skip
"""schema.org types of pages that are one article, in lower case."""
LISTS = frozenset(
    {
        "collectionpage", "itemlist", "localbusiness", "offercatalog", "product", "productgroup",
        "productmodel", "searchresultspage", "softwareapplication", "profilepage", "store",
    }
)  # fmt: skip
"""schema.org types of pages that list or sell, in lower case."""

MOST_SCRIPTS = 40
MOST_CHARACTERS = 1 << 20
MOST_NODES = 2_000
LEVELS = 6
"""Levels of objects that are looked into; an article lies at most three deep."""

_TRAILING = re.compile(r",(\s*+[}\]])")
_COMMENT = re.compile(
    r"/\*.{0,100}?\*/|(?m:^\s*+//[^\n]*+$)|<!--|-->|<!\[CDATA\[|\]\]>", re.DOTALL
)
"""What scripts are wrapped in, and remarks on lines of their own."""
_DECODER = json.JSONDecoder(strict=False)


class LinkedData(msgspec.Struct, frozen=True, kw_only=True):
    """What the page's JSON-LD says."""

    article: Node = {}
    """The node of the article itself, empty if there is none."""
    types: frozenset[str] = frozenset()
    """All types at the first two levels, in lower case."""
    by_id: dict[str, Node] = {}
    """Nodes by their ``@id``, for references."""


def linked_data(root: html.HtmlElement, url: str = "") -> LinkedData:
    """Return what the JSON-LD of a page says. Never raises; bounded in size, depth and count.

    Of several articles the one that gives the page's address ``url`` for its own is meant.
    """
    nodes: list[tuple[int, Node]] = []
    budget = MOST_CHARACTERS
    for number, script in enumerate(root.iter("script")):
        if number >= MOST_SCRIPTS * 10 or budget <= 0:
            break
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        text = (script.text or "")[:budget]
        budget -= len(text)
        nodes.extend(_walk(_loaded(text), MOST_NODES - len(nodes)))
    articles = [(level, node) for level, node in nodes if _types(node) & ARTICLES]
    return LinkedData(
        article=min(articles, key=partial(_rank, _path(url)))[1] if articles else {},
        types=frozenset(name for level, node in nodes if level <= 1 for name in _types(node)),
        by_id={
            key: node
            for _, node in nodes
            if isinstance(key := node.get("@id"), str) and len(node) > 1
        },
    )


def of_type(root: html.HtmlElement, wanted: str) -> list[Node]:
    """Return the nodes of a type (in lower case), read from those scripts that name it."""
    found: list[Node] = []
    for script in islice(root.iter("script"), MOST_SCRIPTS * 10):
        text = script.text or ""
        if "ld+json" not in (script.get("type") or "").lower() or len(text) > MOST_CHARACTERS:
            continue
        if wanted in text.lower():
            nodes = _walk(_loaded(text), MOST_NODES - len(found))
            found.extend(node for _, node in nodes if wanted in _types(node))
    return found


def _loaded(text: str) -> object:
    """Return the value, None if it is none even after the usual repairs.

    Several values in a row are a list of them; what follows the last is left out.
    """
    try:
        return _values(text.strip())
    except (ValueError, RecursionError):
        pass
    try:
        return _values(_repaired(unescape(text) if "&quot;" in text else text).strip())
    except (ValueError, RecursionError):
        return None


def _values(text: str) -> object:
    """Return the values that a text begins with.

    Raises:
        ValueError: it begins with none.
    """
    value, end = _DECODER.raw_decode(text)
    found: list[object] = [value]
    while len(found) < MOST_SCRIPTS:
        rest = text[end:].lstrip(" \t\r\n,;")
        if not rest:
            break
        try:
            value, end = _DECODER.raw_decode(rest)
        except ValueError:
            break
        text = rest
        found.append(value)
    return found[0] if len(found) == 1 else found


def _repaired(text: str) -> str:
    """Return a script without its wrapping, remarks and commas before a bracket."""
    return _TRAILING.sub(r"\1", _COMMENT.sub("", text))


def _walk(value: object, most: int) -> list[tuple[int, Node]]:
    """Return the objects that have a type or an id, with their level, breadth first."""
    found: list[tuple[int, Node]] = []
    level: list[object] = [value]
    for depth in range(LEVELS):
        below: list[object] = []
        for item in level[:MOST_NODES]:
            if isinstance(item, list):
                below.extend(cast("list[object]", item)[:MOST_NODES])
            elif isinstance(item, dict):
                node = cast("Node", item)
                if "@type" in node or "@id" in node:
                    found.append((depth, node))
                below.extend(one for one in node.values() if isinstance(one, (dict, list)))
        level = below
    return found[: max(most, 0)]


def _types(node: Node) -> frozenset[str]:
    return frozenset(
        name.rpartition("/")[2].rpartition(":")[2].strip().lower()
        for name in strings(node.get("@type"))
    )


def _rank(path: str, found: tuple[int, Node]) -> tuple[bool, int, int]:
    """Order article nodes: those at the page's path, then the fullest, then the outermost."""
    level, node = found
    wanted = ("headline", "articleBody", "datePublished", "author", "mainEntityOfPage")
    elsewhere = not path or path not in map(_path, _addresses(node))
    return elsewhere, -sum(1 for name in wanted if node.get(name)), level


def _addresses(node: Node) -> Iterator[str]:
    """Yield what a node gives for its own address."""
    for name in ("url", "@id", "mainEntityOfPage"):
        value = node.get(name)
        yield from strings(value)
        if isinstance(value, dict):
            yield from strings(cast("Node", value).get("@id"))


def _path(url: str) -> str:
    return split(url).path.rstrip("/")


def strings(value: object) -> tuple[str, ...]:
    """Return the strings of a value that may be one, a list of them, or something else."""
    return tuple(_strings(value))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        items: Iterable[object] = cast("list[object]", value)[:100]
        yield from (item for item in items if isinstance(item, str))
