"""One query tried on one document: the match, or why not."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from workers.model.topic import Clause, Document, TopicTry
from workers.topics.aliases import read_aliases
from workers.topics.clauses import holds
from workers.topics.forms import Forms
from workers.topics.parser import parse
from workers.topics.parts import because, tree_of
from workers.topics.receipt import elsewhere, failure, first_failure, partly, receipt, shortened
from workers.topics.scan import Scan
from workers.topics.tree import Alias, Both, Count, Either, Fact, Near, Node, Not, Phrase, Term
from workers.topics.vocabulary import Vocabulary

__all__ = ["tried", "try_query", "unlisted"]

LIMIT = 300
"""Characters of what is told of a topic's feeds, and of the article's."""


def try_query(
    query: str,
    aliases: Mapping[str, Sequence[str]],
    languages: Sequence[str],
    document: Document,
) -> TopicTry:
    """Try one query on one document, and tell where it held or which clause did not.

    Raises:
        QueryError: the query is refused.
    """
    tree = parse(query, read_aliases(aliases).phrases).tree
    forms = Forms(languages)
    vocabulary = Vocabulary(forms)
    _ask_for(tree, vocabulary)
    lexicon = vocabulary.lexicon(forms.codes_for(document.language))
    return tried(tree, Scan(document, vocabulary, lexicon))


def _ask_for(node: Node, vocabulary: Vocabulary) -> None:
    """Give a number to each word that a query asks for, before the text is read."""
    match node:
        case Both(children=inner) | Either(children=inner) | Near(operands=inner):
            for child in inner:
                _ask_for(child, vocabulary)
        case Not(child=child) | Count(operand=child):
            _ask_for(child, vocabulary)
        case Fact():
            vocabulary.fact(node.field, node.phrase)
        case Term():
            _number(node.phrase, vocabulary)
        case Alias():
            for phrase in node.phrases:
                _number(phrase, vocabulary)


def _number(phrase: Phrase, vocabulary: Vocabulary) -> None:
    for element in phrase:
        vocabulary.number(element)


def tried(tree: Node, scan: Scan) -> TopicTry:
    """Tell where a query holds in a document, or which clause does not and why."""
    told = tree_of(tree, scan, scan.document)
    if holds(tree, scan):
        return TopicTry(matched=True, clauses=receipt(tree, scan), tree=told)
    failed = first_failure(tree, scan)
    return TopicTry(
        matched=False,
        clauses=partly(tree, scan),
        failed=failure(failed, scan),
        because=because(failed, scan, scan.document),
        elsewhere=elsewhere(failed, scan),
        tree=told,
    )


def unlisted(outcome: TopicTry, wanted: Sequence[str], listed: Sequence[str]) -> TopicTry:
    """Return the outcome for a topic that keeps to feeds of which none listed the document.

    Args:
        outcome: as if it kept to none.
        wanted: names and tags of the topic's feeds.
        listed: names and tags of those that listed the document.
    """
    query = shortened(f"feeds = [{', '.join(map(_quoted, wanted))}]", LIMIT)
    return replace(
        outcome,
        matched=False,
        failed=Clause(op="feeds", query=query, span=(0, 0)),
        because=shortened(f"listed by {', '.join(listed)}", LIMIT),
        elsewhere=(),
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
