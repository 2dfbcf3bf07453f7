"""One export's triangles, known again wherever they lie: a digest of how they hang together.

It depends on which triangles meet, in whatever order they are written, and on two ratios of lengths and
areas, rounded; not on place, turn, size or unit. Two programs, or one with another tolerance, lay other
triangles over the same shape.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import numpy.typing as npt

from partwatch.geometry.bodies import split_largest
from partwatch.model.mesh import Mesh

# Shapes of fewer triangles come out of every program alike.
LEAST_TRIANGLES: Final = 60
MOST_TRIANGLES: Final = 1_000_000
MOST_BODIES: Final = 100
_ROUNDS: Final = 4
_RATIO_DIGITS: Final = 3
_ODD: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93)

Words = npt.NDArray[np.uint64]


def triangulations(mesh: Mesh) -> tuple[str, ...]:
    """A digest for each of the largest bodies that has enough triangles; none where there are too many."""
    if len(mesh.triangles) > MOST_TRIANGLES:
        return ()
    solids, _ = split_largest(mesh, None, MOST_BODIES)
    told = (triangulation(each.mesh) for each in solids if len(each.mesh.triangles) >= LEAST_TRIANGLES)
    return tuple(dict.fromkeys(told))


def triangulation(mesh: Mesh) -> str:
    """Of one body: triangles, then the colours of its vertices after a few rounds of taking their neighbours'
    (Weisfeiler and Leman 1968), then its ratios. mesh: welded."""
    triangles = mesh.triangles.astype(np.int64)
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    count = len(mesh.vertices)
    colour: Words = np.bincount(ends[:, 0], minlength=count).astype(np.uint64)
    for _ in range(_ROUNDS):
        gathered = np.zeros(count, dtype=np.uint64)
        mixed = _mixed(colour)
        for own, other in ((0, 1), (1, 0)):
            np.add.at(gathered, ends[:, own], mixed[ends[:, other]])
        colour = _mixed(colour * np.uint64(3) + gathered)
    ratios = " ".join(f"{value:.{_RATIO_DIGITS}g}" for value in _ratios(mesh))
    text = f"{len(triangles)} {count} {ratios} ".encode() + np.sort(colour).astype("<u8").tobytes()
    return f"{len(triangles)} triangles, {hashlib.blake2b(text, digest_size=8).hexdigest()}"


def _mixed(words: Words) -> Words:
    """Every bit of each depends on all of its bits; wraps around."""
    for odd in _ODD:
        words = (words ^ (words >> np.uint64(29))) * np.uint64(odd)
    return words ^ (words >> np.uint64(32))


def _ratios(mesh: Mesh) -> tuple[float, float]:
    """Two shapes of one topology differ in these: of areas, and of lengths to areas."""
    corners = mesh.vertices[mesh.triangles]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(normals, axis=1) / 2
    total = float(areas.sum())
    if not total > 0:
        return 0.0, 0.0
    return float((areas**2).sum() / total**2), float((sides**2).sum() / total)
