"""Strokes of a nozzle in one layer, as a field."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partwatch.kernel.numpy_common import Floats

Singles = npt.NDArray[np.float32]


def lay_strokes(field: Singles, segments: Floats, half: Floats, reach: float) -> None:
    """Each value becomes the largest of half a width less distance, over all segments that come near it.

    field: (ny, nx), changed in place. segments: (n, 4), x0, y0, x1, y1 in cells from the middle of the first.
    half: (n,), in cells. reach: so far beyond a stroke it is told, in cells.
    """
    if segments.ndim != 2 or segments.shape[1] != 4 or field.ndim != 2 or field.dtype != np.float32:
        raise TypeError("segments of four numbers and a plane of single precision are wanted")
    if half.shape != (len(segments),):
        raise ValueError("half a width for each segment")
    if not (np.isfinite(segments).all() and np.isfinite(half).all() and np.isfinite(reach)):
        raise ValueError("a number is not finite")
    rows, columns = field.shape
    for (x0, y0, x1, y1), wide in zip(segments, half, strict=True):
        far = wide + reach
        left, right = (
            max(int(np.ceil(min(x0, x1) - far)), 0),
            min(int(np.floor(max(x0, x1) + far)), columns - 1),
        )
        low, high = max(int(np.ceil(min(y0, y1) - far)), 0), min(int(np.floor(max(y0, y1) + far)), rows - 1)
        if left > right or low > high:
            continue
        px, py = np.arange(left, right + 1) - x0, np.arange(low, high + 1)[:, None] - y0
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        t = np.clip((px * dx + py * dy) / square, 0.0, 1.0) if square > 0 else np.zeros((1, 1))
        depth = (wide - np.hypot(px - t * dx, py - t * dy)).astype(np.float32)
        part = field[low : high + 1, left : right + 1]
        # What lies beyond reach is not told, as where strokes are gone along row by row.
        np.maximum(part, np.where(depth >= -reach, depth, -np.inf), out=part)
