"""Local features: what they are of a known surface, and what they do not depend on."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from manifold3d import Manifold
from slow_kernel import Floats, squared_distances

import parts
from partwatch.geometry.clean import triangle_areas
from partwatch.model.mesh import Mesh

RADIUS, APART, LEAST, MOST = 6.0, 2.0, 0.02, 80
SAMPLES = 3000


def samples(kernel: ModuleType, name: str, count: int = SAMPLES) -> tuple[Floats, Floats, float]:
    """Points, normals and the area of one."""
    mesh = parts.part_mesh(name)
    p, n, _, area = kernel.sample(mesh.vertices, mesh.triangles, count)
    return p, n, area / count


def sheet(count: int, wide: float, z: float, up: float) -> tuple[Floats, Floats]:
    """A square grid of points that faces up or down."""
    at = (np.arange(count) + 0.5) * wide / count
    x, y = (each.reshape(-1) for each in np.meshgrid(at, at))
    return np.stack([x, y, np.full_like(x, z)], axis=1), np.tile([0.0, 0.0, up], (len(x), 1))


@pytest.mark.parametrize("name", ["bracket", "gear", "hook"])
def test_keypoints_are_the_most_salient_of_their_surroundings(kernel: ModuleType, name: str) -> None:
    p, n, area = samples(kernel, name)
    origin, facing, salient, descriptor = kernel.local_features(p, n, area, RADIUS, APART, LEAST, len(p))
    assert len(origin) > 40
    assert descriptor.shape == (len(origin), kernel.LOCAL_SIZE)
    assert (np.diff(salient) <= 0).all()
    assert salient.min() >= LEAST
    assert salient.max() <= 1 / 3 + 1e-6
    assert np.abs((facing**2).sum(axis=1) - 1).max() < 1e-12
    # Two that face the same way are apart.
    near = squared_distances(p[origin], p[origin]) <= APART**2
    np.fill_diagonal(near, False)
    assert not (near & (facing @ facing.T > 0)).any()
    # Asked for fewer, the first ones come.
    fewer = kernel.local_features(p, n, area, RADIUS, APART, LEAST, 20)
    assert fewer[0].tolist() == origin[:20].tolist()
    assert np.array_equal(fewer[3], descriptor[:20])


def test_the_keypoints_of_a_cube_lie_along_its_edges_and_a_ball_has_none(kernel: ModuleType) -> None:
    p, n, area = samples(kernel, "cube")
    origin, _, _, _ = kernel.local_features(p, n, area, RADIUS, APART, LEAST, MOST)
    low, high = p.min(axis=0), p.max(axis=0)
    to_sides = np.sort(np.minimum(p[origin] - low, high - p[origin]), axis=1)
    assert len(origin) == MOST
    assert to_sides[:, 1].max() < RADIUS / 3
    assert len(kernel.local_features(*samples(kernel, "ball"), RADIUS, APART, LEAST, MOST)[0]) == 0


@pytest.mark.parametrize("name", ["bracket", "impeller"])
def test_a_descriptor_holds_all_the_area_within_the_radius(kernel: ModuleType, name: str) -> None:
    p, n, area = samples(kernel, name)
    origin, _, _, descriptor = kernel.local_features(p, n, area, RADIUS, APART, LEAST, MOST)
    within = (squared_distances(p[origin], p) <= RADIUS**2).sum(axis=1) * area / RADIUS**2
    for table in np.split(descriptor.astype(np.float64) ** 2, [40], axis=1):
        assert np.abs(table.sum(axis=1) / within - 1).max() < 1e-5


def test_the_far_side_of_a_thin_wall_is_no_neighbour(kernel: ModuleType) -> None:
    top, up = sheet(60, 20.0, 0.5, 1.0)
    bottom, down = sheet(60, 20.0, 0.0, -1.0)
    p, n = np.concatenate([top, bottom]), np.concatenate([up, down])
    found = kernel.local_features(p, n, 1 / 9, RADIUS, APART, 1e-6, MOST)
    assert len(found[0]) == 0
    one_sided = np.abs(n)
    assert len(kernel.local_features(p, one_sided, 1 / 9, RADIUS, APART, 1e-6, MOST)[0]) == MOST


@pytest.mark.parametrize("name", ["bracket", "hook", "housing"])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("scale", [1.0, 25.4])
def test_a_moved_mirrored_or_scaled_surface_has_the_same_features(
    kernel: ModuleType, name: str, mirrored: bool, scale: float
) -> None:
    p, n, area = samples(kernel, name)
    T = parts.motion(5, 30, scale, mirrored)
    sizes = (RADIUS, APART)
    origin, facing, salient, descriptor = kernel.local_features(p, n, area, *sizes, LEAST, MOST)
    A = T[:, :3]
    moved = np.ascontiguousarray(p @ A.T + T[:, 3]), np.ascontiguousarray(n @ A.T / scale)
    found = kernel.local_features(*moved, area * scale**2, *(scale * s for s in sizes), LEAST, MOST)
    assert found[0].tolist() == origin.tolist()
    assert np.abs(found[1] - facing @ A.T / scale).max() < 1e-9
    assert np.abs(found[2] - salient).max() < 1e-6
    assert np.abs(found[3] - descriptor).max() < 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_samples_in_another_order_have_the_same_features(kernel: ModuleType, seed: int) -> None:
    p, n, area = samples(kernel, "hook")
    shuffle = np.random.default_rng(seed).permutation(len(p))
    # Of neighbours with one neighbourhood, equally salient, the first is taken: here all are.
    sizes = (area, RADIUS, 1e-6, LEAST, len(p))
    origin, facing, salient, descriptor = kernel.local_features(p, n, *sizes)
    found = kernel.local_features(p[shuffle], n[shuffle], *sizes)
    order, again = np.argsort(origin), np.argsort(shuffle[found[0]])
    assert len(origin) > 400
    assert shuffle[found[0]][again].tolist() == origin[order].tolist()
    assert np.abs(found[1][again] - facing[order]).max() < 1e-9
    assert np.abs(found[2][again] - salient[order]).max() < 1e-6
    assert np.abs(found[3][again] - descriptor[order]).max() < 1e-4
    assert found[2].tolist() == sorted(found[2].tolist(), reverse=True)


def test_a_descriptor_tells_an_edge_inside_from_one_outside(kernel: ModuleType) -> None:
    p, n, area = samples(kernel, "cube")
    origin, _, salient, outside = kernel.local_features(p, n, area, RADIUS, APART, LEAST, MOST)
    found = kernel.local_features(p, -n, area, RADIUS, APART, LEAST, MOST)
    assert found[0].tolist() == origin.tolist()
    assert found[2].tolist() == salient.tolist()
    assert np.linalg.norm(found[3] - outside, axis=1).min() > 0.5


def test_what_lies_in_one_place_is_thinned_and_keeps_its_area(kernel: ModuleType) -> None:
    count = 6_000
    p, n = np.full((count, 3), 7.0), np.tile([0.0, 0.6, 0.8], (count, 1))
    origin, facing, salient, descriptor = kernel.local_features(p, n, 0.01, RADIUS, APART, 0.0, MOST)
    assert origin.tolist() == [0]
    assert np.abs(facing - n[:1]).max() < 1e-12
    assert salient.tolist() == [0.0]
    for table in np.split(descriptor.astype(np.float64) ** 2, [40], axis=1):
        assert table.sum() == pytest.approx(count * 0.01 / RADIUS**2, rel=1e-3)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_hardly_any_points_have_no_features(kernel: ModuleType, count: int) -> None:
    p = np.random.default_rng(0).uniform(-1, 1, (count, 3))
    found = kernel.local_features(p, np.zeros_like(p), 1.0, RADIUS, APART, 1e-9, MOST)
    assert [each.shape for each in found] == [(0,), (0, 3), (0,), (0, kernel.LOCAL_SIZE)]
    assert [each.dtype for each in found] == [np.int32, np.float64, np.float32, np.float32]


@pytest.mark.parametrize("far", [1e15, 1e18, 1e300])
def test_points_farther_apart_than_cells_can_count_do_no_harm(kernel: ModuleType, far: float) -> None:
    p, n, area = samples(kernel, "hook", 1000)
    expected = kernel.local_features(p, n, area, RADIUS, APART, LEAST, MOST)
    p, n = np.concatenate([p, [[far, far, -far]]]), np.concatenate([n, np.zeros((1, 3))])
    found = kernel.local_features(p, n, area, RADIUS, APART, LEAST, MOST)
    assert found[0].tolist() == expected[0].tolist()
    assert np.abs(found[3] - expected[3]).max() < 1e-4


def hollow_around(mesh: Mesh, clearance: float) -> Mesh:
    """A block with a box-shaped void around the mesh, which is not in it."""
    low, high = mesh.bounds[0] - clearance, mesh.bounds[1] + clearance
    block = Manifold.cube(tuple(high - low + 6)).translate(tuple(low - 3))
    return parts.mesh_of(block - Manifold.cube(tuple(high - low)).translate(tuple(low)))


def joined_features(kernel: ModuleType, mesh: Mesh, seen: str) -> tuple[Floats, Floats, Floats]:
    """Places, axes and descriptors: of what is joined, or of all that is near."""
    count = int(triangle_areas(mesh).sum() * 4)
    p, n, owner, area = kernel.sample(mesh.vertices, mesh.triangles, count)
    sheets = (owner, kernel.Sheets(mesh.vertices, mesh.triangles)) if seen == "joined" else ()
    found = kernel.local_features(p, n, area / count, RADIUS, APART, LEAST, 4000, *sheets)
    return p[found[0]], found[1], found[3]


def most_alike(of: tuple[Floats, ...], among: tuple[Floats, ...]) -> Floats:
    """Of each feature, the distance of descriptors to the most alike one close by."""
    near = squared_distances(of[0], among[0]) <= APART**2
    gaps = np.where(near, np.sqrt(np.maximum(squared_distances(of[2], among[2]), 0.0)), np.inf)
    return np.asarray(gaps.min(axis=1))


@pytest.mark.parametrize("name", ["bracket", "housing"])
def test_what_is_joined_looks_the_same_in_a_hollow(kernel: ModuleType, name: str) -> None:
    if name == "housing" and "numpy" in kernel.__name__:
        pytest.skip("takes a minute in numpy; that it agrees with the compiled kernel is tested beside")
    mesh = parts.part_mesh(name)
    around = parts.together(mesh, hollow_around(mesh, 1.0))
    alone = joined_features(kernel, mesh, "joined")
    within = most_alike(alone, joined_features(kernel, around, "joined"))
    near = most_alike(joined_features(kernel, mesh, "near"), joined_features(kernel, around, "near"))
    assert np.median(within) < 0.15
    assert np.median(near) > 1.6 * np.median(within)


def test_of_one_closed_convex_solid_all_that_is_near_is_joined(kernel: ModuleType) -> None:
    mesh = parts.part_mesh("cube")
    joined, near = (joined_features(kernel, mesh, seen) for seen in ("joined", "near"))
    assert np.array_equal(joined[0], near[0])
    assert np.abs(joined[2] - near[2]).max() < 1e-6


def test_an_edge_of_many_triangles_joins_them_all_at_once(kernel: ModuleType) -> None:
    # Each visited once: were it asked for all of them from each of them, this would not end.
    count = 100_000
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    rim = np.stack([10 * np.cos(angle), 10 * np.sin(angle), np.full(count, 5.0)], axis=1)
    vertices = np.concatenate([[[0.0, 0.0, 0.0], [0.0, 0.0, 10.0]], rim])
    triangles = np.stack([np.zeros(count), np.ones(count), 2 + np.arange(count)], axis=1).astype(np.int32)
    p, n, owner, area = kernel.sample(vertices, triangles, 500)
    sheets = kernel.Sheets(vertices, triangles)
    joined = kernel.local_features(p, n, area / 500, RADIUS, APART, 0.0, 3, owner, sheets)
    near = kernel.local_features(p, n, area / 500, RADIUS, APART, 0.0, 3)
    assert len(joined[0]) == 3
    assert np.abs(joined[3] - near[3]).max() < 1e-6
