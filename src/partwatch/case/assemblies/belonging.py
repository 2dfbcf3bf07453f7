"""Which items of a case belong together, and which statements say so.

A group is what several items have in common: the parcel they came in, who sent it, the account, the
exhibit, the printer, the folder of a source, or marks of one source. Entities that are taken for one are one
group; a member of an archive belongs where the archive does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from typing import Final

from partwatch.assembly.groups import FOLDER, PERIODS, SOURCE
from partwatch.case.assemblies.sighted import ItemSaid
from partwatch.case.imports.said import CONTAINS
from partwatch.case.statements import entity_key
from partwatch.case.view import CaseView

PARCEL, SENDER, RECIPIENT, PERSON = "parcel", "sender", "recipient", "person"
ACCOUNT, EXHIBIT, PRINTER = "account", "exhibit", "printer"
KINDS: Final = (PARCEL, SENDER, RECIPIENT, PERSON, ACCOUNT, EXHIBIT, PRINTER, FOLDER, SOURCE)
_FORWARD: Final = frozenset({
    "exhibit", "parcel", "listing", "account", "printer", "submitter", "seller", "owner", "sender",
    "recipient",
})  # fmt: skip
# Said by what holds: schema and property to the item's own property.
_BACKWARD: Final = {
    ("Parcel", "contents"): "parcel", ("Exhibit", "contents"): "exhibit", ("Listing", "items"): "listing",
}  # fmt: skip
_DATES: Final = (("parcel", ("postedAt", "seizedAt", "deliveredAt")), ("exhibit", ("seizedAt",)),
                 ("listing", ("publishedAt",)))  # fmt: skip
_DEEPEST: Final = 32

Way = tuple[int, tuple[int, ...]]  # a canonical entity, and the rows that lead there


@dataclass
class Belonging:
    """groups: by canonical item, the groups it is in, with the rows that say so. names: what a group is
    called. entities: the canonical entity that a group is of, where it is of one. times: the day of each
    item, where one is said, with the rows that say so."""

    groups: dict[int, dict[tuple[str, str], tuple[int, ...]]] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    entities: dict[tuple[str, str], int] = field(default_factory=dict)
    times: dict[int, tuple[date, tuple[int, ...]]] = field(default_factory=dict)

    def why(self, item: int, group: tuple[str, str]) -> tuple[int, ...]:
        """Rows that say why an item is in a group; none for all items."""
        if group[0] in PERIODS and item in self.times:
            return self.times[item][1]
        return self.groups[item].get(group, ())


class _Links:
    """What entities say of each other, by canonical places."""

    def __init__(self, view: CaseView) -> None:
        self.view = view
        self.out: defaultdict[tuple[int, str], list[Way]] = defaultdict(list)
        self.inside: defaultdict[int, list[Way]] = defaultdict(list)
        self.same: list[tuple[int, int, tuple[int, ...]]] = []
        self._read()

    def _read(self) -> None:
        view, about = self.view, self.view.about
        pairs: defaultdict[int, dict[str, tuple[str, int]]] = defaultdict(dict)
        for row in range(len(view)):
            prop = view.props[view.prop[row]]
            schema = view.schemata[view.schema[row]]
            if prop in _FORWARD:
                self._add(int(about[row]), prop, view.values[row], row)
            elif (schema, prop) in _BACKWARD:
                item = view.canonical_of(view.values[row])
                if item is not None:
                    self.out[item, _BACKWARD[schema, prop]].append((int(about[row]), (row,)))
            elif schema in ("UnknownLink", "SameSource"):
                pairs[int(view.entity[row])][prop] = (view.values[row], row)
        for said in pairs.values():
            self._pair(said)

    def _add(self, entity: int, prop: str, value: str, row: int) -> None:
        target = self.view.canonical_of(value)
        if target is not None:
            self.out[entity, prop].append((target, (row,)))

    def _pair(self, said: dict[str, tuple[str, int]]) -> None:
        ends = ("subject", "object") if "subject" in said else ("item", "other")
        if not all(end in said for end in ends):
            return
        one, other = (self.view.canonical_of(said[end][0]) for end in ends)
        rows = tuple(sorted(said[end][1] for end in ends))
        if one is None or other is None or one == other:
            return
        if ends[0] == "item":
            self.same.append((one, other, rows))
        elif said.get("role", ("", 0))[0] == CONTAINS:
            self.inside[other].append((one, (*rows, said["role"][1])))

    def along(self, ways: Iterable[Way], prop: str) -> Iterator[Way]:
        """From where these lead, one further."""
        for entity, rows in ways:
            for target, more in self.out.get((entity, prop), ()):
                yield target, (*rows, *more)


def belonging(view: CaseView, items: dict[int, ItemSaid]) -> Belonging:
    """Groups, names and days of all items."""
    links = _Links(view)
    found = Belonging()
    for item in items:
        own: dict[tuple[str, str], tuple[int, ...]] = {}
        for holder, rows in _holders(links, item):
            for kind, way in _entities(links, holder):
                group = (kind, view.keys[way[0]])
                own.setdefault(group, (*rows, *way[1]))
                found.entities[group] = way[0]
        found.groups[item] = own
        if (day := _day(links, item)) is not None:
            found.times[item] = day
    for group, place in found.entities.items():
        found.names[group] = view.caption(place)
    _add_folders(view, items, found)
    _add_sources(view, links, items, found)
    return found


def _holders(links: _Links, item: int) -> Iterator[Way]:
    """The item, and the archives that it lies in."""
    seen = {item}
    layer: list[Way] = [(item, ())]
    for _ in range(_DEEPEST):
        yield from layer
        above: dict[int, tuple[int, ...]] = {}
        for inner, rows in layer:
            for holder, more in links.inside.get(inner, ()):
                if holder not in seen:
                    above.setdefault(holder, (*rows, *more))
        seen |= above.keys()
        layer = list(above.items())


def _entities(links: _Links, item: int) -> Iterator[tuple[str, Way]]:
    start: list[Way] = [(item, ())]
    exhibits = list(links.along(start, "exhibit"))
    parcels = [*links.along(start, "parcel"), *links.along(exhibits, "parcel")]
    accounts = [*links.along(start, "account"), *links.along(links.along(start, "listing"), "seller")]
    people = [*links.along(start, "submitter"), *links.along(accounts, "owner")]
    for kind, ways in (
        (PARCEL, parcels), (SENDER, links.along(parcels, "sender")),
        (RECIPIENT, links.along(parcels, "recipient")), (PERSON, people), (ACCOUNT, accounts),
        (EXHIBIT, exhibits), (PRINTER, links.along(start, "printer")),
    ):  # fmt: skip
        for way in ways:
            yield kind, way


def _day(links: _Links, item: int) -> tuple[date, tuple[int, ...]] | None:
    """The first of the days that are said of what it came in."""
    for holder in _holders(links, item):
        exhibits = list(links.along([holder], "exhibit"))
        ways = {
            "parcel": [*links.along([holder], "parcel"), *links.along(exhibits, "parcel")],
            "exhibit": exhibits,
            "listing": list(links.along([holder], "listing")),
        }
        for kind, props in _DATES:
            for prop in props:
                if days := [day for way in ways[kind] for day in _days(links.view, way, prop)]:
                    return min(days)
    return None


def _days(view: CaseView, way: Way, prop: str) -> Iterator[tuple[date, tuple[int, ...]]]:
    entity, rows = way
    for row in view.rows_of(entity):
        if view.props[view.prop[row]] == prop and (day := _parsed(view.values[row])) is not None:
            yield day, (*rows, int(row))


def _parsed(text: str) -> date | None:
    """A day; what is known to the month only is none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _add_folders(view: CaseView, items: dict[int, ItemSaid], found: Belonging) -> None:
    """The folder, or the archive, that a source has an item in; two sources' folders are two."""
    for place, item in items.items():
        for one in item.paths:
            folder = one.path if one.member is not None else str(PurePosixPath(one.path).parent)
            if folder in (".", ""):
                continue
            source = view.sources[int(view.source[one.row])]
            group = (FOLDER, entity_key(FOLDER, source.info.key, folder))
            found.groups[place].setdefault(group, (one.row,))
            found.names[group] = f"{folder} ({source.info.name})"


def _add_sources(view: CaseView, links: _Links, items: dict[int, ItemSaid], found: Belonging) -> None:
    """Items that links hold together."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        while parent.setdefault(one, one) != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    own: defaultdict[int, list[int]] = defaultdict(list)
    for one, other, rows in links.same:
        if one in items and other in items:
            parent[max(root(one), root(other))] = min(root(one), root(other))
            own[one] += rows
            own[other] += rows
    clusters: defaultdict[int, list[int]] = defaultdict(list)
    for one in parent:
        clusters[root(one)].append(one)
    for members in clusters.values():
        first = min(view.keys[one] for one in members)
        group = (SOURCE, first)
        found.names[group] = f"{len(members)} linked items"
        for one in members:
            found.groups[one].setdefault(group, tuple(sorted(own[one])))
