"""How rare what a body and a part share is: the information of a region, from which its bits come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint.feature_index import FeatureIndex
from partwatch.fingerprint.local import facing_of, radius_mm
from partwatch.fingerprint.shipped import codebook
from partwatch.matching.alignment import Target, apply, inverse, scale_of, turn_normals
from partwatch.matching.policy import Policy
from partwatch.matching.relation import region_side, shape_relation
from partwatch.matching.verification import MEASURED_SAMPLES, ListedSurface, Measurement
from partwatch.model.document import Relation
from partwatch.model.mesh import FloatArray

# Rarity that nearly every body has: edges and corners of boxes.
COMMON_BITS = 1.5
# Share of its neighbourhood that must coincide for a feature to count at all.
LEAST_PATCH = 0.8
# Halvings of the tolerance down to a neighbourhood that coincides exactly.
EXACT_HALVINGS = 6.0
# Powers of the coverage, and of the share of features that coincide; decision 0025 has what else was tried.
COVERED_POWER, SHARED_POWER = 3, 6
PATCH_SAMPLES = MEASURED_SAMPLES // 2
# Share of a feature's radius within which the part's own feature is taken for the same.
SAME_PLACE = 0.5


@dataclass(frozen=True, eq=False)
class OwnFeatures:
    """A part's own features. place: (n, 3), in its millimetres. radius_mm, rarity: (n,)."""

    place: FloatArray
    radius_mm: FloatArray
    rarity: FloatArray


def information(
    target: Target,
    measured: Measurement,
    listed: ListedSurface,
    own: OwnFeatures,
    mm_per_unit: float,
    policy: Policy,
) -> float:
    """How rare what coincides is, in units that a calibration turns into bits.

    Each kind of feature in it counts once, by its rarity beyond what all has, as completely and as exactly as
    its neighbourhood coincides. Chance agreements are patchy and loose: so it is less where the side that
    should lie on the other does so in part only, and where its other features do not coincide.
    """
    features = target.features(mm_per_unit)
    T_part_body = inverse(measured.T_body_part)
    place = apply(T_part_body, features["place"].astype(np.float64) / mm_per_unit)
    facing = turn_normals(T_part_body, facing_of(features))
    distance, _ = listed.tree.closest(place, facing, 2 * measured.tolerance_mm)
    there = np.flatnonzero(np.isfinite(distance))
    if len(there) == 0:
        return 0.0
    radius = radius_mm(features["octave"][there]) * scale_of(T_part_body) / mm_per_unit
    relation = shape_relation(measured, policy)
    coverage, apart = _neighbourhoods(target, measured, listed, relation, place[there], radius)
    complete = np.clip((coverage - LEAST_PATCH) / (1 - LEAST_PATCH), 0.0, 1.0)
    halvings = np.log2(measured.tolerance_mm / np.maximum(apart, 1e-9))
    exact = np.clip(halvings / EXACT_HALVINGS, 0.0, 1.0)
    kind = target.kinds(mm_per_unit)[there]
    # What is odd about the rest of the body, as the rim where a facet is missing, is none of the part's.
    rarity = np.minimum(codebook().rarity[kind], _own_rarity(own, place[there], radius))
    told = _once_a_kind(kind, rarity, complete * exact, codebook().cells)
    side = region_side(relation, measured.coverage_part, measured.coverage_body)
    # Around a part within something larger there are features of the rest.
    shared = measured.coverage_part if relation is Relation.CONTAINS else len(there) / len(features)
    return float(told * side**COVERED_POWER * shared**SHARED_POWER)


def most_information(index: FeatureIndex, parts: int) -> FloatArray:
    """(parts,): what each could tell at most, were all of it there: its features' rarity, each kind once."""
    book = codebook()
    cell = np.repeat(np.arange(len(index.start) - 1), np.diff(index.start))
    # Within a cell they are ordered by part.
    first = np.ones(len(cell), dtype=bool)
    first[1:] = (np.diff(index.part) != 0) | (np.diff(cell) != 0)
    beyond = np.maximum(book.rarity[cell[first] % book.cells].astype(np.float64) - COMMON_BITS, 0.0)
    return np.bincount(index.part[first], weights=beyond, minlength=parts).astype(np.float64)


def _own_rarity(own: OwnFeatures, place: FloatArray, radius: FloatArray) -> FloatArray:
    """Rarity of the part's own feature at each place, of the same size; 0 where it has none there."""
    if len(own.place) == 0:
        return np.zeros(len(place))
    apart = np.asarray(squared_distances(place, own.place), dtype=np.float64)
    apart[np.abs(own.radius_mm - radius[:, None]) > 0.1 * radius[:, None]] = np.inf
    nearest = apart.argmin(axis=1)
    near = apart[np.arange(len(place)), nearest] <= (SAME_PLACE * radius) ** 2
    return np.where(near, own.rarity[nearest], 0.0)


def _once_a_kind(kind: npt.NDArray[np.intp], rarity: FloatArray, credit: FloatArray, kinds: int) -> float:
    """Rarity of what is there; of each kind the place that coincides best."""
    best = np.zeros(kinds)
    np.maximum.at(best, kind, np.maximum(rarity - COMMON_BITS, 0.0) * credit)
    return float(best.sum())


def _neighbourhoods(
    target: Target,
    measured: Measurement,
    listed: ListedSurface,
    relation: Relation,
    place: FloatArray,
    radius: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """How much of the surface around places in the part's frame coincides, and how far apart that is, root
    mean square: of the side that must lie on the other, for around a part in something larger, and beyond
    where a piece was cut, there is more; the better one of an edited part's."""
    T = measured.T_body_part
    sides = []
    if relation is not Relation.CONTAINS:
        step = len(target.surface.raw) // PATCH_SAMPLES
        back = inverse(T)
        points = apply(back, target.surface.raw[::step])
        normals = turn_normals(back, target.surface.raw_normals[::step])
        distance, _ = listed.tree.closest(points, normals, measured.tolerance_mm)
        sides.append(_around(place, radius, points, distance))
    if relation is not Relation.PIECE_OF:
        points, normals = (rows[:: MEASURED_SAMPLES // PATCH_SAMPLES] for rows in listed.samples)
        units = scale_of(T)
        distance, _ = target.tree.closest(
            apply(T, points), turn_normals(T, normals), measured.tolerance_mm * units
        )
        sides.append(_around(place, radius, points, distance / units))
    coverage, apart = (np.array(each) for each in zip(*sides, strict=True))
    return np.asarray(coverage.max(axis=0)), np.asarray(apart.min(axis=0))


def _around(
    place: FloatArray, radius: FloatArray, samples: FloatArray, distance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Of the samples within each place's radius: the share that coincides, 1 where there are none to tell,
    and the root mean square distance of those that do. distance: (n,), infinite where they do not."""
    covered = np.isfinite(distance)
    within = squared_distances(place, samples) <= (radius**2)[:, None]
    total, there = within.sum(axis=1), within[:, covered].sum(axis=1)
    squares = within[:, covered] @ distance[covered] ** 2
    coverage = np.where(total > 0, there / np.maximum(total, 1), 1.0)
    return coverage, np.sqrt(squares / np.maximum(there, 1))


def squared_distances(a: FloatArray, b: FloatArray) -> npt.NDArray[np.float32]:
    """(n, m) squared distances of (n, 3) and (m, 3) places, in single precision about their middle."""
    middle = b.mean(axis=0)
    a, b = (a - middle).astype(np.float32), (b - middle).astype(np.float32)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(squares)
