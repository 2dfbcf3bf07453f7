"""A network and its shadow: the same trade with the same numbers of everything, in goods that are on no list.

An organiser has makers print, sellers offer, couriers post; buyers pay. Of this the investigators see what
lay on seized phones, in seized parcels, at the carrier, the bank, the exchange, the marketplace.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from benchmarks.cases import doings, sources
from benchmarks.cases.people import Person
from benchmarks.cases.tables import Table
from benchmarks.cases.world import World

DESIGNS: Final = ("hand-cranked pump", "bench vise")
PARTS: Final = (("housing", "driving gear", "crank arm", "shaft"), ("jaw", "spindle", "nut", "slide"))
HARMLESS: Final = ("coat hook", "plant pot", "cable comb", "clock pendulum", "curtain ring")


@dataclass(frozen=True)
class Plan:
    """How large a network is. chat: messages for each order beside those that belong to it; busy: innocent
    people with as many dealings, half of them around the shadow; private: most dealings of a member that
    have nothing to do with the trade."""

    makers: int = 2
    sellers: int = 2
    couriers: int = 2
    buyers: int = 8
    orders: int = 14
    chat: int = 4
    busy: int = 6
    private: int = 7


TINY: Final = Plan(1, 1, 1, 2, 2, 1, 2, 1)
SMALL: Final = Plan(1, 1, 1, 3, 4, 1, 2, 2)
MIDDLE: Final = Plan(2, 1, 1, 5, 8, 2, 4, 5)
LARGE: Final = Plan()


@dataclass
class Cell:
    """A network, or the shadow of one. items: sha256 of what was seized, with who made it; phones: tables of
    the phones that were seized, by person."""

    name: str
    listed: bool
    organiser: Person
    makers: list[Person]
    sellers: list[Person]
    couriers: list[Person]
    buyers: list[Person]
    shop: Person
    aliases: dict[str, Person]
    burners: dict[str, str]
    serials: dict[str, str] = field(default_factory=dict)
    usernames: dict[str, str] = field(default_factory=dict)
    phones: dict[str, Table] = field(default_factory=dict)
    box: Table | None = None
    items: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, list[str]] = field(default_factory=dict)
    busy: list[Person] = field(default_factory=list)

    @property
    def members(self) -> list[Person]:
        """All but the buyers."""
        return [self.organiser, *self.makers, *self.sellers, *self.couriers]


def gathered(world: World, name: str, plan: Plan, shop: Person, like: Cell | None = None) -> Cell:
    """The people of a network. like: the network whose shadow it is; its organiser may bear the same name."""
    people, rng = world.people, world.rng

    def somebody(role: str, language: str = "", family: str = "", given: str = "") -> Person:
        made = people.person(
            people.home(), family, language, given, f"{role}" if like is None else f"shadow {role}"
        )
        made.cell = name
        return made

    twin = like.organiser if like and rng.random() < 0.5 else None
    organiser = (
        somebody("organiser", twin.language, twin.family, twin.given) if twin else somebody("organiser")
    )
    cell = Cell(
        name, like is None, organiser,
        [somebody("maker") for _ in range(plan.makers)], [somebody("seller") for _ in range(plan.sellers)],
        [somebody("courier") for _ in range(plan.couriers)], [somebody("buyer") for _ in range(plan.buyers)],
        shop, {}, {},
    )  # fmt: skip
    for one in cell.couriers:
        cell.aliases[one.id] = people.person(people.home(), role="invented")
        cell.burners[one.id] = people.numbers.phone("FR")
        one.phones.append(cell.burners[one.id])
    return cell


def registered(world: World, cell: Cell) -> None:
    """What registers hold of its people."""
    rng = world.rng
    for one in [*cell.members, *cell.buyers]:
        if rng.random() < 0.9:
            doings.subscriber(world, one)
        if one.role.endswith("buyer"):
            if rng.random() < 0.7:
                doings.account(world, one)
        else:
            doings.account(world, one, cell.burners.get(one.id) if rng.random() < 0.5 else None)
        if rng.random() < 0.8:
            doings.holder(world, one)
    for one in cell.couriers:
        # A second phone: in another's name, or in the name of its user.
        doings.subscriber(
            world, one, cell.burners[one.id], cell.aliases[one.id] if rng.random() < 0.6 else None
        )
    for one in (cell.organiser, *cell.sellers):
        doings.wallet_holder(world, one)
    for one in cell.makers:
        serial = f"PW{world.people.numbers.digits('serial', 8)}"
        cell.serials[one.id] = serial
        if rng.random() < 0.8:
            doings.warranty(world, one, serial)
        world.owns(one, "Printer", serial)
    for one in cell.sellers:
        cell.usernames[one.id] = (
            f"{rng.choice(('fix', 'north', 'old', 'blue', 'tin'))}{one.id}{rng.randrange(10, 99)}"
        )
        doings.market_seller(world, one, cell.usernames[one.id])
    _households(world, cell)


def _households(world: World, cell: Cell) -> None:
    """Half of them live with somebody who has nothing to do with it, and may share the phone."""
    rng = world.rng
    for one in cell.members:
        if rng.random() < 0.5:
            continue
        partner = world.people.person(one.home, one.family if rng.random() < 0.7 else "", one.language)
        if rng.random() < 0.4:
            partner.phones[0] = one.phones[0]
        doings.subscriber(world, partner)
        shop = world.people.all[rng.choice([key for key in world.people.all if key.startswith("s")])]
        doings.parcel(world, shop, partner, world.day())


def seized(world: World, cell: Cell) -> None:
    """Phones, a computer, and the makers' cards with print jobs; always the phone of one seller."""
    rng = world.rng
    holders = [cell.sellers[0], *(one for one in cell.makers if rng.random() < 0.6)]
    for one in holders:
        number = doings.exhibit(world, "telephone", world.day(250), holder_=one)
        cell.phones[one.id] = sources.chats(f"telephone-{number.replace('/', '-')}", number)
    if rng.random() < 0.7:
        number = doings.exhibit(world, "computer", world.day(250), holder_=cell.sellers[-1])
        cell.box = sources.mailbox(f"mail-{number.replace('/', '-')}", number)
    for one in cell.makers:
        card = doings.exhibit(world, "memory card of a printer", world.day(250), holder_=one)
        cell.jobs[one.id] = []
        for _ in range(rng.randrange(2, 5)):
            sha = world.people.numbers.hexadecimal("job")
            day = world.day()
            world.add(sources.JOBS, {"sha256": sha, "file": f"{world.people.numbers.digits('file', 4)}.gcode",
                                     "slicer": "PrusaSlicer 2.9", "printed": day.isoformat(), "exhibit": card,
                                     "serial": world.maybe(0.7, cell.serials[one.id])})  # fmt: skip
            cell.jobs[one.id].append(sha)
            cell.items[sha] = one.id
            _matched(world, cell, sha, 14.0)


