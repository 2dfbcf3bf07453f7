"""How much one closed body has that another has not, by boolean operations of manifold3d."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partwatch.geometry.clean import signed_volume
from partwatch.model.mesh import Mesh

# Triangles of both together; beyond, a boolean takes longer than all the rest: 15 s a million.
MOST_TRIANGLES = 500_000
MISSING = "added and removed volume need manifold3d: python -m pip install manifold3d"
OPEN = "an open surface has no volume"
LARGE = f"the bodies have more than {MOST_TRIANGLES:,} triangles together"
TANGLED = "the surface is no clean boundary of a solid: edges are shared by more than two triangles"


@dataclass(frozen=True)
class Exchanged:
    """Volumes that only one of two bodies fills; None where that cannot be told, and why."""

    only_a: float | None
    only_b: float | None
    why: str | None = None


def volume_of(mesh: Mesh, closed: bool) -> float | None:
    """A body's volume; None where it is open."""
    return abs(signed_volume(mesh)) if closed else None


def exchanged(a: Mesh, b: Mesh, closed: bool) -> Exchanged:
    """What only `a` and what only `b` fills, both in one frame; closed: whether both are."""
    if not closed:
        return Exchanged(None, None, OPEN)
    if len(a.triangles) + len(b.triangles) > MOST_TRIANGLES:
        return Exchanged(None, None, LARGE)
    try:
        from manifold3d import Error, Manifold, Mesh64
    except ImportError:
        return Exchanged(None, None, MISSING)
    solids = []
    for mesh in (a, b):
        raw = Mesh64(
            vert_properties=np.ascontiguousarray(mesh.vertices, dtype=np.float64),
            tri_verts=np.ascontiguousarray(mesh.triangles, dtype=np.uint64),
        )
        # Doubles whose neighbours lie closer than that are one point to it.
        raw.merge()
        solid = Manifold(raw)
        if solid.status() != Error.NoError or solid.is_empty():
            return Exchanged(None, None, TANGLED)
        solids.append(solid)
    first, second = solids
    # One boolean for both: it is what takes the time.
    both = (first ^ second).volume()
    return Exchanged(max(first.volume() - both, 0.0), max(second.volume() - both, 0.0))
