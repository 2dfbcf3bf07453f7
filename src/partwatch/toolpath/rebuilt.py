"""A reading whose print jobs have become shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from partwatch.formats.base import Reading, Shape
from partwatch.model.document import Medium
from partwatch.model.errors import DamagedError
from partwatch.model.layers import Layers
from partwatch.model.mesh import Unit
from partwatch.model.toolpath import Toolpath

# What is said of a body that only labels show.
BY_LABEL = "grown together with what was printed beside it; told apart by the job's own labels"


def rebuilt(reading: Reading) -> tuple[Reading, ...]:
    """The reading by medium: what it holds as meshes, if anything, then a shape for each solid that the print
    jobs in it make, in millimetres, and where labels of objects show more, that; the same one where it holds
    no job.

    Raises DamagedError where jobs are all that it holds and they make nothing solid, LimitError where they
    are too much.
    """
    if not reading.toolpaths and not reading.layers:
        return (reading,)
    bare = replace(reading, toolpaths=(), layers=())
    made: list[tuple[Medium, tuple[Shape, ...]]] = []
    if reading.toolpaths:
        given, added = _of_paths(reading.toolpaths)
        made.append((Medium.TOOLPATH, given))
        if added:
            # By themselves: beside what geometry gave, bodies that belong together would no longer be all.
            made.append((Medium.TOOLPATH, added))
    if reading.layers:
        made.append((Medium.LAYERS, _of_layers(reading.layers)))
    if not reading.shapes and not any(shapes for _, shapes in made):
        raise DamagedError("the print job makes nothing solid: export it again, sliced for a printer")
    # What went unread is said once.
    parts = [bare] if reading.shapes else []
    for medium, shapes in made:
        unread = () if parts else reading.unread
        parts.append(replace(bare, medium=medium, unit=Unit.MILLIMETRE, shapes=shapes, unread=unread))
    return tuple(parts)


# What follows loads scipy, which takes longer than most models: only where there is a job.


def _of_paths(paths: Sequence[Toolpath]) -> tuple[tuple[Shape, ...], tuple[Shape, ...]]:
    """What geometry gives, and what the jobs' own labels add."""
    from partwatch.toolpath.labelled import added_by_labels, names_of
    from partwatch.toolpath.solids import solids_of

    given: list[Shape] = []
    added: list[Shape] = []
    for path in paths:
        meshes = list(solids_of(path))
        given += map(Shape, names_of(path, meshes), meshes)
        added += [Shape(name, mesh, (BY_LABEL,)) for name, mesh in added_by_labels(path, meshes)]
    return tuple(given), tuple(added)


def _of_layers(jobs: Sequence[Layers]) -> tuple[Shape, ...]:
    from partwatch.toolpath.exposed import solids_of_layers

    return tuple(Shape(None, mesh) for layers in jobs for mesh in solids_of_layers(layers))
