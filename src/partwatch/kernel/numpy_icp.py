"""Iterative closest points for many poses at once: icp of alignment.hpp in numpy.

A pose is a (3, 4) row: x' = A x + t, A holding rotation, reflection and uniform scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from partwatch.kernel.numpy_common import Floats, cross, dot, quiet

Mask = npt.NDArray[np.bool_]
_UNKNOWNS = 7


@dataclass(frozen=True, eq=False)
class Nearest:
    """(n, 3) closest points and their normals, (n,) squared distances, (n,) whether within the cap."""

    point: Floats
    normal: Floats
    squared: Floats
    found: Mask


class Target(Protocol):
    """What points are laid on."""

    def nearest(self, points: Floats, normals: Floats, cap: float) -> Nearest:
        """The closest of the target to each of (n, 3) points that turn that way."""


def apply(T: Floats, points: Floats) -> Floats:
    """(b, 3, 4) poses of (n, 3) points: (b, n, 3)."""
    return linear(T, points) + T[:, None, :, 3]


def linear(T: Floats, vectors: Floats) -> Floats:
    """The same without moving them."""
    return np.stack([dot(T[:, None, k, :3], vectors[None]) for k in range(3)], axis=-1)


def unit(n: Floats) -> Floats:
    """Vectors of length one over the last axis; zero stays."""
    length = np.sqrt(dot(n, n))[..., None]
    return n * (1 / np.where(length > 0, length, 1.0))


@quiet
def icp(
    target: Target,
    points: Floats,
    normals: Floats,
    start: Floats,
    rounds: int,
    cap_from: float,
    cap_to: float,
    rigid: bool = False,
) -> Floats:
    """Point-to-plane ICP with uniform scale (Chen and Medioni 1992; seven parameters, six if rigid), Tukey
    weights on the distance to the closest point with a cap that shrinks from `cap_from` to `cap_to`.
    start: (b, 3, 4)."""
    T = start.copy()
    active = np.arange(len(T))
    for k in range(rounds):
        if len(active) == 0 or len(points) == 0:
            break
        share = k / (rounds - 1) if rounds > 1 else 1.0
        cap = cap_from * (cap_to / cap_from) ** min(1.0, share * 1.5)
        moved, improved, still = _step(target, points, normals, T[active], cap, rigid)
        T[active[improved]] = moved[improved]
        # The last cap is not reached before the end of the shrinking, so until then all go on.
        going = improved & (still if cap <= cap_to * 1.0001 else True)
        active = active[going]
    return T


def _step(
    target: Target, points: Floats, normals: Floats, T: Floats, cap: float, rigid: bool
) -> tuple[Floats, Mask, Mask]:
    """One step of each pose: where it leads, whether there is one, whether it is worth another."""
    x = apply(T, points)
    centre = (np.cumsum(x, axis=1)[:, -1] * (1.0 / len(points)))[:, None]
    n = unit(linear(T, normals))
    hit = target.nearest(x.reshape(-1, 3), n.reshape(-1, 3), cap)
    shape = x.shape[:2]
    plane = hit.normal.reshape(x.shape)
    squared = hit.squared.reshape(shape)
    q = 1 - squared / (cap * cap)
    w = np.where(hit.found.reshape(shape), q * q, 0.0)
    w = np.nan_to_num(w)
    r = x - centre
    J = np.concatenate([cross(r, plane), plane, dot(r, plane)[..., None]], axis=-1)
    e = dot(hit.point.reshape(x.shape) - x, plane)
    J, e = (np.where(w[..., None] > 0, J, 0.0), np.where(w > 0, e, 0.0))
    weighted = J * w[..., None]
    M = np.matmul(weighted.transpose(0, 2, 1), J)
    b = np.matmul(weighted.transpose(0, 2, 1), e[..., None])[..., 0]
    size2, weight = (w * dot(r, r)).sum(axis=1), w.sum(axis=1)
    # A little damping keeps what the shape leaves free (a sphere's rotation) where it is.
    for k in range(_UNKNOWNS):
        M[:, k, k] += 1e-6 * (size2 if k < 3 or k == 6 else weight)
    if rigid:
        M[:, 6, :6], M[:, 6, 6], b[:, 6] = 0.0, 1.0, 0.0
    solution, solved = _solve(M, b)
    angle = np.sqrt(dot(solution[:, :3], solution[:, :3]))
    brake = np.where(angle > 0.3, 0.3 / angle, 1.0)
    R = _turn(solution[:, :3] * brake[:, None]) * np.exp(np.clip(solution[:, 6], -0.1, 0.1))[:, None, None]
    moved = np.empty_like(T)
    moved[:, :, :3] = np.matmul(R, T[:, :, :3])
    c = centre[:, 0]
    moved[:, :, 3] = np.matmul(R, (T[:, :, 3] - c)[..., None])[..., 0] + c + solution[:, 3:6]
    shift = np.sqrt(dot(solution[:, 3:6], solution[:, 3:6]))
    change = angle + np.abs(solution[:, 6]) + shift / np.sqrt(size2 / weight + 1e-300)
    return moved, (weight >= _UNKNOWNS) & solved, ~(change < 1e-7)


def _solve(M: Floats, b: Floats) -> tuple[Floats, Mask]:
    """M x = b for (n, k, k) symmetric positive definite M (Cholesky), and for which it is that."""
    M, b = M.copy(), b.copy()
    size = b.shape[1]
    fine = np.ones(len(M), dtype=bool)
    for j in range(size):
        d = M[:, j, j] - (M[:, j, :j] ** 2).sum(axis=1)
        fine &= d > 0
        M[:, j, j] = np.sqrt(np.where(d > 0, d, 1.0))
        s = M[:, j + 1 :, j] - (M[:, j + 1 :, :j] * M[:, j : j + 1, :j]).sum(axis=2)
        M[:, j + 1 :, j] = s / M[:, j, j, None]
    for i in range(size):
        b[:, i] = (b[:, i] - (M[:, i, :i] * b[:, :i]).sum(axis=1)) / M[:, i, i]
    for i in reversed(range(size)):
        b[:, i] = (b[:, i] - (M[:, i + 1 :, i] * b[:, i + 1 :]).sum(axis=1)) / M[:, i, i]
    return b, fine


def _turn(w: Floats) -> Floats:
    """(n, 3, 3) rotations by |w| about w (Rodrigues)."""
    angle = np.sqrt(dot(w, w))
    x, y, z = (w / np.where(angle > 1e-15, angle, np.inf)[:, None]).T
    zero = np.zeros_like(x)
    K = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    s, c = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.asarray(np.eye(3) + s * K + (1 - c) * np.matmul(K, K))
