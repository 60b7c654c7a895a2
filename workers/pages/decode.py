# ruff: noqa: RUF001 - letters and signs of many alphabets are meant
"""From bytes to text: who says the charset, who is believed, and what is tried when nobody says.

The labels are those of the WHATWG Encoding Standard, in which latin-1 means windows-1252.
"""

import codecs
import re
from collections.abc import Iterator

from charset_normalizer import from_bytes

__all__ = ["decode"]

HEAD_BYTES = 4096
"""How far in a charset may be declared; browsers look at the first 1,024 bytes."""
GUESS_BYTES = 64 * 1024
"""How much text a charset is guessed from."""
WESTERN = 0.9
"""Share of the letters beyond ASCII that one western or central language must explain."""

_ALIASES = {
    "ascii": "cp1252", "us-ascii": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252", "l1": "cp1252",
    "windows-1252": "cp1252", "x-cp1252": "cp1252", "gb2312": "gb18030", "gbk": "gb18030",
    "gb_2312-80": "gb18030", "x-gbk": "gb18030", "chinese": "gb18030", "shift_jis": "cp932",
    "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "ms_kanji": "cp932",
    "windows-31j": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ksc5601": "cp949",
    "korean": "cp949", "windows-949": "cp949", "iso-8859-9": "cp1254", "latin5": "cp1254",
    "iso-8859-11": "cp874", "tis-620": "cp874", "windows-874": "cp874",
    "iso-8859-8-i": "iso8859_8", "logical": "iso8859_8", "visual": "iso8859_8",
    "x-x-big5": "big5hkscs", "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs", "cn-big5": "big5hkscs", "x-euc-jp": "euc_jp", "koi8-ru": "koi8_u",
    "koi": "koi8_r", "koi8": "koi8_r", "x-mac-cyrillic": "mac_cyrillic", "macintosh": "mac_roman",
    "unicode": "utf_16_le", "utf-16": "utf_16_le", "ucs-2": "utf_16_le",
}  # fmt: skip

_BY_LANGUAGE = {
    "ar": ("cp1256", "iso8859_6"), "be": ("cp1251", "koi8_u"), "bg": ("cp1251", "iso8859_5"),
    "cs": ("iso8859_2", "cp1250"), "el": ("cp1253", "iso8859_7"), "et": ("cp1257",),
    "fa": ("cp1256",), "he": ("cp1255", "iso8859_8"), "hr": ("iso8859_2", "cp1250"),
    "hu": ("iso8859_2", "cp1250"), "ja": ("cp932", "euc_jp"), "ko": ("cp949",),
    "lt": ("cp1257", "iso8859_13"), "lv": ("cp1257", "iso8859_13"), "mk": ("cp1251",),
    "pl": ("iso8859_2", "cp1250"), "ro": ("iso8859_2", "cp1250"),
    "ru": ("cp1251", "koi8_r", "iso8859_5", "cp866"), "sk": ("iso8859_2", "cp1250"),
    "sl": ("iso8859_2", "cp1250"), "sr": ("cp1251", "cp1250"), "th": ("cp874",),
    "tr": ("cp1254",), "uk": ("cp1251", "koi8_u"), "ur": ("cp1256",), "vi": ("cp1258",),
    "yi": ("cp1255",), "zh": ("gb18030", "big5hkscs"),
    **dict.fromkeys(("af", "ca", "da", "de", "es", "eu", "fi", "fo", "fr", "ga", "gl", "id", "is",
                     "it", "lb", "ms", "nb", "nl", "nn", "no", "pt", "sv", "sw"), ("cp1252",)),
}  # fmt: skip