def _matched(world: World, cell: Cell, sha: str, bits: float) -> None:
    """What screening found of an item: its part, or of harmless goods nothing, seldom something weak."""
    rng = world.rng
    design = int(cell.name.rsplit(" ", 1)[-1]) % len(DESIGNS)
    if not cell.listed:
        if rng.random() > 0.1:
            return
        stated, finding = f"{max(0.1, rng.gauss(1.5, 1.0)):.2f}", "candidate"
    else:
        stated, finding = f"{max(2.0, rng.gauss(bits, 3.0)):.2f}", "match"
    row = {"sha256": sha, "design": DESIGNS[design], "part": rng.choice(PARTS[design]), "finding": finding,
           "bits": stated}  # fmt: skip
    world.add(sources.MATCHES, row)


def linked(world: World, cells: list[Cell]) -> None:
    """What the files tell of their source: jobs of one maker strongly, some strangers weakly."""
    rng = world.rng
    everything = [sha for cell in cells for sha in cell.items]
    for cell in cells:
        world.cell = cell.name
        for own in cell.jobs.values():
            for left, right in zip(own, own[1:], strict=False):
                _link(world, left, right, max(1.0, rng.gauss(13, 3)))
        if own and rng.random() < 0.7:
            other = rng.choice(everything)
            if cell.items.get(other) is None:
                _link(world, own[0], other, max(0.2, rng.gauss(1.2, 0.8)))
    world.cell = ""


def _link(world: World, left: str, right: str, bits: float) -> None:
    row = {
        "sha256": left,
        "other": right,
        "marks": "slicer settings, extrusion profile",
        "bits": f"{bits:.2f}",
    }
    world.add(sources.LINKS, row)


