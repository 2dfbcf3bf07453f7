"""A reading whose print jobs have become shapes."""

from __future__ import annotations

from dataclasses import replace

from partwatch.formats.base import Reading, Shape
from partwatch.model.errors import DamagedError


def rebuilt(reading: Reading) -> Reading:
    """With a shape for each solid that the jobs in it make; the same reading where it holds none.

    Raises DamagedError where a job makes none, LimitError where it is too much.
    """
    if not reading.toolpaths:
        return reading
    # Loads scipy, which takes longer than most models: only where there is a job.
    from partwatch.toolpath.solids import solids_of

    shapes = [Shape(None, mesh) for path in reading.toolpaths for mesh in solids_of(path)]
    if not shapes:
        raise DamagedError("the print job makes nothing solid: export it again, sliced for a printer")
    return replace(reading, shapes=(*reading.shapes, *shapes), toolpaths=())