_LATIN = frozenset(
    {"cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "mac-roman"}
    | {f"iso8859-{number}" for number in (1, 2, 3, 4, 9, 10, 13, 14, 15, 16)}
)
"""Codecs of languages that are written in Latin letters, most of them ASCII."""
OTHER_SCRIPT = 0.5
"""Share of letters beyond ASCII that no such language has; Vietnamese comes to a quarter."""

_COMMON = {
    "ar": "الينم", "fa": "اینرد", "ur": "ایکرن",
    "be": "аіенр", "bg": "аоиет", "mk": "аоиет", "ru": "оеаин", "sr": "аоиен", "uk": "оаинв",
}  # fmt: skip
"""The commonest letters, by which codecs of one alphabet are told apart."""
_WESTERN = tuple(
    frozenset(letters + "“”‘’„‚«»‹›–—…·•€£©®™°§\xa0\xad")
    for letters in (
        "äöüßÄÖÜéèà", "éèêëàâçîïôûùœæÉÈÊÀÂÇÎÔŒ", "áéíóúüñ¿¡ÁÉÍÓÚÑ", "áâãàçéêíóôõúüÁÂÃÀÇÉÊÍÓÔÕÚ",
        "àèéìíîòóùÀÈÉÌÒÙ", "åäöéÅÄÖÉ", "åæøéÅÆØÉ", "áðéíóúýþæöÁÐÉÍÓÚÝÞÆÖ", "ëéèïöüáóêç",
        "àèéíïòóúüçÀÈÉÍÒÓÚÇ",
    )
)  # fmt: skip
"""What a language of the west needs beyond ASCII: German, French, Spanish, Portuguese, Italian,
Swedish, Danish and Norwegian, Icelandic, Dutch, Catalan."""

_CENTRAL = tuple(
    frozenset(letters + letters.upper() + "“”‘’„‚«»‹›–—…·•€©®™°§\xa0\xad")
    for letters in ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "čćđšž", "ăâîşţ")
)
"""The same of Polish, Czech, Slovak, the languages of the Adriatic, and Romanian."""

_UNREAD = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
)
"""Codecs that no page is in; in some of them markup would hide."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:+-]+)", re.IGNORECASE | re.ASCII)
_META = re.compile(rb"<meta[^<>]{0,1000}?charset\s*=\s*[\"']?\s*([\w.:+-]+)", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml[^<>]{0,200}?encoding\s*=\s*[\"']([\w.:+-]+)", re.IGNORECASE)
_LANGUAGE = re.compile(rb"<html[^<>]{0,1000}?\slang\s*=\s*[\"']?([a-z]{2})\b", re.IGNORECASE)
_JIS = re.compile(rb"\x1b(?:\$[@B]|\([BJ])")
_MARKUP = re.compile(rb"<(script|style)\b.*?(?:</\1|\Z)|<[^>]*>", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(rb"[\x80-\x9f]")
_HIGH = re.compile(rb"[\x80-\xff]")
_LETTER = re.compile(rb"[A-Za-z]")
_ODD = re.compile(
    "[\ufffd\x80-\x9f\ue000-\uf8ff\u2500-\u259f]"
    r"|(?<=[^\W\d_a-zA-Z])[¤¦§©¬®°±¶]"
    r"|[^\W\d_A-Z](?=[А-Я])"
)
"""What a wrong codec leaves: replacements, controls, private use, signs and capitals in words."""


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of a page and the codec that it was read with. Never raises.

    In order: byte order mark; ISO-2022-JP escapes; strict UTF-8; UTF-8 with a few broken bytes;
    the charset of the HTTP header, then of the markup; the codecs usual for its language; a guess;
    windows-1252.
    """
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace"), codec
    if not _HIGH.search(body):
        return _ascii(body, content_type)
    for codec in _candidates(body, content_type):
        text = _tried(body, codec)
        if text is not None:
            return text, codec
    return body.decode("cp1252", "replace"), "cp1252"


def _ascii(body: bytes, content_type: str) -> tuple[str, str]:
    """Decode bytes below 0x80: plain, UTF-16 without a mark, or Japanese behind escapes."""
    for start, codec in ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be")):
        if body.startswith(start):
            return body.decode(codec, "replace"), codec
    if _JIS.search(body):
        return body.decode("iso2022_jp", "replace"), "iso2022_jp"
    declared = _codec(_header_charset(content_type))
    if declared in {"utf-16-le", "utf-16-be"} and body.count(b"\x00") > len(body) // 4:
        return body.decode(declared, "replace"), declared
    return body.decode("ascii", "replace"), "utf-8"


def _candidates(body: bytes, content_type: str) -> Iterator[str]:
    """Yield codecs in the order in which they are believed; each is tried before the next."""
    if _broken_utf8(body) is not None:
        yield "utf-8"
    if body[1:2] == b"\x00" or body[:1] == b"\x00":
        yield "utf-16-le" if body[1:2] == b"\x00" else "utf-16-be"
    said = list(_declared(body, content_type))
    lying = not _LATIN.isdisjoint(said) and _is_other_script(body)
    yield from (codec for codec in said if not (lying and codec in _LATIN))
    best = _by_language(body)
    if best:
        yield best
    guessed = _guess(body)
    if guessed:
        yield guessed


