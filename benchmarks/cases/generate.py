"""A whole case of a wanted size from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from benchmarks.cases import network, trade
from benchmarks.cases.bystanders import Town
from benchmarks.cases.network import LARGE, MIDDLE, SMALL, TINY, Cell, Plan
from benchmarks.cases.world import Given, World, empty

_STATEMENTS_PER_CELL: Final = 25_000


@dataclass(frozen=True)
class Case:
    """A world, its networks, and for each its shadow."""

    world: World
    cells: tuple[Cell, ...]
    shadows: tuple[Cell, ...]


def plan_for(statements: int) -> tuple[Plan, int]:
    """How large networks are in a case of that size, and how many of them."""
    if statements < 2_500:
        return TINY, 1
    if statements < 6_000:
        return SMALL, 1
    if statements < 16_000:
        return MIDDLE, 1
    return LARGE, max(1, statements // _STATEMENTS_PER_CELL)


def generate(
    seed: int,
    statements: int,
    plan: Plan | None = None,
    cells: int | None = None,
    given: Given | None = None,
) -> Case:
    """A case of about so many statements (within 5 % from 2,000 on); networks first, bystanders fill it up.
    given: files that are handed out before others are made up, and used up. Raises ValueError where the
    networks alone are more."""
    world = empty(seed, given)
    usual, count = plan_for(statements)
    size = plan or usual
    town = Town(world, shops=8 + statements // 5_000)
    made, shadows = [], []
    for number in range(count if cells is None else cells):
        # Each network knows people of its own.
        for _ in range(min(12, 2 + statements // 1_500)):
            town.household()
        cell, shadow = _with_shadow(world, town, size, number)
        made.append(cell)
        shadows.append(shadow)
    trade.linked(world, [*made, *shadows])
    if world.statements > statements * 1.05:
        raise ValueError(
            f"the networks make {world.statements:,} statements already; ask for more than {statements:,}"
        )
    while world.statements < statements:
        town.household()
    world.in_order()
    return Case(world, tuple(made), tuple(shadows))


def _with_shadow(world: World, town: Town, plan: Plan, number: int) -> tuple[Cell, Cell]:
    shop = town.parcel_shops[number % len(town.parcel_shops)]
    cell = network.gathered(world, f"cell {number}", plan, shop)
    shadow = network.gathered(world, f"shadow {number}", plan, shop, like=cell)
    for one in (cell, shadow):
        world.cell = one.name
        network.registered(world, one)
        town.busy(one, plan.busy // 2)
        trade.seized(world, one)
        trade.traded(world, one, plan)
    world.cell = ""
    for one, other in ((cell, shadow), (shadow, cell)):
        town.deals(one, other, plan.private)
    return cell, shadow
