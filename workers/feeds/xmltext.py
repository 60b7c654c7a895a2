"""What an element says: its text, its markup, its addresses."""

import re

from lxml import etree

from workers.feeds.document import NAMESPACES, Element, NotMarkup
from workers.feeds.names import name_of

__all__ = ["as_markup", "attribute", "bare", "base_of", "child_named", "inner", "written"]

_PREFIXED = re.compile(r"<[A-Za-z_][\w.-]*+:", re.ASCII)
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
IN_SCOPE = 2 * NAMESPACES
"""Most namespaces that may be declared in and above a piece of markup."""
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
    """Return the markup inside an element, without namespace prefixes.

    Raises:
        NotMarkup: so many namespaces are declared above it that writing it takes too long.
    """
    if len(element.nsmap) > IN_SCOPE:
        raise NotMarkup(f"more than {IN_SCOPE} namespaces around one piece of markup")
    text, element.text = element.text or "", None
    whole = _unprefixed(element)
    element.text = text  # it is not lost to who asks again
    return text + whole[whole.index(">") + 1 : whole.rindex("</")]


def _unprefixed(element: Element) -> str:
    whole = _serialised(element)
    if _PREFIXED.search(whole):
        for inside in element.iter():
            if _spaced(inside.tag):
                inside.tag = bare(inside.tag)
        whole = _serialised(element)
    return whole


def _serialised(element: Element) -> str:
    return str(etree.tostring(element, encoding="unicode", with_tail=False))


def attribute(element: Element, name: str) -> str:
    """Return an attribute by its local name, whatever its namespace, "" if there is none."""
    others = element.attrib
    if not others:
        return ""
    value = element.get(name)
    if value is not None:
        return str(value)
    if len(others) > 100:  # noqa: PLR2004 - no honest element has so many
        return ""
    for key in others:
        if key.lower().endswith(name) and name_of(key).rpartition(":")[2] == name:
            return str(others[key])
    return ""


def base_of(element: Element, around: str) -> str:
    """Return what relative addresses in an element are relative to: what those ``around`` are,
    unless it says something else.
    """  # noqa: D205
    if not element.attrib or element.get(_BASE) is None:
        return around
    return element.base or around


def child_named(element: Element, name: str) -> Element | None:
    """Return the first child of this name, None if there is none."""
    return next((child for child in element if name_of(child.tag) == name), None)
