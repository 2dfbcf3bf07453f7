"""A reading whose print jobs have become shapes."""

from __future__ import annotations

from dataclasses import replace

from partwatch.formats.base import Reading, Shape
from partwatch.model.document import Medium
from partwatch.model.errors import DamagedError
from partwatch.model.mesh import Unit


def rebuilt(reading: Reading) -> tuple[Reading, ...]:
    """The reading by medium: what it holds as meshes, if anything, then a shape for each solid that the print
    jobs in it make, in millimetres; the same one where it holds no job.

    Raises DamagedError where jobs are all that it holds and they make nothing solid, LimitError where they
    are too much.
    """
    if not reading.toolpaths:
        return (reading,)
    # Loads scipy, which takes longer than most models: only where there is a job.
    from partwatch.toolpath.solids import solids_of

    shapes = tuple(Shape(None, mesh) for path in reading.toolpaths for mesh in solids_of(path))
    if not reading.shapes:
        if not shapes:
            raise DamagedError("the print job makes nothing solid: export it again, sliced for a printer")
        return (replace(reading, shapes=shapes, toolpaths=()),)
    jobs = replace(
        reading, medium=Medium.TOOLPATH, unit=Unit.MILLIMETRE, shapes=shapes, toolpaths=(), unread=()
    )
    return (replace(reading, toolpaths=()), jobs)
