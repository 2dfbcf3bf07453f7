"""What runs inside a worker to compare specimens: one is laid on the few that it may be kin to."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from partwatch.curation.specimens import Shown, read_shown
from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.geometry.bodies import Solid
from partwatch.matching.alignment import scale_of
from partwatch.matching.engine import Around, Engine, Hit
from partwatch.matching.index import Rows, Unlisted
from partwatch.matching.policy import Policy
from partwatch.matching.relation import shape_relation
from partwatch.matching.verification import ListedSurface
from partwatch.model.document import Relation
from partwatch.model.mesh import Mesh

SETUP = "partwatch.curation.kin_job:setup"
COMPARE = "partwatch.curation.kin_job:compare"
# Specimens kept ready; neighbours are asked for one after the other.
KEPT = 48
# What coincides less than this is measured no further.
LEAST_COVERAGE = 0.4

_POLICY = Policy()
_MEASURED = Policy(review_coverage=LEAST_COVERAGE, candidate_coverage=LEAST_COVERAGE)

Place = tuple[str, int]


@dataclass(eq=False)
class Kept:
    """A specimen as it is compared; what its surface needs is built once somebody is laid on it."""

    shown: Shown
    surface: ListedSurface


@dataclass(frozen=True, eq=False)
class Few:
    """A handful of specimens as a list that the engine searches."""

    kept: Sequence[Kept]

    @property
    def descriptors(self) -> npt.NDArray[np.float32]:
        """(n, D), all the same: who is alike was settled before, and all of a handful are tried."""
        return np.zeros((len(self.kept), DESCRIPTOR_SIZE), dtype=np.float32)

    @property
    def part_index(self) -> npt.NDArray[np.int32]:
        """Each row is a part."""
        return np.arange(len(self.kept), dtype=np.int32)

    def part(self, index: int) -> Unlisted:
        """The specimen of that number."""
        kept = self.kept[index]
        return Unlisted(len(kept.shown.mesh.triangles), kept.surface.area)

    def parts_of_file(self, sha256: str) -> list[int]:
        """None: files of the same bytes are never compared."""
        del sha256
        return []

    def mesh(self, index: int) -> Mesh:
        """In millimetres."""
        return self.kept[index].shown.mesh

    def clouds(self, rows: Rows) -> npt.NDArray[np.float32]:
        """(n, K, 6)."""
        return np.stack([self.kept[int(row)].shown.cloud for row in rows])


class FewEngine(Engine):
    """The engine over a handful whose surfaces are kept from one handful to the next."""

    def __init__(self, few: Few) -> None:
        super().__init__(few, _MEASURED)
        self._few = few

    def listed(self, part: int) -> ListedSurface:
        """The surface of one of them."""
        return self._few.kept[part].surface


@dataclass
class Comparer:
    """Compares specimens of one folder."""

    folder: Path
    _kept: OrderedDict[Place, Kept] = field(default_factory=OrderedDict)

    def specimen(self, place: Place) -> Kept:
        """One specimen, made ready."""
        known = self._kept.get(place)
        if known is None:
            shown = read_shown(self.folder / place[0], place[1])
            known = self._kept[place] = Kept(shown, ListedSurface(shown.mesh))
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(place)
        return known

    def hits(self, place: Place, others: Sequence[Place]) -> list[Hit]:
        """Those others that lie on a specimen, by their place among them."""
        mesh = self.specimen(place).shown.mesh
        solid = Solid(None, mesh, (), closed=True)
        few = Few([self.specimen(other) for other in others])
        return FewEngine(few).find(solid, Around([solid]), range(len(others))).hits


_comparer: list[Comparer] = []


def setup(folder: str) -> None:
    """folder: where specimens are kept."""
    _comparer[:] = [Comparer(Path(folder))]


def current() -> Comparer:
    """The comparer that this worker was set up with."""
    return _comparer[0]


def compare(place: tuple[str, int], others: list[tuple[str, int]]) -> bytes:
    """How those others that lie on a specimen do so; JSON, in the order of `others`."""
    hits = current().hits((place[0], place[1]), [(name, number) for name, number in others])
    return json.dumps([_told(hit) for hit in sorted(hits, key=lambda hit: hit.part)]).encode()


def _told(hit: Hit) -> dict[str, object]:
    measured = hit.measured
    relation = shape_relation(measured, _POLICY)
    if relation is Relation.SAME_SHAPE and hit.same_mesh:
        relation = Relation.SAME_MESH
    return {
        "other": hit.part,
        "relation": relation.value,
        "scale": scale_of(measured.T_body_part),
        "mirrored": measured.mirrored,
        "coverage": measured.coverage_body,
        "coverage_other": measured.coverage_part,
        "tolerance_mm": measured.tolerance_mm,
        "deviation_mm": [measured.median_mm, measured.p95_mm, measured.max_mm],
    }
