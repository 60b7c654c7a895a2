"""Cases of documents: what a body can do to whoever reads it."""

import gzip
import random
import zlib
from collections.abc import Callable

from hostile.talk import GOOD, Case, Reply, Talk, document, item, rss

__all__ = ["BODIES", "TEXTS", "TRUNCATED"]

XML = '<?xml version="1.0"?>'
PASSWD = "file:///etc/passwd"
SECRET = "http://127.9.9.9:{secret}/"


def xml(body: bytes | Callable[[], bytes], kind: str = "application/xml") -> Reply:
    """Answer with a document of this Content-Type; one that is made when asked for is packed."""
    if isinstance(body, bytes):
        return document(body, f"Content-Type: {kind}")
    return document(
        lambda: gzip.compress(body(), 1), f"Content-Type: {kind}", "Content-Encoding: gzip"
    )


def case(name: str, body: bytes | Callable[[], bytes], *want: str) -> Case:
    """A case; without anything else that is right it is no feed."""
    return Case(name, xml(body), want or ("payload",))


def reaching(make: Callable[[str], str]) -> Reply:
    """Answer with a document that names the forbidden server, given its address."""

    async def reply(talk: Talk) -> None:
        whole = make(SECRET.format(secret=talk.ports["secret"])).encode()
        await xml(whole)(talk)

    return reply


def laughs(width: int, depth: int) -> bytes:
    """Return entities of entities."""
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * width}">' for n in range(1, depth)]
    start = f"{XML}<!DOCTYPE rss [{''.join(lines)}]>"
    return rss(item(1, f"<description>&a{depth - 1};</description>"), start=start)


def blowup() -> bytes:
    """Return one long entity that is named many times."""
    start = f'{XML}<!DOCTYPE rss [<!ENTITY a "{"x" * 100_000}">]>'
    return rss(item(1, f"<description>{'&a;' * 20_000}</description>"), start=start)


def external(url: str) -> str:
    """Return a feed whose text is an external entity."""
    start = f'{XML}<!DOCTYPE rss [<!ENTITY x SYSTEM "{url}">]>'
    return rss(item(1, "<description>&x;</description>"), start=start).decode()


def external_rules(url: str) -> str:
    """Return a feed whose DTD is elsewhere, as a whole and as a parameter entity."""
    start = f'{XML}<!DOCTYPE rss SYSTEM "{url}" [<!ENTITY % p SYSTEM "{url}"> %p;]>'
    return rss(item(1), start=start).decode()


def included(url: str) -> str:
    """Return a feed that includes another document."""
    more = (
        f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{url}" parse="text"/>'
        f'<x:include xmlns:x="http://www.w3.org/2003/XInclude" href="{url}"/>'
    )
    return rss(item(1, f"<description>{more}</description>"), more).decode()


def styled(url: str) -> str:
    """Return a feed that names a stylesheet and a schema."""
    start = f'{XML}<?xml-stylesheet type="text/xsl" href="{url}"?>'
    place = f'<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="u {url}"/>'
    return rss(item(1), place, start=start).decode()


