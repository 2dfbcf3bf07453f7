"""Two files' bodies beside each other: what is paired, how it lies, where it differs, what is shared."""

from __future__ import annotations

import math

import numpy as np
import pytest
from manifold3d import Manifold, OpType

import parts
from parts import BRACKET_HOLES, block, bracket, mesh_of, moved, plate, rod, scaled
from partwatch.geometry.bodies import split_bodies
from partwatch.matching.comparing import Compared, Given, compare
from partwatch.matching.policy import Policy
from partwatch.model.comparison import Numbers, Pair, RegionKind
from partwatch.model.document import Relation, UnitSource
from partwatch.model.mesh import Mesh, Unit
from partwatch.model.view import decode_view

MOVED_HOLE = (*BRACKET_HOLES[:2], (31, 14, 3), BRACKET_HOLES[3])
WHOLE = mesh_of(bracket())
BOSS = (40.0, 20.0)


def given(*meshes: Mesh, unit: Unit | None = None) -> list[Given]:
    return [Given(solid, unit) for mesh in meshes for solid in split_bodies(mesh)]


def compared(a: Mesh | list[Given], b: Mesh | list[Given]) -> Compared:
    a, b = (side if isinstance(side, list) else given(side) for side in (a, b))
    return compare(a, b, Policy())


def only_pair(found: Compared) -> Pair:
    (pair,) = found.pairs
    assert found.removed == found.added == ()
    return pair


def shifted(mesh: Mesh, *by: float) -> Mesh:
    return Mesh(mesh.vertices + np.array(by), mesh.triangles)


def with_boss() -> Mesh:
    return mesh_of(bracket() + rod(5, 10, (*BOSS, 5)))


def volume(solid: Manifold) -> float:
    return float(solid.volume())


def test_a_body_beside_itself_is_the_same_mesh_in_its_place() -> None:
    pair = only_pair(compared(WHOLE, WHOLE))

    assert (pair.relation, pair.same, pair.as_placed, pair.scale) == (Relation.SAME_MESH, True, True, 1.0)
    assert np.array_equal(pair.T_b_a, np.eye(4))
    assert pair.regions == ()
    assert (pair.volumes.added_mm3, pair.volumes.removed_mm3) == (0.0, 0.0)
    assert pair.volumes.a_mm3 == pair.volumes.b_mm3 == pytest.approx(volume(bracket()), rel=1e-6)
    assert (pair.lineage.share_a, pair.lineage.order, pair.lineage.numbers) == (1.0, 1.0, Numbers.IDENTICAL)


def test_a_hole_moved_by_a_millimetre_is_one_place_that_moved() -> None:
    pair = only_pair(compared(WHOLE, mesh_of(bracket(MOVED_HOLE))))

    assert (pair.relation, pair.same) == (Relation.EDITED, False)
    (region,) = pair.regions
    assert region.kind is RegionKind.MOVED
    assert region.centre_b_mm == pytest.approx((30.5, 14, 2.5), abs=0.2)
    assert region.max_mm == pytest.approx(1.0, abs=0.02)
    # Two circles of radius 3 whose centres lie 1 apart: what one has alone, times 5 of height.
    alone = math.pi * 9 - (2 * 9 * math.acos(1 / 6) - 0.5 * math.sqrt(36 - 1))
    assert pair.volumes.added_mm3 == pytest.approx(alone * 5, rel=0.01)
    assert pair.volumes.removed_mm3 == pytest.approx(alone * 5, rel=0.01)
    assert 0.6 < pair.lineage.share_a < 0.9
    assert pair.lineage.in_place


