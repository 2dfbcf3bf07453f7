"""Worlds of people, companies and addresses, and the records that several sources keep of them; truth known.

What makes resolving hard is in them: households that share address, telephone and name, a parent and a child
of one name, twins, people who moved, companies with branches and sisters, neighbours; records with typing
errors, missing fields, names exchanged, shortened, transliterated, days and months exchanged. All invented.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from partwatch.case.resolution.records import Kind

Said = dict[str, list[str]]


@dataclass(frozen=True)
class World:
    """How a world is. records: about how many. copies: mean records of an entity beyond the first. noise:
    chance of an error in a field. missing: chance of a field's not being told. household: chance that a
    person lives with others. names: how many family names there are. ids: chance of an identity number."""

    seed: int
    records: int
    copies: float = 0.8
    noise: float = 0.08
    missing: float = 0.25
    household: float = 0.6
    names: int = 3000
    skew: float = 0.9
    towns: int = 80
    ids: float = 0.25
    moved: float = 0.2
    birth: float = 0.6


@dataclass
class People:
    """said: what is said of each record. entity: whom it is of. group: entities that belong together (a
    household, a company and its sisters), which is what an interval is taken over."""

    said: list[Said] = field(default_factory=list)
    entity: list[int] = field(default_factory=list)
    group: list[int] = field(default_factory=list)


def varied(seed: int, records: int) -> World:
    """A world of that size, otherwise drawn."""
    rng = random.Random(seed * 7919 + 13)
    return World(
        seed, records,
        copies=rng.choice((0.15, 0.4, 0.8, 1.5)), noise=rng.choice((0.03, 0.08, 0.15)),
        missing=rng.choice((0.05, 0.2, 0.4)), household=rng.choice((0.1, 0.4, 0.7)),
        names=rng.choice((600, 3000, 12_000)), skew=rng.choice((0.7, 0.9, 1.05)),
        towns=rng.choice((6, 60, 400)), ids=rng.choice((0.05, 0.25, 0.5)),
        moved=rng.choice((0.1, 0.25)), birth=rng.choice((0.3, 0.6, 0.9)),
    )  # fmt: skip


def people(world: World, kind: Kind = Kind.PERSON) -> People:
    """The records of a world; the same for the same seed."""
    rng = random.Random(f"{world.seed} {kind.value}")
    pools = _Pools.of(world, rng)
    made = People()
    groups = _GROUPS[kind](world, pools, rng)
    entity = 0
    for number, group in enumerate(groups):
        for truth in group:
            for _ in range(1 + _few(rng, world.copies)):
                made.said.append(_WRITE[kind](truth, world, pools, rng))
                made.entity.append(entity)
                made.group.append(number)
            entity += 1
        if len(made.said) >= world.records:
            break
    # In no order that tells who belongs together.
    order = list(range(len(made.said)))
    rng.shuffle(order)
    return People(
        [made.said[place] for place in order], [made.entity[place] for place in order],
        [made.group[place] for place in order],
    )  # fmt: skip


def _few(rng: random.Random, mean: float) -> int:
    """Geometric, with that mean."""
    count = 0
    while count < 30 and rng.random() < mean / (1 + mean):
        count += 1
    return count


def _list(told: str) -> list[str]:
    return told.split()


_ONSETS = _list("b br ch d dr f fr g gr h j k kl kr l m n p pr r s sch sh st t tr v w z sl ph th c")
_VOWELS = _list("a e i o u ai ei ie au ö ü ä oa y é")
_CODAS = _list("n r l s t m nd rt ck x ng ss nn ll y k rg v ch")
_PLACES = _list("burg ville ton field heim dorf stad by ford mouth")
_STREETS = _list("Street Road Lane Avenue Court Drive Place Straße Square")
_TRADES = _list("Trading Logistics Tools Plastics Services Print Technik Import Media Parts Works Supplies")
_SHORT = _list("Ltd GmbH LLC Inc SARL BV AG")
_COUNTRIES = _list("de de de pl nl fr")
_MAILS = _list("mail.example post.example web.example inbox.example")


@dataclass(frozen=True)
class _Pools:
    given: list[str]
    given_weights: list[float]
    family: list[str]
    family_weights: list[float]
    towns: list[tuple[str, str]]
    streets: list[str]

    @staticmethod
    def of(world: World, rng: random.Random) -> _Pools:
        given = _words(rng, 400, 1, 2)
        family = _words(rng, world.names, 1, 3)
        towns = [
            (f"{_word(rng, 1, 2)}{rng.choice(_PLACES)}".capitalize(), f"{rng.randrange(10_000, 99_999)}")
            for _ in range(world.towns)
        ]
        streets = [f"{_word(rng, 1, 2).capitalize()} {rng.choice(_STREETS)}" for _ in range(world.towns * 12)]
        return _Pools(
            given, list(accumulate(1 / (rank + 8) ** 0.9 for rank in range(len(given)))),
            family, list(accumulate(1 / (rank + 12) ** world.skew for rank in range(len(family)))),
            towns, streets,
        )  # fmt: skip


def _drawn(names: list[str], weights: list[float], rng: random.Random) -> str:
    """One of them. weights: added up."""
    return rng.choices(names, cum_weights=weights)[0]


def _word(rng: random.Random, least: int, most: int) -> str:
    return "".join(
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + (rng.choice(_CODAS) if rng.random() < 0.6 else "")
        for _ in range(rng.randint(least, most))
    )


def _words(rng: random.Random, count: int, least: int, most: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        word = _word(rng, least, most)
        if len(word) > 2:
            found[word.capitalize()] = None
    return list(found)


@dataclass
class _Person:
    given: str
    middle: str | None
    family: str
    birth: date
    phones: list[str]
    emails: list[str]
    number: str | None
    homes: list[tuple[str, str, str]]
    generation: str | None = None


def _phone(rng: random.Random) -> str:
    return f"+49{rng.randrange(150, 180)}{rng.randrange(10_000_000):07d}"


def _home(pools: _Pools, rng: random.Random) -> tuple[str, str, str]:
    town, code = rng.choice(pools.towns)
    code = code[:-1] + str(rng.randrange(10))
    return f"{rng.choice(pools.streets)} {rng.randint(1, 140)}", code, town


def _some_name(pools: _Pools, rng: random.Random) -> tuple[str, str]:
    return (
        _drawn(pools.given, pools.given_weights, rng), _drawn(pools.family, pools.family_weights, rng)
    )  # fmt: skip


def _person(world: World, pools: _Pools, rng: random.Random, home: tuple[str, str, str]) -> _Person:
    given, family = _some_name(pools, rng)
    middle = _drawn(pools.given, pools.given_weights, rng) if rng.random() < 0.2 else None
    birth = date(1940, 1, 1) + timedelta(days=rng.randrange(25_000))
    homes = [home] + ([_home(pools, rng)] if rng.random() < world.moved else [])
    number = f"{rng.choice('CFGHJKLMNPRTVWXYZ')}{rng.randrange(10**8):08d}" if rng.random() < 0.9 else None
    person = _Person(given, middle, family, birth, [_phone(rng)], [], number, homes)
    if rng.random() < 0.3:
        person.phones.append(_phone(rng))
    for _ in range(1 + (rng.random() < 0.3)):
        person.emails.append(_mail(person, rng))
    return person


def _mail(person: _Person, rng: random.Random) -> str:
    given, family = _ascii(person.given), _ascii(person.family)
    name = rng.choice((f"{given}.{family}", f"{given[0]}{family}", f"{family}{person.birth.year % 100}",
                       f"{_word(rng, 2, 3)}{rng.randrange(100)}"))  # fmt: skip
    tail = "" if rng.random() < 0.4 else str(rng.randrange(1000))
    return f"{_ascii(name)}{tail}@{rng.choice(_MAILS)}"


def _ascii(text: str) -> str:
    for mark, plain in (("ö", "oe"), ("ü", "ue"), ("ä", "ae"), ("é", "e"), ("ß", "ss")):
        text = text.replace(mark, plain)
    return text.lower()


def _households(world: World, pools: _Pools, rng: random.Random) -> Iterator[list[_Person]]:
    while True:
        home = _home(pools, rng)
        first = _person(world, pools, rng, home)
        group = [first]
        if rng.random() < world.household:
            landline = _phone(rng)
            shared_mail = f"{_ascii(first.family)}{rng.randrange(1000)}@{rng.choice(_MAILS)}"
            for _ in range(1 + _few(rng, 0.9)):
                group.append(_relative(first, world, pools, rng))
            for one in group:
                if rng.random() < 0.5:
                    one.phones.insert(rng.randrange(2), landline)
                if rng.random() < 0.12:
                    one.emails.append(shared_mail)
        yield group


def _relative(first: _Person, world: World, pools: _Pools, rng: random.Random) -> _Person:
    other = _person(world, pools, rng, first.homes[0])
    kind = rng.random()
    if kind < 0.75:
        other.family = first.family
    if kind < 0.03:
        # A parent or a child of the same name.
        other.given, first.generation, other.generation = first.given, "Sr.", "Jr."
        other.birth = first.birth + timedelta(days=rng.randrange(7_000, 13_000))
    elif kind < 0.055:
        # A twin; some twins' names differ by little.
        other.birth = first.birth
        if rng.random() < 0.3:
            other.given = _typed(first.given, rng)
    other.emails = [_mail(other, rng)]
    return other


def _typed(text: str, rng: random.Random) -> str:
    """With one typing error."""
    if len(text) < 3:
        return text
    place = rng.randrange(len(text) - 1)
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz" if text[place].isalpha() else "0123456789")
    return rng.choice((
        text[:place] + text[place + 1] + text[place] + text[place + 2 :],
        text[:place] + text[place + 1 :],
        text[:place] + letter + text[place:],
        text[:place] + letter + text[place + 1 :],
    ))  # fmt: skip


def _spelt(text: str, rng: random.Random) -> str:
    """As somebody of another alphabet would."""
    for old, new in rng.sample(
        [("ö", "o"), ("ü", "u"), ("ä", "a"), ("ei", "ai"), ("ph", "f"), ("k", "c"), ("sch", "sh"), ("w", "v"),
         ("j", "y"), ("ie", "i"), ("z", "s"), ("th", "t"), ("ck", "k"), ("ss", "s")], 5,
    ):  # fmt: skip
        text = text.replace(old, new)
    return text


def _noisy(text: str, world: World, rng: random.Random) -> str:
    chance = rng.random()
    if chance < world.noise:
        return _typed(text, rng)
    if chance < 1.4 * world.noise:
        return _spelt(text, rng)
    return text


def _write_person(person: _Person, world: World, pools: _Pools, rng: random.Random) -> Said:
    said: Said = {}
    _write_name(person, said, world, rng)

    def told(share: float = 1.0) -> bool:
        return rng.random() < share * (1 - world.missing)

    if told(world.birth):
        said["birthDate"] = [_write_birth(person.birth, world, rng)]
    if told(0.75):
        phone = rng.choice(person.phones)
        said["phone"] = [_typed(phone, rng) if rng.random() < world.noise / 3 else phone]
        if rng.random() < 0.1 and len(person.phones) > 1:
            said["phone"] = list(person.phones)
    if told(0.5):
        mail = rng.choice(person.emails)
        said["email"] = [_typed(mail, rng) if rng.random() < world.noise / 3 else mail]
    if person.number and told(world.ids):
        said["idNumber"] = [_noisy(person.number, world, rng)]
    if told(0.8):
        _write_home(rng.choice(person.homes), said, world, rng)
    return said


def _write_name(person: _Person, said: Said, world: World, rng: random.Random) -> None:
    given, family = _noisy(person.given, world, rng), _noisy(person.family, world, rng)
    if rng.random() < world.noise * 0.7:
        given = given[0] + "."
    elif rng.random() < 0.04 and len(given) > 4:
        given = given[: rng.randint(3, 4)]
    if rng.random() < world.noise * 0.3:
        given, family = family, given
    if person.middle and rng.random() < 0.4:
        given = f"{given} {person.middle}" if rng.random() < 0.85 else f"{person.middle} {given}"
    suffix = f" {person.generation}" if person.generation and rng.random() < 0.35 else ""
    form = rng.random()
    if form < 0.45:
        said["name"] = [f"{given} {family}{suffix}"]
    elif form < 0.6:
        said["name"] = [f"{family}, {given}{suffix}"]
    else:
        said["firstName"], said["lastName"] = [given + suffix], [family]
        if rng.random() < 0.03:
            del said["firstName"]


def _write_birth(birth: date, world: World, rng: random.Random) -> str:
    chance = rng.random()
    if chance < world.noise * 0.3 and birth.day <= 12:
        birth = birth.replace(month=birth.day, day=birth.month)
    elif chance < world.noise * 0.6:
        birth = birth + timedelta(days=rng.choice((-1, 1, -10, 10, 365, 31)))
    elif chance < world.noise * 0.6 + 0.04:
        return str(birth.year)
    return birth.isoformat()


def _write_home(home: tuple[str, str, str], said: Said, world: World, rng: random.Random) -> None:
    street, code, town = home
    street, town = _noisy(street, world, rng), _noisy(town, world, rng)
    code = _typed(code, rng) if rng.random() < world.noise / 2 else code
    if rng.random() < 0.3:
        street = street.replace("Street", "St.").replace("Road", "Rd").replace("Avenue", "Ave")
    if rng.random() < 0.5:
        said["address"] = [f"{street}, {code} {town}"]
        return
    said["street"] = [street]
    if rng.random() < 0.85:
        said["postalCode"] = [code]
    if rng.random() < 0.9:
        said["city"] = [town]


@dataclass
class _Firm:
    name: str
    form: str
    phones: list[str]
    mail: str
    number: str
    homes: list[tuple[str, str, str]]
    country: str


def _firm_name(pools: _Pools, rng: random.Random) -> str:
    first = _drawn(pools.family, pools.family_weights, rng)
    words = [first, rng.choice(_TRADES)]
    if rng.random() < 0.3:
        words.insert(1, _drawn(pools.given, pools.given_weights, rng))
    return " ".join(words)


def _firms(world: World, pools: _Pools, rng: random.Random) -> Iterator[list[_Firm]]:
    while True:
        first = _firm(_firm_name(pools, rng), _home(pools, rng), world, pools, rng)
        group = [first]
        if rng.random() < world.household * 0.5:
            for _ in range(1 + _few(rng, 0.4)):
                group.append(_sister(first, world, pools, rng))
        yield group


def _firm(name: str, home: tuple[str, str, str], world: World, pools: _Pools, rng: random.Random) -> _Firm:
    domain = f"{_ascii(name.split()[0])}{rng.randrange(10_000)}.example"
    if rng.random() < 0.3:
        domain = rng.choice(_MAILS)
    homes = [home] + ([_home(pools, rng)] if rng.random() < world.moved else [])
    return _Firm(
        name, rng.choice(_SHORT), [_phone(rng) for _ in range(1 + (rng.random() < 0.4))],
        f"info@{domain}" if rng.random() < 0.5 else f"{_ascii(name.split()[0])}{rng.randrange(100)}@{domain}",
        f"HR{rng.randrange(10**6):06d}", homes, rng.choice(_COUNTRIES),
    )  # fmt: skip


def _sister(first: _Firm, world: World, pools: _Pools, rng: random.Random) -> _Firm:
    """Another firm of the same owner: a like name, or the same address and telephone."""
    words = first.name.split()
    name = " ".join([words[0], rng.choice(_TRADES)]) if rng.random() < 0.6 else _firm_name(pools, rng)
    if name == first.name:
        name += " Holding"
    home = first.homes[0] if rng.random() < 0.6 else _home(pools, rng)
    other = _firm(name, home, world, pools, rng)
    if rng.random() < 0.5:
        other.phones = list(first.phones)
    if rng.random() < 0.4:
        other.mail = f"{rng.choice(('office', 'sales', 'info'))}@{first.mail.partition('@')[2]}"
    return other


def _write_firm(firm: _Firm, world: World, pools: _Pools, rng: random.Random) -> Said:
    words = [_noisy(word, world, rng) for word in firm.name.split()]
    if len(words) > 2 and rng.random() < world.noise:
        words.pop()
    said: Said = {"name": [" ".join(words + ([firm.form] if rng.random() < 0.6 else []))]}

    def told(share: float) -> bool:
        return rng.random() < share * (1 - world.missing)

    if told(0.7):
        said["phone"] = [_noisy(rng.choice(firm.phones), world, rng)]
    if told(0.5):
        other = f"{rng.choice(('sales', 'office', 'post'))}@{firm.mail.partition('@')[2]}"
        said["email"] = [_noisy(firm.mail if rng.random() < 0.75 else other, world, rng)]
    if told(world.ids):
        said["registrationNumber"] = [_noisy(firm.number, world, rng)]
    if told(0.6):
        said["country"] = [firm.country if rng.random() < 0.97 else rng.choice(_COUNTRIES)]
    if told(0.8):
        _write_home(rng.choice(firm.homes), said, world, rng)
    return said


def _houses(world: World, pools: _Pools, rng: random.Random) -> Iterator[list[tuple[str, str, str]]]:
    """A house and some of its neighbours, and its like in another town."""
    while True:
        street, code, town = _home(pools, rng)
        group = [(street, code, town)]
        name, _, number = street.rpartition(" ")
        for step in range(_few(rng, 0.6)):
            group.append((f"{name} {int(number) + 1 + step * rng.randint(1, 3)}", code, town))
        if rng.random() < 0.2:
            other, other_code = rng.choice(pools.towns)
            if other != town:
                group.append((street, other_code, other))
        yield list(dict.fromkeys(group))


def _write_house(house: tuple[str, str, str], world: World, pools: _Pools, rng: random.Random) -> Said:
    said: Said = {}
    # An address is what is written: with another number it is its neighbour.
    name, _, number = house[0].rpartition(" ")
    _write_home((f"{_noisy(name, world, rng)} {number}", *house[1:]), said, replace(world, noise=0.0), rng)
    if "city" in said:
        said["city"] = [_noisy(house[2], world, rng)]
    if "postalCode" in said and rng.random() < world.noise / 2:
        said["postalCode"] = [_typed(house[1], rng)]
    if "address" in said:
        said["full"] = said.pop("address")
    if rng.random() < 0.5:
        known = _COUNTRIES[len(house[2]) % len(_COUNTRIES)]
        said["country"] = [known if rng.random() < 0.97 else rng.choice(_COUNTRIES)]
    return said


_GROUPS: dict[Kind, Callable[..., Iterator[list[Any]]]] = {
    Kind.PERSON: _households, Kind.ORGANIZATION: _firms, Kind.ADDRESS: _houses,
}  # fmt: skip
_WRITE: dict[Kind, Callable[..., Said]] = {
    Kind.PERSON: _write_person, Kind.ORGANIZATION: _write_firm, Kind.ADDRESS: _write_house,
}  # fmt: skip
