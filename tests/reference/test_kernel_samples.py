"""Sampling, thinning, normals and histograms: the kernel against its slow version."""

from __future__ import annotations

import itertools
from types import ModuleType

import numpy as np
import pytest
import slow_kernel as slow
from hypothesis import assume, given
from hypothesis import strategies as st
from meshes import FREE, SIXTEENTHS, meshes, points, size_of
from slow_kernel import Floats, Ints

import parts
from partwatch.fingerprint import sample_surface

NORMALS = np.array([parts.rotation(k)[0] for k in range(64)])


@given(meshes(), st.integers(0, 50))
def test_samples_the_same_sequence(kernel: ModuleType, mesh: tuple[Floats, Ints], count: int) -> None:
    found = kernel.sample(*mesh, count)
    expected = slow.sample(*mesh, count)
    assert found[0].tolist() == expected[0].tolist()
    assert found[1].tolist() == expected[1].tolist()
    assert found[2].tolist() == expected[2].tolist()
    assert found[3] == expected[3]


@pytest.mark.parametrize("name", ["gear", "bracket", "ball"])
def test_samples_of_a_part_lie_on_their_triangles_and_are_even_by_area(kernel: ModuleType, name: str) -> None:
    mesh = parts.part_mesh(name)
    p, n, of, area = kernel.sample(mesh.vertices, mesh.triangles, 8192)
    a, ab, ac = slow.corners(mesh.vertices, mesh.triangles[of])
    normal = np.cross(ab, ac)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    assert np.abs(((p - a) * normal / length).sum(axis=1)).max() < 1e-9
    assert np.allclose(n, normal / length, atol=1e-12)
    share = np.linalg.norm(np.cross(*slow.corners(mesh.vertices, mesh.triangles)[1:]), axis=1) / 2 / area
    got = np.bincount(of, minlength=len(share)) / len(of)
    # Systematic: no triangle is off by more than one sample at either end.
    assert np.abs(got - share).max() <= 1.0001 / len(of)


def test_a_mesh_without_area_gives_points_without_normals(kernel: ModuleType) -> None:
    v = np.array([[1.0, 2, 3]] * 3)
    p, n, of, area = kernel.sample(v, np.array([[0, 1, 2]], dtype=np.int32), 5)
    assert area == 0
    assert p.tolist() == [[1, 2, 3]] * 5
    assert not n.any()
    assert not of.any()


@given(points(1, 60), st.integers(0, 60))
def test_takes_the_farthest_next(kernel: ModuleType, p: Floats, wanted: int) -> None:
    wanted = min(wanted, len(p))
    assert kernel.farthest(p, wanted).tolist() == slow.farthest(p, wanted).tolist()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 1000])
def test_takes_the_farthest_next_of_many(kernel: ModuleType, count: int) -> None:
    p = np.random.default_rng(count).normal(size=(count, 3))
    assert kernel.farthest(p, min(count, 200)).tolist() == slow.farthest(p, min(count, 200)).tolist()


def test_every_prefix_of_the_farthest_is_the_best_spaced(kernel: ModuleType) -> None:
    """Gonzalez 1985: at most twice the best covering radius, so gaps never grow with the prefix."""
    p = np.random.default_rng(3).uniform(-1, 1, (400, 3))
    taken = p[kernel.farthest(p, 100)]
    gaps = [float(np.sqrt(slow.squared_distances(taken[:k], taken[k : k + 1]).min())) for k in range(1, 100)]
    assert all(later <= earlier + 1e-6 for earlier, later in itertools.pairwise(gaps))


