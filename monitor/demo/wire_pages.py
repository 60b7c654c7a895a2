"""How the newswire's pages are written: a template, filled with a story.

A story's body is blocks between blank lines. A block is a paragraph, or opens with one of

* ``# heading`` and ``> quote``;
* ``[photo] caption | credit``;
* ``[more] headline``: a line "Read More: …" with a link, ``[more-plain] headline``: without one;
* ``[also] headline``: a line "Also read: …" with a link;
* ``[see] headline``: "See" and the headline as a link;
* ``[link] headline``: the headline alone, as a link; ``[kicker] section: headline`` the same
  behind the name of its section; ``[list] headline | headline`` several of them;
* ``[label] words``: a line above such a list;
* ``[tail] paragraph | headline``: a paragraph whose last sentence is "Read more: …";
* ``[ask] words``: a line that wants something of the reader;
* ``[ad]``: what a publisher puts between two paragraphs.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from html import escape
from string import Template

from monitor.demo.wire_data import Publisher, Story, slug_of
from workers.model.base import Record

__all__ = ["Scene", "blocks_of", "feed_content", "paragraphs_of", "write_page", "write_plain"]

_TAIL = re.compile(r"\[tail\] ([^|]*?) *\|.*")
BOX_LINES = 4
"""Headlines in the box below a story, where the story names none."""


class Scene(Record, frozen=True, kw_only=True):
    """A story in its publisher's house, at its address, with its date."""

    publisher: Publisher
    story: Story
    base: str
    """``http://host:port``."""
    home: str
    """Path of the publisher's front page."""
    published: datetime

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return self.base + self.publisher.path_of(self.story)


def blocks_of(body: str) -> list[str]:
    """Return the blocks of a story's body, white space joined."""
    return [" ".join(block.split()) for block in body.split("\n\n") if block.strip()]


def paragraphs_of(body: str) -> list[str]:
    """Return the plain paragraphs of a story's body."""
    told = (_TAIL.sub(r"\1", block) for block in blocks_of(body))
    return [block for block in told if block[0] not in "#>["]


def _text(text: str) -> str:
    return escape(text, quote=False)


def _link(scene: Scene, headline: str) -> str:
    return f'<a href="{scene.publisher.path_of_headline(headline)}">{_text(headline)}</a>'


def _photo(scene: Scene, text: str) -> str:
    caption, _, credit = (part.strip() for part in text.partition("|"))
    image = f"{scene.base}/media/{slug_of(caption)[:40]}.jpg"
    return (
        f'<figure class="wp-block-image"><img src="{image}" alt="" width="1200" height="675">'
        f"<figcaption>{_text(caption)} <span>{_text(credit)}</span></figcaption></figure>"
    )


def _more(scene: Scene, headline: str) -> str:
    return f'<p class="inline-promo"><strong>Read More:</strong> {_link(scene, headline)}</p>'


def _more_plain(_scene: Scene, headline: str) -> str:
    return f"<p><em>Read More: {_text(headline)}</em></p>"


def _also(scene: Scene, headline: str) -> str:
    return f"<p><b>Also read:</b> {_link(scene, headline)}</p>"


def _see(scene: Scene, headline: str) -> str:
    return f"<p>See {_link(scene, headline)}</p>"


def _linked(scene: Scene, headline: str) -> str:
    return f"<p>{_link(scene, headline)}</p>"


def _kicker(scene: Scene, text: str) -> str:
    section, _, headline = text.partition(": ")
    return f"<p>{_text(section)}: {_link(scene, headline)}</p>"


def _list(scene: Scene, text: str) -> str:
    items = (f"<li>{_link(scene, headline.strip())}</li>" for headline in text.split("|"))
    return f"<ul>{''.join(items)}</ul>"


def _label(_scene: Scene, text: str) -> str:
    return f"<p><strong>{_text(text)}</strong></p>"


def _tail(_scene: Scene, text: str) -> str:
    paragraph, _, headline = (part.strip() for part in text.partition("|"))
    return f"<p>{_text(paragraph)} Read more: {_text(headline)}</p>"


def _ask(_scene: Scene, text: str) -> str:
    return f"<p><i>{_text(text)}</i></p>"


def _ad(_scene: Scene, _text_of_it: str) -> str:
    return '<div class="ad-slot" data-unit="mid"><span>Advertisement</span></div>'


