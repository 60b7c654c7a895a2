# ruff: noqa: E501, RUF001 - phrases in many alphabets
"""Pages that stand where an article was wanted: consent, challenge, not found, scripts alone."""

import re

from workers.pages.blocks import Page
from workers.pages.body import THIN
from workers.pages.metadata import Metadata
from workers.pages.titles import without_site

__all__ = ["stand_in"]

LONGEST = 2_500
"""Characters of text above which a page is not taken for a notice, whatever its title."""
BARE = 1_500
"""Visible characters of a page above which what guards it is only on guard."""
EMPTY = 200
"""Visible characters up to which a page has nothing to read without its scripts."""
MOST_BLOCKS = 500

_STAND_INS = {
    "consent": (
        r"before you continue.*", r"we value your privacy", r"your privacy(?: choices)?",
        r"privacy (?:settings|consent|preferences)", r"your data,? your choice",
        r"cookie (?:consent|settings|preferences|wall|notice)", r"consent(?: page)?",
        r"(?:manage|your) (?:cookie )?consent.*", r"(?:accept|about) cookies",
        r"bevor sie (?:zu .* )?(?:weitergehen|fortfahren)", r"datenschutz-?einstellungen",
        r"cookie-?einstellungen", r"zustimmung(?: erforderlich)?", r"ihre privatsphäre.*",
        r"(?:gestion|paramètres|préférences) des cookies", r"votre vie privée.*",
        r"avant (?:d.accéder|de continuer).*", r"antes de (?:continuar|ir a).*",
        r"(?:tu|su) privacidad.*", r"configuración de (?:las )?cookies", r"a sua privacidade.*",
        r"definições de cookies", r"(?:la tua|la vostra) privacy.*", r"prima di continuare.*",
        r"impostazioni (?:dei )?cookie", r"voordat je verdergaat.*", r"cookie-?instellingen",
        r"(?:jouw|uw) privacy.*", r"twoja prywatność.*", r"zanim przejdziesz.*",
        r"ustawienia (?:plików )?cookie", r"vaše soukromí.*", r"nastavení (?:souborů )?cookies",
        r"din integritet.*", r"innan du fortsätter.*", r"cookie-?inställningar",
        r"dit privatliv.*", r"før du fortsætter.*", r"ditt personvern.*", r"før du fortsetter.*",
        r"yksityisyytesi.*", r"evästeasetukset", r"az ön adatvédelme.*", r"süti-?beállítások",
        r"confidențialitatea ta.*", r"gizliliğiniz.*", r"çerez (?:ayarları|tercihleri)",
        r"το απόρρητό σας.*", r"ρυθμίσεις cookies", r"настройки (?:файлов )?cookie",
        r"налаштування (?:файлів )?cookie", r"同意のお願い", r"クッキーの設定", r"쿠키 설정",
        r"cookie 设置", r"إعدادات ملفات تعريف الارتباط", r"הגדרות פרטיות",
    ),
    "challenge": (
        r"just a moment", r"attention required!?.*", r"access (?:to this page has been )?denied.*",
        r"are you (?:a )?(?:robot|human)", r"(?:are you|you are) not a robot",
        r"verify(?:ing)? (?:that )?you(?:'re| are) (?:a )?human.*", r"checking your browser.*",
        r"security (?:check|verification)", r"one more step", r"pardon our interruption",
        r"(?:robot check|human verification|bot verification|captcha.*)",
        r"please (?:wait|verify).{0,40}", r"ddos.guard", r"vercel security checkpoint",
        r"(?:error )?(?:40[13]|429|503)(?: .{0,40})?", r"(?:request )?(?:forbidden|blocked)",
        r"too many requests", r"(?:please )?enable (?:javascript|cookies).*",
        r"(?:bot|client) challenge", r"unusual traffic.*", r"sorry, you have been blocked.*",
        r"un instant.{0,20}", r"accès (?:refusé|interdit)", r"vérification de sécurité",
        r"zugriff (?:verweigert|gesperrt)", r"einen moment.{0,20}", r"sicherheits(?:überprüfung|prüfung)",
        r"sind sie ein (?:mensch|roboter)", r"acceso (?:denegado|restringido)", r"un momento.{0,20}",
        r"verificación de seguridad", r"acesso negado", r"um momento.{0,20}", r"accesso negato",
        r"toegang geweigerd", r"(?:nog )?een (?:moment|ogenblik).{0,20}", r"odmowa dostępu",
        r"dostęp zabroniony", r"přístup (?:odepřen|zamítnut)", r"hozzáférés megtagadva",
        r"acces (?:interzis|refuzat)", r"erişim engellendi", r"bir dakika.{0,20}", r"åtkomst nekad",
        r"ett ögonblick.{0,20}", r"adgang nægtet", r"ingen tilgang", r"pääsy (?:estetty|evätty)",
        r"δεν επιτρέπεται η πρόσβαση", r"доступ (?:запрещ[её]н|ограничен)", r"вы не робот",
        r"подождите.{0,20}", r"доступ заборонено", r"достъпът е забранен", r"تم رفض الوصول",
        r"لحظة من فضلك.{0,20}", r"הגישה נדחתה", r"访问被拒绝", r"请稍候.{0,20}", r"安全验证", r"存取被拒",
        r"アクセスが拒否されました", r"しばらくお待ちください.{0,20}", r"접근이 거부.*", r"잠시만.{0,20}",
        r"truy cập bị từ chối", r"akses ditolak",
    ),
    "not found": (
        r"(?:oops!? )?(?:error )?404.*",
        r"(?:the |this )?page (?:could |was |can ?)?not (?:be )?found.*", r"not found",
        r"page (?:is )?(?:unavailable|missing|no longer (?:available|exists))",
        r"(?:this |the )?page (?:doesn\W?t|does not) exist.*", r"we can\W?t find .{0,40}page.*",
        r"oops.{0,30}", r"(?:content|article|story) (?:not found|unavailable)",
        r"seite (?:wurde )?nicht gefunden.*", r"page (?:introuvable|non trouvée)",
        r"página no encontrada", r"pagina non trovata", r"página não encontrada",
        r"pagina (?:kon )?niet (?:worden )?gevonden", r"nie znaleziono strony",
        r"strona nie (?:istnieje|została znaleziona)", r"stránka (?:nenalezena|nebyla nalezena)", r"stránka sa nenašla", r"az oldal nem található",
        r"pagina nu (?:a fost găsită|există)", r"stranica nije pronađena", r"strani ni .*najti",
        r"sayfa bulunamadı", r"sidan (?:hittades inte|kunde inte hittas)", r"fant ikke siden",
        r"siden (?:blev )?ikke (?:fundet|funnet)", r"sivua ei löytynyt", r"lehte ei leitud",
        r"lapa nav atrasta", r"puslapis nerastas", r"η σελίδα δεν βρέθηκε", r"страница не найдена",
        r"сторінку не знайдено", r"страницата не е намерена", r"страница није пронађена",
        r"الصفحة غير موجودة", r"لم يتم العثور على الصفحة", r"صفحه (?:مورد نظر )?یافت نشد",
        r"הדף לא נמצא", r"页面不存在", r"找不到(?:该|此)?(?:页面|網頁|頁面)", r"頁面不存在",
        r"ページが見つかりません.*", r"페이지를 찾을 수 없습니다.*", r"không tìm thấy trang",
        r"halaman tidak ditemukan", r"ไม่พบหน้า.*", r"पृष्ठ नहीं मिला", r"pàgina no trobada",
    ),
}  # fmt: skip
"""Titles of pages that stand where an article was wanted; the whole title, site name taken off."""
_TITLES = {
    kind: re.compile(rf"\W*(?:{'|'.join(titles)})\W*", re.IGNORECASE)
    for kind, titles in _STAND_INS.items()
}

