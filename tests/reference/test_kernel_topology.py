"""Welding, repeated triangles, shells, volume: the kernel against its slow version."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
import slow_kernel as slow
from hypothesis import assume, given
from hypothesis import strategies as st
from meshes import meshes, points, size_of, triangles
from slow_kernel import Floats, Ints

import parts
from partwatch.model.mesh import Mesh

REACHES = st.sampled_from([0.3, 0.5, 1.0, 1.3, 2.0, 5.0, 1e-3])


@given(points(0, 60))
def test_welds_equal_points_bit_for_bit(kernel: ModuleType, corners: Floats) -> None:
    vertices, remap = kernel.weld(corners)
    expected_vertices, expected_remap = slow.weld(corners)
    assert vertices.tobytes() == expected_vertices.tobytes()
    assert remap.tolist() == expected_remap.tolist()
    assert np.array_equal(vertices[remap], corners)


def test_welds_minus_zero_to_zero(kernel: ModuleType) -> None:
    vertices, remap = kernel.weld(np.array([[0.0, -0.0, 0.0], [-0.0, 0.0, -0.0], [0.0, 0.0, 1e-300]]))
    assert remap.tolist() == [0, 0, 1]
    assert not np.signbit(vertices).any()


def test_welds_many_points_that_hash_alike_or_not(kernel: ModuleType) -> None:
    grid = np.stack(np.meshgrid(*[np.arange(20.0)] * 3), axis=-1).reshape(-1, 3)
    corners = np.ascontiguousarray(np.concatenate([grid, grid[::-1]]))
    vertices, remap = kernel.weld(corners)
    assert np.array_equal(vertices, grid)
    assert np.array_equal(remap, np.concatenate([np.arange(8000), np.arange(8000)[::-1]]))


def certain(p: Floats, q: Floats, reach: float) -> bool:
    """No distance so close to reach that rounding decides."""
    gap = np.abs(np.sqrt(slow.squared_distances(p, q)) - reach)
    return bool((gap > 1e-12 * reach).all())


@given(points(0, 40), REACHES)
def test_welds_points_within_reach_of_each_other_through_others(
    kernel: ModuleType, p: Floats, reach: float
) -> None:
    assume(len(p) == 0 or certain(p, p, reach) or reach in (0.5, 1.0, 2.0))
    assert kernel.weld_within(p, reach).tolist() == slow.weld_within(p, reach).tolist()


def test_a_chain_of_points_is_one_however_long(kernel: ModuleType) -> None:
    chain = np.stack([np.arange(500) * 0.9, np.zeros(500), np.zeros(500)], axis=1)[::-1]
    assert kernel.weld_within(np.ascontiguousarray(chain), 1.0).tolist() == [0] * 500
    assert kernel.weld_within(np.ascontiguousarray(chain), 0.8).tolist() == list(range(500))


@given(points(0, 40), points(0, 20), REACHES)
def test_finds_the_nearest_point_within_reach(
    kernel: ModuleType, p: Floats, queries: Floats, reach: float
) -> None:
    assume(len(p) == 0 or len(queries) == 0 or certain(queries, p, reach) or reach in (0.5, 1.0, 2.0))
    assert (
        kernel.PointGrid(p, reach).nearest(queries).tolist()
        == slow.nearest_within(p, queries, reach).tolist()
    )


@given(triangles(6, 0, 60))
def test_keeps_the_first_of_equal_triangles(kernel: ModuleType, t: Ints) -> None:
    keep = kernel.first_of_equals(t)
    assert keep.dtype == np.uint8
    assert keep.tolist() == slow.first_of_equals(t).tolist()


@given(triangles(9, 0, 60))
def test_splits_shells_and_counts_odd_edges_of_tangled_triangles(kernel: ModuleType, t: Ints) -> None:
    assert_shells(kernel, t)


@given(triangles(200, 0, 60))
def test_splits_shells_and_counts_odd_edges_of_loose_triangles(kernel: ModuleType, t: Ints) -> None:
    assert_shells(kernel, t)


@pytest.mark.parametrize("name", ["bracket", "gear", "housing"])
def test_splits_shells_of_parts_and_of_their_soup(kernel: ModuleType, name: str) -> None:
    mesh = parts.part_mesh(name)
    assert_shells(kernel, parts.together(mesh, mesh, parts.part_mesh("cube")).triangles)
    assert_shells(kernel, parts.soup(mesh).triangles)


def assert_shells(kernel: ModuleType, t: Ints) -> None:
    """Labels, counts and rim are the slow version's."""
    for mine, theirs in zip(kernel.shells(t), slow.shells(t), strict=True):
        assert mine.tolist() == theirs.tolist()


@given(meshes(least=1))
def test_volume_is_the_sum_over_triangles(kernel: ModuleType, mesh: tuple[Floats, Ints]) -> None:
    terms = slow.volume_terms(*mesh)
    assert abs(kernel.signed_volume(*mesh) - terms.sum() / 6) <= 1e-14 * np.abs(terms).sum() * len(terms)


@pytest.mark.parametrize("shift", [0.0, 1e3, 1e6])
def test_volume_of_a_solid_is_exact_enough_far_from_the_origin(kernel: ModuleType, shift: float) -> None:
    mesh = parts.mesh_of(parts.bracket())
    expected = parts.bracket().volume()
    far = Mesh(mesh.vertices + shift, mesh.triangles)
    assert kernel.signed_volume(far.vertices, far.triangles) == pytest.approx(expected, rel=1e-5)
    assert kernel.signed_volume(far.vertices, parts.flipped(far).triangles) == pytest.approx(
        -expected, rel=1e-5
    )


@given(meshes(least=1))
def test_volume_changes_sign_with_the_winding(kernel: ModuleType, mesh: tuple[Floats, Ints]) -> None:
    v, t = mesh
    size = size_of(v) ** 3 * len(t)
    again = kernel.signed_volume(v, np.ascontiguousarray(t[:, [0, 2, 1]]))
    assert abs(again + kernel.signed_volume(v, t)) <= 1e-14 * size


def test_nothing_has_no_shells_no_vertices_and_no_volume(kernel: ModuleType) -> None:
    no_points, no_triangles = np.empty((0, 3)), np.empty((0, 3), dtype=np.int32)
    vertices, remap = kernel.weld(no_points)
    assert vertices.shape == (0, 3)
    assert remap.shape == (0,)
    assert kernel.weld_within(no_points, 1.0).shape == (0,)
    assert kernel.PointGrid(no_points, 1.0).nearest(np.zeros((2, 3))).tolist() == [-1, -1]
    assert kernel.PointGrid(np.zeros((2, 3)), 1.0).nearest(no_points).shape == (0,)
    assert kernel.first_of_equals(no_triangles).shape == (0,)
    labels, stats, rim = kernel.shells(no_triangles)
    assert (labels.shape, stats.shape, rim.shape) == ((0,), (0, 3), (0,))
    assert kernel.signed_volume(no_points, no_triangles) == 0
