"""The blocks of a page in one pass: their text, how much of it is link, and where they stand."""

import re

import msgspec
from lxml import etree, html
from msgspec.structs import replace

from workers.pages.sites import leads_inside

__all__ = ["Block", "Page", "key_of", "survey"]

KEY_LETTERS = 120
"""Letters and digits by which a line of the text is found among the blocks."""
MOST_BREAKS = 2_000
"""Line breaks of a page that make lines of their own."""
MOST_TEXT = 20_000
"""Characters of one block that are kept."""

_NOT_KEY = re.compile(r"[\W_]+")
_HIDDEN = frozenset({"script", "style", "template", "svg", "math", "object", "iframe", "head",
                     "select", "textarea", "noscript"})  # fmt: skip
_CHROME = frozenset({"nav", "footer", "aside", "form", "menu", "dialog"})
_LISTS = frozenset({"ul", "ol", "dl"})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd",
    "details", "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "html", "label", "li", "main", "menu", "nav",
    "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "ul",
})  # fmt: skip


def key_of(text: str) -> str:
    """Return what two writings of a line share: its first letters and digits."""
    return _NOT_KEY.sub("", text[: 4 * KEY_LETTERS]).casefold()[:KEY_LETTERS]


class Block(msgspec.Struct, kw_only=True):
    """A piece of the page that stands on lines of its own."""

    tag: str
    order: int
    chrome: bool
    """Inside of navigation, footer, aside, form."""
    figure: bool
    """Inside of a figcaption."""
    listed: int
    """Number of the list that it is an item of, 0 for none."""
    item: int
    """Number of the item, 0 for none."""
    parts: list[str] = []
    text: str = ""
    letters: int = 0
    linked: int = 0
    """Characters inside of links to pages of the same site."""
    linked_out: int = 0
    """Characters inside of links to other sites."""
    links: int = 0
    """Links to pages of the same site."""
    pieces: list[tuple[int, int, int, int]] = []
    """How many parts stand before each line break; linked, linked out and links till then."""

    @property
    def share(self) -> float:
        """Return the share of its text that is link to the same site."""
        return self.linked / self.letters if self.letters else 0.0


class Page(msgspec.Struct, kw_only=True):
    """A page's blocks that have text, in order, with what the whole looks like."""

    blocks: list[Block]
    by_key: dict[str, Block]
    """The first block outside of the chrome, else the first, by the key of its text."""
    articles: int
    """Number of ``<article>`` elements."""
    letters: int
    linked: int
    """Characters inside of any link."""


class _Survey:
    """The state of one pass: a stack of open blocks, and inside which link we are."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.done: list[Block] = []
        self.stack: list[Block] = []
        self.link: bool | None = None
        self.inside = 0
        self.articles = 0
        self.lists = 0
        self.breaks = 0

    def text(self, text: str | None) -> None:
        if not text or not self.stack:
            return
        block = self.stack[-1]
        block.parts.append(text)
        if self.inside:
            size = len(" ".join(text.split()))
            if self.link:
                block.linked += size
            else:
                block.linked_out += size

    def cut(self) -> None:
        """Note a line break: what stands between two of them is a line of its own."""
        if self.stack and self.breaks < MOST_BREAKS:
            self.breaks += 1
            block = self.stack[-1]
            block.parts.append("\n")
            seen = (len(block.parts), block.linked, block.linked_out, block.links)
            block.pieces.append(seen)

    def open(self, tag: str) -> None:
        above = self.stack[-1] if self.stack else None
        listed, item = (above.listed, above.item) if above else (0, 0)
        if tag in _LISTS:
            self.lists += 1
            listed, item = self.lists, 0
        elif tag in {"li", "dd"} and listed:
            item = len(self.done) + len(self.stack) + 1
        block = Block(
            tag=tag,
            order=0,
            chrome=tag in _CHROME or bool(above and above.chrome),
            figure=tag == "figcaption" or bool(above and above.figure),
            listed=listed,
            item=item,
            parts=[],
            pieces=[],
            links=int(bool(self.inside and self.link)),
        )
        self.articles += tag == "article"
        self.stack.append(block)
        self.done.append(block)

    def close(self) -> None:
        self.stack.pop()

    def link_open(self, element: html.HtmlElement) -> None:
        self.inside += 1
        self.link = leads_inside(element.get("href") or "", self.site)
        if self.link and self.stack:
            self.stack[-1].links += 1


def survey(root: html.HtmlElement, site: str) -> Page:
    """Return the blocks of a page at ``site``, in one pass over its tree."""
    state = _Survey(site)
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in _HIDDEN:
                walk.skip_subtree()
                continue
            if tag in _BLOCKS:
                state.open(tag)
            elif tag == "a":
                state.link_open(element)
            elif tag == "br":
                state.cut()
            state.text(element.text)
            continue
        if tag in _BLOCKS:
            state.close()
        elif tag == "a" and state.inside:
            state.inside -= 1
        state.text(element.tail)
    return _page(state)


def _page(state: _Survey) -> Page:
    blocks: list[Block] = []
    by_key: dict[str, Block] = {}
    for block in state.done:
        lines = _pieces(block) if block.pieces else []
        block.text = " ".join("".join(block.parts)[:MOST_TEXT].split())
        block.parts = []
        block.letters = len(block.text)
        if not block.letters:
            continue
        block.order = len(blocks)
        blocks.append(block)
        for one in (block, *lines):
            one.order = block.order
            key = key_of(one.text)
            known = by_key.get(key)
            if key and (known is None or (known.chrome and not one.chrome)):
                by_key[key] = one
    return Page(
        blocks=blocks,
        by_key=by_key,
        articles=state.articles,
        letters=sum(block.letters for block in blocks),
        linked=sum(block.linked + block.linked_out for block in blocks),
    )


def _pieces(block: Block) -> list[Block]:
    """Return what stands between the line breaks of a block, as blocks."""
    found = []
    before = (0, 0, 0, 0)
    whole = (len(block.parts), block.linked, block.linked_out, block.links)
    for seen in (*block.pieces, whole):
        start, linked, linked_out, links = before
        text = " ".join("".join(block.parts[start : seen[0]])[:MOST_TEXT].split())
        if text:
            piece = replace(
                block,
                parts=[],
                pieces=[],
                text=text,
                letters=len(text),
                linked=seen[1] - linked,
                linked_out=seen[2] - linked_out,
                links=seen[3] - links,
            )
            found.append(piece)
        before = seen
    block.pieces = []
    return found
