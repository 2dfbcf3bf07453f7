"""Marks of a file's triangles: that two files descend from one export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from partwatch import formats
from partwatch.formats.base import ReadLimits
from partwatch.model.errors import UnreadableError
from partwatch.model.marks import Forgery, Mark, MarkKind, Where
from partwatch.provenance.linking.blocks import TRIANGULATION_NAME
from partwatch.provenance.linking.triangulation import triangulations

MESHES: Final = frozenset({"stl", "ply", "off", "obj", "amf", "model", "package", "gltf"})
MOST_SHAPES: Final = 200


def triangulation_marks(data: bytes, told: Sequence[str], limits: ReadLimits) -> tuple[Mark, ...]:
    """told: the formats that the bytes were looked at as. Nothing of what cannot be read: screening says
    so."""
    if not MESHES.intersection(told):
        return ()
    try:
        shapes = formats.read(data, limits).shapes
    except UnreadableError:
        return ()
    digests: dict[str, int] = {}
    for shape in shapes[:MOST_SHAPES]:
        for digest in triangulations(shape.mesh):
            digests[digest] = digests.get(digest, 0) + 1
    return tuple(
        Mark(
            kind=MarkKind.HABIT, name=TRIANGULATION_NAME, value=digest, where=Where(), group="triangles",
            forgery=Forgery.REMAKE, times=times,
        )
        for digest, times in digests.items()
    )  # fmt: skip
