"""Two files' bodies beside each other: paired one to one, aligned, and measured where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from partwatch.fingerprint.surface import sample_surface
from partwatch.geometry.bodies import Solid
from partwatch.geometry.clean import triangle_areas
from partwatch.matching import pairing
from partwatch.matching.alignment import Target, apply, inverse, matrix_of, scale_of
from partwatch.matching.difference import MOST_MEASURED, Surface, places
from partwatch.matching.lineage import lineage_of
from partwatch.matching.overlay import drawn_with
from partwatch.matching.placing import IDENTITY, Placed, Placing
from partwatch.matching.policy import Policy
from partwatch.matching.proposals import links_of_revisions
from partwatch.matching.verification import ListedSurface, exact_measurement
from partwatch.matching.volumes import exchanged, volume_of
from partwatch.model.comparison import ComparedBody, Lone, Pair, PairView, Region, Volumes
from partwatch.model.document import Deviation, Relation, UnitSource, Vector3, View
from partwatch.model.mesh import MM_PER_UNIT, FloatArray, Mesh, Unit
from partwatch.model.view import encode_view

# Pairs, and bodies without a partner on either side, that are drawn.
MOST_DRAWN = 24
MOST_LONE_DRAWN = 12
# Triangles up to which surfaces are made finer: shared by all pairs, and the least for each.
MEASURED_IN_ALL = 20 * MOST_MEASURED
LEAST_MEASURED = 6_000
# What rounding leaves of the scale between two copies of one mesh.
EXACT_SIZE = 1e-5
SAME = (Relation.SAME_FILE, Relation.SAME_MESH, Relation.SAME_SHAPE)


@dataclass(frozen=True, eq=False)
class Given:
    """A body as it was read. unit: as its file states it, or None. member: where it lies in an archive."""

    solid: Solid
    unit: Unit | None
    member: str | None = None


@dataclass(frozen=True, eq=False)
class Compared:
    """Bodies of both, pairs of them, and what has no partner."""

    a: tuple[ComparedBody, ...]
    b: tuple[ComparedBody, ...]
    pairs: tuple[Pair, ...]
    removed: tuple[Lone, ...]
    added: tuple[Lone, ...]


@dataclass(frozen=True, eq=False)
class _Side:
    """One file's bodies in millimetres, as far as their unit is known."""

    given: Sequence[Given]
    solids: list[Solid]
    stated: list[bool]

    def resized(self, unit: Unit) -> _Side:
        """Those without a unit, in that one."""
        mm = self.factors(unit)
        return _Side(self.given, [_times(s, by) for s, by in zip(self.solids, mm, strict=True)], self.stated)

    def factors(self, unit: Unit) -> list[float]:
        """What each body's lengths are to be multiplied by, if those without a unit are in that one."""
        return [1.0 if stated else MM_PER_UNIT[unit] for stated in self.stated]

    def bodies(self, unit: Unit) -> tuple[ComparedBody, ...]:
        """As they are reported."""
        return tuple(
            _body(k, given, solid, unit)
            for k, (given, solid) in enumerate(zip(self.given, self.solids, strict=True))
        )


