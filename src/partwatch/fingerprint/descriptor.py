"""The global descriptor: what is searched. Its layout has a version, and lists refuse another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.fingerprint.surface import Surface

FINGERPRINT_VERSION = "1"
# Root histograms: D2, then point-pair features; each block of unit length.
COARSE_SIZE = kernel.D2_BINS
DESCRIPTOR_SIZE = kernel.D2_BINS + kernel.PPF_BINS

FloatRow = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What is kept of a body that was sampled, in its own unit.

    descriptor: as `describe` gives it. radius: root mean square distance of its surface from its middle.
    area: of that surface.
    """

    descriptor: FloatRow
    radius: float
    area: float

    def scaled(self, factor: float) -> Fingerprint:
        """Of the same body so many times as large."""
        return Fingerprint(self.descriptor, self.radius * factor, self.area * factor**2)


def fingerprint_of(surface: Surface) -> Fingerprint:
    """The fingerprint of a body."""
    return Fingerprint(describe(surface), surface.radius, float(surface.area))


def describe(surface: Surface) -> FloatRow:
    """The descriptor of a body, (DESCRIPTOR_SIZE,) float32, blind to pose, mirroring and size.

    Square roots of histograms, so that the Euclidean distance is Hellinger's.
    """
    d2, ppf = kernel.pair_histograms(surface.points, surface.normals, surface.radius)
    blocks = [np.sqrt(block / block.sum()) for block in (d2, ppf)]
    return np.concatenate(blocks).astype(np.float32)
