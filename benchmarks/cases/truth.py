"""Who is who in a generated case, which chains are true, and who looks like an organiser and is none."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.cases import tables
from benchmarks.cases.generate import Case
from benchmarks.cases.network import Cell
from benchmarks.cases.people import Person
from benchmarks.cases.said import digests
from benchmarks.cases.world import World
from partwatch.case.statements import keyed
from partwatch.case.vocabulary import SHARED_TYPES, Type, property_of

DECOYS: Final = 9  # for each organiser and maker, as far as the world has them
_NEIGHBOURS: Final = 4  # of them, at most, who are seen together with one of the network
_NEAR: Final = 0.25  # of a degree, by which a decoy may differ


@dataclass(frozen=True)
class Record:
    """A record of somebody. source, place, slot: where; key: on the fast way. own_name: whether the name that
    it bears is theirs."""

    source: str
    place: str
    slot: str
    key: str
    person: str
    own_name: bool


@dataclass(frozen=True)
class Step:
    """A step of a chain: an entity, and how the one before leads to it: by a property ("sender"), or by a
    value that both have ("phone=+33..")."""

    entity: str
    via: str


@dataclass(frozen=True)
class Chain:
    """A true chain from an item to the organiser of its network. found: whether what the sources hold is
    enough for one; steps: a shortest one, the item first."""

    item: str
    cell: str
    listed: bool
    maker: str
    organiser: str
    steps: tuple[Step, ...]

    @property
    def found(self) -> bool:
        """Whether the sources hold it."""
        return bool(self.steps)


@dataclass(frozen=True)
class Decoy:
    """Somebody innocent with as many contacts. kind: "stranger"; "neighbour", whom a source shows
    together with one of the network; "household", who lives with one."""

    person: str
    degree: int
    kind: str


@dataclass(frozen=True)
class Truth:
    """All of it. people: id to name, role, cell, degree; things: key to whose it is; decoys: by organiser
    and by maker."""

    seed: int
    statements: int
    people: Mapping[str, Mapping[str, Any]]
    records: tuple[Record, ...]
    things: Mapping[str, str]
    chains: tuple[Chain, ...]
    decoys: Mapping[str, tuple[Decoy, ...]]

    def person_of(self) -> dict[str, str]:
        """Key of a record or a thing to the person."""
        return dict(self.things) | {one.key: one.person for one in self.records}

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def truth_of(case: Case, of: dict[str, str] | None = None) -> Truth:
    """The truth of a case. of: digests of its sources, if they are known."""
    world = case.world
    known = of or digests(world)
    records = tuple(_records(world, known))
    cells = [*case.cells, *case.shadows]
    person_of = dict(world.owners) | {one.key: one.person for one in records}
    chains = tuple(chain for cell in cells for chain in _chains(world, cell, known, person_of))
    people = {
        one.id: {"name": one.name, "role": one.role, "cell": one.cell, "degree": len(world.contacts[one.id])}
        for one in world.people.all.values()
    }
    decoys = {
        one.id: _decoys(world, cell, one) for cell in case.cells for one in (cell.organiser, *cell.makers)
    }
    return Truth(world.seed, world.statements, people, records, dict(world.owners), chains, decoys)


def _records(world: World, known: Mapping[str, str]) -> Iterable[Record]:
    for name, table in world.tables.items():
        for number, kept in enumerate(world.rows[name]):
            if not kept.who:
                continue
            keys = tables.keys_of(table, kept.row, number, known[name])
            place = tables.place_of(table, kept.row, number)
            for slot, person in kept.who.items():
                yield Record(name, place, slot, keys[slot], person, slot not in kept.false)


def _decoys(world: World, cell: Cell, whose: Person) -> tuple[Decoy, ...]:
    """People outside all networks whose degree is nearest, at most a quarter away (or 1): some who have to do
    with the network or live with one of it, as far as there are any, then those who do not."""
    wanted = len(world.contacts[whose.id])
    members = {one.id for one in cell.members}
    homes = {one.home for one in cell.members}
    near: list[tuple[int, bool, int, Decoy]] = []
    far: list[tuple[int, bool, int, Decoy]] = []
    for one in world.people.all.values():
        degree = len(world.contacts[one.id])
        innocent = one.role in ("bystander", "busy") or one.role.startswith("shadow")
        if not innocent or abs(degree - wanted) > max(1.0, _NEAR * wanted):
            continue
        kind = "neighbour" if world.contacts[one.id] & members else "stranger"
        kind = "household" if one.home in homes else kind
        found = far if kind == "stranger" else near
        found.append((abs(degree - wanted), one.role == "bystander", len(found), Decoy(one.id, degree, kind)))
    chosen = sorted(near, key=lambda told: told[:3])[:_NEIGHBOURS]
    chosen += sorted(far, key=lambda told: told[:3])[: DECOYS - len(chosen)]
    return tuple(one for *_, one in chosen)


def _chains(
    world: World, cell: Cell, known: Mapping[str, str], person_of: Mapping[str, str]
) -> Iterable[Chain]:
    graph = _graph(world, cell, known, person_of)
    goals = {key for key, person in person_of.items() if person == cell.organiser.id}
    for sha, maker in cell.items.items():
        steps = _shortest(graph, keyed("Item", sha), goals)
        yield Chain(sha, cell.name, cell.listed, maker, cell.organiser.id, steps)


_Graph = dict[str, list[tuple[str, str]]]


def _graph(world: World, cell: Cell, known: Mapping[str, str], person_of: Mapping[str, str]) -> _Graph:
    """Entities of a cell's own rows, joined as the statements join them; two records by a value that they
    share only where they are truly one person's."""
    own = {one.id for one in [*cell.members, *cell.buyers]}
    graph: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    holders: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    own_rows = world.of_cell.get(cell.name, ())
    numbers = {
        id(kept): number
        for name in {name for name, _ in own_rows}
        for number, kept in enumerate(world.rows[name])
    }
    for name, kept in own_rows:
        for one in tables.told(world.tables[name], kept.row, numbers[id(kept)], known[name], set()):
            if person_of.get(one.entity, cell.organiser.id) not in own:
                continue
            prop = property_of(one.schema, one.prop)
            if prop is None:
                continue
            if prop.type is Type.ENTITY:
                if person_of.get(one.value, cell.organiser.id) in own:
                    graph[one.entity].append((one.value, one.prop))
                    graph[one.value].append((one.entity, one.prop))
            elif (prop.type in SHARED_TYPES or one.prop == "birthDate") and one.entity in person_of:
                holders[(person_of[one.entity], f"{one.prop}={one.value}")].append(one.entity)
    for (_, value), keys in holders.items():
        for left in keys:
            graph[left] += [(right, value) for right in keys if right != left]
    return graph


def _shortest(graph: _Graph, start: str, goals: set[str]) -> tuple[Step, ...]:
    came: dict[str, tuple[str, str]] = {start: ("", "")}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        if here in goals:
            return _back(came, here)
        for there, via in graph.get(here, ()):
            if there not in came:
                came[there] = (here, via)
                queue.append(there)
    return ()


def _back(came: Mapping[str, tuple[str, str]], here: str) -> tuple[Step, ...]:
    steps = []
    while here:
        before, via = came[here]
        steps.append(Step(here, via))
        here = before
    return tuple(reversed(steps))
