"""Feeds of every format, written for these tests, and the moment they are read at."""

from datetime import UTC, datetime

import pytest

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"
 xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
 xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">
<channel><title>Harbour Wire &amp;amp; Post</title><link>https://harbour.example/</link>
<language>en-GB</language><ttl>15</ttl><skipHours><hour>2</hour><hour>3</hour></skipHours>
<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>
<atom:link rel="hub" href="https://hub.example/"/>
<atom:link rel="self" href="https://harbour.example/rss"/>
<item><title>Crane &lt;b&gt;falls&lt;/b&gt; at pier 4</title><link>/news/1?utm_source=rss</link>
<guid isPermaLink="false"> tag:1 </guid><pubDate>Sat, 10 Jan 2026 09:30:00 +0100</pubDate>
<dc:creator>Ada Field</dc:creator><category>Ports</category><category>Ports</category>
<description>&lt;p&gt;Short.&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>First line.</p><p>Second &amp; last.</p>]]></content:encoded></item>
<item><title>No guid</title><link>https://harbour.example/news/2#top</link><guid></guid></item>
<item><title>Permalink only</title><guid>https://harbour.example/news/3</guid></item>
<item><title>Original</title><link>https://proxy.example/4</link>
<feedburner:origLink>https://harbour.example/news/4</feedburner:origLink></item>
<item><description>Nothing but text</description></item>
</channel></rss>"""

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://meridian.example/x/">
<title type="html">Meridian &amp;lt;live&amp;gt;</title>
<link href="https://meridian.example/"/><link rel="hub" href="https://hub.example/"/>
<link rel="self" href="feed.atom"/><id>urn:meridian</id>
<entry xml:base="deep/"><title>Relative</title><id>relative/id</id><link href="one.html"/>
<published>2026-01-10T08:00:00Z</published><updated>2026-01-10T09:00:00Z</updated>
<author><name>Bo Reed</name></author><category term="w" label="World"/>
<content type="xhtml"><div
 xmlns="http://www.w3.org/1999/xhtml"><p>Ein</p><p>Zwei</p></div></content>
</entry>
<entry><title type="text">1 &lt; 2 &lt;b&gt;</title><id>two</id>
<link rel="alternate" type="application/json" href="https://meridian.example/two.json"/>
<link rel="alternate" type="text/html" href="https://meridian.example/two"/>
<link rel="enclosure" href="https://meridian.example/two.mp3"/>
<updated>2026-01-09T09:00:00+02:00</updated>
<summary type="html">&lt;i&gt;Sum&lt;/i&gt;</summary></entry>
</feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://kestrel.example/rdf"><title>Kestrel</title>
<link>https://kestrel.example/</link></channel>
<item rdf:about="urn:k:1"><title>Bird counted</title><link>https://kestrel.example/1</link>
<dc:date>2026-01-10T10:00+01:00</dc:date><description>One.</description></item>
</rdf:RDF>"""

JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "Northgate",
"home_page_url": "https://northgate.example/", "feed_url": "https://northgate.example/feed.json",
"language": "en", "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
"items": [{"id": 7, "url": "/seven", "title": "Seven <1>", "content_html": "<p>A</p><p>B</p>",
"date_published": "2026-01-10T07:00:00Z", "authors": [{"name": "Cy"}], "tags": ["a", 5]},
{"id": "8", "external_url": "https://else.example/8", "content_text": "1 < 2\\nend"}, "junk"]}"""

SITEMAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>
<loc>https://gazette.example/a</loc><lastmod>2026-01-10T11:00:00Z</lastmod>
<news:news><news:publication><news:name>The Gazette</news:name><news:language>en</news:language>
</news:publication><news:publication_date>2026-01-10T10:00:00Z</news:publication_date>
<news:title>Bridge opens &amp; closes</news:title><news:keywords>bridge, road</news:keywords>
</news:news></url></urlset>"""

ATOM03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Old</title>
<entry><id>o1</id><title mode="escaped">Old &lt;b&gt;news&lt;/b&gt;</title>
<link rel="alternate" href="https://old.example/1"/><issued>2026-01-09T00:00:00Z</issued>
<modified>2026-01-10T00:00:00Z</modified></entry></feed>"""


@pytest.fixture
def now() -> datetime:
    """The moment that all these feeds are read at."""
    return NOW


@pytest.fixture(scope="session")
def samples() -> dict[str, bytes]:
    """One document of each format."""
    texts = {
        "rss": RSS, "atom": ATOM, "rdf": RDF, "json": JSON, "sitemap": SITEMAP, "atom03": ATOM03,
    }  # fmt: skip
    return {name: text.encode() for name, text in texts.items()}
