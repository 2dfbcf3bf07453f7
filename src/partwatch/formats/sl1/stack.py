"""Layers' pictures, taken one after the other and kept no finer than a body is compared."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from partwatch.formats.sl1.settings import Panel, Pixels
from partwatch.model.errors import DamagedError, LimitError
from partwatch.model.layers import Layers

if TYPE_CHECKING:
    from PIL.Image import Image

# Sides of the finest cells, and how many cells there may be in all.
FINEST_MM = 0.1
MOST_CELLS = 30_000_000
# What is kept of pictures, packed, before the size of all is known.
MOST_KEPT_BYTES = 1 << 28
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Kept:
    """A picture's part that is exposed at all. row, column: of its first cell; packed: (rows, columns)."""

    row: int
    column: int
    shape: tuple[int, int]
    packed: bytes


_BLANK = _Kept(0, 0, (0, 0), b"")


class Stack:
    """Takes pictures from the lowest on; gives them as cells, as fine as there is room for."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        across, along = panel.pitch[::-1] if panel.portrait else panel.pitch
        # Pixels in a cell, by column and by row.
        self._reduced = max(int(FINEST_MM / across), 1), max(int(FINEST_MM / along), 1)
        self._kept: list[_Kept] = []
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def repeat(self) -> None:
        """The layer before once more; a blank one where there is none."""
        self._kept.append(self._kept[-1] if self._kept else _BLANK)

    def add(self, picture: Image) -> None:
        """The next layer. Raises LimitError where they are too much to be kept."""
        box = picture.getbbox()
        if box is None:
            self._kept.append(_BLANK)
            return
        by_column, by_row = self._reduced
        column, row = box[0] // by_column, box[1] // by_row
        # Whole cells, so that layers lie upon each other and an edge is as grey as it is.
        right, low = -(-box[2] // by_column) * by_column, -(-box[3] // by_row) * by_row
        whole = (column * by_column, row * by_row, min(right, picture.width), min(low, picture.height))
        cells = np.asarray(picture.reduce(self._reduced, box=whole))
        packed = zlib.compress(cells.tobytes(), 1)
        self._bytes += len(packed)
        if self._bytes > MOST_KEPT_BYTES:
            raise LimitError(
                f"its layers take more than {MOST_KEPT_BYTES >> 20} MiB even packed, the limit, as of noise: "
                "slice the model again"
            )
        self._kept.append(_Kept(row, column, (cells.shape[0], cells.shape[1]), packed))

    def layers(self, first_height: float, height: float) -> Layers:
        """All of them; heights in mm. Raises DamagedError where nothing is exposed."""
        some = [kept for kept in self._kept if kept.packed]
        if not some:
            raise DamagedError("no layer of it exposes anything: slice the model again")
        low = min(kept.row for kept in some), min(kept.column for kept in some)
        high = [
            max(kept.row + kept.shape[0] for kept in some),
            max(kept.column + kept.shape[1] for kept in some),
        ]
        rows, columns = high[0] - low[0], high[1] - low[1]
        coarser, together = self._coarser(rows, columns, height)
        size = -(-rows // coarser), -(-columns // coarser)
        z = self._bounds(first_height, height, together)
        slices = self._merged(low, size, coarser, together)
        upright = np.stack([self._panel.upright(each) for each in slices])
        stop = low[0] + size[0] * coarser, low[1] + size[1] * coarser
        return Layers(
            upright, z, np.array(self._panel.low(self._pixel(low), self._pixel(stop))), self._cell(coarser),
            len(self._kept),
        )  # fmt: skip

    def _coarser(self, rows: int, columns: int, height: float) -> tuple[int, int]:
        """How many cells become one along each side, and how many layers one slice."""
        coarser = 0
        while True:
            coarser += 1
            # Grey tells where within a cell an edge lies across, but upwards nothing does.
            together = max(int(float(self._cell(coarser).min()) / 2 / height), 1)
            cells = -(-rows // coarser) * -(-columns // coarser) * -(-len(self._kept) // together)
            if cells <= MOST_CELLS:
                return coarser, together

    def _cell(self, coarser: int) -> npt.NDArray[np.float64]:
        """(2,), sides along x and y, in mm."""
        by = self._reduced[::-1] if self._panel.portrait else self._reduced
        return np.array([coarser * each * pitch for each, pitch in zip(by, self._panel.pitch, strict=True)])

    def _pixel(self, cell: tuple[int, int]) -> tuple[int, int]:
        """Row and column of a cell's first pixel."""
        return cell[0] * self._reduced[1], cell[1] * self._reduced[0]

    def _bounds(self, first_height: float, height: float, together: int) -> npt.NDArray[np.float64]:
        count = len(self._kept)
        tops = first_height + height * np.arange(count)
        return np.concatenate([[0.0], tops[together - 1 : count - 1 : together], tops[-1:]])

    def _merged(
        self, low: tuple[int, int], size: tuple[int, int], coarser: int, together: int
    ) -> Iterator[Pixels]:
        """Slices of several layers, their cells' mean."""
        for start in range(0, len(self._kept), together):
            group = self._kept[start : start + together]
            total = np.zeros(size, dtype=np.uint32)
            for kept in group:
                if kept.packed:
                    _add(total, kept, low, coarser)
            yield (total // (len(group) * coarser**2)).astype(np.uint8)


def _add(total: npt.NDArray[np.uint32], kept: _Kept, low: tuple[int, int], coarser: int) -> None:
    """A picture's cells to those, coarser ones, in which they lie."""
    cells = np.frombuffer(zlib.decompress(kept.packed), dtype=np.uint8).reshape(kept.shape)
    first = [kept.row - low[0], kept.column - low[1]]
    before = [each % coarser for each in first]
    after = [-(each + count) % coarser for each, count in zip(before, kept.shape, strict=True)]
    padded = np.pad(cells.astype(np.uint32), ((before[0], after[0]), (before[1], after[1])))
    rows, columns = padded.shape[0] // coarser, padded.shape[1] // coarser
    sums = padded.reshape(rows, coarser, columns, coarser).sum(axis=(1, 3), dtype=np.uint32)
    at = first[0] // coarser, first[1] // coarser
    total[at[0] : at[0] + rows, at[1] : at[1] + columns] += sums
