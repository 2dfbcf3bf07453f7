"""A made-up list of generated parts with their local features, and bodies to find in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from manifold3d import Manifold
from slow_kernel import Floats, Ints

import parts
from partwatch.model.mesh import Mesh

RADIUS, APART, LEAST, MOST = 6.0, 2.0, 0.02, 120
# Of one sample.
AREA = 1.0
CELLS, PROBES = 64, 3
PARTS = 30


@dataclass(frozen=True, eq=False)
class Features:
    """(n, size) descriptors, (n, 3) places and normals."""

    descriptor: npt.NDArray[np.float32]
    place: Floats
    facing: Floats


@dataclass(frozen=True, eq=False)
class FeatureList:
    """Features grouped by cell, as `vote` takes them, and what makes codes and cells of descriptors."""

    axes: Floats
    middles: Floats
    codes: npt.NDArray[np.int8]
    part: Ints
    place: npt.NDArray[np.float32]
    facing: npt.NDArray[np.float32]
    start: npt.NDArray[np.int64]

    def listed(self) -> tuple[Any, ...]:
        """The first arguments of `vote`."""
        return self.codes, self.part, self.place, self.facing, self.start, np.ones(PARTS, dtype=bool)

    def asked(self, body: Features, most: int = 10) -> tuple[Any, ...]:
        """All arguments of `vote`."""
        codes, cells = coded(body.descriptor, self.axes, self.middles)
        radius = np.full(len(codes), RADIUS)
        return *self.listed(), codes, cells[:, :PROBES], body.place, body.facing, radius, radius, most


def machined(seed: int) -> Manifold:
    """A block with steps, ribs and holes of its own."""
    rng = np.random.default_rng(seed)
    x, y, z = rng.uniform((30, 24, 8), (42, 34, 14))
    solid = parts.block(x, y, z)
    for _ in range(4):
        at = rng.uniform((0, 0), (x - 8, y - 8))
        solid += parts.block(*rng.uniform((4, 4, 3), (14, 14, 12)), (at[0], at[1], z - 1))
    for _ in range(5):
        solid -= parts.rod(rng.uniform(1.5, 4), 100, (*rng.uniform((4, 4), (x - 4, y - 4)), -50))
    for _ in range(3):
        at = rng.uniform((0, -4), (x - 8, y - 4))
        solid -= parts.block(*rng.uniform((4, 6, 4), (12, 10, 12)), (at[0], at[1], rng.uniform(2, z)))
    return solid


@cache
def part_mesh(number: int) -> Mesh:
    """One of the list's parts."""
    return parts.mesh_of(machined(number))


def features(kernel: ModuleType, mesh: Mesh) -> Features:
    """Of a surface, at the list's density."""
    area = kernel.sample(mesh.vertices, mesh.triangles, 1)[3]
    count = int(area / AREA)
    p, n, _, _ = kernel.sample(mesh.vertices, mesh.triangles, count)
    origin, facing, _, descriptor = kernel.local_features(p, n, area / count, RADIUS, APART, LEAST, MOST)
    return Features(descriptor, np.ascontiguousarray(p[origin]), facing)


def coded(
    descriptor: npt.NDArray[np.float32], axes: Floats, middles: Floats
) -> tuple[npt.NDArray[np.int8], Ints]:
    """Codes of CODE_SIZE whole numbers; all cells, closest first."""
    codes = np.clip(np.rint(descriptor @ axes * 60), -127, 127).astype(np.int8)
    apart = codes[:, None].astype(np.float64) - middles[None]
    return codes, (apart**2).sum(axis=2).argsort(axis=1, kind="stable").astype(np.int32)


def feature_list(kernel: ModuleType) -> FeatureList:
    """All the list's parts; codes by principal axes, cells around some of the codes."""
    every = [features(kernel, part_mesh(number)) for number in range(PARTS)]
    descriptor = np.concatenate([each.descriptor for each in every])
    axes = np.linalg.eigh(np.cov(descriptor.T))[1][:, : -kernel.CODE_SIZE - 1 : -1]
    codes, _ = coded(descriptor, axes, np.zeros((1, kernel.CODE_SIZE)))
    middles = codes[:: len(codes) // CELLS][:CELLS].astype(np.float64)
    cell = coded(descriptor, axes, middles)[1][:, 0]
    order = np.argsort(cell, kind="stable")
    return FeatureList(
        axes,
        middles,
        codes[order],
        np.repeat(np.arange(PARTS, dtype=np.int32), [len(each.place) for each in every])[order],
        np.concatenate([each.place for each in every])[order].astype(np.float32),
        np.concatenate([each.facing for each in every])[order].astype(np.float32),
        np.searchsorted(cell[order], np.arange(CELLS + 1)).astype(np.int64),
    )


def half(number: int, mirrored: bool = False) -> tuple[Mesh, Floats]:
    """A listed part cut in the middle and moved, and its motion."""
    solid = machined(number)
    low, high = (np.array(ends) for ends in np.split(np.array(solid.bounding_box()), 2))
    cut = solid.trim_by_plane((1.0, 0.2, 0.1), float((low + high) / 2 @ (1.0, 0.2, 0.1)) / np.sqrt(1.05))
    T = parts.motion(number, 40, mirrored=mirrored)
    return parts.moved(parts.mesh_of(cut), T), T
