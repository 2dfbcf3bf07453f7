"""The kernel in numpy beside the compiled one: fingerprints to the bit, poses and distances to rounding."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from meshes import meshes, points
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
