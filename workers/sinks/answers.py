"""What a receiver said, made fit to be kept and shown."""

from collections.abc import Iterable

from workers.alerts.words import safe_line, shorten

__all__ = ["answer_line", "chain"]

MOST_CHARACTERS = 300
SHORTEST_SECRET = 4
"""Shorter texts are no secrets, and replacing them would garble the answer."""
MOST_LINKS = 20


def answer_line(said: str, secrets: Iterable[str] = ()) -> str:
    """Return an answer as one safe line of bounded length, with every secret in it masked.

    Receivers like to echo what they were sent: the path of a request, the line of a login.
    """
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            said = said.replace(secret, "<secret>")
    return shorten(safe_line(said), MOST_CHARACTERS)


def chain(error: BaseException) -> Iterable[BaseException]:
    """Yield ``error`` and what caused it, as far as it is known."""
    link: BaseException | None = error
    for _ in range(MOST_LINKS):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__
