"""Which body of one file belongs to which of another: by the engine, by place, then one to one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint.cloud import CLOUD_SIZE, cloud_of
from partwatch.fingerprint.descriptor import DESCRIPTOR_SIZE, describe
from partwatch.fingerprint.surface import sample_surface
from partwatch.geometry.bodies import Solid
from partwatch.geometry.clean import triangle_areas
from partwatch.matching.alignment import Target, apply, inverse, scale_of
from partwatch.matching.correspondence import fit_similarity
from partwatch.matching.engine import Around, Engine
from partwatch.matching.index import Rows, Unlisted
from partwatch.matching.placing import IDENTITY, Placing
from partwatch.matching.policy import Policy
from partwatch.matching.relation import measured_share, shape_relation
from partwatch.matching.verification import ListedSurface, Measurement
from partwatch.model.document import Relation
from partwatch.model.mesh import MM_PER_UNIT, UNIT_HYPOTHESES, FloatArray, Mesh, Unit

# Of the diagonal: within which vertices of equal bodies agree.
EQUAL = 1e-6
# Least share that two boxes have in common, and bodies each is tried on where the files place it.
OVERLAP = 0.25
MOST_OVERLAPPING = 3
# Bodies of either file up to which what lies in one place is looked for.
MOST_PLACED = 200
# Least coverage, both ways, for two bodies in one place to be set beside each other though they differ a lot.
LEAST_IN_PLACE = 0.3
# What a mirror image or another size must fit better by, to be preferred.
NOT_OWN = 0.1


@dataclass(frozen=True, eq=False)
class Link:
    """A body of A that may be one of B, by the kinds of both.

    T_a_b: B's frame to A's, as it is read. score: to compare links by. placed: whether it rests on where
    the files place them.
    """

    a: int
    b: int
    T_a_b: FloatArray
    score: float
    mirrored: bool
    placed: bool


@dataclass(frozen=True, eq=False)
class Kinds:
    """Bodies that are one another moved: the first of each kind, and the motion (3, 4) from its frame."""

    first: list[int]
    T_self_first: list[FloatArray]

    def members(self) -> dict[int, list[int]]:
        """By the first of each kind."""
        found: dict[int, list[int]] = {}
        for k, first in enumerate(self.first):
            found.setdefault(first, []).append(k)
        return found

    @staticmethod
    def alone(count: int) -> Kinds:
        """Each body a kind of its own."""
        return Kinds(list(range(count)), [IDENTITY] * count)

    def resized(self, mm: Sequence[float]) -> Kinds:
        """The same once each body's lengths are multiplied by its own number, which all of a kind share."""
        motions = [
            np.concatenate([T[:, :3], T[:, 3:] * by], axis=1)
            for T, by in zip(self.T_self_first, mm, strict=True)
        ]
        return Kinds(self.first, motions)


def kinds_of(meshes: Sequence[Mesh], stated: Sequence[bool]) -> Kinds:
    """Which bodies are copies of which: the same triangles in the same order, moved and not mirrored.

    stated: whether each has a unit of its own; those that have none are no copies of those that have.
    """
    known: dict[tuple[bytes, bool], list[tuple[int, float]]] = {}
    first: list[int] = []
    motions: list[FloatArray] = []
    for k, mesh in enumerate(meshes):
        spread = float(np.sqrt(((mesh.vertices - mesh.vertices.mean(axis=0)) ** 2).sum(axis=1).mean()))
        key = hashlib.sha256(mesh.triangles.tobytes()).digest(), stated[k]
        alike = known.setdefault(key, [])
        for other, its_spread in alike:
            if abs(spread - its_spread) <= EQUAL * spread:
                T = _motion(meshes[other], mesh)
                if T is not None:
                    first.append(other)
                    motions.append(T)
                    break
        else:
            alike.append((k, spread))
            first.append(k)
            motions.append(IDENTITY)
    return Kinds(first, motions)


def _motion(one: Mesh, other: Mesh) -> FloatArray | None:
    if one.vertices.shape != other.vertices.shape:
        return None
    T = fit_similarity(one.vertices, other.vertices)
    off = np.abs(apply(T, one.vertices) - other.vertices).max()
    if off > EQUAL * np.linalg.norm(one.extents) or np.linalg.det(T[:, :3]) < 0:
        return None
    return T if abs(scale_of(T) - 1) <= EQUAL else None


