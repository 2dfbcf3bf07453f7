"""The binary glTF that the STEP kernel writes: nodes, names and triangles, nothing else."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from partwatch.model.errors import DamagedError
from partwatch.model.mesh import FloatArray, Mesh

_DTYPES: dict[int, np.dtype[Any]] = {
    5121: np.dtype("<u1"),
    5123: np.dtype("<u2"),
    5125: np.dtype("<u4"),
    5126: np.dtype("<f4"),
}
_TRIANGLES = 4
_MAX_DEPTH = 64


@dataclass(frozen=True)
class Instance:
    """A mesh as a node places it. mesh: in metres, transforms applied; name: of the nearest named node."""

    name: str | None
    mesh: Mesh


class Glb:
    """A GLB in memory. Raises DamagedError where it is not one."""

    def __init__(self, data: bytes) -> None:
        try:
            length = struct.unpack_from("<I", data, 12)[0]
            self._json: dict[str, Any] = json.loads(data[20 : 20 + length])
            self._binary = memoryview(data)[28 + length :]
        except (struct.error, ValueError) as error:
            raise DamagedError(f"the STEP kernel returned no GLB ({error}); report this file") from None

    def instances(self) -> Iterator[Instance]:
        """Every mesh of the scene, placed."""
        for scene in self._json.get("scenes", []):
            for node in scene.get("nodes", []):
                yield from self._walk(node, np.eye(4), None, 0)

    def triangle_count(self) -> int:
        """Triangles of all meshes once each, from the headers alone."""
        accessors = self._json.get("accessors", [])
        return sum(
            int(accessors[primitive["indices"]]["count"]) // 3
            for mesh in self._json.get("meshes", [])
            for primitive in mesh["primitives"]
            if "indices" in primitive
        )

    def _walk(
        self, index: int, T_scene_parent: FloatArray, name: str | None, depth: int
    ) -> Iterator[Instance]:
        if depth > _MAX_DEPTH:
            raise DamagedError(f"the STEP assembly is nested more than {_MAX_DEPTH} deep: flatten it")
        node = self._json["nodes"][index]
        T = T_scene_parent @ local_transform(node)
        name = node.get("name") or name
        if "mesh" in node:
            yield from self._placed(self._json["meshes"][node["mesh"]], T, name)
        for child in node.get("children", []):
            yield from self._walk(child, T, name, depth + 1)

    def _placed(self, mesh: dict[str, Any], T: FloatArray, name: str | None) -> Iterator[Instance]:
        vertices, triangles, start = [], [], 0
        for primitive in mesh["primitives"]:
            if primitive.get("mode", _TRIANGLES) == _TRIANGLES and "indices" in primitive:
                positions = self._array(primitive["attributes"]["POSITION"], 3)
                vertices.append(positions.astype(np.float64) @ T[:3, :3].T + T[:3, 3])
                triangles.append(self._array(primitive["indices"], 1).reshape(-1, 3).astype(np.int32) + start)
                start += len(positions)
        if triangles:
            whole = Mesh(np.concatenate(vertices), np.concatenate(triangles).astype(np.int32))
            yield Instance(mesh.get("name") or name, whole)

    def _array(self, index: int, width: int) -> np.ndarray:
        accessor = self._json["accessors"][index]
        view = self._json["bufferViews"][accessor["bufferView"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        dtype = _DTYPES[accessor["componentType"]]
        count = accessor["count"]
        stride = view.get("byteStride") or dtype.itemsize * width
        return np.ndarray((count, width), dtype, self._binary, start, (stride, dtype.itemsize))


def local_transform(node: dict[str, Any]) -> FloatArray:
    """A node's own transform, for column vectors (glTF 2.0, 3.5.3)."""
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    T = np.eye(4)
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    T[:3, :3] = rotation * np.array(node.get("scale", (1, 1, 1)))
    T[:3, 3] = node.get("translation", (0, 0, 0))
    return T
