"""Orthographic ray casting of one mesh, with embree where there is one for this machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.report.raster import first_hits

try:
    from embreex import rtcore_scene
    from embreex.mesh_construction import TriangleMesh
except ImportError:
    HAS_EMBREE = False
else:
    HAS_EMBREE = True

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


# How far in front of the middle rays start: outside the unit ball.
_BACK = 4


@dataclass(frozen=True)
class Camera:
    """An orthographic camera: `right` and `up` span the picture, `look` goes into it; unit vectors.

    centre: middle of the picture in image-plane units. span: units a pixel.
    """

    right: Floats
    up: Floats
    look: Floats
    centre: tuple[float, float]
    span: float
    width: int
    height: int

    def places(self, positions: Floats) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(n, 2) columns and rows at which (n, 3) positions are seen, (n,) depths from the rays' starts."""
        at = positions.astype(np.float64)
        columns = (at @ self.right - self.centre[0]) / self.span + self.width / 2
        rows = self.height / 2 - (at @ self.up - self.centre[1]) / self.span
        return np.stack([columns, rows], axis=1), at @ self.look + _BACK

    def origins(self, columns: Floats, rows: Floats) -> Floats:
        """(n, 3) ray starts for (n,) pixel coordinates, rows counted from the top."""
        x = self.centre[0] + (columns - self.width / 2) * self.span
        y = self.centre[1] - (rows - self.height / 2) * self.span
        start = np.empty((len(x), 3), np.float32)
        for axis in range(3):
            start[:, axis] = x * self.right[axis] + y * self.up[axis] - _BACK * self.look[axis]
        return start


@dataclass(frozen=True, eq=False)
class Hits:
    """What rays met: triangle (-1 for none), barycentric weights (n, 3), depth (inf for none)."""

    triangle: Ints
    weights: Floats
    depth: Floats

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """Which rays met anything."""
        return self.triangle >= 0


class Scene:
    """One mesh, moved and scaled into the unit ball so that embree's float32 suffices at any size."""

    def __init__(self, positions: Floats, triangles: Ints) -> None:
        self.positions = positions
        self.triangles = triangles
        if not HAS_EMBREE:
            return
        self._scene = rtcore_scene.EmbreeScene()
        # Embree keeps pointers, not copies.
        self._kept = (np.ascontiguousarray(positions, np.float32), np.ascontiguousarray(triangles, np.int32))
        TriangleMesh(self._scene, *self._kept)

    def cast(self, camera: Camera, columns: Floats, rows: Floats) -> Hits:
        """The first hits of the rays through (n,) pixel coordinates."""
        if not HAS_EMBREE:
            places, depths = camera.places(self.positions)
            face, weights, deep = first_hits(places, depths, self.triangles, columns, rows)
            return Hits(face, weights, deep.astype(np.float32))
        origins = camera.origins(columns, rows)
        looks = np.ascontiguousarray(np.broadcast_to(camera.look.astype(np.float32), origins.shape))
        found = self._scene.run(origins, looks, query="INTERSECT", output=1)
        u, v = found["u"], found["v"]
        triangle = found["primID"]
        depth = np.where(triangle >= 0, found["tfar"], np.inf).astype(np.float32)
        return Hits(triangle, np.stack([1 - u - v, u, v], axis=-1), depth)
