"""Marks of a common origin in the triangles of two bodies: the same export, in whole or in part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.matching.alignment import apply
from partwatch.matching.correspondence import FLOAT32_SHARE
from partwatch.model.comparison import Lineage, Numbers
from partwatch.model.mesh import FloatArray, Mesh

# Vertices that a motion must rest on, and the least of their spread beside their longest line.
LEAST_VERTICES = 8
LEAST_WIDTH = 1e-6
NARROWING = 0.5


@dataclass(frozen=True, eq=False)
class Shared:
    """Triangles of A that are triangles of B: their rows, in A's order, and which of B's each is.

    vertices: (n, 2) the vertices of both that they stand on.
    """

    of_a: npt.NDArray[np.intp]
    of_b: npt.NDArray[np.intp]
    vertices: npt.NDArray[np.intp]


def vertex_motion(a: Mesh, b: Mesh, T_b_a: FloatArray, reach: float) -> FloatArray | None:
    """The motion (3, 4) near `T_b_a` that lays vertices of A exactly on those of B; None where few do.

    Revisions of a part keep the vertices of what was left alone; where these meet, the rest does not count.
    """
    rounding = rounding_of(a, b)
    T = T_b_a
    hand = float(np.sign(np.linalg.det(T_b_a[:, :3])))
    while True:
        reach = max(reach, rounding)
        found = kernel.PointGrid(b.vertices, reach).nearest(apply(T, a.vertices))
        paired = np.flatnonzero(found >= 0)
        fitted = _fitted(a.vertices[paired], b.vertices[found[paired]], hand)
        if fitted is None or reach <= rounding:
            return fitted
        T = fitted
        reach *= NARROWING


def _fitted(source: FloatArray, target: FloatArray, hand: float) -> FloatArray | None:
    """Least-squares similarity (3, 4) of that hand (Umeyama 1991); None where the points leave it open."""
    if len(source) < LEAST_VERTICES:
        return None
    middle, to = source.mean(axis=0), target.mean(axis=0)
    x, y = source - middle, target - to
    u, s, vt = np.linalg.svd(y.T @ x / len(x))
    if not s[1] > LEAST_WIDTH * s[0]:
        return None
    turn = np.array([1.0, 1.0, hand * np.sign(np.linalg.det(u @ vt))])
    A = float((s * turn).sum() / (x**2).sum() * len(x)) * (u * turn) @ vt
    return np.concatenate([A, (to - A @ middle)[:, None]], axis=1)


def rounding_of(a: Mesh, b: Mesh) -> float:
    """What single precision loses of the coordinates of either."""
    far = max(float(np.abs(mesh.vertices).max() + np.linalg.norm(mesh.extents)) for mesh in (a, b))
    return max(FLOAT32_SHARE * far, 1e-9)


def shared_triangles(a: Mesh, b: Mesh, T_b_a: FloatArray) -> Shared:
    """The triangles that both have, corner on corner within rounding; winding does not count."""
    found = kernel.PointGrid(b.vertices, rounding_of(a, b)).nearest(apply(T_b_a, a.vertices))
    placed = found[a.triangles]
    rows = np.flatnonzero((placed >= 0).all(axis=1))
    key_a, key_b = (np.sort(t, axis=1).astype(np.int32) for t in (placed[rows], b.triangles))
    # Through one view of bytes a row, so that rows are compared as wholes.
    as_rows = np.dtype((np.void, 12))
    flat_a, flat_b = (np.ascontiguousarray(key).view(as_rows).reshape(-1) for key in (key_a, key_b))
    order = np.argsort(flat_b, kind="stable")
    place = np.searchsorted(flat_b[order], flat_a) if len(flat_b) else np.zeros(0, dtype=np.intp)
    place = np.minimum(place, max(len(order) - 1, 0))
    met = flat_b[order][place] == flat_a if len(order) else np.zeros(len(flat_a), dtype=bool)
    of_a, of_b = rows[met], order[place[met]]
    _, first = np.unique(of_b, return_index=True)
    first = np.sort(first)
    of_a, of_b = of_a[first], of_b[first]
    used = np.unique(a.triangles[of_a].reshape(-1)) if len(of_a) else np.zeros(0, dtype=np.intp)
    return Shared(of_a, of_b, np.stack([used, found[used]], axis=1).astype(np.intp))


def lineage_of(a: Mesh, b: Mesh, T_b_a: FloatArray, as_placed: bool, scale: float) -> Lineage:
    """The marks that two bodies share at `T_b_a`; as_placed: that it is no motion."""
    shared = shared_triangles(a, b, T_b_a)
    count = len(shared.of_a)
    return Lineage(
        triangles=count,
        share_a=round(count / max(len(a.triangles), 1), 4),
        share_b=round(count / max(len(b.triangles), 1), 4),
        in_place=bool(count) and as_placed,
        order=_order(shared),
        numbers=_numbers(a, b, shared, as_placed and scale == 1) if count else None,
    )


def _order(shared: Shared) -> float | None:
    """Share of triangles next to each other in A's order that are next to each other in B's."""
    if len(shared.of_a) < 2:
        return None
    order = np.argsort(shared.of_a)
    beside = np.diff(shared.of_a[order]) == 1
    if not beside.any():
        return 0.0
    kept = np.diff(shared.of_b[order]) == 1
    return round(float(kept[beside].mean()), 4)


def _numbers(a: Mesh, b: Mesh, shared: Shared, as_placed: bool) -> Numbers:
    if not as_placed:
        return Numbers.ROUNDED
    left, right = a.vertices[shared.vertices[:, 0]], b.vertices[shared.vertices[:, 1]]
    if np.array_equal(left, right):
        return Numbers.IDENTICAL
    same = np.array_equal(left.astype(np.float32), right.astype(np.float32))
    return Numbers.SINGLE_PRECISION if same else Numbers.ROUNDED
