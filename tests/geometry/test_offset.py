"""Walls moved out or in by one distance."""

from __future__ import annotations

import numpy as np
import pytest

import parts
from partwatch.geometry.clean import triangle_areas
from partwatch.geometry.offset import MOST_MOVED, offset_mesh
from partwatch.model.mesh import FloatArray, Mesh


def planes(mesh: Mesh) -> tuple[FloatArray, FloatArray]:
    """Unit normals (n, 3) of the facets, and how far from the origin each lies along its own."""
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return normal, (normal * a).sum(axis=1)


@pytest.mark.parametrize("by", [0.2, -0.2])
@pytest.mark.parametrize("name", ["bracket", "hinge", "housing"])
def test_every_facet_of_a_machined_part_moves_by_the_distance(name: str, by: float) -> None:
    part = parts.part_mesh(name)
    before, after = planes(part), planes(offset_mesh(part, by))
    large = triangle_areas(part) > 5
    assert large.sum() > 10
    assert (before[0] * after[0]).sum(axis=1)[large].min() > 0.999
    assert np.abs(after[1] - before[1] - by)[large].max() < 0.15 * abs(by)


def test_a_cube_grows_on_all_sides_however_it_is_cut_into_triangles() -> None:
    cube = parts.mesh_of(parts.block(10, 20, 30))
    for mesh in (cube, parts.finer(cube, 3.0)):
        grown = offset_mesh(mesh, 0.5)
        assert grown.extents == pytest.approx([11, 21, 31], abs=1e-2)
        assert len(grown.triangles) == len(mesh.triangles)


def test_what_is_flat_or_folded_stays_near_and_finite() -> None:
    corners = np.array([[0.0, 0, 0], [10, 0, 0], [0, 10, 0]])
    # Two facets back to back, and one without area.
    folded = Mesh(corners, np.array([[0, 1, 2], [0, 2, 1], [0, 1, 1]], dtype=np.int32))
    moved = offset_mesh(folded, 0.3)
    assert np.isfinite(moved.vertices).all()
    assert np.linalg.norm(moved.vertices - corners, axis=1).max() <= MOST_MOVED * 0.3 + 1e-9
