"""A list, or some of its designs, as one file for others: a ZIP of `list.json` and plain arrays.

::

    designs/000000/descriptors.npy        (prints of the design, D) float32
    designs/000000/clouds.npy             (prints of its parts with geometry, K, 6) float32
    designs/000000/features.npy           (local features of its parts with geometry, 36) uint8
    designs/000000/part-000-vertices.npy  (n, 3) float32 or float64, millimetres
    designs/000000/part-000-triangles.npy (m, 3) int32
    list.json                             the rest, and the SHA-256 of every other member

Clouds, features, vertices and triangles go out only where geometry was asked for: places are geometry too.
The same designs give the same bytes.
"""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from partwatch.fingerprint.local import FEATURE, Features, features_layout
from partwatch.formats.base import ReadLimits
from partwatch.model.document import Medium
from partwatch.model.errors import StoreError
from partwatch.model.mesh import Mesh
from partwatch.watchlist.codec import pack_vertices, unpack_vertices
from partwatch.watchlist.features import MOST_FEATURES, plain_records, records_of
from partwatch.watchlist.gating import MAX_LOOK_ALIKES
from partwatch.watchlist.npy import MAX_HEADER_BYTES, pack_npy, unpack_npy
from partwatch.watchlist.rules import MAX_QUANTITY
from partwatch.watchlist.types import DesignEntry, GateReport, LookAlike, PartEntry, PartPrint, PrintLayout

ARCHIVE_VERSION: Final = "3"
# Version 1 had no gate reports, version 2 no local features.
_READ: Final = ("1", "2", ARCHIVE_VERSION)
_LIST: Final = "list.json"
_MAX_LIST_BYTES: Final = 512 << 20
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_MAX_SHELLS: Final = 10_000
# What zipfile raises on bytes that are no archive, cut short, encrypted or changed.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    UnicodeDecodeError,
)

Arrays = dict[str, npt.NDArray[Any]]
Measure = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=ReadLimits.max_triangles)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _LookAlike(_Record):
    name: str
    similarity: float


class _GateReport(_Record):
    rate: Measure
    look_alikes: Annotated[tuple[_LookAlike, ...], Field(max_length=MAX_LOOK_ALIKES)]
    population: str
    calibration: str
    made: date
    allowed: str | None


class _Part(_Record):
    name: str
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
    required: bool
    alternative_to: str | None
    source_name: str
    sha256: str
    medium: Medium
    distinctiveness: Measure
    area_mm2: Measure
    extents_mm: tuple[Measure, Measure, Measure]
    triangles: Count
    vertices: Annotated[int, Field(ge=1, le=3 * ReadLimits.max_triangles)] | None
    shells: Annotated[tuple[int, ...], Field(max_length=_MAX_SHELLS)]
    gate: _GateReport | None = None
    features: Annotated[int, Field(ge=0, le=MOST_FEATURES)] | None = None


class _Design(_Record):
    name: str
    authority: str
    reason: str
    expires: date
    note: str | None
    parts: tuple[_Part, ...]


class _List(_Record):
    kind: Literal["partwatch-watchlist"] = "partwatch-watchlist"
    schema_version: str
    fingerprint_version: str
    descriptor_size: int
    cloud_size: int
    features_layout: str | None = None
    designs: tuple[_Design, ...]
    members: dict[str, str]


def write_archive(
    path: Path, entries: Iterable[DesignEntry], layout: PrintLayout, with_geometry: bool
) -> int:
    """Write the designs, in the order given, to a new file put in place once it is whole.

    The number of designs written. Raises StoreError where the file cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as archive:
                written = _write(archive, entries, layout, with_geometry)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); check folder and space") from error
    return written


def read_archive(path: Path, layout: PrintLayout) -> Iterator[DesignEntry]:
    """The designs of an archive, one at a time, every hash verified.

    Local features that another codebook made are left out, for `refresh` to make.

    Raises StoreError, at the latest at the design concerned: not an archive, changed since it was
    written, with members that nothing names, or of another fingerprint.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            header = _read_header(archive, path, layout)
            for number, design in enumerate(header.designs):
                members = _Members(archive, path, header.members)
                entry = _read_design(members, number, design, layout)
                yield entry if header.features_layout == features_layout() else _without_features(entry)
    except _DAMAGE as error:
        raise StoreError(f"{path}: is no export of a watch-list, or damaged ({error})") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error


def _write(
    archive: zipfile.ZipFile, entries: Iterable[DesignEntry], layout: PrintLayout, with_geometry: bool
) -> int:
    designs: list[_Design] = []
    members: dict[str, str] = {}
    for number, entry in enumerate(entries):
        for name, array in _arrays(entry, number, with_geometry).items():
            content = pack_npy(array)
            members[name] = hashlib.sha256(content).hexdigest()
            _write_member(archive, name, content)
        designs.append(_design_record(entry, with_geometry))
    header = _List(
        schema_version=ARCHIVE_VERSION,
        fingerprint_version=layout.version,
        descriptor_size=layout.descriptor_size,
        cloud_size=layout.cloud_size,
        features_layout=features_layout(),
        designs=tuple(designs),
        members=members,
    )
    _write_member(archive, _LIST, header.model_dump_json(indent=1).encode("utf-8"))
    return len(designs)