def compare(
    a: Sequence[Given], b: Sequence[Given], policy: Policy, *, same_file: bool = False, views: bool = False
) -> Compared:
    """Every body of A beside its own of B, as far as there is one.

    same_file: both are the same bytes, so that each body is its own partner. views: keep what pictures of the
    first MOST_DRAWN pairs that differ, and then of the others, are drawn from.
    """
    side_a, side_b = _side(a), _side(b)
    if same_file:
        unit_a = unit_b = Unit.MILLIMETRE
        chosen = [pairing.Link(k, k, IDENTITY, 1.0, mirrored=False, placed=True) for k in range(len(a))]
    else:
        unit_a, unit_b, chosen = _chosen(side_a, side_b, policy)
        side_a, side_b = side_a.resized(unit_a), side_b.resized(unit_b)
    pairs = [_Pairing(side_a.solids[c.a], side_b.solids[c.b], c, policy, same_file) for c in chosen]
    finest = min(max(MEASURED_IN_ALL // max(len(pairs), 1), LEAST_MEASURED), MOST_MEASURED)
    reports = [each.report(finest) for each in pairs]
    if views:
        drawn = sorted(range(len(reports)), key=lambda k: (reports[k].same, k))[:MOST_DRAWN]
        for k in drawn:
            reports[k] = reports[k].model_copy(update={"views": pairs[k].view()})
    return Compared(
        side_a.bodies(unit_a),
        side_b.bodies(unit_b),
        tuple(reports),
        _lone(side_a.solids, {pair.a for pair in reports}, views),
        _lone(side_b.solids, {pair.b for pair in reports}, views),
    )


def _side(given: Sequence[Given]) -> _Side:
    solids = [
        entry.solid if entry.unit is None else _times(entry.solid, MM_PER_UNIT[entry.unit]) for entry in given
    ]
    return _Side(given, solids, [entry.unit is not None for entry in given])


def _times(solid: Solid, factor: float) -> Solid:
    if factor == 1:
        return solid
    mesh = Mesh(solid.mesh.vertices * factor, solid.mesh.triangles)
    return Solid(solid.name, mesh, solid.notes, solid.closed)


def _chosen(a: _Side, b: _Side, policy: Policy) -> tuple[Unit, Unit, list[pairing.Link]]:
    kinds_a, kinds_b = (
        pairing.kinds_of([solid.mesh for solid in side.solids], side.stated) for side in (a, b)
    )
    firsts_a, firsts_b = (sorted(set(kinds.first)) for kinds in (kinds_a, kinds_b))
    found = pairing.links(a.solids, b.solids, firsts_a, firsts_b, policy)
    unit_a, unit_b = pairing.units_of(found, a.solids, a.stated, b.stated, policy)
    mm_a, mm_b = a.factors(unit_a), b.factors(unit_b)
    found = [pairing.resized(link, mm_a[link.a], mm_b[link.b]) for link in found]
    a, b = a.resized(unit_a), b.resized(unit_b)
    found += pairing.links_in_place(a.solids, b.solids, policy)
    chosen = pairing.assigned(found, kinds_a.resized(mm_a), kinds_b.resized(mm_b), a.solids, b.solids, policy)
    left_a = sorted(set(range(len(a.solids))) - {link.a for link in chosen})
    left_b = sorted(set(range(len(b.solids))) - {link.b for link in chosen})
    more = links_of_revisions(a.solids, b.solids, left_a, left_b, policy)
    alone_a, alone_b = pairing.Kinds.alone(len(a.solids)), pairing.Kinds.alone(len(b.solids))
    chosen += pairing.assigned(more, alone_a, alone_b, a.solids, b.solids, policy)
    return unit_a, unit_b, sorted(chosen, key=lambda link: link.a)


class _Pairing:
    """Two bodies in millimetres that belong together; all in B's frame from here on."""

    def __init__(self, a: Solid, b: Solid, link: pairing.Link, policy: Policy, same_file: bool) -> None:
        self._a, self._b, self._link, self._policy = a, b, link, policy
        self._same_file = same_file
        listed = ListedSurface(b.mesh)
        self._tolerance = policy.tolerance_mm(listed.diagonal_mm)
        self._placed = self._place(listed)
        self._T = _snapped(inverse(self._placed.T_a_b))
        hand = np.linalg.det(self._T[:, :3]) < 0
        triangles = np.ascontiguousarray(a.mesh.triangles[:, ::-1]) if hand else a.mesh.triangles
        self._mesh_a = a.mesh if self._placed.as_placed else Mesh(apply(self._T, a.mesh.vertices), triangles)

    def _place(self, listed: ListedSurface) -> Placed:
        if pairing.is_equal(self._a.mesh, self._b.mesh):
            return Placed(IDENTITY, exact_measurement(IDENTITY, self._tolerance), as_placed=True)
        target = Target(self._a.mesh, sample_surface(self._a.mesh))
        placing = Placing(target, listed, self._tolerance)
        if self._link.placed:
            here = placing.as_placed()
            if pairing.relation_of(here.measured, self._policy) is None:
                # Too little to rest a better pose on.
                return here
        return placing.best(self._link.T_a_b)

    def report(self, finest: int) -> Pair:
        """All of it but the pictures."""
        m, T = self._placed.measured, self._T
        scale = round(scale_of(T), 6)
        lineage = lineage_of(self._a.mesh, self._b.mesh, T, self._placed.as_placed, scale)
        relation = pairing.relation_of(m, self._policy)
        if relation is Relation.SAME_SHAPE and lineage.share_a == lineage.share_b == 1:
            relation = Relation.SAME_FILE if self._same_file else Relation.SAME_MESH
        exact = relation in SAME and lineage.share_a == lineage.share_b == 1
        # Of one mesh the size is known to the last digit; of two it shows only where it passes the tolerance.
        most = EXACT_SIZE if exact else m.tolerance_mm / float(np.linalg.norm(self._b.mesh.extents))
        own_size = bool(abs(scale_of(T) - 1) <= most)
        found, left_out = ([], 0) if exact else self._regions(finest)
        return Pair(
            a=self._link.a,
            b=self._link.b,
            relation=relation,
            same=relation in SAME and own_size and not m.mirrored,
            scale=scale,
            own_size=own_size,
            mirrored=m.mirrored,
            as_placed=self._placed.as_placed,
            T_b_a=matrix_of(T),
            coverage_a=round(m.coverage_body, 4),
            coverage_b=round(m.coverage_part, 4),
            tolerance_mm=round(m.tolerance_mm, 4),
            deviation_mm=Deviation(
                median=round(m.median_mm, 4), p95=round(m.p95_mm, 4), max=round(m.max_mm, 4)
            ),
            area_a_mm2=_area(self._a.mesh),
            area_b_mm2=_area(self._b.mesh),
            volumes=self._volumes(exact and own_size),
            regions=tuple(found),
            regions_left_out=left_out,
            lineage=lineage,
        )

    def _regions(self, finest: int) -> tuple[list[Region], int]:
        a, b = Surface(self._mesh_a, self._a.closed), Surface(self._b.mesh, self._b.closed)
        found, left_out = places(a, b, self._tolerance, finest)
        back = inverse(self._T)
        regions = [
            Region(
                kind=place.kind,
                area_a_mm2=round(place.area_a, 3),
                area_b_mm2=round(place.area_b, 3),
                centre_a_mm=_vector(apply(back, place.centre[None])[0]),
                centre_b_mm=_vector(place.centre),
                extents_mm=_vector(place.extents),
                max_mm=round(place.largest, 4),
            )
            for place in found
        ]
        return regions, left_out

    def _volumes(self, nothing: bool) -> Volumes:
        a, b = volume_of(self._a.mesh, self._a.closed), volume_of(self._b.mesh, self._b.closed)
        if nothing and a is not None and b is not None:
            return Volumes(a_mm3=_mm3(a), b_mm3=_mm3(b), added_mm3=0.0, removed_mm3=0.0)
        only = exchanged(self._mesh_a, self._b.mesh, a is not None and b is not None)
        return Volumes(
            a_mm3=_mm3(a),
            b_mm3=_mm3(b),
            added_mm3=_mm3(only.only_b),
            removed_mm3=_mm3(only.only_a),
            why=only.why,
        )

    def view(self) -> PairView:
        """Both bodies in B's frame, each with its distance to the other."""
        a, b = Surface(self._mesh_a, False), Surface(self._b.mesh, False)
        cap = 2 * (a.diagonal + b.diagonal)

        def drawn(one: Surface, other: Surface) -> View:
            shown, distance = drawn_with(
                one.mesh, lambda points: other.distances(points, cap), self._tolerance
            )
            return encode_view(shown.vertices, shown.triangles, distance)

        return PairView(a=drawn(a, b), b=drawn(b, a))


def _snapped(T: FloatArray) -> FloatArray:
    """The pose without what is only rounding: -0, and 1e-17 where there is nothing."""
    return np.where(np.abs(T) < 1e-12, 0.0, T)


def _lone(solids: Sequence[Solid], paired: set[int], views: bool) -> tuple[Lone, ...]:
    lone = [k for k in range(len(solids)) if k not in paired]
    return tuple(
        Lone(index=k, view=_alone(solids[k].mesh) if views and n < MOST_LONE_DRAWN else None)
        for n, k in enumerate(lone)
    )


def _alone(mesh: Mesh) -> View:
    shown, distance = drawn_with(mesh, lambda points: np.full(len(points), np.inf), 1.0)
    return encode_view(shown.vertices, shown.triangles, distance)


def _body(index: int, given: Given, solid: Solid, unit: Unit) -> ComparedBody:
    source = UnitSource.STATED
    if given.unit is None:
        source = UnitSource.ASSUMED if unit is Unit.MILLIMETRE else UnitSource.INFERRED
    return ComparedBody(
        index=index,
        name=given.solid.name,
        member=given.member,
        unit=given.unit or unit,
        unit_source=source,
        extents_mm=_vector(solid.mesh.extents),
        triangles=len(solid.mesh.triangles),
        volume_mm3=_mm3(volume_of(solid.mesh, solid.closed)),
        notes=solid.notes,
    )


def _vector(values: FloatArray) -> Vector3:
    return tuple(round(float(x), 4) + 0.0 for x in values)  # type: ignore[return-value] # three of them


def _mm3(volume: float | None) -> float | None:
    return None if volume is None else round(volume, 3) + 0.0


def _area(mesh: Mesh) -> float:
    return round(float(triangle_areas(mesh).sum()), 3)
