"""Names of months in the languages feeds are written in, and abbreviations of time zones."""

# ruff: noqa: RUF001 - months of languages whose letters look like others
__all__ = ["MONTHS", "ZONES"]

_NAMES = """
january jan januar janvier janv enero ene gennaio gen janeiro januari tammikuuta tammi
tammikuu stycznia sty styczeń ledna led leden januára január ianuarie ian января янв
январь січня січ січень януари яну јануар јан ιανουαρίου ιαν ιανουάριος ocak oca يناير
ינואר ינו׳ ژانویهٔ ژانویه जनवरी जन॰ জানুয়ারী জানু جنوری มกราคม ม.ค jaanuar jaan
janvāris sausio saus sausis siječnja sij siječanj gener xaneiro xan urtarrila urt janúar
janar јануари yanvar yan қаңтар қаң januarie jänner jän كانون

february feb februar février févr febrero febbraio fevereiro fev februari helmikuuta
helmi helmikuu lutego lut luty února úno únor februára február febr februarie февраля
февр февраль лютого лют лютий февруари фев фебруар феб φεβρουαρίου φεβ φεβρουάριος şubat
şub فبراير פברואר פבר׳ فوریهٔ فوریه फ़रवरी फ़र॰ ফেব্রুয়ারী ফেব فروری กุมภาพันธ์ ก.พ
veebruar veebr februāris vasario vas vasaris veljače velj veljača febrer febreiro
otsaila ots febrúar shkurt shk fevral ақпан ақп شباط feber

march mar märz mär mars marzo março maart mrt marts maaliskuuta maalis maaliskuu marca
marzec března bře březen marec március márc martie марта мар март березня бер березень
μαρτίου μαρ μάρτιος μάρ mart maret mac مارس מרץ मार्च মার্চ مارچ มีนาคม มี.ค märts kovo
kov kovas ožujka ožu ožujak març martxoa наурыз нау machi mrz آذار

april apr avril avr abril abr aprile huhtikuuta huhti huhtikuu kwietnia kwi kwiecień
dubna dub duben apríla apríl április ápr aprilie апреля апр апрель квітня квіт квітень
април απριλίου απρ απρίλιος nisan nis أبريل אפריל אפר׳ آوریل अप्रैल এপ্রিল এপ্রি اپریل
เมษายน เม.ย aprill aprīlis balandžio bal balandis travnja tra travanj d’abril d’abr
apirila api prill pri aprel сәуір сәу aprili نيسان

may mai mayo maggio mag maio mei maj toukokuuta touko toukokuu maja května kvě květen
mája máj május мая май травня трав травень мај μαΐου μαΐ μάιος μάι mayıs مايو מאי مهٔ مه
मई মে مئی พฤษภาคม พ.ค maijs gegužės geg gegužė svibnja svi svibanj maig maiatza maí
мамыр мам أيار

june jun juni juin junio giugno giu junho kesäkuuta kesä kesäkuu czerwca cze czerwiec
června čvn červen júna jún június iunie iun июня июн июнь червня черв червень юни јун
ιουνίου ιουν ιούνιος ιούν haziran haz يونيو יוני ژوئن जून জুন جون มิถุนายน มิ.ย juuni
jūnijs jūn birželio birž birželis junij lipnja lipanj juny xuño ekaina eka júní qershor
qer јуни iyun iyn маусым мау junie حزيران

july jul juli juillet juil julio luglio lug julho heinäkuuta heinä heinäkuu lipca lip
lipiec července čvc červenec júla júl július iulie iul июля июл июль липня лип липень
юли јул ιουλίου ιουλ ιούλιος ιούλ temmuz tem julai يوليو יולי ژوئیهٔ ژوئیه जुलाई जुल॰
জুলাই জুল جولائی กรกฎาคม ก.ค juuli jūlijs jūl liepos liep liepa julij srpnja srpanj
juliol xullo xul uztaila uzt júlí korrik korr јули iyul iyl шілде шіл julie تموز

august aug août agosto ago augustus augusti elokuuta elo elokuu sierpnia sie sierpień
srpna srp srpen augusta augusztus августа авг август серпня серп серпень αυγούστου αυγ
αύγουστος αύγ ağustos ağu agustus agu ogos ogo أغسطس אוגוסט אוג׳ اوت अगस्त अग॰ আগস্ট আগ
اگست สิงหาคม ส.ค augusts rugpjūčio rugp rugpjūtis avgust avg kolovoza kol kolovoz
d’agost d’ag agost ag abuztua abu ágúst ágú gusht gush avqust avq тамыз там agosti آب

september sep sept septembre septiembre settembre set setembro syyskuuta syys syyskuu
września wrz wrzesień září zář septembra szeptember szept septembrie сентября сент
сентябрь вересня вер вересень септември сеп септембар σεπτεμβρίου σεπ σεπτέμβριος eylül
eyl سبتمبر ספטמבר ספט׳ سپتامبر सितंबर सित॰ সেপ্টেম্বর সেপ ستمبر กันยายน ก.ย septembris
rugsėjo rugs rugsėjis rujna ruj rujan setembre iraila ira shtator sht sentyabr sen
қыркүйек қыр septemba أيلول

october oct oktober okt octobre octubre ottobre ott outubro out lokakuuta loka lokakuu
października paź październik října říj říjen októbra október octombrie октября окт
октябрь жовтня жовт жовтень октомври октобар οκτωβρίου οκτ οκτώβριος ekim eki أكتوبر
אוקטובר אוק׳ اکتبر अक्टूबर अक्टू॰ অক্টোবর অক্টো اکتوبر ตุลาคม ต.ค oktoober oktobris
spalio spal spalis d’octubre d’oct urria urr tetor tet oktyabr қазан қаз oktoba

november nov novembre noviembre novembro marraskuuta marras marraskuu listopada lis
listopad listopadu novembra noiembrie ноября нояб ноябрь листопада лист листопад ноември
ное новембар нов νοεμβρίου νοε νοέμβριος νοέ kasım kas نوفمبر נובמבר נוב׳ نوامبر नवंबर
नव॰ নভেম্বর নভে نومبر พฤศจิกายน พ.ย novembris lapkričio lapkr lapkritis studenoga stu
studeni azaroa aza nóvember nóv nëntor nën noyabr noy қараша қар novemba

december dec dezember dez décembre déc diciembre dic dicembre dezembro desember des
joulukuuta joulu joulukuu grudnia gru grudzień prosince pro prosinec decembra decembrie
декабря дек декабрь грудня груд грудень декември децембар дец δεκεμβρίου δεκ δεκέμβριος
aralık ara disember dis ديسمبر דצמבר דצמ׳ دسامبر दिसंबर दिस॰ ডিসেম্বর ডিসে دسمبر ธันวาคม
ธ.ค detsember dets decembris gruodžio gruod gruodis prosinca prosinac desembre decembro
abendua abe dhjetor dhj dekabr dek желтоқсан жел desemba
"""
"""The months from January, an empty line between two."""

