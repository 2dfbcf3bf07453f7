"""Runs: strokes laid in one go. How they close, turn, nest and follow on each other is a slicer's habit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.model.mesh import FloatArray
from partwatch.model.toolpath import Toolpath
from partwatch.toolpath.deposits import LEAST_STROKE_MM, SEAM_MM, Indices

# What text rounds: strokes that begin where the last one ended are one run.
SAME_POINT_MM = 1e-6
LEAST_LOOP_STROKES = 3
# A loop is many times longer than what it leaves open.
LEAST_LOOP_LENGTH = 5.0
LEAST_LOOP_MM = 1.0
SAME_LAYER_MM = 1e-3


@dataclass(frozen=True, eq=False)
class Runs:
    """stroke: (n,) the moves that lay. start, end: (n, 2), length, flow: (n,), in mm and mm of filament a mm.

    Of each run: first, last (k,), places among the strokes; z (k,); closed (k,), whether it ends about where
    it began; gap (k,), how far from there; area (k,), in mm², of what it goes round, above 0
    counter-clockwise; low, high (k, 2), the box around it.
    """

    stroke: Indices
    start: FloatArray
    end: FloatArray
    length: FloatArray
    flow: FloatArray
    first: Indices
    last: Indices
    z: FloatArray
    closed: npt.NDArray[np.bool_]
    gap: FloatArray
    area: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def of_stroke(self) -> Indices:
        """(n,) the run of each stroke."""
        return np.repeat(np.arange(len(self.first)), self.last - self.first + 1)

    @property
    def run_length(self) -> FloatArray:
        """(k,), in mm."""
        return np.add.reduceat(self.length, self.first) if len(self.first) else self.length[:0]


def runs_of(path: Toolpath) -> Runs:
    """The runs of a job in their order; none where nothing is laid."""
    before, moved = path.start, path.across
    stroke = np.flatnonzero((path.filament > 0) & (moved > LEAST_STROKE_MM))
    start, end, z = before[stroke, :2], path.end[stroke, :2], path.end[stroke, 2]
    length = moved[stroke]
    apart = np.abs(start[1:] - end[:-1]).max(axis=1, initial=0.0) > SAME_POINT_MM
    new = np.ones(len(stroke), dtype=bool)
    new[1:] = apart | (np.abs(np.diff(z)) > SAME_LAYER_MM)
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(stroke))[: len(first)] - 1
    if not len(first):
        none = np.zeros(0)
        return Runs(
            stroke, start, end, length, length, first, last, none, none.astype(bool), none, none, start, start
        )
    count = last - first + 1
    origin = np.repeat(start[first], count, axis=0)
    s, e = start - origin, end - origin
    gap = np.linalg.norm(start[first] - end[last], axis=1)
    whole = np.add.reduceat(length, first)
    closed = (
        (count >= LEAST_LOOP_STROKES)
        & (gap < SEAM_MM)
        & (whole > LEAST_LOOP_LENGTH * gap)
        & (whole > LEAST_LOOP_MM)
    )
    return Runs(
        stroke=stroke,
        start=start,
        end=end,
        length=length,
        flow=path.filament[stroke] / length,
        first=first,
        last=last,
        z=z[first],
        closed=closed,
        gap=gap,
        # The line that closes a run goes through the origin, and so adds nothing (shoelace formula).
        area=np.add.reduceat(s[:, 0] * e[:, 1] - e[:, 0] * s[:, 1], first) / 2,
        low=np.minimum(np.minimum.reduceat(start, first), np.minimum.reduceat(end, first)),
        high=np.maximum(np.maximum.reduceat(start, first), np.maximum.reduceat(end, first)),
    )
