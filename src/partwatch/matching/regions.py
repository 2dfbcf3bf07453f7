"""Parts that share a region with a body: a piece of one, one within something larger, one that was edited.

Local features propose the parts and how they would lie; refinement and measuring decide. How rare what
coincides is, in a benign population, is kept with each hit: it, and not coverage, is evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.fingerprint.codebook import PROBES
from partwatch.fingerprint.feature_index import FeatureIndex, cells_of
from partwatch.fingerprint.local import Features, facing_of, radius_mm
from partwatch.fingerprint.shipped import codebook
from partwatch.matching.alignment import Target, apply, inverse, scale_of, turn_normals
from partwatch.matching.policy import Policy
from partwatch.matching.relation import region_side, shape_relation
from partwatch.matching.verification import MEASURED_SAMPLES, Laid, ListedSurface, Measurement
from partwatch.model.mesh import FloatArray

# Parts that voting proposes, and those of them that are measured.
PROPOSED = 24
MEASURED = 4
# Fewer features of a body agree on no pose.
LEAST_FEATURES = 3
# Points of a part's cloud for a first refinement and a look, rounds, and how far off a proposal may be, as a
# share of the smaller diagonal.
LOOK_POINTS, LOOK_ROUNDS = 160, 6
PROPOSAL_ERROR = 0.02
FINISH_POINTS, FINISH_ROUNDS = 256, 8
# Least coverage of either side at a look, and how far a proposal may fall behind the best by it.
LEAST_LOOK = 0.35
# How much more of a surface a reflection must lay on the other than a rotation.
MIRROR_MARGIN = 0.02
# Share of its neighbourhood that must coincide for a feature to count at all.
LEAST_PATCH = 0.8
# Rarity that nearly every body has: edges and corners of boxes.
COMMON_BITS = 1.5
# Power of the coverage in a region's information; of 0 to 4 the one that told strangers best (decision 0021).
PATCHINESS = 4
# Below this size, as in files in metres, tolerances and details mean nothing.
LEAST_DIAGONAL_MM = 5.0
PATCH_SAMPLES = MEASURED_SAMPLES // 2

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Region:
    """A part on a body. information: how rare what coincides is (`_information`)."""

    part: int
    measured: Measurement
    information: float


@dataclass(frozen=True, eq=False)
class _Look:
    part: int
    T_body_part: FloatArray
    mirrored: bool
    worth: float

    def beats(self, other: _Look) -> bool:
        """Whether it lies better; a reflection must do so clearly: a symmetric part lies well either way."""
        return self.worth > other.worth + MIRROR_MARGIN * (int(self.mirrored) - int(other.mirrored))


class Regions:
    """Region search over one list."""

    def __init__(
        self,
        features: FeatureIndex,
        parts: int,
        policy: Policy,
        cloud: Callable[[int], npt.NDArray[np.float32]],
        area_mm2: Callable[[int], float],
        listed: Callable[[int], ListedSurface],
    ) -> None:
        """parts: how many the list has. cloud: (n, 6), of a part as a whole. listed: a part's surface."""
        self._features = features
        self._parts = parts
        self._policy = policy
        self._cloud = cloud
        self._area_mm2 = area_mm2
        self._listed = listed

    def find(self, target: Target, mm_per_unit: float) -> list[Region]:
        """Parts that share a region with the body, most information first.

        mm_per_unit: of the body's own unit; features are absolute.
        """
        diagonal_mm = float(np.linalg.norm(target.mesh.extents)) * mm_per_unit
        if len(self._features.part) == 0 or diagonal_mm < LEAST_DIAGONAL_MM:
            return []
        features = target.features(mm_per_unit)
        if len(features) < LEAST_FEATURES:
            return []
        best: dict[int, _Look] = {}
        for part, mirrored, T in self._proposed(features):
            look = self._look(target, part, mirrored, T, mm_per_unit)
            if look is not None and (part not in best or look.beats(best[part])):
                best[part] = look
        looks = sorted(best.values(), key=lambda look: (-look.worth, look.part))
        found = [self._measured(target, look, features, mm_per_unit) for look in looks[:MEASURED]]
        return sorted(found, key=lambda region: (-round(region.information, 3), region.part))

    def information(
        self, target: Target, measured: Measurement, part: int, mm_per_unit: float
    ) -> float | None:
        """How rare what coincides is, at a pose that was found otherwise; None where regions mean nothing: of
        what is too small, and of what has not the part's size in the body's unit."""
        smallest = min(
            self._listed(part).diagonal_mm, float(np.linalg.norm(target.mesh.extents)) * mm_per_unit
        )
        scale = scale_of(measured.T_body_part) * mm_per_unit
        if smallest < LEAST_DIAGONAL_MM or abs(scale - 1) > self._policy.scale_tolerance:
            return None
        features = target.features(mm_per_unit)
        return _information(target, measured, self._listed(part), features, mm_per_unit, self._policy)

    def _proposed(self, features: Features) -> list[tuple[int, bool, FloatArray]]:
        """Part, whether mirrored, and pose in millimetres, most votes first."""
        index = self._features
        parts, _, mirrored, T = kernel.vote(
            index.codes,
            index.part,
            index.place,
            index.facing,
            index.start,
            self._parts,
            np.ascontiguousarray(features["code"]),
            cells_of(features, codebook(), PROBES),
            np.ascontiguousarray(features["place"], dtype=np.float64),
            facing_of(features),
            radius_mm(features["octave"]),
            PROPOSED,
        )
        return [
            (int(part), bool(flag), T[k]) for k, (part, flag) in enumerate(zip(parts, mirrored, strict=True))
        ]

    def _look(
        self, target: Target, part: int, mirrored: bool, T_mm: FloatArray, mm_per_unit: float
    ) -> _Look | None:
        """The proposal, refined on few points, with how much of either surface then coincides."""
        cloud = np.asarray(self._cloud(part), dtype=np.float64)
        points, normals = np.ascontiguousarray(cloud[:, :3]), np.ascontiguousarray(cloud[:, 3:])
        diagonal = float(np.linalg.norm(np.ptp(points, axis=0)))
        if diagonal < LEAST_DIAGONAL_MM:
            return None
        tolerance = self._policy.tolerance_mm(diagonal) / mm_per_unit
        smaller = min(diagonal / mm_per_unit, float(np.linalg.norm(target.mesh.extents)))
        reach = max(4 * tolerance, PROPOSAL_ERROR * smaller)
        T = target.tree.refine(
            points[:LOOK_POINTS], normals[:LOOK_POINTS], T_mm[None] / mm_per_unit,
            LOOK_ROUNDS, reach, 2 * tolerance, True,
        )  # fmt: skip
        distance, _ = target.tree.closest(apply(T, points), turn_normals(T, normals), 1.5 * tolerance)
        of_part = float(np.isfinite(distance).mean())
        area = self._area_mm2(part) / mm_per_unit**2
        of_body = min(of_part * area / max(target.surface.area, 1e-12), 1.0)
        worth = max(of_part, of_body)
        return _Look(part, T, mirrored, worth) if worth >= LEAST_LOOK else None

    def _measured(self, target: Target, look: _Look, features: Features, mm_per_unit: float) -> Region:
        listed = self._listed(look.part)
        tolerance = self._policy.tolerance_mm(listed.diagonal_mm)
        T = self._finished(target, look, listed, tolerance / mm_per_unit)
        measured = Laid(target, listed, T, look.mirrored, tolerance).measure()
        information = _information(target, measured, listed, features, mm_per_unit, self._policy)
        return Region(look.part, measured, information)

    def _finished(self, target: Target, look: _Look, listed: ListedSurface, tolerance: float) -> FloatArray:
        """The pose, refined on points of the part where it coincides: the rest of it would only pull."""
        points, normals = listed.samples
        T = look.T_body_part
        distance, _ = target.tree.closest(apply(T, points), turn_normals(T, normals), 2 * tolerance)
        near = np.flatnonzero(np.isfinite(distance))
        if len(near) < 12:
            return T
        some = near[np.linspace(0, len(near) - 1, min(FINISH_POINTS, len(near))).astype(int)]
        return target.tree.refine(
            np.ascontiguousarray(points[some]), np.ascontiguousarray(normals[some]), T[None],
            FINISH_ROUNDS, 2 * tolerance, tolerance, True,
        )  # fmt: skip


