"""One body laid on another as exactly as their surfaces allow, by the simplest pose that does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from partwatch.matching.alignment import Target, inverse, scale_of, shrunk
from partwatch.matching.lineage import vertex_motion
from partwatch.matching.verification import Laid, ListedSurface, Measurement
from partwatch.model.mesh import FloatArray

# A pose replaces a simpler one only where it fits better by more than this: see `looseness`.
SLACK = 0.01
# A pose this good needs no other tried.
EXACT = 1e-3
# So much worse may one be that leaves A its own size, and so near to it is that tried.
OWN_SIZE = 0.15
NEARLY = 0.05
RESIZINGS = 3
# Rounds of a last refinement, from so many tolerances down to so few.
ROUNDS = 12
CAPS = (2.0, 0.5)
IDENTITY = np.concatenate([np.eye(3), np.zeros((3, 1))], axis=1)


def looseness(measured: Measurement) -> float:
    """0 where two surfaces coincide exactly, 2 and more where they do not touch."""
    spread = (measured.median_mm + measured.p95_mm) / (2 * measured.tolerance_mm)
    return 2.0 - measured.coverage_part - measured.coverage_body + spread


@dataclass(frozen=True, eq=False)
class Placed:
    """A pose and how the surfaces lie at it. T_a_b: (3, 4), B's frame to A's; as_placed: it is no motion."""

    T_a_b: FloatArray
    measured: Measurement
    as_placed: bool


class Placing:
    """A body A and a body B in millimetres, to be measured at any pose."""

    def __init__(self, a: Target, b: ListedSurface, tolerance: float) -> None:
        self._target = a
        self._b = b
        self._tolerance = tolerance

    def as_placed(self) -> Placed:
        """As the files place them."""
        return self._at(IDENTITY)

    def glance(self, T_a_b: FloatArray) -> float:
        """The lesser coverage at a pose, roughly."""
        return Laid(self._target, self._b, T_a_b, False, self._tolerance).glance()

    def best(self, start: FloatArray) -> Placed:
        """The simplest pose near `start` (T_a_b) that fits about as well as any: none at all, the one
        by which vertices coincide, one at the same size, any."""
        tried: list[tuple[Placed, bool]] = []
        for T in self._tries(start):
            placed = self._at(T)
            if looseness(placed.measured) <= EXACT:
                return placed
            tried.append((placed, abs(scale_of(T) - 1) < 1e-9))
        # What fits perfectly at another size has another size.
        favour = OWN_SIZE if min(looseness(placed.measured) for placed, _ in tried) > SLACK else 0.0
        loose = [looseness(placed.measured) - favour * own for placed, own in tried]
        return next(tried[k][0] for k in range(len(tried)) if loose[k] <= min(loose) + SLACK)

    def _tries(self, start: FloatArray) -> Iterable[FloatArray]:
        yield IDENTITY
        T_b_a = vertex_motion(self._target.mesh, self._b.mesh, inverse(start), 2 * self._tolerance)
        if T_b_a is not None:
            exact = inverse(T_b_a)
            if abs(scale_of(exact) - 1) <= NEARLY:
                yield self._without_scale(exact)
            yield exact
        closer = self._refined(start)
        if abs(scale_of(closer) - 1) <= NEARLY:
            rigid = self._without_scale(closer)
            yield rigid
            for _ in range(RESIZINGS):
                rigid = self._without_scale(self._refined(rigid))
            yield rigid
        yield closer
        yield start

    def _without_scale(self, T: FloatArray) -> FloatArray:
        """The pose at the same size, about the middle of B."""
        middle = np.mean(self._b.mesh.bounds, axis=0)
        return shrunk(T, scale_of(T), middle)

    def _refined(self, T: FloatArray) -> FloatArray:
        """Point to plane on the triangles of A, by many points of B."""
        points, normals = self._b.samples
        wide, narrow = (cap * self._tolerance * scale_of(T) for cap in CAPS)
        return self._target.tree.refine(
            np.ascontiguousarray(points), np.ascontiguousarray(normals),
            np.ascontiguousarray(T[None]), ROUNDS, wide, narrow,
        )  # fmt: skip

    def _at(self, T_a_b: FloatArray) -> Placed:
        mirrored = bool(np.linalg.det(T_a_b[:, :3]) < 0)
        measured = Laid(self._target, self._b, T_a_b, mirrored, self._tolerance).measure()
        return Placed(T_a_b, measured, T_a_b is IDENTITY)
