"""The sentence that shows best why a topic rang, with its hits marked."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from workers.alerts.words import clean
from workers.model.base import Record
from workers.model.topic import Clause, Hit

__all__ = ["Passage", "Piece", "marked", "passage", "sentences"]

MOST_CHARACTERS = 400
MOST_HITS = 200
MOST_SENTENCE = 20_000
BEFORE = 120
"""Characters kept before the first hit of a sentence that is too long."""
_PREFERENCE = ("body", "title", "caption")
Span = tuple[int, int]
Mark = tuple[str, str]
STARS: Mark = ("*", "*")


class Piece(Record, frozen=True, kw_only=True):
    """A part of a sentence."""

    text: str
    hit: bool


class Passage(Record, frozen=True, kw_only=True):
    """A sentence in pieces, hits apart from the rest, already cleaned."""

    zone: str
    pieces: tuple[Piece, ...]


def marked(clauses: Sequence[Clause], mark: Mark = STARS) -> str:
    """Return the best sentence in one safe line, each hit between the two marks; "" if none."""
    found = passage(clauses)
    return _line(found, mark) if found is not None else ""


def sentences(hits: Iterable[Hit], mark: Mark = STARS) -> list[tuple[str, str]]:
    """Return each sentence that hits stand in, as zone and safe line, its hits between marks."""
    return [
        (zone, _line(_passage(zone, sentence, inside), mark))
        for (zone, sentence), inside in _by_sentence(_showable(hits)).items()
    ]


def passage(clauses: Sequence[Clause]) -> Passage | None:
    """Return the sentence that holds the most different hits; None if no hit has a sentence."""
    found = _by_sentence(_showable(hit for clause in clauses for hit in clause.hits))
    if not found:
        return None
    zone, sentence = max(found, key=lambda key: _worth(key[0], found[key]))
    return _passage(zone, sentence, found[zone, sentence])


def _line(found: Passage, mark: Mark) -> str:
    start, end = mark
    texts = (f"{start}{piece.text}{end}" if piece.hit else piece.text for piece in found.pieces)
    return "".join(texts).strip()


def _passage(zone: str, sentence: str, hits: Sequence[Hit]) -> Passage:
    return Passage(zone=zone, pieces=tuple(_pieces(sentence, _spans(sentence, hits))))


def _by_sentence(hits: Iterable[Hit]) -> dict[tuple[str, str], list[Hit]]:
    found: dict[tuple[str, str], list[Hit]] = {}
    for hit in hits:
        found.setdefault((hit.zone, hit.sentence), []).append(hit)
    return found


def _showable(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Yield hits that can be shown, the first few hundred."""
    shown = (hit for hit in hits if hit.sentence.strip() and len(hit.sentence) <= MOST_SENTENCE)
    return islice(shown, MOST_HITS)


def _worth(zone: str, hits: Sequence[Hit]) -> tuple[int, int]:
    taste = -_PREFERENCE.index(zone) if zone in _PREFERENCE else -len(_PREFERENCE)
    return len({hit.text.casefold() for hit in hits}), taste


def _spans(sentence: str, hits: Sequence[Hit]) -> list[Span]:
    """Return where the hits stand in the sentence, in order, overlapping ones joined.

    A hit knows its place in the zone, not in the sentence: so the one shift is looked for that
    puts every hit on its own text. Without one (the sentence was cut or tidied) each hit is
    marked where its text occurs first.
    """
    known = sorted({(hit.start, hit.end, hit.text) for hit in hits if hit.text})
    found = _aligned(sentence, known)
    if found is None:
        places = ((sentence.find(text), text) for _, _, text in known)
        found = [(at, at + len(text)) for at, text in places if at >= 0]
    return _joined(found)


def _aligned(sentence: str, known: Sequence[tuple[int, int, str]]) -> list[Span] | None:
    if not known:
        return []
    origin, _, first = known[0]
    at = sentence.find(first)
    while at >= 0:
        shift = at - origin
        if all(sentence.startswith(text, start + shift) for start, _, text in known):
            return [(start + shift, start + shift + len(text)) for start, _, text in known]
        at = sentence.find(first, at + 1)
    return None


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _pieces(sentence: str, spans: Sequence[Span]) -> Iterator[Piece]:
    low, high = _window(sentence, spans)
    if low > 0:
        yield Piece(text="…", hit=False)
    at = low
    for start, end in spans:
        if end > high:
            break
        yield from _piece(sentence[at:start], hit=False)
        yield from _piece(sentence[start:end], hit=True)
        at = end
    yield from _piece(sentence[at:high], hit=False)
    if high < len(sentence):
        yield Piece(text="…", hit=False)


def _piece(text: str, *, hit: bool) -> Iterator[Piece]:
    cleaned = clean(text)
    if cleaned:
        yield Piece(text=cleaned, hit=hit)


def _window(sentence: str, spans: Sequence[Span]) -> Span:
    """Return the part of a long sentence that is shown: from shortly before its first hit."""
    if len(sentence) <= MOST_CHARACTERS:
        return 0, len(sentence)
    first, end = spans[0] if spans else (0, 0)
    low = max(0, min(first - BEFORE, len(sentence) - MOST_CHARACTERS))
    if low > 0:
        low = sentence.find(" ", low, first) + 1 or low
    return low, min(len(sentence), max(low + MOST_CHARACTERS, end))
