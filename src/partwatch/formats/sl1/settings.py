"""What the two lists of settings in a job say: how high layers are, and how pictures lie on the panel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.model.errors import DamagedError, LimitError

Pixels = npt.NDArray[np.uint8]

# What panels and vats are made for, from the finest to the coarsest, in mm.
PITCH_MM = (0.004, 0.5)
HEIGHT_MM = (0.004, 2.0)
# Of one picture: a panel of 8K has half of it.
MOST_PIXELS = 1 << 26
_MOST_BYTES = 1 << 20
# The panels of printers that say who they are (PrusaResearch.ini of PrusaSlicer): pixels, and sides in mm.
_KNOWN = {"sl1": (2560, 1440, 120.96, 68.04), "sl1s": (2560, 1620, 128.0, 81.0)}
# Other sizes of the same pixels are other panels' or nobody's; profiles round what the maker says.
_SAME_SIZE = 0.015
_MEND = "slice the model again, and screen that job or the model"


class Settings:
    """Lines of `key = value`; keys in any case. twice: those that stand there with different values."""

    def __init__(self, text: bytes, name: str) -> None:
        if len(text) > _MOST_BYTES:
            raise LimitError(f"{name} has {len(text):,} bytes, more than settings take: {_MEND}")
        self.name = name
        self.twice: set[str] = set()
        self._values: dict[str, str] = {}
        for line in text.decode("utf-8", "replace").splitlines():
            key, sign, value = line.partition("=")
            key, value = key.strip().lower(), value.strip()
            if not sign or key.startswith(("#", ";")):
                continue
            if self._values.setdefault(key, value) != value:
                self.twice.add(key)

    def __contains__(self, key: str) -> bool:
        return key.lower() in self._values

    def text(self, key: str) -> str:
        """The value, or nothing where there is none."""
        return self._values.get(key.lower(), "")

    def number(self, key: str, low: float, high: float) -> float:
        """The value within bounds. Raises DamagedError where it is missing, no number, or beyond them."""
        told = self._values.get(key.lower())
        if told is None:
            raise DamagedError(f"{self.name} does not say {key}, without which there is no size: {_MEND}")
        try:
            value = float(told)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise DamagedError(
                f"{self.name} says that {key} is {told[:40]!r}, which is no number from {low:g} to {high:g}: "
                f"{_MEND}"
            )
        return value

    def whole(self, key: str, high: int) -> int:
        """As `number`, from 1 and without its fraction."""
        return int(self.number(key, 1, high))

    def flag(self, key: str) -> bool:
        """Whether it is set; not, where it is not there. Raises DamagedError where it is neither 0 nor 1."""
        return bool(self.number(key, 0, 1)) if key in self else False


@dataclass(frozen=True)
class Panel:
    """The pixels of a printer's display and how pictures lie on it.

    pixels, sides: along the display's own x and y, which are the model's; sides in mm. portrait: whether
    pictures are turned. mirrored: in x and in y.
    """

    pixels: tuple[int, int]
    sides: tuple[float, float]
    portrait: bool
    mirrored: tuple[bool, bool]

    @property
    def pitch(self) -> tuple[float, float]:
        """Of pixels along the model's x and y, in mm.

        PrusaSlicer turns pictures after it has counted pixels: where they are turned, a model's x is in
        pixels of the display's y. On panels of square pixels, as Prusa's are, that is the same.
        """
        along_x, along_y = (side / count for side, count in zip(self.sides, self.pixels, strict=True))
        return (along_y, along_x) if self.portrait else (along_x, along_y)

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of a layer's picture."""
        return self.pixels[::-1] if self.portrait else self.pixels

    def upright(self, picture: Pixels) -> Pixels:
        """A picture (rows, columns) with rows along y and columns along x of the model, from the lowest.

        What the display mirrors it mirrors because it is seen from below.
        """
        turned = picture.T if self.portrait else picture
        along_x, along_y = self._turned_round
        return turned[:: -1 if along_y else 1, :: -1 if along_x else 1]

    def low(self, first: tuple[int, int], stop: tuple[int, int]) -> tuple[float, float]:
        """x and y in mm of the corner of a picture's window: its first pixel and the one behind its last, by
        row and column."""
        (x0, y0), (x1, y1) = (first, stop) if self.portrait else (first[::-1], stop[::-1])
        along_x, along_y = self._turned_round
        x = self.pixels[0] - x1 if along_x else x0
        y = self.pixels[1] - y1 if along_y else y0
        return x * self.pitch[0], y * self.pitch[1]

    @property
    def _turned_round(self) -> tuple[bool, bool]:
        """Whether a turned picture runs against x and y: measured on PrusaSlicer, in all eight ways."""
        x, y = self.mirrored
        return (not y, not x) if self.portrait else (x, not y)


