# ruff: noqa: E501, RUF001, ISC004 - sentences as they are written in many alphabets
"""Whole pages in other scripts: text, title, date and author come out right, declared or not."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from workers.model.article import Extracted

Read = Callable[..., Extracted]

PAGES = {
    "ar": (
        "توقف العبارة عن العمل طوال الشتاء",
        "أعلن مكتب الميناء يوم الاثنين أن العبارة ستتوقف عن العمل حتى الربيع المقبل بعد تصويت تسعة "
        "أعضاء مقابل عضوين، وأن سكان الجزيرة سيضطرون إلى استخدام الجسر الطويل.",
        "بقلم إيناس الدانة",
        "إيناس الدانة",
        "23 نوفمبر 2026",
    ),
    "ru": (
        "Паром перестанет ходить до весны",
        "Управление порта объявило в понедельник, что паром не будет ходить до самой весны, и "
        "жителям острова придётся ездить через длинный мост, на что уходит больше часа.",
        "Автор: Инесса Альданова",
        "Инесса Альданова",
        "23 ноября 2026",
    ),
    "zh": (
        "渡轮今年冬天将全面停航",
        "港务局周一宣布，渡轮将停航到明年春天，岛上居民只能绕行大桥，路程超过一个小时。船主表示，"
        "冬季航行每月亏损四万元，而且螺旋桨轴出现裂缝，春天之前无法修好，居民对此深感不满。",
        "作者：王小明",
        "王小明",
        "2026年11月23日",
    ),
    "ja": (
        "フェリー、冬の間は全便運休へ",
        "港湾局は月曜日、フェリーが来年の春まで運休すると発表した。島民は一時間以上かけて橋を渡る"
        "しかない。船の持ち主は、冬の便で毎月大きな赤字が出ており、軸の修理も春まで終わらないと"
        "述べた。",
        "記者：山田花子",
        "山田花子",
        "2026年11月23日",
    ),
    "he": (
        "המעבורת תושבת לכל החורף",
        "משרד הנמל הודיע ביום שני כי המעבורת תושבת עד האביב הבא לאחר הצבעה של תשעה נגד שניים, "
        "ותושבי האי ייאלצו לנסוע דרך הגשר הארוך, נסיעה של יותר משעה.",
        "מאת: ענת אלדן",
        "ענת אלדן",
        "23 בנובמבר 2026",
    ),
}
CHARSETS = [
    ("ar", "utf-8"), ("ar", "windows-1256"), ("ar", "iso-8859-6"),
    ("ru", "utf-8"), ("ru", "windows-1251"), ("ru", "koi8-r"), ("ru", "iso-8859-5"),
    ("zh", "utf-8"), ("zh", "gb2312"), ("zh", "gb18030"),
    ("ja", "utf-8"), ("ja", "shift_jis"), ("ja", "euc-jp"), ("ja", "iso-2022-jp"),
    ("he", "utf-8"), ("he", "windows-1255"), ("he", "iso-8859-8"),
    ("ja", "utf-16"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "charset"), CHARSETS)
@pytest.mark.parametrize("declared", ["header", "meta", "language"])
def test_whole_page(read: Read, language: str, charset: str, declared: str) -> None:
    """A page says all it has to say in its own script, whichever way its charset is told."""
    title, paragraph, byline, author, day = PAGES[language]
    paragraph = paragraph.replace("“", "")
    meta = f'<meta charset="{charset}">' if declared == "meta" else ""
    tag = f' lang="{language}"' if declared == "language" else ""
    prose = "".join(f"<p>{paragraph}</p>" for _ in range(4))
    markup = (
        f"<html{tag}><head>{meta}<title>{title}</title></head><body><article><h1>{title}</h1>"
        f"<p class=byline>{byline}</p><div>{day}</div>{prose}</article></body></html>"
    )
    kind = f"text/html; charset={charset}" if declared == "header" else "text/html"
    got = read(markup.encode(charset), f"https://{language}.example/x", kind)
    assert title == got.title
    assert paragraph in got.text
    assert author == got.author
    assert datetime(2026, 11, 23, tzinfo=UTC) == got.published
    assert "guessed" == got.published_from
