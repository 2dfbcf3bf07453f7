"""In a worker: a file's bodies searched with regions and without, clocked by stage."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.stages import Clock, wrap
from partwatch import formats
from partwatch.curation.observe import Others
from partwatch.formats import Reading, ReadLimits
from partwatch.formats.base import Shape
from partwatch.geometry.bodies import split_largest
from partwatch.matching import Matcher, Policy
from partwatch.screening.job import Listed, Screener
from partwatch.screening.terms import LateJudge, Terms, terms_of
from partwatch.watchlist.store import Watchlist

SETUP = "benchmarks.b6_worker:setup"
SEARCH = "benchmarks.b6_worker:search"

WHOLE, JUDGE = "search for whole bodies", "weighing"
OF_REGIONS = ("features of the body", "voting", "looks", "measuring", "information")
STAGES = (WHOLE, *OF_REGIONS, JUDGE)
# Where each stage begins: (module, name as its callers see it, stage).
_ENTRANCES = (
    ("partwatch.matching.alignment", "features_of_body", "features of the body"),
    ("partwatch.matching.regions", "Regions._proposed", "voting"),
    ("partwatch.matching.regions", "Regions._look", "looks"),
    ("partwatch.matching.regions", "Regions._measured", "measuring"),
    ("partwatch.matching.regions", "information", "information"),
    ("partwatch.screening.terms", "LateJudge.weigh", JUDGE),
    ("partwatch.screening.terms", "LateJudge.weigh_region", JUDGE),
    ("partwatch.screening.terms", "LateJudge.evidence", JUDGE),
)


@dataclass
class Searching:
    """excluded: by project, the parts kept from its bodies. pair: without and with regions, for `project`."""

    listed: Listed
    terms: Terms
    as_of: date
    excluded: Mapping[str, Sequence[int]]
    clock: Clock
    project: str | None = None
    pair: tuple[Screener, Screener] | None = None

    def screeners(self, project: str) -> tuple[Screener, Screener]:
        """Without and with regions, over the parts that are not kept from that project."""
        if self.pair is None or project != self.project:
            self.pair = None
            kept_out = np.asarray(self.excluded.get(project, ()), dtype=int)
            rows = np.flatnonzero(~np.isin(self.listed.part_index, kept_out))
            index = Others(self.listed, rows) if len(kept_out) else self.listed
            judge = LateJudge(self.terms, self.listed)
            plain = Matcher(index, Policy(), self.as_of)
            both = Matcher(index, Policy(), self.as_of, judge=judge, features=index.features)
            self.project, self.pair = project, (Screener(plain), Screener(both))
        return self.pair


_searching: list[Searching] = []


def setup(home: str, snapshot_key: str, as_of: str, excluded: dict[str, list[int]]) -> None:
    """Open the list as the parent has it."""
    clock = Clock()
    wrap(_ENTRANCES, clock)
    snapshot = Watchlist.open(Path(home)).snapshot(snapshot_key)
    terms = terms_of(Path(home), None, None)
    _searching[:] = [Searching(Listed(snapshot), terms, date.fromisoformat(as_of), excluded, clock)]


def search(path: str, project: str, regions_first: bool, whole: bool) -> bytes:
    """Search the file's largest body, or, if whole, all of it, both ways; JSON, as fields of `Search`.

    Raises UnreadableError.
    """
    searching = _searching[0]
    reading = formats.read(Path(path).read_bytes(), ReadLimits())
    if not whole:
        reading = _largest(reading)
    without, regions = searching.screeners(project)
    spent, findings, bodies = {}, {}, 0
    stages: dict[str, float] = {}
    for with_regions in (regions_first, not regions_first):
        searching.clock.spent.clear()
        start = time.thread_time()
        searching.clock.enter(WHOLE)
        # The hash of no file: what is the very file would be found by it, whatever it holds.
        item = (regions if with_regions else without).item_of(path, None, "0" * 64, reading)
        searching.clock.leave()
        spent[with_regions] = time.thread_time() - start
        findings[with_regions], bodies = item.finding.value, len(item.bodies)
        if with_regions:
            stages = {stage: searching.clock.spent[stage] for stage in STAGES}
    told = {
        "bodies": bodies,
        "searched": stages["voting"] > 0,
        "without_s": spent[False],
        "with_s": spent[True],
        "stages": stages,
        "finding": findings[True],
    }
    return json.dumps(told).encode()


def _largest(reading: Reading) -> Reading:
    """With nothing but its largest body."""
    split = [
        (shape, solid) for shape in reading.shapes for solid in split_largest(shape.mesh, shape.name, 1)[0]
    ]
    if not split:
        return reading
    _, solid = max(split, key=lambda each: float(np.linalg.norm(each[1].mesh.extents)))
    return Reading(reading.format, reading.medium, reading.unit, (Shape(solid.name, solid.mesh),))
