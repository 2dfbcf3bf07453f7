"""OBJ and PLY: vertices once, triangles by index. Neither states a unit."""

from __future__ import annotations

import numpy as np

from partwatch.model.mesh import Mesh

_FACE = np.dtype([("count", "u1"), ("corners", "<i4", 3)])


def obj(mesh: Mesh, name: str = "example") -> bytes:
    """Wavefront OBJ with nine significant digits; its indices start at one."""
    lines = [f"o {name}"]
    lines += ["v " + " ".join(f"{value:.9g}" for value in vertex) for vertex in mesh.vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (mesh.triangles + 1).tolist()]
    return ("\n".join(lines) + "\n").encode("ascii")


def ply(mesh: Mesh) -> bytes:
    """Binary little-endian PLY with float32 vertices."""
    head = "\n".join(
        [
            "ply",
            "format binary_little_endian 1.0",
            f"element vertex {len(mesh.vertices)}",
            *(f"property float {axis}" for axis in "xyz"),
            f"element face {len(mesh.triangles)}",
            "property list uchar int vertex_indices",
            "end_header\n",
        ]
    )
    faces = np.zeros(len(mesh.triangles), _FACE)
    faces["count"] = 3
    faces["corners"] = mesh.triangles
    return head.encode("ascii") + mesh.vertices.astype("<f4").tobytes() + faces.tobytes()
