"""Which characters the bytes are: BOM, HTTP, XML declaration, then a guess that never fails."""

import codecs
import re
from encodings.aliases import aliases
from functools import lru_cache

from workers.model.base import Record

__all__ = ["Decoded", "as_utf8", "charset_of_header", "decode"]

_CODECS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 utf_8",
    "utf-16-le": "utf-16le",
    "utf-16-be": "utf-16be",
    "utf-16": "utf-16 utf16 ucs-2 iso-10646-ucs-2",
    "utf-32": "utf-32 utf32 ucs-4 iso-10646-ucs-4",
    "utf-32-le": "utf-32le",
    "utf-32-be": "utf-32be",
    "cp1252": "us-ascii ascii iso-8859-1 iso8859-1 iso_8859-1 latin1 latin-1 l1 windows-1252 "
    "cp1252 x-cp1252 ansi_x3.4-1968",
    "iso8859-2": "iso-8859-2 iso8859-2 latin2 l2",
    "iso8859-3": "iso-8859-3",
    "iso8859-4": "iso-8859-4",
    "iso8859-5": "iso-8859-5 cyrillic",
    "iso8859-6": "iso-8859-6 arabic",
    "iso8859-7": "iso-8859-7 greek",
    "iso8859-8": "iso-8859-8 iso-8859-8-i hebrew logical",
    "cp1254": "iso-8859-9 latin5 windows-1254 cp1254",
    "iso8859-10": "iso-8859-10",
    "iso8859-13": "iso-8859-13",
    "iso8859-14": "iso-8859-14",
    "iso8859-15": "iso-8859-15 latin-9 latin9",
    "iso8859-16": "iso-8859-16",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251 win-1251",
    "cp1253": "windows-1253 cp1253",
    "cp1255": "windows-1255 cp1255",
    "cp1256": "windows-1256 cp1256",
    "cp1257": "windows-1257 cp1257",
    "cp1258": "windows-1258 cp1258",
    "cp874": "windows-874 tis-620 tis620 iso-8859-11 cp874",
    "koi8-r": "koi8-r koi8 koi",
    "koi8-u": "koi8-u koi8-ru",
    "cp866": "ibm866 cp866 866",
    "cp437": "ibm437 cp437",
    "cp037": "cp037 ibm037 ebcdic-cp-us ebcdic",
    "mac-roman": "macintosh mac x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic",
    "cp932": "shift_jis shift-jis sjis x-sjis windows-31j ms_kanji cp932",
    "euc-jp": "euc-jp x-euc-jp",
    "iso2022-jp": "iso-2022-jp",
    "gb18030": "gb2312 gbk gb18030 x-gbk gb_2312-80 chinese hz-gb-2312 cp936 windows-936",
    "big5hkscs": "big5 big5-hkscs x-x-big5 cn-big5 csbig5",
    "cp949": "euc-kr ks_c_5601-1987 ks_c_5601 ksc5601 windows-949 cp949 korean",
}  # fmt: skip
_LABELS = {label: codec for codec, labels in _CODECS.items() for label in labels.split()}
_PYTHON = """
    cp037 cp1006 cp1026 cp1125 cp1140 cp273 cp424 cp437 cp500 cp720 cp737 cp775 cp850 cp852
    cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp875
    cp932 cp949 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 euc_jis_2004
    euc_jisx0213 euc_jp euc_kr hp_roman8 hz iso2022_jp iso2022_jp_1 iso2022_jp_2
    iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr iso8859_2 iso8859_3 iso8859_4
    iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_10 iso8859_11 iso8859_13 iso8859_14
    iso8859_15 iso8859_16 johab koi8_r koi8_t koi8_u kz1048 mac_arabic mac_croatian
    mac_cyrillic mac_farsi mac_greek mac_iceland mac_latin2 mac_roman mac_romanian
    mac_turkish palmos ptcp154 shift_jis shift_jis_2004 shift_jisx0213
"""
_OTHERS = frozenset(_PYTHON.split())
"""Others that Python knows, and no more: it has codecs that inflate (zlib), or take quadratic
time (punycode), and it would look for a module of any name that a document invents."""
_ODD = {"ms_cyrl": "cp1251", "cp_is": "cp861", "tis620": "cp874"}

_SPACE = b" \t\r\n"
_LATIN = frozenset({"cp1252", "iso8859-15"})
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STARTS = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"{\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
    (b"Lo\xa7\x94", "cp037"),
)
"""How a document begins in a charset whose ASCII is not one byte of ASCII (XML 1.0, F.1)."""
_SIGNS = re.compile(r"[^a-z0-9]+")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*["']\s*([\w.:-]{1,40})""")
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE | re.ASCII)


