"""Why a fetch failed, in words for people who have never seen a traceback."""

from typing import get_args

from workers.errors import Reason

__all__ = ["failure_words", "reason_of"]

_WORDS: dict[Reason, str] = {
    "clientError": "the server says that the request is wrong",
    "serverError": "the server has an error of its own",
    "rateLimited": "the server asks us to come less often",
    "authError": "the server wants a password",
    "timeout": "the server does not answer",
    "connect": "the server cannot be connected to",
    "dns": "the name of the server does not resolve",
    "tls": "the server's certificate or encryption is wrong",
    "blocked": "the server refuses us",
    "payload": "what is there is no feed",
    "disabled": "it is disabled",
    "tooLarge": "it is larger than allowed",
    "notFound": "there is nothing at its address",
    "gone": "it says that it is gone for good",
    "crash": "it breaks whoever reads it",
}
_OURS = "its address is one that we do not ask"
"""`blocked` before anything was sent."""


def reason_of(error: str) -> Reason | None:
    """Return the reason that an error as stored (``reason: detail``) begins with."""
    name = error.partition(":")[0].strip()
    return next((reason for reason in get_args(Reason) if reason == name), None)


def failure_words(error: str) -> str:
    """Return an error as stored (``reason: detail``) in words, the detail in brackets."""
    reason = reason_of(error)
    detail = error.partition(":")[2].strip() if reason is not None else error.strip()
    address, mark, rest = detail.partition(": ")
    if mark and "://" in address and " " not in address:
        detail = rest.strip()
    words = _WORDS[reason] if reason is not None else "it cannot be read"
    if reason == "blocked" and not detail.startswith("HTTP"):
        words = _OURS
    return f"{words} ({detail})" if detail else words
