"""The colours of a match and what they mean in millimetres.

Blue where the surfaces coincide, yellow through orange to vermilion as they part, slate where nothing of
the listed part is near. Blue against yellow-to-red, with lightness falling along the ramp, stays apart
for the common kinds of colour blindness and in grey.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.report.words import millimetres

Rgb = tuple[int, int, int]

COINCIDENT: Rgb = (58, 134, 200)
RAMP: tuple[Rgb, ...] = ((250, 226, 110), (243, 160, 44), (208, 66, 16))
BEYOND: Rgb = (84, 92, 110)
GHOST: Rgb = (150, 90, 190)


def css(colour: Rgb) -> str:
    """A colour as a style has it."""
    return f"rgb({colour[0]} {colour[1]} {colour[2]})"


@dataclass(frozen=True)
class Ramp:
    """From which distance to which the ramp runs, in millimetres; above `top_mm` it stays at its end."""

    tolerance_mm: float
    top_mm: float

    def drawn(self, distance_mm: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """(n,) finite stand-ins that can be interpolated: at most `top_mm`, and twice that beyond reach.

        From a coincident vertex to one beyond reach the colours then run through the whole ramp and
        turn dark half-way: nothing looks closer than it is known to be.
        """
        capped = np.minimum(distance_mm, self.top_mm)
        return np.where(np.isfinite(distance_mm), capped, 2 * self.top_mm).astype(np.float32)

    def colours(self, drawn_mm: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """(n, 3) sRGB in 0..1 for (n,) values of `drawn`, or between such."""
        stops = np.asarray(RAMP, np.float32) / 255
        span = max(self.top_mm - self.tolerance_mm, 1e-9)
        place = (drawn_mm - self.tolerance_mm) / span
        knots = np.linspace(0, 1, len(stops))
        colours = np.stack([np.interp(place, knots, stops[:, k]) for k in range(3)], axis=-1)
        # A millionth of slack for float32.
        colours[drawn_mm <= self.tolerance_mm * (1 + 1e-6)] = np.asarray(COINCIDENT) / 255
        colours[drawn_mm > self.top_mm * (1 + 1e-6)] = np.asarray(BEYOND) / 255
        return colours.astype(np.float32)

    def ticks(self) -> list[str]:
        """What to write under the ramp's start, middle and end."""
        middle = (self.tolerance_mm + self.top_mm) / 2
        return [millimetres(self.tolerance_mm), millimetres(middle), f"≥ {millimetres(self.top_mm)}"]


def ramp_for(distance_mm: npt.NDArray[np.floating], tolerance_mm: float) -> Ramp:
    """The ramp that shows these distances best: up to their 98th percentile beyond tolerance, rounded up."""
    tolerance = max(tolerance_mm, 1e-6)
    deviating = distance_mm[np.isfinite(distance_mm) & (distance_mm > tolerance)]
    top = float(np.quantile(deviating, 0.98)) if deviating.size else 0.0
    return Ramp(tolerance_mm, _round_up(max(top, 4 * tolerance)))


def _round_up(length: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(length))
    steps = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    return float(next(step * power for step in steps if step * power >= length * (1 - 1e-9)))