@given(points(0, 60), points(1, 8), st.sampled_from([0.7, 1.1, 2.3, 20.0]))
def test_local_normals_are_the_direction_of_least_spread(
    kernel: ModuleType, p: Floats, queries: Floats, radius: float
) -> None:
    assume(len(p) == 0 or (np.abs(np.sqrt(slow.squared_distances(queries, p)) - radius) > 1e-9).all())
    normals = kernel.local_normals(p, queries, radius)
    for n, query in zip(normals, queries, strict=True):
        spread = slow.covariance_around(p, query, radius)
        values, axes = np.linalg.eigh(spread)
        tolerance = 1e-12 * radius**2
        assert n @ n == pytest.approx(1, abs=1e-9)
        assert n @ spread @ n <= values[0] + tolerance
        if values[1] - values[0] > 1e-4 * radius**2:
            assert abs(n @ axes[:, 0]) == pytest.approx(1, abs=1e-6)


def test_local_normals_of_a_ball_point_outward_or_inward(kernel: ModuleType) -> None:
    p, _, _, _ = kernel.sample(*ball(), 8192)
    even = np.ascontiguousarray(p[kernel.farthest(p, 200)])
    normals = kernel.local_normals(p, even, 2.5)
    assert np.abs((normals * even).sum(axis=1) / np.linalg.norm(even, axis=1)).min() > 0.995


def ball() -> tuple[Floats, Ints]:
    mesh = parts.part_mesh("ball")
    return mesh.vertices, mesh.triangles


def far_from_a_level(p: Floats, n: Floats) -> bool:
    """No cosine so close to a bin's edge that single precision decides."""
    _, *cosines = slow.pair_features(p, n)
    return all((np.abs(np.abs(c) - edge) > 1e-5).all() for c in cosines for edge in slow.ANGLE_LEVELS)


@given(points(0, 60, SIXTEENTHS), st.floats(0.1, 50))
def test_pair_histograms_count_every_pair(kernel: ModuleType, p: Floats, radius: float) -> None:
    n = NORMALS[np.arange(len(p)) % 64]
    assume(far_from_a_level(p, n))
    d2, ppf = kernel.pair_histograms(p, n, radius)
    expected_d2, expected_ppf = slow.pair_histograms(p, n, radius, kernel.D2_BINS)
    assert d2.shape == (kernel.D2_BINS,)
    assert ppf.shape == (kernel.PPF_BINS,)
    pairs = len(p) * (len(p) - 1) / 2
    # A pair's share between two bins is known to single precision.
    assert np.allclose(d2, expected_d2, rtol=0, atol=2e-5 * max(pairs, 1))
    assert np.allclose(ppf, expected_ppf, rtol=0, atol=2e-5 * max(pairs, 1))
    assert d2.sum() == pytest.approx(pairs, abs=1e-9)
    assert ppf.sum() == pytest.approx(pairs, abs=1e-9)


def test_pair_histograms_of_a_part_are_the_slow_ones(kernel: ModuleType) -> None:
    surface = sample_surface(parts.part_mesh("hook"))
    d2, ppf = kernel.pair_histograms(surface.points, surface.normals, surface.radius)
    expected_d2, expected_ppf = slow.pair_histograms(
        surface.points, surface.normals, surface.radius, kernel.D2_BINS
    )
    pairs = d2.sum()
    assert np.abs(d2 - expected_d2).sum() < 1e-5 * pairs
    # On plane faces many cosines are 0 or 1, a few lie on the edge of a bin.
    assert np.abs(ppf - expected_ppf).sum() < 1e-4 * pairs


@given(points(2, 40, FREE), st.lists(st.booleans(), min_size=40, max_size=40))
def test_pair_histograms_do_not_see_which_way_a_normal_points(
    kernel: ModuleType, p: Floats, turned: list[bool]
) -> None:
    n = NORMALS[: len(p)]
    sign = np.where(turned[: len(p)], -1.0, 1.0)[:, None]
    radius = size_of(p)
    for one, other in zip(
        kernel.pair_histograms(p, n, radius),
        kernel.pair_histograms(p, np.ascontiguousarray(n * sign), radius),
        strict=True,
    ):
        assert one.tolist() == other.tolist()
