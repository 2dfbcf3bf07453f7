"""Solids and groups that are open and continue one another are one surface.

STL solids and OBJ groups are only labels on triangles: a slicer prints all of them as one mesh. A
closed one is a shape of its own; an open one is joined to those whose open rim its own touches, or a
body cut into groups would pass as a heap of scraps. Joining loses nothing: bodies are told apart later.
"""

from __future__ import annotations

import numpy as np

from partwatch import kernel
from partwatch.formats.base import Shape
from partwatch.model.mesh import FloatArray, IndexArray, Mesh

_NAMES_SHOWN = 4
# Share of the diagonal up to which gaps are rounding, as where bodies are told apart (geometry.bodies).
WELD_REACH = 1e-5


def join_open(shapes: list[Shape]) -> tuple[Shape, ...]:
    """The shapes, those joined whose open rims touch; in the order of their first members."""
    shapes = [shape for shape in shapes if len(shape.mesh.triangles)]
    if len(shapes) < 2:
        return tuple(shapes)
    group = _groups(shapes)
    return tuple(
        _join([shape for shape, other in zip(shapes, group, strict=True) if other == first])
        for first in dict.fromkeys(group)
    )


def _groups(shapes: list[Shape]) -> list[int]:
    """For each shape, the first shape that it hangs together with: whose open rim touches its own."""
    rims = [_rim(shape.mesh) for shape in shapes]
    owners = np.repeat(np.arange(len(shapes)), [len(rim) for rim in rims])
    parent = list(range(len(shapes)))

    def root(of: int) -> int:
        while parent[of] != of:
            parent[of] = parent[parent[of]]
            of = parent[of]
        return of

    places = np.concatenate(rims)
    labels = _labels(places)
    for a, b in np.unique(np.stack([owners[labels], owners], axis=1), axis=0).tolist():
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return [root(of) for of in range(len(shapes))]


def _labels(places: FloatArray) -> IndexArray:
    """One label, the index of one of them, for all places that are one up to rounding."""
    with np.errstate(over="ignore"):
        diagonal = float(np.linalg.norm(np.ptp(places, axis=0))) if len(places) else 0.0
    if 0 < diagonal < np.inf:
        return kernel.weld_within(places, WELD_REACH * diagonal)
    # In one place, or beyond all measure: joined, which loses nothing.
    return np.zeros(len(places), dtype=np.int32)


def _rim(mesh: Mesh) -> FloatArray:
    """The places, (n, 3), on edges that only one triangle of the mesh has."""
    # Adding zero makes -0.0 equal to 0.0 in its bytes too.
    welded, remap = kernel.weld(np.ascontiguousarray(mesh.vertices) + 0.0)
    triangles = remap[mesh.triangles]
    ends = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64), axis=1)
    found, times = np.unique(ends[:, 0] << 32 | ends[:, 1], return_counts=True)
    single = found[times == 1]
    return np.asarray(welded[np.unique(np.concatenate([single >> 32, single & 0xFFFFFFFF]))])


def _join(shapes: list[Shape]) -> Shape:
    if len(shapes) == 1:
        return shapes[0]
    starts = np.cumsum([0, *(len(shape.mesh.vertices) for shape in shapes)])
    triangles = [shape.mesh.triangles + start for shape, start in zip(shapes, starts, strict=False)]
    names = list(dict.fromkeys(shape.name for shape in shapes if shape.name))
    name = ", ".join(names[:_NAMES_SHOWN]) + (
        f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    )
    mesh = Mesh(
        np.concatenate([shape.mesh.vertices for shape in shapes]),
        np.concatenate(triangles).astype(np.int32),
    )
    notes = dict.fromkeys(note for shape in shapes for note in shape.notes)
    return Shape(name or None, mesh, (*notes, f"{len(shapes)} open groups that continue one another, joined"))
