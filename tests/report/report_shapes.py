"""Bodies made in code for the report's tests: a pump housing, its edited copy, and views of them."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import trimesh
from manifold3d import Manifold
from scipy.spatial import cKDTree

from partwatch.model.document import View
from partwatch.model.view import encode_view

Points = npt.NDArray[np.float32]
Faces = npt.NDArray[np.int64]
REACH_MM = 4.0


def arrays(solid: Manifold, edge_mm: float = 2.0) -> tuple[Points, Faces]:
    """Vertices and triangles, refined so that a distance a vertex says enough."""
    mesh = solid.refine_to_length(edge_mm).to_mesh()
    return np.asarray(mesh.vert_properties, np.float32)[:, :3], np.asarray(mesh.tri_verts, np.int64)


def pump_housing() -> Manifold:
    """A flanged hand-pump housing: barrel, bore, side inlet, four bolt holes."""
    barrel = Manifold.cylinder(50, 18, 18, 96)
    flange = Manifold.cylinder(7, 30, 30, 96)
    inlet = Manifold.cylinder(32, 8, 8, 64).rotate((0, 90, 0)).translate((0, 0, 30))
    collar = Manifold.cylinder(5, 12, 12, 64).rotate((0, 90, 0)).translate((27, 0, 30))
    solid = barrel + flange + inlet + collar
    solid -= Manifold.cylinder(60, 13, 13, 96).translate((0, 0, -5))
    solid -= Manifold.cylinder(40, 5, 5, 48).rotate((0, 90, 0)).translate((0, 0, 30))
    for k in range(4):
        angle = np.radians(45 + 90 * k)
        hole = Manifold.cylinder(20, 2.5, 2.5, 32)
        solid -= hole.translate((24 * np.cos(angle), 24 * np.sin(angle), -5))
    return solid


def edited_housing() -> Manifold:
    """The housing with a slightly wider rim, a lug that the original lacks, and a shaved flange."""
    rim = Manifold.cylinder(8, 19.2, 19.2, 96).translate((0, 0, 42)) - Manifold.cylinder(60, 13, 13, 96)
    lug = Manifold.cube((14, 9, 16), True).translate((-22, 0, 26))
    shave = Manifold.cube((80, 20, 30), True).translate((0, -38.5, 0))
    return pump_housing() + rim + lug - shave


def distances(points: Points, solid: Manifold) -> npt.NDArray[np.float64]:
    """Distance of each point to the solid's surface by brute force; inf beyond `REACH_MM`."""
    vertices, triangles = arrays(solid, 1.0)
    mesh = trimesh.Trimesh(vertices, triangles, process=False)
    samples = mesh.triangles.mean(axis=1)
    _, near = cKDTree(samples).query(points, k=12)
    best = np.full(len(points), np.inf)
    for column in near.T:
        closest = trimesh.triangles.closest_point(mesh.triangles[column], points)
        best = np.minimum(best, np.linalg.norm(closest - points, axis=1))
    return np.where(best > REACH_MM, np.inf, best)


@cache
def housing_view(with_part: bool = False) -> View:
    """The edited housing coloured by its distance to the original."""
    points, faces = arrays(edited_housing())
    part = arrays(pump_housing(), 6.0) if with_part else (None, None)
    return encode_view(points, faces, distances(points, pump_housing()), *part)