def _broken_utf8(body: bytes) -> int | None:
    """Return how many places are no UTF-8, None if they are over 2 % of the bytes above 0x7f."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        bad = body.decode("utf-8", "replace").count("\ufffd") - body.count(b"\xef\xbf\xbd")
        return bad if bad * 50 <= len(_HIGH.findall(body)) else None
    return 0


def _tried(body: bytes, codec: str) -> str | None:
    """Return the text, None if there is more than one replacement in 2,000 characters."""
    text = body.decode(codec, "replace")
    if codec == "utf-8":
        return text if _broken_utf8(body) is not None else None
    return text if text.count("\ufffd") * 2000 <= max(len(text), 2000) else None


def _declared(body: bytes, content_type: str) -> Iterator[str]:
    """Yield the codecs that header and markup name, as browsers understand them."""
    head = body[:HEAD_BYTES]
    names = [_header_charset(content_type)]
    for pattern in (_XML, _META):
        found = pattern.search(head) if pattern is _META else pattern.match(head)
        names.append(found[1].decode("ascii", "replace") if found else "")
    for place, name in enumerate(names):
        codec = _codec(name)
        if not codec or codec == "utf-8":
            continue
        if codec.startswith(("utf-16", "utf-32")) and (place or body.count(0) * 8 < len(body)):
            continue  # markup that could be read this far, or has no zeros, is not UTF-16
        yield codec


def _header_charset(content_type: str) -> str:
    found = _HEADER.search(content_type[:500])
    return found[1] if found else ""


def _codec(label: str) -> str | None:
    """Return Python's codec for a charset label, None for none or one that is no text codec."""
    name = label.strip().lower()
    if not name:
        return None
    try:
        found = codecs.lookup(_ALIASES.get(name, name))
    except (LookupError, ValueError):
        return None
    safe = getattr(found, "_is_text_encoding", True)  # "hex" and "zlib" are codecs too
    return found.name if safe and found.name not in _UNREAD else None


def _by_language(body: bytes) -> str | None:
    """Return the codec usual for ``html lang`` in which the text looks most like that language."""
    found = _LANGUAGE.search(body[:HEAD_BYTES])
    language = found[1].decode("ascii").lower() if found else ""
    usual = _BY_LANGUAGE.get(language, ())
    if not usual:
        return None
    sample = _visible(body)
    common = _COMMON.get(language, "")

    def oddness(codec: str) -> int:
        text = sample.decode(codec, "replace")
        return len(_ODD.findall(text)) - sum(map(text.count, common))

    return min(usual, key=oddness)


def _guess(body: bytes) -> str | None:
    """Return the codec that the visible text itself tells of."""
    sample = _visible(body)
    if _needed(sample, "cp1252", _WESTERN) >= WESTERN:
        return "cp1252"
    central = max(("cp1250", "iso8859_2"), key=lambda codec: _needed(sample, codec, _CENTRAL))
    if _needed(sample, central, _CENTRAL) >= WESTERN:
        return central
    best = from_bytes(sample, enable_fallback=False).best()
    if best is None:
        return None
    if best.encoding in {"cp1250", "iso8859_2"}:
        # only the one has letters where the other has controls
        return "cp1250" if _CONTROL.search(sample) else "iso8859_2"
    return best.encoding


def _needed(sample: bytes, codec: str, languages: tuple[frozenset[str], ...]) -> float:
    """Return how much of what is no ASCII, read by a codec, one of the languages needs.

    Those letters come in any bytes; but the letters of another alphabet, or of languages further
    away, are in no one of these languages together.
    """
    found = re.findall("[^\x00-\x7f]", sample.decode(codec, "replace"))
    needed = max(sum(letter in letters for letter in found) for letters in languages)
    return needed / len(found) if found else 0.0


def _is_other_script(body: bytes) -> bool:
    """Say whether a text cannot be in Latin letters, as servers say of all that they send."""
    sample = _visible(body)
    high = len(_HIGH.findall(sample))
    return high > OTHER_SCRIPT * (high + len(_LETTER.findall(sample)))


def _visible(body: bytes) -> bytes:
    """Return the first text outside of markup, scripts and styles."""
    return _MARKUP.sub(b" ", body[: 8 * GUESS_BYTES])[:GUESS_BYTES]
