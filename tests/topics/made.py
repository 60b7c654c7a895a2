"""Made-up topics and articles over all operators, scopes, facts and scripts, from a seed.

They share few words, so that much is met, and missed by little.
"""

# ruff: noqa: RUF001 -- letters that look like others are meant, and no secrets are made

from collections.abc import Sequence
from random import Random

from workers.model.article import ZoneLine
from workers.model.topic import Document

ALIASES = {
    "group": ["Kata'ib Hezbollah", "كتائب حزب الله", "{US}", "houthi*", "armed ~drone"],
    "party": ["真主党", "@group", "حزب الله", "חיזבאללה", "Хезболла"],
}

WORDS = (
    "strike", "strikes", "struck", "Strike", "STRIKING", "militia", "militias", "Militia's",
    "drone", "drones", "Drone-strike", "drone/strike", "us", "US", "U.S.", "u.s", "F-16", "2024",
    "٢٠٢٤", "Kata'ib", "Kata’ib", "Kataib", "Kataʿib", "Hezbollah", "hezbollah", "l'attaque",
    "D'Souza", "attaques", "Houthi", "Houthis", "armed", "كتائب", "والكتائب", "الكتائب", "لِلكتائب",
    "كتائِب", "حزب", "الله", "وحزب", "للحزب", "חיזבאללה", "לחיזבאללה", "והבית", "בית", "Хезболла",
    "баня", "бан\u0438\u0306", "Straße", "strasse", "café", "cafe\u0301", "黎巴嫩真主党", "真主党",
    "真", "主党", "ドローン", "攻撃", "ฮิซบอลเลาะห์", "हिज़्बुल्लाह", "—", "...", "🙂", "mi\u00adlitia",
    "ﬁre", "fire", "İstanbul", "ıstanbul", "q\u0301\u0302\u0303", "1,000", "people", "person",
)  # fmt: skip
PREFIXES = ("stri*", "mil*", "dro*", "houth*", "كتا*", "strik*", "حيز*", "Stra*", "баня*", "真*")
PHRASES = (
    '"drone strike"', '"drone ~strike"', '"~militia drone"', '"drone stri*"', '"كتائب حزب"',
    '"真主党"', '"us drone"', '"the strike"', '"حزب الله"', '"strike strike"', "air-strike",
    "drone-strike", '"Kata\'ib Hezbollah"', '"strike" "drone"', '"l\'attaque"',
)  # fmt: skip
SCOPES = ("", "", "", "", "title:", "lead:", "body:", "caption:", "any:")
INSIDE = {"": SCOPES, "body:": ("", "", "body:", "lead:"), "any:": SCOPES}
"""The scopes that may stand on a term inside a group that has one."""
FACTS = (
    "source:example", 'source:"example world"', "source:exam*", "lang:en", "lang:de", "lang:ar",
    "tag:war", 'tag:"armed drone"', "tag:arm*", "author:smith", 'author:"jane smith"',
)  # fmt: skip
_JOINTS = ("-", "/", "'", "’", ".", "_", "&", ",", "\u200d", "\u00ad", "ـ", "")
"""What may stand between two words that no space parts."""
_SOURCES = ("Example World", "example.org", "The Example", "World")
_TAGS = ("war", "War", "armed drone", "armed", "politics")
_AUTHORS = (None, "Jane Smith", "J. Smith", "Smith Jane", "Ali")
_LANGUAGES = ("en", "en", "en-GB", "de", None, "und", "ar")


def query(chance: Random, depth: int = 3, within: str = "") -> str:
    """Return a query; a few are refused. ``within``: the scope of the group around it."""
    kind = chance.random()
    if not depth or kind < 0.3:
        return _leaf(chance, within)
    if kind < 0.4:
        return f"({_near(chance, within)})"
    if kind < 0.48:
        return f"COUNT/{chance.randint(1, 4)}({_group(chance, within)})"
    scope = chance.choice(("", "", "", "", "body:", "any:"))
    scope = scope if not within or scope == within else ""
    inside = scope or within
    inner = [query(chance, depth - 1, inside) for _ in range(chance.randint(2, 3))]
    if kind < 0.58:
        return f"{scope}({inner[0]} NOT ({inner[1]}))"
    return f"{scope}({chance.choice((' AND ', ' OR ', ' OR ')).join(inner)})"


def _leaf(chance: Random, within: str) -> str:
    if not within and chance.random() < 0.08:
        return chance.choice(FACTS)
    return chance.choice(INSIDE[within]) + _term(chance)


def _term(chance: Random) -> str:
    kind = chance.random()
    word = chance.choice(WORDS)
    if kind < 0.45:
        return word
    if kind < 0.55:
        return f'"{word}"'
    if kind < 0.65:
        return f"{{{word}}}"
    if kind < 0.78:
        return chance.choice(PHRASES)
    return chance.choice(PREFIXES if kind < 0.9 else ("@group", "@party"))


def _group(chance: Random, within: str) -> str:
    scope = chance.choice(INSIDE[within])
    terms = [_term(chance) for _ in range(chance.randint(1, 3))]
    return f"{scope}({' OR '.join(terms)})" if len(terms) > 1 else scope + terms[0]


def _near(chance: Random, within: str) -> str:
    parts = [_group(chance, within)]
    for _ in range(chance.randint(1, 3)):
        operator = chance.choice(("NEAR", "NEAR", "ONEAR"))
        parts += [f"{operator}/{chance.randint(1, 6)}", _group(chance, within)]
    return " ".join(parts)


def document(chance: Random) -> Document:
    """Return an article of a few dozen words."""
    zones = [
        ZoneLine(zone=chance.choice(("caption", "related")), text=_text(chance, 6), rule="made")
        for _ in range(chance.choice((0, 0, 1, 3)))
    ]
    return Document(
        title=_text(chance, 8),
        body=_text(chance, chance.choice((0, 10, 40))),
        zones=tuple(zones),
        language=chance.choice(_LANGUAGES),
        sources=_some(chance, _SOURCES),
        tags=_some(chance, _TAGS),
        author=chance.choice(_AUTHORS),
    )


def _text(chance: Random, most: int) -> str:
    words = [_written(chance) for _ in range(chance.randint(0, most))]
    spaces = (" ", " ", " ", " ", "  ", "\n", "\n", "\u00a0", "\u3000", " \n ", ", ")
    return "".join(
        chance.choice(("", "", "", "\n", '"')) + w + chance.choice(spaces) for w in words
    )


def _written(chance: Random) -> str:
    word = chance.choice(WORDS)
    return word + chance.choice(_JOINTS) + chance.choice(WORDS) if chance.random() < 0.1 else word


def _some(chance: Random, among: Sequence[str]) -> tuple[str, ...]:
    return tuple(chance.sample(among, chance.randint(0, 2)))
