"""A part's cloud: the few points and normals by which it is laid on a body, and their frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint.surface import Surface
from partwatch.model.mesh import FloatArray

CLOUD_SIZE = 512


@dataclass(frozen=True, eq=False)
class CloudFrame:
    """Centre (3,), root-mean-square radius, axes (3, 3) and spreads (3,) of some points."""

    centre: FloatArray
    radius: float
    axes: FloatArray
    spreads: FloatArray

    @property
    def proportions(self) -> FloatArray:
        """Spreads over the radius, (3,): alike for alike shapes, whatever their size."""
        return self.spreads / self.radius


def cloud_of(surface: Surface) -> npt.NDArray[np.float32]:
    """(CLOUD_SIZE, 6) float32: evenly spaced points and their unsigned normals."""
    return np.concatenate([surface.points[:CLOUD_SIZE], surface.normals[:CLOUD_SIZE]], axis=1).astype(
        np.float32
    )


def frame_of(points: FloatArray) -> CloudFrame:
    """The frame of (n, 3) points."""
    return frames_of(points[None])[0]


def frames_of(points: FloatArray) -> list[CloudFrame]:
    """The frame of each of (m, n, 3) clouds."""
    centres = points.mean(axis=1)
    offsets = points - centres[:, None]
    values, axes = np.linalg.eigh(np.einsum("mni,mnj->mij", offsets, offsets) / points.shape[1])
    spreads = np.sqrt(np.maximum(values, 0))
    radii = np.sqrt(values.sum(axis=1))
    return [CloudFrame(centres[k], float(radii[k]), axes[k], spreads[k]) for k in range(len(points))]


def radius_of(cloud: npt.NDArray[np.float32]) -> float:
    """Root mean square radius of a cloud (n, 6), in its own unit."""
    return float(frame_of(np.asarray(cloud[:, :3], dtype=np.float64)).radius)
