"""The people of a hidden world, and how others write them down: habits, slips, gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

from benchmarks.cases import names
from benchmarks.cases.numbers import MAIL_DOMAINS, Numbers
from benchmarks.cases.tables import Cell

COUNTRIES: Final = (("FR", 60), ("GB", 22), ("DE", 18))
_NEAR: Final = {
    "a": "qsz", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo",
    "k": "jl", "l": "kp", "m": "n", "n": "bm", "o": "ip", "p": "o", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb",
}  # fmt: skip
_SHORT: Final = {
    "Thomas": "Tom", "Michael": "Mike", "William": "Will", "Jonathan": "Jon", "Katherine": "Kate",
    "Elizabeth": "Liz", "Frédéric": "Fred", "Benoît": "Ben", "Krzysztof": "Krzys", "Katarzyna": "Kasia",
    "Małgorzata": "Gosia", "Agnieszka": "Aga", "Andreas": "Andi", "Matthias": "Matze", "Екатерина": "Катя",
    "Алексей": "Алёша", "Дмитрий": "Дима", "Δημήτρης": "Μήτσος", "Philip": "Phil", "Andrew": "Andy",
}  # fmt: skip


@dataclass(frozen=True)
class Home:
    """Where people live. full: one line, as the register has it."""

    country: str
    number: int
    street: str
    postal: str
    town: str
    flat: str = ""

    @property
    def full(self) -> str:
        """One line, as it is written in the country."""
        flat = f", {self.flat}" if self.flat else ""
        if self.country == "DE":
            return f"{self.street} {self.number}{flat}, {self.postal} {self.town}"
        return f"{self.number} {self.street}{flat}, {self.postal} {self.town}"


@dataclass
class Person:
    """One of the hidden world; a shop has a family name only. way: the habit by which their name is put into
    Latin letters on their papers. phones: first the one on their papers."""

    id: str
    given: str
    family: str
    language: str
    country: str
    home: Home
    birth: str = ""
    paper: str = ""
    way: int = 0
    phones: list[str] = field(default_factory=list)
    email: str = ""
    handle: str = ""
    iban: str = ""
    wallet: str = ""
    role: str = "bystander"
    cell: str = ""

    @property
    def name(self) -> str:
        """As on their papers: in Latin letters, marks kept where these are of Latin letters."""
        if self.language in ("ru", "el", "ar"):
            return names.latin(f"{self.given} {self.family}".strip(), self.way)
        return f"{self.given} {self.family}".strip()


class People:
    """Makes people. numbers: where their identifiers come from."""

    def __init__(self, rng: Random, numbers: Numbers) -> None:
        self.rng = rng
        self.numbers = numbers
        self.all: dict[str, Person] = {}

    def home(self, country: str | None = None) -> Home:
        """A house somewhere."""
        rng = self.rng
        where = country or rng.choices([one for one, _ in COUNTRIES], [share for _, share in COUNTRIES])[0]
        town = rng.choice(names.TOWNS[where])
        quarter = rng.randrange(20)
        place = names.TOWNS[where].index(town)
        postal = (
            f"99{place}{quarter:02d}" if where != "GB" else f"ZZ{place + 1}{quarter // 5} {quarter % 5 + 1}QA"
        )
        return Home(where, rng.randrange(1, 140), names.drawn_street(where, rng), postal, town)

    def person(
        self, home: Home, family: str = "", language: str = "", given: str = "", role: str = "bystander"
    ) -> Person:
        """Somebody who lives there, with a phone, a mail address, and papers."""
        rng = self.rng
        tongue = names.LANGUAGES[language] if language else names.drawn_language(home.country, rng)
        female = rng.random() < 0.5
        made = Person(
            f"p{len(self.all)}",
            given or names.drawn_given(tongue, female, rng),
            family or names.drawn_family(tongue, rng),
            tongue.name,
            home.country,
            home,
            f"{rng.randrange(1950, 2006)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}",
            self.numbers.digits("paper", 9),
            rng.randrange(names.WAYS),
            role=role,
        )
        made.phones.append(self.numbers.phone(home.country))
        made.email = self._email(made)
        self.all[made.id] = made
        return made

    def shop(self, title: str) -> Person:
        """A business."""
        home = self.home()
        made = Person(f"s{len(self.all)}", "", title, "en", home.country, home, role="shop")
        made.phones.append(self.numbers.phone(home.country))
        box = self.rng.choice(("orders", "info", "shop", "hello", "sales", "contact"))
        made.email = f"{box}@{_letters(title)}{len(self.all)}.example.com"
        made.iban = self.numbers.iban(home.country)
        self.all[made.id] = made
        return made

    def _email(self, person: Person) -> str:
        rng = self.rng
        given, family = (
            _letters(names.latin(person.given, person.way)),
            _letters(names.latin(person.family, person.way)),
        )
        local = rng.choice((f"{given}.{family}", f"{given[:1]}{family}", f"{family}{person.birth[2:4]}"))
        if rng.random() < 0.5:
            local += str(rng.randrange(1, 1000))
        return f"{local}@{rng.choice(MAIL_DOMAINS)}"


def _letters(text: str) -> str:
    return "".join(one for one in names.latin(text, 1).lower() if one.isascii() and one.isalpha()) or "info"


def slip(text: str, rng: Random) -> str:
    """One slip of a hand: a letter swapped, dropped, doubled, or the one beside it on the keys."""
    if len(text) < 4:
        return text
    place = rng.randrange(1, len(text) - 1)
    before, here, after = text[:place], text[place], text[place + 1 :]
    near = _NEAR.get(here.lower(), here)
    made = rng.choice(
        (before + after[0] + here + after[1:], before + after, before + here + here + after,
         before + rng.choice(near) + after)
    )  # fmt: skip
    return " ".join(made.split())


def written_name(person: Person, rng: Random, care: float) -> str:
    """A name as somebody wrote it down. care: 0 to 1; a register's is near 1."""
    given, family = person.given, person.family
    if not given:
        return slip(family, rng) if rng.random() > 0.9 + care / 10 else family
    carefully = rng.random() < care
    if not carefully and rng.random() < 0.25:
        given = _SHORT.get(given, given)
    own_script = person.language in ("ru", "el", "ar") and not carefully and rng.random() < 0.3
    told_given, told_family = given, family
    if not own_script and (person.language in ("ru", "el", "ar") or (not carefully and rng.random() < 0.5)):
        way = person.way if carefully or rng.random() < 0.6 else rng.randrange(names.WAYS)
        told_given, told_family = names.latin(given, way), names.latin(family, way)
    if not carefully:
        chance = rng.random()
        if chance < 0.12:
            told_given = told_given[:1] + "."
        elif chance < 0.24:
            told_family = slip(told_family, rng)
        elif chance < 0.3:
            told_given = slip(told_given, rng)
    turn = rng.random()
    if turn < 0.12:
        return f"{told_family.upper()} {told_given}"
    if turn < 0.18 and not carefully:
        return f"{told_given} {told_family}".upper()
    return f"{told_given} {told_family}"


