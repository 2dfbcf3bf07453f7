"""What a watch-list holds, as frozen types: designs, their parts, and the prints that are searched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint.local import Features
from partwatch.model.document import Medium
from partwatch.model.mesh import Mesh

Float32Array = npt.NDArray[np.float32]
Extents = tuple[float, float, float]


@dataclass(frozen=True)
class PrintLayout:
    """What every print of one list has in common.

    version: of the fingerprint that made them; prints of two versions are never compared.
    descriptor_size: D, numbers in a descriptor. cloud_size: K, points in a cloud.
    """

    version: str
    descriptor_size: int
    cloud_size: int


@dataclass(frozen=True, eq=False)
class PartPrint:
    """One fingerprint of a part: of the whole, or of one of its shells.

    descriptor: (D,) float32. cloud: (K, 6) float32, points and normals, or None in a list without
    geometry. shell: which shell, as `fingerprint.enrol_part` numbers them.
    """

    descriptor: Float32Array
    cloud: Float32Array | None
    shell: int


@dataclass(frozen=True)
class LookAlike:
    """A benign body that looks like a part. similarity: of their fingerprints, 2 for the same."""

    name: str
    similarity: float


@dataclass(frozen=True)
class GateReport:
    """What the goodware gate found of a part, and whether someone let it in all the same.

    rate: benign bodies of 10,000 that the part would flag, by the calibration's tail model. look_alikes: the
    nearest ones, best first. population, calibration: versions of what it was found with. made: the day.
    allowed: the reason for which a part above the gate's rate is listed, else None.
    """

    rate: float
    look_alikes: tuple[LookAlike, ...]
    population: str
    calibration: str
    made: date
    allowed: str | None = None

    @property
    def version(self) -> str:
        """Of all that it was made with, as `gate_version`."""
        return gate_version(self.population, self.calibration)


def gate_version(population: str, calibration: str) -> str:
    """What a report is fresh for: one made with either in another version is stale."""
    return f"{population}+{calibration}"


@dataclass(frozen=True, eq=False)
class PartEntry:
    """One part with all that is known of it.

    source_name: name of the file that it was read from, without its folders. sha256: of that file,
    lower-case hex. extents_mm: of the axis-aligned box. mesh: in millimetres, or None in a list
    without geometry; `triangles` is known all the same. gate: None where the gate was not asked.
    features: by which pieces of it are found; None without geometry, and where they were not made yet.
    """

    name: str
    quantity: int
    required: bool
    alternative_to: str | None
    source_name: str
    sha256: str
    medium: Medium
    distinctiveness: float
    area_mm2: float
    extents_mm: Extents
    triangles: int
    mesh: Mesh | None
    prints: tuple[PartPrint, ...]
    gate: GateReport | None = None
    features: Features | None = None

    @property
    def has_geometry(self) -> bool:
        """Whether the part can be aligned and measured, not only looked up."""
        return self.mesh is not None


@dataclass(frozen=True, eq=False)
class DesignEntry:
    """One listed design. expires: the last day on which it still matches."""

    name: str
    authority: str
    reason: str
    expires: date
    note: str | None
    parts: tuple[PartEntry, ...]


@dataclass(frozen=True)
class PartSummary:
    """What `ls` and `show` say of a part; no arrays."""

    name: str
    quantity: int
    required: bool
    alternative_to: str | None
    source_name: str
    sha256: str
    medium: Medium
    distinctiveness: float
    area_mm2: float
    extents_mm: Extents
    triangles: int
    prints: int
    has_geometry: bool
    gate: GateReport | None = None


@dataclass(frozen=True)
class DesignSummary:
    """What `ls` and `show` say of a design; no arrays."""

    name: str
    authority: str
    reason: str
    expires: date
    note: str | None
    parts: tuple[PartSummary, ...]

    def expired(self, as_of: date) -> bool:
        """Whether it no longer matches on that day."""
        return as_of > self.expires


@dataclass(frozen=True)
class Counts:
    """How much a list holds."""

    designs: int
    parts: int
    prints: int
