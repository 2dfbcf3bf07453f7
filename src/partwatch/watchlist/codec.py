"""Arrays to bytes and back, without loss and without pickle. Little-endian on every platform."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from partwatch.model.errors import StoreError
from partwatch.model.mesh import FloatArray, Mesh
from partwatch.watchlist.types import Float32Array

_VERTEX_TYPES: dict[str, np.dtype[Any]] = {"<f4": np.dtype("<f4"), "<f8": np.dtype("<f8")}


def pack_vertices(vertices: FloatArray) -> tuple[str, bytes]:
    """Type and bytes of (n, 3) vertices: single precision where nothing is lost by it, else double."""
    exact = np.ascontiguousarray(vertices, dtype="<f8")
    with np.errstate(over="ignore"):
        single = exact.astype("<f4")
    if np.array_equal(single.astype("<f8"), exact):
        return "<f4", single.tobytes()
    return "<f8", exact.tobytes()


def unpack_vertices(kind: str, content: bytes) -> FloatArray:
    """(n, 3) float64 from `pack_vertices`; ValueError where that cannot be."""
    if kind not in _VERTEX_TYPES:
        raise ValueError(f"unknown vertex type {kind!r}")
    stored: npt.NDArray[Any] = np.frombuffer(content, dtype=_VERTEX_TYPES[kind])
    return stored.reshape(-1, 3).astype(np.float64)


@dataclass(frozen=True)
class PackedMesh:
    """A mesh as plain bytes. vertex_type: `<f4` or `<f8`."""

    vertex_type: str
    vertices: bytes
    triangles: bytes

    def columns(self) -> dict[str, str | bytes]:
        """The columns of the `geometry` table."""
        # Level 1 halves a mesh; higher levels cost several times as long for little more.
        return {
            "vertex_type": self.vertex_type,
            "vertices": zlib.compress(self.vertices, 1),
            "triangles": zlib.compress(self.triangles, 1),
        }


def pack_mesh(mesh: Mesh) -> PackedMesh:
    """The mesh as bytes, without loss."""
    kind, vertices = pack_vertices(mesh.vertices)
    return PackedMesh(kind, vertices, np.ascontiguousarray(mesh.triangles, dtype="<i4").tobytes())


def unpack_mesh(kind: str, vertices: bytes, triangles: bytes) -> Mesh:
    """The mesh from the columns of the `geometry` table; StoreError where they are damaged."""
    try:
        corners = np.frombuffer(zlib.decompress(triangles), dtype="<i4").reshape(-1, 3)
        return Mesh(unpack_vertices(kind, zlib.decompress(vertices)), corners.astype(np.int32))
    except (ValueError, zlib.error) as error:
        raise StoreError(
            f"the list holds a part with damaged geometry ({error}); restore it from an export"
        ) from error


def pack_floats(values: npt.ArrayLike) -> bytes:
    """float32 bytes of an array of any shape."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def unpack_floats(content: bytes, shape: tuple[int, ...]) -> Float32Array:
    """float32 array of that shape, read-only; StoreError where the bytes are too many or too few."""
    try:
        return np.frombuffer(content, dtype="<f4").reshape(shape)
    except ValueError as error:
        raise StoreError(f"the list holds a damaged print ({error}); restore it from an export") from error


def digest(*parts: bytes) -> bytes:
    """SHA-256 over the parts, each with its length: no two sequences run into the same bytes."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.digest()
