"""STL, binary and ASCII. The format states no unit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partwatch.model.mesh import Mesh

_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_HEADER_BYTES = 80


def facet_normals(corners: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Unit normals of (n, 3, 3) corners; zero where a triangle has no area."""
    wide = corners.astype(np.float64)
    cross = np.cross(wide[:, 1] - wide[:, 0], wide[:, 2] - wide[:, 0])
    length = np.linalg.norm(cross, axis=1, keepdims=True)
    unit: npt.NDArray[np.float64] = np.divide(cross, length, out=np.zeros_like(cross), where=length > 0)
    return unit


def binary_stl(mesh: Mesh, header: str = "partwatch example") -> bytes:
    """80 bytes of header, a count, 50 bytes a triangle."""
    corners = mesh.vertices[mesh.triangles]
    records = np.zeros(len(corners), _TRIANGLE)
    records["normal"] = facet_normals(corners)
    records["corners"] = corners
    start = header.encode("ascii").ljust(_HEADER_BYTES, b"\0")
    return start + len(records).to_bytes(4, "little") + records.tobytes()


def ascii_stl(mesh: Mesh, name: str = "example") -> bytes:
    """`solid … endsolid`, with nine significant digits, which a float32 survives."""
    corners = mesh.vertices[mesh.triangles].astype(np.float32)
    lines = [f"solid {name}"]
    for normal, triangle in zip(facet_normals(corners), corners, strict=True):
        lines += [f"facet normal {_numbers(normal)}", " outer loop"]
        lines += [f"  vertex {_numbers(corner)}" for corner in triangle]
        lines += [" endloop", "endfacet"]
    return ("\n".join([*lines, f"endsolid {name}"]) + "\n").encode("ascii")


def _numbers(values: npt.NDArray[np.floating]) -> str:
    return " ".join(f"{float(value):.9g}" for value in values)
