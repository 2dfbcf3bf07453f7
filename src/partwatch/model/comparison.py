"""What `partwatch compare --json` writes, and its page and table read: two files beside each other.

Lengths are millimetres, areas and volumes of those. A is the first file, B the second: *removed* is what A
has and B has not, *added* the reverse. Regions, distances and deviations are measured at `T_b_a`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from partwatch.model.document import Deviation, Matrix4, Reason, Record, Relation, UnitSource, Vector3, View
from partwatch.model.mesh import Unit

SCHEMA: Final = "partwatch-comparison-1"


class Verdict(StrEnum):
    """same: every body of each has its own in the other. unknown: not all of both could be read."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


class RegionKind(StrEnum):
    """What a differing place is: only in A, only in B, or in both and not in one place."""

    ONLY_A = "only_a"
    ONLY_B = "only_b"
    MOVED = "moved"


class Numbers(StrEnum):
    """How the coordinates of shared vertices agree: to the bit, to single precision, or only within rounding,
    as they do after a motion."""

    IDENTICAL = "identical"
    SINGLE_PRECISION = "single_precision"
    ROUNDED = "rounded"


class Region(Record):
    """A connected place where the surfaces part by more than the tolerance.

    area_a_mm2, area_b_mm2: of each surface there. centre_a_mm, centre_b_mm: the same place in either frame.
    extents_mm: of its box in B's frame. max_mm: the largest distance in it.
    """

    kind: RegionKind
    area_a_mm2: float
    area_b_mm2: float
    centre_a_mm: Vector3
    centre_b_mm: Vector3
    extents_mm: Vector3
    max_mm: float


class Volumes(Record):
    """Signed volumes of closed bodies; added: in B alone, removed: in A alone, at `T_b_a`.

    None where there is none to state, and `why` says so.
    """

    a_mm3: float | None
    b_mm3: float | None
    added_mm3: float | None
    removed_mm3: float | None
    why: str | None = None


class Lineage(Record):
    """Marks of a common origin. triangles: of A that are triangles of B, vertex on vertex.

    share_a, share_b: of each body's triangles. in_place: also without a motion, as the files place them.
    order: share of neighbours in A's order that are neighbours in B's; None below two shared triangles.
    numbers: how their coordinates agree; None without any.
    """

    triangles: int
    share_a: float
    share_b: float
    in_place: bool
    order: float | None
    numbers: Numbers | None


class ComparedBody(Record):
    """One connected solid of a file. member: where it lies in an archive. volume_mm3: None where open."""

    index: int
    name: str | None
    member: str | None
    unit: Unit
    unit_source: UnitSource
    extents_mm: Vector3
    triangles: int
    volume_mm3: float | None
    notes: tuple[str, ...]


class PairView(Record):
    """Both bodies as they are drawn, in B's frame, each with its distance to the other."""

    a: View
    b: View


class Pair(Record):
    """A body of A and the body of B that it is compared with.

    a, b: their index. relation: of A's body to B's, None where too little coincides for any. same: whether
    they are the same shape at their own size, not mirrored. scale: of `T_b_a`, after units; own_size: whether
    it is 1 within the tolerance. as_placed: whether `T_b_a` is no motion at all. regions_left_out: beyond the
    most that are listed.
    """

    a: int
    b: int
    relation: Relation | None
    same: bool
    scale: float
    own_size: bool
    mirrored: bool
    as_placed: bool
    T_b_a: Matrix4
    coverage_a: float
    coverage_b: float
    tolerance_mm: float
    deviation_mm: Deviation
    area_a_mm2: float
    area_b_mm2: float
    volumes: Volumes
    regions: tuple[Region, ...]
    regions_left_out: int
    lineage: Lineage
    views: PairView | None = None


class Lone(Record):
    """A body without a partner. view: as it is drawn."""

    index: int
    view: View | None = None


class Side(Record):
    """One of both files. complete: whether all of it was read; reasons say what was not."""

    path: str
    sha256: str
    size_bytes: int
    format: str
    bodies: tuple[ComparedBody, ...]
    reasons: tuple[Reason, ...]
    complete: bool


class FileLineage(Record):
    """Marks that the files share. names: of bodies, and text that an STL's writer left in its head."""

    same_bytes: bool
    same_format: bool
    names: tuple[str, ...]


class Totals(Record):
    """Over all bodies, those without a partner too; None where one of them is unknown."""

    a_mm3: float | None
    b_mm3: float | None
    added_mm3: float | None
    removed_mm3: float | None


class Comparison(Record):
    """All of it. pairs: in the order of A's bodies. removed, added: bodies of A, of B without a partner."""

    schema_name: Literal["partwatch-comparison-1"] = Field(default=SCHEMA, alias="schema")
    program_version: str
    verdict: Verdict
    a: Side
    b: Side
    lineage: FileLineage
    pairs: tuple[Pair, ...]
    removed: tuple[Lone, ...]
    added: tuple[Lone, ...]
    totals: Totals


def without_views(comparison: Comparison) -> Comparison:
    """The same without what pictures are drawn from."""
    return comparison.model_copy(
        update={
            "pairs": tuple(pair.model_copy(update={"views": None}) for pair in comparison.pairs),
            "removed": tuple(lone.model_copy(update={"view": None}) for lone in comparison.removed),
            "added": tuple(lone.model_copy(update={"view": None}) for lone in comparison.added),
        }
    )
