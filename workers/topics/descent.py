"""Recursive descent over lexemes: what every parser of queries does alike."""

from workers.topics.lexeme import Kind, Lexeme
from workers.topics.terms import refuser

__all__ = ["MAX_DEPTH", "Descent"]

MAX_DEPTH = 50
"""Brackets, fields and NOTs inside one another."""


class Descent:
    """Walks over the lexemes of a query once."""

    def __init__(self, query: str, lexemes: list[Lexeme]) -> None:
        """Begin with the first of ``lexemes``, of which the last is ``end``."""
        self.query = query
        self.lexemes = lexemes
        self.place = 0
        self.depth = 0
        self.refuse = refuser(query)

    @property
    def now(self) -> Lexeme:
        """Return the lexeme that comes next."""
        return self.lexemes[self.place]

    def next(self) -> Lexeme:
        """Read a lexeme."""
        lexeme = self.now
        self.place += 1
        return lexeme

    def at(self, kind: Kind) -> bool:
        """Say whether a lexeme of this kind comes next."""
        return self.now.kind == kind

    def end(self) -> int:
        """Return where the lexeme ends that was read last."""
        return self.lexemes[self.place - 1].end

    def deeper(self, lexeme: Lexeme) -> None:
        """Go one level down; whoever comes back up takes one from ``depth``.

        Raises:
            QueryError: this is deeper than any query needs.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"nested more than {MAX_DEPTH} deep"
            hint = "take brackets away, or move a part into a topic of its own"
            self.refuse(lexeme.start, lexeme.end, message, hint)

    def refuse_close(self) -> None:
        """Refuse a closing bracket that comes next.

        Raises:
            QueryError: there is one.
        """
        if self.at("close"):
            message = "a closing bracket too many: `)`"
            self.refuse(self.now.start, self.now.end, message, "delete it")
