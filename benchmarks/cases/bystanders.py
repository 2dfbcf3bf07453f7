"""Everybody else: households, shops, and the busy innocent, who have as many dealings as an organiser."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from benchmarks.cases import doings, names
from benchmarks.cases.network import Cell
from benchmarks.cases.people import Home, Person
from benchmarks.cases.world import World

_TRADES: Final = (
    "Garden",
    "Paper",
    "Bike",
    "Kitchen",
    "Wool",
    "Tool",
    "Book",
    "Lamp",
    "Tea",
    "Model",
    "Button",
)
_KINDS: Final = (
    "Store",
    "House",
    "Corner",
    "Direct",
    "Supply",
    "Shop",
    "Depot",
    "Market",
)
_PURPOSES: Final = (
    "rent",
    "order",
    "invoice",
    "thanks",
    "birthday",
    "lessons",
    "repair",
    "club fee",
    "tickets",
)


class Town:
    """The shops, and the latest households, from whom dealings are drawn."""

    def __init__(self, world: World, shops: int) -> None:
        self.world = world
        self.shops = [world.people.shop(self._title()) for _ in range(shops)]
        self._weights = tuple(accumulate(1.0 / (place + 3) for place in range(shops)))
        self.known: list[Person] = []
        self.parcel_shops = [world.people.shop(f"Relay {town}") for town in names.TOWNS["FR"]]

    def _title(self) -> str:
        """What a shop is called; half of them with their legal form."""
        rng = self.world.rng
        family = names.drawn_family(rng.choice((names.ENGLISH, names.FRENCH, names.GERMAN)), rng)
        form = rng.choice((" Ltd", " GmbH", " SARL", "", "", ""))
        return f"{rng.choice(_TRADES)} {rng.choice(_KINDS)} {family}{form}"

    def shop(self) -> Person:
        """Some have far more customers than others."""
        return self.world.rng.choices(self.shops, cum_weights=self._weights)[0]

    def household(self, home: Home | None = None) -> list[Person]:
        """One to four people at an address; most share a name, some a phone."""
        world, rng = self.world, self.world.rng
        where = home or self._home()
        first = world.people.person(where)
        made = [first]
        for _ in range(rng.choices((0, 1, 2, 3), (35, 35, 15, 15))[0]):
            shared = rng.random() < 0.75
            made.append(
                world.people.person(where, first.family if shared else "", first.language if shared else "")
            )
        if rng.random() < 0.3:
            for one in made[1:]:
                if rng.random() < 0.5:
                    one.phones[0] = first.phones[0]
        for one in made:
            self._lives(one)
        self.known = (self.known + made)[-400:]
        return made

    def _home(self) -> Home:
        """A house, or another flat of a house where somebody lives already."""
        rng = self.world.rng
        if self.known and rng.random() < 0.35:
            one = rng.choice(self.known).home
            return Home(
                one.country, one.number, one.street, one.postal, one.town, f"flat {rng.randrange(1, 40)}"
            )
        return self.world.people.home()

    def _lives(self, one: Person) -> None:
        """What registers hold of somebody, and what they send and pay."""
        world, rng = self.world, self.world.rng
        if rng.random() < 0.75:
            doings.subscriber(world, one)
        if rng.random() < 0.2:
            doings.account(world, one)
        if rng.random() < 0.35:
            doings.holder(world, one)
        if rng.random() < 0.03:
            doings.wallet_holder(world, one)
        for _ in range(rng.choices((0, 1, 2, 3, 5), (35, 30, 20, 10, 5))[0]):
            self._receives(one)
        for _ in range(rng.choices((0, 1, 2, 3), (55, 25, 12, 8))[0]):
            payee = self.shop() if not self.known or rng.random() < 0.6 else rng.choice(self.known)
            if payee is not one:
                doings.payment(world, one, payee, world.day(), rng.randrange(5, 900), rng.choice(_PURPOSES))

    def _receives(self, one: Person) -> None:
        world, rng = self.world, self.world.rng
        if rng.random() < 0.55 or not self.known:
            doings.parcel(world, self.shop(), one, world.day())
            return
        sender = rng.choice(self.known)
        if sender is not one:
            relay = rng.choice(self.parcel_shops) if rng.random() < 0.25 else None
            doings.parcel(world, sender, one, world.day(), shop=relay)

    def busy(self, cell: Cell, count: int) -> None:
        """Innocent people some of whom know one of the cell. Their dealings come later, by `deals`."""
        for _ in range(count):
            one = self.world.people.person(self.world.people.home(), role="busy")
            one.cell = cell.name
            doings.subscriber(self.world, one)
            if self.world.rng.random() < 0.7:
                doings.account(self.world, one)
            doings.holder(self.world, one)
            cell.busy.append(one)

    def deals(self, cell: Cell, shadow: Cell, private: int) -> None:
        """The cell's people and its shadow's meet where everybody meets: the same courier, the same customer.
        They have dealings of their own, at most so many each. Then the busy get as many contacts as the
        organiser has."""
        world, rng = self.world, self.world.rng
        buyer, courier = rng.choice(cell.buyers), rng.choice(cell.couriers)
        doings.parcel(world, rng.choice(shadow.couriers), buyer, world.day(), shop=cell.shop)
        doings.payment(world, buyer, shadow.sellers[0], world.day(), rng.randrange(5, 60), "order")
        for _ in range(2):
            doings.parcel(world, courier, self._acquaintance(), world.day(), shop=cell.shop)
        for one in cell.members:
            for _ in range(rng.randrange(private + 1)):
                self._deal(one, self._acquaintance())
        for number, one in enumerate(cell.busy):
            if number % 3 == 1:
                doings.payment(
                    world, one, rng.choice([*cell.sellers, *cell.makers]), world.day(), 50, "lessons"
                )
            wanted = len(world.contacts[cell.organiser.id])
            while len(world.contacts[one.id]) < wanted:
                self._deal(one, self._acquaintance())

    def _acquaintance(self) -> Person:
        rng = self.world.rng
        while True:
            one = rng.choice(self.known) if self.known and rng.random() < 0.7 else self.shop()
            if not one.cell:
                return one

    def _deal(self, one: Person, other: Person) -> None:
        world, rng = self.world, self.world.rng
        if rng.random() < 0.5:
            payer, payee = (one, other) if rng.random() < 0.6 or other.role == "shop" else (other, one)
            doings.payment(world, payer, payee, world.day(), rng.randrange(5, 500), rng.choice(_PURPOSES))
        else:
            sender, recipient = (one, other) if rng.random() < 0.5 and other.role != "shop" else (other, one)
            doings.parcel(world, sender, recipient, world.day())
