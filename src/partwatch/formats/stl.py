"""STL, binary and ASCII, told apart by content: a binary header may well begin with "solid"."""

from __future__ import annotations

import struct

import numpy as np

from partwatch.formats import stl_ascii
from partwatch.formats.base import Format, Reading, ReadLimits, Shape
from partwatch.formats.surface import check_triangle_count
from partwatch.model.document import Medium, Reason
from partwatch.model.errors import DamagedError
from partwatch.model.mesh import Mesh

_HEADER_BYTES = 84
_RECORD_BYTES = 50
_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
# So many records at the front must look like triangles before a size that does not add up is forgiven.
_PROBE_RECORDS = 64


def recognises(head: bytes, size: int) -> bool:
    """ASCII by its first words, binary by its size, or by records that look like triangles."""
    return is_certain(head, size) or _seems_binary(head, size)


def is_certain(head: bytes, size: int) -> bool:
    """Whether nothing but an STL file looks like this; a damaged binary one only resembles STL."""
    return is_exactly_binary(head, size) or stl_ascii.recognises(head)


def read(data: bytes, limits: ReadLimits) -> Reading:
    """Every triangle of an STL file; STL states no unit.

    A binary file's vertices are handed over unwelded, three to a triangle.
    """
    head = data[: 1 << 16]
    if not is_exactly_binary(head, len(data)) and stl_ascii.recognises(head):
        shapes, unread = stl_ascii.read_solids(data, limits)
    else:
        shapes, unread = _read_binary(data, limits)
    if not unread and not any(len(shape.mesh.triangles) for shape in shapes):
        raise DamagedError("the STL file holds no triangle: there is nothing to screen; export it again")
    return Reading("stl", Medium.MESH, None, shapes, unread)


def _promised(head: bytes) -> int:
    count: int = struct.unpack_from("<I", head, 80)[0]
    return count


def is_exactly_binary(head: bytes, size: int) -> bool:
    """Whether the size is what the count of triangles promises, to the byte."""
    # Four bytes of text read as a count promise at least 7 GB, so text never passes here.
    return size >= _HEADER_BYTES and size == _HEADER_BYTES + _RECORD_BYTES * _promised(head)


def _seems_binary(head: bytes, size: int) -> bool:
    """Whether the first records look like triangles: a damaged binary STL, not just any bytes."""
    there = (min(len(head), size) - _HEADER_BYTES) // _RECORD_BYTES
    if there < 1:
        return False
    # What comes behind the promised records need not look like them.
    count = min(_PROBE_RECORDS, there, _promised(head) or there)
    records = np.frombuffer(head, _RECORD, count, _HEADER_BYTES)
    with np.errstate(all="ignore"):
        length = np.linalg.norm(records["normal"].astype(np.float64), axis=1)
        unit_or_zero = (np.abs(length - 1) < 0.01) | (length == 0)
        size_of = np.abs(records["corners"])
        sane = ((size_of < 1e7) & ((size_of > 1e-12) | (size_of == 0))).all(axis=(1, 2))
        spread = (records["corners"] != records["corners"][:, :1]).any()
    return bool((unit_or_zero & sane).mean() > 0.9 and spread)


def _read_binary(data: bytes, limits: ReadLimits) -> tuple[tuple[Shape, ...], tuple[Reason, ...]]:
    promised = _promised(data)
    there, left_over = divmod(len(data) - _HEADER_BYTES, _RECORD_BYTES)
    count = min(promised, there)
    notes: list[str] = []
    unread: list[Reason] = []
    if promised > there:
        unread.append(
            Reason(
                code=DamagedError.code,
                message=f"the STL header promises {promised:,} triangles, the file ends after {there:,} "
                f"(byte {len(data):,}): it was cut short; transfer it again",
            )
        )
    elif there > promised and left_over == 0 and _all_finite(data, promised, there):
        count = there
        notes.append(f"the header counts {promised:,} triangles, the file holds {there:,}: all were read")
    else:
        extra = len(data) - _HEADER_BYTES - _RECORD_BYTES * promised
        if extra:
            notes.append(f"{extra:,} bytes after the last triangle were not read")
        if extra >= _RECORD_BYTES and not _is_padding(data[-extra:]):
            unread.append(
                Reason(
                    code=DamagedError.code,
                    message=f"{extra:,} bytes follow the last triangle at byte {len(data) - extra:,} "
                    "and are no triangles: export the file again",
                )
            )
    check_triangle_count(count, limits)
    shape, lost = _binary_shape(data, count, notes)
    return (shape,) if count else (), (*unread, *lost)


def _all_finite(data: bytes, start: int, stop: int) -> bool:
    records = np.frombuffer(data, _RECORD, stop - start, _HEADER_BYTES + _RECORD_BYTES * start)
    return bool(np.isfinite(records["corners"]).all())


def _is_padding(tail: bytes) -> bool:
    return len(set(tail)) == 1 or not tail.strip()


def _binary_shape(data: bytes, count: int, notes: list[str]) -> tuple[Shape, tuple[Reason, ...]]:
    records = np.frombuffer(data, _RECORD, count, _HEADER_BYTES)
    # Some NaNs signal on being converted, and infinities on being added up.
    with np.errstate(invalid="ignore"):
        vertices = records["corners"].astype(np.float64).reshape(-1, 3)
        finite = bool(np.isfinite(vertices.sum()))
    unread: tuple[Reason, ...] = ()
    # One sum finds any NaN or infinity: finite float32 cannot overflow a float64 sum.
    if not finite:
        whole = np.isfinite(vertices).reshape(-1, 9).all(axis=1)
        vertices = vertices.reshape(-1, 9)[whole].reshape(-1, 3)
        lost = f"{count - int(whole.sum()):,} of {count:,} triangles have coordinates that are not numbers"
        notes.append(f"{lost}; they were dropped")
        unread = (Reason(code=DamagedError.code, message=f"{lost}: export the file again"),)
    triangles = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
    return Shape(_binary_name(data), Mesh(vertices, triangles), tuple(notes)), unread


def _binary_name(data: bytes) -> str | None:
    """The header's text where it is text: some writers put the part's name there."""
    text = data[:80].split(b"\0")[0].strip()
    if not text.isascii() or not text.decode("ascii").isprintable():
        return None
    return text.decode("ascii").removeprefix("solid").strip() or None


def examples() -> dict[str, bytes]:
    """A wedge in each dialect."""
    corners = np.array([[0, 0, 0], [10, 0, 0], [0, 6, 0], [0, 0, 4]], dtype="<f4")
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    binary = write_binary(corners[faces])
    return {
        "binary": binary,
        "binary-says-solid": b"solid wedge".ljust(80) + binary[80:],
        "ascii": stl_ascii.write_solid("wedge", corners[faces]),
        "ascii-upper-crlf": stl_ascii.write_solid("W 2", corners[faces]).upper().replace(b"\n", b"\r\n"),
        "ascii-two-solids": stl_ascii.write_solid("a", corners[faces])
        + stl_ascii.write_solid("b", corners[faces] + 20),
    }


def write_binary(corners: np.ndarray, header: bytes = b"") -> bytes:
    """A binary STL of (n, 3, 3) corners."""
    records = np.zeros(len(corners), _RECORD)
    records["corners"] = corners
    return header.ljust(80, b"\0") + struct.pack("<I", len(corners)) + records.tobytes()


FORMAT = Format("stl", recognises, read, examples)
