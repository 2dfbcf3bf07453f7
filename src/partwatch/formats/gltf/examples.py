"""Small glTF files made by code, one for each thing that a reader can get wrong."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import numpy as np

_CORNERS = np.array([[0, 0, 0], [10, 0, 0], [0, 6, 0], [0, 0, 4]], dtype="<f4") / 1000
_FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
_COMPONENT = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}


class Builder:
    """A file in the making: arrays go into one buffer, everything else is plain JSON."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0, "name": "wedge"}],
            "meshes": [{"primitives": []}],
            "accessors": [],
            "bufferViews": [],
        }
        self.blob = b""

    def view(self, data: bytes, **more: Any) -> int:
        """Data in the buffer, and a view of it."""
        self.blob += bytes(-len(self.blob) % 4)
        self.root["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.blob), "byteLength": len(data), **more}
        )
        self.blob += data
        return len(self.root["bufferViews"]) - 1

    def accessor(self, values: np.ndarray, **more: Any) -> int:
        """An array of (n,) scalars or (n, 3) vectors."""
        kind = "SCALAR" if values.ndim == 1 else "VEC3"
        self.root["accessors"].append(
            {
                "bufferView": self.view(values.tobytes()),
                "componentType": _COMPONENT[values.dtype.str[1:]],
                "count": len(values),
                "type": kind,
                **more,
            }
        )
        return len(self.root["accessors"]) - 1

    def primitive(self, position: int, indices: int | None = None, **more: Any) -> dict[str, Any]:
        """A primitive of the first mesh."""
        made = {
            "attributes": {"POSITION": position},
            **({} if indices is None else {"indices": indices}),
            **more,
        }
        self.root["meshes"][0]["primitives"].append(made)
        return made

    def glb(self) -> bytes:
        """As GLB."""
        root = {**self.root, "buffers": [{"byteLength": len(self.blob)}]}
        text = json.dumps(root).encode()
        text += b" " * (-len(text) % 4)
        blob = self.blob + bytes(-len(self.blob) % 4)
        chunks = (
            struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(blob), b"BIN\0") + blob
        )
        return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks

    def gltf(self, uri: str | None = None) -> bytes:
        """As JSON with its buffer in a data URI, or in a file that is not there."""
        data = "data:application/octet-stream;base64," + base64.b64encode(self.blob).decode()
        return json.dumps(
            {**self.root, "buffers": [{"byteLength": len(self.blob), "uri": data if uri is None else uri}]}
        ).encode()


def wedge(index_type: str = "<u2") -> Builder:
    """A wedge of 10, 6 and 4 mm in metres."""
    made = Builder()
    made.primitive(made.accessor(_CORNERS), made.accessor(_FACES.reshape(-1).astype(index_type)))
    return made


def _strided() -> Builder:
    made = Builder()
    rows = np.zeros((4, 7), dtype="<f4")
    rows[:, 1:4] = _CORNERS
    view = made.view(rows.tobytes(), byteStride=28)
    made.root["accessors"].append(
        {"bufferView": view, "byteOffset": 4, "componentType": 5126, "count": 4, "type": "VEC3"}
    )
    made.primitive(0, made.accessor(_FACES.reshape(-1).astype("<u1")))
    return made


def _sparse() -> Builder:
    made = Builder()
    places = made.view(np.arange(1, 4, dtype="<u2").tobytes())
    values = made.view(_CORNERS[1:].tobytes())
    made.root["accessors"].append(
        {
            "componentType": 5126,
            "count": 4,
            "type": "VEC3",
            "sparse": {
                "count": 3,
                "indices": {"bufferView": places, "componentType": 5123},
                "values": {"bufferView": values},
            },
        }
    )
    made.primitive(0, made.accessor(_FACES.reshape(-1).astype("<u4")))
    return made


def _quantised() -> Builder:
    made = Builder()
    whole = np.round(_CORNERS * 1000 / 10 * 32767).astype("<i2")
    made.root["extensionsUsed"] = made.root["extensionsRequired"] = ["KHR_mesh_quantization"]
    made.root["nodes"][0]["scale"] = [0.01, 0.01, 0.01]
    made.primitive(made.accessor(whole, normalized=True), made.accessor(_FACES.reshape(-1).astype("<u1")))
    return made


def _placed() -> Builder:
    made = wedge()
    made.root["nodes"] = [
        {"name": "pair", "children": [1, 2], "scale": [2, 2, 2]},
        {"mesh": 0, "translation": [0.1, 0, 0], "rotation": [0, 0, 0.7071067811865476, 0.7071067811865476]},
        {"mesh": 0, "name": "mirrored", "matrix": [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]},
    ]
    return made


def examples() -> dict[str, bytes]:
    """Files that every conforming reader takes, by what is special about them."""
    strip = Builder()
    strip.primitive(strip.accessor(_CORNERS), strip.accessor(np.array([0, 2, 1, 3, 0, 2], "<u2")), mode=5)
    fan = Builder()
    fan.primitive(fan.accessor(_CORNERS), fan.accessor(np.array([3, 0, 1, 2, 0], "<u2")), mode=6)
    fan.primitive(0, fan.accessor(np.array([0, 2, 1], "<u2")))
    soup = Builder()
    soup.primitive(soup.accessor(np.ascontiguousarray(_CORNERS[_FACES.reshape(-1)])))
    return {
        "glb": wedge().glb(),
        "json": wedge().gltf(),
        "unindexed": soup.glb(),
        "strip": strip.glb(),
        "fan": fan.glb(),
        "strided": _strided().glb(),
        "sparse": _sparse().glb(),
        "quantised": _quantised().glb(),
        "nodes": _placed().glb(),
    }
