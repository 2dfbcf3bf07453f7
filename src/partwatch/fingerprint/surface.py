"""A body's surface as evenly spaced points with normals, and the frame they define."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partwatch import kernel
from partwatch.model.mesh import FloatArray, Mesh

RAW_SAMPLES = 8192
EVEN_SAMPLES = 768


@dataclass(frozen=True, eq=False)
class Surface:
    """Points on one body, in its own unit.

    raw: (RAW_SAMPLES, 3), even by area. raw_normals: of the facets they lie on.
    points: (EVEN_SAMPLES, 3), evenly spaced, each prefix of them too. normals: unsigned, of their
    neighbourhood rather than of a facet, since noise on slivers ruins facet normals.
    centre, radius: mean of the points and root-mean-square distance from it.
    axes: (3, 3), columns are principal axes by rising spread. spreads: (3,) the standard deviations.
    area: of the mesh, noise and doubled surfaces included.
    """

    raw: FloatArray
    raw_normals: FloatArray
    points: FloatArray
    normals: FloatArray
    centre: FloatArray
    radius: float
    axes: FloatArray
    spreads: FloatArray
    area: float

    @property
    def spacing(self) -> float:
        """About how far apart the raw samples lie."""
        return float(np.sqrt(self.area / RAW_SAMPLES))


def sample_surface(mesh: Mesh) -> Surface:
    """Samples a body. Raises ValueError where the mesh has no triangle or no extent."""
    # About the centre of its box, so that a body far from the origin keeps its digits.
    low, high = mesh.bounds
    middle = (low + high) / 2
    raw, raw_normals, _, area = kernel.sample(
        np.ascontiguousarray(mesh.vertices - middle), mesh.triangles, RAW_SAMPLES
    )
    some = np.ascontiguousarray(raw[::2])
    points = some[kernel.farthest(some, EVEN_SAMPLES)]
    centre = points.mean(axis=0)
    offsets = points - centre
    radius = float(np.sqrt((offsets**2).sum(axis=1).mean()))
    if not radius > 0:
        raise ValueError("the body has no extent")
    # Even points over a surface of radius r lie about r / 8 apart; three rings make a neighbourhood.
    normals = kernel.local_normals(raw, points, _spacing(points) * 1.5)
    values, axes = np.linalg.eigh(offsets.T @ offsets / len(points))
    return Surface(
        raw=raw + middle,
        raw_normals=raw_normals,
        points=points + middle,
        normals=normals,
        centre=centre + middle,
        radius=radius,
        axes=axes,
        spreads=np.sqrt(np.maximum(values, 0)),
        area=area,
    )


def _spacing(points: FloatArray) -> float:
    """Distance of the last farthest point to its closest: the spacing that thinning reached."""
    return float(np.sqrt(((points[:-1] - points[-1]) ** 2).sum(axis=1).min())) or 1e-9
