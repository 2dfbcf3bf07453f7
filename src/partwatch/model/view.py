"""Packing and unpacking of `View`, the arrays that a picture of a match is drawn from.

`document.View` states the layout. Unpacking trusts nothing: a saved result may come from anywhere,
and an index out of range would crash the ray caster.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.model.document import View
from partwatch.model.errors import DocumentError

BEYOND_REACH_UM = 65535
UM_PER_MM = 1000.0


@dataclass(frozen=True, eq=False)
class DecodedView:
    """A `View` as arrays, in the item's millimetres.

    positions: (n, 3) float32. triangles: (m, 3) int32 indices into positions.
    distance_mm: (n,) float64 to the listed part's surface; inf where it is beyond reach.
    part_positions, part_triangles: the listed part likewise, or both None.
    """

    positions: npt.NDArray[np.float32]
    triangles: npt.NDArray[np.int32]
    distance_mm: npt.NDArray[np.float64]
    part_positions: npt.NDArray[np.float32] | None = None
    part_triangles: npt.NDArray[np.int32] | None = None


def encode_view(
    positions: npt.ArrayLike,
    triangles: npt.ArrayLike,
    distance_mm: npt.ArrayLike,
    part_positions: npt.ArrayLike | None = None,
    part_triangles: npt.ArrayLike | None = None,
) -> View:
    """Pack a body, and where asked for the listed part, for the result document.

    positions: (n, 3). triangles: (m, 3) indices. distance_mm: (n,), one a vertex; inf, NaN and
    anything above 65.534 mm are kept as "beyond reach".
    Raises ValueError where shapes or indices do not fit together.
    """
    points, faces = _checked(np.asarray(positions, np.float32), np.asarray(triangles, np.int64))
    distance = np.asarray(distance_mm, np.float64)
    if distance.shape != (len(points),):
        raise ValueError(f"distance_mm has shape {distance.shape}, not ({len(points)},): one a vertex")
    if (part_positions is None) != (part_triangles is None):
        raise ValueError("part_positions and part_triangles go together")
    part = None
    if part_positions is not None and part_triangles is not None:
        part = _checked(np.asarray(part_positions, np.float32), np.asarray(part_triangles, np.int64))
    return View(
        positions=_pack(points, "<f4"),
        triangles=_pack(faces, "<u4"),
        distance_um=_pack(_to_um(distance), "<u2"),
        part_positions=None if part is None else _pack(part[0], "<f4"),
        part_triangles=None if part is None else _pack(part[1], "<u4"),
    )


def decode_view(view: View) -> DecodedView:
    """Unpack and check a `View`; raises DocumentError where it is damaged."""
    try:
        points, faces = _unpack_mesh(view.positions, view.triangles)
        um = _unpack(view.distance_um, "<u2")
        if len(um) != len(points):
            raise ValueError(f"{len(um)} distances for {len(points)} vertices")
        part = None
        if view.part_positions is not None and view.part_triangles is not None:
            part = _unpack_mesh(view.part_positions, view.part_triangles)
    except (ValueError, binascii.Error) as error:
        raise DocumentError(
            f"the view of a match is damaged ({error}); screen the file again with --views"
        ) from error
    distance = np.where(um == BEYOND_REACH_UM, np.inf, um.astype(np.float64) / UM_PER_MM)
    return DecodedView(points, faces, distance, *(part or (None, None)))


def _to_um(distance_mm: npt.NDArray[np.float64]) -> npt.NDArray[np.uint16]:
    um = np.rint(np.nan_to_num(distance_mm, nan=np.inf, posinf=np.inf) * UM_PER_MM)
    if np.any(um < 0):
        raise ValueError("distance_mm is unsigned, and some of it is negative")
    return np.minimum(um, BEYOND_REACH_UM).astype(np.uint16)


def _checked(
    points: npt.NDArray[np.float32], faces: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """The mesh, once its shapes fit and its indices lie in range."""
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"positions have shape {points.shape}, not (n, 3)")
    if faces.size == 0:
        faces = faces.reshape(0, 3)
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ValueError(f"triangles have shape {faces.shape}, not (m, 3)")
    if not np.isfinite(points).all():
        raise ValueError("a vertex is not finite")
    if faces.size and (faces.min() < 0 or faces.max() >= len(points)):
        raise ValueError(f"a triangle names a vertex outside 0..{len(points) - 1}")
    return points, faces.astype(np.int32)


def _pack(array: npt.NDArray[np.generic], layout: str) -> str:
    return b64encode(np.ascontiguousarray(array.astype(layout)).tobytes()).decode("ascii")


def _unpack(text: str, layout: str) -> npt.NDArray[np.generic]:
    return np.frombuffer(b64decode(text, validate=True), layout)


def _unpack_mesh(positions: str, triangles: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    points = _unpack(positions, "<f4").reshape(-1, 3).astype(np.float32)
    return _checked(points, _unpack(triangles, "<u4").reshape(-1, 3).astype(np.int64))