def _write_member(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # the same bytes wherever this runs
    info.external_attr = 0o600 << 16
    archive.writestr(info, content)


def _arrays(entry: DesignEntry, number: int, with_geometry: bool) -> Arrays:
    """The members of one design, by name, in the order in which they are written."""
    folder = f"designs/{number:06d}"
    prints = [one for part in entry.parts for one in part.prints]
    arrays: Arrays = {f"{folder}/descriptors.npy": np.stack([one.descriptor for one in prints])}
    clouds = [one.cloud for one in prints if one.cloud is not None]
    if not with_geometry or not clouds:
        return arrays
    arrays[f"{folder}/clouds.npy"] = np.stack(clouds)
    features = [plain_records(part.features) for part in entry.parts if part.features is not None]
    if features:
        arrays[f"{folder}/features.npy"] = np.concatenate(features)
    for index, part in enumerate(entry.parts):
        if part.mesh is not None:
            kind, vertices = pack_vertices(part.mesh.vertices)
            place = f"{folder}/part-{index:03d}"
            arrays[f"{place}-vertices.npy"] = np.frombuffer(vertices, dtype=kind).reshape(-1, 3)
            arrays[f"{place}-triangles.npy"] = part.mesh.triangles.astype("<i4")
    return arrays


def _design_record(entry: DesignEntry, with_geometry: bool) -> _Design:
    return _Design(
        name=entry.name,
        authority=entry.authority,
        reason=entry.reason,
        expires=entry.expires,
        note=entry.note,
        parts=tuple(_part_record(part, with_geometry) for part in entry.parts),
    )


def _part_record(part: PartEntry, with_geometry: bool) -> _Part:
    return _Part(
        name=part.name,
        quantity=part.quantity,
        required=part.required,
        alternative_to=part.alternative_to,
        source_name=part.source_name,
        sha256=part.sha256,
        medium=part.medium,
        distinctiveness=part.distinctiveness,
        area_mm2=part.area_mm2,
        extents_mm=part.extents_mm,
        triangles=part.triangles,
        vertices=len(part.mesh.vertices) if with_geometry and part.mesh is not None else None,
        shells=tuple(one.shell for one in part.prints),
        gate=None if part.gate is None else _GateReport.model_validate(part.gate, from_attributes=True),
        features=len(part.features) if with_geometry and part.features is not None else None,
    )


def _read_header(archive: zipfile.ZipFile, path: Path, layout: PrintLayout) -> _List:
    names = archive.namelist()
    if _LIST not in names:
        raise StoreError(f"{path}: is no export of a watch-list: it has no {_LIST}")
    if archive.getinfo(_LIST).file_size > _MAX_LIST_BYTES:
        raise StoreError(f"{path}: {_LIST} is over {_MAX_LIST_BYTES} bytes; import the list in pieces")
    try:
        header = _List.model_validate_json(archive.read(_LIST))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise StoreError(f"{path}: {_LIST}: {place}: {first['msg']}; ask for another export") from error
    _check_versions(path, header, layout)
    if len(set(names)) != len(names) or set(names) != {_LIST, *header.members}:
        odd = sorted({*names} ^ {_LIST, *header.members}) or sorted(names)
        raise StoreError(f"{path}: members and {_LIST} do not agree, first at {odd[0]!a}; do not trust it")
    expected = {name for number, design in enumerate(header.designs) for name in _expected(number, design)}
    if expected != set(header.members):
        odd = sorted(expected ^ set(header.members))
        raise StoreError(f"{path}: {_LIST} does not account for {odd[0]!a}; do not trust it")
    return header


def _check_versions(path: Path, header: _List, layout: PrintLayout) -> None:
    if header.schema_version not in _READ:
        raise StoreError(
            f"{path}: was exported by another version of this program (format {header.schema_version!a}, "
            f"this one reads {', '.join(_READ)})"
        )
    theirs = PrintLayout(header.fingerprint_version, header.descriptor_size, header.cloud_size)
    if theirs != layout:
        raise StoreError(
            f"{path}: its prints are of fingerprint {theirs.version!a} ({theirs.descriptor_size} numbers, "
            f"{theirs.cloud_size} points), this program compares {layout.version} ({layout.descriptor_size}, "
            f"{layout.cloud_size}); ask for an export made with this version"
        )


def _expected(number: int, design: _Design) -> Iterator[str]:
    folder = f"designs/{number:06d}"
    yield f"{folder}/descriptors.npy"
    if any(part.vertices is not None for part in design.parts):
        yield f"{folder}/clouds.npy"
    if any(part.features is not None for part in design.parts):
        yield f"{folder}/features.npy"
    for index, part in enumerate(design.parts):
        if part.vertices is not None:
            yield f"{folder}/part-{index:03d}-vertices.npy"
            yield f"{folder}/part-{index:03d}-triangles.npy"


class _Members:
    """Arrays of an archive by name: of the size expected, hash verified."""

    def __init__(self, archive: zipfile.ZipFile, path: Path, hashes: Mapping[str, str]) -> None:
        self._archive = archive
        self.path = path
        self._hashes = hashes

    def read(self, name: str, shape: tuple[int, ...], kinds: tuple[str, ...]) -> npt.NDArray[Any]:
        size = math.prod(shape) * np.dtype(kinds[-1]).itemsize + MAX_HEADER_BYTES
        # Before it is unpacked: what unfolds into more than its list says is not unfolded.
        if self._archive.getinfo(name).file_size > size:
            raise StoreError(f"{self.path}: {name} is larger than {_LIST} says; do not trust it")
        content = self._archive.read(name)
        if hashlib.sha256(content).hexdigest() != self._hashes[name]:
            raise StoreError(f"{self.path}: {name} was changed after the export; do not trust it")
        try:
            array = unpack_npy(content)
        except ValueError as error:
            raise StoreError(f"{self.path}: {name}: {error}; ask for another export") from error
        if array.shape != shape or array.dtype.str not in kinds:
            raise StoreError(f"{self.path}: {name} is {array.dtype.str}{array.shape}, not {kinds[0]}{shape}")
        return array


def _read_design(members: _Members, number: int, design: _Design, layout: PrintLayout) -> DesignEntry:
    folder = f"designs/{number:06d}"
    prints = sum(len(part.shells) for part in design.parts)
    descriptors = members.read(f"{folder}/descriptors.npy", (prints, layout.descriptor_size), ("<f4",))
    with_clouds = sum(len(part.shells) for part in design.parts if part.vertices is not None)
    clouds: Iterator[Any] = iter(())
    if any(part.vertices is not None for part in design.parts):
        clouds = iter(members.read(f"{folder}/clouds.npy", (with_clouds, layout.cloud_size, 6), ("<f4",)))
    features = _read_features(members, folder, design)
    rows = iter(descriptors)
    parts = []
    for index, part in enumerate(design.parts):
        mesh = _read_mesh(members, f"{folder}/part-{index:03d}", part)
        found = [
            PartPrint(next(rows), None if mesh is None else next(clouds), shell) for shell in part.shells
        ]
        parts.append(_part_entry(part, mesh, tuple(found), features[index]))
    return DesignEntry(
        design.name, design.authority, design.reason, design.expires, design.note, tuple(parts)
    )


def _read_features(members: _Members, folder: str, design: _Design) -> list[Features | None]:
    """Of each part; None where none went out with it."""
    counts = [part.features for part in design.parts]
    if all(count is None for count in counts):
        return [None] * len(counts)
    ends = np.cumsum([count or 0 for count in counts])
    name = f"{folder}/features.npy"
    plain = members.read(name, (int(ends[-1]), FEATURE.itemsize), ("|u1",))
    try:
        return [
            None if count is None else records_of(plain[end - count : end])
            for count, end in zip(counts, ends, strict=True)
        ]
    except ValueError as error:
        raise StoreError(f"{members.path}: {name}: {error}; ask for another export") from error


def _without_features(entry: DesignEntry) -> DesignEntry:
    return replace(entry, parts=tuple(replace(part, features=None) for part in entry.parts))


def _read_mesh(members: _Members, place: str, part: _Part) -> Mesh | None:
    if part.vertices is None:
        return None
    vertices = members.read(f"{place}-vertices.npy", (part.vertices, 3), ("<f4", "<f8"))
    triangles = members.read(f"{place}-triangles.npy", (part.triangles, 3), ("<i4",))
    return Mesh(unpack_vertices(vertices.dtype.str, vertices.tobytes()), triangles.astype(np.int32))


def _part_entry(
    part: _Part, mesh: Mesh | None, prints: tuple[PartPrint, ...], features: Features | None
) -> PartEntry:
    return PartEntry(
        name=part.name,
        quantity=part.quantity,
        required=part.required,
        alternative_to=part.alternative_to,
        source_name=part.source_name,
        sha256=part.sha256,
        medium=part.medium,
        distinctiveness=part.distinctiveness,
        area_mm2=part.area_mm2,
        extents_mm=part.extents_mm,
        triangles=part.triangles,
        mesh=mesh,
        prints=prints,
        gate=None if part.gate is None else _gate_report(part.gate),
        features=features,
    )


def _gate_report(record: _GateReport) -> GateReport:
    look_alikes = tuple(LookAlike(one.name, one.similarity) for one in record.look_alikes)
    versions = record.population, record.calibration
    return GateReport(record.rate, look_alikes, *versions, record.made, record.allowed)