def traded(world: World, cell: Cell, plan: Plan) -> None:
    """The orders, and what is said and paid around them."""
    rng = world.rng
    goods = DESIGNS[int(cell.name.rsplit(" ", 1)[-1]) % len(DESIGNS)] if cell.listed else rng.choice(HARMLESS)
    for one in cell.sellers:
        for _ in range(2):
            doings.listing(world, one, cell.usernames[one.id], f"{goods}, printed to order",
                           "Message me for sizes. Posted within the week.")  # fmt: skip
    for number in range(plan.orders):
        _order(world, cell, goods, number)
    for _ in range(plan.orders * plan.chat):
        _chat(world, cell)


def _order(world: World, cell: Cell, goods: str, number: int) -> None:
    rng = world.rng
    buyer = cell.buyers[number % len(cell.buyers)]
    seller = cell.sellers[number % len(cell.sellers)]
    maker = cell.makers[number % len(cell.makers)]
    courier = cell.couriers[number % len(cell.couriers)]
    day = world.day(20, 220)
    price = rng.randrange(40, 400)
    doings.message(world, cell.phones, buyer, seller, day, f"Hello, is the {goods} still to be had?")
    doings.message(world, cell.phones, seller, buyer, day, f"Yes, {price} EUR, posted on Friday.")
    if rng.random() < 0.65:
        doings.payment(world, buyer, seller, day, price, rng.choice(("order", "thanks", goods, "parcel")))
    else:
        doings.transfer(world, buyer, seller, day, f"{price / 60_000:.6f}")
    later = day + timedelta(days=rng.randrange(1, 4))
    if number % 2 == 0 or rng.random() < 0.5:
        if rng.random() < 0.5:
            doings.transfer(world, seller, cell.organiser, later, f"{price / 120_000:.6f}")
        else:
            doings.payment(world, seller, cell.organiser, later, price // 2, "share")
    file = None
    if cell.jobs.get(maker.id) and rng.random() < 0.4:
        file = (f"order{number}.gcode", rng.choice(cell.jobs[maker.id]))
    doings.message(
        world, cell.phones, cell.organiser, maker, later, f"{rng.randrange(1, 4)} more by Thursday", file
    )
    doings.message(world, cell.phones, seller, cell.organiser, later, "One more sold.")
    doings.message(world, cell.phones, maker, courier, later, "Ready to be fetched.")
    if rng.random() < 0.3:
        doings.payment(
            world, cell.organiser, rng.choice((maker, courier)), later, rng.randrange(20, 90), "wages"
        )
    posted = later + timedelta(days=rng.randrange(1, 5))
    _posted(world, cell, number, (maker, courier, buyer), posted)


def _posted(world: World, cell: Cell, number: int, who: tuple[Person, Person, Person], posted: date) -> None:
    """A courier posts it, under another name or their own; some parcels are opened."""
    rng = world.rng
    maker, courier, buyer = who
    hides = rng.random() < 0.5
    tracking = doings.parcel(
        world, courier, buyer, posted, alias=cell.aliases[courier.id] if hides else None,
        shop=cell.shop if rng.random() < 0.6 else None,
        phone=cell.burners[courier.id] if hides or rng.random() < 0.3 else None, careful=number < 3,
    )  # fmt: skip
    if cell.box is not None and rng.random() < 0.5:
        doings.mail(
            world, cell.box, cell.sellers[-1], buyer, posted, "Your parcel", f"It is on its way: {tracking}"
        )
    if number == 0 or rng.random() < 0.35:
        sha = world.people.numbers.hexadecimal("scan")
        what = "printed part, plastic, scanned by the laboratory"
        doings.exhibit(world, what, posted + timedelta(days=2), tracking=tracking,
                       item=(f"scan-{sha[:6]}.stl", sha))  # fmt: skip
        cell.items[sha] = maker.id
        _matched(world, cell, sha, 11.0)


def _chat(world: World, cell: Cell) -> None:
    """Talk within the network, or with a friend who has nothing to do with it."""
    rng = world.rng
    holder = world.people.all[rng.choice(list(cell.phones))]
    friends = [one for one in cell.busy if int(one.id[1:]) % 3 == 0]
    others = [one for one in [*cell.members, *friends] if one is not holder]
    other = rng.choice(others)
    sender, recipient = (holder, other) if rng.random() < 0.5 else (other, holder)
    text = rng.choice(
        ("ok", "tomorrow?", "call me", "same place at six", "done", "not before Monday", "thanks")
    )
    doings.message(world, cell.phones, sender, recipient, world.day(), text)
