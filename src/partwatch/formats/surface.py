"""What every mesh reader does to its arrays before handing them over: check, drop, say so."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partwatch.formats.base import ReadLimits, Shape
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, LimitError
from partwatch.model.mesh import FloatArray, Mesh

# What single precision holds; beyond it squares and volumes overflow, and nothing could be compared.
LARGEST = float(np.finfo(np.float32).max)


def check_triangle_count(count: int, limits: ReadLimits) -> None:
    """Raise LimitError where a file would unfold into more triangles than allowed."""
    if count > limits.max_triangles:
        raise LimitError(
            f"{count:,} triangles, more than the limit of {limits.max_triangles:,}: "
            "reduce the mesh, or raise the limit"
        )


def make_shape(
    name: str | None,
    vertices: FloatArray,
    triangles: npt.NDArray[np.integer],
    where: str,
    notes: tuple[str, ...] = (),
) -> tuple[Shape, tuple[Reason, ...]]:
    """A Shape of indexed triangles, without those that have no place or no area.

    vertices: (n, 3) in the item's unit; triangles: (m, 3) of any integer type; where: what messages
    call this mesh. Triangles on a vertex that is not finite or beyond LARGEST are dropped and reported as
    unread, those that use a vertex twice are dropped with a note. Raises DamagedError on an index out of
    range.
    """
    vertices = np.ascontiguousarray(vertices, dtype=np.float64).reshape(-1, 3)
    triangles = np.asarray(triangles).reshape(-1, 3)
    _check_indices(triangles, len(vertices), where)
    kept = np.ascontiguousarray(triangles, dtype=np.int32)
    said = list(notes)
    reasons = []

    finite = is_measurable(vertices)
    if not finite.all():
        whole = np.asarray(finite[kept].all(axis=1))
        dropped = int(len(kept) - whole.sum())
        if dropped:
            message = (
                f"{where}: {dropped:,} triangles have coordinates that are not numbers or too large; "
                "export it again"
            )
            said.append(message)
            reasons.append(Reason(code=DamagedError.code, message=message))
        kept = kept[whole]
        # Nothing refers to these any more, and whoever takes the mesh may trust its vertices.
        vertices = np.where(finite[:, None], vertices, 0.0)

    a, b, c = kept[:, 0], kept[:, 1], kept[:, 2]
    flat = (a == b) | (b == c) | (c == a)
    if flat.any():
        said.append(f"{where}: dropped {int(flat.sum()):,} triangles that use a vertex twice")
        kept = np.ascontiguousarray(kept[~flat])
    return Shape(name, Mesh(vertices, kept), tuple(said)), tuple(reasons)


def is_measurable(rows: FloatArray) -> npt.NDArray[np.bool_]:
    """Which rows, (n,), hold only numbers that can be reckoned with: NaN and infinity are none."""
    return np.asarray((np.abs(rows) <= LARGEST).all(axis=1))


def _check_indices(triangles: npt.NDArray[np.integer], vertices: int, where: str) -> None:
    if triangles.size == 0:
        return
    bad = np.asarray(((triangles < 0) | (triangles >= vertices)).any(axis=1))
    if bad.any():
        first = int(np.argmax(bad))
        raise DamagedError(
            f"{where}: triangle {first} refers to vertex {int(triangles[first].max())}, "
            f"but there are {vertices:,} vertices; export the file again"
        )
