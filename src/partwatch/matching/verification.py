"""What decides: two surfaces laid together, and how much of each has the other within tolerance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from partwatch import kernel
from partwatch.fingerprint.surface import RAW_SAMPLES
from partwatch.matching.alignment import MIN_COSINE, Target, apply, inverse, scale_of, turn_normals
from partwatch.model.mesh import FloatArray, IndexArray, Mesh

# A share of a body's samples: enough to tell a twentieth of a percent, and four times as fast.
MEASURED_SAMPLES = RAW_SAMPLES // 4
MEASURED_VERTICES = 1024
# Least coverage at which the vertices are worth a look.
ALIKE = 0.98
# Sample spacings that make a neighbourhood, and the share of samples up to which it is asked.
NEIGHBOURHOOD = 2.5
MOST_LOST = 0.5
# One sample in so many for a first look.
QUICK = 8
# Coverage from one side at which the other need not be asked.
POOR = 0.4


class ListedSurface:
    """A listed part's surface in millimetres, made ready to be measured against."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.diagonal_mm = float(np.linalg.norm(mesh.extents))

    @cached_property
    def tree(self) -> kernel.TriangleTree:
        """Closest points on the triangles."""
        return kernel.TriangleTree(np.ascontiguousarray(self.mesh.vertices), self.mesh.triangles, MIN_COSINE)

    @property
    def samples(self) -> tuple[FloatArray, FloatArray]:
        """Points even by area, and the normals of their facets; (MEASURED_SAMPLES, 3) each."""
        points, normals, _, _ = self._sampled
        return points, normals

    @property
    def area(self) -> float:
        """Of the surface, in square millimetres."""
        return self._sampled[3]

    @cached_property
    def _sampled(self) -> tuple[FloatArray, FloatArray, IndexArray, float]:
        return kernel.sample(np.ascontiguousarray(self.mesh.vertices), self.mesh.triangles, MEASURED_SAMPLES)


@dataclass(frozen=True)
class Measurement:
    """How two surfaces lie on each other at one pose. Lengths in the part's millimetres.

    T_body_part: (3, 4), part's millimetres to the body's own unit.
    vertices_apart: share of the vertices, the worse of both, that lie beyond tolerance of the other; 1 where
    coverage alone already rules out that the shapes are the same.
    """

    T_body_part: FloatArray
    mirrored: bool
    tolerance_mm: float
    coverage_part: float
    coverage_body: float
    median_mm: float
    p95_mm: float
    max_mm: float
    vertices_apart: float

    @property
    def coverage(self) -> float:
        """The lesser of both coverages."""
        return min(self.coverage_part, self.coverage_body)

    @property
    def score(self) -> float:
        """0 to 1: coverage, less up to a quarter for what is covered only loosely."""
        return self.coverage * self._tightness

    @property
    def region_score(self) -> float:
        """The same of the side of which more coincides."""
        return max(self.coverage_part, self.coverage_body) * self._tightness

    @property
    def _tightness(self) -> float:
        return 1 - 0.25 * min(self.p95_mm / self.tolerance_mm, 1.0)


