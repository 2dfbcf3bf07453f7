"""Names, streets and towns of several languages. Towns are invented, and so are most family names: common
ones are drawn as often as in life, the others are put together from syllables of the language."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Final

COMMON_SHARE: Final = 0.35  # of people who bear one of the listed family names


@dataclass(frozen=True)
class Language:
    """A language's names. given: (female, male), most frequent first. common: family names, the same.
    stems, ends: of the other family names. latin: name in its own script to its ways into Latin letters."""

    name: str
    given: tuple[tuple[str, ...], tuple[str, ...]]
    common: tuple[str, ...]
    stems: tuple[str, ...]
    ends: tuple[str, ...]


def _words(told: str) -> tuple[str, ...]:
    return tuple(told.split())


FRENCH: Final = Language(
    "fr",
    (
        _words(
            "Marie Camille Léa Chloé Inès Manon Jeanne Zoé Élodie Aurélie Céline Hélène Margaux Océane Anaïs"
        ),
        _words(
            "Lucas Hugo Louis Jean Nathan Théo Jérôme Rémi Benoît Frédéric Loïc François Étienne Gaël Noël"
        ),
    ),
    _words(
        "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Lefèvre Mercier Dupont Faure"
    ),
    _words("Bel Mont Char Ver Cour Lam Gran Per Bour Cast Del Fon Mar Rou Sauv Tal Vign Berth Cham Lor"),
    _words("aud ier eau ette ard in aine onnet el ot oux ac ières ois ault ine"),
)
GERMAN: Final = Language(
    "de",
    (
        _words(
            "Anna Lena Sabine Jürgen-Marie Käthe Ursula Petra Claudia Heike Jana Mia Frieda Bärbel Ute Grit"
        ),
        _words(
            "Jürgen Thomas Michael Andreas Günter Björn Stefan Jörg Uwe Karl Lukas Felix Sören Götz Matthias"
        ),
    ),
    _words(
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Krüger"
    ),
    _words(
        "Ober Nieder Stein Lind Eich Wald Berg Feld Grün Hölz Rött Brück Kirch Alt Neu Schön Weiß Ros Bir Ahl"
    ),
    _words("mann bach er brandt müller hof stein häuser meier feld ke ner inger kamp reiter"),
)
ENGLISH: Final = Language(
    "en",
    (
        _words("Olivia Emma Amelia Sophie Charlotte Grace Emily Katherine Elizabeth Alice Lucy Ruby Jane"),
        _words("George Harry William Jack James Michael Stephen Steven Matthew Jonathan Andrew Philip Neil"),
    ),
    _words(
        "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker White Green Hall Wood"
    ),
    _words(
        "Hart Ash Thorn Whit Black Brad Clay Dun East Ford Hazel Kings Lang Mill North Old Pem Red Stan Wake"
    ),
    _words("well ley ton field worth ford wood man by bridge wick ham shaw stone bury"),
)
POLISH: Final = Language(
    "pl",
    (
        _words("Agnieszka Małgorzata Katarzyna Joanna Magdalena Łucja Zofia Żaneta Bożena Elżbieta"),
        _words("Piotr Krzysztof Andrzej Tomasz Paweł Michał Łukasz Wojciech Sławomir Rafał"),
    ),
    _words("Nowak Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski"),
    _words("Jabłoń Krusz Mazur Brzoz Gór Lip Sosn Wierzb Młyn Kamień Strzel Ostrow Zaręb Grab Sobol"),
    _words("ski czyk ak ek icki owicz iński uk ewski ik"),
)
TURKISH: Final = Language(
    "tr",
    (
        _words("Ayşe Fatma Zeynep Gülşen Özlem Çiğdem Elif Şule Tuğba Hatice"),
        _words("Mehmet Mustafa Ahmet İbrahim Çağlar Oğuz Şahin Ümit Serkan Gökhan"),
    ),
    _words("Yılmaz Kaya Demir Şahin Çelik Yıldız Aydın Öztürk Arslan Doğan"),
    _words("Kara Ak Gök Taş Deniz Güneş Boz Yeşil Dağ Altın Kılıç Er Soy Tur Öz"),
    _words("oğlu er gil men türk taş kan kaya soy lı"),
)
RUSSIAN: Final = Language(
    "ru",
    (
        _words("Юлия Екатерина Наталья Ольга Елена Татьяна Мария Ксения Людмила Евгения"),
        _words("Алексей Дмитрий Сергей Юрий Андрей Евгений Михаил Василий Фёдор Григорий"),
    ),
    _words("Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Шевченко Ковальчук Жуков"),
    _words("Берез Дуб Озер Гор Камен Воробь Журавл Лебед Рыж Ключ Зим Яблон Черныш Щерб Хорош"),
    _words("ов ев енко чук ский ин ец юк аев кин"),
)
ARABIC: Final = Language(
    "ar",
    (
        _words("فاطمة عائشة خديجة مريم ياسمين نور سعاد ليلى"),
        _words("محمد أحمد يوسف خالد عمر حسين سعيد طارق"),
    ),
    _words("حداد نجار خوري منصور سليمان رحماني بلقاسم شريف"),
    _words("بن أبو آل بو"),
    _words("عمر يوسف سالم ناصر حسن كريم زياد طاهر"),
)
GREEK: Final = Language(
    "el",
    (
        _words("Μαρία Ελένη Κατερίνα Βασιλική Σοφία Γεωργία Χριστίνα Ειρήνη"),
        _words("Γιώργος Δημήτρης Νίκος Παναγιώτης Χρήστος Θανάσης Ευάγγελος Στέλιος"),
    ),
    _words("Παπαδόπουλος Βλάχος Αγγελόπουλος Νικολάου Γεωργίου Οικονόμου"),
    _words("Καρα Χατζη Μαυρο Κοντο Παλαιο Στεφαν Λαμπρ Θεοδωρ Αναστασ Ξεν"),
    _words("ίδης άκης όπουλος έας άτος ούδης άκος ιάδης"),
)
LANGUAGES: Final = {
    one.name: one for one in (FRENCH, GERMAN, ENGLISH, POLISH, TURKISH, RUSSIAN, ARABIC, GREEK)
}
# Who lives where: shares of the languages among those who live in a country.
MIXTURE: Final = {
    "FR": (("fr", 74), ("ar", 11), ("pl", 4), ("tr", 4), ("ru", 3), ("en", 2), ("de", 1), ("el", 1)),
    "DE": (("de", 72), ("tr", 9), ("pl", 7), ("ru", 5), ("ar", 3), ("el", 2), ("fr", 1), ("en", 1)),
    "GB": (("en", 78), ("pl", 7), ("ar", 5), ("fr", 3), ("ru", 2), ("tr", 2), ("el", 2), ("de", 1)),
}
STREETS: Final = {
    "FR": _words(
        "Tilleuls Lavoir Moulin Église Acacias Remparts Fontaine Pressoir Glycines Halles Canal Platanes"
    ),
    "DE": _words("Linden Garten Mühlen Bahnhof Ahorn Kirch Wiesen Amsel Schul Birken Ufer Rosen"),
    "GB": _words("Mill Station Church Orchard Park Victoria Meadow Chapel Harbour Quarry Willow Bridge"),
}
STREETS_BY: Final = _words("Nord Sud Haut Bas Vieux Neuf")
TOWNS: Final = {
    "FR": ("Montclair-sur-Orge", "Port-Neuville", "Valserre", "Saint-Aubrac", "Castelrive", "Beaulac"),
    "DE": ("Lindenwerth", "Oberquell", "Steinhagen am See", "Neubruck", "Waldau", "Marienkoog"),
    "GB": ("Ashcombe", "Port Ellery", "Thornwick", "Kelderby", "Millhaven", "Stoneferry"),
}

_ARABIC: Final = {
    "فاطمة": "Fatima Fatma Fatema", "عائشة": "Aisha Aicha Ayesha", "خديجة": "Khadija Khadidja Hadija",
    "مريم": "Maryam Meriem Mariam", "ياسمين": "Yasmine Jasmin Yasmin", "نور": "Nour Noor Nur",
    "سعاد": "Souad Suad Soad", "ليلى": "Leila Layla Laila", "محمد": "Mohamed Muhammad Mohammed Mohamad",
    "أحمد": "Ahmed Ahmad", "يوسف": "Youssef Yusuf Yousef Joussef", "خالد": "Khaled Khalid Chaled",
    "عمر": "Omar Umar Omer", "حسين": "Hussein Hossein Houcine", "سعيد": "Said Saeed Saïd",
    "طارق": "Tarek Tariq Tarik", "حداد": "Haddad Hadad", "نجار": "Najjar Nadjar", "خوري": "Khoury Khouri",
    "منصور": "Mansour Mansur", "سليمان": "Slimane Sulayman Suleiman", "رحماني": "Rahmani Rahmany",
    "بلقاسم": "Belkacem Belqasim", "شريف": "Cherif Sharif", "بن": "Ben Bin", "أبو": "Abou Abu",
    "آل": "Al El", "بو": "Bou Bu", "سالم": "Salem Salim", "ناصر": "Nasser Naser", "حسن": "Hassan Hasan",
    "كريم": "Karim Kareem", "زياد": "Ziad Ziyad", "طاهر": "Taher Tahir",
}  # fmt: skip
_CYRILLIC: Final = (
    dict(zip("абвгдежзийклмнопрстуфхцчшщъыьэюяё", _words(
        "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya yo"), strict=True)),
    dict(zip("абвгдежзийклмнопрстуфхцчшщъыьэюяё", _words(
        "a b v g d e j z i i k l m n o p r s t ou f kh ts tch ch chtch _ y _ e iou ia io"), strict=True)),
    dict(zip("абвгдежзийклмнопрстуфхцчшщъыьэюяё", _words(
        "a b w g d e sch s i j k l m n o p r s t u f ch z tsch sch schtsch _ y _ e ju ja jo"), strict=True)),
)  # fmt: skip
_GREEK: Final = (
    dict(zip("αβγδεζηθικλμνξοπρστυφχψως", _words(
        "a v g d e z i th i k l m n x o p r s t y f ch ps o s"), strict=True)),
    dict(zip("αβγδεζηθικλμνξοπρστυφχψως", _words(
        "a b g d e z h th i k l m n ks o p r s t u ph h ps w s"), strict=True)),
)  # fmt: skip
_LATIN: Final = (
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "ł": "l", "ı": "i", "æ": "ae"},
    {"ß": "ss", "ł": "l", "ı": "i", "ø": "o", "æ": "ae"},
)
WAYS: Final = 3  # into Latin letters, at most


def latin(name: str, way: int) -> str:
    """A name in plain Latin letters, by one of several habits; the same way gives the same letters."""
    words = [_ARABIC.get(word) for word in name.split()]
    if all(words):
        return " ".join(told.split()[way % len(told.split())] for told in words if told)
    if any("а" <= one <= "ё" for one in name.casefold()):
        return _by(_CYRILLIC[way % len(_CYRILLIC)], name)
    if any("α" <= one <= "ω" for one in name.casefold()):
        return _by(_GREEK[way % len(_GREEK)], _plain(name))
    return _plain(_by(_LATIN[way % len(_LATIN)], name))


def _by(letters: dict[str, str], name: str) -> str:
    told = []
    for one in name:
        found = letters.get(one.casefold(), one).replace("_", "")
        told.append(found.capitalize() if one.isupper() else found)
    return "".join(told)


def _plain(name: str) -> str:
    """Without marks on letters."""
    parts = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", "".join(one for one in parts if not unicodedata.combining(one)))


def _falling(count: int) -> tuple[float, ...]:
    """Cumulative weights of Zipf's kind, flattened: the first is drawn some five times as often."""
    return tuple(accumulate(1.0 / (4 + place) for place in range(count)))


