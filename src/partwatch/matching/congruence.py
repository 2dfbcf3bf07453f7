"""Copies of one body on a plate: found once, and the rest by the motion between them."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from partwatch.geometry.bodies import Solid
from partwatch.matching.alignment import apply, inverse, scale_of
from partwatch.matching.correspondence import fit_similarity
from partwatch.matching.engine import Found, Hit
from partwatch.model.mesh import FloatArray

# Of the diagonal: to which distances are rounded, and vertices must agree.
ROUNDING = 1e-4


class Congruent:
    """What was found on the bodies of one item, for those that come again in the same triangles."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Solid, Found]] = {}

    def keep(self, solid: Solid, found: Found) -> None:
        """Remembers what was found on a body."""
        self._known.setdefault(_key(solid), (solid, found))

    def found(self, solid: Solid) -> Found | None:
        """What was found on a congruent body, moved onto this one; None where there was none."""
        known = self._known.get(_key(solid))
        if known is None:
            return None
        first, found = known
        T_first_solid = fit_similarity(solid.mesh.vertices, first.mesh.vertices)
        gap = np.abs(apply(T_first_solid, solid.mesh.vertices) - first.mesh.vertices).max()
        if gap > ROUNDING * np.linalg.norm(first.mesh.extents):
            return None
        T_solid_first = inverse(T_first_solid)
        fingerprint = found.fingerprint
        if fingerprint is not None:
            fingerprint = fingerprint.scaled(scale_of(T_solid_first))
        return Found([_moved(hit, T_solid_first) for hit in found.hits], found.resembling, fingerprint)


def _key(solid: Solid) -> bytes:
    """The same for congruent bodies in one order: triangles, and distances from the first vertex."""
    mesh = solid.mesh
    distance = np.linalg.norm(mesh.vertices - mesh.vertices[0], axis=1)
    # A hair off the grid, so that equal distances seldom fall on either side of a step.
    steps = np.floor(distance / (ROUNDING * max(float(distance.max()), 1e-300)) + 0.31).astype(np.int64)
    return hashlib.sha256(mesh.triangles.tobytes() + steps.tobytes()).digest()


def _moved(hit: Hit, T_solid_first: FloatArray) -> Hit:
    T = hit.measured.T_body_part
    A = T_solid_first[:, :3] @ T[:, :3]
    t = T_solid_first[:, :3] @ T[:, 3] + T_solid_first[:, 3]
    placed = np.concatenate([A, t[:, None]], axis=1)
    mirrored = bool(np.linalg.det(A) < 0)
    return replace(hit, measured=replace(hit.measured, T_body_part=placed, mirrored=mirrored))
