"""Settings that a job was made with, as far as its moves show them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from partwatch.model.mesh import FloatArray
from partwatch.model.toolpath import Toolpath
from partwatch.toolpath.deposits import Laid, laid
from partwatch.toolpath.runs import SAME_LAYER_MM, Runs
from partwatch.toolpath.widths import widths

# So much of the material must agree on a value for it to be told.
AGREED = 0.5
LEAST_COUNT = 6
# A few strokes are made with no settings.
LEAST_STROKES = 30
# Loops whose seams are compared from layer to layer, and what counts as the same place, in mm.
LOOPS_LOOKED = 3000
SAME_SEAM_MM = 1.5
REAR_MM = 1.0
# Of seams that are at the rear, or right above the last one, that a job is said to put them there.
SEAM_SHARE = 0.6
RANDOM_SHARE = 0.25


@dataclass(frozen=True)
class Measured:
    """One setting. value: a number in `unit`, or a word where that is empty."""

    name: str
    value: str
    unit: str = ""


def settings_of(path: Toolpath, runs: Runs) -> tuple[Measured, ...]:
    """What can be told; nothing is said where the moves do not agree."""
    if len(runs.stroke) < LEAST_STROKES:
        return ()
    strokes = laid(path)
    found = [
        *_heights(strokes),
        *_widths(strokes),
        *_retraction(path),
        *_speeds(path, runs),
        Measured("arcs", "yes" if path.chord.any() else "no"),
    ]
    seam = seam_of(runs)
    return tuple(found if seam is None else [*found, Measured("seam", seam)])


def _heights(strokes: Laid) -> list[Measured]:
    if strokes.spiral:
        return [Measured("spiral", "yes")]
    of_stroke = strokes.height[strokes.strokes.layer]
    usual = _agreed(of_stroke, strokes.strokes.length, 0.01)
    lowest = _agreed(
        of_stroke[strokes.strokes.layer == 0], strokes.strokes.length[strokes.strokes.layer == 0], 0.01
    )
    told = [("layer height", usual), ("first layer height", lowest)]
    return [_number(name, value, "mm", 2) for name, value in told if value is not None]


def _widths(strokes: Laid) -> list[Measured]:
    width, length = widths(strokes), strokes.strokes.length
    loop = strokes.strokes.loop
    told = [("wall width", loop), ("infill width", ~loop)]
    found = [(name, _agreed(width[own], length[own], 0.03)) for name, own in told]
    return [_number(name, value, "mm", 2) for name, value in found if value is not None]


def _retraction(path: Toolpath) -> list[Measured]:
    """How far filament is pulled back before a travel, and how fast."""
    back = path.filament < 0
    # Where the firmware does it, no move shows; and the end of a job, written by hand, pulls once.
    if back.sum() < LEAST_COUNT:
        return []
    moved = path.across
    # Pulls until the next push are one retraction, wiping included.
    pull = np.cumsum(path.filament > 0)
    length = np.asarray(-np.bincount(pull[back], weights=path.filament[back]), dtype=np.float64)
    length = length[length > 0]
    if len(length) < LEAST_COUNT:
        return []
    found = [("retraction", _agreed(length, np.ones(len(length)), 0.05), "mm", 2)]
    still = back & (moved < SAME_LAYER_MM)
    speed = path.feed[still] / 60
    found.append(("retraction speed", _agreed(speed, np.ones(len(speed)), 0.5), "mm/s", 0))
    return [_number(name, value, unit, digits) for name, value, unit, digits in found if value is not None]


def _speeds(path: Toolpath, runs: Runs) -> list[Measured]:
    """Of walls, of what is within them, and of travels."""
    feed = path.feed[runs.stroke] / 60
    closed = runs.closed[runs.of_stroke] if len(runs.first) else np.zeros(0, dtype=bool)
    moved = path.across
    travel = (moved > SAME_LAYER_MM) & (path.filament == 0)
    told = [
        ("wall speed", feed[closed], runs.length[closed]),
        ("infill speed", feed[~closed], runs.length[~closed]),
        ("travel speed", path.feed[travel] / 60, moved[travel]),
    ]
    found = [(name, _agreed(values, weights, 0.5)) for name, values, weights in told]
    return [_number(name, value, "mm/s", 0) for name, value in found if value is not None and value > 0]


def seam_of(runs: Runs) -> str | None:
    """Where loops begin: at the rear, above each other, anywhere; None where that cannot be told."""
    loops = np.flatnonzero(runs.closed)[:LOOPS_LOOKED]
    if len(loops) < LEAST_COUNT:
        return None
    start, z = runs.start[runs.first[loops]], runs.z[loops]
    rear = float((runs.high[loops, 1] - start[:, 1] < REAR_MM).mean())
    above = _above(start, z, runs.low[loops], runs.high[loops])
    if rear > SEAM_SHARE:
        return "rear"
    if above is None:
        return None
    return "aligned" if above > SEAM_SHARE else "random" if above < RANDOM_SHARE else "mixed"


def _above(start: FloatArray, z: FloatArray, low: FloatArray, high: FloatArray) -> float | None:
    """Share of loops that begin right above where the same loop of the layer below does."""
    layer = np.round(z / SAME_LAYER_MM)
    heights = np.unique(layer)
    hits = count = 0
    for under, over in pairwise(heights):
        a, b = np.flatnonzero(layer == under), np.flatnonzero(layer == over)
        box = np.concatenate([low, high], axis=1)
        gap = np.abs(box[a, None] - box[None, b]).max(axis=2)
        near = gap.argmin(axis=0)
        # A small loop begins near itself whatever happens.
        same = (gap[near, np.arange(len(b))] < 0.3) & ((high - low)[b].min(axis=1) > 3 * SAME_SEAM_MM)
        apart = np.linalg.norm(start[a[near]] - start[b], axis=1)
        hits += int((same & (apart < SAME_SEAM_MM)).sum())
        count += int(same.sum())
    return hits / count if count >= LEAST_COUNT else None


def _agreed(values: FloatArray, weights: npt.NDArray[np.generic], step: float) -> float | None:
    """The commonest value, up to a step, where enough of the weight is of it."""
    if not len(values) or not float(np.sum(weights)) > 0:
        return None
    place, own = np.unique(np.round(values / step).astype(np.int64), return_inverse=True)
    of_place = np.bincount(own.reshape(-1), weights=np.asarray(weights, dtype=np.float64))
    best = int(of_place.argmax())
    # A value may lie between two steps.
    near = np.abs(place - place[best]) <= 1
    if of_place[near].sum() < AGREED * of_place.sum():
        return None
    chosen = near[own.reshape(-1)]
    return float(np.median(values[chosen]))


def _number(name: str, value: float, unit: str, digits: int) -> Measured:
    return Measured(name, f"{value:.{digits}f}", unit)
