"""A tree without what the extractor throws away anyway, before it makes copies of all of it."""

from lxml import etree, html

__all__ = ["make_lean", "move_lists_out", "unmark"]

_NEVER_TEXT = (
    "applet", "area", "aside", "audio", "blink", "button", "canvas", "datalist", "dialog", "embed",
    "fencedframe", "fieldset", "figure", "footer", "frame", "frameset", "head", "iframe", "img",
    "input", "label", "legend", "link", "map", "marquee", "menu", "menuitem", "meta", "nav",
    "noindex", "noscript", "object", "optgroup", "option", "output", "param", "picture",
    "progress", "rp", "rt", "rtc", "script", "select", "source", "style", "svg", "textarea",
    "time", "track", "use", "video",
)  # fmt: skip
"""Elements that are no part of an article's text, whatever is in them."""
_NEVER_ASKED = (
    "alt",
    "height",
    "href",
    "lang",
    "rel",
    "src",
    "srcset",
    "target",
    "title",
    "width",
)
"""Attributes that say nothing about where the text is."""
_UNMARKED = (
    "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "dfn", "em", "font", "i", "ins", "mark",
    "nobr", "small", "strong", "tt", "u", "wbr",
)  # fmt: skip
"""Elements that only say how words look."""
_DROPPED = "dropped"
"""A name that is no element's."""
_INLINE_LISTS = etree.XPath("//p//span[count(.//a) > 2]")
MOSTLY = 0.9


def make_lean(root: html.HtmlElement) -> None:
    """Take out of a tree what cannot be text of an article; what stands behind it stays.

    A third of an ordinary page's elements are left. A figure that holds a table is kept, and a
    form that holds over half of the text, because some servers frame whole pages so.
    """
    for table in root.iter("table"):
        for figure in table.iterancestors("figure"):
            figure.tag = "div"
    etree.strip_elements(root, *_NEVER_TEXT, with_tail=False)
    etree.strip_attributes(root, *_NEVER_ASKED)
    forms = list(root.iter("form"))
    whole = len(root.text_content()) if forms else 0
    for form in forms:
        frame = len(form.text_content()) * 2 > whole
        form.tag = "div" if frame else _DROPPED
    if forms:
        etree.strip_elements(root, _DROPPED, with_tail=False)


def unmark(root: html.HtmlElement) -> None:
    """Join words with what stands around them, whatever they look like."""
    etree.strip_tags(root, *_UNMARKED)


def move_lists_out(root: html.HtmlElement) -> None:
    """Make a paragraph of its own of each list of links that stands inside of a sentence.

    Such are shown when the mouse is over a name, and hold headlines of other articles.
    """
    moved: set[html.HtmlElement] = set()
    for span in _INLINE_LISTS(root):
        paragraph = next(span.iterancestors("p"), None)
        if paragraph is None or paragraph in moved or not _all_links(span):
            continue
        moved.add(span)
        before, parent = span.getprevious(), span.getparent()
        if before is not None:
            before.tail = f"{before.tail or ''} {span.tail or ''}"
        else:
            parent.text = f"{parent.text or ''} {span.tail or ''}"
        span.tail = None
        span.tag = "p"
        paragraph.addnext(span)


def _all_links(span: html.HtmlElement) -> bool:
    whole = len("".join(span.itertext()).split())
    linked = sum(len("".join(link.itertext()).split()) for link in span.iter("a"))
    return linked >= MOSTLY * whole
