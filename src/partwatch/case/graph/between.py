"""Through whom the shortest ways lead: betweenness, from all nodes or from a sample of them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Nodes up to which all ways are counted; above, ways out of so many.
EXACT_NODES: Final = 2_000
PIVOTS: Final = 128


def betweenness(count: int, pairs: NDArray[np.int64], seed: int = 0) -> tuple[NDArray[np.float64], int]:
    """float64 (count,): the share of all ordered pairs of other nodes whose shortest ways lead through each
    (Brandes 2001, https://doi.org/10.1080/0022250X.2001.9990249), and how many nodes it was estimated from, 0
    where from all (Brandes and Pich 2007). pairs: int (e, 2), each once, no loops."""
    from scipy.sparse import csr_array

    found = np.zeros(count)
    if count < 3 or not len(pairs):
        return found, 0
    near, far = np.concatenate((pairs, pairs[:, ::-1])).T
    matrix = csr_array((np.ones(len(near)), (near, far)), shape=(count, count))
    exact = count <= EXACT_NODES
    random = np.random.default_rng(seed)
    pivots = np.arange(count) if exact else np.sort(random.choice(count, PIVOTS, replace=False))
    for pivot in pivots.tolist():
        found += _dependency(matrix, pivot)
    scale = (count - 1) * (count - 2) * len(pivots) / count
    return found / scale, 0 if exact else len(pivots)


def _dependency(matrix: Any, pivot: int) -> NDArray[np.float64]:
    """float64 (n,): of all shortest ways from the pivot, those that lead through each node on, summed."""
    count = matrix.shape[0]
    ways = np.zeros(count)
    ways[pivot] = 1.0
    seen = np.zeros(count, dtype=np.bool_)
    seen[pivot] = True
    levels = [np.array([pivot])]
    step = ways.copy()
    while True:
        step = matrix @ step
        step[seen] = 0.0
        reached = np.flatnonzero(step)
        if not len(reached):
            break
        seen[reached] = True
        ways[reached] = step[reached]
        levels.append(reached)
    passed = np.zeros(count)
    for nearer, level in zip(levels[-2::-1], levels[:0:-1], strict=True):
        share = np.zeros(count)
        share[level] = (1.0 + passed[level]) / ways[level]
        back = matrix @ share
        passed[nearer] += ways[nearer] * back[nearer]
    passed[pivot] = 0.0
    return passed
