"""A reading whose print jobs have become shapes."""

from __future__ import annotations

from dataclasses import replace

from partwatch.formats.base import Reading, Shape
from partwatch.model.document import Medium
from partwatch.model.errors import DamagedError
from partwatch.model.mesh import Mesh, Unit


def rebuilt(reading: Reading) -> tuple[Reading, ...]:
    """The reading by medium: what it holds as meshes, if anything, then a shape for each solid that the print
    jobs in it make, in millimetres; the same one where it holds no job.

    Raises DamagedError where jobs are all that it holds and they make nothing solid, LimitError where they
    are too much.
    """
    if not reading.toolpaths and not reading.layers:
        return (reading,)
    media = ((Medium.TOOLPATH, reading.toolpaths), (Medium.LAYERS, reading.layers))
    made = {medium: _shapes(reading, medium) for medium, jobs in media if jobs}
    bare = replace(reading, toolpaths=(), layers=())
    if not reading.shapes and not any(made.values()):
        raise DamagedError("the print job makes nothing solid: export it again, sliced for a printer")
    # What went unread is said once.
    parts = [bare] if reading.shapes else []
    for medium, shapes in made.items():
        unread = () if parts else reading.unread
        parts.append(replace(bare, medium=medium, unit=Unit.MILLIMETRE, shapes=shapes, unread=unread))
    return tuple(parts)


def _shapes(reading: Reading, medium: Medium) -> tuple[Shape, ...]:
    # Loads scipy, which takes longer than most models: only where there is a job.
    if medium is Medium.TOOLPATH:
        from partwatch.toolpath.solids import solids_of

        meshes: list[Mesh] = [mesh for path in reading.toolpaths for mesh in solids_of(path)]
    else:
        from partwatch.toolpath.exposed import solids_of_layers

        meshes = [mesh for layers in reading.layers for mesh in solids_of_layers(layers)]
    return tuple(Shape(None, mesh) for mesh in meshes)
