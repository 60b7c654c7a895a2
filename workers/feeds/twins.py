"""The same text under another identity: what an entry is known by besides its guid."""

from functools import lru_cache
from hashlib import blake2b

from workers.text.urls import canonical, identity_key

__all__ = ["twin", "twins"]


def twin(title: str, url: str | None) -> str:
    """Return what two identities of one text share: a hash of title and canonical link."""
    link = (canonical(url) or url) if url else ""
    whole = f"{' '.join(title.split())}\0{link}".encode("utf-8", "replace")
    return blake2b(whole, digest_size=16).hexdigest()


@lru_cache(maxsize=512)  # a poll asks some times for each new entry
def twins(title: str, url: str | None) -> tuple[str, ...]:
    """Return every `twin` that a text may be stored as, the nearest first.

    Sites change from http to https, drop their ``www`` or a slash at the end: a feed that has no
    guids then has other identities, and none of it is news.
    """
    own = twin(title, url)
    if not url or canonical(url) is None:
        return (own,)
    page, mark, query = identity_key(url).partition("?")
    others = (
        twin(title, f"{scheme}://{www}{page}{slash}{mark}{query}")
        for scheme in ("https", "http")
        for www in ("", "www.")
        for slash in ("", "/")
    )
    return tuple(dict.fromkeys((own, *others)))
