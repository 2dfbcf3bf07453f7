"""What runs inside a worker for a catalogue: files are read as `screen` reads them, and specimens kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partwatch.curation.specimens import write_specimens
from partwatch.formats import Reading, ReadLimits
from partwatch.geometry.bodies import Solid
from partwatch.matching.matcher import Matched
from partwatch.model.document import Body, UnitSource
from partwatch.model.mesh import MM_PER_UNIT, Unit
from partwatch.screening.job import Screener

SETUP = "partwatch.curation.catalogue_job:setup"
READ = "partwatch.curation.catalogue_job:read_file"


def kept_name(sha256: str, format: str) -> str:
    """The file that a reading's specimens are kept in."""
    return f"{sha256}-{re.sub('[^A-Za-z0-9]+', '_', format)}.npz"


@dataclass(frozen=True)
class Recorder:
    """Stands where `screen` has its matcher: keeps the bodies' specimens and matches nothing."""

    folder: Path

    def match_item(
        self, reading: Reading, solids: Sequence[Solid], sha256: str, groups: Sequence[Sequence[int]] = ()
    ) -> Matched:
        """The bodies, without matches."""
        del groups
        mm = MM_PER_UNIT[reading.unit] if reading.unit else 1.0
        write_specimens(self.folder / kept_name(sha256, reading.format), solids, mm)
        return Matched(tuple(_body(k, solid, reading.unit) for k, solid in enumerate(solids)), [], ())


def _body(index: int, solid: Solid, unit: Unit | None) -> Body:
    x, y, z = (round(float(size) * (MM_PER_UNIT[unit] if unit else 1.0), 4) for size in solid.mesh.extents)
    return Body(
        index=index,
        name=solid.name,
        unit=unit or Unit.MILLIMETRE,
        unit_source=UnitSource.STATED if unit else UnitSource.ASSUMED,
        extents_mm=(x, y, z),
        triangles=len(solid.mesh.triangles),
        notes=solid.notes,
        matches=(),
    )


_screener: list[Screener] = []


def setup(folder: str, limits: Mapping[str, Any] | None = None) -> None:
    """folder: where specimens are kept. limits: fields of ReadLimits."""
    _screener[:] = [Screener(Recorder(Path(folder)), ReadLimits(**limits or {}))]


def read_file(
    path: str, chain: list[str], source_sha256: str | None = None, named: str | None = None
) -> bytes:
    """One file, or one member by its names from the outermost archive in; an `Answer` as JSON."""
    return _screener[0].screen(path, tuple(chain), source_sha256, named).model_dump_json().encode()
