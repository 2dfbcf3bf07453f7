"""What persons decided beside what was stated of the same pairs."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.resolution.resolving import Moved
from partwatch.curation.rates import Rate
from partwatch.model.case_resolution import Judged

# Fewer judged pairs than these are not compared with anything, nor do bits move for them.
LEAST_JUDGED: Final = 20
LEAST_TO_MOVE: Final = 50
_FIRMNESS: Final = 5.0


def compared(odds: NDArray[np.float64], same: NDArray[np.bool_], recalibrated: bool) -> Judged | None:
    """Pairs with log2 posterior odds (p,) beside what persons said of them; None where they are too few."""
    if len(odds) < LEAST_JUDGED:
        return None
    rate = Rate(int(same.sum()), len(same))
    stated = float((1.0 / (1.0 + np.exp2(-odds))).sum())
    return Judged(len(same), stated, rate.hits, *rate.interval(), recalibrated)


def moved(odds: NDArray[np.float64], same: NDArray[np.bool_]) -> Moved | None:
    """The line that fits these judgements, drawn towards leaving all as it is; None where they are too few
    or all of one mind. Newton's method on a logistic regression with that ridge."""
    if len(odds) < LEAST_TO_MOVE or same.all() or not same.any():
        return None
    log2 = float(np.log(2.0))
    table = np.column_stack([np.ones(len(odds)), odds]) * log2
    start = np.array([0.0, 1.0])
    found = start.copy()
    firm = np.array([_FIRMNESS * 0.1, _FIRMNESS])
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(table @ found, -500, 500)))
        slope = table.T @ (same - chance) - firm * (found - start)
        bend = (table * (chance * (1 - chance))[:, None]).T @ table + np.diag(firm)
        step = np.linalg.solve(bend, slope)
        found = found + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-9:
            break
    # A falling line would turn the order over: that is no calibration.
    return Moved(round(float(found[0]), 6), round(max(float(found[1]), 0.05), 6))
