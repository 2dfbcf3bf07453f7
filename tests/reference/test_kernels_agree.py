"""The kernel in numpy beside the compiled one: fingerprints to the bit, poses and distances to rounding."""

from __future__ import annotations

from types import ModuleType

import feature_list as made
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meshes import meshes, points, size_of
from slow_kernel import Floats, Ints

import parts
from partwatch import kernel as chosen
from partwatch.fingerprint import sample_surface

NAMES = ["bracket", "gear", "housing", "hook", "ball", "cube", "knob", "impeller"]


@pytest.fixture(scope="module")
def both() -> tuple[ModuleType, ModuleType]:
    """The compiled kernel and the one in numpy."""
    try:
        return chosen.load(chosen.COMPILED), chosen.load(chosen.NUMPY)
    except ImportError as error:
        pytest.skip(f"no compiled kernel: {error}")


Both = tuple[ModuleType, ModuleType]


def same(one: object, other: object) -> bool:
    """Equal bytes, or equal numbers."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    return one == other


def fingerprint_of(kernel: ModuleType, vertices: Floats, triangles: Ints) -> list[Floats]:
    """Samples, even points, normals and both histograms, as fingerprint.surface makes them."""
    raw, raw_normals, _, _ = kernel.sample(vertices, triangles, 2048)
    even = np.ascontiguousarray(raw[kernel.farthest(raw, 256)])
    radius = float(np.sqrt(((even - even.mean(axis=0)) ** 2).sum(axis=1).mean())) or 1.0
    normals = kernel.local_normals(raw, even, 0.2 * radius)
    return [raw, raw_normals, even, normals, *kernel.pair_histograms(even, normals, radius)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shift", [0.0, 1234.5])
def test_fingerprints_of_parts_are_the_same_to_the_bit(both: Both, name: str, shift: float) -> None:
    mesh = parts.part_mesh(name)
    made = [fingerprint_of(kernel, mesh.vertices + shift, mesh.triangles) for kernel in both]
    # A normal is a sum over neighbours, whose order a clash of two cells in a table may change.
    assert np.abs(made[0].pop(3) - made[1].pop(3)).max() < 1e-12
    assert all(same(one, other) for one, other in zip(*made, strict=True))


@given(meshes(least=1))
def test_fingerprints_of_any_mesh_are_the_same_to_float32(both: Both, mesh: tuple[Floats, Ints]) -> None:
    one, other = (fingerprint_of(kernel, *mesh) for kernel in both)
    assert all(same(a, b) for a, b in zip(one[:3], other[:3], strict=True))
    for a, b in zip(one[4:], other[4:], strict=True):
        assert np.allclose(a, b, rtol=0, atol=1e-7 * max(a.sum(), 1))


@given(points(0, 60), meshes(least=1))
def test_welds_shells_and_volumes_are_the_same_to_the_bit(
    both: Both, corners: Floats, mesh: tuple[Floats, Ints]
) -> None:
    one, other = (
        [
            *kernel.weld(corners),
            kernel.weld_within(corners, 0.77),
            kernel.first_of_equals(mesh[1]),
            *kernel.shells(mesh[1]),
            kernel.signed_volume(*mesh),
        ]
        for kernel in both
    )
    assert [same(a, b) for a, b in zip(one, other, strict=True)] == [True] * len(one)


@pytest.mark.parametrize("name", NAMES)
def test_poses_of_parts_are_the_same_to_rounding(both: Both, name: str) -> None:
    surface = sample_surface(parts.part_mesh(name))
    truth = parts.motion(3, 20)
    frames = np.array([truth, *(parts.motion(50 + k, 20) for k in range(40))])
    frames[:, :, 3] = surface.centre - frames[:, :, :3] @ surface.centre
    cap = 0.08 * surface.radius
    args = surface.points, surface.normals, np.ascontiguousarray(frames), cap, 6, 0.0
    fields = [kernel.Field(surface.raw, surface.raw_normals, 48) for kernel in both]
    assert fields[0].voxel == fields[1].voxel
    (T, scores), (T_numpy, scores_numpy) = (field.align(*args) for field in fields)
    assert scores_numpy == pytest.approx(scores, abs=1e-6)
    # Poses that fit equally well may come in another order; the best one is the same fit.
    assert len(T) == len(T_numpy)
    still = np.concatenate([np.eye(3), np.zeros((3, 1))], axis=1)[None]
    shares = [field.covered(surface.points, surface.normals, still, cap, cap, 0.5) for field in fields]
    assert shares[0] == shares[1]


@pytest.mark.parametrize("name", NAMES)
def test_distances_to_parts_are_the_same_to_rounding(both: Both, name: str) -> None:
    mesh = parts.part_mesh(name)
    p, n = parts.surface_samples(mesh, 400)
    p = np.ascontiguousarray(p + 0.3)
    trees = [kernel.TriangleTree(mesh.vertices, mesh.triangles, 0.5) for kernel in both]
    for cap in (np.inf, 1.0, 0.2):
        (d, _), (d_numpy, _) = (tree.closest(p, n, cap) for tree in trees)
        assert np.array_equal(np.isinf(d), np.isinf(d_numpy))
        found = np.isfinite(d)
        assert np.abs(d[found] - d_numpy[found]).max(initial=0) < 1e-12 * float(np.abs(mesh.vertices).max())
    ray = (0.5773, 0.5237, 0.6268)
    assert trees[0].crossings(p, ray).tolist() == trees[1].crossings(p, ray).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_local_features_of_parts_are_the_same_to_float32(both: Both, name: str) -> None:
    mesh = parts.part_mesh(name)
    vertices = mesh.vertices + 1234.5
    p, n, owner, area = both[0].sample(vertices, mesh.triangles, 2500)
    sizes = (area / 2500, 6.0, 1.5, 0.01, 200)
    assert_same_features(*(kernel.local_features(p, n, *sizes) for kernel in both))
    joined = [
        kernel.local_features(p, n, *sizes, owner, kernel.Sheets(vertices, mesh.triangles)) for kernel in both
    ]
    assert_same_features(*joined)


@given(meshes(least=1), st.sampled_from([0.05, 0.3, 2.0]))
def test_local_features_of_any_mesh_are_the_same_to_float32(
    both: Both, mesh: tuple[Floats, Ints], share: float
) -> None:
    p, n, owner, area = both[0].sample(*mesh, 400)
    radius = share * size_of(mesh[0])
    sizes = (area / 400, radius, radius / 3, 1e-4, 60)
    assert_same_features(*(kernel.local_features(p, n, *sizes) for kernel in both))
    joined = [kernel.local_features(p, n, *sizes, owner, kernel.Sheets(*mesh)) for kernel in both]
    assert_same_features(*joined)


def test_local_features_of_a_crowd_are_the_same_to_float32(both: Both) -> None:
    rng = np.random.default_rng(1)
    p, n = rng.uniform(-1, 1, (9000, 3)), rng.normal(size=(9000, 3))
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    one, other = (kernel.local_features(p, n, 0.1, 6.0, 0.5, 0.02, 10) for kernel in both)
    assert len(one[0]) == 10
    assert_same_features(one, other)


def assert_same_features(one: tuple[Floats, ...], other: tuple[Floats, ...]) -> None:
    """The same keypoints in the same order; a sum over neighbours may come in another order."""
    assert [(each.dtype, each.shape) for each in one] == [(each.dtype, each.shape) for each in other]
    assert one[0].tolist() == other[0].tolist()
    assert np.abs(one[1] - other[1]).max(initial=0) < 1e-9
    assert np.abs(one[2] - other[2]).max(initial=0) < 1e-6
    assert np.allclose(one[3], other[3], rtol=1e-5, atol=1e-5)


def test_candidates_of_a_made_up_list_are_the_same_to_rounding(both: Both) -> None:
    listed = made.feature_list(both[0])
    for number in (1, 4, 8):
        body = made.features(both[0], made.half(number, number == 4)[0])
        assert_same_candidates(*(kernel.vote(*listed.asked(body, 30)) for kernel in both))


@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(1, 400), st.booleans())
def test_candidates_of_any_list_are_the_same_to_rounding(
    both: Both, seed: int, features: int, rows: int, mirrored: bool
) -> None:
    """Few different codes, so that many are equally far; places of the body from part 0, moved."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(-128, 128, (7, 20)).astype(np.int8)
    facing = rng.normal(size=(rows, 3))
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    kind = rng.integers(0, 7, rows)
    place, part = rng.uniform(-20, 20, (rows, 3)), rng.integers(0, 4, rows).astype(np.int32)
    start = np.array([0, *np.sort(rng.integers(0, rows + 1, 4)), rows])
    T = parts.motion(seed, 30, mirrored=mirrored)
    # Each once: features in one place leave a pose open, and either kernel closes it in its own way.
    own = rng.permutation(np.flatnonzero(part == part[0]))[:features]
    features = len(own)
    args = (
        codes[kind], part, place.astype(np.float32), facing.astype(np.float32), start,
        np.ones(4, dtype=bool), codes[kind[own]],
        rng.integers(0, 5, (features, 3)).astype(np.int32), place[own] @ T[:, :3].T + T[:, 3],
        np.ascontiguousarray(facing[own] @ T[:, :3].T), rng.uniform(3, 8, features),
        rng.uniform(0, 10, features), 9,
    )  # fmt: skip
    assert_same_candidates(*(kernel.vote(*args) for kernel in both))


def assert_same_candidates(one: tuple[Floats, ...], other: tuple[Floats, ...]) -> None:
    assert [(each.dtype, each.shape) for each in one] == [(each.dtype, each.shape) for each in other]
    assert [each.tolist() for each in one[:3]] == [each.tolist() for each in other[:3]]
    assert np.abs(one[3] - other[3]).max(initial=0) < 1e-9


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rigid", [False, True])
def test_refined_poses_of_parts_are_the_same_to_rounding(both: Both, name: str, rigid: bool) -> None:
    mesh = parts.part_mesh(name)
    p, n, _, _ = both[0].sample(mesh.vertices, mesh.triangles, 200)
    start = np.concatenate([np.eye(3), [[0.3], [-0.2], [0.1]]], axis=1)[None]
    one, other = (
        kernel.TriangleTree(mesh.vertices, mesh.triangles, 0.5).refine(p, n, start, 8, 3.0, 0.5, rigid)
        for kernel in both
    )
    assert np.abs(one - other).max() < 1e-6
