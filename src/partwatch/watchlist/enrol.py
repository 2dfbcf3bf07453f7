"""From manifests to entries: each part file is read and printed in a worker process."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint import EnrolledPart, enrol_part
from partwatch.fingerprint.local import Features, features_of_part
from partwatch.formats import read
from partwatch.formats.base import Reading, ReadLimits
from partwatch.formats.worker import Failure, FailureKind, Limits, Outcome, Task, WorkerPool
from partwatch.geometry.bodies import merge, split_bodies
from partwatch.model.document import Medium
from partwatch.model.errors import DamagedError, ManifestError, UnsupportedError
from partwatch.model.mesh import MM_PER_UNIT, Mesh
from partwatch.watchlist.features import plain_records, records_of
from partwatch.watchlist.manifest import Design, DesignPart
from partwatch.watchlist.npy import unpack_npy
from partwatch.watchlist.types import DesignEntry, PartEntry, PartPrint

TASK: Final = "partwatch.watchlist.enrol:read_part"


@dataclass
class _Waiting:
    """A design some of whose parts are still being read; parts by their place."""

    design: Design
    parts: dict[int, PartEntry] = field(default_factory=dict)

    def entry(self) -> DesignEntry | None:
        """The whole design once all of its parts are there."""
        design = self.design
        if len(self.parts) < len(design.parts):
            return None
        parts = tuple(self.parts[place] for place in range(len(design.parts)))
        return DesignEntry(design.name, design.authority, design.reason, design.expires, design.note, parts)


_Tag = tuple[_Waiting, int]


def enrol(
    designs: Sequence[Design],
    jobs: int = 1,
    limits: Limits | None = None,
    task: str = TASK,
    progress: Callable[[], None] = lambda: None,
    skipped: Callable[[str], None] | None = None,
) -> Iterator[DesignEntry]:
    """The designs with their parts read, in the order in which they are done.

    progress: called once for each part file. task: what a worker runs for each of them.
    skipped: called with a line for each part that could not be read, whose design is then left out.
    Without it, raises ManifestError at the end with all these lines; after the first of them no more
    designs are given out.
    """
    problems: list[tuple[str, int, str]] = []
    with WorkerPool[_Tag](jobs=jobs, limits=limits or Limits()) as pool:
        for done, outcome in pool.run(_tasks(designs, task)):
            progress()
            waiting, place = done.tag
            part = waiting.design.parts[place]
            try:
                waiting.parts[place] = _part_entry(part, outcome)
            except _UnenrolledError as error:
                problem = _problem(waiting.design, part, error)
                if skipped is None:
                    problems.append((str(waiting.design.manifest), place, problem))
                else:
                    skipped(problem)
            if not problems and (entry := waiting.entry()) is not None:
                yield entry
    if problems:
        raise ManifestError([line for _, _, line in sorted(problems)])


def read_part(path: str) -> bytes:
    """In the worker: read one part file completely and print it; the result for `_part_entry`.

    A file that states no unit is taken to be in millimetres. Raises UnreadableError.
    """
    content = Path(path).read_bytes()
    reading = read(content, ReadLimits())
    mesh, prints, features = _printed(reading)
    arrays = {
        "about": np.frombuffer(json.dumps(_about(content, reading, mesh, prints)).encode(), dtype="u1"),
        "vertices": mesh.vertices,
        "triangles": mesh.triangles,
        "descriptors": np.stack([descriptor for descriptor, _, _ in prints.prints]),
        "clouds": np.stack([cloud for _, cloud, _ in prints.prints]),
        "features": plain_records(features),
    }
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _printed(reading: Reading) -> tuple[Mesh, EnrolledPart, Features]:
    if reading.unread:
        told = "; ".join(reason.message for reason in reading.unread)
        raise UnsupportedError(f"not all of it can be read: {told}")
    scale = MM_PER_UNIT[reading.unit] if reading.unit is not None else 1.0
    meshes = [Mesh(shape.mesh.vertices * scale, shape.mesh.triangles) for shape in reading.shapes]
    solids = [solid for mesh in meshes for solid in split_bodies(mesh, None)]
    if not solids:
        raise DamagedError("it has no surface; a part needs one to be found by")
    # Of the solids, not of the file: bodies are split the same way, so the same mesh looks the same.
    mesh = merge([solid.mesh for solid in solids])
    try:
        return mesh, enrol_part(mesh, solids), features_of_part(mesh)
    except ValueError as error:
        raise DamagedError(f"it has no surface ({error}); a part needs one to be found by") from error


def _about(content: bytes, reading: Reading, mesh: Mesh, prints: EnrolledPart) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "medium": reading.medium.value,
        "distinctiveness": float(prints.distinctiveness),
        "area_mm2": float(prints.area_mm2),
        "extents_mm": [float(extent) for extent in mesh.extents],
        "shells": [int(shell) for _, _, shell in prints.prints],
    }


class _UnenrolledError(Exception):
    """A part that cannot be enrolled; the message says why."""


def _tasks(designs: Sequence[Design], task: str) -> Iterator[Task[_Tag]]:
    for design in designs:
        waiting = _Waiting(design)
        for place, part in enumerate(design.parts):
            yield Task(task, {"path": str(part.file.absolute())}, (waiting, place))


def _part_entry(part: DesignPart, outcome: Outcome) -> PartEntry:
    if isinstance(outcome, Failure):
        raise _UnenrolledError(_why(outcome))
    try:
        arrays = _unpacked(outcome)
        about = json.loads(arrays["about"].tobytes())
        extent_x, extent_y, extent_z = about["extents_mm"]
        prints = zip(arrays["descriptors"], arrays["clouds"], about["shells"], strict=True)
        return PartEntry(
            name=part.name,
            quantity=part.quantity,
            required=part.required,
            alternative_to=part.alternative_to,
            source_name=part.file.name,
            sha256=about["sha256"],
            medium=Medium(about["medium"]),
            distinctiveness=about["distinctiveness"],
            area_mm2=about["area_mm2"],
            extents_mm=(extent_x, extent_y, extent_z),
            triangles=len(arrays["triangles"]),
            mesh=Mesh(arrays["vertices"], arrays["triangles"]),
            prints=tuple(PartPrint(descriptor, cloud, shell) for descriptor, cloud, shell in prints),
            features=records_of(arrays["features"]),
        )
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise _UnenrolledError(f"its reader answered nonsense ({error}); report this file") from error


def _unpacked(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Arrays of an .npz that a worker sent. It has read hostile bytes, so nothing in it is believed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # Stored, never deflated: so nothing in it unfolds.
        if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
            raise ValueError("compressed arrays")
        return {
            info.filename.removesuffix(".npy"): unpack_npy(archive.read(info)) for info in archive.infolist()
        }


def _why(failure: Failure) -> str:
    if failure.kind is FailureKind.UNREADABLE:
        return failure.message
    return f"reading it failed ({failure.kind.value}): {failure.message}"


def _problem(design: Design, part: DesignPart, error: Exception) -> str:
    return f'{design.manifest}: part "{part.name}", {part.file.name}: {error}'
