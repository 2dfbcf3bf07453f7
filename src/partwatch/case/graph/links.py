"""The network of what counts now, in columns: things and shared values, and who says what ties them.

Records that are taken for one stay nodes of their own, joined by `same` links: a merge is a hop with its own
bits. Nodes of one cluster are one `group`, and a path visits a group once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.graph.merges import Merge
from partwatch.case.view import CaseView

SAME: Final = "same"
NO_DATE: Final = np.iinfo(np.int32).min
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ports:
    """Where links of one role meet a group of nodes: `recipient<` is where parcels meet whom they are for.
    holders: int32 (p,), how many stand there; population: int32 (p,), how many stand in such a role anywhere;
    ways: float64 (p,), how many ways on a path has that goes out here (chance.py); settled: bool (p,), there
    is but one, by a property of its own; role: int16 (p,), place in the graph's `roles`."""

    holders: Ints
    population: Ints
    ways: Floats
    settled: NDArray[np.bool_]
    role: NDArray[np.int16]


@dataclass(frozen=True)
class Adjacency:
    """Both ways of each of l links, ordered by where they start and lead: starts: int64 (n + 1,), of each
    node; links, far, near: int32 (2l,), the link, where it leads and whence; pairs: where another pair
    begins; turned: bool (2l,), from b to a."""

    starts: NDArray[np.int64]
    links: Ints
    far: Ints
    pairs: NDArray[np.int64]
    near: Ints
    turned: NDArray[np.bool_]


@dataclass(frozen=True)
class CaseGraph:
    """n nodes and l links.

    Nodes: the entities of `view` by their places, and after them the values that two or more of them share
    (`values`: type and text). kind: int16 (n,), place in `kinds`, -1 where the entity is a link and no node;
    group: int32 (n,), the first node of its cluster.

    Links: a, b: int32 (l,), from and to; name: int16 (l,), place in `names`: a property, a schema or `same`;
    roles: of ports; directed: bool (l,); source: int32 (l,), number of the source that says so, 0 for none;
    other: a second source that it needs as well, or 0; bits: float64 (l,), of the inference, NaN where it is
    simply said; inference: int32 (l,), the same for the same inference by whomever, -1 where there is none;
    count: int32 (l,), how often it is said; first, last: int32 (l,), days since 1970 or NO_DATE; port_a,
    port_b: int32 (l,), places in `ports`, -1 for `same`; merge: int32 (l,), place in `merges` or -1; spare:
    bool (l,), merges that are not needed to hold their cluster together; rows of link i:
    `rows[row_start[i]:row_start[i+1]]`, of the view. populations: what is stated of them; dangling: how many
    statements point to an entity of which nothing stands, and so tie nothing.
    """

    view: CaseView
    kinds: tuple[str, ...]
    kind: NDArray[np.int16]
    group: Ints
    values: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    roles: tuple[str, ...]
    a: Ints
    b: Ints
    name: NDArray[np.int16]
    directed: NDArray[np.bool_]
    source: Ints
    other: Ints
    bits: Floats
    inference: Ints
    count: Ints
    first: Ints
    last: Ints
    port_a: Ints
    port_b: Ints
    ports: Ports
    merge: Ints
    merges: tuple[Merge, ...]
    spare: NDArray[np.bool_]
    row_start: NDArray[np.int64]
    rows: NDArray[np.int64]
    populations: Mapping[str, int] = field(default_factory=dict)
    dangling: int = 0

    def __len__(self) -> int:
        return len(self.a)

    @property
    def nodes(self) -> int:
        """How many places there are for nodes, those that are none included."""
        return len(self.group)

    @cached_property
    def adjacency(self) -> Adjacency:
        """Who is beside whom, by which links."""
        near, far = np.concatenate((self.a, self.b)), np.concatenate((self.b, self.a))
        order = np.argsort(near.astype(np.int64) * max(1, self.nodes) + far, kind="stable")
        near, far = near[order], far[order]
        links = (order % max(1, len(self))).astype(np.int32)
        new = np.ones(len(order), dtype=np.bool_)
        new[1:] = (near[1:] != near[:-1]) | (far[1:] != far[:-1])
        starts = np.searchsorted(near, np.arange(self.nodes + 1))
        return Adjacency(starts, links, far, np.flatnonzero(new), near, order >= len(self))

    def links_at(self, node: int) -> Ints:
        """Places of the links that end at a node."""
        starts = self.adjacency.starts
        return self.adjacency.links[starts[node] : starts[node + 1]]

    def links_between(self, one: int, other: int) -> Ints:
        """Places of the links that join two nodes, either way round."""
        starts, beside = self.adjacency.starts, self.adjacency
        here = slice(starts[one], starts[one + 1])
        first, last = np.searchsorted(beside.far[here], (other, other + 1))
        return beside.links[here][first:last]

    @cached_property
    def error(self) -> Floats:
        """float64 (l,): the chance that the inference is wrong, 0 where there is none."""
        found: Floats = np.where(
            np.isnan(self.bits), 0.0, np.exp2(-np.maximum(np.nan_to_num(self.bits), 0.0))
        )
        return found

    @cached_property
    def members(self) -> dict[int, tuple[int, ...]]:
        """Nodes of the groups that have several, by the group."""
        found: dict[int, list[int]] = {}
        for node in np.flatnonzero(self.group != np.arange(self.nodes, dtype=np.int32)):
            found.setdefault(int(self.group[node]), []).append(int(node))
        return {one: (one, *others) for one, others in found.items()}

    def node_of(self, key: str) -> int | None:
        """The node of an entity's key; None where nothing that stands is said of it, or where it is a
        link."""
        place = self.view.place_of.get(key)
        return place if place is not None and self.kind[place] >= 0 else None

    def kind_of(self, node: int) -> str:
        """Its schema, or the type of the value that it is."""
        return self.kinds[self.kind[node]] if self.kind[node] >= 0 else "link"

    def key_of(self, node: int) -> str:
        """The entity's key, or `type:value`."""
        if node < len(self.view.keys):
            return self.view.keys[node]
        kind, value = self.values[node - len(self.view.keys)]
        return f"{kind}:{value}"

    def caption(self, node: int) -> str:
        """What to call it among people: the entity's name, whichever of its records has it, or the value."""
        if node < len(self.view.keys):
            return self.view.caption(int(self.view.canonical[node]))
        return self.values[node - len(self.view.keys)][1]

    def role_of(self, port: int) -> str:
        """The role of a port."""
        return self.roles[int(self.ports.role[port])]

    def numbers(self, link: int) -> tuple[int, ...]:
        """Numbers of the statements behind a link, in their order."""
        rows = self.rows[self.row_start[link] : self.row_start[link + 1]]
        return tuple(int(number) for number in np.unique(self.view.number[rows]))
