"""Clustering: few enough triangles, none far from where the surface was."""

from __future__ import annotations

import numpy as np
import pytest

import parts
from partwatch import kernel
from partwatch.geometry.clusters import clustered
from partwatch.model.mesh import Mesh


@pytest.mark.parametrize("name", ["gear", "bracket", "impeller"])
@pytest.mark.parametrize("most", [300, 3000])
def test_a_large_mesh_is_cut_down_and_stays_on_its_surface(name: str, most: int) -> None:
    mesh = parts.part_mesh(name)
    extent = float(mesh.extents.max())
    fine = parts.finer(mesh, extent / 40)
    small = clustered(fine, most)
    assert 0.2 * most < len(small.triangles) <= most
    assert kernel.first_of_equals(small.triangles).all()
    # Half of the triangles share an edge with two others: cells are about this wide.
    cell = extent * np.sqrt(12 / most)
    tree = kernel.TriangleTree(mesh.vertices, mesh.triangles, 0.0)
    off, _ = tree.closest(small.vertices, np.zeros_like(small.vertices), np.inf)
    assert off.max() < cell


def test_a_small_mesh_stays_as_it_is() -> None:
    mesh = parts.part_mesh("stand")
    assert clustered(mesh, len(mesh.triangles)) is mesh


def test_a_mesh_of_one_point_keeps_no_triangle() -> None:
    mesh = Mesh(np.ones((4, 3)), np.array([[0, 1, 2], [1, 2, 3]] * 5, dtype=np.int32))
    assert len(clustered(mesh, 2).triangles) == 0
