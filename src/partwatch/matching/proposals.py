"""Poses for two revisions that the engine does not lay on each other: too much of them differs.

Two things survive an edit: triangles that were not touched, and the orientation in which a part is drawn,
with one of its sides where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint.surface import sample_surface
from partwatch.geometry.bodies import Solid
from partwatch.matching.alignment import Target, apply
from partwatch.matching.lineage import rounding_of
from partwatch.matching.pairing import LEAST_IN_PLACE, Link, if_worth
from partwatch.matching.placing import Placing
from partwatch.matching.policy import Policy
from partwatch.matching.verification import ListedSurface
from partwatch.model.mesh import FloatArray, Mesh

# Triangles with edges of these lengths may come so often in a mesh for a pose to rest on one of them.
MOST_ALIKE = 4
# Pairs of such triangles that each propose a pose, the largest first, and the pairs that vote on it.
PROPOSING = 96
VOTING = 2000
LEAST_VOTES = 6
# Bodies of either file that are tried, the largest, and poses of each pair that are measured.
MOST_REVISED = 6
MEASURED = 2


def links_of_revisions(
    a: Sequence[Solid], b: Sequence[Solid], left_a: Sequence[int], left_b: Sequence[int], policy: Policy
) -> list[Link]:
    """Bodies without a link so far that are laid on each other by what survives an edit; in millimetres."""
    largest_a, largest_b = (
        sorted(left, key=lambda k: (-float(np.linalg.norm(solids[k].mesh.extents)), k))[:MOST_REVISED]
        for solids, left in ((a, left_a), (b, left_b))
    )
    listed = {k: ListedSurface(b[k].mesh) for k in largest_b}
    found: list[Link] = []
    for k in largest_a:
        target = Target(a[k].mesh, sample_surface(a[k].mesh))
        for other in largest_b:
            placing = Placing(target, listed[other], policy.tolerance_mm(listed[other].diagonal_mm))
            tried = sorted(
                ((placing.glance(T), n, T) for n, T in enumerate(proposed(a[k].mesh, b[other].mesh))),
                key=lambda entry: (-entry[0], entry[1]),
            )
            for glance, _, T in tried[:MEASURED]:
                if glance >= LEAST_IN_PLACE / 2:
                    best = placing.best(T)
                    link = Link(k, other, best.T_a_b, best.measured.score, False, placed=False)
                    found += filter(None, [if_worth(link, best.measured, policy)])
    return found


def proposed(a: Mesh, b: Mesh) -> Iterator[FloatArray]:
    """Motions T_a_b (3, 4) worth measuring, those by triangles first; reflections are left to the engine."""
    by_triangles = by_shared_triangles(a, b)
    if by_triangles is not None:
        yield by_triangles
    low_a, high_a = a.bounds
    low_b, high_b = b.bounds
    shifts = np.stack([low_a - low_b, high_a - high_b, (low_a + high_a - low_b - high_b) / 2])
    for choice in dict.fromkeys(tuple(np.round(shifts[list(ends), range(3)], 9)) for ends in _ends()):
        yield np.concatenate([np.eye(3), np.array(choice)[:, None]], axis=1)


def _ends() -> list[tuple[int, ...]]:
    return list(product(range(3), repeat=3))


def by_shared_triangles(a: Mesh, b: Mesh) -> FloatArray | None:
    """The motion T_a_b (3, 4) on which most triangles with the same three edges agree; None where few do."""
    rows_a, rows_b = _alike(a, b, 4 * rounding_of(a, b))
    if len(rows_a) < LEAST_VOTES:
        return None
    corners_a, corners_b = _ordered(a, rows_a), _ordered(b, rows_b)
    voters = slice(0, VOTING)
    tolerance = 8 * rounding_of(a, b)
    best, most = None, LEAST_VOTES - 1
    for k in range(min(PROPOSING, len(rows_a))):
        T = _motion(corners_b[k], corners_a[k])
        moved = apply(T, corners_b[voters].reshape(-1, 3))
        off = np.abs(moved - corners_a[voters].reshape(-1, 3)).max(axis=1).reshape(-1, 3)
        votes = int((off.max(axis=1) <= tolerance * 16).sum())
        if votes > most:
            best, most = T, votes
    return best


def _alike(a: Mesh, b: Mesh, step: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Pairs of triangles with the same edges, of which either mesh has few, the largest first."""
    keys = []
    for mesh in (a, b):
        edges = np.sort(_edges(mesh), axis=1)
        keys.append(np.floor(edges / step + 0.31).astype(np.int64))
    both = np.concatenate(keys)
    _, label = np.unique(both, axis=0, return_inverse=True)
    label = label.reshape(-1)
    label_a, label_b = label[: len(keys[0])], label[len(keys[0]) :]
    count_a, count_b = (np.bincount(part, minlength=label.max(initial=0) + 1) for part in (label_a, label_b))
    rare = (count_a > 0) & (count_b > 0) & (count_a <= MOST_ALIKE) & (count_b <= MOST_ALIKE)
    of_label: dict[int, list[int]] = {}
    for row in np.flatnonzero(rare[label_b]):
        of_label.setdefault(int(label_b[row]), []).append(int(row))
    pairs = [(int(i), j) for i in np.flatnonzero(rare[label_a]) for j in of_label[int(label_a[i])]]
    if not pairs:
        empty = np.zeros(0, dtype=np.intp)
        return empty, empty
    rows = np.array(pairs, dtype=np.intp)
    longest = keys[0][rows[:, 0]].sum(axis=1)
    order = np.argsort(-longest, kind="stable")
    return rows[order, 0], rows[order, 1]


def _edges(mesh: Mesh) -> FloatArray:
    """(m, 3) lengths; the k-th runs from corner k to the next."""
    corners = mesh.vertices[mesh.triangles]
    return np.asarray(np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2))


def _ordered(mesh: Mesh, rows: npt.NDArray[np.intp]) -> FloatArray:
    """(n, 3, 3) corners, that opposite the shortest edge first, that opposite the longest last."""
    triangles = mesh.triangles[rows]
    corners = mesh.vertices[triangles]
    edges = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
    # The edge from corner k to the next lies opposite the one after that.
    opposite = (np.argsort(edges, axis=1, kind="stable") + 2) % 3
    return np.take_along_axis(corners, opposite[:, :, None], axis=1)


def _motion(source: FloatArray, target: FloatArray) -> FloatArray:
    """The rotation and shift (3, 4) of one triangle's corners onto another's (Kabsch 1976)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    u, _, vt = np.linalg.svd((target - b).T @ (source - a))
    A = (u * np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])) @ vt
    return np.concatenate([A, (b - A @ a)[:, None]], axis=1)
