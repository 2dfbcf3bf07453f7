"""Polygons into triangles: the same area, facing the same way, whatever the polygon's shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.formats.polygons import triangulate


def area_vectors(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = np.moveaxis(vertices[triangles], 1, 0)
    return np.cross(b - a, c - a) / 2


def star(points: int, inner: float, turn: np.ndarray) -> np.ndarray:
    angle = np.arange(2 * points) * np.pi / points
    radius = np.where(np.arange(2 * points) % 2, inner, 1.0)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros(2 * points)], axis=1) @ turn.T


@given(
    points=st.integers(3, 12),
    inner=st.floats(0.1, 0.95),
    seed=st.integers(0, 1000),
    flipped=st.booleans(),
    first=st.integers(0, 23),
)
def test_a_star_is_covered_exactly_once(
    points: int, inner: float, seed: int, flipped: bool, first: int
) -> None:
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    vertices = star(points, inner, turn)
    order = np.roll(np.arange(len(vertices)), first)
    polygon = order[::-1] if flipped else order
    triangles = triangulate(vertices, np.array([len(polygon)]), polygon)
    assert triangles.shape == (2 * points - 2, 3)
    areas = area_vectors(vertices, triangles)
    # Areas that add up to the polygon's in size and not only as vectors cannot overlap.
    expected = points * inner * np.sin(np.pi / points)
    assert np.linalg.norm(areas, axis=1).sum() == pytest.approx(expected, rel=1e-9)
    assert np.linalg.norm(areas.sum(axis=0)) == pytest.approx(expected, rel=1e-9)


def test_polygons_of_many_sizes_keep_their_order() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [-1, 0.5, 0]], dtype=np.float64)
    triangles = triangulate(vertices, np.array([3, 5, 4]), np.array([0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 2, 3]))
    assert triangles.shape == (1 + 3 + 2, 3)
    assert triangles[0].tolist() == [0, 1, 2]
    areas = np.linalg.norm(area_vectors(vertices, triangles), axis=1)
    assert areas[1:4].sum() == pytest.approx(1.5)
    assert areas[4:].sum() == pytest.approx(1.0)


def test_the_inward_corner_of_an_arrow_is_not_filled() -> None:
    vertices = np.array([[0, 0, 0], [10, 0, 0], [4, 4, 0], [0, 10, 0]], dtype=np.float64)
    for first in range(4):
        triangles = triangulate(vertices, np.array([4]), np.roll(np.arange(4), first))
        assert np.linalg.norm(area_vectors(vertices, triangles), axis=1).sum() == pytest.approx(40.0)


def test_no_polygon_gives_no_triangle() -> None:
    none = np.empty(0, np.int64)
    assert triangulate(np.empty((0, 3)), none, none).shape == (0, 3)
