"""Where to draw the nodes of a network: the same place each time, communities apart, no node on another.

Force-directed as by Fruchterman and Reingold (1991), https://doi.org/10.1002/spe.4380211102: linked nodes
pull, all nodes push. Groups are first laid out as discs that do not overlap; each node is then held to its
own disc.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]

# Turns between neighbours on a sunflower's spiral: points fill a disc evenly.
_GOLDEN_ANGLE: Final = np.pi * (3.0 - np.sqrt(5.0))
# Room for a node, in least distances of two nodes.
_ROOM: Final = 1.6
_ROUNDS: Final = 200
_PUSHES: Final = 200


def layout(
    count: int,
    edges: ArrayLike,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Points:
    """Places of `count` nodes: float64 (count, 2), about (0, 0), no two nearer than 1 to each other.

    edges: int (e, 2), places of nodes; weights: e numbers >= 0, how hard each pulls (1 each if None); groups:
    int (count,), the community of each (one for all if None). seed: another gives another picture. Raises
    ValueError where an edge names no node.
    """
    if count == 0:
        return np.zeros((0, 2))
    pairs = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= count):
        raise ValueError(f"an edge names a node that is not one of {count}")
    pull = np.ones(len(pairs)) if weights is None else np.asarray(weights, dtype=np.float64)
    pull = pull / pull.max() if len(pull) and pull.max() > 0 else pull
    own = np.zeros(count, dtype=np.int64)
    if groups is not None:
        own = np.unique(np.asarray(groups, dtype=np.int64), return_inverse=True)[1].reshape(-1)
    loops = pairs[:, 0] == pairs[:, 1]
    pairs, pull = pairs[~loops], pull[~loops]
    random = np.random.default_rng(seed)
    centres, radii = _discs(own, pairs, pull, random)
    places = _within(own, centres, pairs, count)
    places = _pulled(places, pairs, pull, centres[own], radii[own])
    return _apart(places, random)


def _discs(
    own: NDArray[np.int64], pairs: NDArray[np.int64], pull: Points, random: np.random.Generator
) -> tuple[Points, Points]:
    """Centres (g, 2) and radii (g,) of the groups; discs do not overlap, and linked ones are near."""
    sizes = np.bincount(own)
    radii: Points = _ROOM * np.sqrt(sizes)
    among = own[pairs]
    among, strength = among[among[:, 0] != among[:, 1]], pull[among[:, 0] != among[:, 1]]
    order = np.argsort(-sizes, kind="stable")
    centres = np.empty((len(sizes), 2))
    spread = np.sqrt(np.cumsum(radii[order] ** 2))
    turn = np.arange(len(sizes)) * _GOLDEN_ANGLE
    centres[order] = np.stack((spread * np.cos(turn), spread * np.sin(turn)), axis=1)
    centres += random.normal(0.0, 0.01, centres.shape)
    if len(sizes) <= 2_000:
        for round_ in range(120):
            step = _attraction(centres, among, strength) - 0.05 * centres
            centres += 0.3 * (1.0 - round_ / 120) * step
            centres = _pushed(centres, radii, 1.15, rounds=3)
    return _pushed(centres, radii, 1.1, rounds=_PUSHES), radii


def _within(own: NDArray[np.int64], centres: Points, pairs: NDArray[np.int64], count: int) -> Points:
    """Each group's nodes on a spiral about its centre, those with most links innermost."""
    degree = np.bincount(pairs.reshape(-1), minlength=count)
    order = np.lexsort((np.arange(count), -degree, own))
    starts = np.searchsorted(own[order], np.arange(len(centres)))
    rank = np.empty(count)
    rank[order] = np.arange(count) - starts[own[order]]
    turn, away = rank * _GOLDEN_ANGLE, _ROOM * 0.8 * np.sqrt(rank + 0.3)
    found: Points = centres[own] + np.stack((away * np.cos(turn), away * np.sin(turn)), axis=1)
    return found


def _attraction(places: Points, pairs: NDArray[np.int64], pull: Points) -> Points:
    """Of each node towards those it is linked to: a mean, so that one with many links does not fly off."""
    weight = np.concatenate((pull, pull))
    first, second = np.concatenate((pairs, pairs[:, ::-1])).T
    total = np.maximum(np.bincount(first, weight, len(places)), 1e-12)
    apart = weight[:, None] * (places[second] - places[first])
    force = [np.bincount(first, apart[:, axis], len(places)) / total for axis in (0, 1)]
    return np.stack(force, axis=1)


def _pulled(places: Points, pairs: NDArray[np.int64], pull: Points, home: Points, reach: Points) -> Points:
    for round_ in range(_ROUNDS):
        heat = 1.0 - round_ / _ROUNDS
        step = 0.35 * _attraction(places, pairs, pull) + 0.5 * _repulsion(places)
        length = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-12)
        places = places + step * np.minimum(1.0, 1.5 * heat / length)[:, None]
        away = places - home
        far = np.hypot(away[:, 0], away[:, 1])
        places = home + away * np.minimum(1.0, reach / np.maximum(far, 1e-12))[:, None]
    return places


def _repulsion(places: Points, reach: float = 4 * _ROOM) -> Points:
    """Of each node from all that are near, as the inverse of their distance."""
    near, apart = _near(places, reach)
    strength = _ROOM * _ROOM / np.maximum((apart * apart).sum(axis=1), 0.05)
    return _summed(near, strength[:, None] * apart, len(places))


def _near(places: Points, reach: float) -> tuple[NDArray[np.int64], Points]:
    """Pairs no farther than that, int (p, 2), and how each second lies from its first, (p, 2)."""
    from scipy.spatial import cKDTree

    near = cKDTree(places).query_pairs(reach, output_type="ndarray").astype(np.int64)
    near = near[np.lexsort((near[:, 1], near[:, 0]))]
    return near, places[near[:, 0]] - places[near[:, 1]]


def _summed(near: NDArray[np.int64], force: Points, count: int) -> Points:
    """Each pair's force on its first node, and the opposite on its second."""
    return np.stack(
        [
            np.bincount(near[:, 0], force[:, axis], count) - np.bincount(near[:, 1], force[:, axis], count)
            for axis in (0, 1)
        ],
        axis=1,
    )


def _pushed(places: Points, radii: Points, margin: float, rounds: int) -> Points:
    """Discs moved off one another by half of what they overlap, until none does or the rounds are over."""
    for _ in range(rounds):
        near, apart = _near(places, 2 * margin * float(radii.max(initial=0.0)))
        distance = np.maximum(np.hypot(apart[:, 0], apart[:, 1]), 1e-9)
        over = margin * (radii[near[:, 0]] + radii[near[:, 1]]) - distance
        worst = float(over.max(initial=0.0))
        if worst <= 1e-3:
            break
        share = 0.4 * np.maximum(over, 0.0) / distance
        places = places + _summed(near, share[:, None] * apart, len(places))
    return places


def _apart(places: Points, random: np.random.Generator) -> Points:
    """No two nearer than 1: pushed apart, and what is then still too near makes the whole picture larger."""
    places = places + random.normal(0.0, 1e-4, places.shape)
    places = _pushed(places, np.full(len(places), 0.5), 1.05, rounds=_PUSHES)
    places = places - places.mean(axis=0)
    nearest = _least_distance(places)
    return places if nearest >= 1.0 else places * (1.0 + 1e-9) / max(nearest, 1e-9)


def _least_distance(places: Points) -> float:
    from scipy.spatial import cKDTree

    if len(places) < 2:
        return np.inf
    return float(cKDTree(places).query(places, k=2)[0][:, 1].min())
