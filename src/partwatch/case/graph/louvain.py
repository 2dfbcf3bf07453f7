"""Communities by modularity: the method of Blondel, Guillaume, Lambiotte and Lefebvre (2008),
https://doi.org/10.1088/1742-5468/2008/10/P10008, in an order that a seed fixes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_ROUNDS: Final = 12  # of moving nodes, on one level
_LEVELS: Final = 10
_GAIN: Final = 1e-9


def louvain(count: int, edges: Ints, weights: Floats, seed: int = 0) -> Ints:
    """int64 (count,): the community of each node, numbered by size, largest first. edges: int (e, 2),
    weights: (e,), above 0; the same seed gives the same."""
    random = np.random.default_rng(seed)
    own = np.arange(count, dtype=np.int64)
    pairs, weight, loops = _merged(edges, weights, np.zeros(count), count)
    for _ in range(_LEVELS):
        found = _moved(len(loops), pairs, weight, loops, random)
        names, found = np.unique(found, return_inverse=True)
        own = found[own]
        if len(names) == len(loops):
            break
        inner = np.bincount(found, loops, len(names)).astype(np.float64)
        pairs, weight, loops = _merged(found[pairs], weight, inner, len(names))
    sizes = np.bincount(own)
    first = np.full(len(sizes), count)
    np.minimum.at(first, own, np.arange(count))
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return rank[own]


def modularity(edges: Ints, weights: Floats, own: Ints) -> float:
    """How much more of the weight lies within communities than if links were drawn at random (Newman
    2004)."""
    total = float(weights.sum())
    if total <= 0:
        return 0.0
    inside = float(weights[own[edges[:, 0]] == own[edges[:, 1]]].sum()) / total
    strength = np.bincount(own[edges.reshape(-1)], np.repeat(weights, 2)) / (2 * total)
    return inside - float((strength**2).sum())


def _merged(edges: Ints, weights: Floats, loops: Floats, count: int) -> tuple[Ints, Floats, Floats]:
    """Each pair once, and what joins a node to itself."""
    edges = np.sort(edges.reshape(-1, 2), axis=1)
    same = edges[:, 0] == edges[:, 1]
    loops = loops + np.bincount(edges[same, 0], weights[same], count)
    told, place = np.unique(edges[~same, 0] * max(1, count) + edges[~same, 1], return_inverse=True)
    summed: Floats = np.bincount(place, weights[~same], len(told)).astype(np.float64)
    return np.stack((told // max(1, count), told % max(1, count)), axis=1), summed, loops


def _moved(count: int, pairs: Ints, weights: Floats, loops: Floats, random: np.random.Generator) -> Ints:
    """Nodes moved one by one to where modularity gains most, until none gains."""
    near, far = np.concatenate((pairs, pairs[:, ::-1])).T
    order = np.argsort(near, kind="stable")
    starts = np.searchsorted(near[order], np.arange(count + 1)).tolist()
    to, weight = far[order].tolist(), np.concatenate((weights, weights))[order].tolist()
    strength = (np.bincount(near, np.concatenate((weights, weights)), count) + 2 * loops).tolist()
    total = sum(strength)
    own, held = list(range(count)), list(strength)
    sequence = random.permutation(count).tolist()
    for _ in range(_ROUNDS):
        moves = 0
        for node in sequence:
            here, mine = own[node], strength[node]
            shared: dict[int, float] = {here: 0.0}
            for place in range(starts[node], starts[node + 1]):
                there = own[to[place]]
                shared[there] = shared.get(there, 0.0) + weight[place]
            held[here] -= mine
            best, most = here, shared[here] - held[here] * mine / total if total else 0.0
            for there, joined in shared.items():
                gain = joined - held[there] * mine / total if total else 0.0
                if gain > most + _GAIN:
                    best, most = there, gain
            held[best] += mine
            own[node] = best
            moves += best != here
        if not moves:
            break
    return np.array(own, dtype=np.int64)