_REFUSED = re.compile(
    r"reference\s*#\s*[0-9a-f.]{6,}|you don['’]t have permission to access|incident id:|ray id:|"
    r"unusual (?:traffic|activity) from your|error 1020|support id is:? \d{6}",
    re.IGNORECASE,
)


def stand_in(metadata: Metadata, page: Page, size: int) -> str:
    """Return the kind of page that stands in for an article, "" for any other.

    Its title tells, or what guards it, or its few words. A page that says of itself that it is an
    article, or has the text of one, is none.
    """
    if metadata.jsonld_article or metadata.says_published or size > LONGEST:
        return ""
    for title in (metadata.page_title, metadata.h1):
        bare = without_site(title, _names(title))
        for kind, pattern in _TITLES.items():
            if title and (pattern.fullmatch(title[:300]) or pattern.fullmatch(bare[:300])):
                return kind
    if size >= THIN or page.letters > BARE:
        return ""
    if metadata.guard == "script":
        return "script" if page.letters <= EMPTY else ""
    words = " ".join(block.text for block in page.blocks[:MOST_BLOCKS])[:BARE]
    return metadata.guard or ("challenge" if _REFUSED.search(words) else "")


def _names(title: str) -> tuple[str, ...]:
    """Return the last part of a title, which on such pages is the site's name."""
    return (re.split(r"\s+[-|–—·:]\s+", title)[-1],)
