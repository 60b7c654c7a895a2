# ruff: noqa: E501, RUF001 - sentences as they are written in many alphabets
"""Whichever way a page says its charset, or does not, its text comes out right."""

import pytest

from workers.pages.decode import decode

TEXTS = {
    "ar": "أعلن مكتب الميناء يوم الاثنين أن العبارة ستتوقف عن العمل حتى الربيع المقبل بعد تصويت.",
    "ru": "Управление порта объявило в понедельник, что паром не будет ходить до самой весны.",
    "zh": "港务局周一宣布渡轮将停航到明年春天岛上居民只能绕行大桥路程超过一个小时。",
    "zh-TW": "港務局週一宣布渡輪將停航到明年春天島上居民只能繞行大橋路程超過一個小時。",
    "ja": "港湾局は月曜日、フェリーが来年の春まで運休すると発表した。島民は橋を渡るしかない。",
    "he": "משרד הנמל הודיע ביום שני כי המעבורת תושבת עד האביב הבא לאחר הצבעה של תשעה נגד שניים.",
    "pl": "Urząd portowy ogłosił, że prom nie będzie kursował aż do wiosny, jeśli nie później.",
    "el": "Το γραφείο του λιμανιού ανακοίνωσε τη Δευτέρα ότι το πλοίο θα σταματήσει ως.",
    "ko": "항만청은 월요일 여객선이 내년 봄까지 운항을 중단한다고 발표했다. 섬은 멀다.",
    "uk": "Управління порту оголосило в понеділок, що пором не ходитиме аж до самої весни.",
    "bg": "Пристанищната служба обяви в понеделник, че фериботът няма да плава до пролетта.",
    "cs": "Přístavní úřad v pondělí oznámil, že přívoz nebude jezdit až do jara, možná déle.",
    "hu": "A kikötői hivatal hétfőn bejelentette, hogy a komp tavaszig nem közlekedik, sőt tovább.",
    "ro": "Biroul portului a anunţat luni că feribotul nu va mai circula până la primăvară, şi gata.",
    "fr": "Le bureau du port a annoncé lundi que le bac cesserait de naviguer jusqu’à l’été.",
    "es": "La oficina del puerto anunció el lunes que el transbordador no saldrá hasta la primavera.",
    "pt": "A administração do porto anunciou na segunda-feira que a balsa não sairá até à primavera.",
    "it": "L’ufficio del porto ha annunciato lunedì che il traghetto si fermerà perché è più vecchio.",
    "tr": "Liman müdürlüğü pazartesi günü feribotun ilkbahara kadar çalışmayacağını açıkladı.",
    "sv": "Hamnkontoret meddelade på måndagen att färjan inte kommer att gå förrän till våren.",
    "th": "สำนักงานท่าเรือประกาศเมื่อวันจันทร์ว่าเรือข้ามฟากจะหยุดให้บริการจนถึงฤดูใบไม้ผลิ",
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
    ("uk", "windows-1251"),
    ("uk", "koi8-u"),
    ("bg", "windows-1251"),
    ("ru", "iso-8859-5"),
    ("ru", "cp866"),
    ("zh-TW", "big5"),
    ("ja", "iso-2022-jp"),
    ("el", "iso-8859-7"),
    ("he", "iso-8859-8"),
    ("ar", "iso-8859-6"),
    ("cs", "windows-1250"),
    ("cs", "iso-8859-2"),
    ("hu", "iso-8859-2"),
    ("ro", "windows-1250"),
    ("fr", "windows-1252"),
    ("es", "iso-8859-1"),
    ("pt", "windows-1252"),
    ("it", "windows-1252"),
    ("tr", "windows-1254"),
    ("sv", "iso-8859-1"),
    ("th", "tis-620"),
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
    [
        (language, charset)
        for language, charset in CODECS
        if charset not in {"cp866", "iso-8859-7", "iso-8859-6", "iso-8859-8"}
        and language not in {"he", "ro"}
    ],
)
def test_guessed(language: str, charset: str) -> None:
    """With nothing to go by, the text itself tells."""
    got, _ = decode(page_in(language, charset))
    assert TEXTS[language] in got


