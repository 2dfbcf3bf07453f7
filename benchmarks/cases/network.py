"""A network and its shadow: the same trade with the same numbers of everything, in goods that are on no list.

An organiser has makers print, sellers offer, couriers post; buyers pay. Of this the investigators see what
lay on seized phones, in seized parcels, at the carrier, the bank, the exchange, the marketplace.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from benchmarks.cases import doings
from benchmarks.cases.doings import File
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
    the phones that were seized, by person; box: of the computer that was, box_of: whose it was."""

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
    box_of: Person | None = None
    items: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, list[File]] = field(default_factory=dict)
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
        name,
        like is None,
        organiser,
        [somebody("maker") for _ in range(plan.makers)],
        [somebody("seller") for _ in range(plan.sellers)],
        [somebody("courier") for _ in range(plan.couriers)],
        [somebody("buyer") for _ in range(plan.buyers)],
        shop,
        {},
        {},
    )
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
