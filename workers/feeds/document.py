"""Bytes into a tree: strict, then repaired, then whatever libxml2 can save of it.

Nothing outside the document is ever looked at: document types are cut out before the parser sees
them, entities are not resolved, and depth and text are held by libxml2's own limits.
"""

import re
from collections.abc import Callable
from html.entities import html5

from lxml import etree
from lxml.etree import _Element as Element
from msgspec.structs import replace

from workers.feeds.charset import Decoded
from workers.feeds.names import CORE, name_of
from workers.model.base import Record

__all__ = ["Element", "NotMarkup", "Tree", "is_page", "plant", "plant_utf8"]

TYPED = 65_536
"""Characters of the beginning in which a document type is looked for."""
TAGS_MOST = 300_000
"""Tags of which a tree is made, the first ones: each takes up to 120 bytes in it. The largest real
feeds have a tenth as many."""
NAMESPACES = 64
"""Most of them that one tag may declare; the busiest podcasts have thirty."""
REPAIRED = 2 << 20
"""Characters of the longest document that is repaired by text; larger ones are only recovered."""

PIECE = 1 << 15
"""Characters that are mended at once."""

_DOCTYPE = re.compile(r"<!DOCTYPE", re.IGNORECASE)
_SUBSET_END = re.compile(r"\]\s*>")
_ROOTED = re.compile(rb"(?:<\?[^<>?]*+\?>\s*+)*+<(?:rss|feed|rdf:RDF|urlset)[\s>]")
"""How most feeds begin: with their root, or with instructions; these have no document type."""
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_FEED = re.compile(r"<(?:\w{1,20}:)?(?:rss|feed|rdf|urlset|sitemapindex|channel)\b", re.IGNORECASE)
_FIRST = re.compile(r"<(?:\?xml\b|[A-Za-z!])")
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_BAD_NUMBER = re.compile(
    r"&#(?:x0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF])"
    r"|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));"
)
_NO_TAG = re.compile(r"<(?![A-Za-z_:/!?])")
_NO_TAGS = {"<![CDATA[": "]]>", "<?": "?>", "<!--": "-->"}
"""What begins as a tag does, and where it ends."""
_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ITEM = re.compile(rb"<(?:[A-Za-z0-9]{1,20}:)?(item|entry|url)[\s>]")
_ITEM_END = re.compile(rb"</(?:[A-Za-z0-9]{1,20}:)?(?:item|entry|url)\s*>")
_CLOSING = re.compile(rb"</(?:[A-Za-z0-9]{1,20}:)?([A-Za-z]{1,10})\s*>")
_LAST = {"rss": {b"rss", b"channel"}, "rdf": {b"rdf"}, "feed": {b"feed"}, "urlset": {b"urlset"}}
"""By root, which end tags say that its entries are all there; in RDF they follow the channel."""


class NotMarkup(ValueError):
    """The document has no tree: its text says why."""


class Tree(Record, frozen=True, kw_only=True):
    """A document as a tree."""

    root: Element
    warnings: tuple[str, ...] = ()
    complete: bool = True
    """False where the document was cut off, or elements of it were lost."""
    cut: bool = False
    """True where the last entry has no end: what it says is not whole."""
    clipped: bool = False
    """True where it has more tags than a tree is made of."""


_REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10}));?")


def is_page(text: str) -> bool:
    """Say whether the document is a page for people rather than a feed."""
    start = text[:5000]
    return bool(_PAGE.search(start)) and not _FEED.search(start)


def plant(decoded: Decoded, url: str) -> Tree:
    """Return the tree of a document.

    Raises:
        NotMarkup: nothing of it can be read.
    """
    text = decoded.text
    typed = _DOCTYPE.search(text, 0, TYPED)
    if typed:
        text = _untyped(text, typed.start())
    whole = len(text)
    if text.count("<") > TAGS_MOST:
        text = _begun(text)
    many = len(text) < whole
    data = text.encode("utf-8", "replace")
    if _is_crowded(data):
        raise NotMarkup(f"one of its tags declares more than {NAMESPACES} namespaces")
    try:
        return Tree(root=_strict(data, url))
    except etree.XMLSyntaxError as error:
        warning = f"not well-formed: {str(error.msg)[:200]}"
    if many:
        warning = f"more than {TAGS_MOST} tags: the rest is not read"
        return replace(_recovered(data, url, warning), clipped=True)
    if len(text) <= REPAIRED:
        data = _repaired(text).encode("utf-8", "replace")
        try:
            return Tree(root=_strict(data, url), warnings=(f"{warning} (repaired)",))
        except etree.XMLSyntaxError:
            pass  # the parser's own recovery is what is left
    return _recovered(data, url, warning)


def plant_utf8(data: bytes, url: str) -> Tree | None:
    """Return the tree of a document that is UTF-8 and well-formed, None of any other.

    A document type, or very many tags or namespaces, ask for more care than is taken here: such a
    document is none of these.
    """
    if not _ROOTED.match(data) and data.find(b"<!DOCTYPE", 0, TYPED) >= 0:
        return None
    # no tag has fewer than four bytes, and counting takes a tenth of the time of reading
    if len(data) > 4 * TAGS_MOST and data.count(b"<") > TAGS_MOST:
        return None
    try:
        root = _strict(data, url)
    except (etree.XMLSyntaxError, UnicodeDecodeError):
        return None
    return Tree(root=root) if len(root.nsmap) <= NAMESPACES else None