class BodyIndex:
    """Bodies in memory as a `PartIndex`."""

    def __init__(self, solids: Sequence[Solid]) -> None:
        self._meshes = [solid.mesh for solid in solids]
        self._parts: list[Unlisted] = []
        rows = []
        for part, solid in enumerate(solids):
            # As `enrol_part` prints a part of one shell; how plain it is matters to no comparison.
            surface = sample_surface(solid.mesh)
            self._parts.append(Unlisted(len(solid.mesh.triangles), surface.area))
            rows.append((describe(surface), cloud_of(surface), part))
        self._descriptors = np.array([row[0] for row in rows], np.float32).reshape(-1, DESCRIPTOR_SIZE)
        self._clouds = np.array([row[1] for row in rows], np.float32).reshape(-1, CLOUD_SIZE, 6)
        self._part_index = np.array([row[2] for row in rows], np.int32)

    @property
    def descriptors(self) -> npt.NDArray[np.float32]:
        """One row a print."""
        return self._descriptors

    @property
    def part_index(self) -> npt.NDArray[np.int32]:
        """The body of each row."""
        return self._part_index

    def part(self, index: int) -> Unlisted:
        """The body of that number."""
        return self._parts[index]

    def parts_of_file(self, sha256: str) -> list[int]:
        """None: which file they are from is known."""
        del sha256
        return []

    def mesh(self, index: int) -> Mesh:
        """Its mesh in millimetres."""
        return self._meshes[index]

    def clouds(self, rows: Rows) -> npt.NDArray[np.float32]:
        """(n, CLOUD_SIZE, 6) of some rows."""
        return self._clouds[rows]


def links(
    a: Sequence[Solid], b: Sequence[Solid], firsts_a: Sequence[int], firsts_b: Sequence[int], policy: Policy
) -> list[Link]:
    """What of A may be what of B, wherever it lies, between those bodies of each that are given."""
    engine = Engine(BodyIndex([b[k] for k in firsts_b]), policy)
    found: list[Link] = []
    for k in firsts_a:
        for hit in engine.find(a[k], Around([a[k]])).hits:
            m = hit.measured
            if relation_of(m, policy) is not None:
                found.append(Link(k, firsts_b[hit.part], m.T_body_part, m.score, m.mirrored, placed=False))
    return found


def relation_of(measured: Measurement, policy: Policy) -> Relation | None:
    """The relation as in a screening; None where too little coincides for any."""
    return shape_relation(measured, policy) if measured_share(measured, policy) >= 1 else None


def links_in_place(a: Sequence[Solid], b: Sequence[Solid], policy: Policy) -> list[Link]:
    """Bodies that the files put in one place and that have something in common there; both in millimetres."""
    if not a or not b or max(len(a), len(b)) > MOST_PLACED:
        return []
    low_b, high_b = (np.array([solid.mesh.bounds[end] for solid in b]) for end in (0, 1))
    size_b = np.maximum(high_b - low_b, 1e-9)
    listed = [ListedSurface(solid.mesh) for solid in b]
    found: list[Link] = []
    for k, solid in enumerate(a):
        low, high = solid.mesh.bounds
        size = np.maximum(high - low, 1e-9)
        common = np.maximum(np.minimum(high, high_b) - np.maximum(low, low_b), 0) + 1e-9
        share = (common / np.maximum(size, size_b)).prod(axis=1)
        near = [int(j) for j in np.argsort(-share, kind="stable")[:MOST_OVERLAPPING] if share[j] >= OVERLAP]
        equal = [j for j in near if is_equal(solid.mesh, b[j].mesh)]
        if equal:
            found.append(Link(k, equal[0], IDENTITY, 1.0, mirrored=False, placed=True))
        elif near:
            target = Target(solid.mesh, sample_surface(solid.mesh))
            found += [link for j in near if (link := _in_place(k, target, j, listed[j], policy)) is not None]
    return found


def _in_place(a: int, target: Target, b: int, listed: ListedSurface, policy: Policy) -> Link | None:
    placed = Placing(target, listed, policy.tolerance_mm(listed.diagonal_mm)).as_placed()
    return if_worth(Link(a, b, IDENTITY, placed.measured.score, False, placed=True), placed.measured, policy)


def if_worth(link: Link, measured: Measurement, policy: Policy) -> Link | None:
    """The link, where enough coincides for two bodies to be set beside each other."""
    worth = measured.coverage >= LEAST_IN_PLACE or relation_of(measured, policy) is not None
    return link if worth else None


def is_equal(one: Mesh, other: Mesh) -> bool:
    """Whether two meshes are the same numbers in the same order."""
    return np.array_equal(one.triangles, other.triangles) and np.array_equal(one.vertices, other.vertices)