@pytest.mark.parametrize(
    ("language", "charset", "said"),
    [
        ("ru", "windows-1251", "utf-8"),
        ("ru", "koi8-r", "ascii-nonsense"),
        ("ja", "shift_jis", "euc-jp"),
        ("ja", "euc-jp", "utf-8"),
        ("zh", "gb18030", "utf-8"),
        ("ko", "euc-kr", "iso-2022-jp"),
        ("ar", "windows-1256", "utf-8"),
        ("he", "windows-1255", "utf-16"),
        ("ar", "windows-1256", "iso-8859-1"),
        ("el", "windows-1253", "windows-1252"),
        ("he", "windows-1255", "iso-8859-1"),
        ("ja", "euc-jp", "iso-8859-1"),
        ("ko", "euc-kr", "iso-8859-15"),
        ("ru", "windows-1251", "iso-8859-1"),
        ("th", "tis-620", "us-ascii"),
        ("zh", "gb18030", "iso-8859-1"),
    ],
)
def test_lying_header(language: str, charset: str, said: str) -> None:
    """A charset that the bytes cannot be in is not believed; markup or language tell then."""
    header = f"text/html; charset={said}"
    got, _ = decode(page_in(language, charset, tag=language), header)
    assert TEXTS[language] in got
    meta = f'<meta charset="{charset}">'
    got, _ = decode(page_in(language, charset, meta), header)
    assert TEXTS[language] in got


@pytest.mark.parametrize(
    ("language", "charset"),
    [("pl", "iso-8859-2"), ("tr", "windows-1254"), ("fr", "windows-1252"), ("sv", "iso-8859-1")],
)
def test_latin_letters_are_no_other_script(language: str, charset: str) -> None:
    """What may be true is believed: a declared Latin charset of a text in Latin letters."""
    got, _ = decode(page_in(language, charset, tag="ru"), f"text/html; charset={charset}")
    assert TEXTS[language] in got


@pytest.mark.parametrize("bad", [1, 3])
def test_one_replacement_in_two_thousand(bad: int) -> None:
    """A declared charset is believed with one bad byte in 2,000 characters, not with three."""
    text = ("港" * 20 + "<br>") * 100
    body = b"<html lang=ja>" + text.encode("euc-jp") + b"\xff" * bad
    _, codec = decode(body, "text/html; charset=euc-jp")
    assert ("euc_jp" == codec) == (bad == 1)


@pytest.mark.parametrize(
    "body",
    [
        b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
        b"<meta charset=utf-7><p>+ADw-b+AD4-</p>",
    ],
)
def test_utf7_is_not_read(body: bytes) -> None:
    """UTF-7 is never read, whoever declares it: browsers do not, and it hides markup."""
    got, _ = decode(body, "text/html; charset=utf-7")
    assert "+AD" in got


@pytest.mark.parametrize(
    "body",
    [
        b"\xed\xa0\x80" * 100,
        "пар".encode()[:-1],
        "フェリー".encode("shift_jis")[:-1],
        "渡轮".encode("gb18030")[:-1],
        b"\x1b$B" + b"\x41" * 99,
        b"\xff\xfe\x00",
        b"\xfe\xff\xd8\x00",
        b"\xef\xbb\xbf\xff",
        bytes(range(256)) * 8,
        b"\x00" * 1000,
        b"\x1f\x8b\x08\x00" + b"\xaa" * 100,
    ],
)
@pytest.mark.parametrize(
    "said", ["", "utf-8", "utf-16", "utf-32", "gb18030", "idna", "zlib", "unicode_escape", "mbcs"]
)
def test_broken_bytes(body: bytes, said: str) -> None:
    """Surrogates, characters cut through and codecs that are none never raise."""
    got, _ = decode(b"<p>" + body, f"text/html; charset={said}")
    assert isinstance(got.encode("utf-8", "replace"), bytes)


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
