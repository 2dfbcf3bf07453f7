"""Distinctiveness: next to nothing for plain shapes, well above what a match needs for parts with details."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manifold3d import Manifold

import parts
from partwatch.fingerprint import distinctiveness, sample_surface
from partwatch.matching import Policy
from partwatch.model.mesh import Mesh

# A plain shape stays below this at any size, pose and tessellation.
PLAIN = 0.05
NEEDED = Policy().match_distinctiveness


def of(mesh: Mesh) -> float:
    return distinctiveness(sample_surface(mesh))


def of_solid(solid: Manifold) -> float:
    return of(parts.mesh_of(solid))


@given(
    st.sampled_from(sorted(parts.PLAIN)),
    st.integers(0, 10**6),
    st.sampled_from([1.0, 25.4, 1e-3, 1e3]),
)
@settings(max_examples=60)
def test_a_plain_shape_is_plain_at_any_size_and_pose(name: str, seed: int, scale: float) -> None:
    assert of(parts.moved(parts.part_mesh(name), parts.motion(seed, 100, scale))) < PLAIN


@given(st.tuples(*[st.floats(1, 100)] * 3), st.integers(0, 1000))
@settings(max_examples=30)
def test_a_block_is_plain_whatever_its_sides(sides: tuple[float, float, float], seed: int) -> None:
    assert of(parts.moved(parts.mesh_of(parts.block(*sides)), parts.motion(seed))) < PLAIN


@given(st.floats(1, 50), st.floats(1, 100), st.sampled_from([24, 48, 100, 360]), st.integers(0, 1000))
@settings(max_examples=30)
def test_a_rod_is_plain_whatever_its_length_and_facets(
    radius: float, length: float, facets: int, seed: int
) -> None:
    assert (
        of(parts.moved(parts.mesh_of(parts.rod(radius, length, segments=facets)), parts.motion(seed))) < PLAIN
    )


@given(st.floats(0.2, 0.95), st.floats(0.1, 8), st.sampled_from([32, 64, 200]), st.integers(0, 1000))
@settings(max_examples=30)
def test_a_tube_is_plain_whatever_its_wall(inner: float, length: float, facets: int, seed: int) -> None:
    pipe = parts.tube(10, 10 * inner, 10 * length, facets)
    assert of(parts.moved(parts.mesh_of(pipe), parts.motion(seed))) < PLAIN


@given(st.floats(0, 0.9), st.floats(0.2, 6), st.sampled_from([32, 64, 200]), st.integers(0, 1000))
@settings(max_examples=30)
def test_a_cone_is_plain_whatever_its_slope(top: float, height: float, facets: int, seed: int) -> None:
    cone = Manifold.cylinder(10 * height, 10, 10 * top, facets)
    assert of(parts.moved(parts.mesh_of(cone), parts.motion(seed))) < PLAIN


@pytest.mark.parametrize("facets", [24, 64, 200])
def test_a_ball_is_plain_whatever_its_facets(facets: int) -> None:
    assert of_solid(Manifold.sphere(10, facets)) < PLAIN


@pytest.mark.parametrize("name", parts.PLAIN)
def test_a_plain_shape_is_plain_finely_tessellated_and_with_noise(name: str) -> None:
    mesh = parts.part_mesh(name)
    diagonal = float(np.linalg.norm(mesh.extents))
    fine = parts.finer(mesh, diagonal / 30)
    assert of(fine) < PLAIN
    assert of(parts.shuffled(mesh, 3)) < PLAIN
    assert of(parts.jittered(mesh, 0.001 * diagonal)) < PLAIN


@given(
    st.sampled_from(sorted(parts.DISTINCT)),
    st.integers(0, 10**6),
    st.sampled_from([1.0, 25.4, 1e-3]),
    st.booleans(),
)
@settings(max_examples=40)
def test_a_part_with_details_is_distinct_enough_for_a_match(
    name: str, seed: int, scale: float, mirrored: bool
) -> None:
    assert of(parts.moved(parts.part_mesh(name), parts.motion(seed, 100, scale, mirrored))) > 1.3 * NEEDED


def test_a_plate_with_six_holes_is_well_above_what_a_match_needs() -> None:
    assert of(parts.part_mesh("plate")) > 2 * NEEDED


def test_a_bracket_with_holes_is_well_above_what_a_match_needs() -> None:
    assert of(parts.part_mesh("bracket")) > 1.5 * NEEDED


@pytest.mark.parametrize("seed", range(3))
def test_holes_add_to_distinctiveness(seed: int) -> None:
    T = parts.motion(seed)
    values = [
        of(parts.moved(parts.mesh_of(parts.plate(parts.PLATE_HOLES[:count])), T)) for count in (0, 2, 4, 6)
    ]
    assert values[0] < PLAIN
    assert values == sorted(values)
    assert values[-1] > values[1] > values[0]


def test_one_plain_hole_in_the_middle_of_a_disc_is_still_plain() -> None:
    assert of_solid(parts.tube(20, 4, 5)) < PLAIN


def test_it_lies_between_0_and_1_and_is_the_same_each_time() -> None:
    for name in [*parts.DISTINCT, *parts.PLAIN]:
        value = of(parts.part_mesh(name))
        assert 0 <= value < 1
        assert value == of(parts.part_mesh(name))
