"""The closest-point field and the triangle tree: the kernel against search over everything."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import slow_kernel as slow
from hypothesis import assume, given
from hypothesis import strategies as st
from meshes import LATTICE, meshes, points, size_of
from slow_kernel import Floats, Ints

import parts
from partwatch.fingerprint import Surface, sample_surface

RAY = (0.5773, 0.5237, 0.6268)
CAPS = st.sampled_from([np.inf, 1e9, 5.0, 1.0, 0.25])


@st.composite
def scenes(draw: st.DrawFn, coordinates: st.SearchStrategy[float]) -> tuple[Floats, Ints, Floats]:
    """A mesh, and points around it."""
    v, t = draw(meshes(1, coordinates))
    p = draw(points(1, 12, coordinates))
    return v, t, np.ascontiguousarray(p - p.mean(axis=0) + v.mean(axis=0) + 0.1)


@given(scenes(LATTICE), CAPS)
def test_closest_distance_is_the_least_over_all_triangles(
    kernel: ModuleType, scene: tuple[Floats, Ints, Floats], cap: float
) -> None:
    v, t, p = scene
    tree = kernel.TriangleTree(v, t, 0.5)
    found, of = tree.closest(p, np.zeros_like(p), cap)
    every = np.where(slow.with_area(v, t), slow.triangle_distances(p, v, t), np.inf)
    least = every.min(axis=1)
    # Far from the origin the coordinates themselves are this coarse.
    tolerance = 1e-9 * size_of(v) + 1e-14 * float(np.abs(v).max())
    assume(cap == np.inf or (np.abs(least - cap) > tolerance).all())
    expected = np.where(least <= cap, least, np.inf)
    assert np.array_equal(np.isinf(found), np.isinf(expected))
    hit = np.isfinite(found)
    assert np.abs(found[hit] - expected[hit]).max(initial=0) <= tolerance
    assert (of[~hit] == -1).all()
    # The triangle named is one of the closest.
    assert np.abs(every[np.flatnonzero(hit), of[hit]] - found[hit]).max(initial=0) <= tolerance


@st.composite
def scattered(draw: st.DrawFn) -> tuple[Floats, Ints, Floats]:
    """Triangles that all have an area, in general position, and points among them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    v = rng.uniform(-10, 10, (draw(st.integers(3, 30)), 3))
    t = np.array([rng.permutation(len(v))[:3] for _ in range(draw(st.integers(1, 60)))], dtype=np.int32)
    return v, t, rng.uniform(-12, 12, (draw(st.integers(1, 20)), 3))


@given(scattered(), st.integers(0, 1000))
def test_closest_heeds_only_triangles_with_a_compatible_normal(
    kernel: ModuleType, scene: tuple[Floats, Ints, Floats], seed: int
) -> None:
    v, t, p = scene
    wanted = np.ascontiguousarray(np.array([parts.rotation(seed + k)[0] for k in range(len(p))]))
    found, of = kernel.TriangleTree(v, t, 0.5).closest(p, wanted, np.inf)
    every = slow.triangle_distances(p, v, t)
    cosines = slow.plane_cosines(v, t, wanted)
    surely = np.where(cosines >= 0.5 + 1e-9, every, np.inf).min(axis=1)
    maybe = np.where(cosines >= 0.5 - 1e-9, every, np.inf).min(axis=1)
    tolerance = 1e-9 * size_of(v)
    assert (found <= surely + tolerance).all()
    assert (found >= maybe - tolerance).all()
    hit = of >= 0
    assert np.array_equal(hit, np.isfinite(found))
    assert (cosines[np.flatnonzero(hit), of[hit]] >= 0.5 - 1e-9).all()


