"""Whichever way a page says its charset, or does not, its text comes out right."""

import pytest

from workers.pages.decode import decode

TEXTS = {
    "ar": "أعلن مكتب الميناء يوم الاثنين أن العبارة ستتوقف عن العمل حتى الربيع المقبل بعد تصويت.",
    "ru": "Управление порта объявило в понедельник, что паром не будет ходить до самой весны.",
    "zh": "港务局周一宣布渡轮将停航到明年春天岛上居民只能绕行大桥路程超过一个小时。",
    "ja": "港湾局は月曜日、フェリーが来年の春まで運休すると発表した。島民は橋を渡るしかない。",
    "he": "משרד הנמל הודיע ביום שני כי המעבורת תושבת עד האביב הבא לאחר הצבעה של תשעה נגד שניים.",
    "pl": "Urząd portowy ogłosił, że prom nie będzie kursował aż do wiosny, jeśli nie później.",
    "el": "Το γραφείο του λιμανιού ανακοίνωσε τη Δευτέρα ότι το πλοίο θα σταματήσει ως.",  # noqa: RUF001
    "ko": "항만청은 월요일 여객선이 내년 봄까지 운항을 중단한다고 발표했다. 섬은 멀다.",
    "de": "Die Hafenbehörde kündigte am Montag an, dass die Fähre bis zum Frühling ausfällt.",
}
CODECS = [
    ("ar", "windows-1256"),
    ("ru", "windows-1251"),
    ("ru", "koi8-r"),
    ("zh", "gb2312"),
    ("zh", "gb18030"),
    ("ja", "shift_jis"),
    ("ja", "euc-jp"),
    ("he", "windows-1255"),
    ("pl", "iso-8859-2"),
    ("pl", "windows-1250"),
    ("el", "windows-1253"),
    ("ko", "euc-kr"),
    ("de", "iso-8859-1"),
]


def page_in(language: str, charset: str, declared: str = "", tag: str = "") -> bytes:
    """Return a page of that language, in that charset."""
    lang = f' lang="{tag}"' if tag else ""
    text = f"<html{lang}><head>{declared}</head><body><p>{TEXTS[language] * 6}</p></body></html>"
    return text.encode(charset)


@pytest.mark.parametrize(("language", "charset"), CODECS)
def test_declared_in_the_header(language: str, charset: str) -> None:
    """The charset of the HTTP header is believed."""
    got, _ = decode(page_in(language, charset), f"text/html; charset={charset}")
    assert TEXTS[language] in got


@pytest.mark.parametrize(("language", "charset"), CODECS)
def test_declared_in_the_markup(language: str, charset: str) -> None:
    """The charset of a meta element is believed, in both of its writings."""
    old = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">'
    for declared in (f'<meta charset="{charset}">', old):
        got, _ = decode(page_in(language, charset, declared), "text/html")
        assert TEXTS[language] in got


@pytest.mark.parametrize(("language", "charset"), CODECS)
def test_told_only_by_the_language(language: str, charset: str) -> None:
    """Undeclared, the codec usual for the page's language is found."""
    got, _ = decode(page_in(language, charset, tag=language))
    assert TEXTS[language] in got


@pytest.mark.parametrize(
    ("language", "charset"),
    [("ru", "windows-1251"), ("ja", "euc-jp"), ("ja", "shift_jis"), ("ko", "euc-kr")],
)
def test_guessed(language: str, charset: str) -> None:
    """With nothing to go by, the text itself tells."""
    got, _ = decode(page_in(language, charset))
    assert TEXTS[language] in got


@pytest.mark.parametrize("language", list(TEXTS))
@pytest.mark.parametrize("declared", ["", "charset=iso-8859-1", "charset=nonsense", "charset=hex"])
def test_utf8_whatever_is_declared(language: str, declared: str) -> None:
    """What is UTF-8 is read as UTF-8, whatever the server says."""
    got, codec = decode(page_in(language, "utf-8"), f"text/html; {declared}")
    assert TEXTS[language] in got
    assert "utf-8" == codec


def test_utf8_with_a_broken_byte() -> None:
    """One byte that was cut through does not turn a page of UTF-8 into mojibake."""
    body = page_in("ru", "utf-8").replace(b"<p>", b"<p>\xd0 ")
    got, codec = decode(body, "text/html; charset=windows-1251")
    assert TEXTS["ru"] in got
    assert "utf-8" == codec


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>пар</p>".encode("utf-8-sig"), "<p>пар</p>"),
        (b"\xff\xfe" + "<p>пар</p>".encode("utf-16-le"), "<p>пар</p>"),
        (b"\xfe\xff" + "<p>пар</p>".encode("utf-16-be"), "<p>пар</p>"),
        ("<html><p>x</p>".encode("utf-16-le"), "<html><p>x</p>"),
        ("<p>フェリー</p>".encode("iso2022_jp"), "<p>フェリー</p>"),
        (b"<p>caf\xe9 \x93quoted\x94</p>", "<p>café “quoted”</p>"),
        (b"", ""),
    ],
)
def test_marks_escapes_and_the_last_resort(body: bytes, expected: str) -> None:
    """Byte order marks and escapes tell; windows-1252 is the last resort."""
    assert expected == decode(body)[0]
