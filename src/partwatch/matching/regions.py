"""Parts that share a region with a body: a piece of one, one within something larger, one that was edited.

Local features propose the parts and how they would lie; refinement and measuring decide. How rare what
coincides is, in a benign population, is kept with each hit: it, and not coverage, is evidence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.fingerprint.codebook import PROBES
from partwatch.fingerprint.feature_index import FeatureIndex, cells_of
from partwatch.fingerprint.local import FIRST_OCTAVE, facing_of, radius_mm
from partwatch.fingerprint.shipped import codebook
from partwatch.geometry.offset import offset_mesh
from partwatch.matching.alignment import Effort, Target, apply, inverse, scale_of, shrunk, turn_normals
from partwatch.matching.growth import MOST_GROWTH_MM, growth_of
from partwatch.matching.policy import Policy
from partwatch.matching.rarity import (
    EXACT_HALVINGS,
    OwnFeatures,
    information,
    most_information,
    squared_distances,
)
from partwatch.matching.stretch import MOST_STRETCH, stretched
from partwatch.matching.verification import Laid, ListedSurface, Measurement
from partwatch.model.mesh import FloatArray

# Parts that voting proposes, and those of them that are measured.
PROPOSED = 32
MEASURED = 6
# What a place on the body counts for a further part, once a measured one lies there: several parts in one
# body are all to be seen, though each may have many near-duplicates in the list.
EXPLAINED = 0.3
# From this information on a region is seldom chance: parts that lie there nearly as well are measured too.
TELLING = 3.0
TWINS, TWIN_WORTH, TWIN_SHARE = 8, 0.9, 0.6
# Fewer features of a body agree on no pose.
LEAST_FEATURES = 3
# Points of a part's cloud, and rounds, for a glance and for a look; how many are looked at; and how far off a
# proposal may be, as a share of the smaller diagonal.
GLANCE, LOOK = Effort(64, 4), Effort(256, 8)
LOOKED = 32
PROPOSAL_ERROR = 0.05
FINISH_POINTS, FINISH_ROUNDS = 256, 8
# Least coverage of either side at a look.
LEAST_LOOK = 0.35
# How much more of a surface a reflection must lay on the other than a rotation.
MIRROR_MARGIN = 0.02
# Below this size, as in files in metres, tolerances and details mean nothing.
LEAST_DIAGONAL_MM = 5.0
# A stretch is tried from this coverage on, and taken where it lays so much more on each other; one sample of
# the part in so many says how, from so far off, as a share of the diagonal.
LEAST_STRETCHED, STRETCH_GAIN = 0.25, 0.04
STRETCH_EVERY, STRETCH_REACH = 8, 0.03
# Moved walls are looked for where so much of both coincides, more loosely than so many millimetres.
LEAST_GROWN, LOOSE_MM = 0.6, 0.02
# Where a region tells, what of a body's features does not lie on it is searched again, so often at most, if
# it is this share of them: a part may be one of several in a body, and each have many near-duplicates.
ROUNDS, LEAST_LEFT = 3, 0.1

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Region:
    """A part on a body. information: how rare what coincides is (`rarity.information`)."""

    part: int
    measured: Measurement
    information: float


@dataclass(frozen=True, eq=False)
class _Look:
    """worth: 0 to 1, of a pose that was looked at. places: (n, 3), where the part coincides with the body."""

    part: int
    T_body_part: FloatArray
    mirrored: bool
    worth: float = 0.0
    places: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))

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
        left = np.ones(len(target.features(mm_per_unit)), dtype=bool)
        best: dict[int, Region] = {}
        for _ in range(ROUNDS):
            if left.sum() < max(LEAST_FEATURES, LEAST_LEFT * len(left)):
                break
            found = self._round(target, left, mm_per_unit)
            for region in found:
                if region.part not in best or region.information > best[region.part].information:
                    best[region.part] = region
            explained = left & self._explained(target, found, mm_per_unit)
            if not explained.any():
                break
            left &= ~explained
        return sorted(best.values(), key=lambda region: (-round(region.information, 3), region.part))

    def _round(self, target: Target, left: Flags, mm_per_unit: float) -> list[Region]:
        """What those features of the body that are left propose, measured."""
        claims = {look: _claims(target, look.places) for look in self._looks(target, left, mm_per_unit)}
        chosen, others = _worth_measuring(claims)
        found = {look: self._measured(target, look, mm_per_unit) for look in chosen}
        tops: list[_Look] = []
        for look in sorted(chosen, key=lambda look: -found[look].information):
            if found[look].information < TELLING or any(_is_twin(look, top, claims) for top in tops):
                continue
            # What a piece is cut from and its near-duplicates in the list are not told apart by what is left.
            tops.append(look)
            twins = [other for other in others if other not in found and _is_twin(other, look, claims)]
            found |= {twin: self._measured(target, twin, mm_per_unit) for twin in twins[:TWINS]}
        return list(found.values())

    def _explained(self, target: Target, found: Sequence[Region], mm_per_unit: float) -> Flags:
        """Which of the body's features lie on a part that is told by what it shares."""
        features = target.features(mm_per_unit)
        place = features["place"].astype(np.float64) / mm_per_unit
        explained = np.zeros(len(features), dtype=bool)
        for region in found:
            if region.information >= TELLING:
                T = inverse(region.measured.T_body_part)
                facing = turn_normals(T, facing_of(features))
                tree = self._listed(region.part).tree
                distance, _ = tree.closest(apply(T, place), facing, 2 * region.measured.tolerance_mm)
                explained |= np.isfinite(distance)
        return explained

    def at(self, target: Target, part: int, T_body_part: FloatArray, mm_per_unit: float) -> Region | None:
        """A part near a pose (3, 4) that is known, measured in its own size; None where regions mean
        nothing: of what is too small, and of what has not the part's size in the body's unit."""
        listed = self._listed(part)
        smallest = min(listed.diagonal_mm, float(np.linalg.norm(target.mesh.extents)) * mm_per_unit)
        scale = scale_of(T_body_part) * mm_per_unit
        if smallest < LEAST_DIAGONAL_MM or abs(scale - 1) > self._policy.scale_tolerance:
            return None
        T = shrunk(T_body_part, scale, listed.samples[0].mean(axis=0))
        mirrored = bool(np.linalg.det(T[:, :3]) < 0)
        look = _Look(part, T, mirrored)
        return self._measured(target, look, mm_per_unit)

    def _looks(self, target: Target, left: Flags, mm_per_unit: float) -> list[_Look]:
        """The best look at each part that is proposed; at a glance first, since most proposals are wrong."""
        clouds: dict[int, FloatArray] = {}
        glances = []
        for part, mirrored, T in self._proposed(target, left, mm_per_unit):
            if part not in clouds:
                clouds[part] = np.asarray(self._cloud(part), dtype=np.float64)
            start = _Look(part, T / mm_per_unit, mirrored)
            glance = self._look(target, clouds[part], start, GLANCE, mm_per_unit)
            if glance is not None:
                glances.append(glance)
        best: dict[int, _Look] = {}
        for glance in sorted(glances, key=lambda glance: -glance.worth)[:LOOKED]:
            look = self._look(target, clouds[glance.part], glance, LOOK, mm_per_unit)
            if look is None or look.worth < LEAST_LOOK:
                continue
            if look.part not in best or look.beats(best[look.part]):
                best[look.part] = look
        return list(best.values())

    def _proposed(
        self, target: Target, left: Flags, mm_per_unit: float
    ) -> list[tuple[int, bool, FloatArray]]:
        """Part, whether mirrored, and pose in millimetres, by features that are left; most votes first."""
        features = target.features(mm_per_unit)[left]
        index = self._features
        parts, _, mirrored, T = kernel.vote(
            index.codes,
            index.part,
            index.place,
            index.facing,
            index.start,
            self._telling,
            np.ascontiguousarray(features["code"]),
            cells_of(features, codebook(), PROBES),
            np.ascontiguousarray(features["place"], dtype=np.float64),
            facing_of(features),
            radius_mm(features["octave"]),
            codebook().rarity[target.kinds(mm_per_unit)[left]].astype(np.float64),
            PROPOSED,
        )
        return [
            (int(part), bool(flag), T[k]) for k, (part, flag) in enumerate(zip(parts, mirrored, strict=True))
        ]

    def _look(
        self, target: Target, cloud: FloatArray, start: _Look, effort: Effort, mm_per_unit: float
    ) -> _Look | None:
        """A proposal, refined on some of the part's points (n, 6), with how much of either surface then
        coincides; None of what is too small."""
        points, normals = np.ascontiguousarray(cloud[:, :3]), np.ascontiguousarray(cloud[:, 3:])
        diagonal = float(np.linalg.norm(np.ptp(points, axis=0)))
        if diagonal < LEAST_DIAGONAL_MM:
            return None
        tolerance = self._policy.region_tolerance_mm(diagonal) / mm_per_unit
        smaller = min(diagonal / mm_per_unit, float(np.linalg.norm(target.mesh.extents)))
        reach = max(4 * tolerance, PROPOSAL_ERROR * smaller)
        few = slice(effort.points)
        T = target.tree.refine(
            points[few], normals[few], start.T_body_part[None], effort.rounds, reach, 2 * tolerance, True
        )
        seen = slice(2 * effort.points)
        places = apply(T, points[seen])
        distance, _ = target.tree.closest(places, turn_normals(T, normals[seen]), 1.5 * tolerance)
        there = np.isfinite(distance)
        area = self._area_mm2(start.part) / mm_per_unit**2
        of_part = float(there.mean())
        of_body = min(of_part * area / max(target.surface.area, 1e-12), 1.0)
        return _Look(start.part, T, start.mirrored, max(of_part, of_body), places[there])

    def _measured(self, target: Target, look: _Look, mm_per_unit: float) -> Region:
        listed = self._listed(look.part)
        tolerance = self._policy.region_tolerance_mm(listed.diagonal_mm)
        T = self._finished(target, look, listed, tolerance / mm_per_unit)
        measured = Laid(target, listed, T, look.mirrored, tolerance).measure()
        longer = self._stretched(target, listed, measured, mm_per_unit)
        price = 0.0
        if longer is not None and longer.coverage >= measured.coverage + STRETCH_GAIN:
            measured, price = longer, _stretch_bits(listed.diagonal_mm, tolerance)
        own = self._own(look.part)
        told = information(target, measured, listed, own, mm_per_unit, self._policy) - price
        told = max(told, self._with_walls_moved(target, listed, measured, own, mm_per_unit))
        return Region(look.part, measured, max(told, 0.0))

    def _with_walls_moved(
        self,
        target: Target,
        listed: ListedSurface,
        measured: Measurement,
        own: OwnFeatures,
        mm_per_unit: float,
    ) -> float:
        """The information of what coincides once all of the part's walls are moved by one distance, less
        what choosing it is worth; 0 where that cannot be what was done."""
        if measured.coverage < LEAST_GROWN or measured.median_mm < LOOSE_MM:
            return 0.0
        tolerance = measured.tolerance_mm / mm_per_unit
        points, normals = _some_samples(listed)
        fitted = growth_of(
            target.mesh,
            target.tree,
            points,
            normals,
            measured.T_body_part,
            max(tolerance, MOST_GROWTH_MM / mm_per_unit),
        )
        if fitted is None:
            return 0.0
        T, by = fitted
        grown = ListedSurface(offset_mesh(listed.mesh, by))
        anew = Laid(target, grown, T, measured.mirrored, measured.tolerance_mm).measure()
        told = information(target, anew, grown, own, mm_per_unit, self._policy)
        finest = measured.tolerance_mm / 2**EXACT_HALVINGS
        return told - math.log2(2 * MOST_GROWTH_MM / finest)

    @cached_property
    def _telling(self) -> Flags:
        """(parts,): those that have enough of their own to be told by. A region of any other says nothing,
        and plain ones lie on everything: they would only be in the way."""
        return most_information(self._features, self._parts) >= TELLING

    def _own(self, part: int) -> OwnFeatures:
        """A part's own features."""
        index, book = self._features, codebook()
        rows = np.flatnonzero(index.part == part)
        cell = np.searchsorted(index.start, rows, side="right") - 1
        return OwnFeatures(
            place=index.place[rows].astype(np.float64),
            radius_mm=radius_mm(cell // book.cells + FIRST_OCTAVE),
            rarity=book.rarity[cell % book.cells].astype(np.float64),
        )

    def _stretched(
        self, target: Target, listed: ListedSurface, measured: Measurement, mm_per_unit: float
    ) -> Measurement | None:
        """The part made longer or shorter along one direction; None where that cannot be what was done."""
        if not LEAST_STRETCHED <= measured.coverage < self._policy.match_coverage:
            return None
        tolerance = measured.tolerance_mm / mm_per_unit
        points, normals = _some_samples(listed)
        reach = max(STRETCH_REACH * listed.diagonal_mm / mm_per_unit, 4 * tolerance)
        T = stretched(target.mesh, target.tree, points, normals, measured.T_body_part, reach, tolerance)
        if T is None:
            return None
        return Laid(target, listed, T, measured.mirrored, measured.tolerance_mm).measure()

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


def _some_samples(listed: ListedSurface) -> tuple[FloatArray, FloatArray]:
    """One in so many: enough to say how a part was changed as a whole."""
    points, normals = listed.samples
    return np.ascontiguousarray(points[::STRETCH_EVERY]), np.ascontiguousarray(normals[::STRETCH_EVERY])


def _stretch_bits(diagonal_mm: float, tolerance_mm: float) -> float:
    """What choosing the stretch is worth: the logarithm of how many differ, along one of three axes."""
    return math.log2(3 * max(2 * MOST_STRETCH * diagonal_mm / tolerance_mm, 1.0))


def _claims(target: Target, places: FloatArray) -> Flags:
    """The even points of a body that are closest to places on it."""
    claimed = np.zeros(len(target.surface.points), dtype=bool)
    claimed[squared_distances(places, target.surface.points).argmin(axis=1)] = True
    return claimed


def _is_twin(look: _Look, other: _Look, claims: Mapping[_Look, Flags]) -> bool:
    """Whether a part lies as well and mostly where another does."""
    both = float((claims[look] & claims[other]).sum())
    return look.worth >= TWIN_WORTH * other.worth and both >= TWIN_SHARE * float(claims[other].sum())


def _worth_measuring(claims: Mapping[_Look, Flags]) -> tuple[list[_Look], list[_Look]]:
    """Each next the one that lies best, and most of it where none of those before does; and the others.

    claims: of each look, which of the body's even points the part lies at.
    """
    left = sorted(claims, key=lambda look: (-look.worth, look.part))
    chosen: list[_Look] = []
    free = np.ones(len(claims[left[0]]) if left else 0)
    while left and len(chosen) < MEASURED:
        best = max(left, key=lambda look: look.worth * float(free[claims[look]].mean()))
        left.remove(best)
        chosen.append(best)
        free[claims[best]] = EXPLAINED
    return chosen, left