class Decoded(Record, frozen=True, kw_only=True):
    """A document's characters, the charset that they were found in, and what was doubtful."""

    text: str
    charset: str
    warnings: tuple[str, ...] = ()


def charset_of_header(content_type: str) -> str | None:
    """Return the charset that a Content-Type header names, as written."""
    found = _HEADER.search(content_type[:500])
    return found[1] if found else None


def as_utf8(body: bytes, content_type: str) -> bytes | None:
    """Return the document's bytes where they are UTF-8, if they are what they are said to be.

    That is so for most documents, and spares making characters of them only for the parser to make
    bytes of these again. None where there is a doubt: `decode` knows what to do then.
    """
    if body.startswith(codecs.BOM_UTF8):
        return body[len(codecs.BOM_UTF8) :].lstrip(_SPACE)
    if body[:1] in _SPACE:
        body = body.lstrip(_SPACE)
    if body[:1] != b"<" or body[1:2] == b"\0":
        return None
    names, warnings = _named(*_labels(body, content_type), markup=True)
    return body if names[0] == "utf-8" and not warnings else None


def decode(body: bytes, content_type: str) -> Decoded:
    """Return the characters of ``body``. Never fails: at worst it reads windows-1252."""
    for mark, codec in _BOMS:
        if body.startswith(mark):
            text = body[len(mark) :].decode(codec, "replace")
            return Decoded(text=text, charset=codec.removesuffix("-le").removesuffix("-be"))
    body = body.lstrip(_SPACE) if body[:1] in _SPACE else body
    for start, codec in _STARTS:
        if body.startswith(start):
            return Decoded(text=body.decode(codec, "replace"), charset=codec)
    return _declared(body, content_type)


def _declared(body: bytes, content_type: str) -> Decoded:
    """Decode by what HTTP and the XML declaration say, in that order."""
    names, told = _named(*_labels(body, content_type), markup=body[:1] == b"<")
    warnings = [*told]
    for codec in names:
        try:
            return Decoded(text=body.decode(codec), charset=codec, warnings=tuple(warnings))
        except UnicodeDecodeError:
            warnings.append(f"charset: bytes are not all {codec}")
    return _guessed(body, names, warnings)


def _labels(body: bytes, content_type: str) -> tuple[str | None, str | None]:
    """Return the charsets that HTTP and document name, as written."""
    found = _DECLARED.match(body[:400])
    told = charset_of_header(content_type) if content_type else None
    return told, found[1].decode("ascii", "replace") if found else None


@lru_cache(maxsize=256)
def _named(
    http: str | None, document: str | None, *, markup: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codecs to try, HTTP's first, and what is wrong with their names.

    UTF-8 is first where nothing is said, or it is among what is said. A server's default (Latin-1)
    loses against bytes that are UTF-8 as the document says; and what begins as ``markup`` does is
    none of the charsets of more than one byte.
    """
    names, warnings = [], []
    for label in (http, document):
        codec = _codec(label.lower()) if label else None
        if label and codec is None:
            warnings.append(f"charset: unknown: {label}")
        elif codec and not (markup and codec.startswith(("utf-16", "utf-32"))):
            names.append(codec)
    if not names or names[0] == "utf-8" or (names[0] in _LATIN and "utf-8" in names[1:]):
        names.insert(0, "utf-8")
    return tuple(dict.fromkeys(names)), tuple(warnings)


def _codec(label: str) -> str | None:
    """Return the codec of a charset's label, None if it is not known."""
    known = _LABELS.get(label)
    if known is not None:
        return known
    name = _SIGNS.sub("_", label).strip("_")
    name = _ODD.get(name) or aliases.get(name, name)
    known = _LABELS.get(name) or _LABELS.get(name.replace("_", "-"))
    return known or (name if name in _OTHERS else None)


def _guessed(body: bytes, names: tuple[str, ...], warnings: list[str]) -> Decoded:
    """Read bytes that are not what they were said to be.

    A document that is mostly good in its own charset stays in it; the rest is windows-1252.
    """
    for codec in names:
        text = body.decode(codec, "replace")
        if text.count("\ufffd") * 200 <= len(text) and codec not in _LATIN and _wide(body, text):
            return Decoded(text=text, charset=codec, warnings=tuple(warnings))
    text = body.decode("cp1252", "replace")
    return Decoded(text=text, charset="cp1252", warnings=tuple(warnings))


def _wide(body: bytes, text: str) -> bool:
    """Say whether most of what is not ASCII was read as characters of several bytes."""
    high = sum(len(part) for part in _HIGH.findall(body[:100_000]))
    return high > 3 * (1 + text[:100_000].count("\ufffd"))


_HIGH = re.compile(rb"[\x80-\xff]+")
