"""Articles to measure with: generated, each distinct, 300 to 600 words, every tenth of a topic.

The same number always gives the same article, so that a run can be repeated, and so that both
processes of the benchmark know what must ring without telling each other.
"""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from monitor import shipped
from monitor.demo.wire_data import FeedSpec, Publisher, Story
from monitor.demo.wire_feeds import FeedItem
from monitor.demo.wire_pages import Scene, write_page

__all__ = ["TOPICS", "Article", "article", "item_of", "page_of", "publisher", "topics_toml"]

TOPICS, EVERY = 50, 10
"""How many topics there are, and every how many articles one of them is met."""
TEMPLATES = ("classic", "divsoup", "magazine", "wordpress")
NAV = ("World", "Economy", "Science", "Sport", "Culture", "Weather", "Letters", "Archive")
_WORDS = """
council minister harbour bridge budget village teacher doctor engine festival library railway
farmer market valley winter summer school museum hospital engineer company airport student river
mountain forest station committee election parliament judge lawyer witness report survey inquiry
strike attack raid force rebel port tax ship soldier border treaty talks deal price wage loan bank
factory worker union driver pilot captain fisher baker tenant owner neighbour resident mayor
governor senator president spokesman researcher scientist professor author painter singer actor
coach player team match season record storm flood drought harvest grain cattle timber copper coal
oil gas water power cable tunnel road tower square park garden theatre cinema gallery concert
"""
_VERBS = """
said found closed opened rejected approved delayed repaired counted visited praised criticised
bought sold built planned promised denied confirmed expected reported measured warned welcomed
"""
WORDS, VERBS = tuple(_WORDS.split()), tuple(_VERBS.split())
LINKS = ("while", "because", "although", "after", "before", "since", "and", "but", "so that")
SYLLABLES = ("ba", "dor", "vel", "kin", "mar", "tes", "lun", "quo", "ri", "zan")
SHAPES = (
    "{name} NEAR/30 (strike OR raid OR attack)",
    'title:{name} OR "{name} ~ministry"',
    "{name} AND (budget OR tax* OR deal)",
    '"{name} ~rebel" OR {{{Name}}}',
    "({name} AND (port OR harbour OR ship)) -recipe",
)
PLANTS = (
    "{Name} said on Tuesday that the raid had been an attack on its harbour.",
    "The {Name} ministry did not answer questions, and {Name} went on as before.",
    "Talks with {Name} about the budget and a deal on taxes went on into the night.",
    "Two {Name} rebels were seen near the border, said a witness from {Name}.",
    "A ship from {Name} left the port in the morning and has not been seen since.",
)


@dataclass(frozen=True)
class Article:
    """What is known of an article before anyone has read it."""

    number: int
    feed: int
    topic: int | None
    """The topic that it must ring, None for most."""
    in_title: bool
    """Whether the feed's title shows it, or only the page."""
    story: Story


def _name(topic: int) -> str:
    return "".join(SYLLABLES[int(digit)] for digit in f"{topic * 37 % 1000:03d}") + "ia"


def _fill(text: str, topic: int) -> str:
    name = _name(topic)
    return text.format(name=name, Name=name.capitalize())


def topics_toml() -> str:
    """Return the topics as a file for the daemon."""
    return "\n".join(
        f'[[topics]]\nname = "topic {topic}"\n'
        f"query = '''{_fill(SHAPES[topic % len(SHAPES)], topic)}'''\n"
        for topic in range(TOPICS)
    )


def _clause(dice: Random) -> str:
    article = dice.choice(("the", "a", "this", "every"))
    return (
        f"{article} {dice.choice(WORDS)} {dice.choice(VERBS)} the {dice.choice(WORDS)} "
        f"of {dice.choice(WORDS)} {dice.randrange(2, 999)}"
    )


def _sentence(dice: Random) -> str:
    clauses = [_clause(dice) for _ in range(dice.randrange(1, 4))]
    joined = f", {dice.choice(LINKS)} ".join(clauses)
    return f"{joined[0].upper()}{joined[1:]}."


def _paragraphs(dice: Random) -> list[str]:
    """Return 300 to 600 words in paragraphs of two to four sentences."""
    wanted, found, paragraphs = dice.randrange(300, 550), 0, []
    while found < wanted:
        text = " ".join(_sentence(dice) for _ in range(dice.randrange(2, 5)))
        paragraphs.append(text)
        found += len(text.split())
    return paragraphs


def _topic(number: int) -> int | None:
    """Return what the article must ring: one of ten does, spread over all feeds."""
    tens, ones = divmod(number, EVERY)
    return tens % TOPICS if number >= 0 and ones == tens % EVERY else None


def article(number: int, feeds: int) -> Article:
    """Return the article with this number; negative numbers are the baseline."""
    dice = Random(number)
    topic = _topic(number)
    in_title = topic is not None and topic // len(SHAPES) % 2 == 0
    paragraphs = _paragraphs(dice)
    title = _sentence(dice).split(",")[0].rstrip(".")
    if topic is not None:
        place = dice.randrange(1, len(paragraphs))
        paragraphs.insert(place, _fill(PLANTS[topic % len(PLANTS)], topic) + f" {paragraphs[0]}")
        if in_title:
            title = f"{_fill('{Name}', topic)} raid in port hits budget: {title}"
    key = (
        f"{abs(number)}{'old' if number < 0 else ''}-of-the-{'-'.join(title.lower().split()[:4])}"
    )
    story = Story(
        key=key.replace(":", ""),
        at=0.0,
        title=title,
        summary=_sentence(dice),
        section="world",
        author=f"{dice.choice(WORDS).title()} {dice.choice(WORDS).title()}",
        tags=("World",),
        body="\n\n".join(paragraphs),
        related=tuple(_sentence(dice).rstrip(".") for _ in range(4)),
    )
    return Article(number, abs(number) % feeds, topic, in_title, story)


def publisher(feed: int) -> Publisher:
    """Return the house in which a feed's articles appear."""
    return Publisher(
        name=f"Bench {feed}",
        tagline="Nothing of this ever happened",
        template=TEMPLATES[feed % len(TEMPLATES)],
        address="/news/{section}/{key}",
        feed=FeedSpec(name=f"Bench {feed}", kind="atom", path="/feed.xml"),
        nav=NAV,
        article_body=feed % 2 == 0,
    )


def page_of(one: Article, house: Publisher, base: str, published: datetime) -> tuple[str, bytes]:
    """Return the address and the page of an article."""
    scene = Scene(publisher=house, story=one.story, base=base, home="", published=published)
    template = shipped.read("seeds", f"newswire/templates/{house.template}.html")
    return scene.url, write_page(template, scene)


def item_of(one: Article, url: str, published: datetime) -> FeedItem:
    """Return an article as its feed lists it."""
    return FeedItem(
        guid=f"tag:bench,{one.story.key}",
        url=url,
        title=one.story.title,
        summary=one.story.summary,
        author=one.story.author,
        published=published,
        tags=one.story.tags,
    )
