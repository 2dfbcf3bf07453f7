"""How much a body is more than a plain ball, block, rod, tube or cone: 0 for those, towards 1 otherwise.

Provisional, until a background population says how often a shape turns up. It counts what the plain shape
that fits best leaves unexplained: the share of the surface, and the number of separate details, since a
plate's six holes are little surface but say much.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.fingerprint.surface import Surface
from partwatch.model.mesh import FloatArray

Mask = npt.NDArray[np.bool_]

# Of the diagonal: what counts as lying on the plain shape.
TOLERANCE = 0.015
# |cosine| above which a normal is along a direction, and below the second across it.
ALONG, ACROSS = 0.94, 0.34
# Fewer samples than this are an edge's fringe, not a detail.
DETAIL_SAMPLES = 4
# Details that leave a body (1 - 1/e) distinct by their number alone.
DETAIL_SCALE = 4.0


def distinctiveness(surface: Surface) -> float:
    """0 (plain) to 1, from a body's samples."""
    points = surface.raw - surface.centre
    normals = surface.raw_normals
    diagonal = float(np.linalg.norm(points.max(axis=0) - points.min(axis=0)))
    tolerance = TOLERANCE * diagonal
    left = np.ones(len(points), dtype=bool)
    for explained in _plain_shapes(points, normals, surface.axes, tolerance):
        if (~explained).sum() < left.sum():
            left = ~explained
    share = float(left.mean())
    details = _details(points[left], 2.5 * surface.spacing)
    return round(1 - (1 - share) * float(np.exp(-details / DETAIL_SCALE)), 4)


def _plain_shapes(
    points: FloatArray, normals: FloatArray, axes: FloatArray, tolerance: float
) -> Iterator[Mask]:
    yield _ball(points, tolerance)
    faces = _face_directions(normals)
    yield _block(points, normals, faces, tolerance)
    for axis in np.concatenate([axes.T, faces]):
        yield from _turned(points, normals, axis, tolerance)


def _ball(points: FloatArray, tolerance: float) -> Mask:
    """Least-squares sphere: |p|^2 = 2 c.p + k is linear in centre and k."""
    rows = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
    solution = np.linalg.lstsq(rows, (points**2).sum(axis=1), rcond=None)[0]
    centre = solution[:3]
    radius = np.sqrt(max(solution[3] + centre @ centre, 0.0))
    return np.asarray(np.abs(np.linalg.norm(points - centre, axis=1) - radius) < tolerance)


def _face_directions(normals: FloatArray) -> FloatArray:
    """Three directions at right angles, (3, 3) rows: commonest normal, commonest across it, their cross."""
    first = _commonest(normals)
    across = normals[np.abs(normals @ first) < ACROSS]
    if len(across) < DETAIL_SAMPLES:
        across = np.eye(3)[[int(np.argmin(np.abs(first)))]]
    flat = across - np.outer(across @ first, first)
    lengths = np.linalg.norm(flat, axis=1)
    second = _commonest(flat[lengths > 0] / lengths[lengths > 0][:, None])
    return np.stack([first, second, np.cross(first, second)])


def _commonest(normals: FloatArray) -> FloatArray:
    """The normal with the most others along it, out of 64 spread over the sample's order."""
    trial = normals[:: max(len(normals) // 64, 1)]
    voters = normals[:: max(len(normals) // 2048, 1)]
    votes = (np.abs(trial @ voters.T) > 0.995).sum(axis=1)
    return np.asarray(trial[int(np.argmax(votes))])


def _block(points: FloatArray, normals: FloatArray, faces: FloatArray, tolerance: float) -> Mask:
    """On one of the six faces of the box along those directions."""
    on = np.zeros(len(points), dtype=bool)
    for direction in faces:
        height = points @ direction
        along = np.abs(normals @ direction) > ALONG
        on |= along & ((height - height.min() < tolerance) | (height.max() - height < tolerance))
    return on


def _turned(points: FloatArray, normals: FloatArray, axis: FloatArray, tolerance: float) -> Iterator[Mask]:
    """On the ends, the outer or the inner wall of a rod or tube, or on a cone, about that axis."""
    height = points @ axis
    cosine = np.abs(normals @ axis)
    ends = (cosine > ALONG) & ((height - height.min() < tolerance) | (height.max() - height < tolerance))
    across = points - np.outer(height, axis)
    # The rim's own middle: off-centre details must not shift the axis.
    middle = _circle_centre(across[cosine < ACROSS], axis) if (cosine < ACROSS).sum() >= 8 else np.zeros(3)
    radius = np.linalg.norm(across - middle, axis=1)
    wall = cosine < ACROSS
    yield ends | (wall & (_near_peaks(radius, wall, tolerance)))
    slope = ~ends
    if slope.sum() >= 8:
        line = np.polyfit(height[slope], radius[slope], 1)
        yield ends | (np.abs(np.polyval(line, height) - radius) < tolerance)


def _circle_centre(points: FloatArray, axis: FloatArray) -> FloatArray:
    rows = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
    solution = np.linalg.lstsq(rows, (points**2).sum(axis=1), rcond=1e-9)[0]
    return np.asarray(solution[:3] - axis * (axis @ solution[:3]))


def _near_peaks(radius: FloatArray, wall: Mask, tolerance: float) -> Mask:
    """Within tolerance of one of the two commonest radii of the wall."""
    near = np.zeros(len(radius), dtype=bool)
    rest = wall.copy()
    for _ in range(2):
        if rest.sum() < DETAIL_SAMPLES:
            break
        bins = np.histogram(radius[rest], bins=64)
        peak = int(np.argmax(bins[0]))
        inside = rest & (radius >= bins[1][peak]) & (radius <= bins[1][peak + 1])
        close = np.abs(radius - np.median(radius[inside])) < tolerance
        near |= close
        rest &= ~close
    return near


def _details(points: FloatArray, reach: float) -> int:
    """Separate groups among the unexplained samples."""
    if len(points) < DETAIL_SAMPLES or not reach > 0:
        return 0
    labels = kernel.weld_within(np.ascontiguousarray(points), reach)
    return int((np.bincount(labels) >= DETAIL_SAMPLES).sum())
