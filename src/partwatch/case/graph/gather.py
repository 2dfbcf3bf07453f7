"""From statements to raw links: one row a statement, or a pair of them where a link has two ends said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.graph.dates import days
from partwatch.case.graph.links import NO_DATE
from partwatch.case.graph.roles import Role, directed, joins, roles, value_type
from partwatch.case.statements import folded
from partwatch.case.view import CaseView
from partwatch.case.vocabulary import Type, most_specific

Ints = NDArray[np.int32]
Rows = NDArray[np.int64]

# An event with more pairs of parties than this is a thing of its own, as a mailing to thousands is: else one
# statement too many would be a million links.
MOST_PAIRS: Final = 4_096
# Types whose values are written in many ways.
_FOLDED: Final = frozenset((Type.ADDRESS.value, Type.EMAIL.value))


@dataclass
class Names:
    """Numbers of names, in the order they come."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        """Its number."""
        return self.numbers.setdefault(name, len(self.numbers))


@dataclass(frozen=True)
class Raw:
    """r raw links. port_a, port_b: int32 (r,), the roles in which they meet their ends; row, row_b: of the
    statements of either end."""

    a: Ints
    b: Ints
    name: Ints
    role_a: Ints
    role_b: Ints
    row: Rows
    row_b: Rows
    holder: Ints

    @classmethod
    def joined(cls, parts: Sequence[Raw]) -> Raw:
        """One after another."""
        fields = ("a", "b", "name", "role_a", "role_b", "row", "row_b", "holder")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))


@dataclass
class Gathering:
    """What is being gathered from a view. values: type and text of each value, whose node is its number after
    the entities. dangling: rows that point to an entity of which nothing stands."""

    view: CaseView
    role: NDArray[np.int8]
    things: NDArray[np.bool_]
    names: Names = field(default_factory=Names)
    roles: Names = field(default_factory=Names)
    values: dict[tuple[str, str], int] = field(default_factory=dict)
    ends: set[int] = field(default_factory=set)
    dangling: set[int] = field(default_factory=set)

    def value(self, kind: str, text: str) -> int:
        """The node of a value."""
        told = folded(text) if kind in _FOLDED else text
        return len(self.view.keys) + self.values.setdefault((kind, told), len(self.values))


def gathering(view: CaseView) -> Gathering:
    """What each statement and each entity is."""
    role = roles(view)
    things = np.ones(len(view.keys), dtype=np.bool_)
    joining = np.array([joins(name) for name in view.schemata], dtype=np.bool_)
    if len(view):
        things[view.entity[joining[view.schema]]] = False
    found = Gathering(view, role, things)
    found.things |= _mailings(found)
    return found


def _mailings(found: Gathering) -> NDArray[np.bool_]:
    """Events with too many parties to be links."""
    view, count = found.view, len(found.view.keys)
    senders = np.isin(found.role, (Role.FROM, Role.FROM_ACCOUNT))
    receivers = np.isin(found.role, (Role.TO, Role.TO_ACCOUNT))
    pairs = np.bincount(view.entity[senders], minlength=count).astype(np.int64)
    pairs *= np.bincount(view.entity[receivers], minlength=count)
    large: NDArray[np.bool_] = pairs > MOST_PAIRS
    return large


def kinds_of(view: CaseView) -> tuple[list[str], NDArray[np.int16]]:
    """Names of the schemata, and int16 (m,), what each cluster of entities is, for each of its records."""
    names = Names()
    kind = np.full(len(view.keys), -1, dtype=np.int16)
    if not len(view):
        return [], kind
    width = len(view.schemata)
    pairs = np.unique(view.about.astype(np.int64) * width + view.schema)
    entity, schema = pairs // width, pairs % width
    starts = np.flatnonzero(np.diff(entity, prepend=-1))
    ends = np.append(starts[1:], len(entity))
    known: dict[tuple[int, ...], int] = {}
    single = ends - starts == 1
    codes = np.array([names.of(most_specific(frozenset((name,)))) for name in view.schemata], dtype=np.int16)
    kind[entity[starts[single]]] = codes[schema[starts[single]]]
    for start, end in zip(starts[~single], ends[~single], strict=True):
        told = tuple(int(code) for code in schema[start:end])
        if told not in known:
            known[told] = names.of(most_specific(frozenset(view.schemata[code] for code in told)))
        kind[entity[start]] = known[told]
    return list(names.numbers), kind[view.canonical]


def properties(found: Gathering) -> Raw:
    """Links of properties that hold another entity, and of values."""
    view = found.view
    of_thing = found.things[view.entity]
    rows = np.flatnonzero(of_thing & (found.role == Role.LINK))
    target = _targets(found, rows)
    sound = (target >= 0) & (target != view.entity[rows])
    rows, target = rows[sound], target[sound]
    links = _raw(found, rows, view.entity[rows], target, _codes(found, rows, value=False))
    rows = np.flatnonzero(of_thing & (found.role == Role.VALUE))
    values = _raw(found, rows, view.entity[rows], _value_nodes(found, rows), _codes(found, rows, value=True))
    # A mailing is a thing, and its parties are tied to it.
    rows = np.flatnonzero(of_thing & (found.role >= Role.FROM) & (found.role <= Role.TO_ACCOUNT))
    target = _ends(found, rows)
    rows, target = rows[target >= 0], target[target >= 0]
    mailed = _raw(found, rows, view.entity[rows], target, _codes(found, rows, value=False))
    return Raw.joined((links, values, mailed))


def events(found: Gathering) -> Raw:
    """Links of edge schemata and events: between the parties, or the accounts where these are said; each
    party then to its account."""
    view = found.view
    rows = np.flatnonzero(
        ~found.things[view.entity] & (found.role >= Role.FROM) & (found.role <= Role.TO_ACCOUNT)
    )
    node = _ends(found, rows)
    rows, node = rows[node >= 0], node[node >= 0]
    role, entity = found.role[rows], view.entity[rows]
    parts = []
    for party, account in ((Role.FROM, Role.FROM_ACCOUNT), (Role.TO, Role.TO_ACCOUNT)):
        people, accounts = np.flatnonzero(role == party), np.flatnonzero(role == account)
        left, right = _pairs(entity, view.source[rows], people, accounts)
        codes = _codes(found, rows[right], value=False)
        parts.append(_raw(found, rows[left], node[left], node[right], codes, rows[right]))
    sides = [
        np.flatnonzero(_spoken_for(role, entity, party, account))
        for party, account in ((Role.FROM, Role.FROM_ACCOUNT), (Role.TO, Role.TO_ACCOUNT))
    ]
    left, right = _pairs(entity, view.source[rows], *sides)
    codes = _schema_codes(found, rows[left])
    parts.append(_raw(found, rows[left], node[left], node[right], codes, rows[right]))
    joined = Raw.joined(parts)
    sound = joined.a != joined.b
    return Raw(*(getattr(joined, name)[sound] for name in Raw.__dataclass_fields__))


def _spoken_for(role: NDArray[np.int8], entity: Ints, party: Role, account: Role) -> NDArray[np.bool_]:
    """Ends on one side: the accounts, or the parties of events that name no account."""
    with_account = np.unique(entity[role == account])
    found: NDArray[np.bool_] = (role == account) | ((role == party) & ~np.isin(entity, with_account))
    return found


def _pairs(entity: Ints, source: Ints, left: Rows, right: Rows) -> tuple[Rows, Rows]:
    """All pairs of ends of one event; those that one source says alone, where there are any."""
    left, right = (
        left[np.argsort(entity[left], kind="stable")],
        right[np.argsort(entity[right], kind="stable")],
    )
    first = np.searchsorted(entity[right], entity[left], side="left")
    many = np.searchsorted(entity[right], entity[left], side="right") - first
    one = np.repeat(left, many)
    within = np.arange(len(one)) - np.repeat(np.cumsum(many) - many, many)
    other = right[np.repeat(first, many) + within]
    alike = source[one] == source[other]
    vouched = np.isin(entity[one], np.unique(entity[one][alike]))
    return one[alike | ~vouched], other[alike | ~vouched]


def _raw(
    found: Gathering,
    rows: Rows,
    a: Ints | Rows,
    b: Ints | Rows,
    codes: tuple[Ints, Ints, Ints],
    row_b: Rows | None = None,
) -> Raw:
    name, role_a, role_b = codes
    holder = found.view.entity[rows]
    row_b = rows if row_b is None else row_b
    return Raw(a.astype(np.int32), b.astype(np.int32), name, role_a, role_b, rows, row_b, holder)


def _codes(found: Gathering, rows: Rows, value: bool) -> tuple[Ints, Ints, Ints]:
    """Names and roles of links that are properties. Values meet their holders by type, whatever the property:
    a sender's phone and a subscriber's are one kind of number."""
    view = found.view
    width = max(1, len(view.props))
    told, place = np.unique(view.schema[rows].astype(np.int64) * width + view.prop[rows], return_inverse=True)
    table = np.zeros((len(told), 3), dtype=np.int32)
    for number, code in enumerate(told):
        schema, prop = view.schemata[code // width], view.props[code % width]
        role = _value_kind(schema, prop) if value else prop
        table[number] = (found.names.of(prop), found.roles.of(f"{role}>"), found.roles.of(f"{role}<"))
    return table[place, 0], table[place, 1], table[place, 2]


def _schema_codes(found: Gathering, rows: Rows) -> tuple[Ints, Ints, Ints]:
    """Names and roles of links that are entities of their own. Where the ends do not differ, nor do roles."""
    told, place = np.unique(found.view.schema[rows], return_inverse=True)
    table = np.zeros((len(told), 3), dtype=np.int32)
    for number, code in enumerate(told):
        schema = found.view.schemata[code]
        back = "<" if directed(schema) else ">"
        table[number] = (
            found.names.of(schema),
            found.roles.of(f"{schema}>"),
            found.roles.of(f"{schema}{back}"),
        )
    return table[place, 0], table[place, 1], table[place, 2]


def _targets(found: Gathering, rows: Rows) -> Rows:
    """Places of the entities that these statements hold; -1 where nothing that stands is said of it, or where
    it is a link itself."""
    view, place = found.view, found.view.place_of
    target = np.array([place.get(view.values[row], -1) for row in rows], dtype=np.int64)
    found.dangling.update(rows[target < 0].tolist())
    target[(target >= 0) & ~found.things[target]] = -1
    return target


def _value_kind(schema: str, prop: str) -> str:
    """What a value is one of: equal numbers of two kinds of identifier are no tie."""
    kind = value_type(schema, prop)
    return prop if kind == Type.IDENTIFIER else kind


def _value_nodes(found: Gathering, rows: Rows) -> Rows:
    view = found.view
    kinds: dict[tuple[int, int], str] = {}
    nodes = np.empty(len(rows), dtype=np.int64)
    for number, row in enumerate(rows.tolist()):
        code = int(view.schema[row]), int(view.prop[row])
        kind = kinds.get(code) or kinds.setdefault(
            code, _value_kind(view.schemata[code[0]], view.props[code[1]])
        )
        nodes[number] = found.value(kind, view.values[row])
    return nodes


def _ends(found: Gathering, rows: Rows) -> Rows:
    """Nodes of the ends that these statements say: entities, or the numbers that were called."""
    view = found.view
    phone = np.array([value_type("Call", name) == Type.PHONE for name in view.props], dtype=np.bool_)
    by_number = phone[view.prop[rows]] if len(rows) else np.zeros(0, dtype=np.bool_)
    nodes = np.empty(len(rows), dtype=np.int64)
    nodes[~by_number] = _targets(found, rows[~by_number])
    nodes[by_number] = _value_nodes(found, rows[by_number])
    found.ends.update(nodes[by_number].tolist())
    return nodes


def when(found: Gathering) -> tuple[Ints, Ints]:
    """int32 (m,): first and last day on which something is said to have happened to each entity."""
    view, count = found.view, len(found.view.keys)
    first = np.full(count, np.iinfo(np.int32).max, dtype=np.int32)
    last = np.full(count, NO_DATE, dtype=np.int32)
    rows = np.flatnonzero(found.role == Role.WHEN)
    spans = [days(view.values[row]) for row in rows]
    sound = np.array([span is not None for span in spans], dtype=np.bool_)
    told = np.array([span for span in spans if span is not None], dtype=np.int32).reshape(-1, 2)
    np.minimum.at(first, view.entity[rows[sound]], told[:, 0])
    np.maximum.at(last, view.entity[rows[sound]], told[:, 1])
    first[last == NO_DATE] = NO_DATE
    return first, last


def inferred(found: Gathering) -> NDArray[np.float64]:
    """float64 (m,): bits of each entity that is a link: the least that its statements give; NaN where it is
    simply said."""
    view = found.view
    least = np.full(len(view.keys), np.inf)
    rows = np.flatnonzero(~np.isnan(view.bits) & ~found.things[view.entity])
    np.minimum.at(least, view.entity[rows], view.bits[rows])
    least[np.isinf(least)] = np.nan
    return least
