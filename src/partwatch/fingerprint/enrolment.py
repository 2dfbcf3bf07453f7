"""What a list keeps of a part: a print of each shell that carries weight, and how distinct it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint.cloud import cloud_of
from partwatch.fingerprint.descriptor import describe
from partwatch.fingerprint.distinctiveness import distinctiveness
from partwatch.fingerprint.surface import sample_surface
from partwatch.geometry.bodies import Solid
from partwatch.model.mesh import Mesh

# Beyond the largest ones, shells with less of the part's surface than this get no print of their own.
ALWAYS = 2
LEAST_SHARE = 0.1
MAX_SHELLS = 6
WHOLE = -1


@dataclass(frozen=True, eq=False)
class EnrolledPart:
    """Prints as (descriptor, cloud, shell); shell -1 is the whole part."""

    distinctiveness: float
    area_mm2: float
    prints: tuple[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], int], ...]


def enrol_part(mesh: Mesh, solids: Sequence[Solid]) -> EnrolledPart:
    """Prints of a part given in millimetres. ValueError where it has no surface.

    A part of several shells is printed as a whole, since a copy may have them fused, and by its larger
    shells, since a copy may have them apart.
    """
    whole = sample_surface(mesh)
    prints = [(describe(whole), cloud_of(whole), WHOLE)]
    distinct = distinctiveness(whole)
    if len(solids) > 1:
        surfaces = [
            (k, sample_surface(solid.mesh)) for k, solid in enumerate(solids) if _has_extent(solid.mesh)
        ]
        total = sum(surface.area for _, surface in surfaces)
        by_area = sorted(surfaces, key=lambda pair: -pair[1].area)[:MAX_SHELLS]
        large = [pair for n, pair in enumerate(by_area) if n < ALWAYS or pair[1].area >= LEAST_SHARE * total]
        prints += [(describe(surface), cloud_of(surface), k) for k, surface in large]
    return EnrolledPart(distinct, whole.area, tuple(prints))


def _has_extent(mesh: Mesh) -> bool:
    return len(mesh.triangles) > 0 and float(mesh.extents.max()) > 0