_BLOCKS: dict[str, Callable[[Scene, str], str]] = {
    "#": lambda _scene, text: f"<h2>{_text(text)}</h2>",
    ">": lambda _scene, text: f"<blockquote><p>{_text(text)}</p></blockquote>",
    "[photo]": _photo,
    "[more]": _more,
    "[more-plain]": _more_plain,
    "[also]": _also,
    "[see]": _see,
    "[link]": _linked,
    "[kicker]": _kicker,
    "[list]": _list,
    "[label]": _label,
    "[tail]": _tail,
    "[ask]": _ask,
    "[ad]": _ad,
}


def _block(scene: Scene, block: str) -> str:
    mark, _, rest = block.partition(" ")
    write = _BLOCKS.get(mark)
    return write(scene, rest) if write else f"<p>{_text(block)}</p>"


def feed_content(story: Story) -> str:
    """Return the HTML that a full feed gives for the story: its own words, else its opening."""
    texts = paragraphs_of(story.content) or paragraphs_of(story.body)[:2]
    return "".join(f"<p>{_text(text)}</p>" for text in texts)


def _related(scene: Scene) -> str:
    latest = [s.title for s in scene.publisher.stories if s.at < 0][:BOX_LINES]
    headlines = scene.story.related or latest
    return "\n".join(f"<li>{_link(scene, headline)}</li>" for headline in headlines)


def _comment(comment: str) -> str:
    name, _, words = comment.partition(": ")
    return (
        f'<li class="comment"><div class="comment-author"><b>{_text(name)}</b> says:</div>'
        f'<div class="comment-content"><p>{_text(words)}</p></div></li>'
    )


def _json_ld(scene: Scene) -> str:
    story = scene.story
    written: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "description": story.summary,
        "datePublished": scene.published.isoformat(),
        "mainEntityOfPage": {"@type": "WebPage", "@id": scene.url},
        "author": [{"@type": "Person", "name": story.author or scene.publisher.name}],
        "publisher": {"@type": "NewsMediaOrganization", "name": scene.publisher.name},
        "isAccessibleForFree": True,
    }
    if scene.publisher.article_body or story.page == "shell":
        written["articleBody"] = "\n".join(paragraphs_of(story.body))
    return json.dumps(written, ensure_ascii=False, indent=1).replace("</", "<\\/")


def _nav(scene: Scene) -> str:
    home = scene.home
    return "\n".join(
        f'<li><a href="{home}/section/{slug_of(name)}">{_text(name)}</a></li>'
        for name in scene.publisher.nav
    )


def _body(scene: Scene) -> str:
    blocks = blocks_of(scene.story.body)
    standing = scene.publisher.standing
    return "\n".join(_block(scene, block) for block in (*blocks, *((standing,) * bool(standing))))


def _places(scene: Scene) -> dict[str, str]:
    """Return what stands in the places of a template."""
    publisher, story = scene.publisher, scene.story
    return {
        "site": escape(publisher.name),
        "tagline": escape(publisher.tagline),
        "language": publisher.language,
        "charset": publisher.charset,
        "home": scene.home,
        "feed": publisher.feed.path,
        "url": escape(scene.url),
        "title": escape(story.title),
        "summary": escape(story.summary),
        "author": escape(story.author or publisher.name),
        "section": escape(story.section.replace("-", " ").title()),
        "section_url": f"{scene.home}/section/{story.section}",
        "stamp": scene.published.isoformat(),
        "day": f"{scene.published:%d %B %Y, %H:%M} UTC",
        "year": f"{scene.published:%Y}",
        "nav": _nav(scene),
        "related": _related(scene),
        "comments": "\n".join(map(_comment, story.comments)),
        "comment_count": str(len(story.comments)),
        "json_ld": _json_ld(scene),
        "body": _body(scene),
    }


def write_page(template: str, scene: Scene) -> bytes:
    """Return the story's page, in its publisher's charset.

    Raises:
        KeyError: the template names a place that there is not.
    """
    text = Template(template).substitute(_places(scene))
    return text.encode(scene.publisher.charset, "xmlcharrefreplace")


def write_plain(template: str, *, site: str, url: str) -> bytes:
    """Return a page that is no story (a wall, not found).

    Raises:
        KeyError: the template names a place that there is not.
    """
    return Template(template).substitute(site=escape(site), url=escape(url)).encode()
