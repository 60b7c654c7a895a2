"""What an element says: its text, its markup, its addresses."""

import re

from lxml import etree

from workers.feeds.document import Element
from workers.feeds.names import name_of

__all__ = ["as_markup", "attribute", "bare", "base_of", "inner", "written"]

_PREFIXED = re.compile(r"<[A-Za-z_][\w.-]*+:", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][\w.-]*")


def written(element: Element) -> str:
    """Return an element's text as written; of one with children, its markup."""
    if len(element):
        return inner(element)
    return element.text or ""


def as_markup(text: str) -> str:
    """Return text as markup, so that its ``<`` is not taken for a tag."""
    return text.replace("&", "&amp;").replace("<", "&lt;") if "<" in text or "&" in text else text


def bare(tag: str) -> str:
    """Return a tag without its namespace; a broken one is that of no particular element."""
    local = tag.rpartition("}")[2]
    return local if _NAME.fullmatch(local) else "span"


def _spaced(tag: object) -> bool:
    """Say whether a tag has a namespace; that of an entity is not even a text."""
    return isinstance(tag, str) and tag[:1] == "{"


def inner(element: Element) -> str:
    """Return the markup inside an element, without namespace prefixes; its first text goes."""
    text, element.text = element.text or "", None
    whole = _serialised(element)
    if _PREFIXED.search(whole):
        for inside in element.iter():
            if _spaced(inside.tag):
                inside.tag = bare(inside.tag)
        whole = _serialised(element)
    return text + whole[whole.index(">") + 1 : whole.rindex("</")]


def _serialised(element: Element) -> str:
    return str(etree.tostring(element, encoding="unicode", with_tail=False))


def attribute(element: Element, name: str) -> str:
    """Return an attribute by its local name, whatever its namespace, "" if there is none."""
    value = element.get(name)
    if value is not None:
        return str(value)
    others = element.attrib
    if not 0 < len(others) <= 100:  # noqa: PLR2004 - no honest element has so many
        return ""
    for key in others:
        if key.lower().endswith(name) and name_of(key).rpartition(":")[2] == name:
            return str(others[key])
    return ""


def base_of(element: Element, url: str, *, based: bool) -> str:
    """Return what an element's relative addresses are relative to."""
    return (element.base or url) if based else url
