"""Small resin jobs, made by code: a wedge with grey edges, on panels that lie in several ways."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from partwatch.formats.sl1.settings import Panel, Pixels
from partwatch.formats.sl1.writer import Resin, job

LAYERS = 8
_PIXELS = 64, 48
_SIDES_MM = 12.8, 9.6
_HEIGHT_MM = 0.5


def examples() -> dict[str, bytes]:
    """Upright and turned, mirrored and not."""
    ways = {
        "landscape": (False, (False, False)),
        "portrait": (True, (True, False)),
        "mirrored": (False, (False, True)),
    }
    return {
        name: job(wedge(), Resin(Panel(_PIXELS, _SIDES_MM, portrait, mirrored), _HEIGHT_MM, _HEIGHT_MM))
        for name, (portrait, mirrored) in ways.items()
    }


def wedge() -> Iterator[Pixels]:
    """Layer upon layer, each shorter by a pixel and a half."""
    for layer in range(LAYERS):
        picture = np.zeros(_PIXELS[::-1], dtype=np.uint8)
        end = 50 - 1.5 * layer
        picture[10:38, 8 : int(end)] = 255
        picture[10:38, int(end)] = int(255 * (end % 1))
        yield picture
