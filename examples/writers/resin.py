"""Resin print jobs of solids, by a slicer of our own as small as can be: grey edges, pillars, a pad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from manifold3d import CrossSection, Manifold

from partwatch.formats.sl1.settings import Panel, Pixels
from partwatch.formats.sl1.writer import Resin
from partwatch.formats.sl1.writer import job as written
from partwatch.model.mesh import FloatArray

# So many rows of samples a pixel has; along a row edges are exact.
FINE = 4
PILLAR_MM, TIP_MM, PAD_MM, BRIM_MM = 1.0, 0.4, 2.0, 1.6
PANEL = Panel((400, 300), (80.0, 60.0), portrait=False, mirrored=(True, False))


@dataclass(frozen=True)
class Vat:
    """How solids are exposed. lifted: by how much they hang over the bed, on pillars that stand on a pad."""

    layer: float = 0.2
    panel: Panel = field(default=PANEL)
    lifted: float = 0.0
    pillars: tuple[tuple[float, float], ...] = ()


def job(*solids: Manifold, vat: Vat | None = None) -> bytes:
    """Solids as they stand, in mm of the panel; lowest on the bed, or lifted."""
    vat = vat or Vat()
    whole = sum((solid.translate((0, 0, vat.lifted)) for solid in solids), Manifold())
    if vat.lifted:
        whole += _supports(whole, vat)
    return written(_pictures(whole, vat), Resin(vat.panel, vat.layer, vat.layer))


def _supports(whole: Manifold, vat: Vat) -> Manifold:
    out = Manifold()
    for x, y in vat.pillars:
        high = vat.lifted - 1.0
        out += Manifold.cylinder(high, PILLAR_MM / 2, circular_segments=24).translate((x, y, 0))
        out += Manifold.cylinder(1.2, PILLAR_MM / 2, TIP_MM / 2, 24).translate((x, y, high))
    low, high_corner = np.reshape(whole.bounding_box(), (2, 3))[:, :2]
    size = high_corner - low + 2 * BRIM_MM
    return out + Manifold.cube((*size, PAD_MM)).translate((*(low - BRIM_MM), 0))


def _pictures(whole: Manifold, vat: Vat) -> Iterator[Pixels]:
    for k in range(round(whole.bounding_box()[5] / vat.layer)):
        yield exposed(whole.slice((k + 0.5) * vat.layer), vat.panel)


def exposed(flat: CrossSection, panel: Panel) -> Pixels:
    """How much of each pixel a section covers: (rows, columns) along the model's y and x."""
    out = np.zeros(panel.pixels[::-1], dtype=np.uint8)
    polygons = [np.asarray(each) / panel.pitch for each in flat.to_polygons()]
    if not polygons:
        return out
    every = np.concatenate(polygons)
    low, high = np.floor(every.min(axis=0)).astype(int), np.ceil(every.max(axis=0)).astype(int)
    columns, rows = high - low
    share = np.zeros((rows * FINE, columns + 2))
    for polygon in polygons:
        for start, end in zip(polygon - low, np.roll(polygon - low, -1, axis=0), strict=True):
            _edge(share, start, end)
    # What lies behind an edge, from it to the row's end, is covered once more or less.
    covered = np.cumsum(share, axis=1)[:, :columns].reshape(rows, FINE, columns).mean(axis=1)
    out[low[1] : high[1], low[0] : high[0]] = np.round(255 * np.clip(np.abs(covered), 0, 1))
    return out


def _edge(share: FloatArray, start: FloatArray, end: FloatArray) -> None:
    """Marks where an edge crosses the middles of fine rows; upward ones begin, downward ones end."""
    low, high = sorted((float(start[1]) * FINE, float(end[1]) * FINE))
    at = np.arange(max(int(np.ceil(low - 0.5)), 0), min(int(np.ceil(high - 0.5)), len(share)))
    if not len(at):
        return
    sign = 1.0 if end[1] > start[1] else -1.0
    part = ((at + 0.5) / FINE - start[1]) / (end[1] - start[1])
    x = np.clip(start[0] + part * (end[0] - start[0]), 0, share.shape[1] - 1.001)
    column = x.astype(int)
    np.add.at(share, (at, column), sign * (1 - (x - column)))
    np.add.at(share, (at, column + 1), sign * (x - column))
