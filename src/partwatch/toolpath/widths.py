"""How wide strokes are: from the filament pushed, once it is known how thick that is."""

from __future__ import annotations

import numpy as np

from partwatch import kernel
from partwatch.model.mesh import FloatArray
from partwatch.toolpath.deposits import DIAMETERS_MM, WIDTHS_MM, Laid

# Layers that are looked at, side of the cells, and how far strokes' lines are widened to close up, in mm.
LOOKED = 16
FULL_SHARE = 0.8
CELL_MM = 0.25
CLOSED_MM = 0.6
MOST_CELLS = 4_000_000
# A nozzle's usual width of stroke, for a job whose layers are all open.
USUAL_MM = (0.25, 1.2)


def widths(laid: Laid) -> FloatArray:
    """(strokes,), in mm.

    A stroke's cross-section is a rectangle with half circles at both sides: its area is h (w - h) + pi/4 h^2
    (Hodgson, Slic3r manual, Flow math).
    """
    diameter = filament_mm(laid)
    height = laid.height[laid.strokes.layer]
    area = laid.strokes.filament * np.pi / 4 * diameter**2
    return np.clip(area / height + height * (1 - np.pi / 4), *WIDTHS_MM)


def filament_mm(laid: Laid) -> float:
    """The diameter by which solid layers are filled once: no more fits in, and a solid one holds no less."""
    known = sorted(_fullness(laid, layer) for layer in _looked(laid))
    # Not the fullest: what lies beneath a layer is now and then mistaken, and its height with that.
    full = known[int(FULL_SHARE * (len(known) - 1))] if known else 0.0
    area = np.pi / 4 * np.array(DIAMETERS_MM) ** 2
    best = int(np.abs(np.log(np.maximum(full * area, 1e-9))).argmin())
    median = float(np.median(laid.strokes.filament * area[0] / laid.height[laid.strokes.layer]))
    if full * area[best] < 0.7 and USUAL_MM[0] <= median <= USUAL_MM[1]:
        # No layer is solid, and the commonest filament gives a common width.
        best = 0
    return float(DIAMETERS_MM[best])


def _looked(laid: Laid) -> list[int]:
    """Some layers, evenly taken, and the first ones; of those as high as most."""
    usual = float(np.median(laid.height))
    alike = np.flatnonzero(np.abs(laid.height - usual) < 0.25 * usual)
    evenly = alike[np.linspace(0, len(alike) - 1, min(LOOKED, len(alike))).astype(int)]
    return sorted({*alike[:4].tolist(), *evenly.tolist()})


def _fullness(laid: Laid, layer: int) -> float:
    """Lengths of filament a layer holds, over the room that it encloses: mm of it in a cubic one."""
    own = laid.strokes.of(laid.strokes.layer == layer)
    if not len(own.start):
        return 0.0
    low, high = own.bounds
    low, size = low - 2 * CLOSED_MM, high - low + 4 * CLOSED_MM
    cell = max(CELL_MM, float(np.sqrt(size.prod() / MOST_CELLS)))
    columns, rows = (int(n) + 1 for n in np.ceil(size / cell))
    field = np.full((rows, columns), -1.0, dtype=np.float32)
    ends = own.on_grid(low, cell)
    kernel.lay_strokes(field, ends, np.full(len(ends), CLOSED_MM / cell), 0.0)
    # Back by what lies beyond the outermost lines' own half width.
    within = kernel.distance_outside(field > 0)[0] * cell
    room = float((within > CLOSED_MM - 0.2).sum()) * cell**2 * float(laid.height[layer])
    return float((own.filament * own.length).sum()) / room if room > 0 else 0.0
