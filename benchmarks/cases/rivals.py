"""What ranks as well, without any notion of evidence: the fewest hops, and a walk that starts over.

The walk is personalised PageRank (Page, Brin, Motwani and Winograd 1999). Bits that rank worse than these
leave something out.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

_ON: Final = 0.85  # chance of going on
_ROUNDS: Final = 60

Floats = NDArray[np.float64]


class Plain:
    """A network without weights. ends: int (l,) twice, the two ends of each link."""

    def __init__(self, nodes: int, one: NDArray[Any], other: NDArray[Any]) -> None:
        both = np.concatenate((one, other)), np.concatenate((other, one))
        self._beside: Any = csr_matrix((np.ones(len(both[0])), both), shape=(nodes, nodes))
        self._beside.data[:] = 1.0
        degree = np.asarray(self._beside.sum(axis=1)).ravel()
        self._walk: Any = self._beside.multiply(1.0 / np.maximum(degree, 1.0)[:, None]).T.tocsr()

    def nearness(self, start: int) -> Floats:
        """(n,): minus the number of hops; minus infinity where no path leads."""
        found: Floats = -dijkstra(self._beside, indices=start, unweighted=True)
        return found

    def visits(self, start: int) -> Floats:
        """(n,): the share of time that a walk from there spends at each."""
        home = np.zeros(self._beside.shape[0])
        home[start] = 1.0
        found: Floats = home
        for _ in range(_ROUNDS):
            found = (1 - _ON) * home + _ON * (self._walk @ found)
        return found