@pytest.mark.parametrize("name", ["gear", "bracket", "housing"])
def test_closest_on_a_part_is_the_least_over_all_triangles(kernel: ModuleType, name: str) -> None:
    mesh = parts.part_mesh(name)
    rng = np.random.default_rng(5)
    p = rng.uniform(mesh.vertices.min(axis=0) - 5, mesh.vertices.max(axis=0) + 5, (150, 3))
    n = np.array([parts.rotation(k)[0] for k in range(150)])
    tree = kernel.TriangleTree(mesh.vertices, mesh.triangles, 0.5)
    every = slow.triangle_distances(p, mesh.vertices, mesh.triangles)
    found, _ = tree.closest(p, np.zeros_like(p), np.inf)
    assert np.abs(found - every.min(axis=1)).max() < 1e-9
    compatible = slow.plane_cosines(mesh.vertices, mesh.triangles, n) >= 0.5
    found, _ = tree.closest(p, n, np.inf)
    assert np.abs(found - np.where(compatible, every, np.inf).min(axis=1)).max() < 1e-9


def test_a_wanted_normal_and_its_opposite_are_the_same(kernel: ModuleType) -> None:
    mesh = parts.part_mesh("hook")
    p, n = parts.surface_samples(mesh, 300)
    p = np.ascontiguousarray(p + 0.7)
    tree = kernel.TriangleTree(mesh.vertices, mesh.triangles, 0.5)
    one, other = tree.closest(p, n, np.inf), tree.closest(p, np.ascontiguousarray(-n), np.inf)
    assert one[0].tolist() == other[0].tolist()
    assert one[1].tolist() == other[1].tolist()


def test_a_tree_of_nothing_finds_nothing(kernel: ModuleType) -> None:
    tree = kernel.TriangleTree(np.zeros((3, 3)), np.array([[0, 1, 2]], dtype=np.int32), 0.5)
    found, of = tree.closest(np.zeros((2, 3)), np.zeros((2, 3)), np.inf)
    assert found.tolist() == [np.inf, np.inf]
    assert of.tolist() == [-1, -1]
    assert tree.crossings(np.zeros((2, 3)), RAY).tolist() == [[0, 0], [0, 0]]


@given(scattered())
def test_crossings_count_the_triangles_that_a_ray_goes_through(
    kernel: ModuleType, scene: tuple[Floats, Ints, Floats]
) -> None:
    v, t, p = scene
    a, b, c = (v[t[:, k]] - p[:, None] for k in range(3))
    d = np.array(RAY)
    hands = np.stack([slow.dot(slow.cross(x, y), d) for x, y in ((b, c), (c, a), (a, b))])
    # Rays through an edge, and triangles seen edge-on, are for rounding to decide.
    assume((np.abs(hands) > 1e-9 * size_of(v) ** 2).all())
    n = slow.cross(b - a, c - a)
    assume((np.abs(slow.dot(n, a)) > 1e-9 * size_of(v) ** 3).all())
    tree = kernel.TriangleTree(v, t, 0.0)
    assert tree.crossings(p, RAY).tolist() == slow.crossings(v, t, p, d).tolist()


@pytest.mark.parametrize("mirrored", [False, True])
def test_crossings_tell_inside_from_outside(kernel: ModuleType, mirrored: bool) -> None:
    mesh = parts.part_mesh("ball")
    mesh = parts.flipped(mesh) if mirrored else mesh
    p = np.random.default_rng(1).uniform(-14, 14, (500, 3))
    r = np.linalg.norm(p, axis=1)
    p = np.ascontiguousarray(p[np.abs(r - 12) > 0.1])
    count = kernel.TriangleTree(mesh.vertices, mesh.triangles, 0.0).crossings(p, RAY)
    inside = np.linalg.norm(p, axis=1) < 12
    net = (count[:, 0] - count[:, 1]) * (-1 if mirrored else 1)
    assert net.tolist() == inside.astype(int).tolist()
    assert (count.sum(axis=1) <= 2).all()


def surface_of(name: str) -> Surface:
    return sample_surface(parts.part_mesh(name))


def as_field(kernel: ModuleType, surface: Surface, resolution: int = 64) -> Any:
    return kernel.Field(surface.raw, surface.raw_normals, resolution)


def with_frame(T: Floats, angle_rad: float, shift: float, seed: int) -> Floats:
    """The pose turned by an angle about a random axis through its target's middle, and shifted."""
    axis = parts.rotation(seed)[0]
    K = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + np.sin(angle_rad) * K + (1 - np.cos(angle_rad)) * K @ K
    return np.concatenate(
        [turn @ T[:, :3], (turn @ T[:, 3] + shift * parts.rotation(seed)[1])[:, None]], axis=1
    )


