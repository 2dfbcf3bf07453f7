"""The readers, and the choice among them by content: names and extensions are never asked."""

from __future__ import annotations

import dataclasses

from partwatch.formats import amf, archive, containers, looks, sl1, stl, threemf
from partwatch.formats.base import DEFAULT_LIMITS, Format, Reading, ReadLimits
from partwatch.formats.single import SINGLE
from partwatch.model.document import Reason
from partwatch.model.errors import (
    DamagedError,
    LimitError,
    UnknownFormatError,
    UnreadableError,
    UnsupportedError,
)

FORMATS: tuple[Format, ...] = (threemf.FORMAT, *SINGLE, sl1.FORMAT)
# Told from other ZIP archives, and from each other, by all that is in them.
PACKAGES = (threemf.FORMAT, sl1.FORMAT)
_HEAD_BYTES = 1 << 16
_NAMES = ", ".join(known.name for known in FORMATS)


def identify(data: bytes) -> Format:
    """The format whose reader takes these bytes.

    Raises DamagedError on nothing at all, UnsupportedError on what is known but cannot be read (an
    archive among them), UnknownFormatError on the rest.
    """
    candidates = _candidates(data)
    if candidates:
        return candidates[0]
    raise unknown(data)


def read(data: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> Reading:
    """Every shape of a file. Raises UnreadableError where it cannot be read at all.

    What only went unread in part is among the Reading's reasons.
    """
    _check_size(data, limits)
    candidates = _candidates(data)
    if not candidates:
        raise unknown(data)
    reading = read_as(candidates[0], data, limits)
    extra = _ambiguities(data, candidates)
    return dataclasses.replace(reading, unread=reading.unread + extra) if extra else reading


def read_as(known: Format, data: bytes, limits: ReadLimits) -> Reading:
    """The file read as that format, whatever else it may be; raises as `read` does."""
    _check_size(data, limits)
    reading = known.read(data, limits)
    jobs = (*reading.toolpaths, *reading.layers)
    if not (reading.unread or jobs or any(len(shape.mesh.triangles) for shape in reading.shapes)):
        raise DamagedError(f"the {reading.format} file holds no triangle with a surface: export it again")
    return reading


def packages(data: bytes) -> list[Format]:
    """The formats that read a ZIP archive as one item, not as a container of others."""
    try:
        return _packages(data)
    except UnreadableError:
        # A ZIP too broken for its directory: whoever asks for its members is told what is wrong.
        return []


def _packages(data: bytes) -> list[Format]:
    found = [threemf.FORMAT] if threemf.is_3mf(data) else []
    found += [sl1.FORMAT] if sl1.is_sl1(data) else []
    return found or ([amf.FORMAT] if amf.is_zipped(data) else [])


def _check_size(data: bytes, limits: ReadLimits) -> None:
    if len(data) > limits.max_file_bytes:
        raise LimitError(
            f"the file has {len(data):,} bytes, more than the limit of {limits.max_file_bytes:,}: "
            "raise it (--max-file-size), or reduce the mesh"
        )


def _candidates(data: bytes) -> list[Format]:
    """Every format that these bytes could be opened as, the one to be read first."""
    head = data[:_HEAD_BYTES]
    found = [known for known in SINGLE if known.recognises(head, len(data))]
    is_zip = threemf.FORMAT.recognises(head, len(data))
    if (is_zip or len(found) > 1) and not stl.is_certain(head, len(data)):
        # What only resembles a binary STL gives way to a format with a signature.
        found = [known for known in found if known is not stl.FORMAT]
    return _packages(data) if is_zip and not found else found


def _ambiguities(data: bytes, candidates: list[Format]) -> tuple[Reason, ...]:
    """A file that other programs may open as something else hides what they would see."""
    also = [known.name for known in candidates[1:]]
    in_zip = candidates[0] in PACKAGES or (candidates[0] is amf.FORMAT and data.startswith(b"PK"))
    if not in_zip and archive.has_directory(data):
        also.append("ZIP archive")
    return tuple(
        Reason(
            code=UnsupportedError.code,
            message=f"the file was read as {candidates[0].name} but also opens as {other}, "
            "which was not read: have it exported again",
        )
        for other in also
    )


def unknown(data: bytes) -> UnreadableError:
    """The error for bytes that no reader takes, which says what they look like."""
    if not data:
        return DamagedError("the file is empty: transfer or export it again")
    if found := containers.recognised(data):
        return UnsupportedError(
            f"the file is an archive ({found[0].name}): its members are to be read one by one"
        )
    look = looks.look(data[:_HEAD_BYTES])
    if look is not None:
        return UnsupportedError(f"the file looks like {look.name}: {look.advice}")
    return UnknownFormatError(
        f"no reader knows these {len(data):,} bytes, which begin with {data[:16]!r}: "
        f"export it as one of {_NAMES}"
    )
