"""Trial poses: which rotations could lay one body on another, from their principal axes."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations, product

import numpy as np

from partwatch.model.mesh import FloatArray

# Spreads closer than this share leave the axes between them undecided, and they are turned through.
DEGENERATE = 0.12
TURNS = 48


def _is_rotation(matrix: FloatArray) -> bool:
    return bool(np.linalg.det(matrix) > 0)


@lru_cache(maxsize=1)
def _signed_permutations() -> FloatArray:
    """All 48 ways to lay three axes on three axes, reflections included, (48, 3, 3)."""
    matrices = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = np.zeros((3, 3))
        matrix[range(3), order] = signs
        matrices.append(matrix)
    return np.array(matrices)


@lru_cache(maxsize=3)
def _about_axis(axis: int) -> FloatArray:
    """Signed flips times turns about one principal axis, (8 * TURNS / 2, 3, 3)."""
    angles = np.arange(TURNS) * (2 * np.pi / TURNS)
    first, second = [k for k in range(3) if k != axis]
    turns = np.tile(np.eye(3), (TURNS, 1, 1))
    turns[:, first, first] = turns[:, second, second] = np.cos(angles)
    turns[:, first, second] = -np.sin(angles)
    turns[:, second, first] = np.sin(angles)
    # Sign flips of the axis and of one in its plane reach all others through the turns.
    flips = []
    for a, b in product((1.0, -1.0), repeat=2):
        flip = np.eye(3)
        flip[axis, axis], flip[first, first] = a, b
        flips.append(flip)
    return np.concatenate([turns @ flip for flip in flips])


@lru_cache(maxsize=1)
def _all_rotations() -> FloatArray:
    """Rotations about 25 degrees apart and their reflections, by a super-Fibonacci spiral (Alexa 2022)."""
    count = 1000
    phi, psi = np.sqrt(2.0), 1.533751168755204288118041
    s = np.arange(count) + 0.5
    r, big_r = np.sqrt(s / count), np.sqrt(1 - s / count)
    alpha, beta = 2 * np.pi * s / phi, 2 * np.pi * s / psi
    x, y, z, w = r * np.sin(alpha), r * np.cos(alpha), big_r * np.sin(beta), big_r * np.cos(beta)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    rotations = np.moveaxis(np.array(rows), -1, 0)
    return np.concatenate([rotations, -rotations])


@lru_cache(maxsize=16)
def _trials(low_pair: bool, high_pair: bool) -> tuple[FloatArray, FloatArray]:
    """Trial orthogonal matrices between principal frames: (rotations, reflections)."""
    sets = [_signed_permutations()]
    if low_pair and high_pair:
        sets.append(_all_rotations())
    elif low_pair:
        sets.append(_about_axis(2))
    elif high_pair:
        sets.append(_about_axis(0))
    every = np.concatenate(sets)
    proper = np.linalg.det(every) > 0
    return every[proper], every[~proper]


def _between(left: FloatArray, middle: FloatArray, right: FloatArray) -> FloatArray:
    """left @ middle[i] @ right.T for each of (n, 3, 3), as two large products: many small ones are slow."""
    turned = (middle.reshape(-1, 3) @ right.T).reshape(-1, 3, 3)
    return (turned.transpose(0, 2, 1).reshape(-1, 3) @ left.T).reshape(-1, 3, 3).transpose(0, 2, 1)


def trial_poses(
    part_centre: FloatArray,
    part_axes: FloatArray,
    part_spreads: FloatArray,
    part_radius: float,
    body_centre: FloatArray,
    body_axes: FloatArray,
    body_spreads: FloatArray,
    body_radius: float,
) -> tuple[FloatArray, FloatArray]:
    """Trial similarities from the part's frame to the body's, (n, 3, 4) each: rotations, reflections.

    Axes are (3, 3) with columns by rising spread; where two spreads are alike (in either body) the plane
    between them is turned through, where all three are, all rotations are tried.
    """
    s = np.maximum(part_spreads, 1e-12), np.maximum(body_spreads, 1e-12)
    low = any(1 - x[0] / x[1] < DEGENERATE for x in s)
    high = any(1 - x[1] / x[2] < DEGENERATE for x in s)
    scale = body_radius / part_radius
    handed = _is_rotation(part_axes) == _is_rotation(body_axes)
    proper, improper = _trials(low, high)
    if not handed:
        proper, improper = improper, proper
    poses = []
    for trials in (proper, improper):
        A = scale * _between(body_axes, trials, part_axes)
        t = body_centre - A @ part_centre
        poses.append(np.ascontiguousarray(np.concatenate([A, t[:, :, None]], axis=2)))
    return poses[0], poses[1]
