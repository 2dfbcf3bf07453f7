"""The descriptor: alike for one shape whatever happened to its file, apart for different shapes."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parts
from partwatch.fingerprint import (
    CLOUD_SIZE,
    DESCRIPTOR_SIZE,
    FINGERPRINT_VERSION,
    Surface,
    describe,
    enrol_part,
    sample_surface,
)
from partwatch.fingerprint.cloud import cloud_of, frame_of
from partwatch.fingerprint.descriptor import COARSE_SIZE, FloatRow
from partwatch.geometry.bodies import split_bodies
from partwatch.model.mesh import Mesh

# Hellinger distances, 0 to 1. The same samples up to rounding, which may send a point to a neighbouring one:
MOVED = 0.02
# Other samples of the same surface:
RESAMPLED = 0.06
# Two shapes of the collection, at least:
DIFFERENT = 0.11

NAMES = st.sampled_from(sorted(parts.DISTINCT))
SCALES = st.sampled_from([1.0, 25.4, 10.0, 1e-3, 1e3, 0.5])


def hellinger(one: FloatRow, other: FloatRow) -> float:
    """The larger of both blocks' Hellinger distances."""
    gap = (one - other).astype(np.float64)
    return float(max(np.linalg.norm(gap[:COARSE_SIZE]), np.linalg.norm(gap[COARSE_SIZE:])) / np.sqrt(2))


@cache
def described(name: str) -> FloatRow:
    return describe(sample_surface(parts.part_mesh(name)))


def distance(name: str, mesh: Mesh) -> float:
    """From a part to what became of it."""
    return hellinger(described(name), describe(sample_surface(mesh)))


@given(NAMES, st.integers(0, 10**6), SCALES)
@settings(max_examples=25)
def test_a_moved_and_rescaled_body_has_the_same_descriptor(name: str, seed: int, scale: float) -> None:
    assert distance(name, parts.moved(parts.part_mesh(name), parts.motion(seed, 500, scale))) < MOVED


@given(NAMES, st.integers(0, 10**6), SCALES)
@settings(max_examples=25)
def test_a_mirrored_body_has_the_same_descriptor(name: str, seed: int, scale: float) -> None:
    changed = parts.moved(parts.part_mesh(name), parts.motion(seed, 500, scale, mirrored=True))
    assert distance(name, changed) < RESAMPLED


@given(NAMES, st.integers(0, 10**6))
@settings(max_examples=25)
def test_a_body_in_another_order_has_the_same_descriptor(name: str, seed: int) -> None:
    assert distance(name, parts.shuffled(parts.part_mesh(name), seed)) < RESAMPLED


@pytest.mark.parametrize("name", parts.DISTINCT)
def test_a_body_wound_the_other_way_has_the_same_descriptor(name: str) -> None:
    assert distance(name, parts.flipped(parts.part_mesh(name))) < RESAMPLED


@pytest.mark.parametrize("name", parts.DISTINCT)
def test_a_finer_tessellation_has_the_same_descriptor(name: str) -> None:
    mesh = parts.part_mesh(name)
    assert distance(name, parts.finer(mesh, float(np.linalg.norm(mesh.extents)) / 25)) < RESAMPLED


@pytest.mark.parametrize("name", parts.DISTINCT)
def test_a_printer_s_noise_leaves_the_descriptor(name: str) -> None:
    assert distance(name, parts.jittered(parts.part_mesh(name), 0.05)) < RESAMPLED


@pytest.mark.parametrize("name", parts.DISTINCT)
def test_a_soup_once_welded_has_the_very_same_descriptor(name: str) -> None:
    (solid,) = split_bodies(parts.soup(parts.part_mesh(name)))
    assert distance(name, solid.mesh) < 1e-6


@pytest.mark.parametrize("shift", [1e4, 1e6])
def test_a_body_far_from_the_origin_has_the_same_descriptor(shift: float) -> None:
    for name in ("bracket", "gear", "hinge"):
        mesh = parts.part_mesh(name)
        assert distance(name, Mesh(mesh.vertices + shift, mesh.triangles)) < MOVED


def test_different_shapes_lie_farther_apart_than_anything_that_happens_to_one() -> None:
    names = [*parts.DISTINCT, *parts.PLAIN]
    gaps = {(a, b): hellinger(described(a), described(b)) for a, b in combinations(names, 2)}
    closest = min(gaps, key=lambda pair: gaps[pair])
    assert gaps[closest] > DIFFERENT, closest
    assert DIFFERENT > 1.5 * RESAMPLED


def test_the_descriptor_is_two_unit_blocks_of_square_roots() -> None:
    row = described("bracket")
    assert row.dtype == np.float32
    assert row.shape == (DESCRIPTOR_SIZE,)
    assert (row >= 0).all()
    assert np.linalg.norm(row[:COARSE_SIZE]) == pytest.approx(1, abs=1e-6)
    assert np.linalg.norm(row[COARSE_SIZE:]) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", ["gear", "pipe"])
def test_the_same_mesh_gives_the_same_bytes(name: str) -> None:
    mesh = parts.part_mesh(name)
    one, other = (sample_surface(Mesh(mesh.vertices.copy(), mesh.triangles.copy())) for _ in range(2))
    assert describe(one).tobytes() == describe(other).tobytes()
    assert cloud_of(one).tobytes() == cloud_of(other).tobytes()
    assert FINGERPRINT_VERSION