@pytest.mark.parametrize("remeshed", [False, True])
def test_a_boss_is_found_where_it_was_added_wherever_the_body_lies(remeshed: bool) -> None:
    T = parts.motion(3)
    a = moved(parts.finer(WHOLE, 6) if remeshed else WHOLE, T)
    pair = only_pair(compared(a, with_boss()))

    (region,) = pair.regions
    assert region.kind is RegionKind.ONLY_B
    assert region.centre_b_mm == pytest.approx((*BOSS, 10), abs=0.5)
    assert region.max_mm == pytest.approx(10, abs=0.05)
    assert region.centre_a_mm == pytest.approx(T[:, :3] @ region.centre_b_mm + T[:, 3], abs=0.01)
    assert pair.volumes.added_mm3 == pytest.approx(volume(rod(5, 10)), rel=0.01)
    assert pair.volumes.removed_mm3 == pytest.approx(0, abs=0.01 * volume(rod(5, 10)))
    assert not pair.as_placed


def test_what_b_lacks_is_removed() -> None:
    pair = only_pair(compared(with_boss(), WHOLE))

    (region,) = pair.regions
    assert region.kind is RegionKind.ONLY_A
    assert pair.volumes.removed_mm3 == pytest.approx(volume(rod(5, 10)), rel=0.01)
    assert pair.volumes.added_mm3 == 0.0


def test_a_thicker_plate_differs_in_one_place_by_its_growth() -> None:
    thicker = plate() + parts.drilled(block(70, 40, 7), parts.PLATE_HOLES)
    pair = only_pair(compared(mesh_of(plate()), mesh_of(thicker)))

    (region,) = pair.regions
    assert (region.kind, region.max_mm) == (RegionKind.ONLY_B, pytest.approx(2.0, abs=0.01))
    assert region.extents_mm == pytest.approx((70, 40, 2), abs=0.5)


