"""What is proposed for a few words: names kept, idle words dropped, aliases used."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.model.topic import Document
from workers.topics import QueryError, try_query
from workers.topics.aliases import read_aliases
from workers.topics.canonical import canonical
from workers.topics.parser import parse
from workers.topics.proposed import propose

ALIASES = {
    "kataib_hezbollah": ["Kataib Hezbollah", "Kata'ib Hizballah", "كتائب حزب الله"],
    "houthis": ["Houthi*"],
    "armed_drones": ["armed ~drone"],
    "us_forces": ["{US Forces}", "{CENTCOM}"],
}
SETS = read_aliases(ALIASES).phrases

PROPOSED = [
    ("militia strikes", "militia NEAR/30 strike"),
    ("Militia strikes", "Militia NEAR/30 strike"),
    ("the militia's strikes", "militia NEAR/30 strike"),
    ("MILITIA STRIKES", "militia NEAR/30 strike"),
    ("killed journalists", "kill NEAR/30 journalist"),
    ("U.S. sanctions on Iranian oil", "{US} NEAR/30 sanction NEAR/30 Iranian NEAR/30 oil"),
    ("IDF raids in Gaza", "{IDF} NEAR/30 raid NEAR/30 Gaza"),
    ("Bank of England raises rates", '"Bank of England" NEAR/30 raise NEAR/30 rate'),
    ("Mohammed bin Salman", '"Mohammed bin Salman"'),
    ("Ursula von der Leyen", '"Ursula von der Leyen"'),
    ("Angriffe der Miliz", "Angriffe NEAR/30 Miliz"),
    ('"drone strike" kills general', '"drone strike" NEAR/30 kill NEAR/30 general'),
    ("F-16 fighters", '"F 16" NEAR/30 fighter'),
    ("2024 elections", "2024 NEAR/30 election"),
    ("fake news", "fake NEAR/30 news"),
    ("Kata'ib Hizballah drones", "@kataib_hezbollah NEAR/30 drone"),
    ("attack by the Houthis", "attack NEAR/30 @houthis"),
    ("armed drones over Odesa", "@armed_drones NEAR/30 Odesa"),
    ("US Forces in Syria", "@us_forces NEAR/30 Syria"),
    ("us forces", "{US} NEAR/30 force"),
    ("l'attaque contre l'ambassade", "attaque NEAR/30 ambassade"),
    ("ataques contra petroleros", "ataque NEAR/30 petrolero"),
    ("удары по Одессе", "удары NEAR/30 Одессе"),
    ("هجوم كتائب حزب الله على القاعدة", "هجوم NEAR/30 @kataib_hezbollah NEAR/30 القاعدة"),
    ("תקיפה על דמשק", "תקיפה NEAR/30 דמשק"),
    ("真主党 袭击", "真主党 NEAR/30 袭击"),
    ("The Who", '"The Who"'),
    ("or", '"or"'),
    ("strike strikes", "strike"),
]


@pytest.mark.parametrize(("text", "query"), PROPOSED)
def test_what_is_proposed(text, query):
    """Names stay together, idle words go, common words take their dictionary form."""
    assert query == propose(text, ALIASES).query


def test_what_is_proposed_matches_what_was_said():
    """The proposal matches a title that says it in other forms, and not one without a part."""
    query = propose("militia strikes in Baghdad", {}).query

    def matched(title: str) -> bool:
        return try_query(query, {}, ["en"], Document(title=title, body="", language="en")).matched

    assert matched("Baghdad: militias struck again")
    assert not matched("Militias strike in Basra")


def test_other_languages_are_asked_for_dictionary_forms():
    """With a language among those configured, its words take their dictionary form."""
    assert "port NEAR/30 attaque" == propose("ports : les attaques", {}, ["fr"]).query


def test_alias_sets_that_hold_a_word_are_named():
    """A set that is not used, but holds one of the words, is suggested."""
    found = propose("Hizballah attacks", ALIASES)
    assert ("kataib_hezbollah",) == found.similar
    assert () == found.aliases


def test_what_was_left_out_is_said():
    """Idle words, and parts beyond the eighth, are named."""
    found = propose("the strike of a port and one two three four five six seven eight", {})
    assert {"the", "of", "a", "and"} <= set(found.dropped)
    assert 7 == found.query.count("NEAR/30")
    assert {"seven", "eight"} <= set(found.dropped)


@pytest.mark.parametrize("text", ["", " ", "-", "…", "\u200b", "x" * 10_001, "a\x00b", "\ud800"])
def test_no_word_is_refused(text):
    """A text without a word, or with what no query may hold, is refused with a hint."""
    with pytest.raises(QueryError) as caught:
        propose(text, ALIASES)
    assert caught.value.problem.hint


PIECES = st.sampled_from([
    "militia", "Strikes", "US", "U.S.", "of", "the", "Bank", "England", "l'attaque", "AT&T", "C++",
    "Kata'ib", "Kataib", "Hezbollah", "Houthis", "كتائب", "حزب", "الله", "北京", 'צה"ל', "AND",
    "NEAR/3", "title:", "@x", '"', "“", "(", ")", "*", "~", "-", "—", "3.5", "D'Souza", "\n", "x",
    "von", "der", "#tag", "http://x.org/a?b", "'", "ก", "バグダッド", "é", "İ", "ß", "ﬁ", "²",
])  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.tuples(PIECES, st.sampled_from(["", " ", " "])), max_size=20).map(
        lambda parts: "".join(word + space for word, space in parts)
    ),
    st.text(max_size=50),
)


@settings(max_examples=150, deadline=None)
@given(text=TEXTS)
def test_whatever_is_proposed_is_accepted(text):
    """Any text is refused with a place inside it, or gets a query that reads as itself."""
    try:
        found = propose(text, ALIASES)
    except QueryError as error:
        problem, written = error.problem, None
    else:
        problem, written = None, found.query
    assert written is None or written == canonical(parse(written, SETS).tree)
    assert problem is None or 1 <= problem.column <= max(1, len(text) + 1)


def test_long_texts_and_many_aliases_are_bounded():
    """Ten thousand characters against four thousand spellings are answered at once."""
    many = {f"set{n}": [f"Name{n} One", f"Name{n} Two"] for n in range(2_000)}
    assert propose("Name1 " * 1_600, many).query