BODIES = [
    case("entity bomb", laughs(10, 12), "read 1", "payload"),
    case("entity bomb, wide", laughs(1000, 4), "read 1", "payload"),
    case("entity named 20,000 times", blowup, "read 1", "payload"),
    case("entity of itself", rss(item(1, "<description>&a;</description>"),
         start=f'{XML}<!DOCTYPE rss [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'), "read 1", "payload"),
    case("50,000 entities", lambda: rss(item(1), start=XML + "<!DOCTYPE rss ["
         + "".join(f'<!ENTITY e{n} "x">' for n in range(50_000)) + "]>"), "read 1", "payload"),
    Case("external entity: file", xml(external(PASSWD).encode()), ("read 1", "payload")),
    Case("external entity: server", reaching(external), ("read 1", "payload")),
    Case("external rules: file", xml(external_rules(PASSWD).encode()), ("read 1", "payload")),
    Case("external rules: server", reaching(external_rules), ("read 1", "payload")),
    Case("XInclude: file", xml(included(PASSWD).encode()), ("read 1",)),
    Case("XInclude: server", reaching(included), ("read 1",)),
    Case("stylesheet and schema", reaching(styled), ("read 1",)),
    case("a file's path", b"/etc/passwd"),
    case("a file's address", PASSWD.encode()),
    Case("a server's address", reaching(lambda url: url), ("payload",)),
    Case("a server's address, then XML", reaching(lambda url: f"{url}\n<rss/>"),
         ("payload", "read 0")),
    case("200,000 attributes", lambda: rss("<item "
         + " ".join(f'a{n}="1"' for n in range(200_000)) + "><title>x</title></item>"),
         "read 1", "payload"),
    case("200,000 attributes on the root", lambda: b"<rss "
         + b" ".join(b'a%d="1"' % n for n in range(200_000)) + b"><channel>" + item(1).encode()
         + b"</channel></rss>", "read 1", "read 0", "payload"),
    case("the same attribute 100,000 times", lambda: rss("<item " + 'a="1" ' * 100_000
         + "><title>x</title></item>"), "read 1", "payload"),
    case("100,000 namespaces", lambda: rss("<item "
         + " ".join(f'xmlns:n{n}="u:{n}"' for n in range(100_000)) + "><title>x</title></item>"),
         "read 1", "payload"),
    case("an attribute of 7 MB", lambda: rss(f'<item a="{"x" * 7_000_000}"><title>x</title>',
         "</item>"),
         "read 1", "payload"),
    case("200,000 nested tags", lambda: rss("<a>" * 200_000 + "</a>" * 200_000),
         "read 0", "payload"),
    case("200,000 nested in an entry", lambda: rss(item(1, "<description>" + "<b>" * 200_000
         + "</b>" * 200_000 + "</description>")), "read 0", "read 1", "payload"),
    case("200,000 nested, never closed", lambda: b"<rss><channel><item><title>x"
         + b"<b>" * 200_000, "read 0", "read 1", "payload"),
    case("200,000 nested in HTML", lambda: rss(item(1, "<description><![CDATA["
         + "<div>" * 200_000 + "]]></description>")), "read 1"),
    case("an index of two million tags", lambda: b"<sitemapindex>" + b"<a/>" * 1_900_000
         + b"</sitemapindex>"),
    case("100,000 items", lambda: rss(*(item(n) for n in range(100_000))), "read 1999"),
    case("100,000 empty items", lambda: rss("<item/>" * 100_000), "read 0", "read 1", "payload"),
    case("a million empty tags", lambda: rss("<a/>" * 1_000_000, item(1)), "read 0"),
    case("an item, then a million empty tags", lambda: rss(item(1), "<a/>" * 1_000_000), "read 1"),
    case("items never closed", lambda: b"<rss><channel>" + b"<item><title>x" * 300_000,
         "read 0", "read 1", "payload"),
    case("100,000 authors", lambda: rss(item(1, "<author>a@b.example</author>" * 100_000)),
         "read 1"),
    case("100,000 categories", lambda: rss(item(1, "<category>c</category>" * 100_000)),
         "read 1"),
    case("a title of 7 MB", lambda: rss(f"<item><title>{'x ' * 3_500_000}</title></item>"),
         "read 1"),
    case("a guid of 1 MB", lambda: rss(f"<item><guid>{'x' * 1_000_000}</guid></item>"), "read 1"),
    case("a link of 1 MB", lambda: rss(item(1, f"<link>http://a.b/{'x' * 1_000_000}</link>")),
         "read 1"),
    case("a date of 1 MB", lambda: rss(item(1, f"<pubDate>{'1 ' * 500_000}</pubDate>")), "read 1"),
    case("a tag's name of 4 MB", lambda: rss(f"<{'x' * 4_000_000}/>", item(1)),
         "read 1", "read 0", "payload"),
    case("HTML of 7 MB", lambda: rss(item(1, "<description><![CDATA[" + "<p>hi</p>" * 750_000
         + "]]></description>")), "read 1"),
    case("a comment without end", lambda: GOOD[:60] + b"<!--" + b"x" * 4_000_000,
         "read 0", "payload"),
    case("CDATA without end", lambda: GOOD[:60] + b"<item><title><![CDATA[" + b"x" * 4_000_000,
         "read 0", "read 1", "payload"),
    case("instructions for ever", lambda: rss("<?a b?>" * 500_000, item(1)), "read 1"),
    case("4 MB of <", lambda: b"<" * 4_000_000),
    case("4 MB of &", lambda: rss(f"<item><title>{'&' * 4_000_000}</title></item>"), "read 1"),
    case("8 MB of NULs", lambda: b"\0" * 8_000_000),
    case("8 MB of blanks", lambda: b" " * 8_000_000),
    case("8 MB of noise", lambda: random.Random(1).randbytes(4_000_000)),
    case("arrays in arrays", lambda: b'{"version":"https://jsonfeed.org/version/1.1","items":'
         + b"[" * 1_000_000),
    case("objects in objects", lambda: b'{"version":' * 500_000),
    case("100,000 items of JSON", lambda: b'{"version":"https://jsonfeed.org/version/1.1",'
         b'"title":"t","items":[' + b",".join(b'{"id":"%d","content_text":"t"}' % n
         for n in range(100_000)) + b"]}", "read 2000"),
    case("a number of a million digits", lambda: b'{"version":"https://jsonfeed.org/version/1",'
         b'"items":[{"id":' + b"9" * 1_000_000 + b"}]}", "payload", "read 1", "read 0"),
    case("no numbers", b'{"version":"https://jsonfeed.org/version/1.1","items":'
         b'[{"id":NaN,"title":-Infinity}]}', "payload", "read 1", "read 0"),
    case("JSON of another kind", b'{"items": 5, "version": []}'),
    case("dates as numbers", b'{"version":"https://jsonfeed.org/version/1.1","title":"t","items":'
         b'[{"id":1,"date_published":1e999,"content_text":"x"}]}', "read 1", "payload"),
]  # fmt: skip