_MIXED: Final = {
    country: (tuple(name for name, _ in shares), tuple(accumulate(float(share) for _, share in shares)))
    for country, shares in MIXTURE.items()
}
_FALLING: Final = {count: _falling(count) for count in range(1, 40)}


def drawn_language(country: str, rng: Random) -> Language:
    """The language that one who lives there was named in."""
    names, weights = _MIXED[country]
    return LANGUAGES[rng.choices(names, cum_weights=weights)[0]]


def drawn_given(language: Language, female: bool, rng: Random) -> str:
    """A given name."""
    names = language.given[0 if female else 1]
    return rng.choices(names, cum_weights=_FALLING[len(names)])[0]


def drawn_family(language: Language, rng: Random) -> str:
    """A family name."""
    if rng.random() < COMMON_SHARE:
        return rng.choices(language.common, cum_weights=_FALLING[len(language.common)])[0]
    joint = " " if language is ARABIC else ""
    first = rng.choice(language.stems)
    if language is not ARABIC and rng.random() < 0.4:
        first += rng.choice(language.stems).lower()
    return first + joint + rng.choice(language.ends)


def drawn_street(country: str, rng: Random) -> str:
    """A street, as it is written there."""
    one = rng.choice(STREETS[country])
    if country == "FR":
        kind = rng.choice(("rue", "avenue", "chemin", "impasse"))
        return f"{kind} des {one} {rng.choice(STREETS_BY)}" if rng.random() < 0.6 else f"{kind} {one}"
    if country == "DE":
        return f"{one}{rng.choice(('straße', 'weg', 'gasse', 'allee'))}"
    return f"{rng.choice(STREETS['GB'])} {one} {rng.choice(('Road', 'Street', 'Lane', 'Close'))}"