def test_places_are_ordered_by_their_area_and_bounded() -> None:
    field = block(200, 100, 4)
    studs = Manifold.batch_boolean(
        [field, *(rod(1 + 0.02 * k, 4, (8 + 18 * (k % 11), 8 + 16 * (k // 11), 3), 12) for k in range(60))],
        OpType.Add,
    )
    pair = only_pair(compared(mesh_of(field), mesh_of(studs)))

    areas = [region.area_a_mm2 + region.area_b_mm2 for region in pair.regions]
    assert (len(areas), pair.regions_left_out) == (50, 10)
    assert areas == sorted(areas, reverse=True)


def test_a_mirror_image_is_different() -> None:
    pair = only_pair(compared(moved(WHOLE, parts.motion(5, mirrored=True)), WHOLE))

    assert (pair.relation, pair.mirrored, pair.same) == (Relation.SAME_MESH, True, False)
    assert np.linalg.det(np.array(pair.T_b_a)[:3, :3]) == pytest.approx(-1)


def test_a_mirror_image_in_its_place_is_told_as_one_and_not_as_many_edits() -> None:
    width = WHOLE.extents[1] + 2 * WHOLE.bounds[0][1]
    flip = np.array([[1.0, 0, 0, 0], [0, -1, 0, width], [0, 0, 1, 0]])
    pair = only_pair(compared(moved(WHOLE, flip), WHOLE))

    assert (pair.relation, pair.mirrored, pair.regions) == (Relation.SAME_MESH, True, ())


@pytest.mark.parametrize("factor", [2.0, 1.05, 1.01, 1.002])
def test_another_size_is_different_however_small_the_step(factor: float) -> None:
    pair = only_pair(compared(moved(scaled(WHOLE, factor), parts.motion(8)), WHOLE))

    assert (pair.relation, pair.own_size, pair.same) == (Relation.SAME_MESH, False, False)
    assert pair.scale == pytest.approx(1 / factor, rel=1e-5)


@pytest.mark.parametrize(
    ("a_factor", "b_factor", "unit_a", "unit_b"),
    [
        (1 / 25.4, 1.0, Unit.INCH, Unit.MILLIMETRE),
        (1.0, 1 / 25.4, Unit.MILLIMETRE, Unit.INCH),
        (0.001, 1.0, Unit.METRE, Unit.MILLIMETRE),
        (0.1, 0.001, Unit.CENTIMETRE, Unit.METRE),
    ],
)
def test_a_unit_that_is_not_stated_is_inferred_on_either_side(
    a_factor: float, b_factor: float, unit_a: Unit, unit_b: Unit
) -> None:
    found = compared(moved(scaled(WHOLE, a_factor), parts.motion(4, 1.0)), scaled(WHOLE, b_factor))
    pair = only_pair(found)

    assert (pair.same, pair.scale) == (True, pytest.approx(1, abs=1e-5))
    assert (found.a[0].unit, found.b[0].unit) == (unit_a, unit_b)
    assert found.b[0].extents_mm == pytest.approx(WHOLE.extents, abs=1e-3)
    for unit, body in ((unit_a, found.a[0]), (unit_b, found.b[0])):
        assumed = unit is Unit.MILLIMETRE
        assert body.unit_source is (UnitSource.ASSUMED if assumed else UnitSource.INFERRED)


def test_stated_units_are_believed() -> None:
    inches = given(scaled(WHOLE, 1 / 25.4), unit=Unit.INCH)
    assert only_pair(compared(inches, given(WHOLE, unit=Unit.MILLIMETRE))).same
    pair = only_pair(compared(given(WHOLE, unit=Unit.INCH), given(WHOLE, unit=Unit.MILLIMETRE)))
    assert (pair.same, pair.scale) == (False, pytest.approx(1 / 25.4, rel=1e-5))


def test_the_same_surface_in_other_triangles_is_the_same_shape_with_nothing_in_common() -> None:
    pair = only_pair(compared(parts.finer(WHOLE, 3), WHOLE))

    assert (pair.relation, pair.same, pair.regions) == (Relation.SAME_SHAPE, True, ())
    assert pair.volumes.added_mm3 == pytest.approx(0, abs=1)
    assert pair.lineage.share_b < 0.5


def test_shuffled_triangles_are_one_triangulation_in_another_order() -> None:
    lineage = only_pair(compared(moved(parts.shuffled(WHOLE), parts.motion(9)), WHOLE)).lineage

    assert (lineage.share_a, lineage.share_b, lineage.in_place) == (1.0, 1.0, False)
    assert lineage.order is not None
    assert lineage.order < 0.1
    assert lineage.numbers is Numbers.ROUNDED


def test_single_precision_is_told_from_a_change() -> None:
    a = Mesh(WHOLE.vertices + 0.1, WHOLE.triangles)
    pair = only_pair(compared(parts.float32(a), a))
    assert (pair.same, pair.lineage.numbers) == (True, Numbers.SINGLE_PRECISION)


def test_bodies_that_have_nothing_in_common_are_left_alone() -> None:
    found = compared(WHOLE, shifted(parts.part_mesh("gear"), 300, 0, 0))

    assert found.pairs == ()
    assert [lone.index for lone in found.removed] == [lone.index for lone in found.added] == [0]


def test_each_body_gets_its_own_partner() -> None:
    gear, knob = parts.part_mesh("gear"), parts.part_mesh("knob")
    a = given(WHOLE, shifted(gear, 100, 0, 0), shifted(gear, 150, 0, 0), shifted(knob, 200, 0, 0))
    edited = mesh_of(bracket(MOVED_HOLE))
    clamp = shifted(parts.part_mesh("clamp"), 500, 0, 0)
    b = given(shifted(gear, 150, 0, 0), shifted(gear, 300, 0, 0), edited, clamp)
    found = compared(a, b)

    assert [(pair.a, pair.b, pair.same) for pair in found.pairs] == [
        (0, 2, False),
        (1, 1, True),
        (2, 0, True),
    ]
    assert [pair.as_placed for pair in found.pairs] == [True, False, True]
    assert [lone.index for lone in found.removed] == [3]
    assert [lone.index for lone in found.added] == [3]


def test_many_equal_bodies_are_all_paired() -> None:
    gear = parts.part_mesh("gear")
    a = given(*(shifted(gear, 60 * k, 0, 0) for k in range(30)))
    b = given(*(moved(gear, parts.motion(k, 2000)) for k in range(30)))
    found = compared(a, b)

    assert sorted(pair.b for pair in found.pairs) == list(range(30))
    assert all(pair.relation is Relation.SAME_MESH and pair.same for pair in found.pairs)


def test_a_left_part_is_paired_with_the_left_one() -> None:
    left = moved(WHOLE, np.concatenate([np.diag([-1.0, 1, 1]), np.array([[-20.0], [0], [0]])], axis=1))
    found = compared(given(WHOLE, left), given(shifted(left, 0, 90, 0), shifted(WHOLE, 0, 90, 0)))

    assert [(pair.a, pair.b, pair.mirrored, pair.same) for pair in found.pairs] == [
        (0, 1, False, True),
        (1, 0, False, True),
    ]


def test_an_open_surface_has_no_volume_and_is_compared_all_the_same() -> None:
    torn = Mesh(WHOLE.vertices, WHOLE.triangles[6:])
    pair = only_pair(compared(torn, mesh_of(bracket(MOVED_HOLE))))

    assert pair.volumes.a_mm3 is None
    assert pair.volumes.b_mm3 is not None
    assert (pair.volumes.added_mm3, pair.volumes.why) == (None, "an open surface has no volume")
    assert pair.regions[0].kind is RegionKind.MOVED
    assert pair.regions[0].centre_b_mm == pytest.approx((30.5, 14, 2.5), abs=0.3)


def test_a_heavy_revision_in_its_place_is_mapped_without_a_relation() -> None:
    a = mesh_of(block(60, 40, 6) + block(60, 6, 30))
    b = mesh_of(block(60, 40, 6) + block(6, 40, 30) + rod(8, 30, (40, 20, 0)))
    pair = only_pair(compared(a, b))

    assert (pair.relation, pair.same, pair.as_placed) == (None, False, True)
    expected = volume(block(6, 34, 24)) + volume(rod(8, 24))
    assert pair.volumes.added_mm3 == pytest.approx(expected, rel=0.01)


def long_plate() -> Mesh:
    """The plate with as much again on one side: more than the engine bridges."""
    return mesh_of(plate() + parts.drilled(block(60, 40, 5, (70, 0, 0)), [(90, 12, 7), (110, 28, 4)]))


@pytest.mark.parametrize(
    "T",
    [parts.motion(11), np.concatenate([np.eye(3), [[-200.0], [7], [3]]], axis=1)],
    ids=["turned", "shifted"],
)
def test_a_part_that_was_drawn_on_is_laid_on_what_was_kept(T: np.ndarray) -> None:
    kept = mesh_of(plate())
    pair = only_pair(compared(moved(kept, T), long_plate()))

    assert moved(moved(kept, T), np.array(pair.T_b_a)[:3]).vertices == pytest.approx(kept.vertices, abs=1e-3)
    assert pair.coverage_a > 0.9
    assert pair.regions[0].kind is RegionKind.ONLY_B
    expected = volume(parts.drilled(block(60, 40, 5, (70, 0, 0)), [(90, 12, 7), (110, 28, 4)]))
    assert pair.volumes.added_mm3 == pytest.approx(expected, rel=0.01)


def test_pictures_are_of_both_in_one_frame() -> None:
    T = parts.motion(3)
    found = compare(given(moved(WHOLE, T)), given(with_boss()), Policy(), views=True)
    views = only_pair(found).views
    assert views is not None
    a, b = decode_view(views.a), decode_view(views.b)
    assert a.positions.min(axis=0) == pytest.approx(WHOLE.bounds[0], abs=0.01)
    assert b.positions.max(axis=0) == pytest.approx(WHOLE.bounds[1], abs=0.01)
    assert b.distance_mm.max() == pytest.approx(10, abs=0.05)
    assert a.distance_mm.max() < 6


def test_the_same_input_gives_the_same_answer() -> None:
    a, b = given(moved(WHOLE, parts.motion(3))), given(with_boss())
    first, second = (compare(a, b, Policy(), views=True) for _ in range(2))
    assert first.pairs == second.pairs
    assert first.pairs[0].views is not None