def panel_of(printer: Settings) -> Panel:
    """Raises DamagedError where it does not say how large pixels are, LimitError where there are too many."""
    columns, rows = (printer.whole(f"display_pixels_{axis}", MOST_PIXELS) for axis in "xy")
    if columns * rows > MOST_PIXELS:
        raise LimitError(
            f"a layer of {columns:,} x {rows:,} pixels is more than the limit of {MOST_PIXELS:,}: {_MEND}"
        )
    sides = [
        printer.number(f"display_{side}", count * PITCH_MM[0], count * PITCH_MM[1])
        for side, count in (("width", columns), ("height", rows))
    ]
    orientation = printer.text("display_orientation").lower()
    if orientation not in ("landscape", "portrait"):
        raise DamagedError(
            f"{printer.name} says that display_orientation is {orientation[:40]!r}, neither landscape nor "
            f"portrait: {_MEND}"
        )
    return Panel(
        (columns, rows),
        (sides[0], sides[1]),
        orientation == "portrait",
        (printer.flag("display_mirror_x"), printer.flag("display_mirror_y")),
    )


def heights_of(job: Settings, printer: Settings) -> tuple[float, float]:
    """How high the first layer and the others are, in mm; raises DamagedError where it does not say."""
    height = job.number("layerHeight", *HEIGHT_MM)
    key = "initial_layer_height"
    return printer.number(key, *HEIGHT_MM) if key in printer else height, height


def doubts(job: Settings, printer: Settings, panel: Panel) -> list[str]:
    """What in settings is not to be believed: the printer goes by some of them, and we by others."""
    found = [
        f"{each.name} gives {key[:40]!r} two values, of which the first was taken: {_MEND}"
        for each in (job, printer)
        for key in sorted(each.twice)[:4]
    ]
    found += [
        f"{printer.name} does not say {key}, so what is read may be the mirror image: {_MEND}"
        for key in ("display_mirror_x", "display_mirror_y")
        if key not in printer
    ]
    known = _KNOWN.get(job.text("printerModel").lower())
    if known is not None and not _is(panel, known):
        found.append(
            f"{printer.name} describes a panel of {_told(panel)}, which {job.text('printerModel')} is not, "
            f"so sizes may be wrong: {_MEND}"
        )
    if "layer_height" in printer:
        told, also = job.number("layerHeight", *HEIGHT_MM), printer.number("layer_height", *HEIGHT_MM)
        if abs(told - also) > _SAME_SIZE * told:
            found.append(
                f"layers are {told:g} mm high by {job.name}, which was taken, and {also:g} mm by "
                f"{printer.name}: {_MEND}"
            )
    return found


def _is(panel: Panel, known: tuple[int, int, float, float]) -> bool:
    near = [
        abs(side - other) <= _SAME_SIZE * other for side, other in zip(panel.sides, known[2:], strict=True)
    ]
    return panel.pixels == known[:2] and all(near)


def _told(panel: Panel) -> str:
    sides = " x ".join(f"{side:.4g}" for side in panel.sides)
    return f"{panel.pixels[0]} x {panel.pixels[1]} pixels on {sides} mm"
