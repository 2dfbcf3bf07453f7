"""Each sample is changed as its name says, and no more than that."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from examples.changes import (
    decimated,
    inside_out,
    mirrored,
    moved,
    refined,
    roughened,
    scaled,
    shuffled,
    solid_of,
)
from examples.pump import PARTS_BY_NAME
from examples.samples import all_samples, expected_findings, listed
from examples.shapes import mesh_of

from partwatch.model.document import Finding
from partwatch.model.mesh import FloatArray, Mesh

PART = "crank-arm"


def test_moving_keeps_every_distance() -> None:
    part = listed(PART)
    there = moved(part, (33.0, -71.0, 145.0), (10.0, 20.0, 30.0))
    np.testing.assert_allclose(_edge_lengths(there), _edge_lengths(part), atol=1e-9)
    assert solid_of(there).volume() == pytest.approx(solid_of(part).volume())


def test_mirroring_keeps_the_outside_outside() -> None:
    assert solid_of(mirrored(listed(PART))).volume() == pytest.approx(solid_of(listed(PART)).volume())


def test_the_mirrored_bracket_is_not_the_bracket() -> None:
    """No rotation about a coordinate axis brings it back: its gussets differ."""
    bracket, twin = solid_of(listed("bracket")), solid_of(mirrored(listed("bracket")))
    assert (bracket ^ twin).volume() / bracket.volume() < 0.99


def test_inside_out_has_negative_volume() -> None:
    part = listed(PART)
    assert _signed_volume(inside_out(part)) == pytest.approx(-_signed_volume(part))


def test_shuffling_keeps_the_triangles() -> None:
    part, mixed = listed(PART), shuffled(listed(PART))
    assert mixed.triangles.tolist() != part.triangles.tolist()
    assert _corner_sets(mixed) == _corner_sets(part)
    assert _signed_volume(mixed) == pytest.approx(_signed_volume(part))


def test_scaling_scales() -> None:
    np.testing.assert_allclose(scaled(listed(PART), 0.5).extents, listed(PART).extents / 2)


def test_refining_changes_triangles_but_not_the_solid() -> None:
    solid = PARTS_BY_NAME["hose-barb"].build()
    fine = refined(solid, 3.0)
    assert len(fine.triangles) > 2 * solid.num_tri()
    assert _edge_lengths(fine).max() < _edge_lengths(mesh_of(solid)).max()
    assert solid_of(fine).volume() == pytest.approx(solid.volume(), rel=1e-9)


def test_roughening_moves_every_point_by_no_more_than_it_says() -> None:
    part = listed(PART)
    distance = np.linalg.norm(roughened(part, 0.05).vertices - part.vertices, axis=1)
    assert 0.02 < distance.mean() < distance.max() <= 0.05


def test_decimation_halves_the_triangles_within_a_third_of_a_millimetre() -> None:
    solid = PARTS_BY_NAME["crank-knob"].build()
    fine, coarse = mesh_of(solid), decimated(solid, 0.25)
    assert len(coarse.triangles) < 0.5 * len(fine.triangles)
    assert _farthest(_points_on(fine), coarse) <= 0.3
    assert _farthest(_points_on(coarse), fine) <= 0.3


def test_names_are_unique_and_every_sample_has_an_expectation() -> None:
    names = [sample.name for sample in all_samples()]
    assert len(set(names)) == len(names) >= 25
    assert {name for name, _ in expected_findings()} == set(names)


def test_every_kind_of_finding_is_shown() -> None:
    assert {expected.finding for expected in expected_findings().values()} == set(Finding)


def test_every_match_names_a_listed_part() -> None:
    for expected in expected_findings().values():
        assert expected.parts <= PARTS_BY_NAME.keys()
        assert bool(expected.parts) == bool(expected.relations)
        assert not (expected.finding is Finding.CLEAR and expected.parts)


def _edge_lengths(mesh: Mesh) -> FloatArray:
    corners = mesh.vertices[mesh.triangles]
    return np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)


def _signed_volume(mesh: Mesh) -> float:
    a, b, c = np.moveaxis(mesh.vertices[mesh.triangles], 1, 0)
    return float((a * np.cross(b, c)).sum() / 6.0)


def _corner_sets(mesh: Mesh) -> set[frozenset[tuple[float, ...]]]:
    return {frozenset(map(tuple, corners)) for corners in mesh.vertices[mesh.triangles].tolist()}


def _points_on(mesh: Mesh) -> FloatArray:
    """A tenth of all corners, edge middles and centres: enough, at what brute force costs."""
    corners = mesh.vertices[mesh.triangles]
    middles = (corners + np.roll(corners, -1, axis=1)) / 2
    return np.concatenate([mesh.vertices, middles.reshape(-1, 3), corners.mean(axis=1)])[::10]


def _farthest(points: FloatArray, mesh: Mesh) -> float:
    """Brute force: the largest distance from a point to the mesh's surface."""
    corners = mesh.vertices[mesh.triangles]
    return max(float(_distances(chunk, corners).max()) for chunk in np.array_split(points, len(points) // 50))


def _distances(points: FloatArray, corners: FloatArray) -> FloatArray:
    """Of each point to the nearest triangle: to its plane where the foot lies inside, else to its sides."""
    ends = np.roll(corners, -1, axis=1)
    sides = [_to_segments(points, corners[:, i], ends[:, i]) for i in range(3)]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    height = points @ normal.T - (corners[:, 0] * normal).sum(axis=1)
    inside = np.ones(height.shape, dtype=bool)
    for i in range(3):
        inward = np.cross(normal, ends[:, i] - corners[:, i])
        inside &= points @ inward.T >= (corners[:, i] * inward).sum(axis=1)
    nearest: npt.NDArray[np.float64] = np.minimum.reduce(sides)
    return np.where(inside, np.abs(height), nearest).min(axis=1)


def _to_segments(points: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """(points, segments) distances."""
    along = end - start
    share = (points @ along.T - (start * along).sum(axis=1)) / (along * along).sum(axis=1)
    foot = start + np.clip(share, 0.0, 1.0)[:, :, None] * along
    return np.linalg.norm(points[:, None] - foot, axis=2)