def test_a_voxel_is_the_largest_extent_over_the_resolution(kernel: ModuleType) -> None:
    surface = surface_of("bracket")
    extent = float(np.ptp(surface.raw, axis=0).max())
    for resolution in (2, 16, 64):
        assert as_field(kernel, surface, resolution).voxel == pytest.approx(extent / resolution)


def test_the_field_covers_what_lies_flat_on_its_samples_and_nothing_else(kernel: ModuleType) -> None:
    rng = np.random.default_rng(3)
    # The side z = 0 of a unit square, densely sampled; the points to look at lie on its inner part.
    up = np.array([0.0, 0.0, 1.0])
    plane = np.concatenate([rng.uniform(0, 1, (4000, 2)), np.zeros((4000, 1))], axis=1)
    field = kernel.Field(plane, np.tile(up, (4000, 1)), 32)
    p = np.concatenate([rng.uniform(0.2, 0.8, (200, 2)), np.zeros((200, 1))], axis=1)
    n = np.tile(up, (200, 1))

    def covered(T: Floats, normals: Floats = n, near: float = 0.1, flat: float = 0.01) -> float:
        return field.covered(p, normals, T[None], near, flat, 0.5)

    def lifted(height: float, size: float = 1.0) -> Floats:
        return np.concatenate([size * np.eye(3), [[0.0], [0.0], [height]]], axis=1)

    assert covered(lifted(0.0)) == 1.0
    assert covered(lifted(0.0), -n) == 1.0
    # Normals are turned by the frame and made unit again, whatever its scale.
    assert covered(lifted(0.0, 1.1)) == 1.0
    assert covered(lifted(0.009)) == 1.0
    assert covered(lifted(0.011)) == 0.0
    assert covered(lifted(0.011), flat=0.02) == 1.0
    assert covered(lifted(0.2), near=0.1, flat=1.0) == 0.0
    assert covered(lifted(0.0), np.tile([1.0, 0.0, 0.0], (200, 1))) == 0.0
    half = np.where(np.arange(200)[:, None] % 2 == 0, n, [1.0, 0.0, 0.0])
    assert covered(lifted(0.0), np.ascontiguousarray(half)) == 0.5


@pytest.mark.parametrize("name", ["bracket", "gear", "clamp"])
@pytest.mark.parametrize("scale", [1.0, 25.4])
def test_the_best_pose_is_the_true_one_and_its_score_is_an_honest_fit(
    kernel: ModuleType, name: str, scale: float
) -> None:
    surface = surface_of(name)
    field = as_field(kernel, surface)
    truth = parts.motion(7, 30, scale)
    # The part is the body moved back: the true pose lays its points on the body's.
    back = np.linalg.inv(truth[:, :3])
    p = np.ascontiguousarray((surface.points - truth[:, 3]) @ back.T)
    n = np.ascontiguousarray(surface.normals @ back.T * scale)
    near = with_frame(truth, 0.1, 0.0, 2)
    near[:, 3] += surface.centre - (near[:, :3] @ p.mean(axis=0) + near[:, 3])
    strangers = [parts.motion(100 + k, 20, scale) for k in range(60)]
    frames = np.ascontiguousarray(np.array([*strangers[:30], near, *strangers[30:]]))
    cap = 0.08 * surface.radius
    T, scores = field.align(p, n, frames, cap, 6, 0.0)
    assert len(T) == len(scores) <= 6
    assert (np.diff(scores) <= 0).all()
    placed = p @ T[0][:, :3].T + T[0][:, 3]
    assert np.linalg.norm(placed - surface.points, axis=1).max() < 0.5 * field.voxel
    for pose, score in zip(T, scores, strict=True):
        # Never above the fit by exact search; below it by no more than the voxels explain.
        assert score <= slow.fit(p, surface.raw, pose, cap) + 1e-9
        assert score >= slow.fit(p, surface.raw, pose, cap, 2 * np.sqrt(3) * field.voxel) - 1e-9
    assert scores[0] >= max(slow.fit(p, surface.raw, frame, cap) for frame in frames)


