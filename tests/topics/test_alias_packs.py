"""The alias packs that are shipped: read as data, and each spelling found in a sentence."""

# ruff: noqa: RUF001 -- the letters that look like others are what this is about

import re
import tomllib
from functools import cache
from typing import NamedTuple

import pytest

from monitor import shipped
from workers.model.topic import Document, TopicSpec
from workers.text.fold import fold
from workers.text.tokens import LEAST_LETTERS, tokenize
from workers.topics import compile_topics
from workers.topics.aliases import read_aliases
from workers.topics.tree import Phrase

PACKS = {
    name: tomllib.loads(shipped.read("seeds", name))["aliases"]
    for name in shipped.names("seeds", "aliases/*.toml")
}
SETS = {name: entries for pack in PACKS.values() for name, entries in pack.items()}
SENTENCES = {
    "latin": "Officials said on Tuesday that {} was named in the report.",
    "arabic": "وقال مسؤولون يوم الثلاثاء إن {} ورد في التقرير.",
    "hebrew": "גורמים אמרו ביום שלישי כי {} הוזכר בדוח.",
    "cyrillic": "Во вторник сообщили, что {} есть в докладе.",
    "han": "官员周二表示，报告中提到了{}的情况。",
}
SCRIPTS = {
    "arabic": re.compile("[\u0600-\u06ff]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "han": re.compile("[\u4e00-\u9fff]"),
    "latin": re.compile("[A-Za-z]"),
}
NAMES = frozenset(map(fold, (
    "hamas", "حماس", "חמאס", "hezbollah", "חיזבאללה", "الحوثي", "الحوثيين", "צהל", "erdogan",
    "netanyahu", "نتنياهو", "نتانیاهو", "נתניהו", "gaza", "gazastreifen", "gazze", "غزة",
    "jerusalem", "ירושלים", "חיפה", "بيروت", "دمشق", "بغداد", "tehran", "طهران", "تهران",
    "тегеран",
    "минобороны", "госдума", "zelenskyy", "зеленский", "зеленський", "putin", "путин", "путін",
    "kyiv", "київ", "києві", "киев", "киева", "киеве",
)))  # fmt: skip
"""Words that are common because of the very name: no others may be names of their own."""
WORDS = frozenset(map(fold, (
    "hope", "amal", "dawn", "lion", "lions", "peace", "badr", "tyre", "sour", "hama", "sumy",
    "dam", "damas", "kudus", "strait", "storm", "wolves", "rubicon", "aden", "homs", "is",
    "who", "it", "un", "us", "pij", "pmf", "sdf", "hts", "mek", "dnr", "lnr", "icc", "mbs",
    "kirim", "jerson", "lyman", "plo", "sap", "gap", "azores", "donut", "wagnerian",
    "أمل", "فتح", "بدر", "جنين", "الخليل", "حمص", "مأرب", "عدن", "البقاع", "خليل", "رضوان",
    "חלב", "ארז", "פתח", "אשף", "איוש", "עזה", "שכם", "קרים", "הכנסת", "המוסד", "גאפ",
    "курс", "лев", "львов", "львів", "суми", "сумы", "изюм", "ізюм", "лиман", "славянский",
    "николаев", "кримінал", "кримінальний", "газы", "гази", "сана", "покровский", "рівне",
    "хайфай", "голландия", "донести", "хит", "гуситы", "кремний", "азовский", "редуты",
)))  # fmt: skip
"""Words of daily use that names of these wars are, are short for, or begin like."""


class Spelling(NamedTuple):
    """An entry of a set, as written and as read."""

    name: str
    entry: str
    phrase: Phrase

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """Return what it is after folding."""
        return tuple((e.kind, e.cased if e.kind == "case" else e.folded) for e in self.phrase)


@cache
def spellings() -> tuple[Spelling, ...]:
    """Return all entries but those that name other sets."""
    return tuple(
        Spelling(name, entry, read_aliases({name: [entry]}).phrases[name][0])
        for name, entries in SETS.items()
        for entry in entries
        if not entry.startswith("@")
    )


def covers(spelling: Spelling, word: str) -> bool:
    """Say whether a spelling of one uncased word finds ``word``."""
    (element,) = spelling.phrase
    return word.startswith(element.folded) if element.kind == "prefix" else word == element.folded


def script(entry: str) -> str:
    """Return the script that an entry is written in: the first that is not Latin, if any."""
    return next(name for name, letters in SCRIPTS.items() if letters.search(entry))


def with_nested(name: str) -> dict[str, list[str]]:
    """Return a set and the sets inside it."""
    found = {name: SETS[name]}
    for entry in SETS[name]:
        if entry.startswith("@"):
            found |= with_nested(entry[1:])
    return found


@cache
def finder(name: str):
    """Return a function that says whether a text matches the set."""
    topics = compile_topics([TopicSpec(name="t", query=f"@{name}")], with_nested(name), ["en"])
    assert () == topics.problems
    return lambda text: bool(topics.match(Document(title="", body=text)))


def own_entries(pack: str) -> list[tuple[str, str]]:
    """Return the sets of a pack with each entry that is no other set."""
    return [
        (name, entry)
        for name, entries in PACKS[pack].items()
        for entry in entries
        if not entry.startswith("@")
    ]


def plain(entry: str) -> str:
    """Return an entry as a writer would have it."""
    return entry.strip("{}").replace("*", "")


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_stands_by_itself(pack):
    """Every set can be read, with no set of another pack."""
    read = read_aliases(PACKS[pack])

    assert () == read.problems
    assert set(PACKS[pack]) == set(read.phrases)
    assert [] == [name for name in PACKS[pack] if not re.fullmatch(r"[a-z]\w*[a-z0-9]", name)]


def test_there_are_many_sets_and_each_name_is_one():
    """No two packs have a set of one name: both may be in use."""
    assert len(SETS) == sum(map(len, PACKS.values()))
    assert 120 <= len(SETS)


def test_no_spelling_stands_twice():
    """Neither in two sets nor twice in one, after folding; nested sets are told by their names."""
    seen: dict[tuple[tuple[str, str], ...], Spelling] = {}
    twice = [
        (one.name, one.entry, seen[one.key].name)
        for one in spellings()
        if seen.setdefault(one.key, one) is not one
    ]
    assert [] == twice


def test_no_single_word_is_found_by_another_set():
    """A prefix of one set does not take in the names of another."""
    single = [one for one in spellings() if len(one.phrase) == 1 and one.phrase[0].kind != "case"]
    clashes = [
        (one.name, one.entry, other.name, other.entry)
        for one in single
        if one.phrase[0].kind == "prefix"
        for other in single
        if other.name != one.name and covers(one, other.phrase[0].folded)
    ]
    assert [] == clashes


def test_no_name_is_a_common_word():
    """Unless it is asked for in its case; prefixes take in no common word either."""
    words = (shipped.common_words().keys() - NAMES) | set(map(fold, WORDS))
    clashes = [
        (one.name, one.entry, word)
        for one in spellings()
        if len(one.phrase) == 1 and one.phrase[0].kind != "case"
        for word in words
        if covers(one, word)
    ]
    assert [] == clashes


def test_a_name_that_counts_as_common_is_one_of_ours():
    """The exceptions are not more than needed."""
    single = [one for one in spellings() if len(one.phrase) == 1 and one.phrase[0].kind != "case"]
    assert [] == [name for name in NAMES if not any(covers(one, name) for one in single)]


def test_short_names_in_capitals_are_asked_for_in_their_case():
    """Two or three Latin or Cyrillic capitals are words in many languages."""
    assert [] == [
        (one.name, one.entry)
        for one in spellings()
        if re.fullmatch(r"[A-ZА-ЯІЇЄ]{2,3}", one.entry)
    ]


@pytest.mark.parametrize("pack", PACKS)
def test_every_spelling_rings_in_a_sentence_of_its_script(pack):
    """And the sentence alone rings for no set."""
    missed = [
        (name, entry)
        for name, entry in own_entries(pack)
        if not finder(name)(SENTENCES[script(entry)].format(plain(entry)))
    ]

    assert [] == missed
    assert [] == [
        name for name in PACKS[pack] for said in SENTENCES.values() if finder(name)(said)
    ]


@pytest.mark.parametrize("pack", PACKS)
def test_each_set_has_latin_spellings_and_those_of_another_script(pack):
    """A set of one script would be a word."""
    few = []
    for name in PACKS[pack]:
        entries = [entry for inner in with_nested(name).values() for entry in inner]
        scripts = {script(entry) for entry in entries if not entry.startswith("@")}
        if "latin" not in scripts or len(scripts) == 1:
            few.append(name)
    assert [] == few


@pytest.mark.parametrize("pack", PACKS)
def test_arabic_and_hebrew_names_are_found_behind_particles(pack):
    """و and ל before the first word, where it has three letters."""
    missed = []
    for name, entry in own_entries(pack):
        of = script(entry)
        particle = {"arabic": "و", "hebrew": "ל"}.get(of)
        if particle is None or len(tokenize(entry)[0].folded) < LEAST_LETTERS:
            continue
        if not finder(name)(SENTENCES[of].format(particle + plain(entry))):
            missed.append((name, entry))
    assert [] == missed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("kataib_hezbollah", f"Kata{mark}ib Hezbollah") for mark in "'’‘ʿʾ`´ʼ′＇"),
        ("kataib_hezbollah", "Kataib Hezbollah"),
        ("kataib_hezbollah", "KATA’IB-HIZBALLAH’S men"),
        ("kataib_hezbollah", "وكتائب حزب الله"),
        ("kataib_hezbollah", "لكتائب حزب الله"),
        ("kataib_hezbollah", "كَتَائِب حِزْبِ اللّٰه"),
        ("hezbollah", "黎巴嫩真主党"),
        ("hezbollah", "לחיזבאללה"),
        ("houthis", "والحوثيون"),
        ("houthis", "للحوثيين"),
        ("houthis", "the Houthi-run port"),
        ("idf", 'דובר צה"ל'),
        ("idf", "בצה״ל"),
        ("sanaa", "Sana’a"),
        ("iran_backed_groups", "القوات المدعومة من إيران"),
        ("iran_backed_groups", "Asa'ib Ahl al-Haq"),
        ("crimea", "у Криму"),
        ("kupiansk", "під Куп’янськом"),
        ("izium", "під Ізюмом сказав мер Ізюма"),
        ("lviv", "у Львові"),
        ("volodymyr_zelensky", "Зеленського"),
        ("united_nations", "the U.N. said"),
        ("us_state_department", "the U.S. State Department"),
    ],
)
def test_spellings_as_they_come(name, text):
    """Apostrophes, particles, marks, endings, and no spaces."""
    assert finder(name)(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("crimea", "кримінальний кодекс"),
        ("izium", "изюм и орехи"),
        ("lviv", "стая львов"),
        ("sumy", "великі суми грошей"),
        ("united_nations", "un homme"),
        ("aqap", "an aqap"),
        ("fatah", "המשרד פתח את הדלת"),
        ("plo", "הוא אשף מחשבים"),
        ("jenin", "نمو الجنين"),
        ("gaza_strip", "ביקורת עזה"),
        ("homs", "طبق حمص"),
        ("aden", "goals by Aden Smith"),
        ("us_state_department", "Washington State Department of Health"),
        ("haifa", "上海法院"),
        ("rafah", "阿拉法特"),
        ("idf", "以军事手段"),
        ("lions_den", "into the lion's den"),
        ("hezbollah", "حزب العمال"),
        ("kataib_hezbollah", "Hezbollah"),
    ],
)
def test_words_that_only_look_alike_are_not_found(name, text):
    """Names that are words are asked for in their case or with a word beside them."""
    assert not finder(name)(text)
