"""Families of near-duplicates: revisions, left and right, the same thing in another format."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# Within one project, bodies this similar and of about one size are taken for one family.
ALIKE = 1.97
SIZE_GAP = 0.10


def families_of(
    descriptors: npt.NDArray[np.float32],
    radius: npt.NDArray[np.float64],
    projects: npt.NDArray[np.int32],
    groups: Sequence[str],
) -> npt.NDArray[np.int32]:
    """(n,) a number for each body: connected components of what is alike within a project.

    descriptors: (n, D). radius: (n,), in any one unit. groups: (n,) names; bodies of one name (files that the
    corpus says have the same geometry) are of one family whatever their project.
    """
    parent = np.arange(len(projects))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = int(parent[k])
        return k

    def join(a: int, b: int) -> None:
        a, b = root(a), root(b)
        parent[max(a, b)] = min(a, b)

    for project in np.unique(projects):
        rows = np.flatnonzero(projects == project)
        alike = descriptors[rows] @ descriptors[rows].T >= ALIKE
        size = np.log(np.maximum(radius[rows], 1e-9))
        for a, b in zip(*np.nonzero(alike & (np.abs(size[:, None] - size) <= SIZE_GAP)), strict=True):
            if a < b:
                join(int(rows[a]), int(rows[b]))
    first: dict[str, int] = {}
    for k, group in enumerate(groups):
        join(k, first.setdefault(group, k))
    _, family = np.unique([root(k) for k in range(len(projects))], return_inverse=True)
    return np.asarray(family, dtype=np.int32)