ACCENTED = rss(item("1\u00e9"), item("2\u20ac"), item(3))
TEXT = ACCENTED.decode()


def told(name: str, body: bytes, charset: str, *want: str, declared: str = "") -> Case:
    """A document with a charset in its Content-Type, and one in its declaration."""
    start = f'<?xml version="1.0" encoding="{declared}"?>'.encode() if declared else b""
    return Case(name, xml(start + body, f"text/xml; charset={charset}"), want)


TEXTS = [
    case("UTF-16 without BOM", TEXT.encode("utf-16-le"), "read 3"),
    case("UTF-16 without BOM, the other way", TEXT.encode("utf-16-be"), "read 3"),
    case("UTF-16 with BOM", TEXT.encode("utf-16"), "read 3"),
    case("UTF-32", TEXT.encode("utf-32"), "read 3", "payload"),
    case("a lone BOM", b"\xff\xfe"),
    case("two BOMs", b"\xef\xbb\xbf\xef\xbb\xbf" + ACCENTED, "read 3"),
    told("UTF-16 that is UTF-8", ACCENTED, "utf-16", "read 3"),
    told("UTF-8 that is UTF-16", TEXT.encode("utf-16"), "utf-8", "read 3"),
    told("ASCII that is none", ACCENTED, "us-ascii", "read 3"),
    told("an unknown charset", ACCENTED, "x-martian", "read 3"),
    told("a charset with NUL", ACCENTED, "utf-8%00", "read 3"),
    told("a codec that is no charset", ACCENTED, "zlib_codec", "read 3"),
    told("UTF-7", ACCENTED, "utf-7", "read 3", "payload"),
    told("EBCDIC", TEXT.encode("cp037", "replace"), "cp037", "read 3", "payload"),
    told("Shift-JIS that is none", ACCENTED, "shift_jis", "read 3", "payload"),
    told("declared as what it is not", ACCENTED, "utf-8", "read 3", declared="utf-16"),
    told("declared as unknown", ACCENTED, "utf-8", "read 3", declared="x-martian"),
    told("declared as a bomb", ACCENTED, "utf-8", "read 3", declared="x" * 900_000),
    case("bytes that are no UTF-8", GOOD.replace(b"Title 1", b"T \xff\xfe\xc3\x28"), "read 3"),
    case("overlong UTF-8", GOOD.replace(b"Title 1", b"T \xc0\xbc script"), "read 3"),
    case("surrogates", GOOD.replace(b"Title 1", b"T \xed\xa0\x80"), "read 3"),
    case("surrogates by number", GOOD.replace(b"Title 1", b"T &#xD800; &#55555;"), "read 3"),
    case("characters beyond all", GOOD.replace(b"Title 1", b"T &#x110000; &#99999999999;"),
         "read 3"),
    case("NULs between", GOOD.replace(b"Title", b"T\0i\0t\0l\0e"), "read 3"),
    case("a NUL after each byte", bytes(b for byte in GOOD for b in (byte, 0)), "read 3"),
    case("NULs before", b"\0" * 100 + GOOD, "read 3", "payload"),
    case("controls between", GOOD.replace(b"Title", bytes(range(1, 9)) + b"\x0b\x1f"), "read 3"),
    case("controls by number", GOOD.replace(b"Title", b"&#0;&#1;&#x1f;"), "read 3"),
    case("text turned round", GOOD.replace(b"Title", "\u202e\u2066".encode()), "read 3"),
    case("nothing but blanks", b"  \r\n\t "),
    case("nothing but a declaration", XML.encode()),
    case("nothing but a DOCTYPE", b"<!DOCTYPE rss>"),
    case("a page", b"<!doctype html><html><head><title>x</title></head><body><p>x</body></html>"),
    case("a page that says it is a feed", b"<html><body><rss><channel><item/></body></html>",
         "payload", "read 0"),
    case("a challenge", b"<html><title>Just a moment...</title><script>x()</script></html>"),
    case("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"\0" * 5000),
    case("a picture", b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + random.Random(2).randbytes(5000)),
    case("an archive", b"PK\x03\x04" + random.Random(3).randbytes(5000)),
    case("a program", b"\x7fELF" + random.Random(4).randbytes(5000)),
    case("zlib without a name", zlib.compress(GOOD)),
    case("script links", rss(item(1, "<link>javascript:alert(1)</link>"),
         item(2, "<link>data:text/html,x</link>"), item(3, f"<link>{PASSWD}</link>")), "read 3"),
    case("junk before it", b"Warning: mysql_connect() in /var/www\n<br />\n" + GOOD, "read 3"),
    case("junk after it", GOOD + b"<script>x</script>" * 99 + b"\0junk", "read 3"),
    case("two feeds", GOOD + GOOD, "read 3"),
    case("a feed in a feed", rss(item(1), GOOD.decode()), "read 4", "read 1", "read 3"),
    case("Atom of another namespace", b'<feed xmlns="u:x"><entry><id>1</id></entry></feed>',
         "read 1", "read 0", "payload"),
    case("all in capitals", GOOD.upper(), "read 3", "read 0", "payload"),
    Case("a feed named as a picture", xml(GOOD, "image/png"), ("read 3",)),
    Case("a feed of no kind", document(GOOD, "Content-Type: "), ("read 3",)),
    Case("a feed of a broken kind", document(GOOD, "Content-Type: ;;;=/\\"), ("read 3",)),
    Case("a feed kept apart", document(GOOD, "Content-Disposition: attachment; filename=../../x"),
         ("read 3",)),
]  # fmt: skip

LONG = rss(*(item(f"{n}\u20ac", "<description><![CDATA[<b>a &amp; b</b>]]></description>")
             for n in range(60)))  # fmt: skip


def cut(at: int) -> Case:
    """A feed of which only the beginning came, and was said to be all."""
    body = LONG[:at]
    whole = body.count(b"</item>")
    want = [f"read {n}" for n in {whole, whole + 1}]
    return Case(f"cut after {at} bytes", xml(body), (*want, *(["payload"] if not whole else [])))


TRUNCATED = [cut(at) for at in (1, 2, 5, 10, 30, 45, 61, 66, 70, 77, *range(80, 5600, 613))]
