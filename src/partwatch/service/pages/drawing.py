"""In a worker: pictures and meshes of what was found, from the views that results hold.

Called by name with what JSON can hold; answers are bytes. The listed part is drawn only where it is asked
for: `pages.viewing` sees to who may ask.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from partwatch.matching.alignment import apply, inverse
from partwatch.matching.overlay import drawn_with
from partwatch.model.document import View
from partwatch.model.errors import UsageError
from partwatch.model.view import DecodedView, decode_view
from partwatch.report.normals import split_at_creases
from partwatch.report.picture import Viewpoint, render
from partwatch.report.ramp import ramp_for
from partwatch.watchlist.store import Watchlist

PICTURE: Final = "partwatch.service.pages.drawing:picture"
MESH: Final = "partwatch.service.pages.drawing:mesh"
VIEWPOINTS: Final = {"front": Viewpoint.FRONT, "back": Viewpoint.BACK}
SIZE: Final = (720, 560)
# Colours of the ramp in a row, for a texture that is looked up by distance.
COLOURS: Final = 512
MAGIC: Final = b"PWM1"


def picture(
    view: Mapping[str, Any], tolerance_mm: float, side: str, part: Mapping[str, Any] | None = None
) -> bytes:
    """A PNG of the body from one side, coloured by its distance to the listed part; with the part where it
    is given."""
    return render(_decoded(view, part), tolerance_mm, VIEWPOINTS[side], SIZE)


def mesh(view: Mapping[str, Any], tolerance_mm: float, part: Mapping[str, Any] | None = None) -> bytes:
    """The same for a viewer. Little-endian: `PWM1`, four uint32 counts (vertices and triangles of the body,
    of the part), then positions float32 and triangles uint32 of the body, of the part, where each vertex of
    the body lies on the ramp, 0 to 1, float32, and COLOURS colours as bytes, RGBA."""
    decoded = _decoded(view, part)
    copies, triangles = split_at_creases(decoded.positions, decoded.triangles)
    ramp = ramp_for(decoded.distance_mm, tolerance_mm)
    drawn = ramp.drawn(decoded.distance_mm)[copies]
    scale = np.linspace(0.0, 2 * ramp.top_mm, COLOURS, dtype=np.float32)
    colours = np.ones((COLOURS, 4), np.float32)
    colours[:, :3] = ramp.colours(scale)
    arrays: list[npt.NDArray[Any]] = [decoded.positions[copies].astype("<f4"), triangles.astype("<u4")]
    counts = [len(copies), len(triangles), 0, 0]
    if decoded.part_positions is not None and decoded.part_triangles is not None:
        ours, faces = split_at_creases(decoded.part_positions, decoded.part_triangles)
        arrays += [decoded.part_positions[ours].astype("<f4"), faces.astype("<u4")]
        counts[2:] = [len(ours), len(faces)]
    arrays += [(drawn / (2 * ramp.top_mm)).astype("<f4"), np.rint(colours * 255).astype("u1")]
    return MAGIC + struct.pack("<4I", *counts) + b"".join(array.tobytes() for array in arrays)


def _decoded(view: Mapping[str, Any], part: Mapping[str, Any] | None) -> DecodedView:
    found = decode_view(View.model_validate(view))
    if part is None:
        # Also of a result that holds the part: who may see it is not known here.
        return DecodedView(found.positions, found.triangles, found.distance_mm)
    points, triangles = listed(**part)
    return DecodedView(found.positions, found.triangles, found.distance_mm, points, triangles)


def listed(
    home: str, design: str, part: str, T_part_body: Sequence[Sequence[float]]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """The listed part of those names in the body's frame, decimated; UsageError where it is not there."""
    with Watchlist.open(Path(home)).snapshot() as snapshot:
        found = [one for one in snapshot.parts if (one.design, one.name) == (design, part)]
        if not found or not found[0].has_geometry:
            raise UsageError("the list holds no geometry of this part now")
        solid = snapshot.mesh(found[0].index)
        shown, _ = drawn_with(solid, lambda points: np.zeros(len(points)), 1.0)
    T_body_part = inverse(np.asarray(T_part_body, np.float64)[:3])
    return apply(T_body_part, shown.vertices).astype(np.float32), shown.triangles.astype(np.int32)
