"""One array as the bytes of an .npy file, read back without trusting what its header claims."""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# Magic, version, length and a dictionary of three short entries, padded to 64.
MAX_HEADER_BYTES: Final = 256
_KINDS: Final = "fiub"


def pack_npy(array: npt.NDArray[Any]) -> bytes:
    """The .npy file of an array of plain numbers, little-endian, row-major."""
    plain = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    file = BytesIO()
    np.lib.format.write_array(file, plain, version=(1, 0), allow_pickle=False)
    return file.getvalue()


def unpack_npy(content: bytes) -> npt.NDArray[Any]:
    """The array of an .npy file, read-only over `content`.

    Raises ValueError for anything but a row-major array of plain numbers that fills the file exactly.
    """
    file = BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("not an .npy file of version 1.0")
    shape, column_major, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=MAX_HEADER_BYTES)
    if dtype.kind not in _KINDS or dtype.hasobject or column_major:
        raise ValueError(f"holds {dtype}, not rows of plain numbers")
    body = memoryview(content)[file.tell() :]
    # Before anything is allocated: a header may claim any shape.
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(body):
        raise ValueError(f"claims the shape {shape} and holds {len(body)} bytes")
    array: npt.NDArray[Any] = np.frombuffer(body, dtype=dtype).reshape(shape)
    return array


def mapped(folder: Path, name: str, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """An array of our own making, mapped from `name`.npy. OSError or ValueError where that is no such one."""
    array: npt.NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    if array.dtype != dtype:
        raise ValueError(f"{folder}: {name} has type {array.dtype}")
    return array
