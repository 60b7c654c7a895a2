"""What the tests of topics share: documents, and one query against one document."""

from collections.abc import Callable

import pytest

from workers.model.article import ZoneLine
from workers.model.topic import Document, TopicTry
from workers.topics import try_query

GROUP = {"group": ["Kataib Hezbollah", "Houthi*", "armed ~drone", "حزب الله"]}

Trial = Callable[..., TopicTry]


def as_document(example: str, language: str | None = "en") -> Document:
    """Return the document that an example of the reference stands for."""
    title, *rest = example.split(" / ")
    body: list[str] = []
    zones: list[ZoneLine] = []
    facts: dict[str, str] = {}
    for part in rest:
        name, colon, value = part.partition(": ")
        if colon and name in {"caption", "related"}:
            zones.append(ZoneLine(zone=name, text=value, rule="test"))
        elif colon and name in {"source", "tag", "lang", "author"}:
            facts[name] = value
        else:
            body.append(part)
    return Document(
        title=title,
        body="\n".join(body),
        zones=tuple(zones),
        language=facts.get("lang", language),
        sources=tuple(facts[name] for name in ("source",) if name in facts),
        tags=tuple(facts[name] for name in ("tag",) if name in facts),
        author=facts.get("author"),
    )


@pytest.fixture
def document_of() -> Callable[..., Document]:
    """Return a document from an example such as ``Title / body / related: line``."""
    return as_document


@pytest.fixture
def tried() -> Trial:
    """Try a query on an example, with the alias set ``@group``."""

    def run(query: str, example: str | Document, language: str | None = "en") -> TopicTry:
        document = example if isinstance(example, Document) else as_document(example, language)
        return try_query(query, GROUP, ["en"], document)

    return run
