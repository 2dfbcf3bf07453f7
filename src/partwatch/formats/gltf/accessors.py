"""From accessors to arrays: buffers, views, strides, component types, sparse values (glTF 2.0, 3.6)."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import unquote_to_bytes

import numpy as np
import numpy.typing as npt

from partwatch.formats.base import ReadLimits
from partwatch.formats.gltf.container import Container, Json, entry, part, whole
from partwatch.model.errors import DamagedError, LimitError, UnreadableError, UnsupportedError
from partwatch.model.mesh import FloatArray

_COMPONENTS: dict[int, np.dtype[Any]] = {
    5120: np.dtype("<i1"),
    5121: np.dtype("<u1"),
    5122: np.dtype("<i2"),
    5123: np.dtype("<u2"),
    5125: np.dtype("<u4"),
    5126: np.dtype("<f4"),
}
_WIDTHS = {"SCALAR": 1, "VEC3": 3}
_INDEX_COMPONENTS = {5121, 5123, 5125}
_GREATEST_STRIDE = 252


class Accessors:
    """The arrays of one file. Every method raises UnreadableError with the place of what is wrong."""

    def __init__(self, container: Container, limits: ReadLimits) -> None:
        self._root = container.root
        self._binary = container.binary
        self._limits = limits
        self._buffers: dict[int, memoryview | UnreadableError] = {}
        self._arrays: dict[int, npt.NDArray[Any]] = {}

    def count(self, index: int) -> int:
        """How many elements an accessor has, by its own word."""
        return whole(entry(self._root, "accessors", index), "count")

    def indices(self, index: int) -> npt.NDArray[np.int64]:
        """(n,): indices of any width."""
        values = self._array(index, "SCALAR")
        if values.dtype.kind == "f":
            raise DamagedError(f"accessors[{index}]: indices are not whole numbers; export the file again")
        return values[:, 0].astype(np.int64)

    def positions(self, index: int, used: npt.NDArray[np.int64]) -> FloatArray:
        """(n, 3): the positions of some vertices, normalised integers as fractions."""
        values = self._array(index, "VEC3")
        with np.errstate(all="ignore"):
            chosen = values[used].astype(np.float64)
        if entry(self._root, "accessors", index).get("normalized") is True and values.dtype.kind != "f":
            # As the specification decodes them (3.11), so that -128 and -127 are both -1.
            chosen = np.maximum(chosen / np.iinfo(values.dtype).max, -1.0)
        return chosen

    def is_bare(self, index: int) -> bool:
        """Whether an accessor has no data of its own, as where it is compressed elsewhere."""
        found = entry(self._root, "accessors", index)
        return "bufferView" not in found and "sparse" not in found

    def _array(self, index: int, kind: str) -> npt.NDArray[Any]:
        """(count, width), a view of the buffer where it can be."""
        known = self._arrays.get(index)
        if known is not None and known.shape[1] == _WIDTHS[kind]:
            return known
        where = f"accessors[{index}]"
        found = entry(self._root, "accessors", index)
        if found.get("type") != kind:
            raise DamagedError(
                f"{where}: is of type {str(found.get('type'))[:20]!r}, not {kind}; export it again"
            )
        dtype = self._component(found, where)
        count = whole(found, "count")
        if count > 3 * self._limits.max_triangles:
            raise LimitError(
                f"{where}: {count:,} elements, more than the limit on triangles allows: raise it"
            )
        shape = (count, _WIDTHS[kind])
        if "bufferView" in found:
            values = self._view(
                whole(found, "bufferView"), whole(found, "byteOffset", 0), dtype, shape, where
            )
        else:
            values = np.broadcast_to(np.zeros(1, dtype), shape)
        if "sparse" in found:
            values = self._overlaid(values.copy(), part(found, "sparse"), where)
        self._arrays[index] = values
        return values

    def _overlaid(self, values: npt.NDArray[Any], sparse: Json, where: str) -> npt.NDArray[Any]:
        where = f"{where}.sparse"
        count = whole(sparse, "count")
        if count > len(values):
            raise DamagedError(f"{where}: replaces more elements than there are; export the file again")
        places, replacing = part(sparse, "indices"), part(sparse, "values")
        if places.get("componentType") not in _INDEX_COMPONENTS:
            raise DamagedError(f"{where}: its indices are of no known type; export the file again")
        at = self._view(
            whole(places, "bufferView"),
            whole(places, "byteOffset", 0),
            self._component(places, where),
            (count, 1),
            where,
        )[:, 0].astype(np.int64)
        if len(at) and at.max() >= len(values):
            raise DamagedError(
                f"{where}: refers to element {at.max()} of {len(values):,}; export the file again"
            )
        offset = whole(replacing, "byteOffset", 0)
        shape = (count, values.shape[1])
        values[at] = self._view(whole(replacing, "bufferView"), offset, values.dtype, shape, where)
        return values

    def _component(self, owner: Json, where: str) -> np.dtype[Any]:
        found = whole(owner, "componentType")
        if found not in _COMPONENTS:
            raise DamagedError(f"{where}: no component type has the number {found}; export the file again")
        return _COMPONENTS[found]

    def _view(
        self, index: int, offset: int, dtype: np.dtype[Any], shape: tuple[int, int], where: str
    ) -> npt.NDArray[Any]:
        view = entry(self._root, "bufferViews", index)
        buffer = self._buffer(whole(view, "buffer"))
        start, length = whole(view, "byteOffset", 0), whole(view, "byteLength")
        if start + length > len(buffer):
            raise DamagedError(
                f"bufferViews[{index}]: ends at byte {start + length:,} of a buffer of {len(buffer):,}; "
                "transfer the file again"
            )
        element = dtype.itemsize * shape[1]
        stride = whole(view, "byteStride", element)
        if not element <= stride <= max(_GREATEST_STRIDE, element):
            raise DamagedError(f"bufferViews[{index}]: a stride of {stride} cannot be; export the file again")
        if shape[0] and offset + stride * (shape[0] - 1) + element > length:
            raise DamagedError(
                f"{where}: {shape[0]:,} elements reach beyond bufferViews[{index}]; transfer the file again"
            )
        return np.ndarray(shape, dtype, buffer, start + offset, (stride, dtype.itemsize))

    def _buffer(self, index: int) -> memoryview:
        known = self._buffers.get(index)
        if known is None:
            try:
                known = self._opened(index)
            except UnreadableError as error:
                known = error
            self._buffers[index] = known
        if isinstance(known, UnreadableError):
            raise known
        return known

    def _opened(self, index: int) -> memoryview:
        found = entry(self._root, "buffers", index)
        uri = found.get("uri")
        if uri is None and index == 0 and self._binary is not None:
            content = self._binary
        elif not isinstance(uri, str):
            raise DamagedError(f"buffers[{index}]: has no data; export the file again")
        elif uri[:5].lower() != "data:":
            raise UnsupportedError(
                f"buffers[{index}]: lies in another file, {uri[:80]!r}, which is never opened: "
                "export it as GLB"
            )
        else:
            content = memoryview(_decoded(uri, index))
        length = whole(found, "byteLength")
        if length > len(content):
            raise DamagedError(
                f"buffers[{index}]: promises {length:,} bytes and holds {len(content):,}: it was cut short; "
                "transfer the file again"
            )
        return content[:length]


def _decoded(uri: str, index: int) -> bytes:
    head, comma, body = uri.partition(",")
    try:
        if not comma:
            raise ValueError("no comma")
        if head.lower().endswith(";base64"):
            return base64.b64decode(unquote_to_bytes(body) if "%" in body else body, validate=True)
        return unquote_to_bytes(body)
    except (ValueError, binascii.Error) as error:
        raise DamagedError(
            f"buffers[{index}]: its data URI is malformed ({error}); export it again"
        ) from None
