"""The blocks of a page in one pass: their text, how much of it is link, and where they stand."""

import re
from functools import lru_cache

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
_CHROME = frozenset({"nav", "footer", "aside", "menu", "dialog"})
_SKIPPED = _HIDDEN | _CHROME
_LINKS = etree.XPath(".//a[not(ancestor::a)]")
_ARTICLES = etree.XPath("count(.//article)")
_LISTS = frozenset({"ul", "ol", "dl"})
_PLACES = _LISTS | {"li", "dd", "figcaption", "article", "form"}
"""What says something about the blocks inside of it."""
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd",
    "details", "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "html", "label", "li", "main", "menu", "nav",
    "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "ul",
})  # fmt: skip


def key_of(text: str) -> str:
    """Return what two writings of a line share: its first letters and digits."""
    return _key(text[: 4 * KEY_LETTERS])


@lru_cache(maxsize=2048)
def _key(start: str) -> str:
    """Return the key of what a line starts with: it is asked for by each rule in turn."""
    key = _NOT_KEY.sub("", start[: 3 * KEY_LETTERS // 2])
    if len(key) < KEY_LETTERS and len(start) > 3 * KEY_LETTERS // 2:
        key = _NOT_KEY.sub("", start)
    return key.casefold()[:KEY_LETTERS]


class Block(msgspec.Struct, kw_only=True, gc=False):
    """A piece of the page that stands on lines of its own."""

    tag: str
    chrome: bool
    """Inside of navigation, footer, aside, or a form that is not the frame of the whole page."""
    figure: bool
    """Inside of a figcaption."""
    listed: int
    """Number of the list that it is an item of, 0 for none."""
    item: int
    """Number of the item, 0 for none."""
    form: int
    """Number of the form that it stands in, 0 for none."""
    parts: list[str]
    """Its pieces of text, as they are met."""
    order: int = 0
    text: str = ""
    key: str = ""
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
    """The first block outside of the chrome, by the key of its text."""
    articles: int
    """Number of ``<article>`` elements."""
    letters: int
    linked: int
    """Characters inside of any link."""


class _Survey:
    """The state of one pass: the open blocks, and inside which link we are."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.block = Block(
            tag="", chrome=False, figure=False, listed=0, item=0, form=0, parts=[], pieces=[]
        )
        self.above: list[Block] = []
        self.done: list[Block] = []
        self.link: bool | None = None
        self.inside = 0
        self.articles = 0
        self.lists = 0
        self.breaks = 0
        self.forms = 0

    def text(self, text: str) -> None:
        block = self.block
        block.parts.append(text)
        if self.inside and not text.isspace():
            size = len(" ".join(text.split()))
            if self.link:
                block.linked += size
            else:
                block.linked_out += size

    def cut(self) -> None:
        """Note a line break: what stands between two of them is a line of its own."""
        block = self.block
        block.parts.append("\n")
        if self.breaks < MOST_BREAKS:
            self.breaks += 1
            seen = (len(block.parts), block.linked, block.linked_out, block.links)
            block.pieces.append(seen)

    def open(self, tag: str) -> None:
        around = self.block
        self.above.append(around)
        self.block = block = Block(
            tag=tag,
            chrome=around.chrome,
            figure=around.figure,
            listed=around.listed,
            item=around.item,
            form=around.form,
            parts=[],
            pieces=[],
            links=int(bool(self.inside and self.link)),
        )
        self.done.append(block)
        if tag in _PLACES:
            self._place(block)

    def _place(self, block: Block) -> None:
        """Note what a block says about itself and all inside of it."""
        tag = block.tag
        if tag in _LISTS:
            self.lists += 1
            block.listed, block.item = self.lists, 0
        elif tag == "figcaption":
            block.figure = True
        elif tag == "form":
            self.forms += 1
            block.form = self.forms
        elif tag == "article":
            self.articles += 1
        elif block.listed:
            block.item = len(self.done)

    def skip(self, element: html.HtmlElement) -> None:
        """Take navigation and the like for one block, of which only the size counts."""
        if element.tag not in _CHROME:
            return
        self.open(element.tag)
        self.block.chrome = True
        self.block.letters = _size(element)
        self.block.linked = sum(_size(link) for link in _LINKS(element))
        self.articles += int(_ARTICLES(element))

    def close(self) -> None:
        self.block = self.above.pop()

    def link_open(self, element: html.HtmlElement) -> None:
        self.inside += 1
        self.link = leads_inside(element.get("href") or "", self.site)
        if self.link:
            self.block.links += 1


def _size(element: html.HtmlElement) -> int:
    return len(" ".join(element.text_content().split()))


def survey(root: html.HtmlElement, site: str) -> Page:
    """Return the blocks of a page at ``site``, in one pass over its tree."""
    state = _Survey(site)
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in _SKIPPED:
                state.skip(element)
                walk.skip_subtree()
                continue
            if tag in _BLOCKS:
                state.open(tag)
            elif tag == "a":
                state.link_open(element)
            elif tag == "br":
                state.cut()
            text = element.text
        else:
            if tag in _BLOCKS:
                state.close()
            elif tag == "a":
                state.inside -= 1
            text = element.tail
        if text:
            state.text(text)
    return _page(state)


def _page(state: _Survey) -> Page:
    blocks: list[Block] = []
    pieces: dict[int, list[Block]] = {}
    letters = linked = 0
    for block in state.done:
        lines = _pieces(block) if block.pieces else []
        block.text = text = " ".join("".join(block.parts)[:MOST_TEXT].split())
        block.parts = []
        if text or block.letters:
            block.letters = block.letters or len(text)
            block.order = len(blocks)
            blocks.append(block)
            if lines:
                pieces[block.order] = lines
            letters += block.letters
            linked += block.linked + block.linked_out
    if state.forms:
        _frames(blocks, letters)
    return Page(
        blocks=blocks,
        by_key=_by_key(blocks, pieces),
        articles=state.articles,
        letters=letters,
        linked=linked,
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


def _frames(blocks: list[Block], letters: int) -> None:
    """Take forms for chrome but those that hold most of the page, as some servers frame pages."""
    held: dict[int, int] = {}
    for block in blocks:
        if block.form:
            held[block.form] = held.get(block.form, 0) + block.letters
    for block in blocks:
        if block.form and held[block.form] * 2 <= letters:
            block.chrome = True


def _by_key(blocks: list[Block], pieces: dict[int, list[Block]]) -> dict[str, Block]:
    found: dict[str, Block] = {}
    for block in blocks:
        if block.chrome:
            continue
        for one in (block, *pieces.get(block.order, ())):
            one.order = block.order
            one.key = key_of(one.text)
            if one.key:
                found.setdefault(one.key, one)
    return found
