"""A made-up article of which a query is true: what is not true of it, the query does not imply.

That finds for each of many topics the few that may hold it, by one question to all of them.
"""

from collections.abc import Iterator

from workers.model.article import ZoneLine
from workers.model.topic import Document
from workers.topics.tree import (
    Alias,
    Both,
    Count,
    Either,
    Fact,
    FactField,
    Near,
    Node,
    Phrase,
    Scope,
    Term,
)

__all__ = ["witnesses"]

VARIANTS = 6
"""Articles tried for one query: each takes other branches of its ORs."""
APART = " zqxj" * 51 + " "
"""Words that nobody asks for, more than a NEAR reaches over."""
MOST = 200_000
"""Characters of a zone."""


def witnesses(tree: Node) -> Iterator[Document]:
    """Yield articles of which a tree may be true; whoever takes one asks whether it is."""
    seen: set[Document] = set()
    for variant in range(VARIANTS):
        made = _Article(variant)
        made.add(tree)
        document = made.document()
        if document not in seen:
            seen.add(document)
            yield document


class _Article:
    """An article while it is made."""

    def __init__(self, variant: int) -> None:
        self._variant = variant
        self._turn = 0
        self._zones: dict[str, list[str]] = {
            "title": [], "lead": [], "more": [], "caption": [], "other": [],
        }  # fmt: skip
        self._facts: dict[FactField, list[str]] = {}

    def add(self, node: Node) -> None:
        """Put in what makes a tree true; what must not be there is hoped to be absent."""
        match node:
            case Both():
                for child in node.children:
                    self.add(child)
            case Either():
                self.add(self._one_of(node.children))
            case Term() | Alias():
                self._put(*self._said(node))
            case Near():
                said = [self._said(operand) for operand in node.operands]
                self._put(" ".join(text for text, _ in said), *(scope for _, scope in said))
            case Count():
                text, scope = self._said(node.operand)
                self._put(" zqxj ".join([text] * node.least), scope)
            case Fact():
                value = " ".join(element.cased for element in node.phrase)
                self._facts.setdefault(node.field, []).append(value)
            case _:
                return

    def _one_of(self, nodes: tuple[Node, ...]) -> Node:
        self._turn += 1
        return nodes[self._variant * self._turn % len(nodes)]

    def _said(self, node: Node) -> tuple[str, Scope]:
        """Return words that a leaf, or one of a group, finds, and where it does."""
        while isinstance(node, Either):
            node = self._one_of(node.children)
        if isinstance(node, Alias):
            self._turn += 1
            phrases = node.phrases
            return _words(phrases[self._variant * self._turn % len(phrases)]), node.scope
        return (_words(node.phrase), node.scope) if isinstance(node, Term) else ("", "")

    def _put(self, text: str, *scopes: Scope) -> None:
        wanted = set(scopes) - {"", "any"} or set(scopes) - {"any"} or set(scopes)
        if wanted == {""}:
            zone = "title" if self._variant % 2 else "more"
        elif wanted == {"any"}:
            zone = "other"
        elif wanted == {"body"}:
            zone = "more"
        else:
            zone = min(wanted - {"body"})
        self._zones[zone].append(text)

    def document(self) -> Document:
        """Return the article as it is."""
        said = {zone: APART.join(texts)[:MOST] for zone, texts in self._zones.items()}
        lines = (
            ZoneLine(zone="caption", text=said["caption"], rule=""),
            ZoneLine(zone="related", text=said["other"], rule=""),
        )
        languages = self._facts.get("lang", [])
        return Document(
            title=said["title"],
            body=f"{said['lead'] or APART}\n{APART}{said['more']}",
            zones=tuple(line for line in lines if line.text),
            language=max(languages, key=len) if languages else None,
            sources=tuple(self._facts.get("source", ())),
            tags=tuple(self._facts.get("tag", ())),
            author=APART.join(self._facts["author"]) if "author" in self._facts else None,
        )


def _words(phrase: Phrase) -> str:
    return " ".join(element.cased for element in phrase)
