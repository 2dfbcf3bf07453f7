"""Edges between the shapes of files: laid on each other as wholes, or by the bodies that they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from partwatch.curation.catalogue import Catalogue
from partwatch.curation.kin_rules import SCALE_TOLERANCE, Kin, kinship_of
from partwatch.curation.kinship import Kinship
from partwatch.curation.specimens import Specimens
from partwatch.model.families import Kinship as Kind

# Least share of both files' different bodies that makes them one family, and of plain bodies only.
MAJOR_SHARE = 0.5
PLAIN_SHARE = 0.9
# Least share of either file that is worth a link between families.
LINK_SHARE = 0.1
# A body that more shapes than this hold is followed from the first of them only.
MOST_HOLDERS = 40


@dataclass(frozen=True)
class Edge:
    """Between two shapes, by the specimen rows a < b that were compared, or whose files share bodies.

    share_a, share_b: of each surface that the other has. kin: where they were laid on each other.
    """

    a: int
    b: int
    kind: Kind
    share_a: float
    share_b: float
    kin: Kin | None

    @property
    def distance(self) -> tuple[float, int, int]:
        """What the tree of least differences is built by."""
        apart = 1 - min(self.share_a, self.share_b)
        return round(apart + (self.kin is None), 6), self.a, self.b


def whole_edges(catalogue: Catalogue, kinship: Kinship, wholes: Mapping[int, int]) -> Iterator[Edge]:
    """Mirror images, revisions, wholes that are pieces of each other. wholes: a shape's first whole row."""
    for kin in kinship.kin:
        a, b = (kinship.groups.of(row) for row in (kin.a, kin.b))
        kind = kinship_of(kin, catalogue.specimens)
        if kind is not None and a != b and a in wholes and b in wholes:
            yield Edge(kin.a, kin.b, kind, kin.coverage_a, kin.coverage_b, kin)


@dataclass(frozen=True)
class _Held:
    """A body within a shape: its row, and the share of the file's different bodies that it is."""

    row: int
    share: float


def shared_edges(catalogue: Catalogue, kinship: Kinship, wholes: Mapping[int, int]) -> list[Edge]:
    """Shapes whose files share bodies of one shape and size; repeats of a body count once."""
    held = {shape: _held(catalogue, kinship, row) for shape, row in wholes.items()}
    holders: dict[int, list[int]] = {}
    for shape, bodies in sorted(held.items()):
        for body in bodies:
            holders.setdefault(body, []).append(shape)
    pairs = {pair: None for shapes in holders.values() for pair in _pairs(shapes)}
    edges = []
    for a, b in sorted(pairs):
        edge = _shared(catalogue.specimens, wholes[a], wholes[b], held[a], held[b])
        if edge is not None:
            edges.append(edge)
    return edges


def _pairs(shapes: list[int]) -> Iterable[tuple[int, int]]:
    if len(shapes) > MOST_HOLDERS:
        return ((shapes[0], other) for other in shapes[1:])
    return combinations(shapes, 2)


def _held(catalogue: Catalogue, kinship: Kinship, whole: int) -> dict[int, _Held]:
    """A file's different bodies by their shape."""
    rows = catalogue.files[int(catalogue.owner[whole])].bodies
    first: dict[int, int] = {}
    for row in rows:
        first.setdefault(kinship.groups.of(row), row)
    total = float(sum(catalogue.specimens.area[row] for row in first.values()))
    return {shape: _Held(row, float(catalogue.specimens.area[row]) / total) for shape, row in first.items()}


def _shared(
    specimens: Specimens, row_a: int, row_b: int, mine: Mapping[int, _Held], theirs: Mapping[int, _Held]
) -> Edge | None:
    both = [
        shape
        for shape in mine
        if shape in theirs
        and abs(np.log(specimens.area[mine[shape].row] / specimens.area[theirs[shape].row]))
        <= 2 * SCALE_TOLERANCE
    ]
    share_a, share_b = (sum(held[shape].share for shape in both) for held in (mine, theirs))
    telling = any(not specimens.is_plain(mine[shape].row) for shape in both)
    if min(share_a, share_b) < PLAIN_SHARE and (not telling or max(share_a, share_b) < LINK_SHARE):
        return None
    kind = Kind.REARRANGED if min(share_a, share_b) > 1 - 1e-9 else Kind.REMIX
    (a, share_a), (b, share_b) = sorted([(row_a, share_a), (row_b, share_b)])
    return Edge(a, b, kind, share_a, share_b, None)


def is_major(edge: Edge) -> bool:
    """Whether it makes one family of two shapes; else it is a link between families."""
    return edge.kin is not None or min(edge.share_a, edge.share_b) >= MAJOR_SHARE