def test_poses_that_cannot_reach_the_least_score_are_given_up(kernel: ModuleType) -> None:
    surface = surface_of("bracket")
    field = as_field(kernel, surface)
    away = np.ascontiguousarray(np.concatenate([np.eye(3), [[500.0], [0], [0]]], axis=1)[None])
    T, scores = field.align(surface.points, surface.normals, away, 1.0, 6, 0.5)
    assert T.shape == (0, 3, 4)
    assert scores.shape == (0,)
    T, scores = field.align(surface.points, surface.normals, np.empty((0, 3, 4)), 1.0, 6, 0.0)
    assert T.shape == (0, 3, 4)


@pytest.mark.parametrize("name", ["bracket", "hook", "stand", "housing"])
@pytest.mark.parametrize("scale", [1.0, 0.01, 25.4])
def test_refinement_on_triangles_reaches_the_true_pose(kernel: ModuleType, name: str, scale: float) -> None:
    mesh = parts.part_mesh(name)
    truth = parts.motion(11, 40, scale)
    body = parts.moved(mesh, truth)
    surface = sample_surface(mesh)
    tree = kernel.TriangleTree(body.vertices, body.triangles, 0.5)
    p, n, _, _ = kernel.sample(mesh.vertices, mesh.triangles, 300)
    start = with_frame(truth, 0.03, 0.0, 4)
    start[:, :3] *= 1.01
    middle = body.vertices.mean(axis=0)
    start[:, 3] = middle - start[:, :3] @ mesh.vertices.mean(axis=0)
    cap = 0.1 * surface.radius * scale
    T = tree.refine(p, n, np.ascontiguousarray(start[None]), 40, cap, 0.2 * cap)
    assert T.shape == (3, 4)
    residual = np.linalg.norm(mesh.vertices @ (T - truth)[:, :3].T + (T - truth)[:, 3], axis=1)
    assert residual.max() < 1e-5 * surface.radius * scale


@pytest.mark.parametrize("scale", [1.0, 1.02])
def test_a_rigid_refinement_keeps_the_scale_that_it_starts_with(kernel: ModuleType, scale: float) -> None:
    mesh = parts.part_mesh("bracket")
    truth = parts.motion(11, 40)
    body = parts.moved(mesh, truth)
    tree = kernel.TriangleTree(body.vertices, body.triangles, 0.5)
    p, n, _, _ = kernel.sample(mesh.vertices, mesh.triangles, 300)
    start = with_frame(truth, 0.03, 0.5, 4)
    start[:, :3] *= scale
    middle = body.vertices.mean(axis=0)
    start[:, 3] = middle - start[:, :3] @ mesh.vertices.mean(axis=0)
    T = tree.refine(p, n, np.ascontiguousarray(start[None]), 40, 3.0, 0.6, True)
    assert np.abs(T[:, :3] @ T[:, :3].T - scale**2 * np.eye(3)).max() < 1e-12
    gap = np.linalg.norm(mesh.vertices @ (T - truth)[:, :3].T + (T - truth)[:, 3], axis=1).max()
    assert gap < 1e-4 if scale == 1.0 else 0.1 < gap < 1.5
    free = tree.refine(p, n, np.ascontiguousarray(start[None]), 40, 3.0, 0.6)
    assert np.linalg.det(free[:, :3]) == pytest.approx(1, abs=1e-6)


def test_refinement_with_nothing_in_reach_leaves_the_pose_as_it_was(kernel: ModuleType) -> None:
    mesh = parts.part_mesh("bracket")
    tree = kernel.TriangleTree(mesh.vertices, mesh.triangles, 0.5)
    start = np.concatenate([np.eye(3), [[1000.0], [0], [0]]], axis=1)[None]
    n = np.zeros_like(mesh.vertices)
    assert tree.refine(mesh.vertices, n, start, 10, 1.0, 0.1).tolist() == start[0].tolist()
