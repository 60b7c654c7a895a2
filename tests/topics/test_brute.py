"""The evaluator gives what a naive reading of the table gives, on made-up topics and articles.

The words are chosen so that forms, scripts and case can be told without the evaluator's help.
"""

import re
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from workers.model.article import ZoneLine
from workers.model.topic import Document
from workers.topics import try_query

FORMS = {
    "strike": {"strike", "strikes", "struck", "Struck", "STRIKES"},
    "militia": {"militia", "militias", "Militia"},
    "us": {"us", "US", "Us"},
    "drone": {"drone", "drones", "Drones"},
    "баня": {"баня", "Баня"},
    "岸": {"岸"},
}
WORDS = sorted(set().union(*FORMS.values()))
EXACT = {word: {other for other in WORDS if other.lower() == word.lower()} for word in WORDS}
ALIASES = {"set": ["drone strike", "militias", "stri*"]}

texts = st.lists(st.sampled_from(WORDS), max_size=9)
documents = st.tuples(texts, texts, texts, st.lists(st.tuples(st.booleans(), texts), max_size=2))

# A leaf is (query, [one set of admitted words for each position, for each alternative]).
words = st.sampled_from(sorted(FORMS)).map(lambda w: (w, [[FORMS[w]]]))
exact = st.sampled_from(WORDS).map(lambda w: (f'"{w}"', [[EXACT[w]]]))
cased = st.sampled_from(WORDS).map(lambda w: (f"{{{w}}}", [[{w}]]))
prefixes = st.sampled_from(["stri", "mil", "dro"]).map(
    lambda p: (f"{p}*", [[{w for w in WORDS if w.lower().startswith(p)}]])
)
phrases = st.tuples(st.sampled_from(WORDS), st.sampled_from(["strike", "drone"])).map(
    lambda pair: (f'"{pair[0]} ~{pair[1]}"', [[EXACT[pair[0]], FORMS[pair[1]]]])
)
sets = st.just(
    (
        "@set",
        [
            [EXACT["drone"], EXACT["strike"]],
            [EXACT["militias"]],
            [{w for w in WORDS if w.lower().startswith("stri")}],
        ],
    )
)
scopes = st.sampled_from(["", "", "", "title:", "lead:", "body:", "caption:", "any:"])
leaves = st.tuples(st.one_of(words, exact, cased, prefixes, phrases, sets), scopes).map(
    lambda pair: ("leaf", pair[1] + pair[0][0], pair[1], pair[0][1])
)
groups = st.lists(leaves, min_size=1, max_size=2).map(lambda found: ("or", found))
nears = st.tuples(groups, st.booleans(), st.integers(1, 4), groups).map(lambda n: ("near", *n))
counts = st.tuples(st.integers(1, 4), groups).map(lambda n: ("count", *n))
trees = st.recursive(
    st.one_of(leaves, nears, counts),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda found: ("and", found)),
        st.lists(inner, min_size=2, max_size=3).map(lambda found: ("or", found)),
        st.tuples(inner, inner).map(lambda pair: ("without", *pair)),
    ),
    max_leaves=5,
)


def written(tree) -> str:
    """Return a tree as a query."""
    match tree:
        case ("leaf", query, _, _):
            return query
        case ("near", left, ordered, reach, right):
            name = "ONEAR" if ordered else "NEAR"
            return f"(({written(left)}) {name}/{reach} ({written(right)}))"
        case ("count", least, group):
            return f"COUNT/{least}({written(group)})"
        case ("without", one, other):
            return f"({written(one)} NOT ({written(other)}))"
        case (name, children):
            return "(" + f" {name.upper()} ".join(map(written, children)) + ")"


def searched(document, scope):
    """Return the passages of a scope by number, and how many of their words count."""
    title, lead, rest, zones = document
    lines = {0: title, 1: lead + rest, **{2 + n: line for n, (_, line) in enumerate(zones)}}
    first = len(lead) if lead else len(rest)
    numbers = {
        "": [0, 1], "title:": [0], "body:": [1], "lead:": [1], "any:": list(lines),
        "caption:": [2 + n for n, (is_caption, _) in enumerate(zones) if is_caption],
    }[scope]  # fmt: skip
    return [(n, lines[n][:first] if scope == "lead:" else lines[n]) for n in numbers]


def spots(tree, document):
    """Return the places of a leaf or group, tried at every position."""
    if tree[0] == "or":
        return {spot for child in tree[1] for spot in spots(child, document)}
    _, _, scope, alternatives = tree
    return {
        (number, at, at + len(row) - 1)
        for number, line in searched(document, scope)
        for row in alternatives
        for at in range(len(line) - len(row) + 1)
        if all(line[at + n] in admitted for n, admitted in enumerate(row))
    }


def is_near(left, right, reach, *, ordered) -> bool:
    """Say whether two places are within reach, counting from the nearer ends."""
    if left[0] != right[0]:
        return False
    if left[2] < right[1]:
        return right[1] - left[2] <= reach
    return not ordered and right[2] < left[1] and left[1] - right[2] <= reach


def truth(tree, document) -> bool:
    """Return what the table says of a tree and a document."""
    match tree:
        case ("leaf", *_):
            return bool(spots(tree, document))
        case ("near", left, ordered, reach, right):
            pairs = product(spots(left, document), spots(right, document))
            return any(is_near(a, b, reach, ordered=ordered) for a, b in pairs)
        case ("count", least, group):
            return len({spot[:2] for spot in spots(group, document)}) >= least
        case ("without", one, other):
            return truth(one, document) and not truth(other, document)
        case ("and", children):
            return all(truth(child, document) for child in children)
        case (_, children):
            return any(truth(child, document) for child in children)


def as_record(document) -> Document:
    """Return the made-up document as the evaluator takes it."""
    title, lead, rest, zones = document
    return Document(
        title=" ".join(title),
        body="\n".join(" ".join(line) for line in (lead, rest)),
        zones=tuple(
            ZoneLine(zone="caption" if is_caption else "related", text=" ".join(line), rule="t")
            for is_caption, line in zones
        ),
        language="en",
    )


@settings(max_examples=200, deadline=None)
@given(trees, documents)
def test_the_evaluator_agrees_with_a_naive_one(tree, document):
    """Every operator, every scope: the same answer, and hits that cite the text."""
    record = as_record(document)
    tried = try_query(written(tree), ALIASES, ["en"], record)
    assert truth(tree, document) is tried.matched
    texts = {record.title, record.body, *(line.text for line in record.zones)}
    for hit in (hit for clause in tried.clauses for hit in clause.hits):
        cited = re.sub(r"\s", " ", hit.text)
        assert any(cited == re.sub(r"\s", " ", text[hit.start : hit.end]) for text in texts)