# The surface that it is made of


def check_surface(surface: Surface, mesh: Mesh) -> None:
    size = float(np.linalg.norm(mesh.extents))
    centre = surface.points.mean(axis=0)
    assert np.allclose(surface.centre, centre, atol=1e-9 * size)
    offsets = surface.points - centre
    assert surface.radius == pytest.approx(float(np.sqrt((offsets**2).sum(axis=1).mean())), rel=1e-9)
    assert np.allclose(surface.axes.T @ surface.axes, np.eye(3), atol=1e-9)
    assert (np.diff(surface.spreads) >= 0).all()
    assert np.allclose((offsets @ surface.axes).std(axis=0), surface.spreads, atol=1e-9 * size)
    assert np.allclose(np.linalg.norm(surface.normals, axis=1), 1)
    assert np.allclose(np.linalg.norm(surface.raw_normals, axis=1), 1)


@pytest.mark.parametrize("name", ["gear", "clamp", "ball"])
@pytest.mark.parametrize("scale", [1.0, 1e-3, 25.4])
def test_centre_radius_axes_and_spreads_are_those_of_the_points(name: str, scale: float) -> None:
    mesh = parts.moved(parts.part_mesh(name), parts.motion(2, 50, scale))
    surface = sample_surface(mesh)
    check_surface(surface, mesh)
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    area = float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
    assert surface.area == pytest.approx(area, rel=1e-9)


def test_each_prefix_of_the_points_is_evenly_spaced() -> None:
    points = sample_surface(parts.part_mesh("bracket")).points
    for count in (32, 96, 320, len(points)):
        gaps = np.linalg.norm(points[:count, None] - points[None, :count], axis=2) + 1e9 * np.eye(count)
        nearest = gaps.min(axis=1)
        assert nearest.max() < 2.5 * nearest.min()


def test_a_cloud_is_the_first_points_and_normals_and_its_frame_is_theirs() -> None:
    surface = sample_surface(parts.part_mesh("hook"))
    cloud = cloud_of(surface)
    assert cloud.shape == (CLOUD_SIZE, 6)
    assert cloud.dtype == np.float32
    assert np.allclose(cloud[:, :3], surface.points[:CLOUD_SIZE], atol=1e-5)
    assert np.allclose(cloud[:, 3:], surface.normals[:CLOUD_SIZE], atol=1e-6)
    frame = frame_of(cloud[:, :3].astype(np.float64))
    offsets = cloud[:, :3] - frame.centre
    assert np.allclose((offsets @ frame.axes).std(axis=0), frame.spreads, atol=1e-5)
    assert frame.radius == pytest.approx(float(np.linalg.norm(frame.spreads)), rel=1e-6)
    assert np.linalg.norm(frame.proportions) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    "mesh",
    [
        Mesh(np.full((3, 3), 2.0), np.array([[0, 1, 2]], dtype=np.int32)),
        Mesh(np.zeros((4, 3)), np.empty((0, 3), dtype=np.int32)),
        Mesh(np.empty((0, 3)), np.empty((0, 3), dtype=np.int32)),
    ],
    ids=["a point", "no triangle", "no vertex"],
)
def test_a_mesh_without_extent_is_refused(mesh: Mesh) -> None:
    with pytest.raises(ValueError, match=r"."):
        sample_surface(mesh)


# Enrolment


def test_a_part_of_one_shell_has_one_print() -> None:
    mesh = parts.part_mesh("bracket")
    enrolled = enrol_part(mesh, split_bodies(mesh))
    ((descriptor, cloud, shell),) = enrolled.prints
    assert shell == -1
    assert descriptor.tobytes() == described("bracket").tobytes()
    assert cloud.shape == (CLOUD_SIZE, 6)


def test_a_part_of_two_shells_is_printed_whole_and_by_each() -> None:
    mesh = parts.together(
        parts.part_mesh("bracket"),
        parts.moved(parts.part_mesh("gear"), np.eye(3, 4, 0) + 90 * np.eye(3, 4, 3)),
    )
    enrolled = enrol_part(mesh, split_bodies(mesh))
    assert sorted(shell for _, _, shell in enrolled.prints) == [-1, 0, 1]
    by_shell = {shell: descriptor for descriptor, _, shell in enrolled.prints}
    assert hellinger(by_shell[0], described("bracket")) < MOVED
    assert hellinger(by_shell[1], described("gear")) < MOVED
    assert hellinger(by_shell[-1], described("gear")) > DIFFERENT


def test_a_crumb_beside_a_part_takes_no_more_prints_than_the_rule_allows() -> None:
    crumbs = [
        Mesh(parts.part_mesh("cube").vertices * 0.05 + [100 + 3 * k, 0, 0], parts.part_mesh("cube").triangles)
        for k in range(12)
    ]
    mesh = parts.together(parts.part_mesh("bracket"), *crumbs)
    enrolled = enrol_part(mesh, split_bodies(mesh))
    shells = [shell for _, _, shell in enrolled.prints]
    assert shells[0] == -1
    assert 0 in shells
    assert len(shells) == 3
