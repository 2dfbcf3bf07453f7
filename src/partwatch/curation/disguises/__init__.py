"""What a listed part may be turned into so that only some of it is left, each with the truth about it.

`disguised` makes one of a KIND from a mesh in millimetres. Results lie where the part lies. The same mesh,
generator and other bodies give the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from partwatch import kernel
from partwatch.curation.changes import Change
from partwatch.curation.disguises import containers, edits, pieces, scans
from partwatch.curation.disguises.solids import on_surface
from partwatch.model.document import Relation
from partwatch.model.mesh import Mesh

Joining = Callable[[Mesh, np.random.Generator, Sequence[Mesh]], Mesh | None]

# A place on the part's surface is still there where the result lies this close with such a normal.
NEAR_MM = 0.02
MIN_COSINE = 0.9
SAMPLES = 20_000
# Holes, pegs and tolerances of printing mean nothing on what is smaller, such as files in metres.
LEAST_DIAGONAL_MM = 10.0
# So often a kind is tried where chance left less of the surface than it should.
TRIES = 4


@dataclass(frozen=True, eq=False)
class Disguise:
    """relation: what the mesh is to the part. surviving: the share of the part's surface that is on it.

    kind: its key in KINDS.
    """

    mesh: Mesh
    relation: Relation
    surviving: float
    kind: str


@dataclass(frozen=True)
class Kind:
    """relation: the truth. change, joining: what is taken from
    or joined to the part. then: what moves all points of
    that and takes none away: it counts as the same surface, moved. least: tried again below this share.

    others: how many other bodies it needs.
    """

    relation: Relation
    change: Change | None = None
    joining: Joining | None = None
    then: Change | None = None
    least: float = 0.0
    others: int = 0

    @property
    def cuts(self) -> bool:
        """Whether some of the surface may be lost."""
        return self.change is not None or self.joining is not None


def _pieces() -> dict[str, Kind]:
    piece = Relation.PIECE_OF
    return {
        # Less where the cut fell into several bodies and the largest of them is small.
        "piece 1/4": Kind(piece, pieces.plane_cut(0.27), least=0.22),
        "piece 1/3": Kind(piece, pieces.plane_cut(1 / 3), least=0.28),
        "piece 1/2": Kind(piece, pieces.plane_cut(0.5), least=0.4),
        "piece 3/4": Kind(piece, pieces.plane_cut(0.75), least=0.65),
        "piece curved": Kind(piece, pieces.curved_cut, least=0.25),
        "piece with pegs": Kind(piece, pieces.with_pegs, least=0.35),
        "piece with sockets": Kind(piece, pieces.with_sockets, least=0.35),
        "piece along an axis": Kind(piece, pieces.along_an_axis),
    }


def _contained() -> dict[str, Kind]:
    contains, least = Relation.CONTAINS, 0.8
    return {
        "on a base": Kind(contains, containers.on_base, least=least),
        "on a sprue": Kind(contains, containers.on_sprue, least=least),
        "fused with another": Kind(contains, joining=containers.fused, least=least, others=1),
        "three fused": Kind(contains, joining=containers.three_fused, least=least, others=2),
        "in a cavity": Kind(contains, containers.in_cavity, least=least),
        "in a cavity, on struts": Kind(contains, containers.in_cavity_on_struts, least=least),
    }


def _edits() -> dict[str, Kind]:
    edited, least = Relation.EDITED, 0.85
    return {
        "holes": Kind(edited, edits.drilled, least=least),
        "raised text": Kind(edited, edits.embossed, least=least),
        "sunk text": Kind(edited, edits.engraved, least=least),
        "thickened spot": Kind(edited, edits.thickened, least=least),
        "chamfers": Kind(edited, edits.chamfered, least=least),
        "walls offset": Kind(edited, then=edits.offset),
        "stretched": Kind(edited, then=edits.stretched),
    }


def _scans() -> dict[str, Kind]:
    return {
        "scan of one side": Kind(Relation.PIECE_OF, scans.one_side),
        "scan without one side": Kind(Relation.PIECE_OF, scans.without_one_side),
        "scan, rough": Kind(Relation.SAME_SHAPE, scans.resampled, then=scans.roughened),
        "scan of unknown scale": Kind(Relation.SAME_SHAPE, scans.resampled, then=scans.rescaled),
        "scan of one side, rough, of unknown scale": Kind(
            Relation.PIECE_OF, scans.one_side, then=scans.rough_and_rescaled
        ),
        "scan without one side, rough, of unknown scale": Kind(
            Relation.PIECE_OF, scans.without_one_side, then=scans.rough_and_rescaled
        ),
        "print stopped half-way": Kind(Relation.PIECE_OF, pieces.half_printed),
    }


# By group, and all.
GROUPS: dict[str, dict[str, Kind]] = {
    "pieces": _pieces(),
    "contained": _contained(),
    "edits": _edits(),
    "scans": _scans(),
}
KINDS: dict[str, Kind] = {name: kind for group in GROUPS.values() for name, kind in group.items()}


def disguised(
    name: str, mesh: Mesh, rng: np.random.Generator, others: Sequence[Mesh] = ()
) -> Disguise | None:
    """The mesh under that kind of KINDS; None where it does not apply: it is small, not closed, has no flat
    face, or would lose too much. others: bodies that it may be joined to."""
    kind = KINDS[name]
    if len(others) < kind.others or not np.linalg.norm(mesh.extents) >= LEAST_DIAGONAL_MM:
        return None
    for _ in range(TRIES if kind.cuts else 1):
        made = _changed(kind, mesh, rng, others)
        if made is None or not len(made.triangles):
            continue
        share = surviving(mesh, made) if kind.cuts else 1.0
        if share < kind.least:
            continue
        final = kind.then(made, rng) if kind.then else made
        return Disguise(final, kind.relation, share, name) if final else None
    return None


def _changed(kind: Kind, mesh: Mesh, rng: np.random.Generator, others: Sequence[Mesh]) -> Mesh | None:
    if kind.joining is not None:
        return kind.joining(mesh, rng, others)
    return kind.change(mesh, rng) if kind.change is not None else mesh


def surviving(part: Mesh, result: Mesh) -> float:
    """The share of the part's surface, in 0..1, that the result has in the same place."""
    points, normals = on_surface(part, SAMPLES)
    tree = kernel.TriangleTree(np.ascontiguousarray(result.vertices), result.triangles, MIN_COSINE)
    distance, _ = tree.closest(points, normals, NEAR_MM)
    return float(np.isfinite(distance).mean())
