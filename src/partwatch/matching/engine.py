"""The engine: parts of a list that lie on one body, found, aligned and measured; it knows no findings."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.fingerprint.cloud import frames_of
from partwatch.fingerprint.descriptor import Fingerprint, describe, fingerprint_of
from partwatch.fingerprint.feature_index import FeatureIndex
from partwatch.fingerprint.surface import sample_surface
from partwatch.geometry.bodies import Solid, merge
from partwatch.matching.alignment import FINISH, MIN_COSINE, SKETCH, Pose, Target, inverse, scale_of
from partwatch.matching.correspondence import mesh_motion
from partwatch.matching.index import PartIndex, Rows, Search
from partwatch.matching.policy import Policy
from partwatch.matching.regions import Region, Regions
from partwatch.matching.verification import POOR, Laid, ListedSurface, Measurement, exact_measurement
from partwatch.model.mesh import FloatArray

# Rows taken from each kind of nearest neighbours.
CANDIDATES = 20
# Largest difference of normalised spreads between a candidate and the body.
PROPORTION_GAP = 0.04
# Least score of a pose: on the corpus true ones reach 0.55 (badly decimated) to 0.95, three strangers in four
# stay below. A part's first pose may fall this far behind the best part's, its further poses less far.
LEAST_SCORE = 0.45
SCORE_SLACK = 0.7
FURTHER_SLACK = 0.85
# A part whose first pose is poor at a glance gets another try only from this score.
LIKELY_SCORE = 0.65
# Parts sketched and measured for a body, poses sketched for a part.
SKETCHED = 12
MEASURED = 6
POSES_SKETCHED = 6
# Least rough coverage by the samples for a pose to be sketched, and how far one may fall behind the best.
# Of 944 parts found on changed copies of the corpus none needed less than 0.4, nor less than half the best.
LEAST_LOOK = 0.3
LOOK_SLACK = 0.45
# A part that lies this well at a glance needs no other pose tried.
SETTLED = 0.995
# How far, in diagonals, a pose may leave a vertex from its partner on the same mesh.
VERTEX_REACH = 0.02
# How far a glance may err against the coverage that it stands for.
GLANCE_SLACK = 0.08
SURFACES_KEPT = 64
# A score from which on nothing but noise and another tessellation is between a body and a part.
UNEDITED = 0.98
# Coverage both ways from which on a hit is scored as a whole.
WHOLE_COVERAGE = 0.6

Cloud = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Hit:
    """A measured candidate. part: its index in the list. same_mesh: vertex on vertex.

    information: how rare what coincides is; None where it was not asked, the whole being alike. whole: how
    the part lies as a whole, in any size, where it is a region that was measured.
    """

    part: int
    measured: Measurement
    same_mesh: bool
    information: float | None = None
    whole: Measurement | None = None

    @property
    def as_whole(self) -> Measurement | None:
        """How the part lies as a whole; None where only a region was looked for."""
        return self.measured if self.information is None else self.whole

    @property
    def score(self) -> float:
        """0 to 1: of the whole, or of the side that coincides where only a region was looked for."""
        whole = self.information is None or self.measured.coverage >= WHOLE_COVERAGE
        return self.measured.score if whole else self.measured.region_score


@dataclass(frozen=True, eq=False)
class Found:
    """What a list has to say of one body. hits: best first, one a part. resembling: parts by their index.
    fingerprint: of the body, where it was sampled for the search."""

    hits: list[Hit]
    resembling: list[int]
    fingerprint: Fingerprint | None = None

    def joined(self, more: Sequence[Hit]) -> Found:
        """With further hits, the better one of each part."""
        best: dict[int, Hit] = {}
        for hit in (*self.hits, *more):
            if hit.part not in best or hit.measured.score > best[hit.part].measured.score:
                best[hit.part] = hit
        return replace(self, hits=sorted(best.values(), key=_rank))


@dataclass(frozen=True, eq=False)
class _Tries:
    """A candidate part and the poses to try, best first."""

    part: int
    poses: list[tuple[Pose, Cloud]]

    @property
    def score(self) -> float:
        return self.poses[0][0].score


@dataclass(frozen=True, eq=False)
class _Sketch:
    """A part's best pose so far; glance: its rough coverage."""

    tries: _Tries
    cloud: Cloud
    T_body_part: FloatArray
    laid: Laid
    glance: float


def _worth_trying(poses: list[tuple[Pose, Cloud]], top: float) -> list[tuple[Pose, Cloud]]:
    """A part's best pose, and those others that come close to the best of all parts; best first."""
    ordered = sorted(poses, key=lambda entry: (-entry[0].score, entry[0].mirrored))
    return ordered[:1] + [entry for entry in ordered[1:] if entry[0].score >= FURTHER_SLACK * top]


