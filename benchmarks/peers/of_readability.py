"""readability-lxml: its summary, a line a block."""

from answers import answer
from lxml import etree, html
from readability import Document

BLOCKS = ("p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "br", "tr", "blockquote", "pre")


def read(markup, url):
    """Extract, then take the text out of the markup that it makes."""
    root = html.fromstring(Document(markup, url=url).summary(html_partial=True))
    for element in root.iter(*BLOCKS):
        element.tail = f"\n{element.tail or ''}"
    return etree.tostring(root, method="text", encoding="unicode")


answer(read)