def exact_measurement(T_body_part: FloatArray, tolerance_mm: float) -> Measurement:
    """Of a body whose mesh was proved to be the part's: everything coincides, up to rounding."""
    return Measurement(
        T_body_part=T_body_part,
        mirrored=bool(np.linalg.det(T_body_part[:, :3]) < 0),
        tolerance_mm=tolerance_mm,
        coverage_part=1.0,
        coverage_body=1.0,
        median_mm=0.0,
        p95_mm=0.0,
        max_mm=0.0,
        vertices_apart=0.0,
    )


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two surfaces at one pose. tree: where the part's surface is looked for."""

    target: Target
    listed: ListedSurface
    tree: kernel.TriangleTree
    T_body_part: FloatArray
    T_part_body: FloatArray
    units: float  # the body's units in a millimetre of the part
    tolerance_mm: float

    def part_distances(self, every: int) -> FloatArray:
        """Of the part's samples to the body, in millimetres; inf beyond tolerance."""
        points, normals = (array[::every] for array in self.listed.samples)
        reach = NEIGHBOURHOOD * float(np.sqrt(self.listed.area / MEASURED_SAMPLES))
        return self._distances(
            self.tree, points, normals, self.listed.samples[0], reach, self.T_body_part, self.units
        )

    def body_distances(self, every: int) -> FloatArray:
        """Of the body's samples to the part, likewise."""
        surface = self.target.surface
        step = every * RAW_SAMPLES // MEASURED_SAMPLES
        reach = NEIGHBOURHOOD * surface.spacing
        return self._distances(
            self.listed.tree, surface.raw[::step], surface.raw_normals[::step],
            surface.raw, reach, self.T_part_body, 1.0,
        )  # fmt: skip

    def _distances(
        self,
        tree: kernel.TriangleTree,
        points: FloatArray,
        normals: FloatArray,
        around: FloatArray,
        reach: float,
        T: FloatArray,
        units: float,
    ) -> FloatArray:
        """Distances of points to a tree after T, by their facets' normals; where that finds nothing, by the
        normals of the neighbourhood in `around`, since noise turns small facets whichever way."""
        cap = self.tolerance_mm * units
        moved = apply(T, points)
        distance, _ = tree.closest(moved, turn_normals(T, normals), cap)
        lost = np.flatnonzero(np.isinf(distance))
        if 0 < len(lost) <= MOST_LOST * len(points):
            smooth = kernel.local_normals(around, np.ascontiguousarray(points[lost]), reach)
            distance[lost], _ = tree.closest(np.ascontiguousarray(moved[lost]), turn_normals(T, smooth), cap)
        return distance / units

    def vertices_apart(self) -> float:
        """Share of the vertices beyond tolerance, the worse of both."""
        on_body = apply(self.T_body_part, _vertices(self.listed.mesh))
        on_part = apply(self.T_part_body, _vertices(self.target.mesh))
        return max(
            _apart(self.tree, on_body, self.tolerance_mm * self.units),
            _apart(self.listed.tree, on_part, self.tolerance_mm),
        )


class Laid:
    """A listed part laid on a body at one pose, to be looked at quickly or measured in full."""

    def __init__(
        self,
        target: Target,
        listed: ListedSurface,
        T_body_part: FloatArray,
        mirrored: bool,
        tolerance_mm: float,
        around: kernel.TriangleTree | None = None,
    ) -> None:
        """around: the surface to look for the part's surface on, where it is more than the body's own: a part
        of several shells is found on all the item's bodies together."""
        self.mirrored = mirrored
        self._pair = _Pair(
            target, listed, around or target.tree,
            T_body_part, inverse(T_body_part), scale_of(T_body_part), tolerance_mm,
        )  # fmt: skip

    def glance(self) -> float:
        """The lesser coverage, by few samples, within a tenth; a poor one by fewer, and from one side."""
        part = 1.0
        for every in (4 * QUICK, QUICK):
            part = float(np.isfinite(self._pair.part_distances(every)).mean())
            if part < POOR:
                return part
        return min(part, float(np.isfinite(self._pair.body_distances(QUICK)).mean()))

    def measure(self) -> Measurement:
        """Measures both ways."""
        pair = self._pair
        part_mm, body_mm = pair.part_distances(1), pair.body_distances(1)
        both = np.concatenate([part_mm, body_mm])
        covered = np.sort(both[np.isfinite(both)])
        alike = min(np.isfinite(part_mm).mean(), np.isfinite(body_mm).mean()) >= ALIKE
        return Measurement(
            T_body_part=pair.T_body_part,
            mirrored=self.mirrored,
            tolerance_mm=pair.tolerance_mm,
            coverage_part=float(np.isfinite(part_mm).mean()),
            coverage_body=float(np.isfinite(body_mm).mean()),
            median_mm=_quantile(covered, 0.5),
            p95_mm=_quantile(covered, 0.95),
            max_mm=_quantile(covered, 1.0),
            vertices_apart=pair.vertices_apart() if alike else 1.0,
        )


def _quantile(ordered: FloatArray, share: float) -> float:
    return float(ordered[min(int(share * len(ordered)), len(ordered) - 1)]) if len(ordered) else 0.0


def _vertices(mesh: Mesh) -> FloatArray:
    """At most MEASURED_VERTICES of them, spread over the mesh's order."""
    step = max(len(mesh.vertices) // MEASURED_VERTICES, 1)
    return mesh.vertices[::step]


def _apart(tree: kernel.TriangleTree, points: FloatArray, reach: float) -> float:
    distance, _ = tree.closest(points, np.zeros_like(points), reach)
    return float(np.isinf(distance).mean())