def _rank(hit: Hit) -> tuple[float, bool, int]:
    """Best first by the whole; of equals what is not mirrored."""
    return -round(hit.measured.score, 4), hit.measured.mirrored, hit.part


class Around:
    """All of an item's bodies as one surface, built when a part of several shells asks for it."""

    def __init__(self, solids: Sequence[Solid]) -> None:
        self._solids = solids

    @cached_property
    def tree(self) -> kernel.TriangleTree | None:
        """None where there is one body only: it is its own surrounding."""
        if len(self._solids) < 2:
            return None
        mesh = merge([solid.mesh for solid in self._solids])
        return kernel.TriangleTree(mesh.vertices, mesh.triangles, MIN_COSINE)


class Engine:
    """Candidates, alignment and measurement over one list; knows no findings."""

    def __init__(self, index: PartIndex, policy: Policy, features: FeatureIndex | None = None) -> None:
        """features: of the list's parts; without them no region is looked for."""
        self.index = index
        self.policy = policy
        self._regions = (
            None
            if features is None
            else Regions(features, self._part_count(), policy, self._cloud, self._area_mm2, self.listed)
        )
        self._search = Search(index.descriptors)
        self._surfaces: OrderedDict[int, ListedSurface] = OrderedDict()
        counts = np.bincount(index.part_index, minlength=1) if len(index.part_index) else np.zeros(1, int)
        self._prints_a_part = counts
        self._compounds: tuple[Rows, Search] | None = None

    def under(self, policy: Policy) -> Engine:
        """The same list under another tolerance for whole bodies; what is known of the list is shared."""
        if policy == self.policy:
            return self
        other = copy(self)
        other.policy = policy
        return other

    @property
    def seeks_regions(self) -> bool:
        """Whether parts that share no more than a region with a body are looked for."""
        return self._regions is not None

    def find(
        self, solid: Solid, around: Around, always: Sequence[int] = (), mm_per_unit: float | None = None
    ) -> Found:
        """Parts that lie on the body, and those without geometry that it resembles.

        around: all the item's bodies, on which a part of several shells may be spread; one for all of them.
        always: parts to measure whatever the search says. mm_per_unit: of the body's unit, where parts that
        share no more than a region with the body are asked for too; they are not, where a part lies on all
        of it.
        """
        if len(self.index.part_index) == 0 or not solid.mesh.extents.max() > 0:
            return Found([], [])
        surface = sample_surface(solid.mesh)
        fingerprint = fingerprint_of(surface)
        rows, resembling = self._candidates(fingerprint.descriptor, always)
        target = Target(solid.mesh, surface)
        hits = self._hits(target, rows, around)
        if mm_per_unit is not None:
            hits = self._with_regions(target, hits, mm_per_unit)
        return Found(hits, resembling, fingerprint)

    def shared_at(
        self, solid: Solid, part: int, T_body_part: FloatArray, mm_per_unit: float
    ) -> Region | None:
        """What a body shares with a part near a pose (3, 4) that is known; None where regions are not looked
        for, or mean nothing."""
        if self._regions is None:
            return None
        target = Target(solid.mesh, sample_surface(solid.mesh))
        return self._regions.at(target, part, T_body_part, mm_per_unit)

    def _with_regions(self, target: Target, hits: list[Hit], mm_per_unit: float) -> list[Hit]:
        """Also the parts that share a region with the body, and what the regions of the others say."""
        if self._regions is None:
            return hits
        if any(self._is_whole(hit) for hit in hits):
            return [self._with_information(target, hit, mm_per_unit) for hit in hits]
        best = {
            region.part: Hit(region.part, region.measured, False, region.information)
            for region in self._regions.find(target, mm_per_unit)
        }
        for hit in hits:
            if hit.measured.coverage < self.policy.candidate_coverage:
                continue
            at_pose = self._regions.at(target, hit.part, hit.measured.T_body_part, mm_per_unit)
            known = best.get(hit.part)
            if at_pose is None:
                best.setdefault(hit.part, hit)
            elif known is None or (known.information or 0.0) < at_pose.information:
                best[hit.part] = Hit(hit.part, at_pose.measured, False, at_pose.information, hit.measured)
            else:
                best[hit.part] = replace(known, whole=hit.measured)
        return sorted(best.values(), key=_rank)

    def _with_information(self, target: Target, hit: Hit, mm_per_unit: float) -> Hit:
        """A part on the whole of a body, edited: what coincides may say more than how much."""
        if self._regions is None or not self._is_whole(hit) or hit.measured.score >= UNEDITED:
            return hit
        at_pose = self._regions.at(target, hit.part, hit.measured.T_body_part, mm_per_unit)
        return hit if at_pose is None else replace(hit, information=at_pose.information, whole=hit.measured)

    def _is_whole(self, hit: Hit) -> bool:
        return hit.measured.coverage >= self.policy.match_coverage

    def _part_count(self) -> int:
        return int(self.index.part_index.max(initial=-1)) + 1

    def _cloud(self, part: int) -> Cloud:
        """Of a part as a whole: its first print."""
        row = int(np.searchsorted(self.index.part_index, part))
        return np.asarray(self.index.clouds(np.array([row]))[0])

    def _area_mm2(self, part: int) -> float:
        return self.index.part(part).area_mm2

    def find_compound(self, compound: Solid) -> list[Hit]:
        """Parts of several shells that lie on several bodies taken as one, best first.

        Shells may be as plain as a cube, which says nothing of how the part lies; together they do.
        """
        if self._compounds is None:
            rows = np.flatnonzero(self._prints_a_part[self.index.part_index] > 1)
            self._compounds = rows, Search(self.index.descriptors[rows])
        rows, search = self._compounds
        if len(rows) == 0 or not compound.mesh.extents.max() > 0:
            return []
        surface = sample_surface(compound.mesh)
        near = rows[search.nearest(describe(surface), CANDIDATES)[0]]
        return self._hits(Target(compound.mesh, surface), self._with_geometry(near), Around([compound]))

    def _hits(self, target: Target, rows: Rows, around: Around) -> list[Hit]:
        hits, others = self._same_meshes(target, self._tries(target, rows))
        sketches = [
            sketch
            for each in self._promising(target, others[:SKETCHED])
            if (sketch := self._sketched(target, each, around)) is not None
        ]
        hits += [self._hit(target, sketch, around) for sketch in self._worth_measuring(sketches)]
        hits.sort(key=_rank)
        return hits

    def is_compound(self, part: int) -> bool:
        """Whether a part has several shells, and so lies on more than the one body."""
        return bool(self._prints_a_part[part] > 1)

    def _promising(self, target: Target, tries: list[_Tries]) -> list[_Tries]:
        """The tries with those of their poses that look well enough to be sketched."""
        looks = [self._looks(target, each) for each in tries]
        bar = max([LEAST_LOOK, *(LOOK_SLACK * look for of_part in looks for look in of_part)])
        return [
            _Tries(
                each.part, [entry for entry, look in zip(each.poses, of_part, strict=False) if look >= bar]
            )
            for each, of_part in zip(tries, looks, strict=True)
        ]

    def _looks(self, target: Target, tries: _Tries) -> list[float]:
        """How well each pose that may be sketched lies by the body's samples alone."""
        tolerance = self.policy.tolerance_mm(self.listed(tries.part).diagonal_mm)
        return [
            target.look(pose.T_body_part, cloud, tolerance * scale_of(pose.T_body_part))
            for pose, cloud in tries.poses[:POSES_SKETCHED]
        ]

    def _same_meshes(self, target: Target, tries: list[_Tries]) -> tuple[list[Hit], list[_Tries]]:
        """Parts whose very mesh the body is, which need no estimate and no measuring; and the other tries."""
        hits: list[Hit] = []
        others: list[_Tries] = []
        for each in tries:
            measured = self._same_mesh(target, each)
            if measured is None:
                others.append(each)
            else:
                hits.append(Hit(each.part, measured, same_mesh=True))
        return hits, others

    def _same_mesh(self, target: Target, tries: _Tries) -> Measurement | None:
        if self.index.part(tries.part).triangles != len(target.mesh.triangles):
            return None
        listed = self.listed(tries.part)
        tolerance = self.policy.tolerance_mm(listed.diagonal_mm)
        reach = max(5 * tolerance, VERTEX_REACH * listed.diagonal_mm)
        for pose, _ in tries.poses:
            T = mesh_motion(target.mesh, listed.mesh, inverse(pose.T_body_part), reach)
            if T is not None:
                return exact_measurement(inverse(T), tolerance)
        return None

    def _worth_measuring(self, sketches: list[_Sketch]) -> list[_Sketch]:
        """The sketches that may raise a finding, best first; where there is none, the best candidate."""
        ordered = sorted(
            sketches, key=lambda sketch: (-sketch.glance, sketch.laid.mirrored, sketch.tries.part)
        )
        raising = [s for s in ordered if s.glance >= self.policy.review_coverage - GLANCE_SLACK]
        return raising[:MEASURED] or [
            s for s in ordered[:1] if s.glance >= self.policy.candidate_coverage - GLANCE_SLACK
        ]

    def _candidates(
        self, descriptor: npt.NDArray[np.float32], always: Sequence[int]
    ) -> tuple[Rows, list[int]]:
        """Rows to lay on the body, best first, and parts without geometry that it resembles."""
        rows, similarity = self._search.nearest(descriptor, CANDIDATES)
        alike = rows[similarity >= self.policy.fingerprint_similarity]
        resembling = sorted({p for p in self._parts(alike) if not self.index.part(p).has_geometry})
        if always:
            forced = np.flatnonzero(np.isin(self.index.part_index, np.asarray(always)))
            rows = np.concatenate([forced, rows[~np.isin(rows, forced)]])
        return self._with_geometry(rows), resembling

    def _with_geometry(self, rows: Rows) -> Rows:
        solid = np.array([self.index.part(p).has_geometry for p in self._parts(rows)], dtype=bool)
        return np.asarray(rows[solid])

    def _parts(self, rows: Rows) -> list[int]:
        return [int(part) for part in self.index.part_index[rows]]

    def _tries(self, target: Target, rows: Rows) -> list[_Tries]:
        """Poses worth sketching, a part at a time, best first."""
        clouds = self.index.clouds(rows)
        frames = frames_of(np.asarray(clouds[:, :, :3], dtype=np.float64)) if len(rows) else []
        mine = target.frame.proportions
        top = 0.0
        of_part: dict[int, list[tuple[Pose, Cloud]]] = {}
        for row, cloud, frame in zip(rows, clouds, frames, strict=True):
            if not frame.radius > 0 or np.abs(frame.proportions - mine).max() > PROPORTION_GAP:
                continue
            for pose in target.poses(cloud, frame, max(SCORE_SLACK * top, LEAST_SCORE)):
                top = max(top, pose.score)
                of_part.setdefault(int(self.index.part_index[row]), []).append((pose, cloud))
        tries = [
            _Tries(part, _worth_trying(poses, top))
            for part, poses in of_part.items()
            if max(pose.score for pose, _ in poses) >= max(SCORE_SLACK * top, LEAST_SCORE)
        ]
        return sorted(tries, key=lambda entry: (-entry.score, entry.part))

    def _sketched(self, target: Target, tries: _Tries, around: Around) -> _Sketch | None:
        """The part's best pose at a glance; a reflection only where no rotation does as well."""
        listed = self.listed(tries.part)
        tolerance = self.policy.tolerance_mm(listed.diagonal_mm)
        best: _Sketch | None = None
        for pose, cloud in tries.poses[:POSES_SKETCHED]:
            if best is not None and best.glance >= SETTLED and (pose.mirrored or not best.laid.mirrored):
                continue
            if best is not None and best.glance < POOR and pose.score < LIKELY_SCORE:
                break
            least = 2 * tolerance * scale_of(pose.T_body_part)
            T = target.settled(pose.T_body_part, cloud, target.reach, least, SKETCH)
            laid = self._laid(target, tries.part, T, pose.mirrored, around)
            sketch = _Sketch(tries, cloud, T, laid, laid.glance())
            if best is None or sketch.glance > best.glance - 0.01 * (best.laid.mirrored - pose.mirrored):
                best = sketch
        return best

    def _hit(self, target: Target, sketch: _Sketch, around: Around) -> Hit:
        listed = self.listed(sketch.tries.part)
        reach = 2 * self.policy.tolerance_mm(listed.diagonal_mm) * scale_of(sketch.T_body_part)
        T = target.settled(sketch.T_body_part, sketch.cloud, 3 * reach, reach, FINISH)
        laid = self._laid(target, sketch.tries.part, T, sketch.laid.mirrored, around)
        return Hit(sketch.tries.part, laid.measure(), same_mesh=False)

    def _laid(self, target: Target, part: int, T: FloatArray, mirrored: bool, around: Around) -> Laid:
        listed = self.listed(part)
        spread = around.tree if self.is_compound(part) else None
        return Laid(target, listed, T, mirrored, self.policy.tolerance_mm(listed.diagonal_mm), spread)

    def listed(self, part: int) -> ListedSurface:
        """A part's surface, kept while it is in use."""
        known = self._surfaces.get(part)
        if known is None:
            known = self._surfaces[part] = ListedSurface(self.index.mesh(part))
            if len(self._surfaces) > SURFACES_KEPT:
                self._surfaces.popitem(last=False)
        self._surfaces.move_to_end(part)
        return known
