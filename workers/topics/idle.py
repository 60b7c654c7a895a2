"""Words that only hold a sentence together, folded as texts are searched.

What somebody wants to hear about is never one of them. A word that might be meant stays.
"""

# ruff: noqa: RUF001 -- the letters that look like others are what this is about

from workers.text.tokens import tokenize

__all__ = ["IDLE"]

_ENGLISH = """
a an the this that these those and or but nor so if as than then of in on at by for from to
into onto with without within about against between among over under through during before
after above below up down out off near across behind is are was were be been being am do does
did has have had having will would can could shall should may might must not no it its he him
his she her they them their we our you your i me my who whom whose which what when where why
how there here any all some each every both either neither more most much many few other
another such only own same too very just also still again ever never always when's around via
per news story stories article articles anything everything something regarding concerning
mention mentions mentioned
"""
_FRENCH = """
le la les un une des du de d l au aux et ou mais ni car que qui quoi dont où ce cet cette ces
son sa ses leur leurs mon ma mes ton ta tes notre nos votre vos il elle ils elles on nous vous
je tu se ne pas plus est sont était été être a ont avait avoir dans sur sous par pour en avec
sans chez entre vers contre après avant pendant depuis comme si très aussi
"""
_GERMAN = """
der die das den dem des ein eine einen einem einer eines und oder aber sondern nicht kein keine
ist sind war waren sein wird werden wurde hat haben hatte in im an am auf aus bei beim mit nach
von vom vor zu zum zur über unter um für gegen ohne durch zwischen bis seit als wie wenn dass
ob er sie es wir ihr ich man sich sein seine ihre auch noch nur schon sehr
"""
_SPANISH = """
el los las uno unos unas del y e o u pero sino no lo su sus mi tu nuestro es son era fue ser ha
han había haber al con sin sobre para por entre hacia hasta desde contra tras según como cuando
donde si más muy también ya se le les
"""
_ITALIAN = """
il lo gli i uno di da dal dalla dei degli delle della dello del nel nella nei nelle sul sulla
sui al alla ai alle agli con su per tra fra ed ma non che chi cui è sono era stato essere ha
hanno aveva come quando dove se più anche suo sua suoi loro
"""
_PORTUGUESE = """
os as um uma uns umas do da dos das no na nos nas ao aos à às pelo pela pelos pelas em com sem
sob para por e ou mas não que quem qual é são foi ser está tem têm como quando onde se mais
também seu sua seus suas
"""
_DUTCH = """
het een en of maar niet geen van in op te aan bij met voor door over onder tussen uit naar tot
tegen zonder na om is zijn was waren wordt worden werd heeft hebben had dat die dit deze er hij
zij wij ook nog als dan
"""
_RUSSIAN = """
и в во на с со по к ко у о об от до из за под над при для без через между против после перед не
ни но а или же ли бы что чтобы как так это этот эта эти тот та те он она оно они мы вы я его её
их кто где когда если был была были быть есть
"""
_UKRAINIAN = """
і й та в у на з із зі по до від за під над при для без через між проти після перед не ні але а
або чи же що щоб як так це цей ця ці той він вона воно вони ми ви я його її їх хто де коли якщо
був була були бути є про
"""
_POLISH = """
i w we na z ze po do od za pod nad przy dla bez przez między przeciw przeciwko po przed nie ni
ale a albo lub czy że żeby jak tak to ten ta te on ona ono oni my wy jego jej ich kto gdzie
kiedy jeśli jest są był była było być się o
"""
_TURKISH = """
ve veya ya da de ile için gibi kadar göre karşı sonra önce bir bu şu o ki mi mı mu mü ne değil
en çok daha olan olarak
"""
_ARABIC = """
في من على الى إلى عن مع هذا هذه ذلك تلك التي الذي الذين ان أن إن كان كانت هو هي هم لا ما لم لن
قد بعد قبل بين عند كل او أو ثم ضد و
"""
_HEBREW = """
של על את עם אל מן זה זו זאת הוא היא הם הן אני אנחנו לא כי אם או גם רק כל בין אחרי לפני נגד יש
אין היה היתה היו
"""
_PERSIAN = """
در از به با برای که این آن را و یا تا بر هم است بود شد می ها های
"""

IDLE = frozenset(
    token.folded
    for words in (
        _ENGLISH, _FRENCH, _GERMAN, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH, _RUSSIAN, _UKRAINIAN,
        _POLISH, _TURKISH, _ARABIC, _HEBREW, _PERSIAN,
    )
    for token in tokenize(words)
) - frozenset(("war", "die", "son", "per", "mit", "sur", "ser", "tu", "mon", "news"))  # fmt: skip
"""Of all languages together, without those that mean something in another."""
