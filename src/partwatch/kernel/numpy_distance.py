"""How far each cell of a plane is from the nearest one that is not in a set, and which that is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partwatch.kernel.numpy_common import Floats, Ints


def distance_outside(inside: npt.NDArray[np.bool_]) -> tuple[Floats, Ints]:
    """(ny, nx) distances in cells, 0 outside the set, and the flat place of that cell; of several that are
    equally near any may be told. Infinite, and place 0, where no cell is outside."""
    if inside.ndim != 2 or inside.dtype != np.bool_:
        raise TypeError("a plane of flags is wanted")
    if inside.size == 0 or inside.all():
        return np.full(inside.shape, np.inf), np.zeros(inside.shape, dtype=np.int32)
    # Takes long to load, and only print jobs need it.
    from scipy import ndimage

    distance, (rows, columns) = ndimage.distance_transform_edt(inside, return_indices=True)
    return distance, (rows * inside.shape[1] + columns).astype(np.int32)
