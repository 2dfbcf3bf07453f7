"""What loops of a job enclose, slice by slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from partwatch.model.mesh import FloatArray
from partwatch.toolpath.deposits import Indices, Strokes
from partwatch.toolpath.fields import Flags, Grid


def enclosed(loops: Strokes, layers_of: Sequence[Indices], grid: Grid) -> Iterator[Flags]:
    """(rows, columns) of each slice: cells whose middle an odd number of loops goes round (even-odd rule).

    loops: strokes of runs that close, each run in one piece. Where every wall is a single loop, holes' too,
    that is what is solid, up to the walls' own width.
    """
    edges, layer = _closed(loops, grid)
    order = np.argsort(layer, kind="stable")
    most = max((int(layers.max(initial=0)) for layers in layers_of), default=0)
    first = np.searchsorted(layer[order], np.arange(most + 2))
    for layers in layers_of:
        own = np.concatenate([order[first[k] : first[k + 1]] for k in layers] or [order[:0]])
        yield _odd(edges[own], grid.shape)


def _closed(loops: Strokes, grid: Grid) -> tuple[FloatArray, Indices]:
    """(n, 4) the strokes, and what closes each run, in cells; (n,) their layers."""
    ends = loops.on_grid(grid.low, grid.cell)
    if not len(ends):
        return ends, loops.layer
    first = np.flatnonzero(np.diff(loops.run, prepend=loops.run[0] - 1))
    last = np.append(first[1:], len(ends)) - 1
    closing = np.concatenate([ends[last, 2:], ends[first, :2]], axis=1)
    return np.concatenate([ends, closing]), np.concatenate([loops.layer, loops.layer[first]])


def _odd(edges: FloatArray, shape: tuple[int, int]) -> Flags:
    """Cells with an odd number of edges to their left, row by row."""
    rows, columns = shape
    x0, y0, x1, y1 = edges.T
    low, high = np.minimum(y0, y1), np.maximum(y0, y1)
    # A row belongs to an edge from its lower end on, up to but without the upper one: corners count once.
    begin = np.clip(np.ceil(low), 0, rows).astype(np.int64)
    count = np.clip(np.ceil(high), 0, rows).astype(np.int64) - begin
    edge = np.repeat(np.arange(len(edges)), count)
    row = begin[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    share = (row - y0[edge]) / (y1 - y0)[edge]
    column = np.clip(np.ceil(x0[edge] + share * (x1 - x0)[edge]), 0, columns).astype(np.int64)
    crossed = np.bincount(row * (columns + 1) + column, minlength=rows * (columns + 1))
    return np.asarray(np.cumsum(crossed.reshape(rows, columns + 1), axis=1)[:, :columns] % 2 == 1)
