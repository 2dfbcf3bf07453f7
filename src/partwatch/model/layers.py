"""What a resin print job says that a printer is to expose: pictures of layers, one upon the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.model.mesh import FloatArray


@dataclass(frozen=True, eq=False)
class Layers:
    """Cells that stand upright as they are printed, in millimetres of the printer's frame.

    share: (n, rows, columns), how much of a cell is exposed, 255 the whole of it; slices from the lowest,
    rows along y, columns along x. z: (n + 1,), where slices begin and end. low: (2,), x and y of the first
    cell's corner. cell: (2,), its sides. count: layers of the job, of which a slice may hold several.
    """

    share: npt.NDArray[np.uint8]
    z: FloatArray
    low: FloatArray
    cell: FloatArray
    count: int
