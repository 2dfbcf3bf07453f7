"""What a print job says that a machine is to do: moves, and how much material is laid on each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.model.mesh import FloatArray


@dataclass(frozen=True, eq=False)
class Toolpath:
    """The moves of one job in their order; each begins where the one before it ended.

    end: (n, 3), in millimetres of the machine's frame. filament: (n,), how many millimetres of it are pushed
    during the move, below 0 where it is pulled back; what is counted in volume stands there in cubic ones.
    feed: (n,), the speed asked for, in mm/min, 0 where none was yet. line: (n,), of the file, from 1. tool:
    (n,), which extruder. chord: (n,), whether the move is one of those that an arc was turned into. label:
    (n,), which object the job says the move to be of, by the place of its name among `names`, from 1; 0 for
    none. None where it says nothing.
    """

    end: FloatArray
    filament: FloatArray
    feed: FloatArray
    line: npt.NDArray[np.int32]
    tool: npt.NDArray[np.int16]
    chord: npt.NDArray[np.bool_]
    label: npt.NDArray[np.int16] | None = None
    names: tuple[str, ...] = ()

    @property
    def start(self) -> FloatArray:
        """(n, 3), where each move begins: the first one at the origin."""
        return np.concatenate([np.zeros((1, 3)), self.end[:-1]])

    @property
    def across(self) -> FloatArray:
        """(n,), how far each move goes in x and y."""
        return np.asarray(np.linalg.norm((self.end - self.start)[:, :2], axis=1))
