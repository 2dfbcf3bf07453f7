"""What is observed of a print job for the calibration of its medium. Runs in a worker.

Its rebuilt bodies are searched twice: among the parts of other projects (strangers), and in the whole list,
where the part that was sliced is to be found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from partwatch import formats
from partwatch.curation.observe import LEAST_COVERAGE, MOST_BODIES, Observer, fingerprint
from partwatch.fingerprint import sample_surface
from partwatch.formats import ReadLimits
from partwatch.geometry.bodies import Solid, split_bodies
from partwatch.matching.alignment import Target, scale_of
from partwatch.matching.engine import Around, Engine, Found, Hit
from partwatch.matching.policy import Policy
from partwatch.matching.relation import explain_size, measured_share
from partwatch.matching.verification import Laid, Measurement
from partwatch.model.document import Medium
from partwatch.model.mesh import Unit
from partwatch.screening.job import Listed
from partwatch.toolpath import rebuilt
from partwatch.watchlist.store import Watchlist

TASK = "partwatch.curation.observe_jobs:observe_job"
SETUP = "partwatch.curation.observe_jobs:setup"
# The largest bodies of a job, which regions are looked for on: that takes most of the time.
SEARCHED_FOR_REGIONS = 2
# Of a part on its own job it is also told how much of both lies within each of these, in mm.
TOLERANCES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7)


class JobObserver:
    """Searches jobs' bodies of one medium, under its tolerance: among parts of other projects, and in the
    list as it is."""

    def __init__(self, listed: Listed, excluded: Mapping[str, Sequence[int]], medium: Medium) -> None:
        self.policy = Policy(candidate_coverage=LEAST_COVERAGE).of_medium(medium)
        self._others = Observer(listed, excluded, self.policy)
        self._whole = Engine(listed, self.policy, listed.features)
        self._whole_without_regions = Engine(listed, self.policy)

    def bodies(self, solids: Sequence[Solid], project: str, own: frozenset[int]) -> list[dict[str, Any]]:
        """Each of a job's bodies, the largest first: its descriptor, its size, and what lay on it."""
        around = Around(solids)
        return [self._body(k, solid, around, project, own) for k, solid in enumerate(solids)]

    def _body(
        self, place: int, solid: Solid, around: Around, project: str, own: frozenset[int]
    ) -> dict[str, Any]:
        surface = sample_surface(solid.mesh)
        target = Target(solid.mesh, surface)
        regions = place < SEARCHED_FOR_REGIONS
        mm = 1.0 if regions else None
        strangers = self._others.engine(project).find(solid, around, (), mm)
        listed = (self._whole if regions else self._whole_without_regions).find(solid, around, (), mm)
        return {
            **fingerprint(surface, Unit.MILLIMETRE),
            "strangers": self._told(strangers),
            "listed": [
                {**told, "within": self._within(target, hit)} if hit.part in own else told
                for hit, told in zip(listed.hits, self._told(listed), strict=True)
            ],
        }

    def _told(self, found: Found) -> list[dict[str, Any]]:
        return [self._hit(hit) for hit in found.hits]

    def _hit(self, hit: Hit) -> dict[str, Any]:
        told: dict[str, Any] = {"part": hit.part}
        whole = hit.as_whole
        if whole is not None and whole.coverage >= LEAST_COVERAGE:
            told["whole"] = {"score": whole.score, "coverage": whole.coverage, **self._size(whole)}
        if hit.information is not None:
            share = measured_share(hit.measured, self.policy)
            information = round(hit.information, 3)
            told["region"] = {"information": information, "share": share, **self._size(hit.measured)}
        return told

    def _size(self, measured: Measurement) -> dict[str, Any]:
        tolerance = self.policy.scale_tolerance
        size = explain_size(1 / scale_of(measured.T_body_part), Unit.MILLIMETRE, tolerance)
        return {"scale": size.scale, "source": size.source.value}

    def _within(self, target: Target, hit: Hit) -> dict[str, Any] | None:
        """Of a part as a whole on its job, coverage of part and body by tolerance."""
        whole = hit.as_whole
        if whole is None or whole.coverage < LEAST_COVERAGE:
            return None
        listed = self._whole.listed(hit.part)
        laid = [
            Laid(target, listed, whole.T_body_part, whole.mirrored, tolerance).measure()
            for tolerance in TOLERANCES
        ]
        return {
            "tolerance": whole.tolerance_mm,
            "part": [round(each.coverage_part, 4) for each in laid],
            "body": [round(each.coverage_body, 4) for each in laid],
        }


@dataclass(frozen=True, eq=False)
class _Opened:
    """The list, and who searches it by medium."""

    listed: Listed
    excluded: Mapping[str, Sequence[int]]
    by_medium: dict[Medium, JobObserver] = field(default_factory=dict)

    def observer(self, medium: Medium) -> JobObserver:
        """Made when the first job of that medium comes."""
        if medium not in self.by_medium:
            self.by_medium[medium] = JobObserver(self.listed, self.excluded, medium)
        return self.by_medium[medium]


_opened: list[_Opened] = []


def setup(home: str, snapshot_key: str, excluded: dict[str, list[int]]) -> None:
    """Open the list as the parent has it."""
    _opened[:] = [_Opened(Listed(Watchlist.open(Path(home)).snapshot(snapshot_key)), excluded)]


def observe_job(path: str, project: str, own: list[int]) -> bytes:
    """A job's medium and bodies. own: the listed parts that are what was sliced, or nearly so. JSON.

    Raises UnreadableError where it is no job or makes nothing.
    """
    readings = rebuilt(formats.read(Path(path).read_bytes(), ReadLimits()))
    reading = readings[-1]
    solids = [solid for shape in reading.shapes for solid in split_bodies(shape.mesh, shape.name)]
    solids = [solid for solid in solids if len(solid.mesh.triangles) and solid.mesh.extents.max() > 0]
    solids = sorted(solids, key=lambda solid: -float(np.linalg.norm(solid.mesh.extents)))[:MOST_BODIES]
    bodies = _opened[0].observer(reading.medium).bodies(solids, project, frozenset(own))
    return json.dumps({"medium": reading.medium.value, "bodies": bodies}).encode()