def units_of(
    found: Sequence[Link],
    a: Sequence[Solid],
    stated_a: Sequence[bool],
    stated_b: Sequence[bool],
    policy: Policy,
) -> tuple[Unit, Unit]:
    """The units of what states none in A and in B, under which the most surface has the other's size.

    Millimetres where nothing else explains more; then one other unit on one side.
    """
    options_a, options_b = (
        (Unit.MILLIMETRE,) if all(stated) else UNIT_HYPOTHESES for stated in (stated_a, stated_b)
    )
    combined = sorted(
        ((u, v) for u in options_a for v in options_b),
        key=lambda pair: (
            sum(unit is not Unit.MILLIMETRE for unit in pair),
            max(map(UNIT_HYPOTHESES.index, pair)),
        ),
    )
    areas = {link.a: float(triangle_areas(a[link.a].mesh).sum()) for link in found}
    best, most = (Unit.MILLIMETRE, Unit.MILLIMETRE), 0.0
    for unit_a, unit_b in combined:
        explained = 0.0
        for link in found:
            one = 1.0 if stated_a[link.a] else MM_PER_UNIT[unit_a]
            other = 1.0 if stated_b[link.b] else MM_PER_UNIT[unit_b]
            if abs(other / one / scale_of(link.T_a_b) - 1) <= policy.scale_tolerance:
                explained += areas[link.a] * link.score
        if explained > most * (1 + 1e-9):
            best, most = (unit_a, unit_b), explained
    return best


def resized(link: Link, mm_a: float, mm_b: float) -> Link:
    """The link once A's lengths are multiplied by `mm_a` and B's by `mm_b`."""
    T = np.concatenate([link.T_a_b[:, :3] * (mm_a / mm_b), link.T_a_b[:, 3:] * mm_a], axis=1)
    return Link(link.a, link.b, T, link.score, link.mirrored, link.placed)


def assigned(
    found: Sequence[Link],
    kinds_a: Kinds,
    kinds_b: Kinds,
    a: Sequence[Solid],
    b: Sequence[Solid],
    policy: Policy,
) -> list[Link]:
    """One-to-one by score, less for a mirror image or another size; of equals what lies nearest."""

    def rank(link: Link) -> tuple[float, bool, int, int]:
        own = not link.mirrored and abs(scale_of(link.T_a_b) - 1) <= policy.scale_tolerance
        return -round(link.score - (0 if own else NOT_OWN), 4), not link.placed, link.a, link.b

    members_a, members_b = kinds_a.members(), kinds_b.members()
    free_a, free_b = set(range(len(a))), set(range(len(b)))
    chosen: list[Link] = []
    for link in sorted(found, key=rank):
        if link.placed:
            left, right = [link.a], [link.b]
        else:
            left, right = members_a[link.a], members_b[link.b]
        left, right = [k for k in left if k in free_a], [k for k in right if k in free_b]
        for one, other in _nearest(left, right, a, b):
            T = link.T_a_b
            if not link.placed:
                T = _composed(kinds_a.T_self_first[one], _composed(T, inverse(kinds_b.T_self_first[other])))
            chosen.append(Link(one, other, T, link.score, link.mirrored, link.placed))
            free_a.discard(one)
            free_b.discard(other)
    return sorted(chosen, key=lambda link: link.a)


def _composed(left: FloatArray, right: FloatArray) -> FloatArray:
    return np.concatenate(
        [left[:, :3] @ right[:, :3], (left[:, :3] @ right[:, 3] + left[:, 3])[:, None]], axis=1
    )


def _nearest(
    left: Sequence[int], right: Sequence[int], a: Sequence[Solid], b: Sequence[Solid]
) -> list[tuple[int, int]]:
    """Pairs of equal bodies, those first whose centres lie nearest to each other."""
    if not left or not right:
        return []
    if len(left) == len(right) == 1:
        return [(left[0], right[0])]
    mine, theirs = (
        np.array([np.mean(solids[k].mesh.bounds, axis=0) for k in ks])
        for solids, ks in ((a, left), (b, right))
    )
    distance = np.linalg.norm(mine[:, None] - theirs[None], axis=2)
    pairs: list[tuple[int, int]] = []
    for flat in np.argsort(distance, axis=None, kind="stable"):
        i, j = divmod(int(flat), len(right))
        if not np.isinf(distance[i, j]):
            pairs.append((left[i], right[j]))
            distance[i, :] = distance[:, j] = np.inf
            if len(pairs) == min(len(left), len(right)):
                break
    return pairs
