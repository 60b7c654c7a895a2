# ruff: noqa: E501, RUF001 - titles in many alphabets
"""Is it an article? The verdict, with its reasons."""

from collections.abc import Callable

import pytest

from workers.model.article import Extracted

Read = Callable[..., Extracted]


def test_listing(read: Read) -> None:
    """A page of teasers that calls itself a collection is no article."""
    teasers = "".join(
        f"<article><h2><a href='/{n}'>Goat number {n} elected porter</a></h2></article>"
        for n in range(12)
    )
    head = '<script type="application/ld+json">{"@type": "CollectionPage"}</script>'
    markup = f"<html><head>{head}</head><body><main>{teasers}</main></body></html>"
    got = read(markup, url="https://gazette.example/")
    assert "not_article" == got.verdict
    assert "jsonld of a list or product -3" in got.reasons
    assert not got.standin


def test_teaser(read: Read, build: Callable[..., str], json_ld: str) -> None:
    """An article of which only the first lines are shown is thin."""
    got = read(build("<p>The ferry will stop running, the harbour said.</p>", head=json_ld))
    assert "thin" == got.verdict
    assert not got.standin


@pytest.mark.parametrize(
    ("head", "more", "path", "verdict"),
    [
        ("", "", "2026/11/ferry", "thin"),
        ("<meta property='og:type' content='website'>", "", "2026/11/ferry", "not_article"),
        (
            "",
            "<p><a href='/1'>Goat elected</a> <a href='/2'>Ferry to stop</a></p>",
            "a",
            "not_article",
        ),
        ("", "", "", "not_article"),
    ],
)
def test_short_pages(read: Read, head: str, more: str, path: str, verdict: str) -> None:
    """A page without facts and with few words is thin, unless something looks like a list."""
    text = "<h1>Ferry</h1><p>The ferry will stop, the harbour said.</p>"
    markup = f"<html><head>{head}</head><body><main>{text}{more}</main></body></html>"
    assert verdict == read(markup, url=f"https://gazette.example/{path}").verdict


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Page not found | The Gazette", "not found"),
        ("404 - Not Found", "not found"),
        ("Seite nicht gefunden - Blatt", "not found"),
        ("Before you continue | The Gazette", "consent"),
        ("We value your privacy", "consent"),
        ("Just a moment...", "challenge"),
        ("Attention Required! | Shield", "challenge"),
        ("403 Forbidden", "challenge"),
    ],
)
def test_stand_ins(read: Read, title: str, kind: str) -> None:
    """Consent, challenge and not-found pages are known by their titles."""
    words = "We and our partners would like to know more of you before we let you read. " * 5
    got = read(f"<html><head><title>{title}</title></head><body><p>{words}</p></body></html>")
    assert ("thin", True) == (got.verdict, got.standin)
    assert f"stand-in: {kind} page" == got.reasons[0]


@pytest.mark.parametrize(
    "title",
    [
        "Seite nicht gefunden", "Page introuvable", "Página no encontrada", "Pagina non trovata",
        "Página não encontrada", "Pagina niet gevonden", "Nie znaleziono strony",
        "Stránka nenalezena", "Stránka sa nenašla", "Az oldal nem található",
        "Pagina nu a fost găsită", "Sayfa bulunamadı", "Sidan hittades inte",
        "Siden ikke fundet", "Sivua ei löytynyt", "Η σελίδα δεν βρέθηκε", "Страница не найдена",
        "Сторінку не знайдено", "Страницата не е намерена", "الصفحة غير موجودة", "הדף לא נמצא",
        "页面不存在", "ページが見つかりません", "페이지를 찾을 수 없습니다", "Không tìm thấy trang",
        "Halaman tidak ditemukan", "Zugriff verweigert", "Accès refusé", "Acceso denegado",
        "Доступ запрещён", "アクセスが拒否されました", "Datenschutzeinstellungen",
        "Gestion des cookies", "Twoja prywatność", "Настройки cookie", "同意のお願い",
    ],
)  # fmt: skip
def test_stand_ins_in_other_languages(read: Read, title: str) -> None:
    """Such pages are known in the languages of the press, with the site's name or without."""
    for whole in (title, f"{title} | Gazette"):
        got = read(f"<html><head><title>{whole}</title></head><body><p>404.</p></body></html>")
        assert ("thin", True) == (got.verdict, got.standin)


GUARDED = [
    (
        '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>',
        "challenge",
    ),
    ("<script>window._cf_chl_opt={}</script>", "challenge"),
    ('<script src="https://geo.captcha-delivery.com/captcha/"></script>', "challenge"),
    ('<div id="px-captcha"></div>', "challenge"),
    ('<div class="h-captcha"></div>', "challenge"),
    (
        "<p>You don't have permission to access this. Reference #18.2d351ab8.155733</p>",
        "challenge",
    ),
    ('<meta http-equiv="refresh" content="0; url=https://consent.yahoo.com/v2/x">', "consent"),
    ('<form action="/consent?next=/a"></form>', "consent"),
    ("<noscript>Please enable JavaScript to continue.</noscript><div id=root></div>", "script"),
]


@pytest.mark.parametrize(("sign", "kind"), GUARDED)
def test_stand_ins_by_what_guards_them(
    read: Read, build: Callable[..., str], sign: str, kind: str
) -> None:
    """A page without a title that tells is known by its guard, but never one with a text."""
    got = read(f"<html><head><title>gazette.example</title></head><body>{sign}</body></html>")
    assert f"stand-in: {kind} page" == got.reasons[0]
    assert got.standin
    assert not read(build().replace("<main>", f"{sign}<main>")).standin


@pytest.mark.parametrize(
    "title",
    ["Un moment qui change tout pour le port de Tolva et ses habitants", "Consent matters"],
)
def test_titles_that_only_begin_alike(read: Read, build: Callable[..., str], title: str) -> None:
    """Words of a notice in a real headline make no notice of it."""
    assert not read(
        build(title=title).replace("Ferry line to close for the winter", title)
    ).standin


def test_paywalled_article_is_one(read: Read, build: Callable[..., str]) -> None:
    """That an article is not free says nothing: with its text it is an article, a teaser thin."""
    head = (
        '<script type="application/ld+json">{"@type": "NewsArticle", '
        '"isAccessibleForFree": false}</script>'
    )
    assert "article" == read(build(head=head)).verdict
    assert "thin" == read(build("<p>The ferry will stop.</p>", head=head)).verdict


def test_article_with_such_a_title(read: Read, build: Callable[..., str], json_ld: str) -> None:
    """An article may be called "Just a moment": what it says of itself counts for more."""
    got = read(build(title="Just a moment", head=json_ld).replace("<h1>Ferry", "<h1>Just Ferry"))
    assert ("article", False) == (got.verdict, got.standin)


@pytest.mark.parametrize(
    ("kind", "reason"), [("website", "og:type website -1"), ("product.item", "og:type product -2")]
)
def test_what_else_a_page_is(
    read: Read, build: Callable[..., str], json_ld: str, kind: str, reason: str
) -> None:
    """That it is a site or a product counts where the page does not say that it is an article."""
    head = f'<meta property="og:type" content="{kind}">'
    assert reason in read(build(head=head)).reasons
    assert reason not in read(build(head=head + json_ld)).reasons


def test_reasons_add_up(read: Read, build: Callable[..., str], json_ld: str) -> None:
    """Each reason says what it added."""
    got = read(build(head=json_ld))
    assert (
        "jsonld article +3",
        "four long lines +1",
        "mostly long lines +1",
        "headline in the address +1",
        "number in the address +1",
    ) == got.reasons
