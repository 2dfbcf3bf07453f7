"""What lies beside the loops of a layer: another one beside a part's walls, hardly anything beside those that
go round supports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from partwatch import kernel
from partwatch.model.mesh import FloatArray
from partwatch.toolpath import fields
from partwatch.toolpath.deposits import Indices, Strokes
from partwatch.toolpath.fields import Flags, Grid, Singles

# Share of a loop's length along which other loops lie, and along which anything does: a part's has more.
PAIRED, DENSE = 0.5, 0.9
# What is fewer strokes wide than this is filled by the loop around it: a thin wall, no support.
NARROW = 2.0
# Share of a loop's length along which others lie where walls have several strokes, the share of a layer's
# loops that do then, and of how many layers that is so.
DOUBLE, DOUBLE_LOOPS, DOUBLE_LAYERS = 0.8, 0.1, 0.45
# So many cells farther off than where a stroke meets another its line may be from a cell there.
TO_CORE_CELLS = 1.5


@dataclass(frozen=True, eq=False)
class Beside:
    """Strokes of a job, each layer by itself. wide: (strokes,), width: most strokes', in mm."""

    strokes: Strokes
    wide: FloatArray
    grid: Grid
    width: float

    def depths(self, layers: Indices, chosen: Flags | None = None) -> Iterator[Singles]:
        """Of each layer: how deep cells lie within strokes; of those chosen (strokes,)."""
        strokes, wide = self.strokes, self.wide
        if chosen is not None:
            strokes, wide = strokes.of(chosen), wide[chosen]
        return (
            fields.depths(strokes, wide, np.split(layers, len(layers)), self.grid)
            if len(layers)
            else iter(())
        )

    def walls(self, layers: Indices, loops: Flags) -> tuple[Indices, FloatArray]:
        """(layers, 2) how many cells of each are in loops, and in how many of these loops lie beside each
        other, as a part's walls do; (strokes,) the share of its run's length that does. loops: (strokes,)."""
        return self._met(layers, self.depths(layers, loops), loops)

    def single(self, paired: FloatArray) -> bool:
        """Whether walls are a single stroke wide: in most layers hardly any loop has another one along it
        (paired: of `walls`). Supports, a loop each, may be most of what there is, and say nothing."""
        length = self.strokes.length * self.strokes.loop
        double = self._wide() & (paired > DOUBLE)
        every = np.bincount(self.strokes.layer, weights=length)
        of_layer = np.bincount(self.strokes.layer, weights=length * double)
        return bool((of_layer > DOUBLE_LOOPS * every).sum() < DOUBLE_LAYERS * (every > 0).sum())

    def supports(self, paired: FloatArray) -> Flags:
        """(strokes,) those of loops that hardly any loop lies beside (paired: of `walls`), nor anything else:
        zigzags within a support meet its loop where they turn."""
        out = self._wide() & (paired < PAIRED)
        layers = np.unique(self.strokes.layer[out])
        return out & (self._met(layers, self.depths(layers), out)[1] < DENSE)

    def _wide(self) -> Flags:
        """(strokes,) whether each is of a loop round more than its own stroke fills."""
        loop = self.strokes.loop
        out = np.zeros(len(loop), dtype=bool)
        out[loop] = _across(self.strokes.of(loop)) > NARROW * self.width
        return out

    def filled(self, layers: Indices, loops: Flags) -> Flags:
        """(layers,) whether loops enclose what is filled: some slicers lay a top in a single wall."""
        both = zip(self.depths(layers), self.depths(layers, loops), strict=True)
        return np.array(
            [fields.is_filled(depth, loop, self.grid.cell, self.width) for depth, loop in both], dtype=bool
        )

    def _met(self, layers: Indices, depths: Iterator[Singles], asked: Flags) -> tuple[Indices, FloatArray]:
        """As `walls`, of the strokes asked for: what is beside anything that the depths are of."""
        order = np.flatnonzero(asked)
        order = order[np.argsort(self.strokes.layer[order], kind="stable")]
        of_order = self.strokes.layer[order]
        cells = np.zeros((len(layers), 2), dtype=np.int64)
        share = np.zeros(len(asked))
        for k, (layer, depth) in enumerate(zip(layers, depths, strict=True)):
            rows, columns = fields.around(depth > 0)
            depth = depth[rows, columns]
            if not depth.size:
                continue
            core = fields.beside(depth, self.grid.cell, self.width)
            cells[k] = (depth > 0).sum(), core.sum()
            begin, end = np.searchsorted(of_order, [layer, layer + 1])
            if cells[k, 1] and begin < end:
                low = self.grid.low + self.grid.cell * np.array([columns.start, rows.start])
                share[order[begin:end]] = self._share(order[begin:end], core, low)
        return cells, share

    def _share(self, own: Indices, core: Flags, low: FloatArray) -> FloatArray:
        """Of some strokes of a layer: the share of its run's length that lies at the core (rows, columns) of
        what is more than one stroke wide. low: (2,), the middle of its first cell."""
        strokes, wide = self.strokes.of(own), self.wide[own]
        length, cell = strokes.length, self.grid.cell
        count = np.ceil(length / cell).astype(np.int64)
        stroke = np.repeat(np.arange(len(count)), count)
        number = np.arange(len(stroke)) - np.repeat(np.cumsum(count) - count, count)
        along = ((number + 0.5) / count[stroke])[:, None]
        at = strokes.start[stroke] + along * (strokes.end - strokes.start)[stroke]
        # Lines of strokes narrower than a cell may lie beyond what these cover.
        column, row = np.clip(
            np.round((at - low) / cell).astype(np.int64), 0, np.array(core.shape[::-1]) - 1
        ).T
        # Outer walls may be narrower than most strokes, and their lines farther from what is deep within.
        reach = (
            np.maximum(fields.LEAST_HALF_WIDTH * self.width - wide[stroke] / 2, 0.0) / cell + TO_CORE_CELLS
        )
        near = kernel.distance_outside(~core)[0][row, column] <= reach
        _, run = np.unique(strokes.run, return_inverse=True)
        run = run.reshape(-1)
        weight = (length / count)[stroke]
        met = np.bincount(run[stroke], weights=weight * near)
        return np.asarray((met / np.bincount(run, weights=length))[run])


def _across(loops: Strokes) -> FloatArray:
    """(strokes,) how wide what its run goes round is on the whole: twice its area over its length, as of a
    long rectangle."""
    _, first, run = np.unique(loops.run, return_index=True, return_inverse=True)
    run = run.reshape(-1)
    start, end = loops.start - loops.start[first][run], loops.end - loops.start[first][run]
    # What closes a run goes through the origin, and so adds nothing (shoelace formula).
    area = np.bincount(run, weights=start[:, 0] * end[:, 1] - end[:, 0] * start[:, 1]) / 2
    return np.asarray((2 * np.abs(area) / np.bincount(run, weights=loops.length))[run])
