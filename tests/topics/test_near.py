"""Chains of places: each nearest partner, and no more read than is asked for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topics.oracle import Reading
from workers.model.topic import Document
from workers.topics.clauses import chains, holds
from workers.topics.forms import Forms
from workers.topics.near import apart, linked, rows
from workers.topics.parser import parse
from workers.topics.receipt import receipt
from workers.topics.tree import Link

places = st.sets(
    st.tuples(st.integers(0, 1), st.integers(0, 12), st.sampled_from([0, 0, 0, 1, 3, 6])),
    max_size=10,
).map(lambda found: sorted((number, first, first + more) for number, first, more in found))
links = st.tuples(st.booleans(), st.integers(1, 6)).map(
    lambda link: Link(ordered=link[0], reach=link[1])
)


def longer(left, right, link):
    """Return what each place of the right is joined to, by looking at all of the left."""
    for place in right:
        same = [chain for chain in left if chain[-1][0] == place[0]]
        before = [chain for chain in same if chain[-1][2] < place[1]]
        behind = [chain for chain in same if chain[-1][1] > place[2] and not link.ordered]
        ending = max((chain[-1][2] for chain in before), default=-1)
        near = [chain for chain in before if chain[-1][2] == ending][-1:]
        near += behind[:1]
        near = [chain for chain in near if apart(chain[-1], place) <= link.reach]
        if near:
            yield (*min(near, key=lambda one: apart(one[-1], place)), place)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(links, places), min_size=1, max_size=3), places)
def test_each_place_is_joined_to_the_nearest(steps, first):
    """Rows of two to four operands: the chains are those that looking at all pairs finds."""
    expected = [(place,) for place in first]
    for link, others in steps:
        expected = list(longer(expected, others, link))
    found = rows([first, *(others for _, others in steps)], [link for link, _ in steps])
    assert expected == list(found)


def test_no_more_is_read_than_is_asked_for():
    """Whoever asks for the first chain waits for no others, however many places there are."""
    read = []

    def counted(start):
        for number in range(start, 200_000, 2):
            read.append(number)
            yield (1, number, number)

    link = Link(ordered=False, reach=3)
    found = linked(((place,) for place in counted(0)), counted(1), link)
    assert ((1, 0, 0), (1, 1, 1)) == next(found)
    assert len(read) < 10


def test_a_receipt_of_an_article_full_of_hits_looks_for_few():
    """Of the many ways in which a NEAR is met a few are looked for, the first of them."""
    reading = Reading(Document(title="", body="militia strike " * 5_000), Forms(["en"]))
    tree = parse("militia NEAR/3 strike", {}).tree
    assert holds(tree, reading)
    assert len(chains(tree, reading)) < 100
    [clause] = receipt(tree, reading)
    assert [0, 8, 15, 23, 30] == [hit.start for hit in clause.hits]
