"""STEP (ISO 10303-21) through the OCCT kernel, as cascadio brings it.

Curved surfaces are cut into triangles that stay within 0.05 mm of them: well below what a printer
can show, and coarse enough that a plate full of holes takes a fraction of a second.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator

import numpy as np

from partwatch.formats.base import Format, Reading, ReadLimits, Shape
from partwatch.formats.glb import Glb
from partwatch.formats.step_example import box
from partwatch.formats.surface import check_triangle_count, make_shape
from partwatch.model.document import Medium, Reason
from partwatch.model.errors import DamagedError, MissingExtraError
from partwatch.model.mesh import Unit

LINEAR_DEFLECTION_MM = 0.05
ANGULAR_DEFLECTION_RAD = 0.35
_MM_PER_METRE = 1000.0
# Atomic: what a comment holds is not tried in every way in which it could be several.
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?>/\*.*?\*/\s*+)*+ISO-10303-21\s*;", re.DOTALL)
_END = b"END-ISO-10303-21"
_TAIL_BYTES = 1 << 12


def recognises(head: bytes, _size: int) -> bool:
    """By the words that open the exchange structure."""
    return _START.match(head) is not None


def read(data: bytes, limits: ReadLimits) -> Reading:
    """Every solid of a STEP file, placed in its assembly and named, in millimetres.

    The kernel converts whatever unit the file states. Raises DamagedError on a file that was cut
    short, that the kernel refuses or that holds no shape; MissingExtraError without cascadio.
    """
    if _END not in data[-_TAIL_BYTES:]:
        raise DamagedError(
            "the STEP file has no END-ISO-10303-21 at its end: it was cut short; transfer it again"
        )
    glb = Glb(_tessellate(data))
    check_triangle_count(glb.triangle_count(), limits)
    shapes: list[Shape] = []
    unread: list[Reason] = []
    total = 0
    for instance in glb.instances():
        total += len(instance.mesh.triangles)
        check_triangle_count(total, limits)
        vertices = instance.mesh.vertices * _MM_PER_METRE
        where = f"STEP part {instance.name!r}"
        shape, lost = make_shape(instance.name, vertices, instance.mesh.triangles, where)
        shapes.append(shape)
        unread += lost
    if not any(len(shape.mesh.triangles) for shape in shapes):
        raise DamagedError("the STEP file holds no solid or surface: export it again, with its bodies")
    return Reading("step", Medium.BREP, Unit.MILLIMETRE, tuple(shapes), tuple(unread))


def _tessellate(data: bytes) -> bytes:
    try:
        # Imported late: the kernel takes most of a second to load.
        import cascadio
    except ImportError:
        raise MissingExtraError("STEP needs the package cascadio: pip install cascadio") from None
    with _silence():
        # One thread: the result must not depend on how the kernel shares out its work.
        glb: bytes = cascadio.load(
            data,
            file_type="step",
            tol_linear=LINEAR_DEFLECTION_MM,
            tol_angular=ANGULAR_DEFLECTION_RAD,
            tol_relative=False,
            merge_primitives=True,
            use_parallel=False,
        )
    if not glb:
        raise DamagedError("the STEP kernel found no shape in the file or could not read it: export it again")
    return glb


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep what the kernel prints off stdout and stderr; it writes to the descriptors themselves."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(fd, os.dup(fd)) for fd in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for fd, _ in kept:
            os.dup2(nowhere, fd)
        yield
    finally:
        for fd, copy in kept:
            os.dup2(copy, fd)
            os.close(copy)
        os.close(nowhere)


def examples() -> dict[str, bytes]:
    """A box in millimetres, and one in inches."""
    return {"box": box(np.array([10.0, 6.0, 4.0])), "box-inch": box(np.array([1.0, 2.0, 3.0]), inch=True)}


FORMAT = Format("step", recognises, read, examples)
