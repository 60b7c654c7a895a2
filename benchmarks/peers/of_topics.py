"""What others do with plain topics: asked once, in an environment of its own, for all articles.

Each searches texts of folded words with one space around each, so that all must find the same. The
time counts that it takes to search, not to make ready.
"""

import json
import re
import sys
import time


def regexes(topics):
    """A regular expression for each clause."""
    compiled = [
        [re.compile("|".join(rf" {re.escape(term)} " for term in group)) for group in groups]
        for groups in topics
    ]

    def match(text):
        return [n for n, groups in enumerate(compiled) if all(one.search(text) for one in groups)]

    return match


def contained(topics):
    """``in`` for each term."""
    padded = [[[f" {term} " for term in group] for group in groups] for groups in topics]

    def match(text):
        return [
            n
            for n, groups in enumerate(padded)
            if all(any(term in text for term in group) for group in groups)
        ]

    return match


def by_terms(topics, searcher):
    """All terms at once by ``searcher``, then the clauses of topics whose first clause is met."""
    terms = sorted({term for groups in topics for group in groups for term in group})
    numbers = {term: number for number, term in enumerate(terms)}
    groups_of = [[frozenset(numbers[t] for t in group) for group in groups] for groups in topics]
    filed = {}
    for topic, groups in enumerate(groups_of):
        for term in max(groups, key=lambda group: min(len(terms[t]) for t in group)):
            filed.setdefault(term, []).append(topic)
    search = searcher([f" {term} " for term in terms])

    def match(text):
        found = set(search(text))
        candidates = {topic for term in found for topic in filed.get(term, ())}
        return sorted(
            topic
            for topic in candidates
            if not any(found.isdisjoint(group) for group in groups_of[topic])
        )

    return match


def aho_corasick(patterns):
    """Of ahocorasick_rs."""
    import ahocorasick_rs  # noqa: PLC0415 - each is installed for itself

    machine = ahocorasick_rs.AhoCorasick(patterns)
    return lambda text: {
        found[0] for found in machine.find_matches_as_indexes(text, overlapping=True)
    }


def re2_set(patterns):
    """Of google-re2."""
    import re2  # noqa: PLC0415 - as above

    options = re2.Options()
    options.max_mem = 2 << 30
    options.log_errors = False
    made = re2.Set.SearchSet(options)
    for pattern in patterns:
        made.Add(re2.escape(pattern))
    made.Compile()
    return lambda text: made.Match(text) or ()


def hyperscan_database(patterns):
    """Of hyperscan."""
    import hyperscan  # noqa: PLC0415 - as above

    database = hyperscan.Database()
    database.compile(
        expressions=[re.escape(pattern).encode() for pattern in patterns],
        ids=list(range(len(patterns))),
        elements=len(patterns),
        flags=[hyperscan.HS_FLAG_SINGLEMATCH] * len(patterns),
    )

    def search(text):
        found = set()
        database.scan(text.encode(), match_event_handler=lambda number, *_: found.add(number))
        return found

    return search


def perq(topics):
    """Of perq, for which a phrase is a term of its own: rows of two and three words are given."""
    from perq import Document, MemoryStore, Query, QueryMatcher, index  # noqa: PLC0415 - as above

    store = MemoryStore()
    index([Query(n, groups) for n, groups in enumerate(topics)], store)
    matcher = QueryMatcher(store)
    longest = max(term.count(" ") for groups in topics for group in groups for term in group) + 1

    def match(text):
        words = text.split()
        terms = set(words)
        for size in range(2, longest + 1):
            terms.update(map(" ".join, zip(*(words[at:] for at in range(size)), strict=False)))
        return sorted(matcher.matches(Document(terms)))

    return match


SEARCHERS = {"ahocorasick_rs": aho_corasick, "re2": re2_set, "hyperscan": hyperscan_database}
PLAIN = {"regex": regexes, "in": contained, "perq": perq}


def main():
    """Answer one question: topics and texts in, what matched and the seconds out."""
    asked = json.load(sys.stdin)
    name, topics = sys.argv[1], asked["topics"]
    match = PLAIN[name](topics) if name in PLAIN else by_terms(topics, SEARCHERS[name])
    for text in asked["texts"][:20]:
        match(text)
    words = re.compile(r"\w+")
    began = time.process_time()
    for text in asked["texts"]:
        words.findall(text)
    unit, began = time.process_time() - began, time.process_time()
    found = [match(text) for text in asked["texts"]]
    took = time.process_time() - began
    json.dump({"found": found, "units": took / unit}, sys.stdout)


main()