MONTHS = {
    name: number for number, names in enumerate(_NAMES.split("\n\n"), 1) for name in names.split()
}
"""Month by its name in lower case, without a final dot."""

ZONES = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "MEZ": 60,
    "MET": 60, "CEST": 120, "MESZ": 120, "MEST": 120, "EET": 120, "SAST": 120, "CAT": 120,
    "EEST": 180, "MSK": 180, "EAT": 180, "TRT": 180, "IDT": 180, "GST": 240, "PKT": 300,
    "IST": 330, "NPT": 345, "ICT": 420, "WIB": 420, "HKT": 480, "SGT": 480, "AWST": 480,
    "PHT": 480, "JST": 540, "KST": 540, "ACST": 570, "AEST": 600, "ACDT": 630, "AEDT": 660,
    "NZST": 720, "NZDT": 780, "NST": -210, "NDT": -150, "AST": -240, "ADT": -180, "AT": -240,
    "BRT": -180, "ART": -180, "EST": -300, "EDT": -240, "ET": -300, "CST": -360, "CDT": -300,
    "CT": -360, "MST": -420, "MDT": -360, "MT": -420, "PST": -480, "PDT": -420, "PT": -480,
    "AKST": -540, "AKDT": -480, "HST": -600,
}  # fmt: skip
"""Minutes ahead of UTC. Where an abbreviation means several zones, the one of most feeds."""
