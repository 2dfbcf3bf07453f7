"""Local features: what a surface looks like around its edges and corners, in absolute millimetres.

They survive what ruins the descriptor of a whole body: a cut, a fusion, a hole. Each is seen at one of a
series of radii, an octave apart; a part is described at the octaves that suit its size, and a body at more of
them, since it may be a piece of something larger or hold something smaller.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.fingerprint.codebook import Codebook
from partwatch.fingerprint.shipped import codebook
from partwatch.geometry.clean import triangle_areas
from partwatch.model.mesh import FloatArray, Mesh

LOCAL_VERSION = "2"
# Radius of octave 0 in millimetres, and the octaves there are.
BASE_MM = 0.375
FIRST_OCTAVE, LAST_OCTAVE = -8, 12
# Radii as shares of the diagonal. A piece of a third of a part's size, and a body of five times it, still
# share an octave with it.
PART_RADII = 1 / 20, 1 / 3.5
BODY_RADII = 1 / 24, 1 / 3
MOST_OF_PART, MOST_OF_BODY = 300, 400
# Samples across a radius, and how many there may be.
SAMPLES_A_RADIUS = 8
LEAST_SAMPLES, MOST_SAMPLES = 500, 40_000
# Distance of keypoints in radii, and the surface variation that makes one.
APART = 0.45
LEAST_VARIATION = 0.01
# One record a feature; facing: unit normal in 127ths.
FEATURE = np.dtype(
    [("octave", "i1"), ("code", "i1", (kernel.CODE_SIZE,)), ("place", "<f4", (3,)), ("facing", "i1", (3,))]
)

Features = npt.NDArray[np.void]


def features_layout() -> str:
    """What local features are made with: those of another layout are never compared."""
    return f"{LOCAL_VERSION}-{codebook().version}"


def radius_mm(octave: npt.NDArray[Any]) -> FloatArray:
    """Radii of octaves, in millimetres."""
    return np.asarray(BASE_MM * np.exp2(octave.astype(np.float64)))


def features_of_part(mesh: Mesh) -> Features:
    """Features (FEATURE records) of a part in millimetres."""
    return _features(mesh, PART_RADII, MOST_OF_PART, codebook())


def features_of_body(mesh: Mesh) -> Features:
    """Features of a body in millimetres, at more octaves than a part of its size has."""
    return _features(mesh, BODY_RADII, MOST_OF_BODY, codebook())


def facing_of(features: Features) -> FloatArray:
    """(n, 3) unit normals."""
    facing = features["facing"].astype(np.float64)
    return np.asarray(facing / np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-9))


def octaves(diagonal_mm: float, radii: tuple[float, float]) -> range:
    """The octaves whose radius is between those shares of the diagonal."""
    if not diagonal_mm > 0:
        return range(0)
    low, high = (math.log2(share * diagonal_mm / BASE_MM) for share in radii)
    return range(max(math.ceil(low), FIRST_OCTAVE), min(math.floor(high), LAST_OCTAVE) + 1)


def sheets_of(mesh: Mesh) -> kernel.Sheets | None:
    """How a welded mesh's triangles are joined, for `described`; None of one in open patches, whose gaps
    part what belongs together."""
    _, stats, _ = kernel.shells(mesh.triangles)
    if (stats[:, 0] > 0).sum() > 1:
        return None
    return kernel.Sheets(np.ascontiguousarray(mesh.vertices), mesh.triangles)


def described(
    mesh: Mesh, sheets: kernel.Sheets | None, octave: int, most: int
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.float32]]:
    """Places, normals and descriptors of the keypoints at one octave, the most salient first.

    What is close through space only, as the wall of a hollow around a part, is not described.
    """
    radius = float(BASE_MM * 2.0**octave)
    area = float(triangle_areas(mesh).sum())
    wanted = area * (SAMPLES_A_RADIUS / radius) ** 2
    count = int(min(max(wanted, LEAST_SAMPLES), MOST_SAMPLES))
    points, normals, owner, _ = kernel.sample(np.ascontiguousarray(mesh.vertices), mesh.triangles, count)
    origin, facing, _, descriptors = kernel.local_features(
        points, normals, area / count, radius, APART * radius, LEAST_VARIATION, most,
        owner if sheets is not None else None, sheets,
    )  # fmt: skip
    return points[origin], facing, descriptors


def _features(mesh: Mesh, radii: tuple[float, float], most: int, book: Codebook) -> Features:
    found = []
    low, high = mesh.bounds
    middle = (low + high) / 2
    centred = Mesh(mesh.vertices - middle, mesh.triangles)
    sheets = sheets_of(centred)
    for octave in octaves(float(np.linalg.norm(mesh.extents)), radii):
        place, facing, descriptors = described(centred, sheets, octave, most)
        records = np.zeros(len(place), dtype=FEATURE)
        records["octave"] = octave
        records["code"] = book.encode(descriptors)
        records["place"] = place + middle
        records["facing"] = np.rint(127 * facing)
        found.append(records)
    return np.concatenate(found) if found else np.zeros(0, dtype=FEATURE)
