"""From text to a tree, once, with lxml."""

from lxml import etree, html

__all__ = ["parse"]

DEEPEST = 250
"""Levels that are left as they are: browsers and other parsers know limits of this size."""
KEPT = 60
"""Of a deeper tree so many levels stay at the top, and so many below: its text hangs on those."""
_CLASSES = etree.ElementDefaultClassLookup(element=html.HtmlElement)
"""One class for all: lxml's own choice by tag is made in Python, for each element that is met."""
_ELEMENTS = etree.XPath("count(//*)")
_TOO_DEEP = etree.XPath(f"boolean({'/*' * (DEEPEST + 1)})")


def parse(
    text: str, most_children: int = 4_000
) -> "tuple[html.HtmlElement | None, tuple[str, ...]]":
    """Return the page's tree, None if it has no element, and what was done to it, in words.

    ``text`` is bounded and clean. Comments and processing instructions are left out. Spans of
    cells are taken off, because the extractor would make a cell of each. A tree of more than 250
    levels is flattened, because reading takes as long as its texts lie deep; libxml2 itself ends
    at 2,048: what stands behind that is lost, what stood before is kept. Of an element's children
    ``most_children`` are kept: the extractor compares each piece of text with each.
    """
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, huge_tree=True
    )
    parser.set_element_class_lookup(_CLASSES)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None, ()
    if not isinstance(root, html.HtmlElement):
        return None, ()
    etree.strip_attributes(root, "colspan", "rowspan")
    notes = (*_thinned(root, most_children), *_flatten(root))
    if any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log):
        return root, (*notes, "nested too deeply: what comes after 2048 levels is left out")
    return root, notes


def _thinned(root: html.HtmlElement, most: int) -> tuple[str, ...]:
    """Leave out what comes after so many children of one element; return that in words."""
    if _ELEMENTS(root) <= most:
        return ()
    crowded = [element for element in root.iter() if len(element) > most]
    for element in crowded:
        del element[most:]
    return (f"left out what comes after {most} children of an element",) if crowded else ()


def _flatten(root: html.HtmlElement) -> tuple[str, ...]:
    """Take the middle levels out of a tree that is too deep; return that in words.

    Every element is moved once at most.
    """
    if not _TOO_DEEP(root):
        return ()
    depths: list[tuple[html.HtmlElement, int]] = []
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if event == "start":
            depths.append((element, depth))
    for element in _middle(depths):
        _unwrap(element)
    deepest = max(depth for _, depth in depths)
    return (f"nested too deeply: {deepest} levels, flattened",)


def _middle(depths: list[tuple[html.HtmlElement, int]]) -> list[html.HtmlElement]:
    """Return the elements that are neither near the root nor near their deepest leaf, in order.

    ``depths`` are all elements with their depth, in the order of the document.
    """
    found = []
    below: list[int] = []  # of each level, the deepest that was seen under its last element
    for element, depth in reversed(depths):
        below.extend([0] * (depth + 1 - len(below)))
        under = max(depth, below[depth + 1] if depth + 1 < len(below) else 0)
        if depth + 1 < len(below):
            below[depth + 1] = 0
        below[depth] = max(below[depth], under)
        if depth > KEPT and under - depth >= KEPT:
            found.append(element)
    return found[::-1]


def _unwrap(element: html.HtmlElement) -> None:
    """Put what an element holds in its place; its texts stay words of their own."""
    before, parent = element.getprevious(), element.getparent()
    if before is not None:
        before.tail = f"{before.tail or ''} {element.text or ''}"
    else:
        parent.text = f"{parent.text or ''} {element.text or ''}"
    last = element[-1]
    last.tail = f"{last.tail or ''} {element.tail or ''}"
    element.tail = None
    for child in list(element):
        element.addprevious(child)
    parent.remove(element)
