"""From text to a tree, once, with lxml."""

from lxml import etree, html

__all__ = ["parse"]


def parse(text: str) -> "html.HtmlElement | None":
    """Return the page's tree, None if it has no element. ``text`` is bounded and clean.

    Comments and processing instructions are left out. libxml2 itself ends at 256 levels of
    nesting: what stands after the 256th is lost, what stood before is kept. Spans of cells are
    taken off, because the extractor would make a cell of each.
    """
    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    if not isinstance(root, html.HtmlElement):
        return None
    etree.strip_attributes(root, "colspan", "rowspan")
    return root
