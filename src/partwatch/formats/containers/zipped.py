"""ZIP as a container; the reading itself is `partwatch.formats.archive`, which 3MF stands on too."""

from __future__ import annotations

import io
import zipfile
from functools import partial

from partwatch.formats import archive
from partwatch.formats.base import ReadLimits
from partwatch.formats.containers.base import Container, ContainerFormat, Entry, Listing


def open_zip(data: bytes, limits: ReadLimits, _name: str) -> Container:
    """The archive's members; raises DamagedError, LimitError or UnsupportedError."""
    return archive.Archive(data, limits, outside=True)


def open_outside(data: bytes, limits: ReadLimits, _name: str) -> Container:
    """Only what stands before and behind an archive that is read as a package of one item."""
    whole = archive.Archive(data, limits, outside=True)
    around = [member for member in whole.members if member.path in (archive.BEFORE, archive.AFTER)]
    entries = [Entry(each.path, each.size_bytes, partial(whole.extract, each.path)) for each in around]
    return Listing(entries, limits)


def examples() -> dict[str, tuple[bytes, dict[str, bytes]]]:
    """Stored and deflated, and a self-extractor's bytes in front."""
    members = {"part.stl": b"solid part\nendsolid part\n" * 20, "folder/note.txt": b"a note", "empty": b""}
    plain = {
        name: _packed(members, method)
        for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED))
    }
    opened = b"#!/bin/sh\nexit 1\n"
    found: dict[str, tuple[bytes, dict[str, bytes]]] = {name: (data, members) for name, data in plain.items()}
    found["behind-a-program"] = (opened + plain["stored"], members | {archive.BEFORE: opened})
    return found


def _packed(members: dict[str, bytes], method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


FORMAT = ContainerFormat("zip", archive.is_archive, open_zip, examples)
AROUND_PACKAGE = ContainerFormat("zip", archive.is_archive, open_outside)
