"""How a job goes about its parts: how loops close and turn, how the nozzle travels, how often it changes.

Nothing here is in the text: whoever wants to change it must slice the part anew, or compute the moves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from partwatch.model.mesh import FloatArray
from partwatch.model.toolpath import Toolpath
from partwatch.provenance.wording import NONE
from partwatch.toolpath.deposits import Indices
from partwatch.toolpath.runs import SAME_LAYER_MM, Runs

# Fewer loops say nothing.
LEAST_LOOPS = 6
# A loop that closes, up to what text rounds; one that is clipped leaves nearly the same gap everywhere.
CLOSED_MM = 0.005
ALIKE_MM = 0.02
LAYERS_LOOKED = 40
# Shorter strokes than this have no exact flow.
LEAST_FLOW_MM = 1.0
FLOW_SHARE = 0.03
# Walls of one part: rings within each other, so far apart, and loops of a layer that are looked at.
LEAST_WALL_MM, WALLS_APART_MM = 0.05, 2.0
MOST_LOOPS = 300


def manner_of(path: Toolpath, runs: Runs) -> dict[str, str]:
    """What a job does, by the name of each habit; all of them, `none` where there is none."""
    return {
        "loop gap": _loop_gap(runs),
        "loop turn": _loop_turn(runs),
        "flows in a layer": _flows(runs),
        "travel bends": _travel_bends(path),
        "wipe": _wipe(path),
        "speeds": _speeds(path, runs),
        "odd speeds": _odd_speeds(path, runs),
        "shortest strokes": _shortest(runs),
        "arcs": "yes" if path.chord.any() else "no",
        "walls before infill": _walls_first(runs),
        "order of walls": order_of_walls(runs),
    }


def _class(value: float, bounds: Sequence[float]) -> str:
    """The class that a number falls into, named by its bounds."""
    k = int(np.searchsorted(bounds, value, side="right"))
    if k == 0:
        return f"below {bounds[0]:g}"
    return f"{bounds[k - 1]:g} to {bounds[k]:g}" if k < len(bounds) else f"{bounds[-1]:g} and more"


def _loop_gap(runs: Runs) -> str:
    gap = runs.gap[runs.closed]
    if len(gap) < LEAST_LOOPS:
        return NONE
    low, middle, high = np.quantile(gap, (0.25, 0.5, 0.75))
    if middle < CLOSED_MM:
        return "closed"
    return "clipped" if high - low <= ALIKE_MM else "open"


def _loop_turn(runs: Runs) -> str:
    area = runs.area[runs.closed]
    if len(area) < LEAST_LOOPS or not np.abs(area).sum() > 0:
        return NONE
    share = float(area.sum() / np.abs(area).sum())
    return "counter-clockwise" if share > 0.9 else "clockwise" if share < -0.9 else "both"


def layers_looked(runs: Runs) -> FloatArray:
    """Some of the heights, evenly taken."""
    heights: FloatArray = np.unique(np.round(runs.z / SAME_LAYER_MM)) * SAME_LAYER_MM
    evenly = np.linspace(0, len(heights) - 1, min(LAYERS_LOOKED, len(heights))).astype(int)
    return np.asarray(heights[np.unique(evenly)])


def _at(runs: Runs, height: float) -> Indices:
    """Runs of a layer; they may stand apart in the file."""
    return np.flatnonzero(np.abs(runs.z - height) < SAME_LAYER_MM)


def _flows(runs: Runs) -> str:
    """How many amounts of filament a millimetre there are in a layer, those that are seldom left out."""
    of = runs.of_stroke
    counts = []
    for height in layers_looked(runs):
        own = (np.abs(runs.z[of] - height) < SAME_LAYER_MM) & (runs.length > LEAST_FLOW_MM)
        flow = np.round(runs.flow[own], 3)
        if len(flow) >= LEAST_LOOPS:
            _, count = np.unique(flow, return_counts=True)
            counts.append(int((count > FLOW_SHARE * len(flow)).sum()))
    return _class(float(np.median(counts)), (2, 3, 5, 8)) if counts else NONE


def _travel_bends(path: Toolpath) -> str:
    """The share of the ways between two strokes that are more than one straight line."""
    far = path.across > SAME_LAYER_MM
    stroke = far & (path.filament > 0)
    lines = np.bincount(np.cumsum(stroke)[far & (path.filament == 0)])
    lines = lines[lines > 0]
    return _class(float((lines > 1).mean()), (0.02, 0.1, 0.3)) if len(lines) >= LEAST_LOOPS else NONE


def _wipe(path: Toolpath) -> str:
    """The share of retractions during which the nozzle moves."""
    back = np.flatnonzero(path.filament < 0)
    if len(back) < LEAST_LOOPS:
        return NONE
    moving = path.across[back] > SAME_LAYER_MM
    return _class(float(moving.mean()), (0.02, 0.5))


def _speeds(path: Toolpath, runs: Runs) -> str:
    used = np.unique(np.round(path.feed[runs.stroke], 1))
    return _class(len(used), (5, 12, 40)) if len(used) else NONE


def _odd_speeds(path: Toolpath, runs: Runs) -> str:
    """The share of strokes whose speed is no whole number: computed to keep a layer's time."""
    feed = path.feed[runs.stroke]
    return _class(float((np.abs(feed - np.round(feed)) > 1e-6).mean()), (0.001, 0.3)) if len(feed) else NONE


def _shortest(runs: Runs) -> str:
    """The length, in mm, that one stroke in twenty falls short of."""
    return _class(float(np.quantile(runs.length, 0.05)), (0.03, 0.08, 0.2)) if len(runs.length) else NONE


def _walls_first(runs: Runs) -> str:
    """Whether loops come before what fills them."""
    firsts = []
    for height in layers_looked(runs):
        own = _at(runs, height)
        closed = runs.closed[own]
        if closed.any() and not closed.all():
            place = np.arange(len(own))
            firsts.append(float(np.median(place[closed]) < np.median(place[~closed])))
    if not firsts:
        return NONE
    share = float(np.mean(firsts))
    return "yes" if share > 0.7 else "no" if share < 0.3 else "mixed"


def order_of_walls(runs: Runs) -> str:
    """Of a part's walls, which is laid first. Walls of holes are left out: there the outer one is within."""
    outwards = count = 0
    for height in layers_looked(runs):
        loop = _at(runs, height)
        loop = loop[runs.closed[loop]][:MOST_LOOPS]
        # Margins of every box within every other, on all four sides.
        low = runs.low[loop][:, None] - runs.low[loop][None]
        high = runs.high[loop][None] - runs.high[loop][:, None]
        margins = np.concatenate([low, high], axis=2)
        inside = (margins > LEAST_WALL_MM).all(axis=2)
        ring = inside & (margins < WALLS_APART_MM).all(axis=2)
        # Only what lies in nothing but rings of its own is a part's.
        deep = np.any(inside & ~ring, axis=1)
        ring &= ~deep[:, None]
        inner, outer = np.nonzero(ring)
        outwards += int((inner < outer).sum())
        count += len(inner)
    if count < LEAST_LOOPS:
        return NONE
    share = outwards / count
    return "inner first" if share > 0.7 else "outer first" if share < 0.3 else "mixed"
