"""What is observed for a calibration: bodies searched among parts of other projects. Runs in a worker.

A corpus holds many revisions of its own parts, which are related and would take the places of those that are
not: so each body is searched in the list less the parts of its own project.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from partwatch import formats
from partwatch.fingerprint import Surface, describe, sample_surface
from partwatch.fingerprint.feature_index import FeatureIndex
from partwatch.formats import ReadLimits
from partwatch.geometry.bodies import Solid, split_bodies
from partwatch.matching.alignment import scale_of
from partwatch.matching.engine import Around, Engine
from partwatch.matching.index import Rows
from partwatch.matching.policy import Policy
from partwatch.matching.relation import Size, explain_size, measured_share
from partwatch.matching.verification import Measurement
from partwatch.model.mesh import MM_PER_UNIT, Mesh, Unit
from partwatch.screening.job import Listed
from partwatch.watchlist.snapshot import ListedPart
from partwatch.watchlist.store import Watchlist

TASK = "partwatch.curation.observe:observe"
SETUP = "partwatch.curation.observe:setup"
# More bodies of one file say nothing new.
MOST_BODIES = 12
# Below this coverage nothing is reported, so nothing needs a weight.
LEAST_COVERAGE = 0.5


@dataclass(frozen=True)
class Others:
    """A list without some of its parts, for searching; parts keep their numbers."""

    listed: Listed
    rows: Rows

    @property
    def descriptors(self) -> npt.NDArray[np.float32]:
        """(rows, D)."""
        return self.listed.descriptors[self.rows]

    @property
    def part_index(self) -> npt.NDArray[np.int32]:
        """(rows,): the part of each row."""
        return self.listed.part_index[self.rows]

    @cached_property
    def features(self) -> FeatureIndex:
        """The local features of its parts."""
        kept = np.zeros(len(self.listed.snapshot.parts), dtype=bool)
        kept[self.part_index] = True
        return self.listed.features.of_parts(kept)

    def part(self, index: int) -> ListedPart:
        """The part of that number."""
        return self.listed.part(index)

    def parts_of_file(self, sha256: str) -> list[int]:
        """None: what is the very file is no stranger."""
        del sha256
        return []

    def mesh(self, index: int) -> Mesh:
        """Its geometry in millimetres."""
        return self.listed.mesh(index)

    def clouds(self, rows: Rows) -> npt.NDArray[np.float32]:
        """(n, K, 6): points and normals of some rows."""
        return self.listed.clouds(self.rows[rows])


@dataclass
class Observer:
    """Searches bodies among the parts of other projects. excluded: by project, the parts kept from it."""

    listed: Listed
    excluded: Mapping[str, Sequence[int]]
    policy: Policy = field(default_factory=lambda: Policy(candidate_coverage=LEAST_COVERAGE))
    _engines: dict[str, Engine] = field(default_factory=dict)

    def engine(self, project: str) -> Engine:
        """Over the parts that are not kept from it."""
        if project not in self._engines:
            kept_out = np.asarray(self.excluded.get(project, ()), dtype=int)
            rows = np.flatnonzero(~np.isin(self.listed.part_index, kept_out))
            index = Others(self.listed, rows)
            self._engines[project] = Engine(index, self.policy, index.features)
        return self._engines[project]


_observer: list[Observer] = []


def setup(home: str, snapshot_key: str, excluded: dict[str, list[int]]) -> None:
    """Open the list as the parent has it."""
    _observer[:] = [Observer(Listed(Watchlist.open(Path(home)).snapshot(snapshot_key)), excluded)]


def observe(path: str, project: str) -> bytes:
    """Each body of a file: its descriptor, its size, and how well parts of other projects lie on it; JSON."""
    unit, solids = largest_solids(path)
    around = Around(solids)
    return json.dumps([_body(_observer[0], project, solid, around, unit) for solid in solids]).encode()


def largest_solids(path: str) -> tuple[Unit | None, list[Solid]]:
    """A file's stated unit, and its MOST_BODIES largest solids that have a size. Raises UnreadableError."""
    reading = formats.read(Path(path).read_bytes(), ReadLimits())
    solids = [solid for shape in reading.shapes for solid in split_bodies(shape.mesh, shape.name)]
    solids = sorted(solids, key=lambda solid: -float(np.linalg.norm(solid.mesh.extents)))[:MOST_BODIES]
    return reading.unit, [solid for solid in solids if _has_size(solid)]


def fingerprint(surface: Surface, unit: Unit | None) -> dict[str, object]:
    """Descriptor and root mean square radius in millimetres of a body, as JSON has them."""
    return {
        "descriptor": [round(float(x), 6) for x in describe(surface)],
        "radius_mm": float(surface.radius) * (MM_PER_UNIT[unit] if unit else 1.0),
    }


def _has_size(solid: Solid) -> bool:
    return len(solid.mesh.triangles) > 0 and bool(solid.mesh.extents.max() > 0)


def _body(
    observer: Observer, project: str, solid: Solid, around: Around, unit: Unit | None
) -> dict[str, object]:
    surface = sample_surface(solid.mesh)
    found = observer.engine(project).find(solid, around, (), MM_PER_UNIT[unit] if unit else 1.0)

    def size_of(measured: Measurement) -> Size:
        return explain_size(1 / scale_of(measured.T_body_part), unit, observer.policy.scale_tolerance)

    wholes = [(hit.part, hit.as_whole) for hit in found.hits]
    return {
        **fingerprint(surface, unit),
        "hits": [
            {
                "part": part,
                "score": whole.score,
                "coverage": whole.coverage,
                "scale": size_of(whole).scale,
                "source": size_of(whole).source.value,
            }
            for part, whole in wholes
            if whole is not None and whole.coverage >= LEAST_COVERAGE
        ],
        "regions": [
            {"part": hit.part, "information": round(hit.information, 3)}
            for hit in found.hits
            if hit.information is not None
            and measured_share(hit.measured, observer.policy) >= 1
            and abs(size_of(hit.measured).scale - 1) <= observer.policy.scale_tolerance
        ],
    }
