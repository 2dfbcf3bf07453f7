"""Print jobs of solids, by a slicer of our own that is as small as can be: walls, and lines between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from manifold3d import CrossSection, JoinType, Manifold

from partwatch.model.mesh import FloatArray

AROUND = np.pi / 4


@dataclass(frozen=True)
class Plan:
    """How a solid is printed. infill: 0 to 1. filament: its diameter, in mm. support: a grid under hangs;
    sheath: a zigzag within a loop there, as slicers lay it."""

    layer: float = 0.2
    width: float = 0.45
    walls: int = 2
    infill: float = 0.15
    shells: int = 4
    filament: float = 1.75
    relative: bool = True
    comments: bool = False
    skirt: bool = False
    brim: int = 0
    support: bool = False
    sheath: bool = False
    spiral: bool = False


def job(
    *solids: Manifold, plan: Plan | None = None, labels: Sequence[tuple[str, str]] | None = None
) -> bytes:
    """Solids as they stand, in mm, printed one layer after the other.

    labels: for each solid, what is written before and after its strokes of a layer.
    """
    plan = plan or Plan()
    heads = [_slices(solid, plan) for solid in solids]
    roofs = [_roofs(slices) if plan.support or plan.sheath else [] for slices in heads]
    low = np.min([solid.bounding_box()[:2] for solid in solids], axis=0)
    high = np.max([solid.bounding_box()[3:5] for solid in solids], axis=0)
    writer = _Writer(plan)
    for k in range(max(len(slices) for slices in heads)):
        writer.layer(k)
        if plan.skirt and k == 0:
            writer.loop(_box(low - 5, high + 5))
        told = labels or [("", "")] * len(heads)
        for slices, over, (before, after) in zip(heads, roofs, told, strict=True):
            if k < len(slices):
                writer.say(before)
                _layer(writer, slices, k, plan, over[k] if over else None)
                writer.say(after)
    return writer.text()


def _slices(solid: Manifold, plan: Plan) -> list[CrossSection]:
    low, high = solid.bounding_box()[2], solid.bounding_box()[5]
    count = round((high - low) / plan.layer)
    return [solid.slice(low + (k + 0.5) * plan.layer) for k in range(count)]


def _roofs(slices: list[CrossSection]) -> list[CrossSection]:
    """For each layer, what it and all above it cover."""
    out = [slices[-1]]
    for one in reversed(slices[:-1]):
        out.append(out[-1] + one)
    return out[::-1]


def _layer(
    writer: _Writer, slices: list[CrossSection], k: int, plan: Plan, roof: CrossSection | None
) -> None:
    flat = slices[k]
    # Two strokes side by side overlap where both are round.
    spacing = plan.width - plan.layer * (1 - AROUND)
    for wall in reversed(range(plan.walls)):
        ring = flat.offset(-plan.width / 2 - wall * spacing, JoinType.Miter)
        for polygon in ring.to_polygons():
            writer.loop(np.asarray(polygon))
    if k == 0:
        for loop in range(plan.brim):
            for polygon in flat.offset((loop + 0.5) * spacing, JoinType.Round).to_polygons():
                writer.loop(np.asarray(polygon))
    within = flat.offset(-plan.walls * spacing, JoinType.Miter)
    above, below = (_common(slices, k, way, plan.shells) for way in (1, -1))
    inner = within ^ above ^ below
    writer.lines(within - inner, spacing, k % 2)
    if plan.infill > 0:
        writer.lines(inner, spacing / plan.infill, k % 2)
    if roof is None:
        return
    over = roof - flat.offset(0.6, JoinType.Round)
    if plan.support:
        for line in range(2):
            writer.lines(over, 2.5, line)
    if plan.sheath:
        _zigzag(writer, over, plan)


def _zigzag(writer: _Writer, over: CrossSection, plan: Plan) -> None:
    """A support under what hangs over a layer: a loop, and a stroke to and fro within."""
    for polygon in over.offset(-plan.width / 2, JoinType.Miter).to_polygons():
        writer.loop(np.asarray(polygon))
    within = over.offset(-1.5 * plan.width, JoinType.Miter)
    if not within.is_empty():
        lines = list(_hatch(within, 2.0, 0))
        turned = [line if n % 2 else line[::-1] for n, line in enumerate(lines)]
        writer.stroke(np.concatenate([np.array(line) for line in turned]))


def _common(slices: list[CrossSection], k: int, way: int, shells: int) -> CrossSection:
    """What the next layers on one side all cover; nothing where there are not so many."""
    last = k + way * shells
    if not 0 <= last < len(slices):
        return CrossSection()
    out = slices[k + way]
    for j in range(2, shells + 1):
        out = out ^ slices[k + way * j]
    return out


def _box(low: FloatArray, high: FloatArray) -> FloatArray:
    return np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])


class _Writer:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lines = ["G21", "G90", "M83" if plan.relative else "M82", "M104 S200"]
        self._total = 0.0

    def layer(self, k: int) -> None:
        if self._plan.comments:
            self._lines.append(";LAYER_CHANGE")
        self._lines.append(f"G1 Z{(k + 1) * self._plan.layer:.3f} F3000")

    def say(self, words: str) -> None:
        if words:
            self._lines.append(words)

    def loop(self, polygon: FloatArray) -> None:
        self.stroke(np.concatenate([polygon, polygon[:1]]))

    def lines(self, region: CrossSection, spacing: float, across: int) -> None:
        """Parallel lines through a region."""
        if region.is_empty():
            return
        for a, b in _hatch(region, spacing, across):
            self.stroke(np.array([a, b]))

    def stroke(self, points: FloatArray) -> None:
        plan = self._plan
        area = plan.layer * (plan.width - plan.layer) + AROUND * plan.layer**2
        self._lines.append(f"G0 X{points[0][0]:.4f} Y{points[0][1]:.4f}")
        for a, b in pairwise(points):
            pushed = float(np.linalg.norm(b - a)) * area / (AROUND * plan.filament**2)
            self._total += pushed
            told = pushed if plan.relative else self._total
            self._lines.append(f"G1 X{b[0]:.4f} Y{b[1]:.4f} E{told:.6f}")

    def text(self) -> bytes:
        return "\n".join([*self._lines, "M104 S0", "M84", ""]).encode()


def _hatch(region: CrossSection, spacing: float, across: int) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Where lines of some spacing cross a region's edges, two and two."""
    edges = [(polygon, np.roll(polygon, -1, axis=0)) for polygon in map(np.asarray, region.to_polygons())]
    start, end = (np.concatenate(each) for each in zip(*edges, strict=True))
    own, other = 1 - across, across
    low, high = start[:, own].min(), start[:, own].max()
    for at in np.arange(low + spacing / 2, high, spacing) + 1e-7:
        crosses = (start[:, own] <= at) != (end[:, own] <= at)
        share = (at - start[crosses, own]) / (end[crosses, own] - start[crosses, own])
        places = np.sort(start[crosses, other] + share * (end - start)[crosses, other])
        for a, b in zip(places[::2], places[1::2], strict=False):
            if b - a > 0.2:
                line = np.empty((2, 2))
                line[:, own], line[0, other], line[1, other] = at, a, b
                yield line[0], line[1]