def written_address(home: Home, rng: Random, care: float) -> str:
    """An address as somebody wrote it down."""
    full = home.full
    if rng.random() < care:
        return full
    chance = rng.random()
    if chance < 0.3:
        for long, short in (("avenue", "av."), ("Street", "St"), ("Road", "Rd"), ("straße", "str."),
                            ("chemin", "ch."), ("impasse", "imp.")):  # fmt: skip
            full = full.replace(long, short)
        return full
    if chance < 0.5:
        return names.latin(full, 1)
    if chance < 0.7:
        return slip(full, rng)
    if chance < 0.85:
        return full.replace(f", {home.flat}", "") if home.flat else full.replace(", ", " ")
    return full.upper()


def written_phone(phone: str, rng: Random) -> Cell:
    """A number as somebody wrote it down: E.164, grouped, or the way it is dialled in France."""
    chance = rng.random()
    if phone.startswith("+33") and chance < 0.45:
        told = "0" + phone[3:]
        if chance < 0.3:
            told = " ".join(told[place : place + 2] for place in range(0, 10, 2))
        return phone, told
    if chance < 0.6:
        return phone, f"00{phone[1:]}" if not phone.startswith("+1") else f"+1 {phone[2:5]} {phone[5:]}"
    return phone


def written_iban(iban: str, rng: Random) -> Cell:
    """In groups of four, or not."""
    if rng.random() < 0.5:
        return iban
    return iban, " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))
