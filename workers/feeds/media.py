"""Files that come with an entry, and what Media RSS says of them."""

from workers.feeds.document import Element
from workers.feeds.entries import Draft
from workers.feeds.names import name_of
from workers.feeds.xmltext import as_markup, attribute

__all__ = ["note_file", "note_media"]

MOST = 50
"""Files that are looked at, of one entry."""


def note_file(draft: Draft, element: Element, address: str, length: str) -> None:
    """Note a file; the names are those of the attributes with its address and its length."""
    url = attribute(element, address)
    if url and len(draft.enclosures) < MOST:
        kind = attribute(element, "type")
        draft.enclosures.append((url, kind, attribute(element, length)))


def note_media(draft: Draft, element: Element) -> None:
    """Note the files of ``media:content`` or a ``media:group`` of them, and what they show.

    The description of a video is all the text that some feeds have.
    """
    note_file(draft, element, "url", "fileSize")
    for child in element:
        name = name_of(child.tag)
        if name == "media:content":
            note_file(draft, child, "url", "fileSize")
        elif name == "media:description" and not draft.described:
            draft.described = as_markup(child.text or "")
