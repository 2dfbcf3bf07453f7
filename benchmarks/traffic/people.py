"""Who orders what, when, and where it goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from benchmarks.traffic.catalogue import Article
from benchmarks.traffic.world import World
from partwatch.assembly.sightings import Seen, Sighting

FIRST_DAY = date(2026, 1, 5)
WEEKS = 26
# Of benign orders: those of one machine's parts, of a machine that shares parts with a listed design, and of
# a single listed part that somebody has a good use for.
SAME_MACHINE, SHARED_MACHINE, SINGLE_LISTED = 0.5, 0.002, 0.001


@dataclass(frozen=True)
class Seller:
    """One who sends a design. accounts: all of theirs."""

    name: str
    design: str
    accounts: tuple[str, ...]
    items: tuple[Seen, ...]


def customers(world: World, count: int, rng: np.random.Generator) -> Iterator[Seen]:
    """Items of so many benign accounts: about three orders in two, four items each."""
    public = [article for own in world.public.values() for article in own]
    popular = 1.0 / np.arange(1, len(public) + 1)
    popular = rng.permutation(popular / popular.sum())
    projects = sorted(world.public)
    for number in range(count):
        account, address = f"c{number}", f"a{number if rng.random() < 0.97 else int(rng.integers(count))}"
        for order in range(int(rng.geometric(0.65))):
            day = FIRST_DAY + timedelta(days=int(rng.integers(WEEKS * 7)))
            parcel = f"{account}.{order}"
            for place, article in enumerate(_ordered(world, public, popular, projects, rng)):
                yield _seen(
                    f"{parcel}.{place}", account, address, parcel, day, article, world.sightings(article)
                )


def sellers(world: World, count: int, rng: np.random.Generator) -> Iterator[Seller]:
    """Each splits a design over parcels, weeks and up to three accounts, with harmless things beside."""
    names = sorted(world.parts)
    public = [article for own in world.public.values() for article in own]
    for number in range(count):
        design = str(rng.choice(names))
        name = f"s{number}"
        accounts = tuple(f"{name}.{k}" for k in range(int(rng.integers(1, 4))))
        shared = rng.random() < 0.5
        yield Seller(name, design, accounts, tuple(_sent(world, name, design, accounts, shared, public, rng)))


def _sent(
    world: World,
    name: str,
    design: str,
    accounts: tuple[str, ...],
    one_address: bool,
    public: list[Article],
    rng: np.random.Generator,
) -> Iterator[Seen]:
    parts = world.parts[design]
    order = list(rng.permutation(len(parts)))
    start = int(rng.integers((WEEKS - 14) * 7))
    day, parcel = start, 0
    while order:
        # A parcel every three to fourteen days, of one to three parts.
        own, order = order[: int(rng.integers(1, 4))], order
        order = order[len(own) :]
        account = accounts[int(rng.integers(len(accounts)))]
        address = f"{name}.home" if one_address else f"{account}.home"
        when = FIRST_DAY + timedelta(days=day)
        key = f"{name}.{parcel}"
        for place, k in enumerate(own):
            article = parts[k]
            yield _seen(
                f"{key}.{place}", account, address, key, when, article, world.sent(article, rng), bodies=1
            )
        for place in range(int(rng.integers(3))):
            decoy = public[int(rng.integers(len(public)))]
            yield _seen(f"{key}.d{place}", account, address, key, when, decoy, world.sightings(decoy))
        day += int(rng.integers(3, 15))
        parcel += 1


def _ordered(
    world: World,
    public: list[Article],
    popular: np.ndarray[tuple[int], np.dtype[np.float64]],
    projects: list[str],
    rng: np.random.Generator,
) -> list[Article]:
    drawn = rng.random()
    size = int(rng.geometric(0.3))
    if drawn < SHARED_MACHINE:
        machine = world.machines[int(rng.integers(len(world.machines)))]
        return [machine[k] for k in rng.permutation(len(machine))[: max(size, 3)]]
    if drawn < SHARED_MACHINE + SINGLE_LISTED:
        own = world.parts[projects_of(world, rng)]
        return [own[int(rng.integers(len(own)))]]
    if drawn < SAME_MACHINE:
        own = world.public[projects[int(rng.integers(len(projects)))]]
        return [own[k] for k in rng.permutation(len(own))[:size]]
    return [public[k] for k in rng.choice(len(public), size, p=popular)]


def projects_of(world: World, rng: np.random.Generator) -> str:
    """A design by chance."""
    names = sorted(world.parts)
    return names[int(rng.integers(len(names)))]


def _seen(
    key: str,
    account: str,
    address: str,
    parcel: str,
    day: date,
    article: Article,
    sightings: tuple[Sighting, ...],
    bodies: int | None = None,
) -> Seen:
    groups = ("account", account), ("address", address), ("parcel", parcel)
    count = article.bodies if bodies is None else bodies
    return Seen(key, f"{article.number}", None, count, True, sightings, day, groups)