def _is_crowded(data: bytes) -> bool:
    """Say whether a tag declares so many namespaces that no feed needs.

    Each piece of markup that is taken out of the tree takes along what is declared above it, in
    time that grows with the square of that.
    """
    if data.count(b"xmlns") <= NAMESPACES:
        return False
    return any(tag.count(b"xmlns") > NAMESPACES for tag in data.split(b"<"))


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )


def _strict(data: bytes, url: str) -> Element:
    return _core(etree.fromstring(data, _parser(recover=False), base_url=url))


def _recovered(data: bytes, url: str, warning: str) -> Tree:
    data = _REFERENCE.sub(_real_character, data)
    try:
        root = etree.fromstring(data, _parser(recover=True), base_url=url)
    except etree.XMLSyntaxError as error:
        raise NotMarkup(str(error.msg)[:200]) from error
    if root is None:
        raise NotMarkup("no element in it")
    root = _core(root)
    began, ended = len(_ITEM.findall(data)), len(_ITEM_END.findall(data))
    found = sum(1 for element in root.iter() if name_of(element.tag) in {"item", "entry", "url"})
    name = name_of(root.tag).rpartition(":")[2]
    ends = {found.lower() for found in _CLOSING.findall(data[-4096:])}
    closed = not ends.isdisjoint(_LAST.get(name, {name.encode()}))
    return Tree(
        root=root,
        warnings=(f"{warning} (recovered)",),
        complete=closed and found >= began,
        cut=ended < began,
    )


def _real_character(found: re.Match[bytes]) -> bytes:
    """Return a reference, or U+FFFD where recovery would make of it what no text can hold."""
    code = int(found[1], 16) if found[1] else int(found[2])
    real = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF  # noqa: PLR2004 - Unicode's own
    return found[0] if real else b"&#xFFFD;"


def _core(root: Element) -> Element:
    """Give a document whose format is in a namespace of its own invention the usual names."""
    space, mark, local = root.tag[1:].partition("}") if root.tag[:1] == "{" else ("", "", "")
    if not mark or local.lower() not in {"rss", "feed", "rdf", "urlset"}:
        return root
    if space.lower() in CORE or name_of(root.tag)[:2] != "?:":
        return root
    for element in root.iter(f"{{{space}}}*"):
        local = element.tag.rpartition("}")[2]
        element.tag = local if ":" not in local else "unknown"
    return root


def _begun(text: str) -> str:
    """Return the beginning of a document, with as many tags as a tree is made of."""
    at = tags = 0
    while (at := text.find("<", at)) >= 0:
        end = next((end for start, end in _NO_TAGS.items() if text.startswith(start, at)), None)
        if end is not None:
            at = text.find(end, at)
            if at < 0:
                return text
            continue
        tags += 1
        if tags > TAGS_MOST:
            return text[:at]
        at += 1
    return text


def _untyped(text: str, start: int) -> str:
    """Cut the document type out, with all that it declares."""
    end, subset = text.find(">", start), text.find("[", start)
    if 0 <= subset < end:
        found = _SUBSET_END.search(text, subset)
        end = found.end() - 1 if found else -1
    if end < 0:
        return text
    return text[:start] + _entities(text[end + 1 :])


def _entities(text: str) -> str:
    """Replace HTML's entities, outside of CDATA, by what they stand for."""
    return _outside_cdata(text, lambda part: _ENTITY.sub(_entity, part))


def _entity(found: re.Match[str]) -> str:
    name = found[1]
    if name in _XML:
        return found[0]
    value = html5.get(f"{name};")
    if value is None:
        return f"&amp;{name};"
    return value.replace("&", "&amp;").replace("<", "&lt;")


def _repaired(text: str) -> str:
    """Mend what most often breaks a feed: junk around it, controls, bare ``&`` and ``<``."""
    first = _FIRST.search(text)
    text = text[first.start() :] if first else text
    end = max(text.rfind(f"</{name}>") for name in ("rss", "feed", "rdf:RDF", "urlset"))
    if end > 0:
        text = text[: text.find(">", end) + 1]
    text = _in_pieces(text, lambda piece: _REFUSED.sub("", piece))
    return _outside_cdata(text, lambda part: _in_pieces(part, _mended))


def _mended(part: str) -> str:
    part = _NO_TAG.sub("&lt;", part)
    if "&" in part:
        part = _BAD_NUMBER.sub("", _ENTITY.sub(_entity, part))
        part = _AMPERSAND.sub("&amp;", part)
    return part


def _in_pieces(text: str, mend: Callable[[str], str]) -> str:
    """Apply ``mend`` to a text piece by piece; none ends within a tag's or an entity's first
    characters.

    No other thread runs while an expression replaces, and in half a megabyte of ``&`` that takes
    a quarter of a second.
    """  # noqa: D205
    if len(text) <= PIECE:
        return mend(text)
    pieces: list[str] = []
    at = 0
    while at < len(text):
        end = at + PIECE
        if end < len(text):
            marked = max(text.rfind("<", at, end), text.rfind("&", at, end))
            end = marked if marked > at else end
        pieces.append(mend(text[at:end]))
        at = end
    return "".join(pieces)


def _outside_cdata(text: str, mend: Callable[[str], str]) -> str:
    """Apply ``mend`` to all but CDATA sections."""
    first, *rest = text.split("<![CDATA[")
    kept = [mend(first)]
    for part in rest:
        inside, mark, outside = part.partition("]]>")
        kept.append(f"<![CDATA[{inside}{mark}{mend(outside)}")
    return "".join(kept)
