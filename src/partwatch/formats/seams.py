"""Solids and groups that are open and continue one another are one surface.

STL solids and OBJ groups are only labels on triangles: a slicer prints all of them as one mesh. A
closed one is a shape of its own; an open one is joined to those that it shares open edges with, or a
body cut into groups would pass as a heap of scraps.
"""

from __future__ import annotations

import numpy as np

from partwatch.formats.base import Shape
from partwatch.model.mesh import IndexArray, Mesh

_NAMES_SHOWN = 4


def join_open(shapes: list[Shape]) -> tuple[Shape, ...]:
    """The shapes, those joined that share open edges; in the order of their first members."""
    shapes = [shape for shape in shapes if len(shape.mesh.triangles)]
    if len(shapes) < 2:
        return tuple(shapes)
    group = _groups(shapes)
    return tuple(
        _join([shape for shape, other in zip(shapes, group, strict=True) if other == first])
        for first in dict.fromkeys(group)
    )


def _groups(shapes: list[Shape]) -> list[int]:
    """For each shape, the first shape that it hangs together with."""
    welded = _weld(shapes)
    edges, owners = _open_edges(welded)
    order = np.lexsort((owners, edges))
    edges, owners = edges[order], owners[order]
    shared = edges[1:] == edges[:-1]
    parent = list(range(len(shapes)))

    def root(of: int) -> int:
        while parent[of] != of:
            parent[of] = parent[parent[of]]
            of = parent[of]
        return of

    for a, b in np.unique(np.stack([owners[:-1][shared], owners[1:][shared]], axis=1), axis=0).tolist():
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return [root(of) for of in range(len(shapes))]


def _weld(shapes: list[Shape]) -> list[IndexArray]:
    """Triangles of each shape over one common numbering of places."""
    # Adding zero makes -0.0 equal to 0.0 in its bytes too.
    places = np.concatenate([shape.mesh.vertices for shape in shapes]) + 0.0
    keys = np.ascontiguousarray(places).view(np.dtype((np.void, 24))).reshape(-1)
    number = np.unique(keys, return_inverse=True)[1]
    starts = np.cumsum([0, *(len(shape.mesh.vertices) for shape in shapes)])
    return [number[shape.mesh.triangles + start] for shape, start in zip(shapes, starts, strict=False)]


def _open_edges(welded: list[IndexArray]) -> tuple[np.ndarray, np.ndarray]:
    """Edges that only one triangle of a shape has, as one number each, and the shape that has them."""
    edges, owners = [], []
    for owner, triangles in enumerate(welded):
        ends = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64), axis=1)
        found, times = np.unique(ends[:, 0] << 32 | ends[:, 1], return_counts=True)
        edges.append(found[times == 1])
        owners.append(np.full(len(edges[-1]), owner))
    return np.concatenate(edges), np.concatenate(owners)


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