def _information(
    target: Target,
    measured: Measurement,
    listed: ListedSurface,
    features: Features,
    mm_per_unit: float,
    policy: Policy,
) -> float:
    """How rare what coincides is: each kind of feature in it counts once, by its rarity beyond what all
    has, as completely as its neighbourhood coincides; less where the side that should lie on the other does
    so in part only, for chance agreements are patchy."""
    book = codebook()
    T_part_body = inverse(measured.T_body_part)
    place = features["place"].astype(np.float64) / mm_per_unit
    facing = turn_normals(T_part_body, facing_of(features))
    distance, _ = listed.tree.closest(apply(T_part_body, place), facing, 2 * measured.tolerance_mm)
    there = np.flatnonzero(np.isfinite(distance))
    if len(there) == 0:
        return 0.0
    covered, samples = _covered(target, measured, listed, T_part_body)
    radius = radius_mm(features["octave"][there]) / mm_per_unit
    patch = _patch_coverage(place[there], radius, samples, covered)
    cell = book.nearest(features["code"][there])[:, 0]
    credit = np.clip((patch - LEAST_PATCH) / (1 - LEAST_PATCH), 0.0, 1.0)
    worth = np.maximum(book.rarity[cell] - COMMON_BITS, 0.0) * credit
    best = np.zeros(book.cells)
    np.maximum.at(best, cell, worth)
    side = region_side(shape_relation(measured, policy), measured.coverage_part, measured.coverage_body)
    return float(best.sum() * side**PATCHINESS)


def _covered(
    target: Target, measured: Measurement, listed: ListedSurface, T_part_body: FloatArray
) -> tuple[Flags, FloatArray]:
    """Which of the body's samples coincide with the part, and the samples."""
    step = len(target.surface.raw) // PATCH_SAMPLES
    samples, normals = target.surface.raw[::step], target.surface.raw_normals[::step]
    distance, _ = listed.tree.closest(
        apply(T_part_body, samples), turn_normals(T_part_body, normals), measured.tolerance_mm
    )
    return np.isfinite(distance), samples


def _patch_coverage(place: FloatArray, radius: FloatArray, samples: FloatArray, covered: Flags) -> FloatArray:
    """Share of the samples within each feature's radius that coincide; 1 where there are none to tell."""
    gaps = _squared_distances(place, samples)
    within = gaps <= (radius**2)[:, None]
    total = within.sum(axis=1)
    return np.where(total > 0, (within & covered).sum(axis=1) / np.maximum(total, 1), 1.0)


def _squared_distances(a: FloatArray, b: FloatArray) -> npt.NDArray[np.float32]:
    middle = b.mean(axis=0)
    a, b = (a - middle).astype(np.float32), (b - middle).astype(np.float32)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(squares)
