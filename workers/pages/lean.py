"""A tree without what the extractor throws away anyway, before it makes copies of all of it."""

from lxml import etree, html

__all__ = ["drop_unseen", "join_parts", "make_lean", "move_lists_out", "open_frames", "unmark"]

_NEVER_TEXT = (
    "applet", "area", "aside", "audio", "blink", "button", "canvas", "datalist", "dialog", "embed",
    "fencedframe", "fieldset", "figure", "footer", "frame", "frameset", "head", "iframe", "img",
    "input", "label", "legend", "link", "map", "marquee", "menu", "menuitem", "meta", "nav",
    "noindex", "noscript", "object", "optgroup", "option", "output", "param", "picture",
    "progress", "rp", "rt", "rtc", "script", "select", "source", "style", "svg", "textarea",
    "time", "track", "use", "video",
)  # fmt: skip
"""Elements that are no part of an article's text, whatever is in them."""
_UNSEEN = (
    "head", "iframe", "noscript", "object", "script", "select", "style", "svg", "textarea",
)  # fmt: skip
"""Those of them of which nothing is asked besides."""
_LEFT_OPEN = (
    "aside", "button", "dialog", "fieldset", "figure", "footer", "iframe", "label", "menu", "nav",
    "noscript", "object", "picture", "select", "svg", "time", "video",
)  # fmt: skip
"""Those of them that hold the rest of a page if they are not closed."""
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
_PARAGRAPHS = etree.XPath(".//p[string-length() >= 50]")
_INLINE_LISTS = etree.XPath("//p//span[count(.//a) > 2]")
MOSTLY = 0.9
MOST_FRAMES = 4
"""Elements around each other that were never closed, the outermost ones."""
PARAGRAPH = 50
"""Characters of a paragraph that is prose,"""
PART = 200
"""and of all of them in a part of a text."""


def open_frames(root: html.HtmlElement) -> None:
    """Make plain containers of what is no text by its name, but holds the text of the page.

    A navigation or a button that is never closed goes on to the end of the page for libxml2:
    nearly all paragraphs stand in it, and over half of all letters.
    """
    paragraphs = _PARAGRAPHS(root)
    if not paragraphs:
        return
    middle = paragraphs[len(paragraphs) // 2]
    for element in list(middle.iterancestors(*_LEFT_OPEN))[-MOST_FRAMES:]:
        if len(_PARAGRAPHS(element)) >= MOSTLY * len(paragraphs) and len(
            element.text_content()
        ) * 2 > len(root.text_content()):
            element.tag = "div"
            element.attrib.clear()


def drop_unseen(root: html.HtmlElement) -> None:
    """Take out what no reader of a page sees as text, once its metadata is read."""
    etree.strip_elements(root, *_UNSEEN, with_tail=False)


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


def join_parts(root: html.HtmlElement) -> bool:
    """Put a text that lies in several containers into the first; say whether there was one.

    Publishers cut articles into parts, for what they show in between; the extractor takes the
    first. Parts are siblings with the same name and class that hold prose and no main heading.
    """
    kin: dict[tuple[html.HtmlElement, str, str], list[html.HtmlElement]] = {}
    for element in root.iter("div", "section"):
        parent, name = element.getparent(), element.get("class")
        if name and parent is not None:
            kin.setdefault((parent, element.tag, name), []).append(element)
    joined = False
    for elements in kin.values():
        places = [place for one in elements if (place := _prose_in(one)) is not None]
        if len(elements) > 1 and len(places) > 1:
            joined = True
            for place in places[1:]:
                places[0].extend(list(place))
    return joined


def _prose_in(part: html.HtmlElement) -> html.HtmlElement | None:
    """Return what holds the paragraphs of a part, None if it is none."""
    if part.find(".//h1") is not None:
        return None
    long = [
        (paragraph, size)
        for paragraph in part.iter("p")
        if (size := len(paragraph.text_content())) >= PARAGRAPH
    ]
    if sum(size for _, size in long) < PART:
        return None
    place: html.HtmlElement | None = long[0][0].getparent()
    return place


def unmark(root: html.HtmlElement) -> None:
    """Join words with what stands around them, whatever they look like.

    So with a span beside a line break: without the span, the break stands between two texts, and
    no way of extracting drops it.
    """
    for line_break in root.iter("br"):
        for beside in (line_break.getprevious(), line_break.getnext()):
            if beside is not None and beside.tag == "span":
                beside.tag = "nobr"
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
